"""One order while it is planned: all that is known about it, and what can be decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..domain.reasons import Reason
from ..domain.transitions import TOLD, WAITING
from ..events.catalogue import EVENTS, EventSpec
from ..models import Activation, Message, ShopEvent
from ..ports import Fulfillment, Order, PaymentFailure
from . import abandoned, failures
from .channels import Channel
from .failures import OneADay
from .usual_hour import Habits


@dataclass(frozen=True, kw_only=True)
class Suppress:
    """No text, for this reason."""

    reason: Reason
    detail: str = ""
    into: Message | None = None  #: the text that says it already


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Not yet: ask again at this instant."""

    until: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """Not this row's matter: nobody would ask why there is no text, and nothing is stored."""


Verdict = Suppress | Wait | Nothing | None


@dataclass
class Case:
    """One order while it is planned, under its lock."""

    now: dt.datetime
    order: Order | None
    events: Sequence[ShopEvent]  # every event of the order, oldest first
    messages: list[Message]  # every text of the order; planning appends
    channels: Mapping[int, Channel]
    active: Mapping[tuple[int, str], Activation]
    #: those that still matter, by event's subject
    failures: Mapping[str, PaymentFailure]
    budget: abandoned.Budget  # for reminders
    one_a_day: OneADay  # for failed payments of carts
    habits: Habits  # for offers
    planned: set[tuple[int, str]]  # (event id, catalogue name)
    #: (waiting text, the new one that says it, too)
    absorbed: list[tuple[Message, Message]] = field(default_factory=list)
    next_times: dict[int, dt.datetime] = field(default_factory=dict)  # event id → plan again

    def settle(self, event: ShopEvent, spec: EventSpec) -> dt.timedelta:
        return dt.timedelta(
            seconds=self.channels[event.channel_id].config.settle_seconds(spec.name)
        )

    def is_planned(self, event: ShopEvent, name: str) -> bool:
        return (event.pk, name) in self.planned

    def unplanned(self, name: str) -> list[ShopEvent]:
        """Events of this order that this catalogue row will still decide."""
        source = EVENTS[name].source
        return [e for e in self.events if e.name == source and not self.is_planned(e, name)]

    def texts(self, *names: str) -> list[Message]:
        """Texts of these events that wait, went out or may have gone out."""
        return [m for m in self.messages if m.event_name in names and m.status in (*WAITING, *TOLD)]

    def waiting(self, *names: str) -> Message | None:
        return next((m for m in self.texts(*names) if m.status in WAITING), None)

    def parcel(self, parcel_id: str) -> Fulfillment | None:
        parcels = self.order.fulfillments if self.order else ()
        return next((f for f in parcels if f.id == parcel_id), None)

    def initial_says(self, event: ShopEvent, spec: EventSpec) -> dict[str, Any]:
        """What a text of this event will say, as far as planning knows."""
        says: dict[str, Any] = {}
        if any(name.startswith("fulfillment.") for name in spec.variables):
            says["parcels"] = {event.subject_id: None}
        if spec.name in ("order_refunded", "order_fully_refunded"):
            says["refunded"] = str(event.facts.get("refunded", "0"))
        if spec.step:
            says |= abandoned.says(event)
        if failure := self.failures.get(event.subject_id):
            says |= failures.says(failure)
        return says
