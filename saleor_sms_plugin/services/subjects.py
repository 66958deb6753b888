"""What events and texts are about: an order, or the checkout that may become one.

Both are named by one key, the order's id or, while there is no order, the checkout's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Q

from ..models import Message, ShopEvent
from ..ports import Order, Ports


def key_of(row: ShopEvent | Message) -> str:
    """The key of what this row is about."""
    return row.order_id or row.checkout_id


def about(keys: Collection[str]) -> Q:
    """Rows about these orders and checkouts."""
    return Q(order_id__in=keys) | Q(order_id="", checkout_id__in=keys)


def read(
    order_ids: Collection[str], checkout_ids: Collection[str], ports: Ports
) -> Mapping[str, Order]:
    """By key, what exists now; an order in a checkout's place where it became one."""
    found: dict[str, Order] = {}
    if order_ids:
        found |= ports.shop.orders(order_ids)
    if checkout_ids:
        found |= ports.shop.checkouts(checkout_ids)
    return found


def follow(checkout_id: str, order: Order) -> None:
    """The checkout became this order: what was about the one is about the other."""
    mine = {"order_id": "", "checkout_id": checkout_id}
    ShopEvent.objects.filter(**mine).update(order_id=order.id)
    Message.objects.filter(**mine).update(order_id=order.id, order_number=order.number)
