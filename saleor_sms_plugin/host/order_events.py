"""What Saleor's own tables say has happened to orders, in the words of the hooks.

``OrderEvent`` is append-only, and written in the transaction of what it tells; only an order
from a checkout has none until after its commit, so new orders are read by their number, too.
Refunds are rows of ``TransactionEvent`` and of the older gateways' ``Transaction``.
https://docs.saleor.io/api-reference/orders/enums/order-events-enum
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from saleor.order import OrderChargeStatus, OrderEvents, OrderOrigin, OrderStatus
from saleor.order.models import Fulfillment, FulfillmentLine, Order, OrderEvent
from saleor.payment import TransactionEventType, TransactionKind
from saleor.payment.models import Transaction, TransactionEvent

from ..ports import Trace
from . import tables
from .orders import REFUNDED

_PLACED = (
    OrderEvents.PLACED,
    OrderEvents.PLACED_FROM_DRAFT,
    OrderEvents.PLACED_AUTOMATICALLY_FROM_PAID_CHECKOUT,
)
#: of the order itself: type → the hook that is called with it
_ORDERS = {
    **dict.fromkeys(_PLACED, "order_created"),
    OrderEvents.CONFIRMED: "order_confirmed",
    OrderEvents.ORDER_FULLY_PAID: "order_fully_paid",
    OrderEvents.ORDER_MARKED_AS_PAID: "order_fully_paid",
    OrderEvents.CANCELED: "order_cancelled",
    OrderEvents.EXPIRED: "order_expired",
}
_PARCELS = (
    OrderEvents.FULFILLMENT_FULFILLED_ITEMS,
    OrderEvents.FULFILLMENT_CANCELED,
    OrderEvents.TRACKING_UPDATED,
)
#: What an import writes for the sums it was given; no refund was made.
_IMPORTED = Q(
    transaction__order__origin=OrderOrigin.BULK_CREATE,
    message="Manual adjustment of the transaction.",
)
_PAID = (OrderChargeStatus.FULL, OrderChargeStatus.OVERCHARGED)


def read(table: str, after: int, up_to: int, until: dt.datetime) -> Sequence[Trace]:
    """What its rows of these ids say, see ``ports.Shop.traces``; a few queries for any number."""
    return list(_SAY[table](tables.between(table, after, up_to), until))


def _new_orders(rows: QuerySet[Order], until: dt.datetime) -> Iterator[Trace]:
    """Orders from checkouts of which Saleor itself did not come to write that they were placed.

    What it does with the order in the same step is told, too.
    """
    unwritten = ~Exists(OrderEvent.objects.filter(order_id=OuterRef("pk"), type__in=_PLACED))
    found = rows.filter(unwritten, origin=OrderOrigin.CHECKOUT, created_at__lte=until)
    # An order that a script wrote has no checkout's token.
    for row in found.exclude(checkout_token="").only(
        "channel_id", "created_at", "status", "charge_status"
    ):
        names = ["order_created"]
        names += ["order_fully_paid"] * (row.charge_status in _PAID)
        names += ["order_confirmed"] * (row.status != OrderStatus.UNCONFIRMED)
        for name in names:
            yield Trace(
                name=name, channel_id=row.channel_id, order_id=str(row.pk),
                occurred_at=row.created_at,
            )  # fmt: skip


def _events(rows: QuerySet[OrderEvent], until: dt.datetime) -> Iterator[Trace]:
    wanted = rows.filter(type__in=[*_ORDERS, *_PARCELS], date__lte=until)
    found = list(wanted.select_related("order").only(
        "type", "date", "parameters", "order__channel_id", "order__status"
    ))  # fmt: skip
    by_line, by_place = _parcels_of(found)
    for row in found:
        if row.type in _ORDERS:
            yield _trace(row, _ORDERS[row.type])
        elif row.type == OrderEvents.FULFILLMENT_FULFILLED_ITEMS:
            lines = row.parameters.get("fulfilled_items") or ()
            for parcel in dict.fromkeys(by_line[line] for line in lines if line in by_line):
                # What staff wished was known to the hook alone; Saleor's default is to notify.
                yield _trace(row, "fulfillment_created", parcel, facts={"notify": True})
            if row.order.status == OrderStatus.FULFILLED:
                yield _trace(row, "order_fulfilled")
        elif told := by_place.get((row.order_id, _place(row))):
            if row.type == OrderEvents.FULFILLMENT_CANCELED:
                yield _trace(row, "fulfillment_canceled", told)
            else:
                number = row.parameters.get("tracking_number") or ""
                yield _trace(row, "tracking_updated", told, number, {"number": number})


def _parcels_of(
    rows: Iterable[OrderEvent],
) -> tuple[Mapping[int, str], Mapping[tuple[object, str], str]]:
    """Parcels by their lines, and by their order and place in it."""
    parcels = [row for row in rows if row.type in _PARCELS]
    lines = {line for row in parcels for line in row.parameters.get("fulfilled_items") or ()}
    named = {row.order_id for row in parcels if _place(row)}
    by_line = (
        FulfillmentLine.objects.filter(pk__in=lines) if lines else FulfillmentLine.objects.none()
    )
    places = Fulfillment.objects.filter(order_id__in=named) if named else Fulfillment.objects.none()
    return (
        {pk: str(parcel) for pk, parcel in by_line.values_list("pk", "fulfillment_id")},
        {
            (order_id, str(place)): str(pk)
            for pk, order_id, place in places.values_list("pk", "order_id", "fulfillment_order")
        },
    )  # fmt: skip


def _place(row: OrderEvent) -> str:
    """The parcel's place in its order, "" where the row names none: "1040-2" is the second."""
    said = row.parameters.get("fulfillment") or row.parameters.get("composed_id") or ""
    return str(said).rpartition("-")[2]


def _trace(
    row: OrderEvent,
    name: str,
    parcel: str = "",
    transition: str = "",
    facts: Mapping[str, object] | None = None,
) -> Trace:
    return Trace(
        name=name, channel_id=row.order.channel_id, order_id=str(row.order_id),
        subject_id=parcel, transition=transition, facts=facts or {}, occurred_at=row.date,
    )  # fmt: skip


def _refund_events(rows: QuerySet[TransactionEvent], until: dt.datetime) -> Iterable[Trace]:
    refunds = rows.filter(
        type=TransactionEventType.REFUND_SUCCESS, include_in_calculations=True,
        transaction__order_id__isnull=False,
    ).exclude(_IMPORTED)  # fmt: skip
    return _refunds(refunds.values_list("transaction__order_id", "created_at"), until)


def _older_refunds(rows: QuerySet[Transaction], until: dt.datetime) -> Iterable[Trace]:
    refunds = rows.filter(
        kind=TransactionKind.REFUND, is_success=True, payment__order_id__isnull=False
    )
    return _refunds(refunds.values_list("payment__order_id", "created_at"), until)


def _refunds(rows: Collection[tuple[Any, dt.datetime]], until: dt.datetime) -> Iterator[Trace]:
    """The order's refunds as they are now: what the hook of the last of them says.

    What a payment app dates in the future is told at once: its time says nothing.
    """
    newest: dict[Any, dt.datetime] = {}
    now = timezone.now()
    for order_id, said in rows:
        at = until if said > now else said
        newest[order_id] = max(at, newest.get(order_id, at))
    settled = [order_id for order_id, at in newest.items() if at <= until]
    if not settled:
        return
    for row in Order.objects.filter(pk__in=settled).annotate(refunded=REFUNDED).only(
        "channel_id", "total_gross_amount"
    ):  # fmt: skip
        total: Decimal = row.refunded
        text = f"{total.normalize():f}"
        names = ["order_refunded"]
        names += ["order_fully_refunded"] * (total >= row.total_gross_amount)
        for name in names if total > 0 else ():
            yield Trace(
                name=name, channel_id=row.channel_id, order_id=str(row.pk), transition=text,
                facts={"refunded": text}, occurred_at=newest[row.pk],
            )  # fmt: skip


#: table → what its rows say
_SAY: dict[str, Callable[[Any, dt.datetime], Iterable[Trace]]] = {
    "order": _new_orders,
    "order_event": _events,
    "refund_event": _refund_events,
    "refund": _older_refunds,
}
