"""A shop in memory: ``ports.Shop`` for tests, the demo and plain Django projects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, ClassVar

from ..callers import Caller, InvalidToken
from ..ports import (
    PAYMENT_TABLES,
    TRACE_TABLES,
    Box,
    ChannelConfiguration,
    Checkout,
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


class MemoryShop:
    """Holds orders and configurations that a test puts in and changes.

    ``MemoryShop.current()`` is the one that this process's tasks see.
    """

    _current: ClassVar[MemoryShop | None] = None

    def __init__(self) -> None:
        self.name = "memory"
        self.channels: dict[int, ChannelConfiguration] = {}
        self.stored_orders: dict[str, Order] = {}
        self.stored_checkouts: dict[str, Checkout] = {}
        self.customer_accounts: dict[str, Customer] = {}
        self.became: dict[str, str] = {}  # checkout id → id of the order it became
        self.changed: dict[str, dt.datetime] = {}  # checkout id → its last change
        self.vouchers: dict[str, Voucher] = {}  # by code, those that can be used now
        self.phones: dict[str, Sequence[tuple[str, str]]] = {}  # e-mail → (phone, country)
        self.buyers: dict[str, str] = {}  # order id → id of another cart of the same person
        self.habits: dict[str, list[dt.datetime]] = {}  # order or cart → its person's order times
        self.failures: dict[str, PaymentFailure] = {}  # by reference
        self.failure_rows: dict[str, dict[int, FailureRow]] = {}  # table → row id → row
        self.trace_rows: dict[str, dict[int, Trace]] = {}  # table → row id → what it says
        self.zones: dict[int, frozenset[str]] = {}
        self.tokens: dict[str, Caller] = {}  # who may ask through the API, by token

    @classmethod
    def current(cls) -> MemoryShop:
        if MemoryShop._current is None:
            MemoryShop._current = cls()
        return MemoryShop._current

    def install(self) -> None:
        """This shop is the one that this process's tasks see."""
        MemoryShop._current = self

    def configure(
        self,
        channel_id: int,
        slug: str,
        values: Mapping[str, object],
        *,
        active: bool = True,
        **stored: Any,
    ) -> ChannelConfiguration:
        """The channel is stored with these values; what is not given is left out of the row."""
        self.channels[channel_id] = ChannelConfiguration(
            channel_id=channel_id, channel_slug=slug, active=active, values=dict(values), **stored
        )
        return self.channels[channel_id]

    def put(self, order: Order, **changes: Any) -> Order:
        """The order is stored as it is, with these changes."""
        self.stored_orders[order.id] = replace(order, **changes)
        return self.stored_orders[order.id]

    def put_checkout(self, checkout: Checkout, **changes: Any) -> Checkout:
        """The checkout is stored as it is, with these changes."""
        self.stored_checkouts[checkout.id] = replace(checkout, **changes)
        return self.stored_checkouts[checkout.id]

    def complete(self, checkout: Checkout, order: Order) -> Order:
        """The checkout is gone, and the order it became is there."""
        del self.stored_checkouts[checkout.id]
        self.became[checkout.id] = order.id
        return self.put(order)

    def fail(self, table: str, failure: PaymentFailure, occurred_at: dt.datetime) -> FailureRow:
        """The payment's row is written, or changed; its reference is "table:id"."""
        row = FailureRow(reference=failure.reference, occurred_at=occurred_at)
        self.failures[failure.reference] = failure
        self.failure_rows.setdefault(table, {})[int(failure.reference.rpartition(":")[2])] = row
        return row

    def leave(self, table: str, number: int, trace: Trace) -> None:
        """The table has a row of this id that says so; no hook was called."""
        self.trace_rows.setdefault(table, {})[number] = trace

    def caller_of(self, authorization: str) -> Caller:
        """Who the header "Bearer TOKEN" is; anonymous without one. Raises InvalidToken."""
        token = authorization.partition(" ")[2]
        if token and token not in self.tokens:
            raise InvalidToken
        return self.tokens[token] if token else Caller()

    # ports.Shop

    def writer(self) -> AbstractContextManager[None]:
        return nullcontext()

    def identity(self) -> str:
        return self.name

    def configurations(
        self, channel_ids: Collection[int] | None = None
    ) -> Sequence[ChannelConfiguration]:
        return [
            c for c in self.channels.values() if channel_ids is None or c.channel_id in channel_ids
        ]

    def orders(self, order_ids: Collection[str]) -> Mapping[str, Order]:
        return {i: self.stored_orders[i] for i in order_ids if i in self.stored_orders}

    def checkouts(self, checkout_ids: Collection[str]) -> Mapping[str, Order]:
        found: dict[str, Order] = {
            i: self.stored_checkouts[i] for i in checkout_ids if i in self.stored_checkouts
        }
        for each in checkout_ids:
            if self.became.get(each) in self.stored_orders:
                found[each] = self.stored_orders[self.became[each]]
        return found

    def customers(self, customer_ids: Collection[str]) -> Mapping[str, Customer]:
        known = self.customer_accounts
        return {each: known[each] for each in customer_ids if each in known}

    def boxes_of_customers(self, since: dt.datetime, limit: int) -> Sequence[Box]:
        return [box for c in self.customer_accounts.values() for box in c.boxes][:limit]

    def idle_checkouts(
        self,
        channel_id: int,
        after: tuple[dt.datetime, str],
        until: dt.datetime,
        created_since: dt.datetime,
        limit: int,
    ) -> Sequence[IdleCheckout]:
        found = [
            IdleCheckout(id=c.id, changed_at=self.changed[c.id], lines=c.lines)
            for c in self.stored_checkouts.values()
            if c.id in self.changed
            and c.channel_id == channel_id
            and (c.lines and not c.completing and c.created_at >= created_since)
            and any(a and a.phone for a in (c.billing, c.shipping))
            and after[0] <= self.changed[c.id] <= until
            and (after[0] < self.changed[c.id] or "" < after[1] < c.id)
        ]
        return sorted(found, key=lambda each: (each.changed_at, each.id))[:limit]

    def purchases(self, reminded: Sequence[Reminded]) -> Sequence[Purchase]:
        became = {order_id: checkout_id for checkout_id, order_id in self.became.items()}
        return [
            Purchase(
                checkout_id=each.checkout_id, order_id=order.id, total=order.total,
                same_cart=became.get(order.id) == each.checkout_id,
                currency=order.currency, created_at=order.created_at,
            )
            for order in sorted(self.stored_orders.values(), key=lambda o: o.created_at)
            for each in reminded
            if order.created_at >= each.since and order.status not in ("canceled", "expired")
            and (
                became.get(order.id) == each.checkout_id
                or self.buyers.get(order.id) == each.checkout_id
                or each.phone in [a.phone for a in (order.billing, order.shipping) if a]
            )
        ]  # fmt: skip

    def order_times(self, subjects: Collection[Order]) -> Mapping[str, Sequence[dt.datetime]]:
        return {
            o.id: sorted(self.habits[o.id], reverse=True) for o in subjects if o.id in self.habits
        }

    def voucher(self, code: str, channel_id: int) -> Voucher | None:
        return self.vouchers.get(code)

    def absolute(self, path: str) -> str:
        return f"https://api.shop.example.com{path}"

    def payment_failures(self, references: Collection[str]) -> Mapping[str, PaymentFailure]:
        return {r: self.failures[r] for r in references if r in self.failures}

    def payment_positions(self) -> Mapping[str, int]:
        return {table: max(self.failure_rows.get(table, {}), default=0) for table in PAYMENT_TABLES}

    def failed_payments(self, table: str, after: int, up_to: int) -> Sequence[FailureRow]:
        rows = sorted(self.failure_rows.get(table, {}).items())
        return [row for number, row in rows if after < number <= up_to]

    def window_end(self, table: str, after: int, up_to: int, rows: int) -> int:
        ids = {**self.failure_rows.get(table, {}), **self.trace_rows.get(table, {})}
        window = sorted(each for each in ids if after < each <= up_to)[:rows]
        return window[-1] if len(window) == rows else up_to

    def trace_positions(self) -> Mapping[str, int]:
        return {table: max(self.trace_rows.get(table, {}), default=0) for table in TRACE_TABLES}

    def traces(self, table: str, after: int, up_to: int, until: dt.datetime) -> Sequence[Trace]:
        rows = sorted(self.trace_rows.get(table, {}).items())
        return [row for number, row in rows if after < number <= up_to and row.occurred_at <= until]

    def find_orders(self, number_or_id: str) -> Sequence[Order]:
        wanted = number_or_id.lstrip("#")
        found = [o for o in self.stored_orders.values() if wanted in (o.number, o.id)]
        return found or list(self.checkouts([wanted]).values())

    def order_of_parcel(self, fulfillment_id: str) -> Order | None:
        orders = self.stored_orders.values()
        return next(
            (o for o in orders if any(each.id == fulfillment_id for each in o.fulfillments)), None
        )

    def order_ids(self, channel_id: int, since: dt.datetime, limit: int) -> Sequence[str]:
        orders = [
            o
            for o in self.stored_orders.values()
            if o.channel_id == channel_id and o.created_at >= since and o.status != "draft"
        ]
        newest = sorted(orders, key=lambda o: o.created_at, reverse=True)
        return [o.id for o in newest[:limit]]

    def shipping_countries(self, channel_id: int) -> frozenset[str]:
        return self.zones.get(channel_id, frozenset())

    def forget_plugin(self) -> int:
        count = len(self.channels)
        self.channels.clear()
        return count

    def phones_of(self, email: str) -> Sequence[tuple[str, str]]:
        return self.phones.get(email.lower(), ())

    def recent_phones(self, channel_id: int, limit: int) -> Sequence[tuple[str, str]]:
        orders = [o for o in self.stored_orders.values() if o.channel_id == channel_id]
        newest = sorted(orders, key=lambda o: o.created_at, reverse=True)[:limit]
        addresses = [o.billing or o.shipping for o in newest]
        return [(a.phone, a.country) if a else ("", "") for a in addresses]


class FixedClock:
    """``ports.Clock`` that stands still until it is moved."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now

    def now(self) -> dt.datetime:
        return self._now

    def move(self, **span: float) -> dt.datetime:
        """The clock is later by ``timedelta(**span)``; returns the new instant."""
        self._now += dt.timedelta(**span)
        return self._now


class CountingWake:
    """``ports.Wake`` that counts its nudges, and keeps in how many seconds others were wanted."""

    def __init__(self) -> None:
        self.nudges = 0
        self.later: list[float] = []

    def nudge(self) -> None:
        self.nudges += 1

    def nudge_in(self, seconds: float) -> None:
        self.later.append(seconds)
