"""What is wrong with a configuration, said to the shop's owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from .fields import FIELDS

#: problems told of one field; whoever mends five sees the next
MOST_TOLD = 5


@dataclass(frozen=True)
class Problem:
    """One wrong value; ``message`` alone tells what, where and how to mend it.

    The dashboard shows a refused save as one notification without the field, so the message
    names it.
    """

    field: str
    label: str
    message: str
    #: while it lasts, the channel must not send: a wrong account, or the wrong people
    blocking: bool = False

    def __str__(self) -> str:
        return self.message


def problem(field: str, what: str, *, where: str = "", blocking: bool = False) -> Problem:
    """The problem of a field: ``what`` is wrong and how to mend it, ``where`` inside its value."""
    label = FIELDS[field].label
    place = f"{label} ({field})" + (f", {where}" if where else "")
    return Problem(field, label, f"{place}: {what}", blocking)


def in_form_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The distinct problems in the order of the form, the first five of each field."""
    by_field: dict[str, dict[Problem, None]] = {}
    for found in problems:
        by_field.setdefault(found.field, {})[found] = None
    return tuple(
        found
        for field in FIELDS
        if field in by_field
        for found in islice(by_field[field], MOST_TOLD)
    )
