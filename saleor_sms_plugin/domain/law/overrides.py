"""What a shop changes in the table: stricter as it likes, laxer when somebody signs for it.

An override is kept under "<place>.<column>", such as "US-TX.hours".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .columns import BY_NAME, COLUMNS, Column
from .rule import STRICTEST, Rule

_SIGNED = re.compile(
    r"(?P<value>.*?)[\s,;]+signed\s+off\s+by\s+(?P<name>\S.{1,60}?)[\s,;]+(?P<day>\d{4}-\d\d-\d\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Override:
    """A value in the place of the table's, and who answers for it where it is laxer."""

    value: Any
    signed_by: str = ""
    signed_on: dt.date | None = None


def parse_override(column: str, text: str, row: Rule) -> Override:
    """The override of a row's column, written as "10:00-18:00" or "yes, signed off by NAME DAY".

    Raises ``ValueError`` where the text cannot be read, where it is laxer than the row and
    nobody signed, and where nobody can sign.
    """
    name, day, value = "", None, text.strip()
    if re.search(r"\bsign", value, re.IGNORECASE):
        match = _SIGNED.fullmatch(value)
        try:
            if match is None:
                raise ValueError
            name, day, value = match["name"], dt.date.fromisoformat(match["day"]), match["value"]
        except ValueError:
            raise ValueError(
                f"“{text.strip()[:60]}” does not say who signed it off, and when. Write for "
                "example yes, signed off by Anna Nowak 2026-11-20."
            ) from None
    wanted = BY_NAME[column].parse(value, row)
    if not name and not _is_as_strict(BY_NAME[column], wanted, row):
        raise ValueError(
            f"“{value[:40]}” is laxer than the rule of {row.place} ({BY_NAME[column].of(row)}). "
            "Whoever answers for it signs: "
            f"{value[:40]}, signed off by Anna Nowak 2026-11-20."
        )
    return Override(wanted, name, day)


def _is_as_strict(column: Column, wanted: Any, row: Rule) -> bool:
    return bool(STRICTEST[column.name](getattr(row, column.name), wanted) == wanted)


def with_overrides(chain: Sequence[Rule], overrides: Mapping[str, Override]) -> Rule:
    """The last row of a place's chain (country, then state) as the shop changed it.

    What was signed off for a country holds in its states, but where their own rows differ;
    what is stricter holds everywhere below.
    """
    if not overrides:
        return chain[-1]
    values = {column.name: _value(column.name, chain, overrides) for column in COLUMNS}
    return replace(chain[-1], **values)


def _value(column: str, chain: Sequence[Rule], overrides: Mapping[str, Override]) -> Any:
    mine = [overrides.get(f"{row.place}.{column}") for row in chain]
    value = before = getattr(chain[0], column)
    for row, override in zip(chain, mine, strict=True):
        if (own := getattr(row, column)) != before:
            value = before = own
        if override and override.signed_by:
            value = override.value
    for override in mine:
        if override and not override.signed_by:
            value = STRICTEST[column](value, override.value)
    return value
