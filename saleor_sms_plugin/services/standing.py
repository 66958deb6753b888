"""What is on record of one person, and what it comes to in each channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..domain import phone_numbers
from ..domain.consent import EVERYTHING, Scope
from ..domain.places import Place
from ..models import ConsentEntry
from ..ports import Ports
from . import ledger
from .channels import Channel, load
from .consent import in_words, refusal


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """One act of the ledger."""

    at: dt.datetime
    #: the day of the act is not known: it lies between ``at`` and this instant
    seen_at: dt.datetime | None
    act: str
    scope: str
    basis: str
    channel: str  #: its slug, "" for every channel
    source: str
    wording: str
    language: str
    staff: str


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where the person stands with one scope in one channel."""

    number: str  #: E.164
    channel: str
    scope: str
    may: bool  #: such a text may be sent, as far as consent goes
    reason: str  #: why not, one word; "" where it may
    said: str  #: for people: what was given, confirmed and stopped, when and where
    words: str  #: all of it, for people


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is on record of one number."""

    acts: list[OnRecord]  #: oldest first
    standings: list[Where]


def of(number: str, ports: Ports, channel_id: int | None = None) -> Known:
    """What this E.164 number agreed to, in one channel, or in all where None."""
    with ports.shop.writer():
        rows = ConsentEntry.objects.filter(number=number).order_by("occurred_at", "pk")
        channels = load(ports, None if channel_id is None else [channel_id])
        known = ledger.read([number])
        return Known(
            acts=[
                OnRecord(
                    at=row.occurred_at, seen_at=row.seen_at, act=row.act, scope=row.scope,
                    basis=row.basis, channel=row.channel_slug, source=row.source,
                    wording=row.wording, language=row.language, staff=row.staff,
                )
                for row in rows
            ],
            standings=_standings([number], channels.values(), known),
        )  # fmt: skip


def standings(
    numbers: Collection[str], ports: Ports, channel_ids: Collection[int] | None = None
) -> list[Where]:
    """Where these E.164 numbers stand in these channels, all where None; two statements."""
    with ports.shop.writer():
        channels = load(ports, channel_ids)
        return _standings(numbers, channels.values(), ledger.read(numbers))


def _standings(
    numbers: Iterable[str], channels: Collection[Channel], known: ledger.Ledger
) -> list[Where]:
    return [
        _where(number, scope, channel, known)
        for number in numbers
        for channel in channels
        for scope in EVERYTHING
    ]


def _where(number: str, scope: Scope, channel: Channel, known: ledger.Ledger) -> Where:
    rule = channel.config.law_at(Place(phone_numbers.country_of(number), number=number))
    why = refusal(number, scope, channel, known, rule)
    said = in_words(known.standing(number, scope, channel))
    verdict = f"not texted: {why[0].sentence}" if why else "may be texted"
    return Where(
        number=number, channel=channel.slug, scope=scope, may=why is None,
        reason=why[0] if why else "", said=said, words=f"{verdict} ({said})",
    )  # fmt: skip
