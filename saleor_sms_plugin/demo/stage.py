"""Plays a day through the engine: hooks record, a worker plans and sends, the clock is moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import Min

from ..domain.transitions import WAITING
from ..models import Message, ShopEvent
from ..ports import Ports
from ..services import saving, working
from ..services.record import Happening, hear
from ..testing.shop import CountingWake, FixedClock, MemoryShop
from ..testing.vonage_server import VonageServer
from .day import END, SCENES, Scene
from .shop import DAY, ORDERS, ZONE, open_shop

_RUN = dt.timedelta(seconds=5)


def instant(at: str) -> dt.datetime:
    """The shop's time of the story as an instant; "+" stands for the day after."""
    day = DAY + dt.timedelta(days=at.startswith("+"))
    time = dt.time.fromisoformat(at.removeprefix("+"))
    return dt.datetime.combine(day, time, tzinfo=ZONE).astimezone(dt.UTC)


@dataclass
class Stage:
    """What the day is played with; its database is the process's default one."""

    vonage: VonageServer
    shop: MemoryShop = field(default_factory=open_shop)
    clock: FixedClock = field(default_factory=lambda: FixedClock(instant("09:00")))
    heard: int = 0  #: events that hooks told of, repeated ones counted again

    def __post_init__(self) -> None:
        self.ports = Ports(shop=self.shop, wake=CountingWake(), clock=self.clock)

    def play(self, after: Callable[[Scene], None] = lambda scene: None) -> None:
        """The whole day has happened, and nothing waits; ``after`` is called with each scene.

        Raises RuntimeError where the engine refuses the settings or leaves due work undone.
        """
        self._switch_on()
        for scene in SCENES:
            self._work_until(instant(scene.at))
            self._perform(scene)
            self._work()
            after(scene)
        self._work_until(instant(END))
        self._work()

    def _switch_on(self) -> None:
        """Each channel is saved as the dashboard saves it."""
        for channel in self.shop.configurations():
            problems = saving.refusals(
                channel.values, {}, active=True, channel_id=channel.channel_id, ports=self.ports
            )
            if problems:
                raise RuntimeError("\n".join(map(str, problems)))
            with transaction.atomic():
                saving.saved(channel.channel_id, self.ports)

    def _perform(self, scene: Scene) -> None:
        if scene.fault:
            self.vonage.script(scene.fault)
        known = self.shop.stored_orders.get(ORDERS[scene.order].id)
        placed = known or replace(ORDERS[scene.order], created_at=self.clock.now())
        order = self.shop.put(placed, **scene.changes)
        for event in scene.events:
            self._hear(replace(event, channel_id=order.channel_id, order_id=order.id))

    def _hear(self, happening: Happening) -> None:
        hear(lambda: happening, self.ports)
        self.heard += 1

    def _work_until(self, target: dt.datetime) -> None:
        """A worker has run at each instant at which something was due, up to ``target``."""
        while (due := next_due()) is not None and due <= target:
            self._move_to(due)
            self._work()
        self._move_to(target)

    def _work(self) -> None:
        working.keep_house(self.ports)
        working.work(self.ports, self.clock.now() + _RUN)
        if (due := next_due()) is not None and due <= self.clock.now():
            raise RuntimeError(f"Something due at {due:%H:%M:%S} UTC was left undone.")

    def _move_to(self, target: dt.datetime) -> None:
        ahead = (target - self.clock.now()).total_seconds()
        self.clock.move(seconds=max(ahead, 0))


def next_due() -> dt.datetime | None:
    """When a worker has something to do next, None where nothing waits."""
    plan = ShopEvent.objects.aggregate(at=Min("plan_at"))["at"]
    send = Message.objects.filter(status__in=WAITING).aggregate(at=Min("not_before"))["at"]
    return min((at for at in (plan, send) if at is not None), default=None)
