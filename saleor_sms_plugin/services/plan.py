"""Planning: what was recorded becomes texts that wait, and reasons why not (law 3)."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.db.models import Count, F, Min, Value
from django.db.models.functions import Coalesce, NullIf

from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import CATALOGUE, EVENTS, SOURCES
from ..exceptions import log_fault
from ..models import Activation, Message, ShopEvent, locks
from ..models.many import update_many
from ..ports import Checkout, Order, PaymentFailure, Ports
from . import abandoned, boxes, drafts, failures, faults, recipients, rules, storm, subjects
from .case import Case, Wait
from .channels import Channel, activations, load
from .usual_hour import Habits

logger = logging.getLogger(__name__)

BATCH = 50  #: orders planned in one transaction
_Row = TypeVar("_Row", ShopEvent, Message)
_RANK = {spec.name: rank for rank, spec in enumerate(CATALOGUE)}


def run(ports: Ports, until: dt.datetime) -> int:
    """Every event due is decided or given its next time; returns how many orders were planned.

    Ends at ``until`` at the latest. Runs safely many times at once: an order is planned under
    its lock, and one that another worker holds is left to it.
    """
    planned = 0
    seen: set[str] = set()
    while ports.clock.now() < until:
        with ports.shop.writer():
            failures.place(ports)
            due = {key: new for key, new in _due(ports.clock.now()) if key not in seen}
            if any(due.values()):
                storm.watch(ports)  # a bulk that settles sooner than the periodic run comes
            keys = list(due)
        if not keys:
            break
        seen.update(keys)
        with ports.shop.writer():
            done = faults.isolate(keys, partial(_plan, ports=ports), partial(_put_off, ports=ports))
        planned += sum(done)
    return planned


def _due(now: dt.datetime) -> list[tuple[str, bool]]:
    """The next orders, oldest first, each with whether no storm was watched for since all of it
    is known."""
    due = ShopEvent.objects.filter(plan_at__lte=now).exclude(failures.UNPLACED)
    subject = Coalesce(NullIf("order_id", Value("")), F("checkout_id"))
    new = Count("pk", filter=storm.unwatched(now))
    subjects_due = due.values(about=subject).annotate(first=Min("plan_at"), row=Min("pk"), new=new)
    rows = subjects_due.order_by("first", "row")
    return [(row["about"], row["new"] > 0) for row in rows[:BATCH]]


@dataclass(frozen=True)
class _Batch:
    """What planning reads once for many orders, after it has their locks."""

    events: Mapping[str, list[ShopEvent]]  # of each order, oldest first
    messages: Mapping[str, list[Message]]
    orders: Mapping[str, Order]
    channels: Mapping[int, Channel]
    failures: Mapping[str, Mapping[str, PaymentFailure]]  # of each order
    active: Mapping[tuple[int, str], Activation]

    @classmethod
    def read(cls, keys: Sequence[str], ports: Ports) -> _Batch:
        events = list(ShopEvent.objects.filter(subjects.about(keys)).order_by("recorded_at", "pk"))
        checkout_ids = {e.checkout_id for e in events if e.checkout_id and not e.order_id}
        orders = subjects.read(set(keys) - checkout_ids, checkout_ids, ports)
        boxes.found(orders.values(), ports)
        messages = Message.objects.filter(subjects.about(keys)).order_by("pk")
        channel_ids = {event.channel_id for event in events}
        return cls(
            events=_by_subject(events),
            messages=_by_subject(messages),
            orders=orders,
            channels=load(ports, channel_ids),
            failures=failures.read(keys, ports),
            active=activations(channel_ids),
        )


def _by_subject(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        found[subjects.key_of(row)].append(row)
    return found


def _put_off(key: str, ports: Ports) -> None:
    log_fault(logger, "Order %s could not be planned", key)
    now = ports.clock.now()
    due = ShopEvent.objects.filter(subjects.about([key]), plan_at__lte=now)
    due.update(plan_at=now + faults.AGAIN)


def _plan(keys: Sequence[str], ports: Ports) -> int:
    """Whichever of these orders nobody else is planning, under their locks, in few statements."""
    locked = locks.try_locks({f"sms-order:{key}": key for key in keys})
    if not locked:
        return 0
    batch = _Batch.read(locked, ports)
    budget, one_a_day = _budget(batch, ports), _one_a_day(batch, ports)
    habits = Habits(batch.orders.values(), ports.shop)
    found = (_case(key, batch, budget, one_a_day, habits, ports) for key in locked)
    cases = [case for case in found if case]
    for case in cases:
        _decide(case)
    _flush(cases)
    return len(cases)


def _budget(batch: _Batch, ports: Ports) -> abandoned.Budget:
    """Of the channels whose carts are planned, held before any other lock is waited for."""
    asked = {
        event.channel_id
        for events in batch.events.values()
        for event in events
        if event.name == abandoned.SOURCE and event.plan_at is not None
    }
    channels = [batch.channels[each] for each in asked if each in batch.channels]
    return abandoned.Budget(channels, ports.clock.now())


def _one_a_day(batch: _Batch, ports: Ports) -> failures.OneADay:
    """Of the buyers of carts whose failed payments are planned, held likewise."""
    spec = EVENTS[failures.SOURCE]
    numbers = {
        recipients.of_order(order, spec, batch.channels[event.channel_id]).number
        for key, order in batch.orders.items()
        if isinstance(order, Checkout)
        for event in batch.events.get(key, ())
        if event.name == failures.SOURCE and event.plan_at and event.channel_id in batch.channels
    }
    return failures.OneADay(numbers - {""}, ports.clock.now())


def _case(
    key: str,
    batch: _Batch,
    budget: abandoned.Budget,
    one_a_day: failures.OneADay,
    habits: Habits,
    ports: Ports,
) -> Case | None:
    """What is known of one order; None where its checkout became an order, planned next."""
    order = batch.orders.get(key)
    if order and order.id != key:
        subjects.follow(key, order)
        return None
    messages = batch.messages.get(key, [])
    return Case(
        now=ports.clock.now(),
        order=order,
        events=batch.events.get(key, []),
        messages=list(messages),
        channels=batch.channels,
        active=batch.active,
        failures=batch.failures.get(key, {}),
        one_a_day=one_a_day,
        budget=budget,
        habits=habits,
        planned={(m.event_id, m.event_name) for m in messages if m.event_id},
    )


def _decide(case: Case) -> None:
    """Every open event of the order has its texts, not stored yet, or its next time."""
    open_rows = [
        (event, spec)
        for event in case.events
        if event.plan_at is not None
        for spec in SOURCES.get(event.name, ())
        if not case.is_planned(event, spec.name)
    ]
    for event, spec in sorted(open_rows, key=lambda row: _RANK[row[1].name]):
        if case.is_planned(event, spec.name):
            continue  # a sibling parcel took it in
        verdict = rules.decide(case, event, spec)
        if isinstance(verdict, Wait):
            soonest = case.next_times.get(event.pk, verdict.until)
            case.next_times[event.pk] = min(soonest, verdict.until)
        else:
            drafts.draft(case, event, spec, verdict)


def _flush(cases: Sequence[Case]) -> None:
    """What was decided is stored: new texts, then those merged into them, then the times."""
    new = [message for case in cases for message in case.messages if message.pk is None]
    Message.objects.bulk_create([m for m in new if m.merged_into is None])
    Message.objects.bulk_create([m for m in new if m.merged_into is not None])
    for case in cases:
        for waiting, into in case.absorbed:
            # One that a worker took meanwhile is told by itself.
            Message.objects.filter(pk=waiting.pk, status__in=WAITING).update(
                status=MessageStatus.SUPPRESSED, reason=Reason.MERGED, merged_into=into,
                detail="Into a later text that says both.", finished_at=case.now,
            )  # fmt: skip
    changed = []
    for case in cases:
        for event in case.events:
            next_time = case.next_times.get(event.pk)
            if event.plan_at is not None and event.plan_at != next_time:
                event.plan_at = next_time
                changed.append(event)
    done = [event.pk for event in changed if event.plan_at is None]
    ShopEvent.objects.filter(pk__in=done).update(plan_at=None)
    update_many([event for event in changed if event.plan_at is not None], ["plan_at"])
