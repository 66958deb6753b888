from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.config.overrides import read_place
from saleor_sms_plugin.domain import law
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.channels import load


@dataclass(frozen=True)
class Row:
    """One place as it is shown."""

    place: str
    name: str
    checked: str
    note: str
    columns: dict[str, str]
    changed: dict[str, str]  #: column → what the table says, and who signed, where it differs
    states: tuple[str, ...]  #: that have rows of their own
    sources: tuple[str, ...]


class Command(SmsCommand):
    help = (
        "Prints the rules that offers keep: all places in short, or one place in full, with its "
        "sources. No legal advice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("place", nargs="?", default="", help="such as DE, US, US-TX or default")
        parser.add_argument("--channel", default="", help="as this channel changed them (its slug)")

    def handle(self, *args: Any, **options: Any) -> None:
        overrides = self._overrides(options["channel"])
        if not options["place"]:
            rows = [_row(place, overrides) for place in (*law.ROWS, law.DEFAULT.place)]
            words = [_HEAD, *map(_line, rows), "", _MORE]
            self.show(rows, "\n".join(words), as_json=options["json"])
            return
        try:
            row = _row(read_place(options["place"]), overrides)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.show(row, "\n".join(_lines(row)), as_json=options["json"])

    def _overrides(self, slug: str) -> Mapping[str, law.Override]:
        ids = self.channels(slug)
        if ids is None:
            return {}
        with self.ports.shop.writer():
            (channel,) = load(self.ports, ids).values()
        return channel.config.overrides


def _row(place: str, overrides: Mapping[str, law.Override]) -> Row:
    table, mine = law.row_of(place), law.row_of(place, overrides)
    changed = {}
    for column in law.COLUMNS:
        if column.of(mine) != column.of(table):
            override = overrides.get(f"{place}.{column.name}")
            signed = f", signed off by {override.signed_by} {override.signed_on}" if (
                override and override.signed_by
            ) else ""  # fmt: skip
            changed[column.name] = f"the table says {column.of(table)}{signed}"
    return Row(
        place=place,
        name=mine.name,
        checked=mine.checked.isoformat(),
        note=mine.note,
        columns={column.name: column.of(mine) for column in law.COLUMNS},
        changed=changed,
        states=law.states_of(place, overrides),
        sources=mine.sources,
    )


_SHORT = ("cap", "holidays", "soft_opt_in", "cart_texts", "links", "sender_names", "hours")
_FORMAT = "{:<8} {:<15} {:<6} {:<9} {:<12} {:<11} {:<12} {:<13} {}"
_HEAD = _FORMAT.format("place", "name", *_SHORT)
_MORE = "* changed by the shop. One place in full, with its sources: sms_rules DE"


def _line(row: Row) -> str:
    shown = (row.columns[name] + "*" * (name in row.changed) for name in _SHORT)
    return _FORMAT.format(row.place, row.name, *shown)


def _lines(row: Row) -> list[str]:
    lines = [f"{row.name} ({row.place}), last reviewed {row.checked}", ""]
    lines += [*textwrap.wrap(row.note, 90), ""]
    for column in law.COLUMNS:
        lines.append(f"  {column.name} = {row.columns[column.name]}  ({column.meaning})")
        if column.name in row.changed:
            lines.append(f"    changed by the shop; {row.changed[column.name]}")
    if row.states:
        lines += ["", f"Own rows: {', '.join(row.states)}. Where nobody knows the state, the "
                  "strictest of them all holds."]  # fmt: skip
    return [*lines, "", "Sources:", *(f"  {source}" for source in row.sources)]
