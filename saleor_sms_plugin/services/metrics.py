"""How the outbox is doing: what a shop scrapes, and what ``sms_status`` shows."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from ..domain.spans import A_DAY, AN_HOUR
from ..domain.transitions import OPEN, WAITING, MessageStatus
from ..models import InboundMessage, Message, ShopEvent, WebhookRequest
from ..models import throttle as throttles
from ..ports import Ports
from . import box_faults, installation, reviews, status, webhooks
from .account_health import state_of, throttles_of
from .accounts import accounts_of
from .box_faults import BoxFaults
from .caps import OLDEST
from .channels import load

logger = logging.getLogger(__name__)

PROMPT = dt.timedelta(seconds=10)  #: GOV.UK Notify's measure: the share sent within this
MINUTE = dt.timedelta(minutes=1)
LOGGED_EACH = 59.0  #: seconds: the periodic run that comes after a minute has it
LATE = dt.timedelta(minutes=5)  #: what comes in is acted on in seconds


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The installation at one instant. Ages are seconds, counts are texts."""

    at: dt.datetime
    live: bool
    machinery: str
    to_plan: int  #: recorded events whose time to be planned has come
    due: int  #: texts whose time has come
    oldest_due_seconds: float
    waiting: int  #: all that wait, also for the morning
    sending: int
    sent_last_minute: int
    sent_last_hour: int
    prompt_share: float | None  #: of those, sent within 10 s of their time; None without any
    to_review: int  #: replies that staff should read
    review_by: dt.datetime | None  #: until when the first of them
    webhooks_lost: int  #: requests of providers that could not be processed; each may be a stop
    webhooks_late: int  #: requests that no worker has processed within 5 minutes
    replies_late: int  #: replies that none has acted on within 5 minutes
    box_faults: BoxFaults | None  #: consent boxes of the storefront that could not be read
    ended_last_day: dict[str, int]  #: status, or status and reason, → texts
    accounts: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What waits in some channels now."""

    to_plan: int  #: recorded events whose time to be planned has come
    due: int  #: texts whose time has come
    oldest_due_seconds: float
    waiting: int  #: all that wait, also for the morning
    sending: int
    to_review: int  #: replies that staff should read


def queue_of(ports: Ports, channel_ids: Collection[int] | None = None) -> Queue:
    """Of these channels, of all where None; three statements."""
    now = ports.clock.now()
    only = {} if channel_ids is None else {"channel_id__in": channel_ids}
    with ports.shop.writer():
        is_due = Q(status__in=WAITING, not_before__lte=now)
        open_ones = Message.objects.filter(
            **only, status__in=OPEN
        ).aggregate(
            due=Count("pk", filter=is_due), oldest=Min("due_at", filter=is_due),
            waiting=Count("pk", filter=Q(status__in=WAITING)),
            sending=Count("pk", filter=Q(status=MessageStatus.SENDING)),
        )  # fmt: skip
        events = ShopEvent.objects.filter(**only, plan_at__lte=now)
        replies = InboundMessage.objects.filter(
            **only, review_by__isnull=False, resolved_at__isnull=True
        )
        oldest = open_ones.pop("oldest")
        return Queue(
            **open_ones,
            to_plan=events.count(),
            oldest_due_seconds=_age(oldest, now),
            to_review=replies.count(),
        )


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What went out of some channels."""

    last_minute: int
    last_hour: int
    prompt_share: float | None  #: of the hour's, sent within ``PROMPT`` of their time


def sent_of(ports: Ports, channel_ids: Collection[int] | None = None) -> Sent:
    """Of these channels, of all where None; the share is None where nothing was sent in the hour;
    one statement."""
    now = ports.clock.now()
    only = {} if channel_ids is None else {"channel_id__in": channel_ids}
    with ports.shop.writer():
        recent = _may_end(now - AN_HOUR).filter(**only, sent_at__gte=now - AN_HOUR)
        found = recent.aggregate(
            hour=Count("pk"), minute=Count("pk", filter=Q(sent_at__gte=now - MINUTE)),
            prompt=Count("pk", filter=_IS_PROMPT),
        )  # fmt: skip
    hour = found["hour"]
    return Sent(
        last_minute=found["minute"], last_hour=hour,
        prompt_share=round(found["prompt"] / hour, 4) if hour else None,
    )  # fmt: skip


_IS_PROMPT = Q(sent_at__lte=F("due_at") + PROMPT)


def _may_end(since: dt.datetime) -> QuerySet[Message]:
    """All texts that may have gone out after this instant, by the one that has an index: none
    waits for longer than ``OLDEST``."""
    return Message.objects.filter(created_at__gte=since - OLDEST)


def log_queue_each_minute(ports: Ports) -> None:
    """``log_queue`` by one worker of the installation, once in ``LOGGED_EACH``."""
    with ports.shop.writer():
        is_time = throttles.once("log:queue", LOGGED_EACH)
    if is_time:
        log_queue(ports)


def log_queue(ports: Ports) -> None:
    """A line says how the queue is; two indexed statements, none where nobody reads such lines."""
    if not logger.isEnabledFor(logging.INFO):
        return
    with ports.shop.writer():
        due, oldest_seconds = _due(ports.clock.now())
    sent = sent_of(ports)
    logger.info(
        "Queue: %d texts due, the oldest for %.0f s; %d sent in the last minute",
        due, oldest_seconds, sent.last_minute,
        extra={
            "action": "queue", "due": due, "oldest_due_seconds": round(oldest_seconds, 3),
            "sent_last_minute": sent.last_minute, "prompt_share": sent.prompt_share,
        },
    )  # fmt: skip


def _due(now: dt.datetime) -> tuple[int, float]:
    """How many texts' time has come, and for how many seconds the oldest's."""
    waiting = Message.objects.filter(status__in=WAITING, not_before__lte=now)
    due = waiting.aggregate(count=Count("pk"), oldest=Min("due_at"))
    return due["count"], _age(due["oldest"], now)


def _age(oldest: dt.datetime | None, now: dt.datetime) -> float:
    return (now - oldest).total_seconds() if oldest else 0.0


def measure(ports: Ports) -> Metrics:
    """Read only, a handful of indexed queries."""
    now = ports.clock.now()
    with ports.shop.writer():
        waiting = Message.objects.filter(status__in=WAITING)
        due, oldest_seconds = _due(now)
        sent = sent_of(ports)
        to_review, review_by = reviews.waiting()
        return Metrics(
            at=now,
            live=installation.is_same(ports),
            machinery=status.machinery(ports),
            to_plan=ShopEvent.objects.filter(plan_at__lte=now).count(),
            due=due,
            oldest_due_seconds=oldest_seconds,
            waiting=waiting.count(),
            sending=Message.objects.filter(status=MessageStatus.SENDING).count(),
            sent_last_minute=sent.last_minute,
            sent_last_hour=sent.last_hour,
            prompt_share=sent.prompt_share,
            to_review=to_review,
            review_by=review_by,
            webhooks_lost=WebhookRequest.objects.filter(webhooks.LOST).count(),
            webhooks_late=WebhookRequest.objects.filter(
                process_at__isnull=False, received_at__lt=now - LATE
            ).count(),
            replies_late=InboundMessage.objects.filter(
                answer_at__isnull=False, completed_at__lt=now - LATE
            ).count(),
            box_faults=box_faults.of(ports),
            ended_last_day=_ended(now),
            accounts=_accounts(ports, now),
        )


def _ended(now: dt.datetime) -> dict[str, int]:
    rows = (
        _may_end(now - A_DAY)
        .exclude(status__in=OPEN)
        .alias(ended_at=_ENDED_AT)
        .filter(ended_at__gte=now - A_DAY)
        .values("status", "reason")
        .annotate(count=Count("pk"))
        .order_by("status", "reason")
    )
    return {
        f"{row['status']}.{row['reason']}" if row["reason"] else row["status"]: row["count"]
        for row in rows
    }


#: An unknown outcome has no instant of its own: the text was due shortly before.
_ENDED_AT = Coalesce("finished_at", "sent_at", "not_before")


def _accounts(ports: Ports, now: dt.datetime) -> tuple[dict[str, Any], ...]:
    accounts = accounts_of(load(ports).values())
    rows = throttles_of(accounts, now)
    return tuple(
        {
            **state_of(account, rows[account.key], now), "rate": account.rate,
            "channels": [channel.slug for channel in account.channels],
        }
        for account in accounts
    )  # fmt: skip
