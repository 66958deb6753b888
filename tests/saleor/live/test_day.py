"""One shop's day over HTTP: each text as the table of events says, and none else."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.shop import LiveShop
from tests.saleor.live.texts import settled, texts

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ANN, OLA, EVE = "+447400123456", "+48512345678", "+48512345679"


def test_the_day_of_a_shop(shop: LiveShop, vonage: VonageServer) -> None:
    """Orders, parcels, a cancellation and refunds bring the texts of the table, once each."""
    # Two orders in two languages: one text each, the payment is part of it.
    first = shop.place(ANN, "EN")
    second = shop.place(OLA, "PL")
    settled(shop)
    got = dict(texts(vonage))
    assert got.keys() == {ANN, OLA}
    assert got[ANN].startswith(f"Example: we have received your order {first['number']} for")
    assert got[OLA].startswith(f"Example: otrzymalismy Twoje zamowienie {second['number']}")
    assert shop.decisions(first) == {
        "order_created": ("sent", ""),
        "order_fully_paid": ("suppressed", "merged"),
        "order_confirmed": ("suppressed", "switched_off"),
    }

    # A parcel with its number: one text that names the number.
    parcel = shop.fulfil(first, "TRACK-1")
    settled(shop)
    ((recipient, text),) = texts(vonage)
    assert recipient == ANN
    assert "TRACK-1" in text

    # The number changes: one text with the new one. A change the customer shall not hear of: none.
    shop.track(parcel, "TRACK-2")
    settled(shop)
    ((recipient, text),) = texts(vonage)
    assert recipient == ANN
    assert "TRACK-2" in text
    shop.track(parcel, "TRACK-3", notify=False)
    settled(shop)
    assert texts(vonage) == []
    assert shop.decisions(first)["tracking_updated"] == ("suppressed", "notify_declined")

    # A cancellation.
    shop.cancel(second)
    settled(shop)
    ((recipient, text),) = texts(vonage)
    assert recipient == OLA
    assert f"zamowienie {second['number']}" in text
    assert shop.decisions(second)["order_cancelled"] == ("sent", "")

    # A part of the money back, then the rest.
    third = shop.place(EVE, "PL")
    settled(shop)
    assert [recipient for recipient, _ in texts(vonage)] == [EVE]
    total = Decimal(str(third["total"]["gross"]["amount"]))
    shop.refund(third, Decimal("1.00"))
    settled(shop)
    ((recipient, text),) = texts(vonage)
    assert recipient == EVE
    assert "1,00" in text
    assert shop.decisions(third)["order_refunded"] == ("sent", "")
    shop.refund(third, total - 1)
    settled(shop)
    assert [recipient for recipient, _ in texts(vonage)] == [EVE]
    assert shop.decisions(third)["order_fully_refunded"] == ("sent", "")


def test_an_order_without_a_phone_is_explained(shop: LiveShop, vonage: VonageServer) -> None:
    """No phone, no text, and `sms_explain` says so."""
    # given
    order = shop.place("")
    settled(shop)

    # when
    said = json.loads(shop.saleor.manage("sms_explain", str(order["number"]), "--json"))

    # then
    assert texts(vonage) == []
    decisions = {each["event"]: each for each in said["decisions"]}
    assert decisions["order_created"]["status"] == "suppressed"
    assert decisions["order_created"]["reason"] == "no_phone"
    assert decisions["order_created"]["why"]


def test_a_test_text_is_sent_by_saving_its_number(shop: LiveShop, vonage: VonageServer) -> None:
    """“Send a test to” sends one text at once, empties itself and says what became of it."""
    shop.save(send_test_to=OLA)

    form = shop.form()
    assert [recipient for recipient, _ in texts(vonage)] == [OLA]
    assert not form["send_test_to"]
    assert "vonage accepted the text to" in form["last_test"]
    assert OLA not in form["last_test"]
    assert form["status"].startswith("Live since")
