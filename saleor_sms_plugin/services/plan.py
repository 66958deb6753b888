"""Planning: what was recorded becomes texts that wait, and reasons why not (law 3)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Min, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from ..domain import phone_numbers, quiet_hours
from ..domain.reasons import Reason
from ..domain.transitions import FINAL, MessageStatus
from ..events.catalogue import (
    CATALOGUE,
    PRIORITIES,
    SOURCES,
    STAFF_PRIORITY,
    EventSpec,
    RecipientRule,
)
from ..models import Activation, Message, ShopEvent, locks
from ..models.message import WAITING
from ..ports import Order, PaymentFailure, Ports
from . import consent, door, failures, recipients, rules, subjects
from .channels import Channel, activations, load
from .recipients import Recipient
from .rules import Case, Nothing, Suppress, Wait

logger = logging.getLogger(__name__)

BATCH = 50  #: orders read from the shop at once
FRESH = dt.timedelta(seconds=1)  #: orders read longer ago are read again
FAULT_AGAIN = dt.timedelta(minutes=5)
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
            keys = [key for key in _due(ports.clock.now()) if key not in seen]
            if not keys:
                break
            batch = _read(keys, ports)
        for key in keys:
            if batch and ports.clock.now() - batch.read_at > FRESH:
                with ports.shop.writer():
                    batch = _read(keys, ports)
            seen.add(key)
            planned += _plan_or_leave(key, batch, ports)
            if ports.clock.now() >= until:
                break
    return planned


def _due(now: dt.datetime) -> list[str]:
    due = ShopEvent.objects.filter(plan_at__lte=now).exclude(failures.UNPLACED)
    subject = Coalesce(NullIf("order_id", Value("")), F("checkout_id"))
    rows = due.values(about=subject).annotate(first=Min("plan_at")).order_by("first")
    return [row["about"] for row in rows[:BATCH]]


@dataclass(frozen=True)
class _Batch:
    """What planning reads once for many orders."""

    read_at: dt.datetime
    orders: Mapping[str, Order]
    channels: Mapping[int, Channel]
    failures: Mapping[str, PaymentFailure]
    active: Mapping[tuple[int, str], Activation]

    @classmethod
    def read(cls, keys: Sequence[str], ports: Ports) -> _Batch:
        events = ShopEvent.objects.filter(subjects.about(keys))
        rows = set(events.values_list("order_id", "checkout_id", "channel_id"))
        channel_ids = {channel_id for _, _, channel_id in rows}
        checkout_ids = {checkout for order, checkout, _ in rows if checkout and not order}
        return cls(
            read_at=ports.clock.now(),
            orders=subjects.read(set(keys) - checkout_ids, checkout_ids, ports),
            channels=load(ports, channel_ids),
            failures=failures.read(keys, ports),
            active=activations(channel_ids),
        )


def _read(order_ids: Sequence[str], ports: Ports) -> _Batch | None:
    """None where one of the orders cannot be read: then each is read alone."""
    try:
        return _Batch.read(order_ids, ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("An order among %d cannot be read", len(order_ids))
        return None


def _plan_or_leave(order_id: str, batch: _Batch | None, ports: Ports) -> bool:
    """One order planned; a fault leaves it for later and stops no other."""
    try:
        with ports.shop.writer(), transaction.atomic():
            return _plan_order(order_id, batch or _Batch.read([order_id], ports), ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Order %s could not be planned", order_id)
        with ports.shop.writer():
            due = ShopEvent.objects.filter(
                subjects.about([order_id]), plan_at__lte=ports.clock.now()
            )
            due.update(plan_at=ports.clock.now() + FAULT_AGAIN)
        return False


def _plan_order(order_id: str, batch: _Batch, ports: Ports) -> bool:
    if not locks.try_lock(f"sms-order:{order_id}"):
        return False
    order = batch.orders.get(order_id)
    if order and order.id != order_id:
        subjects.follow(order_id, order)  # planned as that order's, next
        return False
    mine = ShopEvent.objects.filter(subjects.about([order_id]))
    events = list(mine.order_by("recorded_at", "pk"))
    messages = list(_texts_of(order_id))
    case = Case(
        now=ports.clock.now(),
        order=order,
        events=events,
        messages=messages,
        channels=batch.channels,
        active=batch.active,
        failures=batch.failures,
        planned={(m.event_id, m.event_name) for m in messages if m.event_id},
    )
    open_rows = [
        (event, spec)
        for event in events
        if event.plan_at is not None
        for spec in SOURCES.get(event.name, ())
        if not case.is_planned(event, spec.name)
    ]
    next_times: dict[int, dt.datetime] = {}
    for event, spec in sorted(open_rows, key=lambda row: _RANK[row[1].name]):
        if case.is_planned(event, spec.name):
            continue  # a sibling parcel took it in
        verdict = rules.decide(case, event, spec)
        if isinstance(verdict, Wait):
            soonest = next_times.get(event.pk, verdict.until)
            next_times[event.pk] = min(soonest, verdict.until)
        else:
            _settle(case, event, spec, verdict)
    for event in events:
        if event.plan_at is not None and event.plan_at != next_times.get(event.pk):
            event.plan_at = next_times.get(event.pk)
            event.save(update_fields=["plan_at"])
    return True


def _texts_of(order_id: str) -> QuerySet[Message]:
    if not order_id:
        return Message.objects.none()
    return Message.objects.filter(subjects.about([order_id])).order_by("pk")


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
    _store(case, event, spec, _customer(case, case.order, spec, channel), says)


def _customer(case: Case, order: Order, spec: EventSpec, channel: Channel) -> Recipient:
    found = recipients.of_order(order, spec, channel)
    if found.reason:
        return found
    purpose = consent.purpose_of(spec, order, found.number, found.country)
    reason = consent.may_send(found.number, purpose, spec.name, channel, case.now)
    return replace(found, reason=reason)


def _join_waiting_parcel(
    case: Case, spec: EventSpec, parcels: Mapping[str, None]
) -> Message | None:
    """A parcel text that still waits takes these parcels in, unless a worker just took it."""
    waiting = case.waiting(spec.name)
    if waiting is None:
        return None
    says = {**waiting.says, "parcels": {**waiting.says.get("parcels", {}), **parcels}}
    taken_in = Message.objects.filter(pk=waiting.pk, status__in=WAITING).update(says=says)
    waiting.says = says
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
        _store(case, event, spec, recipient, says, hold=(Reason.DIGEST, morning))
        return
    digest.says = {**digest.says, "orders": [*digest.says["orders"], *says["orders"]]}
    digest.save(update_fields=["says"])
    merged = Recipient(
        number=recipient.number, country=recipient.country, reason=Reason.MERGED,
        detail="Into the morning's digest.",
    )  # fmt: skip
    _store(case, event, spec, merged, into=digest)


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
    expires_at = event.occurred_at + dt.timedelta(seconds=spec.expires_seconds)
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
    elif channel and (
        morning := door.morning(
            spec, recipient.country, recipient.number, channel.config.night, case.now, says or {}
        )
    ):
        status, reason, not_before = MessageStatus.HELD, Reason.NIGHT, morning
        detail = f"Until {morning:%Y-%m-%d %H:%M} UTC."
    if status is MessageStatus.HELD and not_before > expires_at:
        status, reason = MessageStatus.EXPIRED, Reason.EXPIRED
        detail = f"The night ends at {not_before:%H:%M} UTC, too late for this text."
    staff = spec.recipient is RecipientRule.STAFF
    purpose = consent.purpose_of(spec, order, recipient.number, recipient.country)
    message = Message.objects.create(
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
