"""Replies that staff should read: wishes to stop that no keyword said, and what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from ..domain.consent import Act, Scope
from ..exceptions import InvalidInput
from ..models import ConsentEntry, InboundMessage, locks
from ..ports import Ports
from . import ledger, reach
from .channels import load
from .ledger import Deed, Source
from .opting import opt_out
from .replies import key_of


class Resolution(StrEnum):
    """What staff decided about a wish to stop."""

    OPT_OUT = "opt-out"  #: it was one
    KEEP = "keep"  #: it was none


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply, as staff see it."""

    id: int
    at: dt.datetime
    number: str  #: who wrote, E.164; "" once erased
    recipient: str  #: the shop's number
    channel: str  #: "" where it is not known
    body: str
    meaning: str  #: ``domain.keywords.Meaning``, "" before a worker has read it
    review_by: dt.datetime | None
    resolution: str  #: what staff decided, "" before


def latest(ports: Ports, limit: int) -> list[Reply]:
    """The newest replies, the oldest of them first."""
    with ports.shop.writer():
        rows = list(InboundMessage.objects.order_by("-received_at", "-pk")[:limit])
        return _shown(rows[::-1], ports)


def to_review(ports: Ports) -> list[Reply]:
    """The replies that wait for staff, the most urgent first."""
    with ports.shop.writer():
        return _shown(list(_open().order_by("review_by", "pk")), ports)


def waiting() -> tuple[int, dt.datetime | None]:
    """How many replies wait for staff, and until when the first does. Under writer access."""
    found = _open().aggregate(count=Count("pk"), first=Min("review_by"))
    return found["count"], found["first"]


def resolve(reply_id: int, resolution: Resolution, staff: str, ports: Ports) -> Reply:
    """The hold of the reply became an opt-out, or ended; what another reply holds stays held.

    Raises InvalidInput for a reply that is not there or needs no decision.
    """
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        row = InboundMessage.objects.select_for_update().filter(pk=reply_id).first()
        if row is None:
            raise InvalidInput(f"There is no reply {reply_id}. sms_replies --review lists them.")
        if row.review_by is None or row.resolved_at is not None:
            decided = f"was decided already: {row.resolution}" if row.resolution else "needs none"
            raise InvalidInput(f"Reply {reply_id} {decided}. sms_replies --review lists the rest.")
        locks.lock([f"sms-reply:{row.sender}"])
        _put(row, resolution, staff, ports)
        row.resolved_at, row.resolution = now, resolution
        row.save(update_fields=["resolved_at", "resolution"])
        return _shown([row], ports)[0]


def _put(row: InboundMessage, resolution: Resolution, staff: str, ports: Ports) -> None:
    held = _held([row])
    if not row.sender or not held:
        return  # the person asked to be forgotten meanwhile
    deed = Deed(
        number=row.sender, scopes=(), source=Source.STAFF, key=f"review:{row.pk}",
        act=Act.WITHDRAWN if resolution is Resolution.OPT_OUT else Act.RESTORED,
        wording=row.body, staff=staff,
    )  # fmt: skip
    if resolution is Resolution.KEEP:
        kept = {entry.pk for entry in [*held, *_held(_kept(row))]}
        entries = ledger.read([row.sender]).entries.get(row.sender, ())
        ledger.put(reach.taken_back(deed, kept, entries, ports), ports)
        return
    scopes = [scope for scope in Scope if any(entry.scope == scope for entry in held)]
    # A channel that is gone leaves its stop to every channel.
    found = load(ports)
    channels = [found.get(pk or 0) for pk in dict.fromkeys(entry.channel_id for entry in held)]
    senders = tuple(dict.fromkeys(entry.sender_id for entry in held))
    where = reach.Reach(channels=channels, senders=senders)
    opt_out(where.put_down(replace(deed, scopes=scopes)), ports)


def _held(rows: Iterable[InboundMessage]) -> list[ConsentEntry]:
    """What these replies hold, or held."""
    keys = {key_of(row): row.sender for row in rows}
    held = ConsentEntry.objects.filter(number__in=set(keys.values()), act=Act.HELD)
    # The acts of one reply in several channels are numbered: reply:7, reply:7:1 …
    return [each for each in held.order_by("pk") if ":".join(each.key.split(":")[:2]) in keys]


def _kept(row: InboundMessage) -> QuerySet[InboundMessage]:
    """The person's other replies that staff found to be no opt-out."""
    return InboundMessage.objects.filter(sender=row.sender, resolution=Resolution.KEEP)


def _open() -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(review_by__isnull=False, resolved_at__isnull=True)


def _shown(rows: Sequence[InboundMessage], ports: Ports) -> list[Reply]:
    ids = {row.channel_id for row in rows if row.channel_id is not None}
    slugs = {channel.id: channel.slug for channel in load(ports, ids).values()}
    return [
        Reply(
            id=row.pk, at=row.received_at, number=row.sender, recipient=row.recipient,
            channel=slugs.get(row.channel_id or 0, ""), body=row.body, meaning=row.meaning,
            review_by=row.review_by, resolution=row.resolution,
        )
        for row in rows
    ]  # fmt: skip
