"""The flood rule: no number gets more than so many texts about events within so long."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Q, QuerySet

from ..config import FloodLimit
from ..domain.reasons import Reason
from ..domain.transitions import WENT_OUT, MessageStatus
from ..events.answers import REQUESTS
from ..events.catalogue import Purpose
from ..models import Message, locks
from ..models.any_of import any_of
from ..models.many import update_many
from .channels import Channel

HELD_AT_ONCE = 1_000  #: texts

#: What counts, and is held.
_COUNTED = Q(Q(event__isnull=False) | Q(event_name__in=REQUESTS)) & Q(
    to_staff=False, purpose=Purpose.TRANSACTIONAL
)

Limited = Mapping[int, Sequence[FloodLimit]]  #: by message


def undisturbed(
    due: Sequence[Message], channels: Mapping[int, Channel]
) -> tuple[list[Message], Limited]:
    """The texts whose number nobody else is counting at this moment, with their limits.

    Never waits: these rows are locked already, and who has a number may wait for one of them.
    """
    limits = {
        m.pk: channels[m.channel_id or 0].config.flood
        for m in due
        if m.purpose == Purpose.TRANSACTIONAL
        and (m.event_id or m.event_name in REQUESTS)
        and not m.to_staff and m.channel_id in channels
    }  # fmt: skip
    limits = {pk: each for pk, each in limits.items() if each}
    numbers = {m.recipient for m in due if m.pk in limits}
    ours = set(locks.try_locks({f"sms-number:{number}": number for number in numbers}))
    return [m for m in due if m.pk not in limits or m.recipient in ours], limits


def over(due: Sequence[Message], limits: Limited, now: dt.datetime) -> dict[int, dt.datetime]:
    """Of these texts the ones over their number's limit, with the instant that has room."""
    limited = [m for m in due if m.pk in limits]
    numbers = {m.recipient for m in limited}
    spans = [dt.timedelta(seconds=limit.seconds) for each in limits.values() for limit in each]
    taken: dict[str, list[dt.datetime]] = defaultdict(list)
    for number, at in (
        Message.objects.filter(
            _COUNTED, any_of("recipient", numbers),
            status__in=WENT_OUT, taken_at__gt=now - max(spans, default=dt.timedelta()),
        )
        .order_by("-taken_at")
        .values_list("recipient", "taken_at")
    ):  # fmt: skip
        if at is not None:
            taken[number].append(at)
    free_at: dict[int, dt.datetime] = {}
    for message in limited:
        times = taken[message.recipient]
        waits = [
            times[limit.count - 1] + dt.timedelta(seconds=limit.seconds)
            for limit in limits[message.pk]
            if len(times) >= limit.count
            and times[limit.count - 1] > now - dt.timedelta(seconds=limit.seconds)
        ]
        if waits:
            free_at[message.pk] = max(waits)
        else:
            times.insert(0, now)
    return free_at


def hold(
    due: Sequence[Message], free_at: Mapping[int, dt.datetime], locked: QuerySet[Message]
) -> None:
    """The texts that are ``over`` are held until there is room, and up to ``HELD_AT_ONCE`` more
    of the ``locked`` due ones to their numbers; one statement for all."""
    held_until = {(m.channel_id, m.recipient): free_at[m.pk] for m in due if m.pk in free_at}
    if not held_until:
        return
    found = locked.filter(
        _COUNTED, channel_id__in={channel for channel, _ in held_until},
        recipient__in={number for _, number in held_until},
    ).exclude(pk__in=[m.pk for m in due if m.pk not in free_at])  # fmt: skip
    rows = found.order_by("pk").only("channel_id", "recipient")[:HELD_AT_ONCE]
    held = [message for message in rows if (message.channel_id, message.recipient) in held_until]
    for message in held:
        at = held_until[message.channel_id, message.recipient]
        message.status, message.reason = MessageStatus.HELD, Reason.NUMBER_FLOOD
        message.detail, message.not_before = f"Until {at:%H:%M:%S} UTC.", at
    update_many(held, ("status", "reason", "detail", "not_before"))
