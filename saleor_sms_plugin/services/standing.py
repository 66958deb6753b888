"""What is on record of one person, and what it comes to in each channel."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from ..domain import phone_numbers
from ..domain.consent import EVERYTHING, Scope
from ..domain.places import Place
from ..models import ConsentEntry
from ..models.keyed_hash import keyed_hashes
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
    return of_each([number], ports, None if channel_id is None else [channel_id])[number]


def of_each(
    numbers: Collection[str], ports: Ports, channel_ids: Collection[int] | None = None
) -> dict[str, Known]:
    """What each of these E.164 numbers agreed to, in these channels, in all where None; three
    statements. The acts of who was erased are among them."""
    by_hash = {each: number for number in numbers for each in keyed_hashes(number)}
    with ports.shop.writer():
        rows = ConsentEntry.objects.filter(Q(number__in=numbers) | Q(number_hash__in=by_hash))
        acts: dict[str, list[OnRecord]] = defaultdict(list)
        for row in rows.order_by("occurred_at", "pk"):
            acts[row.number or by_hash[row.number_hash]].append(_on_record(row))
        channels = load(ports, channel_ids).values()
        known = ledger.read(numbers)
    return {
        number: Known(acts=acts[number], standings=_standings([number], channels, known))
        for number in numbers
    }


def _on_record(row: ConsentEntry) -> OnRecord:
    return OnRecord(
        at=row.occurred_at, seen_at=row.seen_at, act=row.act, scope=row.scope, basis=row.basis,
        channel=row.channel_slug, source=row.source, wording=row.wording, language=row.language,
        staff=row.staff,
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
