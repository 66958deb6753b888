"""Carts left behind, and their links, on Saleor's own tables."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from saleor.account.models import Address
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.order.models import Order
from saleor.payment.models import TransactionItem
from saleor.plugins.models import PluginConfiguration

from saleor_sms_plugin.host.shop import SaleorShop
from saleor_sms_plugin.models import Activation, Link, Message, Recovery, ShopEvent
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.services import recovery, working
from saleor_sms_plugin.testing.shop import CountingWake, FixedClock
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.dashboard import Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

OLA = "+48512345678"
STORE = "https://shop.example.com"
ADVANCED = f"""
recovery_url = {STORE}/cart/{{{{ checkout.token }}}}
link_base = https://shop.example.com/s
rule.PL.hours = Mon-Sun 09:00-20:00, signed off by Ann Lee 2026-11-20
"""
#: 12:00 in Warsaw, whenever the tests run
NOON = timezone.now().replace(hour=11, minute=0, second=0, microsecond=0)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def shop(switched_on: Dashboard) -> Dashboard:
    """Reminders are on since yesterday, towards Ola's number."""
    refused = switched_on.save(
        test_numbers=OLA, storefront_url=STORE, advanced=ADVANCED, send_checkout_abandoned="true"
    )
    assert refused == []
    Activation.objects.update(active_since=NOON - 24 * HOUR)
    return switched_on


@pytest.fixture
def cart(shop: Dashboard, checkout_ready_to_complete: Checkout) -> Checkout:
    """Ola's cart with one line, left an hour before noon."""
    Address.objects.update(phone=OLA)
    _left(checkout_ready_to_complete, NOON - HOUR)
    return checkout_ready_to_complete


def _left(checkout: Checkout, at: dt.datetime) -> None:
    Checkout.objects.filter(pk=checkout.pk).update(created_at=at - HOUR, last_change=at)


def _ports(at: dt.datetime) -> Ports:
    return Ports(shop=SaleorShop(), wake=CountingWake(), clock=FixedClock(at))


def _run(at: dt.datetime) -> None:
    working.keep_house(_ports(at))
    working.work(_ports(at), at + dt.timedelta(seconds=5))


def _texts(vonage: VonageServer) -> list[str]:
    return [str(each.body["text"]) for each in vonage.accepted]


def _reasons() -> list[tuple[str, str]]:
    return [(m.status, m.reason) for m in Message.objects.order_by("pk")]


def _copy(checkout: Checkout, **changes: Any) -> Checkout:
    """Another cart with the same line, begun half an hour before noon."""
    lines = list(checkout.lines.all())
    values = {"channel": checkout.channel, "currency": checkout.currency} | changes
    other = Checkout.objects.create(**values)
    for line in lines:
        CheckoutLine.objects.create(
            checkout=other, variant=line.variant, quantity=line.quantity, currency=line.currency
        )
    _left(other, NOON - HOUR / 2)
    Checkout.objects.filter(pk=other.pk).update(created_at=NOON - HOUR / 2)
    return other


def test_a_link_lands_on_the_storefronts_page(
    cart: Checkout, vonage: VonageServer, client: Any
) -> None:
    """One text with a link; the link leads to the pattern with the cart's token."""
    _run(NOON)
    assert _reasons() == [("sent", "")]
    (text,) = _texts(vonage)
    assert str(cart.pk) not in text
    token = re.search(r"https://shop\.example\.com/s/(\w{10})", text)
    assert token
    answer = client.get(
        f"/plugins/saleor_sms_plugin/s/{token[1]}", headers={"User-Agent": "Mozilla/5.0"}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{STORE}/cart/{cart.pk}")
    assert answer["Referrer-Policy"] == "no-referrer"
    link = Link.objects.get(kind=Link.Kind.RECOVERY)
    assert link.clicked_at is not None or link.preview_count == 1
    assert client.get("/plugins/saleor_sms_plugin/s/123456789A").status_code == 404


def test_completed_just_before_the_send(cart: Checkout, order: Order, vonage: VonageServer) -> None:
    """The cart was recorded, then became an order: no text, and why."""
    ports = _ports(NOON)
    working.keep_house(ports)
    assert ShopEvent.objects.get().checkout_id == str(cart.pk)
    Order.objects.filter(pk=order.pk).update(checkout_token=str(cart.pk))
    cart.delete()
    _run(NOON)
    assert (_texts(vonage), _reasons()) == ([], [("suppressed", "purchased")])


def test_the_shops_own_edit_re_arms_nothing(cart: Checkout, vonage: VonageServer) -> None:
    """Saleor's bulk update of carts moves their last change: old ones and told ones stay quiet."""
    old = _copy(cart, email="old@example.com", billing_address=cart.billing_address)
    Checkout.objects.filter(pk=old.pk).update(created_at=NOON - 24 * 30 * HOUR)
    _run(NOON)
    assert _reasons() == [("sent", "")]
    # As saleor/checkout/utils.py does: every cart gets one last change.
    Checkout.objects.update(last_change=NOON + HOUR)
    _run(NOON + 2 * HOUR)
    _run(NOON + 4 * HOUR)
    assert (_reasons(), ShopEvent.objects.count()) == ([("sent", "")], 1)
    cart.lines.update(quantity=7)
    Checkout.objects.filter(pk=cart.pk).update(last_change=NOON + 4 * HOUR)
    _run(NOON + 5 * HOUR)
    assert ShopEvent.objects.count() == 2


@pytest.mark.parametrize(
    "shared", ["email", "EMAIL", "account", "user", "phone", "nothing", "empty cart"]
)
def test_a_newer_cart_of_the_same_person(
    cart: Checkout, customer_user: Any, customer_user2: Any, vonage: VonageServer, shared: str
) -> None:
    """By e-mail in any letters, the account's, user or phone; another's, or an empty one: none."""
    Checkout.objects.filter(pk=cart.pk).update(email="Ola@Example.com", user=customer_user2)
    cart.refresh_from_db()
    customer_user.email = "ola@example.com"
    customer_user.save()
    address = cart.billing_address.get_copy()
    emails = {"email": "ola@example.com", "EMAIL": "OLA@EXAMPLE.COM", "account": None}
    users = dict.fromkeys(("user", "empty cart"), customer_user2) | {"account": customer_user}
    other = _copy(
        cart,
        email=emails.get(shared, "other@example.com"),
        user=users.get(shared),
        billing_address=address if shared == "phone" else None,
    )
    if shared == "empty cart":
        other.lines.all().delete()
    _run(NOON)
    said = ("sent", "") if shared in ("nothing", "empty cart") else ("suppressed", "superseded")
    assert _reasons() == [said]


def test_many_carts_are_read_in_few_queries(cart: Checkout) -> None:
    """Twenty carts, each with a person of its own to be looked for, cost as many as one."""
    shop = SaleorShop()
    for number in range(19):
        _copy(cart, email=f"{number}@example.com", billing_address=cart.billing_address)
    keys = [str(key) for key in Checkout.objects.values_list("pk", flat=True)]

    def cost(count: int) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as reading, shop.writer():
            assert len(shop.checkouts(keys[:count])) == count
        with CaptureQueriesContext(connection) as sweeping, shop.writer():
            shop.idle_checkouts(
                cart.channel_id, (NOON - 9 * HOUR, ""), NOON, NOON - 9 * HOUR, count
            )
        return len(reading), len(sweeping)

    assert cost(20) == cost(1)
    assert cost(20)[1] == 2


@pytest.mark.parametrize(
    ("money", "reason"),
    [
        ({"charged_value": 1}, "paid"),
        ({"authorized_value": 1}, "paid"),
        ({"charge_pending_value": 1}, "paid"),
        ({"authorize_pending_value": 1}, "paid"),
    ],
)
def test_money_on_its_way(cart: Checkout, money: dict[str, int], reason: str) -> None:
    """A charge, an authorization or a request of any amount: nobody who pays is reminded to."""
    TransactionItem.objects.create(checkout=cart, currency="USD", **money)
    _run(NOON)
    assert _reasons() == [("suppressed", reason)]


def test_a_channel_that_was_deleted(cart: Checkout, vonage: VonageServer) -> None:
    """Saleor deletes its carts with it: said on the decision, and the run goes on."""
    working.keep_house(_ports(NOON))
    Checkout.objects.all().delete()
    PluginConfiguration.objects.filter(channel=cart.channel).delete()
    _run(NOON)
    assert (_texts(vonage), set(_reasons())) == ([], {("suppressed", "channel_gone")})


def test_a_currency_without_minor_units(
    shop: Dashboard, cart: Checkout, vonage: VonageServer
) -> None:
    """3000 yen are 3000 yen."""
    assert shop.save(text_checkout_abandoned="Example {{ checkout.total }}") == []
    Checkout.objects.filter(pk=cart.pk).update(
        currency="JPY", total_gross_amount=3000, total_net_amount=3000
    )
    _run(NOON)
    (said,) = _texts(vonage)
    assert re.match(r"Example \D*3,000(?![.,\d])", said), said


@pytest.mark.parametrize("email", ["Ola@Example.com", "ola@example.com"])
def test_a_newer_order_of_the_same_person(cart: Checkout, order: Order, email: str) -> None:
    """Whoever has ordered since is not reminded: the e-mail as typed, or in small letters."""
    Checkout.objects.filter(pk=cart.pk).update(email="Ola@Example.com")
    Order.objects.filter(pk=order.pk).update(
        user_email=email, user=None, created_at=NOON - HOUR / 2
    )
    _run(NOON)
    assert _reasons() == [("suppressed", "superseded")]


@pytest.mark.parametrize(
    ("change", "recorded"),
    [
        ({"completing_started_at": NOON - 24 * HOUR}, 0),
        ({"billing_address": None, "shipping_address": None}, 0),
        ({"created_at": NOON - 24 * 7 * HOUR - HOUR}, 0),
        ({"created_at": NOON - 25 * HOUR}, 0),
        ({"last_change": NOON - HOUR + dt.timedelta(seconds=1)}, 0),
        ({"currency": "JPY"}, 1),
    ],
)
def test_what_counts_as_left_behind(cart: Checkout, change: dict[str, Any], recorded: int) -> None:
    """Being completed, no address, too old, before the switch, too early; and a plain one."""
    Checkout.objects.filter(pk=cart.pk).update(**change)
    _run(NOON)
    assert ShopEvent.objects.count() == recorded


def test_no_lines_or_no_phone_is_no_abandonment(cart: Checkout) -> None:
    """A phone of "" is none; a cart of gifts is empty."""
    Address.objects.update(phone="")
    _run(NOON)
    Address.objects.update(phone=OLA)
    cart.lines.update(is_gift=True)
    _run(NOON + HOUR)
    assert ShopEvent.objects.count() == 0


def test_a_cart_of_500_lines(cart: Checkout, vonage: VonageServer) -> None:
    """One text, its pieces counted."""
    line = cart.lines.first()
    assert line
    CheckoutLine.objects.bulk_create(
        CheckoutLine(checkout=cart, variant=line.variant, quantity=2, currency=cart.currency)
        for _ in range(500)
    )
    _run(NOON)
    assert _reasons() == [("sent", "")]


def test_an_order_from_the_cart_is_its_recovery(
    cart: Checkout, order: Order, vonage: VonageServer
) -> None:
    """``checkout_token`` names the cart; counted once."""
    _run(NOON)
    Message.objects.update(sent_at=NOON)
    Order.objects.filter(pk=order.pk).update(
        checkout_token=str(cart.pk), created_at=NOON + HOUR, status="unfulfilled"
    )
    cart.delete()
    later = _ports(NOON + 2 * HOUR)
    until = NOON + 3 * HOUR
    assert [recovery.run(later, until), recovery.run(later, until)] == [1, 0]
    assert Recovery.objects.get().how == "same_cart"


def test_a_voucher_is_asked_for_at_save(shop: Dashboard, voucher: Any) -> None:
    """It exists, in this channel, now; else the save says so."""
    line = "abandoned.voucher = "
    assert shop.save(advanced=ADVANCED + f"\n{line}{voucher.code}") == []
    (said,) = shop.save(advanced=ADVANCED + f"\n{line}NOSUCH")
    assert "“NOSUCH” is no voucher code" in said
    voucher.end_date = timezone.now() - HOUR
    voucher.save()
    assert len(shop.save(advanced=ADVANCED + f"\n{line}{voucher.code}")) == 1
