"""Taking waiting texts, giving them back, and freeing what a dead worker held."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from math import ceil
from random import shuffle
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from ..domain.reasons import Reason
from ..domain.transitions import WAITING, WENT_OUT, MessageStatus
from ..events.answers import REQUESTS
from ..events.catalogue import PRIORITIES, STAFF_PRIORITY, Purpose
from ..models import Message, SendAttempt, locks
from ..ports import Ports
from .channels import Channel

WEAKEST = 32_767  #: whatever another version wrote still has its turn
BATCH = 20  #: texts claimed at once
#: longer than a run (5 s), the call it may be in (13 s) and the wait for a lost database (15 s)
LEASE = dt.timedelta(seconds=45)


def take(
    claim: UUID, ports: Ports, channels: Mapping[int, Channel], limit: int = BATCH
) -> list[Message]:
    """Up to ``limit`` due texts of these channels, now ``sending`` and ours for ``LEASE``.

    By priority, each channel getting its share, oldest first within. A number that had too many
    texts keeps its turn: the text is ``held`` (number_flood).
    """
    while True:
        taken, held = _take(claim, ports.clock.now(), channels, limit)
        if taken or not held:
            return taken


def _take(
    claim: UUID, now: dt.datetime, channels: Mapping[int, Channel], limit: int
) -> tuple[list[Message], bool]:
    """The texts taken, and whether others were held back."""
    with transaction.atomic():
        due = _share(list(channels), now, limit)
        flooded = _flooded(due, now, channels)
        for message in due:
            if free_at := flooded.get(message.pk):
                _hold_flooded(message, free_at)
                continue
            message.status, message.reason, message.detail = MessageStatus.SENDING, "", ""
            message.claim, message.claimed_until = claim, now + LEASE
            message.taken_at = now
        taken = [message for message in due if message.pk not in flooded]
        Message.objects.filter(pk__in=[message.pk for message in taken]).update(
            status=MessageStatus.SENDING, reason="", detail="",
            claim=claim, claimed_until=now + LEASE, taken_at=now,
        )  # fmt: skip
    return taken, bool(flooded)


def take_orphans(claim: UUID, ports: Ports, known: Collection[int]) -> list[Message]:
    """Due texts whose channel has no settings any more, for the door to end."""
    now = ports.clock.now()
    with transaction.atomic():
        rows = _due(now).exclude(channel_id__in=known).order_by("pk")
        taken = list(rows[:BATCH])
        for message in taken:
            message.status, message.claim = MessageStatus.SENDING, claim
        Message.objects.filter(pk__in=[message.pk for message in taken]).update(
            status=MessageStatus.SENDING, claim=claim, claimed_until=now + LEASE
        )
    return taken


def _due(now: dt.datetime) -> QuerySet[Message]:
    locked = Message.objects.select_for_update(skip_locked=True)
    return locked.filter(status__in=WAITING, not_before__lte=now)


def _share(channel_ids: list[int], now: dt.datetime, limit: int) -> list[Message]:
    """Texts of the strongest priority first; within it every channel has its share."""
    shuffle(channel_ids)  # the rest of an uneven share falls to another one each time
    due: list[Message] = []
    weaker = -1
    for priority in sorted({STAFF_PRIORITY, *PRIORITIES.values(), WEAKEST}):
        in_class = {"priority__gt": weaker, "priority__lte": priority}
        weaker = priority
        hungry = list(channel_ids)
        while hungry and len(due) < limit:
            share = ceil((limit - len(due)) / len(hungry))
            for channel_id in list(hungry):
                wanted = min(share, limit - len(due))
                rows = _due(now).filter(channel_id=channel_id, **in_class)
                rows = rows.exclude(pk__in=[message.pk for message in due])
                found = list(rows.order_by("priority", "not_before", "pk")[:wanted])
                due += found
                if len(found) < wanted or not wanted:
                    hungry.remove(channel_id)
    return due


def _hold_flooded(message: Message, free_at: dt.datetime) -> None:
    """The text is held until its number has room."""
    Message.objects.filter(pk=message.pk).update(
        status=MessageStatus.HELD, reason=Reason.NUMBER_FLOOD,
        detail=f"Until {free_at:%H:%M:%S} UTC.", not_before=free_at,
    )  # fmt: skip


def _flooded(
    due: Collection[Message], now: dt.datetime, channels: Mapping[int, Channel]
) -> dict[int, dt.datetime]:
    """Of these texts the ones over their number's limit, with the instant that has room."""
    limits = {
        m.pk: channels[m.channel_id or 0].config.flood
        for m in due
        if m.purpose == Purpose.TRANSACTIONAL
        and (m.event_id or m.event_name in REQUESTS)
        and not m.to_staff and m.channel_id in channels
    }  # fmt: skip
    limited = [m for m in due if limits.get(m.pk)]
    numbers = {m.recipient for m in limited}
    locks.lock(f"sms-number:{number}" for number in numbers)
    spans = [dt.timedelta(seconds=limit.seconds) for each in limits.values() for limit in each]
    taken: dict[str, list[dt.datetime]] = defaultdict(list)
    for number, at in (
        Message.objects.filter(
            Q(event__isnull=False) | Q(event_name__in=REQUESTS),
            recipient__in=numbers, to_staff=False, purpose=Purpose.TRANSACTIONAL,
            status__in=WENT_OUT, taken_at__gt=now - max(spans, default=LEASE),
        )
        .order_by("-taken_at")
        .values_list("recipient", "taken_at")
    ):  # fmt: skip
        if at is not None:
            taken[number].append(at)
    over: dict[int, dt.datetime] = {}
    for message in limited:
        times = taken[message.recipient]
        waits = [
            times[limit.count - 1] + dt.timedelta(seconds=limit.seconds)
            for limit in limits[message.pk]
            if len(times) >= limit.count
            and times[limit.count - 1] > now - dt.timedelta(seconds=limit.seconds)
        ]
        if waits:
            over[message.pk] = max(waits)
        else:
            times.insert(0, now)
    return over


def give_back(
    claim: UUID, message_ids: Collection[int], not_before: dt.datetime | None = None
) -> None:
    """Claimed texts that no call was made for wait again, ``not_before`` an instant if given."""
    ours = Message.objects.filter(pk__in=message_ids, claim=claim, status=MessageStatus.SENDING)
    later = {"not_before": not_before} if not_before else {}
    ours.update(status=MessageStatus.QUEUED, claim=None, claimed_until=None, taken_at=None, **later)


def free_the_dead(ports: Ports) -> int:
    """Texts whose worker ended are free again; returns how many.

    Where a call had begun its outcome is unknown and the text is never sent again by itself
    (law 4); where none had, it waits as before.
    """
    now = ports.clock.now()
    with transaction.atomic():
        dead = list(
            Message.objects.select_for_update(skip_locked=True)
            .filter(status=MessageStatus.SENDING, claimed_until__lt=now)
            .order_by("pk")[:500]
        )
        began = set(
            SendAttempt.objects.filter(
                message__in=dead, outcome=SendAttempt.Outcome.PENDING
            ).values_list("message_id", flat=True)
        )
        ids = {message.pk for message in dead}
        freed = {"claim": None, "claimed_until": None}
        SendAttempt.objects.filter(
            message_id__in=began, outcome=SendAttempt.Outcome.PENDING
        ).update(outcome=SendAttempt.Outcome.UNKNOWN, finished_at=now)  # fmt: skip
        Message.objects.filter(pk__in=began).update(
            status=MessageStatus.OUTCOME_UNKNOWN, reason=Reason.WORKER_DIED, **freed
        )
        Message.objects.filter(pk__in=ids - began).update(
            status=MessageStatus.QUEUED, taken_at=None, **freed
        )
    return len(dead)
