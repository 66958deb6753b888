"""Offers go out in the hour in which their reader usually orders, where there is such an hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from ..domain.usual_hours import next_in_hour, usual_hour
from ..ports import Order, Shop


class Habits:
    """When the people of some orders and carts usually order; read once, when first asked."""

    def __init__(self, subjects: Collection[Order], shop: Shop) -> None:
        self._subjects, self._shop = subjects, shop

    @cached_property
    def _times(self) -> Mapping[str, Sequence[dt.datetime]]:
        return self._shop.order_times(self._subjects)

    def turn(
        self,
        order: Order,
        zone: str,
        now: dt.datetime,
        until: dt.datetime,
        permitted: Callable[[dt.datetime], dt.datetime],
    ) -> dt.datetime | None:
        """When the usual hour of the order's person comes, *until* then at the latest.

        None where they have ordered fewer than three times, or where the hour brings no
        permitted instant in time: then the text waits for nothing but the permission. Zones
        that are all possible for one person share the hour, for it moves with their clocks.
        """
        hour = usual_hour(self._times.get(order.id, ()), zone)
        return None if hour is None else next_in_hour(hour, zone, now, until, permitted)
