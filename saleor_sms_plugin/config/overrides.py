"""Lines ``rule.<place>.<column> = value``: what a shop changes in the table of the law."""

from __future__ import annotations

from ..domain import law
from ..domain.law.columns import BY_NAME
from ..domain.law.table import UNDER
from ..domain.places import AREAS, area_of
from .values import country, did_you_mean, excerpt, word

_EXAMPLE = "Write for example rule.DE.hours = 10:00-18:00"


def place_and_column(text: str) -> str:
    """``US-TX.hours`` as overrides are kept, from what stands after ``rule.``."""
    written, _, column = text.rpartition(".")
    column = word(column)
    if column not in BY_NAME:
        raise ValueError(
            f"there is no column {excerpt(column)}.{did_you_mean(column, BY_NAME)} "
            f"The columns are {', '.join(BY_NAME)}."
        )
    return f"{read_place(written)}.{column}"


def read_place(written: str) -> str:
    """The place of the table that is meant: "DE", "US-TX", "default".

    Raises ``ValueError`` where the table can have no such place.
    """
    if word(written) == law.DEFAULT.place:
        return law.DEFAULT.place
    code, _, state = written.partition("-")
    if not (place := country(code)):
        raise ValueError(f"a place is missing. {_EXAMPLE}")
    if place in UNDER and not state:
        return f"{UNDER[place]}-{place}"
    if not state:
        return place
    if not (area := area_of(place, state)):
        raise ValueError(
            f"{excerpt(state)} is no state of {place} that is known here. There are "
            f"{', '.join(AREAS.get(place, ())) or 'none'}."
        )
    return f"{place}-{area}"


def override(subject: str, text: str) -> law.Override:
    """The override that a line gives, checked against the table's row."""
    place, _, column = subject.rpartition(".")
    return law.parse_override(column, text, law.row_of(place))
