"""The hours of a week in which offers may go out, in the local time of who reads them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import groupby

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_PART = re.compile(
    r"(?:([a-z]{3})(?:-([a-z]{3}))? +)?"
    r"(?:(\d{1,2}):?(\d\d)?-(\d{1,2}):?(\d\d)?|(closed))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Window:
    """A part of one day: from its first minute until before its last."""

    start: dt.time
    end: dt.time

    def holds(self, local: dt.time) -> bool:
        """Whether *local*, a time of day, is in it."""
        return self.start <= local < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


#: Monday to Sunday; None for a day on which nothing goes out
Week = tuple[Window | None, ...]

#: no offer goes out earlier or later, wherever and whoever allows it
EARLIEST, LATEST = dt.time(9), dt.time(20)


def parse_week(text: str, days: Week | None = None) -> Week:
    """The week written as "Mon-Fri 09:00-20:00, Sat 10:00-18:00"; a day left out is closed.

    Hours without days mean the days that are open in *days*, all where it is None.
    ``ValueError`` says how to write it.
    """
    found: list[Window | None] = [None] * 7
    for part in re.split(r"\s*,\s*", re.sub(r"\s*[-–—]\s*", "-", text.strip())):  # noqa: RUF001
        match = _PART.fullmatch(part)
        if match is None:
            raise _unreadable(text)
        window = _window(match, text)
        for day in _days(match[1], match[2], days, text):
            found[day] = window
    return tuple(found)


def _window(match: re.Match[str], text: str) -> Window | None:
    if match[7]:
        return None
    try:
        start, end = (dt.time(int(match[i]), int(match[i + 1] or 0)) for i in (3, 5))
    except ValueError:
        raise _unreadable(text) from None
    if not EARLIEST <= start < end <= LATEST:
        raise ValueError(
            f"“{text[:40]}” will not do. Offers go out between {EARLIEST:%H:%M} and "
            f"{LATEST:%H:%M} only; write hours within these, such as 10:00-18:00."
        )
    return Window(start, end)


def _days(first: str | None, last: str | None, days: Week | None, text: str) -> list[int]:
    if first is None:
        return [day for day in range(7) if days is None or days[day]]
    known = {name.lower(): place for place, name in enumerate(DAYS)}
    begin, end = known.get(first.lower()), known.get((last or first).lower())
    if begin is None or end is None or begin > end:
        raise _unreadable(text)
    return list(range(begin, end + 1))


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"“{text[:40]}” are no hours. Write for example 10:00-18:00, or Mon-Fri 09:00-20:00, "
        "Sat 10:00-18:00."
    )


def show_week(week: Week) -> str:
    """The week as it is written: neighbours that are alike together, closed days left out."""
    parts = []
    for window, group in groupby(range(7), key=lambda day: week[day]):
        days = list(group)
        span = DAYS[days[0]] + (f"-{DAYS[days[-1]]}" if len(days) > 1 else "")
        if window:
            parts.append(f"{span} {window}")
    return ", ".join(parts) or "closed"


def both(one: Week, other: Week) -> Week:
    """The hours that are in both weeks."""
    return tuple(_common(a, b) for a, b in zip(one, other, strict=True))


def _common(one: Window | None, other: Window | None) -> Window | None:
    if one is None or other is None:
        return None
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Window(start, end) if start < end else None
