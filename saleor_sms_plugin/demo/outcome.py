"""What came of the day: every message, the sums, and whether the engine kept its word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..domain import phone_numbers
from ..domain.transitions import MessageStatus
from ..models import Message, SendAttempt, ShopEvent
from .day import SCENES
from .shop import ZONE
from .stage import Stage, next_due

_WENT_OUT = (MessageStatus.SENT, MessageStatus.OUTCOME_UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One decision: a text, or why there is none. Times are the shop's."""

    order: str
    channel: str
    event: str
    happened_at: str
    sent_at: str  #: "" where no call to the provider was answered with yes
    recipient: str  #: masked; "" where there is no number
    country: str
    language: str
    sender: str
    status: str
    reason: str
    why: str
    tries: int
    segments: int | None
    text: str
    price: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One promise, and whether it was kept."""

    promise: str
    kept: bool


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The day in numbers; money is what the provider said it took."""

    events_heard: int
    events_recorded: int
    decisions: int
    sent: int
    not_sent: int
    outcome_unknown: int
    segments: int
    requests: int
    accepted_by_provider: int
    price: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything the demo shows."""

    messages: tuple[Line, ...]
    summary: Summary
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.kept for check in self.checks)


def read(stage: Stage) -> Outcome:
    """The outcome of a day that was played, with every check made."""
    rows = list(Message.objects.select_related("event").order_by("event__recorded_at", "pk"))
    return Outcome(
        messages=tuple(_line(row) for row in rows),
        summary=_summary(stage, rows),
        checks=tuple(Check(promise=p, kept=kept(stage, rows)) for p, kept in PROMISES.items()),
    )


def _line(row: Message) -> Line:
    happened = row.event.occurred_at if row.event else row.created_at
    return Line(
        order=row.order_number,
        channel=row.channel_slug,
        event=row.event_name,
        happened_at=f"{happened.astimezone(ZONE):%Y-%m-%d %H:%M}",
        sent_at=f"{row.sent_at.astimezone(ZONE):%Y-%m-%d %H:%M}" if row.sent_at else "",
        recipient=phone_numbers.mask(row.recipient) if row.recipient else "",
        country=row.country,
        language=row.language,
        sender=row.sender_id,
        status=row.status,
        reason=row.reason,
        why=row.why,
        tries=row.attempt_count,
        segments=row.segment_count,
        text=row.body,
        price=row.price,
    )


def _summary(stage: Stage, rows: list[Message]) -> Summary:
    statuses = Counter(row.status for row in rows)
    went_out = sum(statuses[status] for status in _WENT_OUT)
    return Summary(
        events_heard=stage.heard,
        events_recorded=ShopEvent.objects.count(),
        decisions=len(rows),
        sent=statuses[MessageStatus.SENT],
        not_sent=len(rows) - went_out,
        outcome_unknown=statuses[MessageStatus.OUTCOME_UNKNOWN],
        segments=sum(row.segment_count or 0 for row in rows if row.status in _WENT_OUT),
        requests=len(stage.vonage.requests),
        accepted_by_provider=len(stage.vonage.accepted),
        price=sum((row.price for row in rows if row.price), Decimal(0)),
        currency=next((row.currency for row in rows if row.currency), ""),
    )


def _as_told(stage: Stage, rows: list[Message]) -> bool:
    told = Counter((s.order, event, result) for s in SCENES for event, result in s.then)
    return told == Counter((r.order_number, r.event_name, r.reason or r.status) for r in rows)


def _recorded_once(stage: Stage, rows: list[Message]) -> bool:
    different = {(s.order, event.name, event.key) for s in SCENES for event in s.events}
    return ShopEvent.objects.count() == len(different) < stage.heard


def _once_at_the_provider(stage: Stage, rows: list[Message]) -> bool:
    arrived = sorted(request.body["client-ref"] for request in stage.vonage.accepted)
    return arrived == sorted(str(row.reference) for row in rows if row.status in _WENT_OUT)


def _as_written(stage: Stage, rows: list[Message]) -> bool:
    ours = {
        str(row.reference): {"to": row.recipient[1:], "from": row.sender_id, "text": row.body}
        for row in rows
    }
    return all(
        ours[request.body["client-ref"]].items() <= request.body.items()
        for request in stage.vonage.requests
    )


def _attempts(stage: Stage, rows: list[Message]) -> bool:
    return SendAttempt.objects.count() == len(stage.vonage.requests)


def _nothing_waits(stage: Stage, rows: list[Message]) -> bool:
    return next_due() is None and not any(row.status == MessageStatus.SENDING for row in rows)


PROMISES: dict[str, Callable[[Stage, list[Message]], Any]] = {
    "every text went out, or did not, as the story says": _as_told,
    "an event that the shop told twice was recorded once": _recorded_once,
    "every text reached the provider exactly once": _once_at_the_provider,
    "the provider got each text as it is stored": _as_written,
    "every request to the provider was written down before it": _attempts,
    "nothing is left waiting": _nothing_waits,
}
