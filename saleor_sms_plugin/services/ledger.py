"""The ledger of consents: acts are put down once, and read for many people at a time."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from ..domain import phone_numbers
from ..domain.consent import STOPS, Act, Basis, Entry, Scope, Standing, standing
from ..models import ConsentEntry
from ..models.any_of import any_of
from ..models.keyed_hash import keyed_hashes
from ..ports import Ports
from .channels import Channel

logger = logging.getLogger(__name__)

Source = ConsentEntry.Source


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Acts of one person at one instant, one for each scope, and their proof."""

    number: str  #: E.164
    scopes: Sequence[Scope]
    act: Act
    source: Source
    basis: Basis = Basis.EXPRESS
    channel: Channel | None = None  #: None: every channel
    sender_id: str = ""  #: of the text that was answered
    key: str = ""  #: names the deed where it may be told twice; "" stores each time
    wording: str = ""
    language: str = ""
    ip: str | None = None
    staff: str = ""
    at: dt.datetime | None = None  #: None: now
    #: the day of the act is not known: it lies between ``at`` and this instant
    seen_at: dt.datetime | None = None


def put(deeds: Iterable[Deed], ports: Ports) -> None:
    """The acts are in the ledger, each once. Call it under writer access."""
    now = ports.clock.now()
    rows = [
        ConsentEntry(
            number=deed.number, scope=scope, act=deed.act, basis=deed.basis,
            channel_id=deed.channel.id if deed.channel else None,
            channel_slug=deed.channel.slug if deed.channel else "",
            sender_id=deed.sender_id, source=deed.source, key=deed.key[:255],
            wording=deed.wording, language=deed.language, ip=deed.ip or None, staff=deed.staff,
            occurred_at=min(deed.at or now, now), seen_at=deed.seen_at, recorded_at=now,
        )
        for deed in deeds
        for scope in deed.scopes
    ]  # fmt: skip
    ConsentEntry.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        logger.info(
            "Consent of %s to %s: %s (%s)", phone_numbers.mask(row.number), row.scope, row.act,
            row.source, extra={"action": "consent", "consent_act": str(row.act)},
        )  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """What is on record of some people, as it was when it was read."""

    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)  #: by number

    def standing(self, number: str, scope: Scope, channel: Channel) -> Standing:
        """Where this person stands in this channel."""
        sender = channel.config.sender_for(phone_numbers.country_of(number))
        return standing(self.entries.get(number, ()), scope, channel.id, sender)


def stops_of(numbers: Iterable[str]) -> Mapping[str, set[int]]:
    """The stops on record that name these numbers, also those that hold no more; by their ids."""
    stops: dict[str, set[int]] = defaultdict(set)
    rows = ConsentEntry.objects.filter(any_of("number", set(numbers)), any_of("act", STOPS))
    for number, pk in rows.values_list("number", "pk"):
        stops[number].add(pk)
    return stops


def read(numbers: Iterable[str]) -> Ledger:
    """Everything on record of these E.164 numbers, in one statement; what names them by their
    keyed hash only counts as well. Call it under writer access."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    asked = {number for number in numbers if number}
    by_hash = {each: number for number in asked for each in keyed_hashes(number)}
    rows = ConsentEntry.objects.filter(
        Q(any_of("number", asked)) | Q(any_of("number_hash", by_hash))
    ).values_list(
        "number", "number_hash", "pk", "scope", "act", "basis", "occurred_at", "channel_id",
        "sender_id", "source", "key", "seen_at",
    )  # fmt: skip
    for number, number_hash, pk, scope, act, basis, at, channel, sender, source, key, seen in rows:
        entries[number or by_hash[number_hash]].append(
            Entry(
                id=pk, scope=Scope(scope), act=Act(act), basis=Basis(basis), at=at,
                channel_id=channel, sender_id=sender, source=source,
                account=_account(source, key), seen_at=seen,
            )
        )  # fmt: skip
    return Ledger(entries)


def _account(source: str, key: str) -> str:
    """Whose box it was, from what ``box_acts`` calls its acts."""
    return key.split(":")[1] if source == Source.CUSTOMER and key else ""
