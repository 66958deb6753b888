"""When people order, for many orders and carts at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q, QuerySet, Value
from saleor.order import OrderOrigin
from saleor.order.models import Order as SaleorOrder

from ..ports import MOST_ORDER_TIMES, Checkout, Order
from .orders import as_uuid
from .persons import NO_ORDER, forms

_Person = tuple[int | None, str]  #: user and e-mail


def order_times(subjects: Collection[Order]) -> Mapping[str, Sequence[dt.datetime]]:
    """See ``ports.Shop.order_times``."""
    persons = [(key, who) for key, who in _persons(subjects).items() if any(who)]
    if not persons:
        return {}
    # Few rows of each person by their index, whatever the shop's size; one statement for all.
    first, *others = (_of(place, *who) for place, (_, who) in enumerate(persons))
    found: dict[str, list[dt.datetime]] = defaultdict(list)
    for place, at in first.union(*others, all=True) if others else first:
        found[persons[place][0]].append(at)
    return {key: sorted(times, reverse=True) for key, times in found.items()}


def _persons(subjects: Collection[Order]) -> dict[str, _Person]:
    carts: dict[str, _Person] = {
        each.id: (each.user_id, each.email) for each in subjects if isinstance(each, Checkout)
    }
    ids = [key for each in subjects if each.id not in carts and (key := as_uuid(each.id))]
    rows = SaleorOrder.objects.filter(pk__in=ids).order_by() if ids else SaleorOrder.objects.none()
    columns = rows.values_list("pk", "user_id", "user_email")
    return carts | {str(pk): (user_id, email) for pk, user_id, email in columns}


def _of(
    place: int, user_id: int | None, email: str
) -> QuerySet[SaleorOrder, tuple[int, dt.datetime]]:
    theirs = Q(user_id=user_id) if user_id else Q()
    if email:
        theirs |= Q(user_email__in=forms(email))
    made = SaleorOrder.objects.filter(theirs, origin=OrderOrigin.CHECKOUT)
    return (
        made.exclude(status__in=NO_ORDER)
        .order_by("-created_at")
        .annotate(place=Value(place))
        .values_list("place", "created_at")[:MOST_ORDER_TIMES]
    )
