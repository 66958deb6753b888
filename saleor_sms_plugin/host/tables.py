"""The tables of Saleor that are followed, by the names of ``ports``, and how far they reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Max, QuerySet
from saleor.order.models import Order, OrderEvent
from saleor.payment.models import Transaction, TransactionEvent

#: name → the model, and the column that counts its rows
_ROWS: dict[str, tuple[Any, str]] = {
    "transaction_event": (TransactionEvent, "pk"),
    "transaction": (Transaction, "pk"),
    "order": (Order, "number"),
    "order_event": (OrderEvent, "pk"),
    "refund_event": (TransactionEvent, "pk"),
    "refund": (Transaction, "pk"),
}


def ends(tables: Collection[str]) -> Mapping[str, int]:
    """The highest id now in each of the tables."""
    return {
        table: model.objects.order_by().aggregate(highest=Max(column))["highest"] or 0
        for table, (model, column) in ((table, _ROWS[table]) for table in tables)
    }


def between(table: str, after: int, up_to: int) -> QuerySet[Any]:
    """The table's rows of these ids, by id; *after* is left out."""
    model, column = _ROWS[table]
    found: QuerySet[Any] = model.objects.filter(
        **{f"{column}__gt": after, f"{column}__lte": up_to}
    ).order_by(column)
    return found


def window_end(table: str, after: int, up_to: int, rows: int) -> int:
    """See ``ports.Shop.window_end``."""
    ids = between(table, after, up_to).values_list(_ROWS[table][1], flat=True)
    last: int | None = ids[rows - 1 : rows].first()
    return up_to if last is None else last
