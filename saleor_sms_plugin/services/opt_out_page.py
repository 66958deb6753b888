"""What the page behind a text's opt-out link shows and does: end offers, end all, take it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from ..domain.consent import EVERYTHING, MARKETING, STOPS, Act, Scope
from ..models import ConsentEntry, Link, locks
from ..ports import Ports
from . import ledger, reach
from .channels import load
from .ledger import Deed, Source
from .opting import opt_out
from .reach import Reach


class Choice(StrEnum):
    """The buttons of the page."""

    OFFERS = "offers"  #: no more offers
    ALL = "all"  #: no more texts
    UNDO = "undo"  #: what this page ended holds again


_ENDS: Mapping[Choice, Sequence[Scope]] = {Choice.OFFERS: MARKETING, Choice.ALL: EVERYTHING}


@dataclass(frozen=True)
class Holds:
    """What holds for the reader now."""

    stopped: frozenset[Scope]  #: they get no texts of these kinds
    here: frozenset[Scope]  #: and would, had they not said so on this page

    def leaves(self, choice: Choice) -> bool:
        """The choice would change something."""
        return bool(self.here if choice is Choice.UNDO else set(_ENDS[choice]) - self.stopped)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who acts, and what they had before their eyes."""

    wording: str
    language: str
    ip: str | None


def reader_of(link: Link, ports: Ports) -> str:
    """The number (E.164) whose texts the link ends; "" once it is over or its reader forgotten."""
    over = link.ended_at or ports.clock.now() >= link.expires_at
    return "" if over else link.recipient or link.message.recipient


def look(link: Link, ports: Ports) -> Holds | None:
    """What holds now; None where the link is over. Nothing is changed.

    Call it under writer access.
    """
    number = reader_of(link, ports)
    return _holds(number, _reach(link, number, ports), _acts(link)) if number else None


def choose(link: Link, choice: Choice, reader: Reader, ports: Ports) -> Holds | None:
    """The choice holds, told once or twice; what holds now, None where the link is over.

    Call it under writer access.
    """
    number = reader_of(link, ports)
    if not number:
        return None
    where = _reach(link, number, ports)
    with transaction.atomic():
        locks.lock([f"sms-link:{link.pk}"])
        acts = _acts(link)
        before = _holds(number, where, acts)
        if before.leaves(choice):
            deed = Deed(
                number=number, scopes=_ENDS.get(choice, ()), source=Source.PAGE,
                act=Act.RESTORED if choice is Choice.UNDO else Act.WITHDRAWN,
                # After an undo the same button is another act.
                key=f"{_prefix(link)}{choice}:{len(acts)}",
                wording=reader.wording, language=reader.language, ip=reader.ip,
            )  # fmt: skip
            if choice is Choice.UNDO:
                entries = ledger.read([number]).entries.get(number, ())
                ledger.put(reach.taken_back(deed, acts, entries, ports), ports)
            else:
                opt_out(where.put_down(deed), ports)
        return _holds(number, where, _acts(link))


def _reach(link: Link, number: str, ports: Ports) -> Reach:
    """Where the channel is gone, the choice holds for every one."""
    channels = load(ports)
    channel = channels.get(link.channel_id)
    return reach.reach_of(number, channel, [link.message.sender_id], channels)


def _prefix(link: Link) -> str:
    return f"page:{link.pk}:"


def _acts(link: Link) -> set[int]:
    """What this page has put into the ledger."""
    number = link.recipient or link.message.recipient
    rows = ConsentEntry.objects.filter(number=number, key__startswith=_prefix(link))
    return set(rows.values_list("pk", flat=True))


def _holds(number: str, where: Reach, acts: Collection[int]) -> Holds:
    """What is stopped with this page's acts, and without them: the difference is what it ended.

    A hold ends with its review, so it is no stop that would make this page's needless.
    """
    entries = ledger.read([number]).entries.get(number, ())
    others = [entry for entry in entries if entry.id not in acts]
    stopped = where.stopped(entries, (Act.WITHDRAWN,))
    elsewhere = where.stopped(others, STOPS)
    return Holds(stopped=stopped, here=stopped - elsewhere)
