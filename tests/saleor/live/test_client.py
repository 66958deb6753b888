"""The API by the client library that apps and storefronts of Saleor use, with generated types.

``tests/client`` is a small program of theirs: urql, its cache with Relay's pages, and types made
by graphql-codegen from the committed schema. Its packages are installed outside of the checkout.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.shop import CHANNEL, LiveShop
from tests.saleor.run import cache_directory
from tests.servers import wait_until

pytestmark = [
    pytest.mark.saleor,
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
]

PROGRAM = Path(__file__).parents[2] / "client"
SCHEMA = Path(__file__).parents[3] / "saleor_sms_plugin" / "web" / "graphql" / "schema.graphql"
PHONE = "+48512345678"


@pytest.fixture(scope="module")
def program() -> Path:
    """The compiled program: its types fit the schema, and the compiler found no mistake."""
    digest = hashlib.sha256((PROGRAM / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = cache_directory() / f"client-{digest}"
    shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        _run(folder, "npm", "ci")
    _run(folder, "node", "codegen.js", f"{SCHEMA}")
    _run(folder, "node", "node_modules/typescript/bin/tsc")
    return folder


def _run(folder: Path, *command: str, **environ: str) -> str:
    """What the command printed; RuntimeError with its words where it failed."""
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return ran.stdout


def _app_token(shop: LiveShop) -> str:
    """Of an app that may manage orders."""
    made = shop.staff(
        """mutation ($input: AppInput!) { appCreate(input: $input) {
            authToken errors { field code }
        } }""",
        input={"name": "Courier", "permissions": ["MANAGE_ORDERS"]},
    )
    return str(made["authToken"])


@pytest.mark.parametrize("kind", ["staff", "app"])
def test_a_program_of_saleors_users_uses_the_api(
    program: Path, shop: LiveShop, vonage: VonageServer, kind: str
) -> None:
    """Pages that the cache joins, filters, sort, mutations with their errors, and refusals."""
    since = dt.datetime.now(dt.UTC).isoformat()
    orders = [shop.place(PHONE) for _ in range(5)]
    wait_until(lambda: all(_sent(shop, each) for each in orders), 60, "the texts to be sent")

    token = shop.saleor.staff_token() if kind == "staff" else _app_token(shop)
    printed = _run(
        program, "node", "build/main.js",
        API_URL=f"{shop.saleor.url}/plugins/saleor_sms_plugin/graphql/", TOKEN=token,
        CHANNEL=CHANNEL, SINCE=since, NUMBER=PHONE, KEY=f"desk-{kind}",
    )  # fmt: skip

    numbers = [order["number"] for order in orders]
    missing: Any = {
        "message": None,
        "errors": [{"field": "id", "message": "There is no such message.", "code": "NOT_FOUND"}],
    }
    body = "Your parcel waits at the desk."
    found = json.loads(printed)
    refused = found.pop("refused")
    assert refused["message"] is None
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [
        ("recipient", "INVALID")
    ]
    assert found == {
        "all": {"calls": 3, "numbers": numbers},
        "newest": numbers[-1:],
        "delivered": [],
        "sent": {"errors": [], "body": body},
        "same": True,
        "read": body,
        "missing": missing,
        "nobody": {"codes": ["PermissionDenied"], "status": 200},
        "forged": {"codes": ["InvalidTokenError"], "status": 401},
    }


def _sent(shop: LiveShop, order: Any) -> bool:
    return shop.decisions(order).get("order_created") == ("sent", "")
