"""Consents and opt-outs as files: taken in line by line, given out as evidence."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from django.db import transaction
from django.db.models import Q

from ..domain import csv_cells
from ..domain.consent import STOPS, Act, Scope
from ..domain.reasons import Reason
from ..exceptions import InvalidInput
from ..models import ConsentEntry
from ..models.keyed_hash import keyed_hashes
from ..ports import Ports
from . import ledger, suppression
from .channels import Channel, load
from .consent_rows import COLUMNS, Terms, deeds_of, is_opt_out, is_undated
from .ledger import Deed
from .opting import opt_out

STEP = 1000  #: lines that are stored together
WORDS = ("line", "reason")  #: columns that a file of refused lines has besides


@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """What a file came to."""

    lines: int  #: with something in them, without the header
    refused: int  #: of them
    acts: int  #: of the others: one for each scope, and one more where it is confirmed
    new: int  #: of the acts; the others were in the ledger already
    undated: int = 0  #: lines taken of opt-outs without a day: they hold from now on
    ignored: Sequence[str] = ()  #: columns that mean nothing here
    refused_file: str = ""  #: where the refused lines are, "" where none is


@dataclass(frozen=True, kw_only=True)
class _Line:
    number: int
    cells: Sequence[str]
    deeds: Sequence[Deed] = ()
    undated: bool = False  #: an opt-out that says no day
    why: str = ""  #: it is refused


def terms_of(
    ports: Ports, *, channel: Channel | None, opt_outs: bool, country: str, by: str
) -> Terms:
    """How a file for this channel, or for every one, is meant.

    Raises ``InvalidInput`` where the channels are shops of several names, and the file brings
    consents: nobody consents to all of them.
    """
    with ports.shop.writer():
        channels = [channel] if channel else list(load(ports).values())
    shops = {each.shop_name.casefold(): each.shop_name for each in channels}
    if len(shops) != 1 and not opt_outs:
        raise InvalidInput(
            f"The channels have different shop names: {', '.join(shops.values())}. Say which "
            "one the consents are for: --channel SLUG."
            if shops
            else "No channel has settings. Save the plugin in the dashboard first."
        )
    return Terms(
        now=ports.clock.now(), zone=channels[0].zone if channels else dt.UTC,
        shops=list(shops.values()), opt_outs=opt_outs, channel=channel, by=by,
        country=country or (channel.default_country if channel else ""),
    )  # fmt: skip


def take_in(
    path: Path,
    terms: Terms,
    ports: Ports,
    *,
    encoding: str = "",
    store: bool = True,
    watch: Callable[[int], object] = lambda done: None,
) -> TakenIn:
    """The file's good lines are in the ledger, each once however often the file comes, but for
    opt-outs without a day: they hold anew, whatever their person did meanwhile. The others are
    beside it, in PATH.rejected.csv, with the reason.

    ``store`` False only looks. ``watch`` is told how many bytes were read. Raises
    ``InvalidInput`` where nothing of the file can be read, ``OSError`` where it cannot be
    opened.
    """
    with path.open("rb") as raw:
        name = csv_cells.encoding_of(raw, encoding)
    with path.open("rb") as raw, TextIOWrapper(raw, encoding=name, newline="") as file:
        delimiter, before = csv_cells.delimiter_of(file)
        rows = csv_cells.rows(file, delimiter, before)
        header, places, rows = _header(rows, opt_outs=terms.opt_outs)
        lines = _lines(rows, header, places, terms)
        counted = {"lines": 0, "refused": 0, "acts": 0, "new": 0, "undated": 0}
        with _RefusedFile(f"{path}.rejected.csv", header, delimiter) as refused:
            while batch := list(islice(lines, STEP)):
                batch, new = _put(batch, ports, store=store)
                bad = [line for line in batch if line.why]
                refused.write(bad)
                counted["lines"] += len(batch)
                counted["refused"] += len(bad)
                counted["acts"] += sum(len(deed.scopes) for line in batch for deed in line.deeds)
                counted["new"] += new
                counted["undated"] += sum(line.undated for line in batch)
                watch(raw.tell())
        read = set(places.values())
        ignored = [cell for place, cell in enumerate(header) if place not in read]
    return TakenIn(
        **counted,
        ignored=[cell for cell in ignored if cell.strip() and cell not in WORDS],
        refused_file=refused.path if counted["refused"] else "",
    )


_Rows = Iterator[tuple[int, list[str] | str]]


def _header(rows: _Rows, *, opt_outs: bool) -> tuple[list[str], dict[str, int], _Rows]:
    """The names of the columns, where those are that count, and the rows that follow.

    A list of opt-outs needs no header: its first column is the phone.
    """
    number, first = next(rows, (0, ""))
    if isinstance(first, str):
        raise InvalidInput(f"Line {number}: {first}." if first else "The file is empty.")
    places = csv_cells.columns(first, COLUMNS)
    if "phone" in places:
        return first, places, rows
    if not opt_outs:
        raise InvalidInput(
            f"Line {number} names no column “phone”. It must name the columns: "
            f"{', '.join(COLUMNS)}."
        )
    return ["phone"], {"phone": 0}, _again((number, first), rows)


def _again(first: tuple[int, list[str] | str], rows: _Rows) -> _Rows:
    yield first
    yield from rows


def _lines(
    rows: _Rows, header: Sequence[str], places: Mapping[str, int], terms: Terms
) -> Iterator[_Line]:
    for number, row in rows:
        if isinstance(row, str):
            yield _Line(number=number, cells=(), why=row)
            continue
        cells = {
            name: csv_cells.unguard(row[place])
            for name, place in places.items()
            if place < len(row)
        }
        try:
            taken = terms.opt_outs or is_opt_out(cells)
            if not taken and any(cell.strip() for cell in row[len(header) :]):
                raise InvalidInput("more cells than the first line has columns")
            yield _Line(
                number=number, cells=row, deeds=deeds_of(cells, terms),
                undated=is_undated(cells, terms),
            )  # fmt: skip
        except InvalidInput as error:
            yield _Line(number=number, cells=row, why=str(error))


def _put(batch: Sequence[_Line], ports: Ports, *, store: bool) -> tuple[list[_Line], int]:
    """The acts of these lines are in the ledger; the lines as they ended, and the new acts."""
    with ports.shop.writer(), transaction.atomic():
        refusals = suppression.among(deed.number for line in batch for deed in line.deeds)
        erased = {n for n, (why, _) in refusals.items() if why is Reason.NUMBER_ERASED}
        lines = [_without(line, erased) for line in batch]
        acts: dict[tuple[Scope, Act, str], Deed] = {}
        for line in lines:
            for deed in line.deeds:
                acts |= {(scope, deed.act, deed.key): deed for scope in deed.scopes}
        known = set(
            ConsentEntry.objects.filter(
                scope__in=list(Scope), act__in=list(Act), key__in={key for _, _, key in acts}
            ).values_list("scope", "act", "key")
        )
        new = {what: deed for what, deed in acts.items() if what not in known}
        if store:
            deeds = [replace(deed, scopes=(scope,)) for (scope, _, _), deed in new.items()]
            ledger.put([deed for deed in deeds if deed.act not in STOPS], ports)
            opt_out([deed for deed in deeds if deed.act in STOPS], ports)
    return lines, len(new)


def _without(line: _Line, erased: set[str]) -> _Line:
    """Who asked to be forgotten gets no text as it is, and is not named again."""
    if not any(deed.number in erased for deed in line.deeds):
        return line
    if line.deeds[0].act in STOPS:
        return replace(line, deeds=())
    return replace(line, deeds=(), why=f"phone: {Reason.NUMBER_ERASED.sentence}")


class _RefusedFile:
    """The lines that were refused, ready to be mended and brought again.

    There is a file from the first of them on; its owner alone may read it.
    """

    def __init__(self, path: str, header: Sequence[str], delimiter: str) -> None:
        self.path = path
        self._places = [place for place, cell in enumerate(header) if cell not in WORDS]
        self._header = [*(header[place] for place in self._places), *WORDS]
        self._delimiter = delimiter
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def write(self, lines: Iterable[_Line]) -> None:
        """These lines are in the file."""
        for line in lines:
            if self._file is None:
                self._file = open(  # noqa: SIM115 (``__exit__`` closes it)
                    self.path, "w", encoding="utf-8-sig", newline="", opener=_private
                )
                self._row(self._header)
            cells = [line.cells[p] if p < len(line.cells) else "" for p in self._places]
            self._row([*cells, str(line.number), line.why])

    def _row(self, cells: Sequence[str]) -> None:
        # What came guarded stays so: it is written as it was read.
        if self._file:
            csv_cells.writer(self._file, self._delimiter)(map(csv_cells.unguard, cells))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


#: column of an exported file → the column of the ledger
EXPORTED = {
    "phone": "number", "number_hash": "number_hash", "scope": "scope", "act": "act",
    "basis": "basis", "given_at": "occurred_at", "not_before": "occurred_at",
    "seen_at": "seen_at", "recorded_at": "recorded_at",
    "channel": "channel_slug", "sender": "sender_id", "source": "source", "wording": "wording",
    "language": "language", "ip": "ip", "entered_by": "staff",
}  # fmt: skip


def given_out(ports: Ports, number: str = "") -> Iterator[dict[str, str]]:
    """Every act of the ledger, or of this E.164 number, the oldest first, as ``EXPORTED`` names
    its columns; instants in ISO 8601. A few of them are in memory at a time.

    Where the day of an act is not known there is no ``given_at``: it lies between ``not_before``
    and ``seen_at``, which are empty elsewhere.
    """
    rows = ConsentEntry.objects.order_by("pk")
    if number:
        rows = rows.filter(Q(number=number) | Q(number_hash__in=keyed_hashes(number)))
    with ports.shop.writer():
        for values in rows.values_list(*EXPORTED.values()).iterator(chunk_size=STEP):
            act = dict(zip(EXPORTED, map(_text, values), strict=True))
            yield act | {"given_at" if act["seen_at"] else "not_before": ""}


def _text(value: object) -> str:
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def write_csv(acts: Iterable[Mapping[str, str]], file: TextIO) -> int:
    """The acts are in the file, safe for spreadsheets; returns how many."""
    write = csv_cells.writer(file)
    write(EXPORTED)
    count = 0
    for count, act in enumerate(acts, start=1):  # noqa: B007 (it is returned)
        write(act[name] for name in EXPORTED)
    return count
