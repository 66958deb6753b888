"""What is wrong with a configuration, said to the shop's owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .fields import FIELDS

_PLACE = {name: place for place, name in enumerate(FIELDS)}


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
    """The distinct problems, in the order of the form's fields."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda found: _PLACE[found.field]))
