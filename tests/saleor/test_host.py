"""Saleor's rows as the engine reads them, whatever was stored."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import graphene
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from saleor.order.models import Order
from saleor.payment import TransactionKind
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.models import PluginConfiguration

from saleor_sms_plugin import wiring
from saleor_sms_plugin.host import orders
from saleor_sms_plugin.ports import Shop
from tests.saleor.dashboard import PLUGIN_ID

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

OLA = "+48512345678"


@pytest.fixture
def shop() -> Shop:
    return wiring.ports().shop


def _phone_by_sql(address: Any, raw: str) -> None:
    """Past every check of Saleor's, as an import would."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE account_address SET phone = %s WHERE id = %s", [raw, address.pk])


def test_an_order(shop: Shop, order_with_lines: Any) -> None:
    """Every value as the API shows it: ids as text, money in major units."""
    row = order_with_lines
    _phone_by_sql(row.billing_address, OLA)

    order = shop.orders([str(row.pk)])[str(row.pk)]

    assert order.id == str(row.pk)
    assert order.number == str(row.number)
    assert (order.channel_id, order.channel_slug) == (row.channel_id, row.channel.slug)
    assert (order.status, order.origin) == ("unfulfilled", "checkout")
    assert (order.language, order.currency) == (row.language_code, "USD")
    assert order.total == row.total_gross_amount
    assert (order.charged, order.refunded) == (Decimal(0), Decimal(0))
    assert order.item_count == sum(line.quantity for line in row.lines.all())
    assert order.billing is not None
    assert (order.billing.phone, order.billing.country) == (OLA, "PL")
    assert order.billing.first_name == row.billing_address.first_name
    assert order.shipping_method_name == row.shipping_method_name
    assert order.collection_point_name == ""
    assert order.fulfillments == ()


@pytest.mark.parametrize(
    "raw", ["", "n/a", "☎️ 512", "5" * 128, "٠٥١٢٣٤٥٦٧٨", "+48 512 345 678 ext. 9", "{{ x }}", "+"]
)
def test_any_stored_phone_is_handed_on(shop: Shop, order_with_lines: Any, raw: str) -> None:
    """What an import wrote is read as it is, and never raises."""
    _phone_by_sql(order_with_lines.shipping_address, raw)

    order = shop.orders([str(order_with_lines.pk)])[str(order_with_lines.pk)]

    assert order.shipping is not None
    assert order.shipping.phone == raw


def test_a_deleted_address(shop: Shop, order_with_lines: Any) -> None:
    """An order may have lost both its addresses."""
    Order.objects.update(billing_address=None, shipping_address=None)

    order = shop.orders([str(order_with_lines.pk)])[str(order_with_lines.pk)]

    assert (order.billing, order.shipping) == (None, None)


def test_click_and_collect(shop: Shop, order_with_lines_for_cc: Any) -> None:
    """The place where the customer collects the order, by its name."""
    found = shop.orders([str(order_with_lines_for_cc.pk)])[str(order_with_lines_for_cc.pk)]

    assert found.collection_point_name == "Local Warehouse"


def test_parcels(shop: Shop, fulfillment: Any) -> None:
    """Each parcel with its own number and status."""
    fulfillment.tracking_number = "T-1"
    fulfillment.save()

    (parcel,) = shop.orders([str(fulfillment.order_id)])[str(fulfillment.order_id)].fulfillments

    assert parcel.id == str(fulfillment.pk)
    assert (parcel.number, parcel.status) == (fulfillment.fulfillment_order, "fulfilled")
    assert parcel.tracking_number == "T-1"


def test_refunds_are_summed(
    shop: Shop, payment_txn_captured: Any, transaction_item_generator: Any
) -> None:
    """Refunds of transactions and of older payments count together; failed ones do not."""
    order = payment_txn_captured.order
    transaction_item_generator(order_id=order.pk, refunded_value=Decimal("1.5"))
    transaction_item_generator(order_id=order.pk, psp_reference="2", refunded_value=Decimal(2))
    for kind, amount, success in (
        (TransactionKind.REFUND, Decimal(4), True),
        (TransactionKind.REFUND, Decimal(8), False),
        (TransactionKind.CAPTURE, Decimal(16), True),
    ):
        payment_txn_captured.transactions.create(
            amount=amount, currency="USD", kind=kind, gateway_response={}, is_success=success
        )

    assert shop.orders([str(order.pk)])[str(order.pk)].refunded == Decimal("7.5")
    assert orders.refunded_total(order.pk) == Decimal("7.5")


def test_what_is_no_order_is_left_out(shop: Shop) -> None:
    """Ids of deleted orders, and texts that are no ids."""
    assert shop.orders([str(uuid.uuid4()), "", "n/a", "17"]) == {}


def test_the_queries_do_not_grow(shop: Shop, orders: list[Any]) -> None:
    """Reading many orders takes as many queries as reading one."""
    ids = [str(order.pk) for order in orders]

    def queries(some: list[str]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.orders(some)) == len(some)
        return len(captured)

    assert len(ids) > 3
    assert queries(ids) == queries(ids[:1]) <= 3


def test_finding_an_order(shop: Shop, order: Any) -> None:
    """By the number in the dashboard, with or without #, by id, by the API's id."""
    global_id = graphene.Node.to_global_id("Order", order.pk)

    for text in (str(order.number), f"#{order.number}", str(order.pk), global_id):
        assert [found.id for found in shop.find_orders(text)] == [str(order.pk)]
    for text in ("", "0", "99999999999999", "n/a", "²", graphene.Node.to_global_id("User", 1)):
        assert shop.find_orders(text) == []


def test_the_countries_a_channel_ships_to(
    shop: Shop,
    channel_USD: Any,
    channel_PLN: Any,
    shipping_zone: Any,
) -> None:
    """The countries of the channel's own zones, and of no other's."""
    shipping_zone.countries = ["PL", "IT"]
    shipping_zone.save()

    assert shop.shipping_countries(channel_USD.pk) == {"PL", "IT"}
    assert shop.shipping_countries(channel_PLN.pk) == frozenset()


def test_recent_phones(shop: Shop, order_with_lines: Any) -> None:
    """For the Status field: the phone of each of the newest orders, "" where there is none."""
    _phone_by_sql(order_with_lines.billing_address, "n/a")
    channel_id = order_with_lines.channel_id
    assert shop.recent_phones(channel_id, 10) == [("n/a", "PL")]

    Order.objects.update(billing_address=None, shipping_address=None)
    assert shop.recent_phones(channel_id, 10) == [("", "")]


def test_configurations_take_one_query(
    shop: Shop,
    channel_USD: Any,
    channel_PLN: Any,
    site_settings: Any,
) -> None:
    """Those of all channels, with what each channel calls its own."""
    for channel in (channel_USD, channel_PLN):
        PluginConfiguration.objects.create(
            identifier=PLUGIN_ID, channel=channel, active=True, configuration=[]
        )
    shop.configurations()  # the site's name is read once per process

    with CaptureQueriesContext(connection) as captured:
        found = shop.configurations()

    assert len(captured) == 1
    assert {(each.channel_slug, each.currency) for each in found} == {
        (channel_USD.slug, "USD"),
        (channel_PLN.slug, "PLN"),
    }
    assert [each.channel_id for each in shop.configurations([channel_PLN.pk])] == [channel_PLN.pk]


def test_loading_the_plugin_costs_no_query(channel_USD: Any, settings: Any) -> None:
    """Saleor loads it for most requests: beside Saleor's own queries it makes none."""

    def queries(plugins: list[str]) -> int:
        settings.PLUGINS = plugins
        with CaptureQueriesContext(connection) as captured:
            get_plugins_manager(allow_replica=False).get_plugins(channel_USD.slug)
        return len(captured)

    assert queries(["saleor_sms_plugin.plugin.SmsPlugin"]) == queries([])


def test_the_phones_of_an_email(
    shop: Shop, order_with_lines: Any, checkout_with_item: Any, customer_user: Any
) -> None:
    """Of the account, of orders and of checkouts without one; each once, with its country."""
    for place in (*customer_user.addresses.all(), order_with_lines.shipping_address):
        _phone_by_sql(place, OLA)
    _phone_by_sql(order_with_lines.billing_address, "+48601234567")
    guest = order_with_lines.billing_address.get_copy()
    _phone_by_sql(guest, "601 000 001")
    Order.objects.update(user=None, user_email="Guest@Example.com")
    checkout_with_item.user, checkout_with_item.email = None, "guest@example.com"
    checkout_with_item.billing_address = guest
    checkout_with_item.save()

    assert set(shop.phones_of(customer_user.email.upper())) == {(OLA, "PL")}
    assert set(shop.phones_of("guest@example.com")) == {
        (OLA, "PL"), ("+48601234567", "PL"), ("601 000 001", "PL"),
    }  # fmt: skip
    assert shop.phones_of("nobody@example.com") == []


def test_the_order_of_a_parcel(shop: Shop, fulfillment: Any) -> None:
    """By the parcel's number; anything else is no parcel."""
    found = shop.order_of_parcel(str(fulfillment.pk))
    assert found is not None
    assert found.id == str(fulfillment.order_id)
    assert str(fulfillment.pk) in [parcel.id for parcel in found.fulfillments]
    for other in ("0", "", "x", "9" * 40):
        assert shop.order_of_parcel(other) is None


def test_a_channels_newest_orders(shop: Shop, order_with_lines: Any) -> None:
    """Of its own, since then, so many, and no drafts."""
    row = order_with_lines
    since = row.created_at - dt.timedelta(seconds=1)
    assert list(shop.order_ids(row.channel_id, since, 5)) == [str(row.pk)]
    assert list(shop.order_ids(row.channel_id, since, 0)) == []
    assert list(shop.order_ids(row.channel_id + 999, since, 5)) == []
    assert list(shop.order_ids(row.channel_id, row.created_at + dt.timedelta(days=1), 5)) == []
    Order.objects.filter(pk=row.pk).update(status="draft")
    assert list(shop.order_ids(row.channel_id, since, 5)) == []
