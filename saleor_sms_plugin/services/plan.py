"""Planning: what was recorded becomes texts that wait, and reasons why not (law 3)."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, F, Min, Value
from django.db.models.functions import Coalesce, NullIf

from ..domain import phone_numbers, quiet_hours
from ..domain.law import law_at
from ..domain.places import Place
from ..domain.reasons import Reason
from ..domain.transitions import FINAL, WAITING, MessageStatus
from ..events.catalogue import (
    CATALOGUE,
    EVENTS,
    PRIORITIES,
    SOURCES,
    STAFF_PRIORITY,
    EventSpec,
    Purpose,
    RecipientRule,
)
from ..exceptions import log_fault
from ..models import Activation, Message, ShopEvent, locks
from ..models.many import update_many
from ..ports import Checkout, Order, PaymentFailure, Ports
from . import abandoned, boxes, consent, door, failures, ledger, recipients, rules, storm, subjects
from .channels import Channel, activations, load
from .recipients import Recipient
from .rules import Case, Nothing, Suppress, Wait
from .usual_hour import Habits

logger = logging.getLogger(__name__)

BATCH = 50  #: orders planned in one transaction
FAULT_AGAIN = dt.timedelta(minutes=5)
_Row = TypeVar("_Row", ShopEvent, Message)
_NOT_SENT = {Reason.EXPIRED: MessageStatus.EXPIRED}
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
        planned += _plan_or_split(keys, ports)
    return planned


def _due(now: dt.datetime) -> list[tuple[str, bool]]:
    """The next orders, each with whether no storm was watched for since all of it is known."""
    due = ShopEvent.objects.filter(plan_at__lte=now).exclude(failures.UNPLACED)
    subject = Coalesce(NullIf("order_id", Value("")), F("checkout_id"))
    new = Count("pk", filter=storm.unwatched(now))
    rows = due.values(about=subject).annotate(first=Min("plan_at"), new=new).order_by("first")
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


def _plan_or_split(keys: Sequence[str], ports: Ports) -> int:
    """Orders planned together; where one is at fault each is planned alone, and it for later."""
    try:
        with ports.shop.writer(), transaction.atomic():
            return _plan(keys, ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(keys) > 1:
            return sum(_plan_or_split([key], ports) for key in keys)
        log_fault(logger, "Order %s could not be planned", keys[0])
        with ports.shop.writer():
            now = ports.clock.now()
            due = ShopEvent.objects.filter(subjects.about(keys), plan_at__lte=now)
            due.update(plan_at=now + FAULT_AGAIN)
        return 0


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
            _settle(case, event, spec, verdict)


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


def _settle(
    case: Case, event: ShopEvent, spec: EventSpec, verdict: Suppress | Nothing | None
) -> None:
    """Stores the decision: one row per recipient, at least one."""
    case.planned.add((event.pk, spec.name))
    if isinstance(verdict, Nothing):
        return
    channel = case.channels.get(event.channel_id)
    if spec.recipient is RecipientRule.STAFF and not (channel and channel.config.staff_numbers):
        return  # nobody to tell: not a text that was withheld
    if verdict is not None or channel is None or case.order is None:
        verdict = verdict or Suppress(reason=Reason.ORDER_GONE)
        _store(case, event, spec, Recipient(reason=verdict.reason, detail=verdict.detail),
               into=verdict.into)  # fmt: skip
        return
    if spec.recipient is RecipientRule.STAFF:
        for number in channel.config.staff_numbers:
            _store_staff(case, event, spec, recipients.of_staff(number, channel), case.order)
        return
    says = rules.initial_says(event, spec, case)
    if spec.name == "fulfillment_created":
        siblings = [e for e in case.unplanned(spec.name) if rules.wanted(case, e, spec)]
        says["parcels"] |= {e.subject_id: None for e in siblings}
        if into := _join_waiting_parcel(case, spec, says["parcels"]):
            _merge(case, [event, *siblings], spec, into)
            return
        message = _store(case, event, spec, _customer(case, case.order, spec, channel), says)
        _merge(case, siblings, spec, message)
        return
    message = _store(case, event, spec, _customer(case, case.order, spec, channel), says)
    if message.status in WAITING:
        weaker = [m for m in case.texts(*spec.absorbs) if m.status in WAITING and m is not message]
        if case.one_a_day and _is_of_cart(case.order, spec):
            weaker += case.one_a_day.replace(message)
        case.absorbed += [(each, message) for each in weaker]


def _customer(case: Case, order: Order, spec: EventSpec, channel: Channel) -> Recipient:
    found = recipients.of_order(order, spec, channel)
    if found.reason:
        return found
    place = recipients.place_of(order, found.number, found.country, channel)
    rule = channel.config.law_at(place)
    purpose = consent.purpose_of(spec, order, rule)
    if refusal := consent.may_send(
        found.number, purpose, spec.name, channel, ledger.read([found.number]), rule,
        is_customer=not isinstance(order, Checkout),
    ):  # fmt: skip
        return replace(found, reason=refusal[0], detail=refusal[1])
    if spec.step and case.budget:
        return replace(found, reason=case.budget.take(channel))
    if case.one_a_day and _is_of_cart(order, spec) and case.one_a_day.told(found.number):
        return replace(found, reason=Reason.MERGED, detail="One text a day, of all carts.")
    return found


def _is_of_cart(order: Order, spec: EventSpec) -> bool:
    return isinstance(order, Checkout) and spec.name == failures.SOURCE


def _join_waiting_parcel(
    case: Case, spec: EventSpec, parcels: Mapping[str, None]
) -> Message | None:
    """A parcel text that still waits takes these parcels in, unless a worker just took it."""
    waiting = case.waiting(spec.name)
    if waiting is None:
        return None
    says = {**waiting.says, "parcels": {**waiting.says.get("parcels", {}), **parcels}}
    waiting.says = says
    if waiting.pk is None:
        return waiting  # decided just now, not stored yet
    taken_in = Message.objects.filter(pk=waiting.pk, status__in=WAITING).update(says=says)
    return waiting if taken_in else None


def _merge(case: Case, events: Sequence[ShopEvent], spec: EventSpec, into: Message) -> None:
    for event in events:
        case.planned.add((event.pk, spec.name))
        _store(
            case, event, spec,
            Recipient(reason=Reason.MERGED, detail="One text for the parcels of the order."),
            into=into,
        )  # fmt: skip


def _store_staff(
    case: Case, event: ShopEvent, spec: EventSpec, recipient: Recipient, order: Order
) -> None:
    channel = case.channels[event.channel_id]
    if recipient.reason:
        _store(case, event, spec, recipient)
        return
    says = rules.initial_says(event, spec, case)
    says["orders"] = [{"number": order.number, "total": str(order.total)}]
    morning = quiet_hours.next_allowed(case.now, [channel.zone.key], channel.config.staff_night)
    if morning <= case.now:
        _store(case, event, spec, recipient, says)
        return
    locks.lock([f"sms-digest:{channel.id}:{recipient.number}"])
    digest = (
        Message.objects.select_for_update()
        .filter(
            recipient=recipient.number, channel_id=channel.id, event_name=spec.name,
            status=MessageStatus.HELD, reason=Reason.DIGEST,
        )
        .first()
    )  # fmt: skip
    if digest is None:
        # Stored at once: the next order of this batch looks for it.
        _store(case, event, spec, recipient, says, hold=(Reason.DIGEST, morning)).save()
        return
    digest.says = {**digest.says, "orders": [*digest.says["orders"], *says["orders"]]}
    digest.save(update_fields=["says"])
    merged = Recipient(
        number=recipient.number, country=recipient.country, reason=Reason.MERGED,
        detail="Into the morning's digest.",
    )  # fmt: skip
    _store(case, event, spec, merged, into=digest)


def _waits(
    case: Case,
    spec: EventSpec,
    purpose: Purpose,
    place: Place,
    channel: Channel,
    expires_at: dt.datetime,
    says: Mapping[str, Any],
) -> tuple[Reason, dt.datetime] | None:
    """Until when the text waits for its hour, and which; None when it may go now.

    What is marketing only by the law, while there is no order, does not wait for the usual hour.
    """

    def permitted(at: dt.datetime) -> dt.datetime:
        return door.morning(spec, purpose, place, channel.config, at, says) or at

    first = permitted(case.now)
    offer = spec.purpose is Purpose.MARKETING and channel.config.usual_hour
    if offer and case.habits and case.order:
        zone, *_ = quiet_hours.zones_of(place.country, place.number, place.area, place.postal_code)
        turn = case.habits.turn(case.order, zone, case.now, expires_at, permitted)
        if turn and turn > first:
            return Reason.USUAL_HOUR, turn
    return (Reason.NIGHT, first) if first > case.now else None


def _store(
    case: Case,
    event: ShopEvent,
    spec: EventSpec,
    recipient: Recipient,
    says: Mapping[str, Any] | None = None,
    *,
    into: Message | None = None,
    hold: tuple[Reason, dt.datetime] | None = None,
) -> Message:
    channel, order = case.channels.get(event.channel_id), case.order
    place = recipients.place_of(order, recipient.number, recipient.country, channel)
    rule = channel.config.law_at(place) if channel else law_at(place)
    purpose = consent.purpose_of(spec, order, rule)
    expires_at = abandoned.expires_at(event, spec, channel, rule)
    status, reason, detail = MessageStatus.QUEUED, "", ""
    not_before = case.now
    if recipient.reason:
        status, reason, detail = (
            _NOT_SENT.get(recipient.reason, MessageStatus.SUPPRESSED),
            recipient.reason,
            recipient.detail,
        )
    elif hold:
        status, (reason, not_before) = MessageStatus.HELD, hold
    elif event.held:
        status, reason = MessageStatus.HELD, Reason.STORM
    elif channel and (waits := _waits(case, spec, purpose, place, channel, expires_at, says or {})):
        status, (reason, not_before) = MessageStatus.HELD, waits
        detail = f"Until {not_before:%Y-%m-%d %H:%M} UTC."
    if status is MessageStatus.HELD and not_before > expires_at:
        status, reason = MessageStatus.EXPIRED, Reason.EXPIRED
        detail = f"It may go from {not_before:%Y-%m-%d %H:%M} UTC on, too late for this text."
    if reason == Reason.STORM:
        not_before = expires_at + storm.AFTER_EXPIRY
    staff = spec.recipient is RecipientRule.STAFF
    message = Message(
        event=event,
        event_name=spec.name,
        merged_into=into,
        order_id=event.order_id,
        checkout_id=event.checkout_id,
        order_number=order.number if order else "",
        channel_id=event.channel_id,
        channel_slug=channel.slug if channel else "",
        purpose=purpose,
        priority=STAFF_PRIORITY if staff else PRIORITIES[purpose],
        to_staff=staff,
        recipient=recipient.number,
        country=recipient.country,
        language=order.language if order else "",
        says=dict(says or {}),
        status=status,
        reason=reason,
        detail=detail,
        due_at=not_before,
        not_before=not_before,
        expires_at=expires_at,
        created_at=case.now,
        finished_at=case.now if status in FINAL else None,
    )
    case.messages.append(message)
    logger.info(
        "Message %s: %s for order %s (%s)", status, spec.name, message.order_number or "?",
        reason or phone_numbers.mask(recipient.number),
        extra={"action": f"message_{status}", "sms_event": spec.name, "reason": str(reason)},
    )  # fmt: skip
    return message
