"""Carts left behind: which ones are recorded, and what there may be said of one.

An abandonment is a checkout with what is in it. The shop's own bulk edits move a checkout's last
change, but not its lines: they begin no new one. Nobody can tell such an edit from a customer who
is back and fills in an address, so a later last change with the same lines puts no reminder off,
either: what ends one is other lines, a payment under way, a purchase, a newer cart or an opt-out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..domain.law import Rule
from ..domain.reasons import Reason
from ..domain.spans import A_DAY
from ..domain.transitions import WAITING, WENT_OUT
from ..events.catalogue import REMINDERS, EventSpec
from ..models import CartSweep, Message, ShopEvent, locks
from ..ports import Checkout, IdleCheckout, Order, Ports
from . import storm
from .channels import Channel, activations, load
from .record import Happening, record_many

SOURCE = "checkout_abandoned"
NAMES = tuple(spec.name for spec in REMINDERS)
EVERY = dt.timedelta(minutes=1)  #: sweeps that come sooner leave it to the next
YOUNGEST = dt.timedelta(days=7)  #: a cart begun before that is not spoken of
BATCH = 200


def happening(idle: IdleCheckout, channel_id: int) -> Happening:
    """The shop event of a cart left behind with these lines."""
    return Happening(
        name=SOURCE, channel_id=channel_id, checkout_id=idle.id, subject_id=idle.id,
        transition=idle.lines, facts={"lines": idle.lines}, occurred_at=idle.changed_at,
        found=True,
    )  # fmt: skip


def sweep(ports: Ports, until: dt.datetime) -> int:
    """Carts whose delay passed since the last run are recorded; returns how many.

    Each channel goes on where it was ended by ``until``.
    """
    with ports.shop.writer():
        channels = [
            channel
            for channel in load(ports).values()
            if any(channel.sends(name) for name in NAMES)
        ]
        active = activations([channel.id for channel in channels])
        since = {
            channel_id: min(
                row.active_since
                for (of, name), row in active.items()
                if of == channel_id and name in NAMES
            )
            for channel_id, event in active
            if event in NAMES
        }
    return sum(
        _sweep(channel, since[channel.id], ports, until)
        for channel in channels
        if channel.id in since
    )


def _sweep(channel: Channel, since: dt.datetime, ports: Ports, until: dt.datetime) -> int:
    now = ports.clock.now()
    end = now - dt.timedelta(seconds=channel.config.reminder_delay(1))
    with ports.shop.writer():
        before = CartSweep.objects.filter(channel_id=channel.id).first()
        if before and now - before.seen_at < EVERY:
            return 0
        place = max(before.place, (since, "")) if before else (since, "")
    recorded = 0
    while _is_before(place, end) and ports.clock.now() < until:
        with ports.shop.writer():
            found = ports.shop.idle_checkouts(
                channel.id, place, end, max(since, now - YOUNGEST), BATCH
            )
            recorded += _record(found, channel.id, ports)
        more = len(found) == BATCH
        place = (found[-1].changed_at, found[-1].id) if more else (end, "")
    with ports.shop.writer():
        changed_at, checkout_id = place
        CartSweep.objects.update_or_create(
            channel_id=channel.id,
            defaults={"changed_at": changed_at, "checkout_id": checkout_id, "seen_at": now},
        )
    return recorded


def _is_before(place: tuple[dt.datetime, str], end: dt.datetime) -> bool:
    """Something up to *end* was not read yet; an id means that its instant goes on."""
    changed_at, checkout_id = place
    return changed_at < end or (changed_at == end and checkout_id != "")


def _record(found: Collection[IdleCheckout], channel_id: int, ports: Ports) -> int:
    happenings = [happening(idle, channel_id) for idle in found]
    keys = [each.key for each in happenings]
    known = set(ShopEvent.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [each for each in happenings if each.key not in known]
    if new:
        record_many(new, ports, storm.watch(ports, {(channel_id, SOURCE): len(new)}))
    return len(new)


def says(event: ShopEvent) -> dict[str, Any]:
    """What a reminder needs to know at the door."""
    return {"cart": event.facts.get("lines", "")}


def has_changed(said: Mapping[str, Any], order: Order) -> bool:
    """The cart holds something else than when it was left behind."""
    return isinstance(order, Checkout) and order.lines != said.get("cart", order.lines)


def due_at(event: ShopEvent, spec: EventSpec, channel: Channel) -> dt.datetime:
    """Not before this: the step's delay after the cart's last change, a survey's after its order
    was sent, at once for other events."""
    return event.occurred_at + dt.timedelta(seconds=channel.config.delay_seconds(spec))


def expires_at(
    event: ShopEvent, spec: EventSpec, channel: Channel | None, rule: Rule | None = None
) -> dt.datetime:
    """Too late after this: counted from the event, for further reminders and surveys from their
    own turn.

    A law may end reminders of a cart sooner.
    """
    later = (spec.step > 1 or spec.asks) and channel
    begins = due_at(event, spec, channel) if later and channel else event.occurred_at
    end = begins + dt.timedelta(seconds=spec.expires_seconds)
    if spec.step and rule and rule.cart_within is not None:
        return min(end, event.occurred_at + dt.timedelta(hours=rule.cart_within))
    return end


def told_before(
    event: ShopEvent, spec: EventSpec, texts: Iterable[Message], rule: Rule
) -> Message | None:
    """The text that already was the last there may be about this abandonment, None where there
    is room for this one.

    A text about its failed payment is that, everywhere; a reminder is one of ``cart_texts``.
    """
    room = rule.cart_texts
    since = event.occurred_at - A_DAY
    for text in texts:
        payment = text.event_name == "payment_failed" and text.created_at > since
        reminder = text.event_name in NAMES and (
            text.says.get("cart") == event.facts.get("lines") or not spec.step
        )
        if payment and spec.step:
            return text
        if reminder and room is not None and text.created_at > since:
            room -= 1
            if room <= 0:
                return text
    return None


class Budget:
    """How many reminders may still be planned today, by channel; a transaction's own."""

    def __init__(self, channels: Iterable[Channel], now: dt.datetime) -> None:
        channels = list(channels)
        locks.lock(f"sms-budget:{channel.id}" for channel in channels)
        self._left = {channel.id: _left(channel, now) for channel in channels}

    def take(self, channel: Channel) -> Reason | None:
        """One less is left; the reason against where none is."""
        left = self._left.get(channel.id, 0)
        self._left[channel.id] = left - 1
        return None if left > 0 else Reason.DAILY_BUDGET


def _left(channel: Channel, now: dt.datetime) -> int:
    today = Message.objects.filter(
        purpose="marketing", created_at__gte=channel.midnight(now), channel_id=channel.id,
        event_name__in=NAMES, status__in=(*WAITING, *WENT_OUT),
    )  # fmt: skip
    return channel.config.abandoned_daily_budget - today.count()
