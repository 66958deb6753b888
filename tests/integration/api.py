"""Asking the API as somebody."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.test import RequestFactory

from saleor_sms_plugin.callers import Caller, CallerKind
from saleor_sms_plugin.web import router

from .stage import CHANNEL, Stage

STAFF = Caller(
    kind=CallerKind.STAFF, id="1", name="anna@example.com",
    permissions=frozenset({"MANAGE_ORDERS", "MANAGE_PLUGINS", "MANAGE_USERS"}),
)  # fmt: skip
#: Everybody who may ask, by token; None asks without one.
CALLERS = {
    "staff": STAFF,
    "other-channel": replace(STAFF, channel_ids=frozenset({CHANNEL + 1})),
    "no-rights": replace(STAFF, permissions=frozenset()),
    "app": replace(STAFF, kind=CallerKind.APP, name="Courier"),
    "app-no-rights": Caller(kind=CallerKind.APP, id="3"),
    "customer": Caller(
        kind=CallerKind.CUSTOMER, id="2", name="eva@example.com",
        permissions=STAFF.permissions, phones=("+48 512 345 678",),
    ),
}  # fmt: skip


def ask(
    stage: Stage, query: str, token: str | None = "staff", **variables: object
) -> dict[str, Any]:
    """The API's answer, with its HTTP status."""
    stage.shop.tokens = dict(CALLERS)
    stage.shop.install()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = RequestFactory().post(
        "/", json.dumps({"query": query, "variables": variables}), "application/json",
        headers=headers,
    )  # fmt: skip
    response = router.answer(request, "/graphql/", stage.ports)
    return {"status": response.status_code, **json.loads(response.content)}


def data(stage: Stage, query: str, token: str | None = "staff", **variables: object) -> Any:
    """The value of the query's one field; there are no errors."""
    answer = ask(stage, query, token, **variables)
    assert "errors" not in answer, answer["errors"]
    (value,) = answer["data"].values()
    return value
