"""The storm guard: far more than usual at once is recorded and held, and staff decide.

A detector at fault, a bulk change in the dashboard or a long absence must not text thousands of
people by mistake. What is usual is the busiest hour of 14 days, by channel and event.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet

from ..domain.reasons import Reason
from ..domain.spans import AN_HOUR
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import EVENTS, SOURCES
from ..events.texts.alerts import STORM
from ..models import Message, ShopEvent, Storm
from ..ports import Ports
from . import busy_hours, subjects
from .alerts import alert
from .channels import Channel, load

logger = logging.getLogger(__name__)

#: A held text is looked at once more when it is too late, and ends.
AFTER_EXPIRY = dt.timedelta(seconds=1)
#: The periodic run has watched for what was recorded before.
WATCHED = dt.timedelta(minutes=2)
#: However many customers order is no mistake: guarded only where no hook told of it.
CUSTOMERS_DO = ("order_created", "order_confirmed", "order_fully_paid")
GUARDED = Q(name__in=tuple(SOURCES)) & (Q(found=True) | ~Q(name__in=CUSTOMERS_DO))

Key = tuple[int, str]  #: channel and source


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What staff's answer to a storm has changed."""

    texts: int
    undecided: int  #: recorded events whose texts were not decided yet
    by_event: Mapping[str, int]  #: texts, by the event's name in the catalogue

    @property
    def listed(self) -> str:
        """ " (3 order_cancelled, 1 order_refunded)", "" where there are no texts."""
        parts = ", ".join(f"{count} {name}" for name, count in self.by_event.items())
        return f" ({parts})" if parts else ""


def watch(ports: Ports, coming: Mapping[Key, int] | None = None) -> frozenset[Key]:
    """Storms begin and end with what was recorded within an hour and is ``coming``.

    Returns those that go on. What they hold is marked, and its texts that wait are held.
    """
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        busy_hours.count(now)
        Storm.objects.filter(until__lt=now - busy_hours.USUAL_OVER).delete()
        counts = _counts(now) + Counter(coming or {})
        going_on = {(s.channel_id, s.name): s for s in Storm.objects.filter(until__isnull=True)}
        channels = load(ports, {key[0] for key in [*counts, *going_on]})
        allowed = _allowed(counts.keys() | going_on.keys(), channels)
        for key, storm in list(going_on.items()):
            if key not in allowed or counts[key] <= allowed[key]:
                Storm.objects.filter(pk=storm.pk).update(until=now)
                del going_on[key]
        for key in allowed.keys() - going_on.keys():
            if counts[key] > allowed[key]:
                going_on[key] = _begin(key, counts[key], allowed[key], channels[key[0]], ports)
        for storm in going_on.values():
            _hold(storm)
    return frozenset(going_on)


def unwatched(now: dt.datetime) -> Q:
    """What may have begun a storm that nobody has watched for."""
    return GUARDED & Q(held=False, recorded_at__gt=now - WATCHED)


def release(ports: Ports, *, channels: Collection[int] | None = None, event: str = "") -> Answered:
    """What storms hold goes its way, in all channels and of every event where none is given.

    A text that became too late meanwhile still ends as expired. All of these storms counts as
    usual from now on.
    """
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        texts, undecided = _held(channels, event)
        answered = _answered(texts, undecided)
        busy_hours.count(now)
        for storm in _storms(channels, event):
            _is_usual(storm, texts, undecided, now)
        texts.update(
            status=MessageStatus.QUEUED, reason="", detail="", not_before=now, due_at=now
        )  # fmt: skip
        undecided.update(held=False)
        _storms(channels, event).filter(until__isnull=True).update(until=now)
    ports.wake.nudge()
    return answered


def cancel(ports: Ports, *, channels: Collection[int] | None = None, event: str = "") -> Answered:
    """What storms hold ends, in all channels and of every event where none is given."""
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        answered = _end(*_held(channels, event), now)
        _storms(channels, event).filter(until__isnull=True).update(until=now)
    return answered


def cancel_order(order_id: str, ports: Ports) -> Answered:
    """Every text about the order that waits, or would follow from what was recorded, ends."""
    about = subjects.about([order_id])
    with ports.shop.writer(), transaction.atomic():
        return _end(
            Message.objects.filter(about, status__in=WAITING),
            ShopEvent.objects.filter(about, plan_at__isnull=False),
            ports.clock.now(),
        )


def held_now() -> int:
    """How many texts storms hold."""
    return Message.objects.filter(status=MessageStatus.HELD, reason=Reason.STORM).count()


def _is_usual(
    storm: Storm, texts: QuerySet[Message], undecided: QuerySet[ShopEvent], now: dt.datetime
) -> None:
    """Where the storm holds some of these, all of it is held no more and counts in its hours."""
    of_kind = ShopEvent.objects.filter(channel_id=storm.channel_id, name=storm.name)
    mine = of_kind.filter(recorded_at__gt=storm.since, recorded_at__lte=storm.until or now)
    waiting = Q(pk__in=texts.values("event_id")) | Q(pk__in=undecided.values("pk"))
    if not mine.filter(waiting, held=True).exists():
        return
    mine.filter(held=True).update(held=False)
    busy_hours.count_again(of_kind, storm.since, now)


def _counts(now: dt.datetime) -> Counter[Key]:
    """What was recorded within the hour, since staff's last answer."""
    answered = {
        (row["channel_id"], row["name"]): row["at"]
        for row in Storm.objects.filter(until__gt=now - AN_HOUR)
        .values("channel_id", "name").annotate(at=Max("until")).order_by()
    }  # fmt: skip
    recent = ShopEvent.objects.filter(GUARDED, recorded_at__gt=now - AN_HOUR, recorded_at__lte=now)
    for (channel_id, name), at in answered.items():
        recent = recent.exclude(channel_id=channel_id, name=name, recorded_at__lte=at)
    rows = recent.values_list("channel_id", "name").annotate(count=Count("pk")).order_by()
    return Counter({(channel_id, name): count for channel_id, name, count in rows})


def _allowed(keys: Iterable[Key], channels: Mapping[int, Channel]) -> dict[Key, int]:
    """How many an hour are no storm; none where the guard is off or the channel unknown."""
    busiest = busy_hours.busiest(channels)
    return {
        key: max(limit.at_least, limit.times * busiest.get(key, 0))
        for key in keys
        if key[0] in channels and (limit := channels[key[0]].config.storm)
    }


def _begin(key: Key, count: int, allowed: int, channel: Channel, ports: Ports) -> Storm:
    now = ports.clock.now()
    before = Storm.objects.filter(channel_id=key[0], name=key[1]).aggregate(at=Max("until"))["at"]
    storm, new = Storm.objects.get_or_create(
        channel_id=key[0], name=key[1], until=None,
        defaults={"since": max(now - AN_HOUR, before or now - AN_HOUR),
                  "count": count, "allowed": allowed},
    )  # fmt: skip
    if new:
        logger.error(
            "Storm: %d x %s within an hour in channel %s, at most %d are usual; its texts are held",
            count, key[1], channel.slug, allowed,
            extra={"action": "storm", "sms_event": key[1]},
        )  # fmt: skip
        alert(STORM, channel, ports, count=count, event=key[1])
    return storm


def _hold(storm: Storm) -> None:
    mine = ShopEvent.objects.filter(
        GUARDED, channel_id=storm.channel_id, name=storm.name,
        recorded_at__gt=storm.since, held=False,
    )  # fmt: skip
    ids = list(mine.values_list("pk", flat=True))
    if not ids:
        return
    ShopEvent.objects.filter(pk__in=ids).update(held=True)
    waiting = Message.objects.filter(event_id__in=ids, status__in=WAITING)
    waiting.exclude(reason__in=[Reason.DIGEST, Reason.OTHER_INSTALLATION]).update(
        status=MessageStatus.HELD, reason=Reason.STORM, detail="",
        not_before=F("expires_at") + AFTER_EXPIRY,
    )  # fmt: skip


def _held(
    channels: Collection[int] | None, event: str
) -> tuple[QuerySet[Message], QuerySet[ShopEvent]]:
    texts = Message.objects.filter(status=MessageStatus.HELD, reason=Reason.STORM)
    events = ShopEvent.objects.filter(held=True, plan_at__isnull=False)
    if channels is not None:
        texts = texts.filter(channel_id__in=channels)
        events = events.filter(channel_id__in=channels)
    if event:
        texts = texts.filter(event_name=event)
        events = events.filter(name=EVENTS[event].source)
    return texts, events


def _storms(channels: Collection[int] | None, event: str) -> QuerySet[Storm]:
    storms = Storm.objects.all()
    if channels is not None:
        storms = storms.filter(channel_id__in=channels)
    return storms.filter(name=EVENTS[event].source) if event else storms


def _answered(texts: QuerySet[Message], undecided: QuerySet[ShopEvent]) -> Answered:
    rows = texts.values_list("event_name").annotate(count=Count("pk")).order_by("event_name")
    by_event = dict(rows)
    return Answered(
        texts=sum(by_event.values()), undecided=undecided.count(), by_event=by_event
    )  # fmt: skip


def _end(texts: QuerySet[Message], undecided: QuerySet[ShopEvent], now: dt.datetime) -> Answered:
    answered = _answered(texts, undecided)
    texts.update(
        status=MessageStatus.CANCELLED, reason=Reason.CANCELLED_BY_STAFF, detail="",
        finished_at=now,
    )  # fmt: skip
    undecided.update(plan_at=None, facts={"ended": Reason.CANCELLED_BY_STAFF})
    return answered
