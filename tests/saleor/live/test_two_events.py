"""What Saleor has no event for, over HTTP: a payment that failed, and a cart left behind."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import requests

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.carts import EVERY_DAY, LEFT, cart_of, decided, leave, wait_for_decision
from tests.saleor.live.conftest import AT_ONCE
from tests.saleor.live.shop import LiveShop
from tests.saleor.live.texts import settled, texts
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

#: Each is another person: whoever has a newer cart or order is not reminded of an old one.
ANN, OLA, EVE, IDA, UMA, ZOE, KAI = (f"+44740012345{last}" for last in range(7))
STORE = "https://shop.example.com"
ADVANCED = f"""{AT_ONCE}
{EVERY_DAY}
settle.payment_failed = 0
recovery_url = {STORE}/cart/{{{{ checkout.token }}}}
retry_url = {STORE}/pay/{{{{ order.id }}}}
"""
FAILED = "payment_failed"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
LISTING = """mutation ($id: ID!, $input: ShippingMethodChannelListingInput!) {
    shippingMethodChannelListingUpdate(id: $id, input: $input) { errors { field message code } }
}"""


@pytest.fixture
def store(shop: LiveShop) -> Iterator[LiveShop]:
    """Both events are on, towards test numbers, and nothing settles for long."""
    shop.save(
        test_numbers=", ".join((ANN, OLA, EVE, IDA, UMA, ZOE, KAI)),
        storefront_url=STORE,
        advanced=ADVANCED,
        send_checkout_abandoned="true",
    )
    yield shop
    shop.save(test_numbers="", advanced=AT_ONCE, send_checkout_abandoned="false")


@pytest.fixture
def unpaid_orders(store: LiveShop) -> Iterator[None]:
    """The channel takes orders that are paid later."""
    mutation = """mutation ($id: ID!, $allow: Boolean!) {
        channelUpdate(id: $id, input: { orderSettings: { allowUnpaidOrders: $allow } }) {
            errors { field message code }
        }
    }"""
    store.staff(mutation, id=store.channel_id, allow=True)
    yield
    store.staff(mutation, id=store.channel_id, allow=False)


def _total(checkout: Mapping[str, Any]) -> Decimal:
    return Decimal(str(checkout["totalPrice"]["gross"]["amount"]))


def _refuse(shop: LiveShop, object_id: str, amount: Decimal) -> None:
    """A card is refused."""
    shop.report(shop.charge(object_id, None), "CHARGE_FAILURE", amount)


def _followed(text: str) -> requests.Response:
    """What the shop answers who opens the text's first link; a second one is the way out."""
    address = re.findall(r"https?://\S+/s/[1-9A-HJ-NP-Za-km-z]{10}\b", text)[0]
    return requests.get(address, headers={"User-Agent": PHONE}, allow_redirects=False, timeout=30)


def _last_changes(shop: LiveShop, *carts: Mapping[str, Any]) -> list[dt.datetime]:
    rows = shop.saleor.rows(
        "SELECT last_change FROM checkout_checkout WHERE token = ANY(%s::uuid[])",
        [cart["token"] for cart in carts],
    )
    return [row["last_change"] for row in rows]


def test_a_payment_fails_on_a_checkout(store: LiveShop, vonage: VonageServer) -> None:
    """One text, whose link leads to the storefront's page of the cart."""
    cart = cart_of(store, ANN)

    _refuse(store, cart["id"], _total(cart))
    wait_for_decision(store, FAILED, cart)

    ((recipient, text),) = texts(vonage)
    assert recipient == ANN
    assert text.startswith("Example: your payment did not go through.")
    assert decided(store, FAILED, cart) == [("sent", "")]
    answer = _followed(text)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{STORE}/cart/{cart['token']}",
    )


@pytest.mark.usefixtures("unpaid_orders")
def test_a_payment_fails_on_an_order(store: LiveShop, vonage: VonageServer) -> None:
    """The order's own text, then one about its payment that leads to where it is paid."""
    cart = cart_of(store, OLA)
    order = store.complete(cart)
    settled(store)
    assert [recipient for recipient, _ in texts(vonage)] == [OLA]

    _refuse(store, order["id"], _total(cart))
    wait_until(lambda: FAILED in store.decisions(order), 60, "a decision about the payment")
    settled(store)

    ((recipient, text),) = texts(vonage)
    assert recipient == OLA
    assert text.startswith(f"Example: your payment for order {order['number']} did not go through.")
    assert store.decisions(order)[FAILED] == ("sent", "")
    answer = _followed(text)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{STORE}/pay/{quote(order['id'], safe='')}"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_second_card_pays(store: LiveShop, vonage: VonageServer) -> None:
    """Refused, then paid within the grace: no text, and why."""
    store.save(advanced=ADVANCED.replace("payment_failed = 0", "payment_failed = 10"))
    cart = cart_of(store, EVE)
    refused, paid = store.charge(cart["id"], None), store.charge(cart["id"], None)

    store.report(refused, "CHARGE_FAILURE", _total(cart))
    store.report(paid, "CHARGE_SUCCESS", _total(cart))
    wait_for_decision(store, FAILED, cart)

    assert texts(vonage) == []
    assert decided(store, FAILED, cart) == [("suppressed", "paid")]


def test_a_cart_is_left_behind(store: LiveShop, vonage: VonageServer) -> None:
    """One text, whose link leads to the storefront's page of the cart; no id is in it."""
    cart = cart_of(store, IDA)

    leave(store, cart)
    wait_for_decision(store, LEFT, cart)

    ((recipient, text),) = texts(vonage)
    assert recipient == IDA
    assert text.startswith("Example: your cart is saved in our shop: ")
    assert cart["token"] not in text
    assert decided(store, LEFT, cart) == [("sent", "")]
    answer = _followed(text)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{STORE}/cart/{cart['token']}",
    )
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_cart_is_completed_just_before_the_send(store: LiveShop, vonage: VonageServer) -> None:
    """Its reminder was decided and waits; then there is an order: only the order's text goes."""
    store.save(advanced=f"{ADVANCED}rate = 0")
    cart = cart_of(store, UMA)
    leave(store, cart)
    wait_until(lambda: decided(store, LEFT, cart) == [("queued", "")], 120, "the reminder")
    store.charge(cart["id"], cart["totalPrice"]["gross"])

    order = store.complete(cart)
    store.save(advanced=ADVANCED)
    wait_until(lambda: "order_created" in store.decisions(order), 60, "the order's text")
    settled(store)

    ((recipient, text),) = texts(vonage)
    assert recipient == UMA
    assert text.startswith(f"Example: we have received your order {order['number']}")
    assert decided(store, LEFT, cart) == [("suppressed", "purchased")]


def test_staff_edit_a_shipping_method_of_old_carts(store: LiveShop, vonage: VonageServer) -> None:
    """Saleor moves the last change of all its carts: nobody is reminded, nor reminded again."""
    # given
    told, old = cart_of(store, ZOE), cart_of(store, KAI)
    leave(store, told)
    wait_for_decision(store, LEFT, told)
    assert [recipient for recipient, _ in texts(vonage)] == [ZOE]
    before = max(_last_changes(store, told, old))
    method = told["shippingMethod"]["id"]
    # Saleor since 3.23 keeps a cart's method in a row of its own, but its edit still looks here.
    store.saleor.rows(
        "UPDATE checkout_checkout SET shipping_method_id = %s WHERE token = ANY(%s::uuid[])",
        int(base64.b64decode(method).decode().rpartition(":")[2]),
        [told["token"], old["token"]],
    )

    # when
    store.staff(LISTING, id=method, input={"removeChannels": [store.channel_id]})
    try:
        wait_until(
            lambda: min(_last_changes(store, told, old)) > before, 60, "Saleor's edit of the carts"
        )
    finally:
        back = [{"channelId": store.channel_id, "price": 10}]
        store.staff(LISTING, id=method, input={"addChannels": back})
    leave(store, told)
    leave(store, old, begun="30 days")
    changed = max(_last_changes(store, told, old))
    wait_until(
        lambda: bool(
            store.saleor.rows(
                "SELECT 1 FROM saleor_sms_plugin_cartsweep WHERE changed_at > %s", changed
            )
        ),
        120,
        "a sweep of these carts",
    )
    settled(store)

    # then
    assert texts(vonage) == []
    assert decided(store, LEFT, told) == [("sent", "")]
    assert decided(store, LEFT, old) == []
