"""The rules of planning: one function each, asked in order; the first answer decides.

A rule sees a ``Case`` and answers with ``Suppress`` (no text, and why), ``Wait`` (ask again
then), ``Nothing`` or None (no objection).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from ..domain.reasons import Reason
from ..domain.spans import A_DAY
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import EVENTS, EventSpec
from ..events.catalogue import Wait as WaitFor
from ..models import Activation, Message, ShopEvent
from ..ports import Checkout
from . import abandoned, door, failures, recipients
from .case import Case, Nothing, Suppress, Verdict, Wait

PARCELS_TOGETHER = dt.timedelta(seconds=10)  #: parcels recorded within this are one delivery
NOTIFY_SPAN = dt.timedelta(minutes=1)  #: a hook and its notification are of one request
SIGNAL_TIME = dt.timedelta(seconds=2)  #: the notification is recorded well within this


def no_concern(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    failure = case.failures.get(event.subject_id)
    if failure and not failures.concerns(spec, failure):
        return Nothing()
    channel = case.channels.get(event.channel_id)
    if channel is None or channel.sends(spec.name):
        return None
    if spec.asks and case.now < abandoned.due_at(event, spec, channel):
        return Nothing()  # Without surveys nobody asks why one order has none.
    if not spec.step:
        return None
    # Whoever asked for another reminder does not ask why this one is not sent.
    return Nothing() if any(channel.sends(name) for name in abandoned.NAMES) else None


def switched_off(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    channel = case.channels.get(event.channel_id)
    if channel is None:
        return Suppress(reason=Reason.CHANNEL_GONE)
    return None if channel.sends(spec.name) else Suppress(reason=Reason.SWITCHED_OFF)


def before_activation(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    return not_since(case.active.get((event.channel_id, spec.name)), event.occurred_at)


def not_since(activation: Activation | None, occurred_at: dt.datetime) -> Suppress | None:
    """Law 7; the door asks it too."""
    if activation is None:
        return Suppress(reason=Reason.BEFORE_ACTIVATION, detail="It was not switched on yet.")
    if occurred_at >= activation.active_since:
        return None
    return Suppress(
        reason=Reason.BEFORE_ACTIVATION,
        detail=f"Switched on at {activation.active_since:%Y-%m-%d %H:%M:%S} UTC.",
    )


def too_late(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    channel = case.channels.get(event.channel_id)
    if case.now <= abandoned.expires_at(event, spec, channel):
        return None
    return Suppress(reason=Reason.EXPIRED, detail=f"It happened at {event.occurred_at:%H:%M} UTC.")


def order_gone(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    return Suppress(reason=Reason.ORDER_GONE) if case.order is None else None


def not_news(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    reason = spec.skips_origins.get(case.order.origin) if case.order else None
    return Suppress(reason=reason) if reason else None


def settling(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    if spec.wait is WaitFor.NONE:
        return None
    settle = case.settle(event, spec)
    if event.facts.get("notify") == "signal":
        settle = max(settle, SIGNAL_TIME)
    ready = event.recorded_at + settle
    if spec.step or spec.asks:
        ready = abandoned.due_at(event, spec, case.channels[event.channel_id])
    if spec.wait is WaitFor.TRACKING:
        siblings = case.unplanned(spec.name)
        parcels = [case.parcel(e.subject_id) for e in siblings]
        if all(p.tracking_number.strip() for p in parcels if p):
            newest = max(e.recorded_at for e in siblings)
            ready = min(ready, newest + min(settle, PARCELS_TOGETHER))
    return Wait(until=ready) if case.now < ready else None


def declined(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """``notify_customer=False`` is the staff's wish that the customer hears nothing."""
    if event.facts.get("notify") is False:
        return Suppress(reason=Reason.NOTIFY_DECLINED)
    if event.facts.get("notify") != "signal":
        return None
    # The tracking hook does not carry the wish: the notification that follows it does.
    number = event.facts.get("number")
    for other in case.events:
        if other.subject_id != event.subject_id:
            continue
        if other.name == "tracking_notified" and other.facts.get("number") == number:
            return None
        # Saleor tells of a new parcel's number first, then of the parcel.
        with_parcel = dt.timedelta(0) <= other.recorded_at - event.recorded_at <= NOTIFY_SPAN
        if other.name == "fulfillment_created" and with_parcel and other.facts.get("notify", True):
            return None
    return Suppress(reason=Reason.NOTIFY_DECLINED)


def ended_at_door(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    if case.order is None:
        return None
    reason = door.ended(spec, case.order, case.initial_says(event, spec))
    return Suppress(reason=reason) if reason else None


def wanted(case: Case, event: ShopEvent, spec: EventSpec) -> bool:
    """A parcel that may be told in its sister's text."""
    return declined(case, event, spec) is None and ended_at_door(case, event, spec) is None


def merged(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """A stronger event that is switched on says it: within the window, or still waiting."""
    settle = case.settle(event, spec)
    channel = case.channels[event.channel_id]
    for name in spec.merges_into:
        if name == "fulfillment_created":
            continue  # by parcel, see parcel_told
        stronger = EVENTS[name]
        if not channel.sends(name):
            continue
        waiting = case.waiting(name)
        near = next(
            (
                other
                for other in case.events
                if other.name == stronger.source
                and abs(other.recorded_at - event.recorded_at) <= settle
                and before_activation(case, other, stronger) is None
            ),
            None,
        )
        told = next((m for m in reversed(case.messages) if m.event_name == name), None)
        if waiting or (near and _says(told, event)):
            into = waiting or told
            return Suppress(reason=Reason.MERGED, detail=f"Into “{stronger.label}”.", into=into)
    return None


def _says(told: Message | None, event: ShopEvent) -> bool:
    """Whether the stronger event's text tells this event, or still will."""
    if told is None:
        return True  # not decided yet
    if told.status == MessageStatus.EXPIRED:
        return False  # nobody read it
    refunded = event.facts.get("refunded")
    return refunded is None or Decimal(told.says.get("refunded") or 0) >= Decimal(str(refunded))


def later_same(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """Of several refunds within the window the last one tells the sum."""
    if spec.name not in ("order_refunded", "order_fully_refunded"):
        return None
    settle = case.settle(event, spec)
    later = any(
        e.pk != event.pk and event.recorded_at <= e.recorded_at <= event.recorded_at + settle
        and (e.recorded_at, e.pk) > (event.recorded_at, event.pk)
        for e in case.unplanned(spec.name)
    )  # fmt: skip
    return Suppress(reason=Reason.MERGED, detail="Into the next refund.") if later else None


def parcel_told(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """A tracking text only if the text sent had no number, or another one."""
    if spec.name != "tracking_updated":
        return None
    parcel = case.parcel(event.subject_id)
    if parcel is None:
        return Suppress(reason=Reason.PARCEL_CANCELLED)
    number = parcel.tracking_number.strip()
    if not number:
        return Suppress(reason=Reason.NOTHING_NEW, detail="The number was removed.")
    if number != str(event.facts.get("number", number)).strip():
        return Suppress(reason=Reason.MERGED, detail="A later change says it.")
    first = "fulfillment_created"
    if case.channels[event.channel_id].sends(first):
        for other in case.unplanned(first):
            if other.subject_id == parcel.id:
                return Suppress(reason=Reason.MERGED, detail=f"Into “{EVENTS[first].label}”.")
    said = [m for m in case.texts(first, spec.name) if parcel.id in m.says.get("parcels", {})]
    for message in said:
        unwritten = message.says["parcels"][parcel.id] is None  # a worker is about to write it
        if message.status in WAITING or unwritten:
            return Suppress(
                reason=Reason.MERGED, detail=f"Into “{EVENTS[message.event_name].label}”.",
                into=message,
            )  # fmt: skip
    if said and said[-1].says["parcels"][parcel.id] == number:
        return Suppress(reason=Reason.NOTHING_NEW)
    if any(m.event_name == spec.name and m.created_at > case.now - A_DAY for m in said):
        return Suppress(reason=Reason.DAILY_LIMIT)
    return None


def stage_passed(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """Carriers' reports come late and out of order."""
    later = (
        other
        for other in case.events
        if other.name in spec.passed_by and other.subject_id == event.subject_id
    )
    return Suppress(reason=Reason.STAGE_PASSED) if any(later) else None


def payment(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """A failure is a text only where its payment, as it is after the grace, agrees."""
    if event.name != failures.SOURCE:
        return None
    failure = case.failures.get(event.subject_id)
    if failure is None or case.order is None:
        return Suppress(reason=Reason.ORDER_GONE)
    reason = failures.objection(spec, failure, case.order, case.failures.values())
    again = case.now + failures.AGAIN
    expires_at = abandoned.expires_at(event, spec, case.channels[event.channel_id])
    if reason is Reason.PAYMENT_RUNNING and again <= expires_at:
        return Wait(until=again)
    if reason:
        return Suppress(reason=reason)
    this = (event.recorded_at, event.pk)
    if any(
        each.kind is failure.kind and (e.recorded_at, e.pk) > this and not each.succeeded
        for e in case.events
        if e.plan_at is not None and (each := case.failures.get(e.subject_id))
    ):
        return Suppress(reason=Reason.MERGED, detail="Into the next failure.")
    for text in case.texts(spec.name):
        same = text.says.get("failed", {}).get("kind") == failure.kind
        if same and text.created_at > case.now - A_DAY:
            return Suppress(reason=Reason.MERGED, detail="One text a day.", into=text)
    return None


def one_reminder(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """What counts as the one text about a cart leaves no room for another."""
    if not isinstance(case.order, Checkout):
        return None
    if not spec.step and spec.name != failures.SOURCE:
        return None
    channel = case.channels[event.channel_id]
    who = recipients.of_order(case.order, spec, channel)
    place = recipients.place_of(case.order, who.number, who.country, channel)
    texts = case.texts(failures.SOURCE, *abandoned.NAMES)
    if told := abandoned.told_before(event, spec, texts, channel.config.law_at(place)):
        return Suppress(reason=Reason.ONE_REMINDER, into=told)
    return None


#: Asked in this order. What needs no waiting comes before ``settling``.
RULES: tuple[Callable[[Case, ShopEvent, EventSpec], Verdict], ...] = (
    no_concern,
    switched_off,
    before_activation,
    too_late,
    order_gone,
    not_news,
    settling,
    declined,
    ended_at_door,
    merged,
    later_same,
    parcel_told,
    stage_passed,
    payment,
    one_reminder,
)


def decide(case: Case, event: ShopEvent, spec: EventSpec) -> Verdict:
    """The first rule's answer; None: a text is due."""
    return next((v for rule in RULES if (v := rule(case, event, spec)) is not None), None)
