"""From the box in the storefront to the phone and back: consent, opt-outs and the law, over HTTP.

Every person has a number of their own, so no test depends on what another one did.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from saleor_sms_plugin.domain.phone_numbers import mask
from saleor_sms_plugin.testing.vonage_server import Caller, VonageServer
from tests.saleor.live.carts import EVERY_DAY, LEFT, cart_of, decided, leave, wait_for_decision
from tests.saleor.live.conftest import API_SECRET, AT_ONCE
from tests.saleor.live.shop import LiveShop
from tests.saleor.live.texts import settled, texts
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ANN, OLA, EVE = (f"+44740012347{last}" for last in range(3))
AMY = "+12125552368"
OURS, OURS_IN_THE_USA = "+447700900123", "+12125550100"
SECRET = "abcdefghijklmnopqrstuvwxyz012345"
WORDING = "Yes, Example may remind me of my cart by text message."
ADVANCED = f"""{AT_ONCE}
{EVERY_DAY}
sender.US = {OURS_IN_THE_USA}
"""
WRITE = """mutation ($id: ID!, $input: [MetadataInput!]!) {
    updateMetadata(id: $id, input: $input) { errors { field message code } }
}"""


@pytest.fixture
def store(shop: LiveShop, vonage: VonageServer) -> Iterator[LiveShop]:
    """Reminders of carts are on, from a number that receives; the account signs what it reports."""
    shop.save(signature_secret=SECRET)
    shop.save(
        sender_id=OURS,
        allowed_countries="GB, US",
        advanced=ADVANCED,
        send_checkout_abandoned="true",
    )
    yield shop
    vonage.call_back("")
    shop.save(signature_secret="")
    shop.save(allowed_countries="GB", advanced=AT_ONCE, send_checkout_abandoned="false")


def _tick(shop: LiveShop, cart: Mapping[str, Any]) -> None:
    """The storefront writes down that the box was ticked now, and what stood beside it."""
    box = {
        "sms_cart_reminders": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "sms_wording": WORDING,
        "sms_language": "en",
    }
    entries = [{"key": key, "value": value} for key, value in box.items()]
    shop.customer(WRITE, id=cart["id"], input=entries)


def _remind(shop: LiveShop, cart: Mapping[str, Any]) -> tuple[str, str]:
    """The cart is left behind; (status, reason) of the reminder of it."""
    leave(shop, cart)
    wait_for_decision(shop, LEFT, cart)
    (decision,) = decided(shop, LEFT, cart)
    return decision


def _write(shop: LiveShop, phone: str, number: str, words: str) -> str:
    """The phone writes to the shop's number, as Vonage hands it on; what it was taken for."""
    reply = Caller(secret=SECRET, style="form").reply(phone[1:], number[1:], words)
    before = _acted_on(shop, phone)
    assert reply.post(shop.form()["webhook_url"]) == 200
    wait_until(lambda: len(_acted_on(shop, phone)) > len(before), 60, "the reply to be acted on")
    settled(shop)
    return _acted_on(shop, phone)[-1]


def _acted_on(shop: LiveShop, phone: str) -> list[str]:
    rows = shop.saleor.rows(
        "SELECT meaning FROM saleor_sms_plugin_inboundmessage"
        " WHERE sender = %s AND meaning <> '' ORDER BY id",
        phone,
    )
    return [row["meaning"] for row in rows]


def _acts(shop: LiveShop, phone: str) -> list[tuple[str, str, str]]:
    """(scope, act, source) of all that the ledger has of this person, in order."""
    rows = shop.saleor.rows(
        "SELECT scope, act, source FROM saleor_sms_plugin_consententry"
        " WHERE number = %s ORDER BY id",
        phone,
    )
    return [(row["scope"], row["act"], row["source"]) for row in rows]


def _explained(shop: LiveShop, cart: Mapping[str, Any]) -> dict[str, Any]:
    """What `sms_explain` says about the reminder of this cart."""
    said = json.loads(shop.saleor.manage("sms_explain", cart["token"], "--json"))
    (found,) = (each for each in said["decisions"] if each["event"] == LEFT)
    return dict(found)


def test_stop_by_reply(store: LiveShop, vonage: VonageServer) -> None:
    """A box is ticked, a reminder goes out, STOP comes back: confirmed once, no reminder more."""
    # given: a reminder that says how to stop them
    first = cart_of(store, ANN)
    _tick(store, first)
    assert _remind(store, first) == ("sent", "")
    ((recipient, text),) = texts(vonage)
    assert recipient == ANN
    assert text == "Example: your cart is saved in our shop. Reply STOP to opt out"
    assert _acts(store, ANN) == [("cart_reminders", "given", "checkout")]

    # when
    assert _write(store, ANN, OURS, "Stop!") == "stop"
    assert _write(store, ANN, OURS, "STOP") == "stop"

    # then: one answer to both
    assert texts(vonage) == [(ANN, "Example: done, no more offers by SMS from us.")]
    assert _acts(store, ANN)[1:] == [
        ("offers", "withdrawn", "reply"),
        ("cart_reminders", "withdrawn", "reply"),
    ]
    second = cart_of(store, ANN)
    assert _remind(store, second) == ("suppressed", "opted_out")
    explained = _explained(store, second)
    assert (explained["status"], explained["reason"]) == ("suppressed", "opted_out")
    assert explained["why"].startswith("The person opted out of these texts. Since ")
    assert re.fullmatch(
        r"cart_reminders: given \S+ \S+ UTC \(checkout\), stopped \S+ \S+ UTC \(reply\)",
        explained["consent"],
    )
    # and: a STOP that answers an offer leaves texts about orders (sms_rules GB)
    order = store.place(ANN)
    settled(store)
    assert store.decisions(order)["order_created"] == ("sent", "")
    assert [recipient for recipient, _ in texts(vonage)] == [ANN]


def test_stop_by_the_page(store: LiveShop, vonage: VonageServer) -> None:
    """The sender is a name: the reminder has a link, whose page ends reminders by its button."""
    # given
    store.save(sender_id="Example")
    first = cart_of(store, OLA)
    _tick(store, first)
    assert _remind(store, first) == ("sent", "")
    ((recipient, text),) = texts(vonage)
    assert recipient == OLA
    opening, _, address = text.rpartition(" ")
    assert opening == "Example: your cart is saved in our shop. Opt out:"
    assert re.fullmatch(
        rf"{store.saleor.url}/plugins/saleor_sms_plugin/s/[1-9A-HJ-NP-Za-km-z]{{10}}", address
    )

    # when: programs look at the link before its reader does
    for _ in range(2):
        page = requests.get(address, timeout=30)
        assert page.status_code == 200
        assert mask(OLA) in page.text
        assert OLA[-9:] not in page.text
        assert 'name="choice" value="offers"' in page.text
    # then
    assert _acts(store, OLA) == [("cart_reminders", "given", "checkout")]

    # when
    done = requests.post(address, data={"choice": "offers"}, timeout=30)
    # then
    assert done.status_code == 200
    assert "You get no more offers." in done.text
    assert _acts(store, OLA)[1:] == [
        ("offers", "withdrawn", "page"),
        ("cart_reminders", "withdrawn", "page"),
    ]
    second = cart_of(store, OLA)
    assert _remind(store, second) == ("suppressed", "opted_out")
    explained = _explained(store, second)
    assert explained["reason"] == "opted_out"
    assert explained["consent"].endswith("(page)")
    order = store.place(OLA)
    settled(store)
    assert store.decisions(order)["order_created"] == ("sent", "")
    assert [recipient for recipient, _ in texts(vonage)] == [OLA]


def test_usa_a_reminder_of_a_cart_needs_a_yes_from_the_phone(
    store: LiveShop, vonage: VonageServer
) -> None:
    """The ticked box alone brings a question and no reminder; after YES the next one goes out.

    Of an American number whose goods go to where it is day now: the stricter law of both holds.
    """
    # given
    first = cart_of(store, AMY)
    _tick(store, first)
    wait_until(lambda: bool(vonage.accepted), 60, "the question")
    assert texts(vonage) == [
        (
            AMY,
            "Example: reply YES to get recurring offers and cart reminders. Msg freq varies. "
            "Msg&data rates may apply. HELP for help, STOP to opt out.",
        )
    ]

    # when nobody answered
    assert _remind(store, first) == ("suppressed", "not_confirmed")
    # then
    assert texts(vonage) == []
    assert _explained(store, first)["reason"] == "not_confirmed"

    # when
    assert _write(store, AMY, OURS_IN_THE_USA, "Yes") == "yes"
    # then
    assert _acts(store, AMY) == [
        ("cart_reminders", "given", "checkout"),
        ("cart_reminders", "confirmed", "reply"),
    ]
    second = cart_of(store, AMY)
    assert _remind(store, second) == ("sent", "")
    ((recipient, text),) = texts(vonage)
    assert recipient == AMY
    assert text == "Example: your cart is saved in our shop. Reply STOP to opt out"

    # when
    assert _write(store, AMY, OURS_IN_THE_USA, "STOP") == "stop"
    # then: there it ends texts about orders, too (sms_rules US)
    ((recipient, text),) = texts(vonage)
    assert text.startswith("Example: you are unsubscribed and will get no more texts from us.")
    order = store.place(AMY)
    settled(store)
    assert store.decisions(order)["order_created"] == ("suppressed", "opted_out")
    assert texts(vonage) == []


def test_no_log_names_a_customer_or_holds_a_key(store: LiveShop, vonage: VonageServer) -> None:
    """An order, a receipt, a reply and a visit later, and after all that ran before: logs show
    masked numbers at most, and neither secret nor token."""
    # given
    vonage.call_back(store.form()["webhook_url"], Caller(secret=SECRET))
    cart = cart_of(store, EVE)
    store.charge(cart["id"], cart["totalPrice"]["gross"])
    order = store.complete(cart)
    wait_until(
        lambda: store.decisions(order).get("order_created") == ("delivered", ""), 60, "a receipt"
    )
    assert _write(store, EVE, OURS, "When do you open?") == "other"
    address = store.form()["webhook_url"]
    forged = Caller(secret="of somebody else, and long enough").reply(EVE[1:], OURS[1:], "STOP")
    assert forged.post(address) == 401

    # when
    logs = {log.stem: log.read_text() for log in store.saleor.directory.glob("*.log")}

    # then
    assert logs.keys() >= {"web", "worker", "beat"}
    assert mask(EVE) in logs["worker"]
    rows = store.saleor.rows(
        "SELECT recipient AS number FROM saleor_sms_plugin_message WHERE recipient <> ''"
        " UNION SELECT sender FROM saleor_sms_plugin_inboundmessage WHERE sender <> ''"
    )
    numbers = {row["number"] for row in rows}
    assert EVE in numbers
    links = store.saleor.rows("SELECT token FROM saleor_sms_plugin_link")
    secret = {
        API_SECRET,
        SECRET,
        address.rstrip("/").rpartition("/")[2],
        "When do you open?",
        *(number[-9:] for number in numbers),
        *(link["token"] for link in links),
    }
    found = [
        f"{name}: {line}"
        for name, log in logs.items()
        for line in log.splitlines()
        for each in secret
        if each in line
    ]
    assert found == []
