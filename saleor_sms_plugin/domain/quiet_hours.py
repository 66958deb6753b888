"""Night, where the recipient is: when a text must wait, and until when.

A country may have many time zones and a phone number names none, so a text goes out when
it is day in all of them. Zones come from the CLDR (Babel), offsets and summer time from
``zoneinfo``. https://cldr.unicode.org/
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from .phone_numbers import country_of
from .places import zones_near

#: numbering plans without a zone of their own in the CLDR → the zone they keep
_BORROWED = {"XK": "Europe/Belgrade", "AC": "Atlantic/St_Helena", "TA": "Atlantic/St_Helena"}

_RANGE = re.compile(r"(\d{1,2})(?::(\d\d))?\s*[-–—]\s*(\d{1,2})(?::(\d\d))?")  # noqa: RUF001


@dataclass(frozen=True)
class Night:
    """A part of each day, in local time; over midnight where it starts later than it ends."""

    start: dt.time
    end: dt.time  #: the first instant of the day

    def covers(self, local: dt.time) -> bool:
        """Whether *local*, a time of day, is in the night."""
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


def parse_night(text: str) -> Night | None:
    """The night written as "21:00-08:00"; None for "off". ``ValueError`` says how to write it."""
    if text.strip().lower() == "off":
        return None
    try:
        match = _RANGE.fullmatch(text.strip())
        if match is None:
            raise ValueError
        start, end = (dt.time(int(match[i]), int(match[i + 1] or 0)) for i in (1, 3))
        if start == end:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"“{text.strip()[:20]}” is not a night. Write its start and its end, for example "
            "21:00-08:00, or off."
        ) from None
    return Night(start, end)


def zones_of(
    country: str, e164: str = "", area: str = "", postal_code: str = ""
) -> tuple[str, ...]:
    """The time zones of a place in *country* (ISO), or of the number's country where it is "".

    State and post code narrow them down where they can. Sorted, never empty: ("UTC",) where
    nothing is known.
    """
    code = country.strip().upper()
    near = zones_near(code, area, postal_code) if area or postal_code else ()
    return near or _zones(code or (country_of(e164) if e164 else ""))


@lru_cache(maxsize=512)
def _zones(country: str) -> tuple[str, ...]:
    from babel.core import get_global

    if country in _BORROWED:
        return (_BORROWED[country],)
    territories = get_global("zone_territories")
    zones = sorted(zone for zone, of in territories.items() if of == country)
    # Codes with digits are no countries ("001" is the world).
    return tuple(zones) if zones and country.isalpha() and country != "ZZ" else ("UTC",)


def next_allowed(now: dt.datetime, zones: Sequence[str], night: Night | None) -> dt.datetime:
    """The earliest instant, *now* or later, at which it is night in none of *zones*; UTC.

    A long night can leave a wide country (Russia) no common day: then the earliest instant
    of the coming day at which it is night in the fewest zones.
    """
    now = now.astimezone(dt.UTC)
    if night is None:
        return now
    places = [ZoneInfo(name) for name in zones]
    best, fewest = now, _asleep(now, places, night)
    for instant in sorted(set(_mornings(now, places, night))):
        if not fewest:
            break
        asleep = _asleep(instant, places, night)
        if asleep < fewest:
            best, fewest = instant, asleep
    return best


def _asleep(instant: dt.datetime, places: Sequence[ZoneInfo], night: Night) -> int:
    """In how many places it is night; that number falls only in a place's morning."""
    return sum(night.covers(instant.astimezone(place).time()) for place in places)


def _mornings(now: dt.datetime, places: Sequence[ZoneInfo], night: Night) -> Iterator[dt.datetime]:
    """The ends of the nights in the day after *now*, in UTC.

    A summer-time change can repeat an end (both are given) or skip it (it is the instant
    after the gap).
    """
    for place in places:
        today = now.astimezone(place).date()
        for days in range(3):
            end = dt.datetime.combine(today + dt.timedelta(days=days), night.end, tzinfo=place)
            for fold in (0, 1):
                instant = end.replace(fold=fold).astimezone(dt.UTC)
                if now < instant <= now + dt.timedelta(hours=26):
                    yield instant
