"""Order, text, receipt, delivered: over HTTP, in web, worker and provider."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from saleor_sms_plugin.testing.vonage_server import Caller, VonageServer
from tests.saleor.live.shop import LiveShop
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ANN = "+447400123456"
SECRET = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture
def called_back(shop: LiveShop, vonage: VonageServer) -> Iterator[str]:
    """The provider reports every text at the address that the form shows; that address."""
    shop.save(signature_secret=SECRET)
    address = shop.form()["webhook_url"]
    vonage.answers.clear()
    vonage.call_back(address, Caller(secret=SECRET))
    yield address
    vonage.call_back("")
    shop.save(signature_secret="")


def test_an_order_is_texted_and_the_text_delivered(
    shop: LiveShop, vonage: VonageServer, called_back: str
) -> None:
    """The receipt that comes back by itself makes the text delivered, and `sms_explain` says so."""
    order = shop.place(ANN, "EN")

    wait_until(
        lambda: shop.decisions(order).get("order_created") == ("delivered", ""),
        60,
        "the text to be delivered",
    )

    assert vonage.answers == [200]
    said = json.loads(shop.saleor.manage("sms_explain", str(order["number"]), "--json"))
    decisions = {each["event"]: each for each in said["decisions"]}
    assert [each["said"] for each in decisions["order_created"]["receipts"]] == ["delivered"]


def test_a_forged_receipt_changes_nothing(
    shop: LiveShop, vonage: VonageServer, called_back: str
) -> None:
    """Whoever knows the address but not the secret moves no text."""
    vonage.call_back("")
    order = shop.place(ANN, "EN")
    wait_until(lambda: not shop.waiting(), 60, "the text to be sent")

    forger = Caller(secret="of somebody else, and long enough")
    assert forger.receipt(vonage.accepted[-1], "failed").post(called_back) == 401
    assert Caller(secret=SECRET).receipt(vonage.accepted[-1], "buffered").post(called_back) == 200

    assert shop.decisions(order)["order_created"] == ("sent", "")
