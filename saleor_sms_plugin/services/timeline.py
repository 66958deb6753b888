"""What happened to one text, in order: event, decision, calls, receipts, clicks, end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Prefetch, QuerySet

from ..domain.transitions import FINAL, WAITING, MessageStatus
from ..events.catalogue import EVENTS
from ..models import DeliveryReceipt, Link, Message, SendAttempt

#: What a timeline reads beside the text itself, each in one statement for many texts.
ATTEMPTS = Prefetch("attempts", queryset=SendAttempt.objects.order_by("number"))
RECEIPTS = Prefetch("receipts", queryset=DeliveryReceipt.objects.order_by("pk"))
LINKS = Prefetch("links", queryset=Link.objects.order_by("pk"))


class What(StrEnum):
    """What a moment is about."""

    HAPPENED = "happened"  #: in the shop
    RECORDED = "recorded"
    DECIDED = "decided"  #: that there is a text, or that there is none
    CALLED = "called"  #: the provider
    ANSWERED = "answered"
    RECEIPT = "receipt"
    CLICKED = "clicked"  #: a link, by a person
    ENDED = "ended"
    DUE = "due"  #: it may go out then


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened, or will."""

    at: dt.datetime
    what: What
    detail: str  #: for people


def with_timeline(rows: QuerySet[Message]) -> QuerySet[Message]:
    """The rows, ready for ``timeline`` without a statement for each."""
    return rows.select_related("event").prefetch_related(ATTEMPTS, RECEIPTS, LINKS)


def timeline(message: Message) -> list[Moment]:
    """The text's moments, oldest first; those of one instant in the order of ``What``."""
    order = list(What)
    return sorted(_moments(message), key=lambda moment: (moment.at, order.index(moment.what)))


def _moments(message: Message) -> Iterator[Moment]:
    ended = message.finished_at if MessageStatus(message.status) in FINAL else None
    if event := message.event:
        spec = EVENTS.get(message.event_name)
        yield Moment(
            at=event.occurred_at, what=What.HAPPENED,
            detail=spec.label if spec else message.event_name,
        )  # fmt: skip
        found = "Found later: no hook of the shop told of it." if event.found else ""
        yield Moment(at=event.recorded_at, what=What.RECORDED, detail=found)
    at_once = ended == message.created_at
    yield Moment(
        at=message.created_at, what=What.DECIDED,
        detail=_ending(message) if at_once else _plan(message),
    )  # fmt: skip
    yield from _calls(message)
    for receipt in message.receipts.all():
        said = _said(receipt.provider_status or receipt.status, receipt.code, receipt.detail)
        yield Moment(at=receipt.received_at, what=What.RECEIPT, detail=said)
    for link in message.links.all():
        if link.clicked_at:
            yield Moment(at=link.clicked_at, what=What.CLICKED, detail=link.kind)
    if ended and not at_once:
        yield Moment(at=ended, what=What.ENDED, detail=_ending(message))
    if message.status in WAITING:
        yield Moment(at=message.not_before, what=What.DUE, detail=message.why)


def _calls(message: Message) -> Iterator[Moment]:
    for attempt in message.attempts.all():
        yield Moment(at=attempt.started_at, what=What.CALLED, detail=attempt.provider)
        if attempt.finished_at:
            said = _said(attempt.outcome, attempt.code, attempt.detail)
            yield Moment(at=attempt.finished_at, what=What.ANSWERED, detail=said)


def _plan(message: Message) -> str:
    language = f"in {message.language}" if message.language else ""
    sender = f"from {message.sender_id}" if message.sender_id else ""
    return ", ".join(part for part in (message.purpose, language, sender) if part)


def _ending(message: Message) -> str:
    return f"{message.status}: {message.why}" if message.why else message.status


def _said(word: str, code: str, detail: str) -> str:
    return " ".join(part for part in (word, f"({code})" if code else "", detail) if part)
