"""Alerts: a text to a channel's staff that no event of the shop causes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from ..domain import quiet_hours, segments
from ..domain.languages import choose_language
from ..domain.transitions import MessageStatus
from ..events.catalogue import STAFF_PRIORITY, Purpose
from ..models import Message
from ..models.message import ALERT
from ..ports import Ports
from . import recipients
from .channels import Channel

LASTS = dt.timedelta(hours=12)


def alert(
    texts: Mapping[str, str],
    channel: Channel,
    ports: Ports,
    *,
    once_since: dt.datetime | None = None,
    segment_count: int | None = None,
    **values: object,
) -> int:
    """Each of the channel's staff numbers gets one text, after the staff's night; returns how
    many numbers there are.

    ``texts`` are by language, English first; ``values`` fill their braces, beside ``shop``.
    A number that cannot be texted has a stored reason. The same text ``once_since`` an instant:
    nothing is added where it is there; call it under a lock then. ``segment_count`` shortens it.
    """
    now = ports.clock.now()
    language = choose_language(channel.staff_language, texts) or "en"
    body = texts[language].format(shop=channel.shop_name, **values)
    if segment_count:
        body = segments.fit(body, min(segment_count, channel.config.max_segments))
    if once_since and _was_told(body, channel, once_since):
        return len(channel.config.staff_numbers)
    morning = quiet_hours.next_allowed(now, [channel.zone.key], channel.config.staff_night)
    numbers = channel.config.staff_numbers
    found = [recipients.of_staff(number, channel) for number in numbers]
    Message.objects.bulk_create(
        Message(
            event_name=ALERT,
            channel_id=channel.id,
            channel_slug=channel.slug,
            purpose=Purpose.TRANSACTIONAL,
            priority=STAFF_PRIORITY,
            to_staff=True,
            recipient=each.number,
            country=each.country,
            language=language,
            body=body,
            status=MessageStatus.SUPPRESSED if each.reason else MessageStatus.QUEUED,
            reason=each.reason or "",
            detail=each.detail,
            due_at=morning,
            not_before=morning,
            expires_at=morning + LASTS,
            created_at=now,
            finished_at=now if each.reason else None,
        )
        for each in found
    )
    return len(numbers)


def _was_told(body: str, channel: Channel, since: dt.datetime) -> bool:
    told = Message.objects.filter(channel_id=channel.id, created_at__gte=since, event_name=ALERT)
    return told.filter(body=body).exists()
