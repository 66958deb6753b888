"""A shop of one channel on a clock that stands still, and the engine on the real database."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from saleor_sms_plugin.events.catalogue import CATALOGUE
from saleor_sms_plugin.models import Message
from saleor_sms_plugin.ports import Address, Fulfillment, Order, Ports
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import plan, saving, working
from saleor_sms_plugin.services.record import Happening, record
from saleor_sms_plugin.testing.shop import CountingWake, FixedClock, MemoryShop

#: 13:00 in Warsaw and Rome, winter time
NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
RUN = dt.timedelta(seconds=5)
CHANNEL = 1

BUYER = Address(phone="+48512345678", country="PL", first_name="Anna", last_name="Nowak")
RECEIVER = Address(phone="+48601234567", country="PL", first_name="Jan", last_name="Lis")

#: (event, status, reason) of one decision
Row = tuple[str, str, str]


class Stage:
    """What a test sees and moves. All events are off until ``configure`` switches some on."""

    def __init__(self, clock: FixedClock | None = None) -> None:
        self.shop = MemoryShop()
        self.clock = clock or FixedClock(NOON)
        self.wake = CountingWake()
        self.ports = Ports(shop=self.shop, wake=self.wake, clock=self.clock)
        self.shop.zones[CHANNEL] = frozenset({"PL", "IT", "US"})

    # The shop

    def configure(
        self, *events: str, active: bool = True, channel_id: int = CHANNEL, **values: object
    ) -> None:
        """A staff member saves: these events are on, every other one is off."""
        stored: dict[str, object] = {"provider": "memory", "sender_id": "Acme", "shop_name": "Acme"}
        stored |= {f"send_{spec.name}": spec.name in events for spec in CATALOGUE}
        self.shop.configure(
            channel_id, f"channel-{channel_id}", stored | values, active=active,
            currency="EUR", default_country="PL",
        )  # fmt: skip
        self.shop.zones.setdefault(channel_id, self.shop.zones[CHANNEL])
        with transaction.atomic():
            saving.saved(channel_id, self.ports)

    def order(self, name: str = "o1", **changes: Any) -> Order:
        """An order of 99.90 EUR from Anna to Jan, placed now, is in the shop."""
        values: dict[str, Any] = {
            "id": name, "number": name.removeprefix("o"), "channel_id": CHANNEL,
            "channel_slug": "channel-1", "status": "unfulfilled", "origin": "checkout",
            "language": "en", "created_at": self.clock.now(), "currency": "EUR",
            "total": Decimal("99.90"), "item_count": 3, "billing": BUYER, "shipping": RECEIVER,
        }  # fmt: skip
        return self.shop.put(Order(**(values | changes)))

    def order_of(self, name: str) -> Order:
        """The order as the shop has it now."""
        return self.shop.stored_orders[name]

    def change(self, order: Order, **changes: Any) -> Order:
        return self.shop.put(self.shop.stored_orders[order.id], **changes)

    def parcel(
        self, order: Order, name: str, number: str = "", status: str = "fulfilled"
    ) -> Fulfillment:
        """The parcel is in the order as given, instead of what it was."""
        parcel = Fulfillment(
            id=name, number=1, status=status, tracking_number=number, created_at=self.clock.now()
        )
        others = [
            each for each in self.shop.stored_orders[order.id].fulfillments if each.id != name
        ]
        self.change(order, fulfillments=(*others, parcel))
        return parcel

    # What happens

    def happen(
        self, name: str, order: Order, subject: str = "", transition: str = "", **facts: object
    ) -> bool:
        """The shop's event is recorded now; True when it is new."""
        return record(
            Happening(
                name=name, channel_id=order.channel_id, order_id=order.id, subject_id=subject,
                transition=transition, facts=facts,
            ),
            self.ports,
        )  # fmt: skip

    def place(self, count: int = 1, channel_id: int = CHANNEL) -> None:
        """So many orders more, o000, o001 and so on over all channels, are placed in this one."""
        start = len(self.shop.stored_orders)
        for number in range(start, start + count):
            self.happen("order_created", self.order(f"o{number:03}", channel_id=channel_id))

    def queue(self, count: int = 1, channel_id: int = CHANNEL) -> None:
        """So many orders more are placed in the channel and planned; no text is sent yet."""
        self.place(count, channel_id)
        plan.run(self.ports, self.clock.now() + dt.timedelta(minutes=1))

    def refund(self, order: Order, total: str, name: str = "order_refunded") -> None:
        """The order's cumulative refund is now *total*."""
        self.change(order, refunded=Decimal(total))
        self.happen(name, order, transition=total, refunded=total)

    def send_parcel(self, order: Order, name: str, number: str = "", notify: bool = True) -> None:
        """Staff fulfil; a number makes the tracking hook come first, as in Saleor."""
        self.parcel(order, name, number)
        if number:
            self.happen("tracking_updated", order, name, number, number=number, notify="signal")
        self.happen("fulfillment_created", order, name, notify=notify)

    def track(
        self, order: Order, name: str, number: str, notify: bool = True, status: str = "fulfilled"
    ) -> None:
        """Staff give the parcel this number and tell the customer, or not."""
        self.parcel(order, name, number, status)
        self.happen("tracking_updated", order, name, number, number=number, notify="signal")
        if notify:
            self.happen("tracking_notified", order, name, number, number=number)

    def run(self) -> bool:
        """A worker's run of five seconds; True when it says that there is more."""
        return working.work(self.ports, self.clock.now() + RUN)

    def later(self, **span: float) -> None:
        """The clock moves on, then a worker runs."""
        self.clock.move(**span)
        self.run()

    def at(self, instant: dt.datetime) -> None:
        """The clock moves on to this instant, then a worker runs."""
        self.later(seconds=(instant - self.clock.now()).total_seconds())

    # What became of it

    @property
    def rows(self) -> list[Row]:
        """Every decision, oldest first."""
        return rows(Message.objects.order_by("pk"))

    @property
    def bodies(self) -> list[str]:
        """What the provider accepted, oldest first."""
        return [message.body for message in MemoryProvider.outbox]

    @property
    def recipients(self) -> list[str]:
        """To whom, oldest first."""
        return [message.recipient for message in MemoryProvider.outbox]


def rows(messages: Iterable[Message]) -> list[Row]:
    return [(m.event_name, m.status, m.reason) for m in messages]


def only(event_name: str) -> Message:
    """The one decision about this event."""
    return Message.objects.get(event_name=event_name)


def together(*works: Callable[[], object]) -> None:
    """Each in a thread with a connection of its own, started at one moment; faults are raised."""
    start = threading.Barrier(len(works))
    faults: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
