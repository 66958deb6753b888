"""Taking waiting texts, giving them back, and freeing what a dead worker held."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from math import ceil
from random import shuffle
from types import MappingProxyType
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from ..domain import phone_numbers
from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import PRIORITIES, STAFF_PRIORITY
from ..models import Message, SendAttempt
from ..models.any_of import any_of
from ..models.many import update_many
from ..ports import Ports
from . import flood
from .channels import Channel

TRIES = 50  #: transactions in which a claim holds texts back before it gives up
NO_SLOTS: Mapping[str, int] = MappingProxyType({})
WEAKEST = 32_767  #: whatever another version wrote still has its turn
BATCH = 20  #: texts in one statement, where more would be in doubt for longer
#: longer than a run (5 s), the call it may be in (13 s) and the wait for a lost database (15 s)
LEASE = dt.timedelta(seconds=45)


def take(
    claim: UUID,
    ports: Ports,
    channels: Mapping[int, Channel],
    limit: int = BATCH,
    slots: Mapping[str, int] = NO_SLOTS,
) -> list[Message]:
    """Up to ``limit`` due texts of these channels, now ``sending`` and ours for ``LEASE``.

    By priority, each channel getting its share, oldest first within. ``slots`` says of a slow
    sender how many of its texts may be taken; the others stay due, ``held`` (sender_rate). A
    number that had too many texts keeps its turn: all its due texts are ``held`` (number_flood).
    At most ``TRIES`` short transactions.
    """
    for _ in range(TRIES):
        taken, others_held = _take(claim, ports.clock.now(), channels, limit, slots)
        if taken or not others_held:
            return taken
    return []


def _take(
    claim: UUID,
    now: dt.datetime,
    channels: Mapping[int, Channel],
    limit: int,
    slots: Mapping[str, int],
) -> tuple[list[Message], bool]:
    """The texts taken, and whether others were held back."""
    with transaction.atomic():
        late = False
        if slots:
            due, late = _by_sender(now, channels, limit, slots)
        else:
            due = _share(list(channels), now, limit, ())
        due, limits = flood.undisturbed(due, channels)
        flooded = flood.over(due, limits, now)
        flood.hold(due, flooded, _due(now))
        taken = [message for message in due if message.pk not in flooded]
        for message in taken:
            message.status, message.reason, message.detail = MessageStatus.SENDING, "", ""
            message.claim, message.claimed_until = claim, now + LEASE
            message.taken_at = now
        Message.objects.filter(any_of("pk", [message.pk for message in taken])).update(
            status=MessageStatus.SENDING, reason="", detail="",
            claim=claim, claimed_until=now + LEASE, taken_at=now,
        )  # fmt: skip
    return taken, bool(flooded) or late


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


def has_due(
    ports: Ports, channels: Collection[int] | None = None, since: dt.datetime | None = None
) -> bool:
    """A text is due, of these channels or, where None, of any; one that fell due ``since``."""
    waiting = Message.objects.filter(status__in=WAITING, not_before__lte=ports.clock.now())
    if channels is not None:
        waiting = waiting.filter(channel_id__in=channels)
    if since is not None:
        waiting = waiting.filter(not_before__gt=since)
    return waiting.exists()


def waited_for(ports: Ports, channels: Collection[int], slow: Collection[str]) -> set[str]:
    """Those of these senders that due texts of these channels wait for."""
    waiting = Message.objects.filter(
        _for_sender(slow), status=MessageStatus.HELD, not_before__lte=ports.clock.now(),
        channel_id__in=channels,
    )  # fmt: skip
    return set(waiting.values_list("sender_id", flat=True).distinct()) if slow else set()


def _for_sender(senders: Collection[str]) -> Q:
    return Q(reason=Reason.SENDER_RATE, sender_id__in=senders)


def _due(now: dt.datetime) -> QuerySet[Message]:
    locked = Message.objects.select_for_update(skip_locked=True)
    return locked.filter(status__in=WAITING, not_before__lte=now)


def _share(
    channel_ids: list[int], now: dt.datetime, limit: int, slow: Collection[str]
) -> list[Message]:
    """Texts of the strongest priority first; within it every channel has its share. None waits
    for one of the slow senders."""
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
                if slow:
                    rows = rows.exclude(_for_sender(slow))
                rows = rows.exclude(pk__in=[message.pk for message in due])
                found = list(rows.order_by(*_OLDEST_FIRST)[:wanted])
                due += found
                if len(found) < wanted or not wanted:
                    hungry.remove(channel_id)
    return due


_OLDEST_FIRST = ("priority", "not_before", "pk")


def _by_sender(
    now: dt.datetime, channels: Mapping[int, Channel], limit: int, slots: Mapping[str, int]
) -> tuple[list[Message], bool]:
    """``_share`` with each slow sender's oldest texts, as many as it has slots; and whether
    others were held for their sender now, one statement for all."""
    waiting = [
        message
        for sender, count in slots.items() if count
        for message in _due(now)
        .filter(_for_sender([sender]), channel_id__in=channels)
        .order_by(*_OLDEST_FIRST)[:count]
    ]  # fmt: skip
    others = _share(list(channels), now, max(limit, BATCH), slots)
    found = sorted([*waiting, *others], key=lambda message: message.priority)
    by_sender: dict[str, list[Message]] = defaultdict(list)
    for message in found:
        config = channels[message.channel_id or 0].config
        by_sender[config.sender_for(phone_numbers.country_of(message.recipient))].append(message)
    late: list[Message] = []
    for sender, count in slots.items():
        by_sender[sender].sort(key=lambda m: (m.priority, m.not_before, m.pk))
        for message in by_sender[sender][count:]:
            late.append(message)
            message.status, message.reason = MessageStatus.HELD, Reason.SENDER_RATE
            message.detail, message.sender_id = "", sender
    update_many(late, ("status", "reason", "detail", "sender_id"))
    left_out = {message.pk for message in late}
    return [m for m in found if m.pk not in left_out][:limit], any(m in others for m in late)


def give_back(
    claim: UUID, message_ids: Collection[int], not_before: dt.datetime | None = None
) -> None:
    """Claimed texts that no call was made for wait again, ``not_before`` an instant if given."""
    held = Message.objects.filter(any_of("pk", message_ids))
    ours = held.filter(claim=claim, status=MessageStatus.SENDING)
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
