"""“Why did this customer get, or not get, a text?”: every decision about one order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Q

from ..domain import phone_numbers
from ..domain.consent import Scope
from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import EVENTS, SOURCES, Purpose
from ..models import Message, SendAttempt, ShopEvent
from ..ports import Order, Ports
from . import consent, ledger, subjects
from .channels import Channel, load
from .waiting import Why, why_waiting

SETTLING = "settling"  #: the status of what is not decided yet


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call to the provider."""

    at: dt.datetime
    provider: str
    outcome: str
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the provider said of the text, or of a part of it."""

    at: dt.datetime
    said: str  #: the provider's word
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One text, or the decision against one."""

    event: str
    label: str
    happened_at: dt.datetime | None
    decided_at: dt.datetime | None
    recipient: str  #: masked, "" where there is none
    to_staff: bool
    language: str
    status: str  #: a message status, or ``SETTLING``
    reason: str  #: of what waits though its time has come: what it waits for now
    why: str
    detail: str  #: the particulars of the reason; a part of ``why``
    not_before: dt.datetime | None
    segment_count: int | None
    body: str
    reference: str
    consent: str = ""  #: of marketing: where the person stands now, and since when
    calls: tuple[Call, ...] = field(default_factory=tuple)
    receipts: tuple[Receipt, ...] = field(default_factory=tuple)


def explain(order: Order, ports: Ports) -> list[Decision]:
    """Every decision about the order, oldest first, and what is not decided yet."""
    with ports.shop.writer():
        messages = Message.objects.filter(subjects.about([order.id])).select_related("event")
        rows = list(messages.prefetch_related("attempts", "receipts").order_by("pk"))
        events = ShopEvent.objects.filter(subjects.about([order.id]))
        open_or_ended = events.filter(Q(plan_at__isnull=False) | Q(facts__has_key="ended"))
        decided = {(m.event_id, m.event_name) for m in rows}
        channels = load(ports, {m.channel_id for m in rows if m.channel_id is not None})
        known = ledger.read(m.recipient for m in rows)
        waiting = why_waiting(rows, ports)
        return [
            replace(_decision(m, waiting.get(m.pk)), consent=_consent(m, channels, known))
            for m in rows
        ] + [
            _settling(event, spec.name) if event.plan_at else _ended(event, spec.name)
            for event in open_or_ended.order_by("pk")
            for spec in SOURCES.get(event.name, ())
            if (event.pk, spec.name) not in decided
        ]


def _consent(message: Message, channels: Mapping[int, Channel], known: ledger.Ledger) -> str:
    channel = channels.get(message.channel_id or 0)
    scope = consent.scope_of(message.event_name, Purpose(message.purpose))
    if channel is None or not message.recipient or message.to_staff or scope is Scope.SERVICE:
        return ""
    where = known.standing(message.recipient, scope, channel)
    return f"{scope}: {consent.in_words(where)}"


def _decision(message: Message, waiting: Why | None) -> Decision:
    calls = sorted(message.attempts.all(), key=lambda attempt: attempt.number)
    return Decision(
        event=message.event_name,
        label=_label(message.event_name),
        happened_at=message.event.occurred_at if message.event else None,
        decided_at=message.created_at,
        recipient=phone_numbers.mask(message.recipient) if message.recipient else "",
        to_staff=message.to_staff,
        language=message.language,
        status=message.status,
        reason=waiting.reason if waiting else message.reason,
        why=waiting.sentence if waiting else message.why,
        detail=waiting.detail if waiting else message.detail,
        not_before=message.not_before if message.status in WAITING else None,
        segment_count=message.segment_count,
        body=message.body,
        reference=str(message.reference),
        calls=tuple(_call(attempt) for attempt in calls),
        receipts=tuple(
            Receipt(at=row.received_at, said=row.provider_status, code=row.code, detail=row.detail)
            for row in sorted(message.receipts.all(), key=lambda row: row.pk)
        ),
    )


def _settling(event: ShopEvent, name: str) -> Decision:
    return Decision(
        event=name, label=_label(name), happened_at=event.occurred_at, decided_at=None,
        recipient="", to_staff=False, language="", status=SETTLING, reason="",
        why="It waits for what else happens to the order.", detail="", not_before=event.plan_at,
        segment_count=None, body="", reference="",
    )  # fmt: skip


def _ended(event: ShopEvent, name: str) -> Decision:
    """It ended before it was decided what the text would be."""
    reason = Reason(event.facts["ended"])
    status = (
        MessageStatus.CANCELLED if reason is Reason.CANCELLED_BY_STAFF else MessageStatus.SUPPRESSED
    )
    return replace(
        _settling(event, name), status=status, reason=reason, why=reason.sentence, not_before=None
    )


def _call(attempt: SendAttempt) -> Call:
    return Call(
        at=attempt.started_at, provider=attempt.provider, outcome=attempt.outcome,
        code=attempt.code, detail=attempt.detail,
    )  # fmt: skip


def _label(name: str) -> str:
    return EVENTS[name].label if name in EVENTS else name
