"""Drafts: the rows that a decided event becomes, one per recipient, or the reason against one."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..domain import phone_numbers, quiet_hours
from ..domain.law import law_at
from ..domain.places import Place
from ..domain.reasons import Reason
from ..domain.transitions import FINAL, WAITING, MessageStatus
from ..events.catalogue import PRIORITIES, STAFF_PRIORITY, EventSpec, Purpose, RecipientRule
from ..models import Message, ShopEvent, locks
from ..ports import Checkout, Order
from . import abandoned, consent, door, failures, ledger, recipients, rules, storm
from .case import Case, Nothing, Suppress
from .channels import Channel
from .recipients import Recipient

logger = logging.getLogger(__name__)

_NOT_SENT = {Reason.EXPIRED: MessageStatus.EXPIRED}


def draft(
    case: Case, event: ShopEvent, spec: EventSpec, verdict: Suppress | Nothing | None
) -> None:
    """The decision is among the case's messages: one per recipient, at least one.

    ``Nothing``, and a text to staff where a channel has none, leave no row.
    """
    case.planned.add((event.pk, spec.name))
    if isinstance(verdict, Nothing):
        return
    channel = case.channels.get(event.channel_id)
    if spec.recipient is RecipientRule.STAFF and not (channel and channel.config.staff_numbers):
        return  # nobody to tell: not a text that was withheld
    if verdict is not None or channel is None or case.order is None:
        verdict = verdict or Suppress(reason=Reason.ORDER_GONE)
        nobody = Recipient(reason=verdict.reason, detail=verdict.detail)
        _add(case, event, spec, nobody, into=verdict.into)
        return
    if spec.recipient is RecipientRule.STAFF:
        for number in channel.config.staff_numbers:
            _add_to_staff(case, event, spec, recipients.of_staff(number, channel), case.order)
        return
    says = case.initial_says(event, spec)
    if spec.name == "fulfillment_created":
        siblings = [e for e in case.unplanned(spec.name) if rules.wanted(case, e, spec)]
        says["parcels"] |= {e.subject_id: None for e in siblings}
        if into := _join_waiting_parcel(case, spec, says["parcels"]):
            _merge(case, [event, *siblings], spec, into)
            return
        message = _add(case, event, spec, _customer(case, case.order, spec, channel), says)
        _merge(case, siblings, spec, message)
        return
    message = _add(case, event, spec, _customer(case, case.order, spec, channel), says)
    if message.status in WAITING:
        weaker = [m for m in case.texts(*spec.absorbs) if m.status in WAITING and m is not message]
        if _is_of_cart(case.order, spec):
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
    if spec.step:
        return replace(found, reason=case.budget.take(channel))
    if _is_of_cart(order, spec) and case.one_a_day.told(found.number):
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
        _add(
            case, event, spec,
            Recipient(reason=Reason.MERGED, detail="One text for the parcels of the order."),
            into=into,
        )  # fmt: skip


def _add_to_staff(
    case: Case, event: ShopEvent, spec: EventSpec, recipient: Recipient, order: Order
) -> None:
    channel = case.channels[event.channel_id]
    if recipient.reason:
        _add(case, event, spec, recipient)
        return
    says = case.initial_says(event, spec)
    says["orders"] = [{"number": order.number, "total": str(order.total)}]
    morning = quiet_hours.next_allowed(case.now, [channel.zone.key], channel.config.staff_night)
    if morning <= case.now:
        _add(case, event, spec, recipient, says)
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
        _add(case, event, spec, recipient, says, hold=(Reason.DIGEST, morning)).save()
        return
    digest.says = {**digest.says, "orders": [*digest.says["orders"], *says["orders"]]}
    digest.save(update_fields=["says"])
    merged = Recipient(
        number=recipient.number, country=recipient.country, reason=Reason.MERGED,
        detail="Into the morning's digest.",
    )  # fmt: skip
    _add(case, event, spec, merged, into=digest)


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
    if offer and case.order:
        zone, *_ = quiet_hours.zones_of(place.country, place.number, place.area, place.postal_code)
        turn = case.habits.turn(case.order, zone, case.now, expires_at, permitted)
        if turn and turn > first:
            return Reason.USUAL_HOUR, turn
    return (Reason.NIGHT, first) if first > case.now else None


def _add(
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
