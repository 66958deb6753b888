"""What lies between an installed plugin and texts that arrive, step by step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Max

from ..config import fields
from ..domain import sender_ids
from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..models import DeliveryReceipt, InboundMessage, Installation, Message, ProviderAccount
from ..ports import Ports
from ..providers import known_providers, provider_class
from . import addresses, installation, status
from .channels import Channel
from .test_text import EVENT, is_of, outcome_of

ALIVE = dt.timedelta(minutes=5)  #: a worker and beat seen so recently


class State(StrEnum):
    """How far a step is."""

    DONE = "done"
    OPEN = "open"  #: the owner takes it
    WAITS = "waits"  #: for somebody else
    NONE = "none"  #: there is nothing to do


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. Every detail is a sentence, "" where there is nothing to say."""

    name: str  #: of ``STEPS``
    state: State
    detail: str = ""
    at: dt.datetime | None = None  #: when what it asks for was last seen


@dataclass(frozen=True)
class _Seen:
    """What the steps look at."""

    channel: Channel
    account: ProviderAccount | None
    ports: Ports


def first_steps(channel: Channel, ports: Ports) -> list[Step]:
    """The channel's steps, in the order in which they are taken. Under writer access."""
    seen = _Seen(channel, addresses.ensure(channel, ports), ports)
    return [
        Step(name=name, state=state, detail=detail, at=at)
        for name, look in STEPS.items()
        for state, detail, at in [look(seen)]
    ]


_Found = tuple[State, str, dt.datetime | None]


def _provider(seen: _Seen) -> _Found:
    config = seen.channel.config
    if missing := status.missing_of(seen.channel):
        labels = {field.name: field.label for field in fields()}
        return State.OPEN, ", ".join(labels.get(name, name) for name in missing), None
    known = config.provider in known_providers()
    if known and not provider_class(config.provider).is_real:
        return State.OPEN, f"{config.provider}: no phone gets anything.", None
    return State.DONE, config.provider, None


def _sender(seen: _Seen) -> _Found:
    senders: Mapping[str, str] = {
        country: seen.channel.config.sender_for(country)
        for country in sorted(seen.channel.allowed_countries)
    }
    senders = {country: sender for country, sender in senders.items() if sender}
    if not senders:
        return State.OPEN, "", None
    refused = [sender_ids.refusal(sender, country) for country, sender in senders.items()]
    if said := " ".join(filter(None, refused)):
        return State.OPEN, said, None
    notices = [sender_ids.notice(sender, country) for country, sender in senders.items()]
    if said := " ".join(filter(None, notices)):
        return State.WAITS, said, None
    return State.DONE, ", ".join(dict.fromkeys(senders.values())), None


def _test(seen: _Seen) -> _Found:
    tests = Message.objects.filter(channel_id=seen.channel.id, event_name=EVENT)
    newest = tests.order_by("-pk").first()
    if newest is None:
        return State.OPEN, "", None
    state, said = _TESTED.get(newest.status, State.OPEN), outcome_of(newest)
    if state is not State.OPEN and not is_of(newest, seen.channel):
        state, said = State.OPEN, f"{said} {_ANOTHER_NOW}"
    return state, said, newest.created_at


_TESTED: Mapping[str, State] = {
    MessageStatus.DELIVERED: State.DONE, MessageStatus.SENT: State.WAITS,
    MessageStatus.SENDING: State.WAITS,
}  # fmt: skip
_ANOTHER_NOW = "Provider, account or sender is another one now: send a test text anew."


def _receipts(seen: _Seen) -> _Found:
    if seen.account is None:
        return State.NONE, "", None
    rows = DeliveryReceipt.objects.filter(request__account=seen.account)
    at = rows.aggregate(at=Max("received_at"))["at"]
    return (State.DONE if at else State.OPEN), "", at


def _replies(seen: _Seen) -> _Found:
    config = seen.channel.config
    senders = {config.sender_id, *config.senders.values()} - {""}
    if seen.account is None or all(sender_ids.is_name(each) for each in senders):
        return State.NONE, "", None
    rows = InboundMessage.objects.filter(account=seen.account)
    at = rows.aggregate(at=Max("received_at"))["at"]
    return (State.DONE if at else State.OPEN), "", at


def _machinery(seen: _Seen) -> _Found:
    row = Installation.objects.filter(pk=Installation.ONLY).first()
    since = seen.ports.clock.now() - ALIVE
    instants = (row.worker_at, row.periodic_at) if row else (None, None)
    alive = all(at is not None and at >= since for at in instants)
    said = status.machinery(seen.ports)
    return (State.DONE if alive else State.OPEN), said, row.worker_at if row else None


def _active(seen: _Seen) -> _Found:
    if not installation.is_same(seen.ports):
        return State.OPEN, Reason.OTHER_INSTALLATION.sentence, None
    sends = seen.channel.stored.active and bool(seen.channel.config.events_on)
    return (State.DONE if sends else State.OPEN), "", None


STEPS = {
    "provider": _provider,
    "sender": _sender,
    "machinery": _machinery,
    "test": _test,
    "receipts": _receipts,
    "replies": _replies,
    "active": _active,
}
