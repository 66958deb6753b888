"""``ports.Shop`` for Saleor."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from django.conf import settings
from django.contrib.sites.models import Site
from saleor.core.db.connection import allow_writer
from saleor.core.utils import get_domain
from saleor.order.models import Order as SaleorOrder
from saleor.plugins.models import PluginConfiguration
from saleor.shipping.models import ShippingZone

from ..config import stored_values
from ..ports import (
    PAYMENT_TABLES,
    TRACE_TABLES,
    Box,
    ChannelConfiguration,
    Customer,
    FailureRow,
    IdleCheckout,
    Order,
    PaymentFailure,
    Purchase,
    Reminded,
    Trace,
    Voucher,
)
from . import (
    boxes,
    carts,
    checkouts,
    customers,
    form,
    habits,
    order_events,
    orders,
    payments,
    persons,
    tables,
)

PLUGIN_ID = "saleor_sms_plugin"


class SaleorShop:
    """Reads Saleor's tables by the writer connection; call it inside ``writer()``."""

    def writer(self) -> AbstractContextManager[None]:
        return allow_writer()

    def identity(self) -> str:
        secret = hashlib.sha256(f"sms:{settings.SECRET_KEY}".encode()).hexdigest()[:12]
        return hashlib.sha256(f"{get_domain()}:{secret}".encode()).hexdigest()

    def configurations(
        self, channel_ids: Collection[int] | None = None
    ) -> Sequence[ChannelConfiguration]:
        rows = PluginConfiguration.objects.filter(
            identifier=PLUGIN_ID, channel__isnull=False
        ).select_related("channel")
        if channel_ids is not None:
            rows = rows.filter(channel_id__in=channel_ids)
        return [
            ChannelConfiguration(
                channel_id=row.channel_id,
                channel_slug=row.channel.slug,
                active=row.active,
                values=stored_values(row.configuration),
                currency=row.channel.currency_code,
                default_country=row.channel.default_country.code or "",
                shop_name=Site.objects.get_current().name,
            )
            for row in rows.order_by("channel_id")
        ]

    def orders(self, order_ids: Collection[str]) -> Mapping[str, Order]:
        return orders.read(order_ids)

    def checkouts(self, checkout_ids: Collection[str]) -> Mapping[str, Order]:
        return checkouts.read(checkout_ids)

    def customers(self, customer_ids: Collection[str]) -> Mapping[str, Customer]:
        return customers.read(customer_ids)

    def boxes_of_customers(self, since: dt.datetime, limit: int) -> Sequence[Box]:
        return boxes.of_customers(since, limit)

    def idle_checkouts(
        self,
        channel_id: int,
        after: tuple[dt.datetime, str],
        until: dt.datetime,
        created_since: dt.datetime,
        limit: int,
    ) -> Sequence[IdleCheckout]:
        return carts.idle(channel_id, after, until, created_since, limit)

    def purchases(self, reminded: Sequence[Reminded]) -> Sequence[Purchase]:
        return carts.purchases(reminded)

    def order_times(self, subjects: Collection[Order]) -> Mapping[str, Sequence[dt.datetime]]:
        return habits.order_times(subjects)

    def voucher(self, code: str, channel_id: int) -> Voucher | None:
        return carts.voucher(code, channel_id)

    def absolute(self, path: str) -> str:
        return form.absolute(path)

    def payment_failures(self, references: Collection[str]) -> Mapping[str, PaymentFailure]:
        return payments.read(references)

    def payment_positions(self) -> Mapping[str, int]:
        return tables.ends(PAYMENT_TABLES)

    def failed_payments(self, table: str, after: int, up_to: int) -> Sequence[FailureRow]:
        return payments.failed(table, after, up_to)

    def window_end(self, table: str, after: int, up_to: int, rows: int) -> int:
        return tables.window_end(table, after, up_to, rows)

    def trace_positions(self) -> Mapping[str, int]:
        return tables.ends(TRACE_TABLES)

    def traces(self, table: str, after: int, up_to: int, until: dt.datetime) -> Sequence[Trace]:
        return order_events.read(table, after, up_to, until)

    def find_orders(self, number_or_id: str) -> Sequence[Order]:
        ids = orders.ids_of(number_or_id)
        return list((orders.read(ids) or checkouts.read(ids)).values())

    def order_of_parcel(self, fulfillment_id: str) -> Order | None:
        return orders.of_parcel(fulfillment_id)

    def order_ids(self, channel_id: int, since: dt.datetime, limit: int) -> Sequence[str]:
        return orders.ids_since(channel_id, since, limit)

    def shipping_countries(self, channel_id: int) -> frozenset[str]:
        zones = ShippingZone.objects.filter(channels=channel_id)
        return frozenset(country.code for zone in zones for country in zone.countries)

    def forget_plugin(self) -> int:
        count, _ = PluginConfiguration.objects.filter(identifier=PLUGIN_ID).delete()
        return count

    def phones_of(self, email: str) -> Sequence[tuple[str, str]]:
        return persons.phones_of(email)

    def recent_phones(self, channel_id: int, limit: int) -> Sequence[tuple[str, str]]:
        newest = (
            SaleorOrder.objects.filter(channel_id=channel_id)
            .exclude(status="draft")
            .select_related("billing_address", "shipping_address")
            .only("billing_address", "shipping_address")
            .order_by("-created_at")[:limit]
        )
        return [_phone(order) for order in newest]


def _phone(order: SaleorOrder) -> tuple[str, str]:
    for address in (order.billing_address, order.shipping_address):
        if address is not None and (phone := orders.phone_of(address)):
            return phone, address.country.code or ""
    return "", ""
