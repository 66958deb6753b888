"""Orders and parcels as plain values, three queries for any number of orders."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from saleor.account.models import Address as SaleorAddress
from saleor.order import OrderStatus
from saleor.order.models import Fulfillment as SaleorFulfillment
from saleor.order.models import Order as SaleorOrder
from saleor.order.models import OrderLine
from saleor.payment import ChargeStatus, TransactionKind
from saleor.payment.models import Payment, Transaction, TransactionItem

from ..ports import Address, Fulfillment, Order
from . import boxes

_MONEY = DecimalField(max_digits=20, decimal_places=3)
_ZERO = Value(Decimal(0), output_field=_MONEY)


def summed(rows: object, column: str, by: str) -> Coalesce:
    """The sum of a column over the rows of one order or checkout; zero where there are none."""
    total = rows.order_by().values(by).annotate(total=Sum(column)).values("total")  # type: ignore[attr-defined]
    return Coalesce(Subquery(total, output_field=_MONEY), _ZERO)


def pending(of: str) -> Any:
    """What was asked for and not answered yet: of transactions and of older payments.

    ``of`` is "order_id" or "checkout_id"."""
    items = TransactionItem.objects.filter(**{of: OuterRef("pk")})
    older = Payment.objects.filter(
        **{of: OuterRef("pk")}, is_active=True, charge_status=ChargeStatus.PENDING
    )
    return (
        summed(items, "charge_pending_value", of)
        + summed(items, "authorize_pending_value", of)
        + summed(older, "total", of)
    )


#: Cumulative refunds of an order: of its transactions and of its older payments.
REFUNDED = summed(
    TransactionItem.objects.filter(order_id=OuterRef("pk")), "refunded_value", "order_id"
) + summed(
    Transaction.objects.filter(
        payment__order_id=OuterRef("pk"), kind=TransactionKind.REFUND, is_success=True
    ),
    "amount",
    "payment__order_id",
)


def refunded_total(order_id: object) -> Decimal:
    """The order's cumulative refunded amount, one SELECT."""
    row = SaleorOrder.objects.filter(pk=order_id).annotate(refunded=REFUNDED)
    return row.values_list("refunded", flat=True).first() or Decimal(0)


def read(order_ids: Collection[str]) -> Mapping[str, Order]:
    """The orders that exist among these ids; anything that is no id is left out."""
    ids = [key for key in map(as_uuid, order_ids) if key]
    if not ids:
        return {}
    pieces = OrderLine.objects.filter(order_id=OuterRef("pk")).order_by().values("order_id")
    rows = (
        SaleorOrder.objects.filter(pk__in=ids)
        .select_related(
            "billing_address", "shipping_address", "channel", "collection_point", "user"
        )
        .prefetch_related("fulfillments")
        .annotate(
            refunded=REFUNDED,
            pending=pending("order_id"),
            pieces=Subquery(pieces.annotate(total=Sum("quantity")).values("total")),
        )
    )
    return {str(row.pk): _order(row) for row in rows}


def ids_of(number_or_id: str) -> list[str]:
    """The ids of the orders a person may mean: by number, by id, by the API's id."""
    text = number_or_id.strip().lstrip("#")
    if text.isdecimal() and len(text) < 10:
        found = SaleorOrder.objects.filter(number=int(text)).values_list("pk", flat=True)
        return [str(pk) for pk in found]
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except ValueError:  # no base64, or no text in it
        decoded = ""
    kind, _, key = decoded.partition(":")
    return [key if kind in ("Order", "Checkout") else text]


def of_parcel(fulfillment_id: str) -> Order | None:
    """The order of this parcel, None where there is none."""
    if not (fulfillment_id.isascii() and fulfillment_id.isdecimal() and len(fulfillment_id) < 10):
        return None
    found = SaleorFulfillment.objects.filter(pk=int(fulfillment_id))
    keys = [str(key) for key in found.values_list("order_id", flat=True)]
    return next(iter(read(keys).values()), None)


def ids_since(channel_id: int, since: dt.datetime, limit: int) -> list[str]:
    """Of the channel's orders placed since then, the newest first, without drafts."""
    found = SaleorOrder.objects.filter(channel_id=channel_id, created_at__gte=since)
    newest = found.exclude(status=OrderStatus.DRAFT).order_by("-created_at", "pk")
    return [str(key) for key in newest.values_list("pk", flat=True)[:limit]]


def phone_of(address: SaleorAddress) -> str:
    """What was typed or imported, whatever it is."""
    phone = address.phone
    return str(getattr(phone, "raw_input", None) or phone or "")


def as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _order(row: SaleorOrder) -> Order:
    place = row.collection_point
    return Order(
        id=str(row.pk),
        number=str(row.number),
        channel_id=row.channel_id,
        channel_slug=row.channel.slug,
        status=row.status,
        origin=row.origin,
        language=row.language_code,
        created_at=row.created_at,
        currency=row.currency,
        total=row.total_gross_amount,
        charged=row.total_charged_amount,
        authorized=row.total_authorized_amount,
        pending=row.pending,
        refunded=row.refunded,
        item_count=row.pieces or 0,
        billing=address_of(row.billing_address),
        shipping=address_of(row.shipping_address),
        shipping_method_id=str(row.shipping_method_id or ""),
        shipping_method_name=row.shipping_method_name or "",
        collection_point_name=row.collection_point_name or (place.name if place else ""),
        fulfillments=tuple(
            Fulfillment(
                id=str(parcel.pk),
                number=parcel.fulfillment_order,
                status=parcel.status,
                tracking_number=parcel.tracking_number or "",
                created_at=parcel.created_at,
            )
            for parcel in row.fulfillments.all()
        ),
        boxes=boxes.of_order(row),
    )


def address_of(row: SaleorAddress | None) -> Address | None:
    if row is None:
        return None
    return Address(
        phone=phone_of(row),
        country=row.country.code or "",
        first_name=row.first_name,
        last_name=row.last_name,
        company_name=row.company_name,
        city=row.city,
        postal_code=row.postal_code,
        country_area=row.country_area,
    )
