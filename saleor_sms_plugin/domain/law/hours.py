"""When an offer may go out: the next instant permitted where the person may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from .rule import Rule

LOOK_AHEAD = dt.timedelta(days=14)


def next_permitted(now: dt.datetime, rule: Rule, zones: Sequence[str]) -> dt.datetime | None:
    """The earliest instant, *now* or later, that *rule* permits in each of *zones*; UTC.

    None where there is none within 14 days: zones far apart can leave no common hour. For
    several rules give their ``strictest``.
    """
    now = now.astimezone(dt.UTC)
    places = [ZoneInfo(name) for name in zones]
    instant = now
    while instant <= now + LOOK_AHEAD:
        opens = [_opens(instant, rule, place) for place in places]
        if None in opens:
            return None
        latest = max((each for each in opens if each), default=instant)
        if latest == instant:
            return instant
        instant = latest
    return None


def _opens(instant: dt.datetime, rule: Rule, place: ZoneInfo) -> dt.datetime | None:
    """The earliest permitted instant in one zone, None where none is within 14 days."""
    local = instant.astimezone(place)
    for days in range(LOOK_AHEAD.days + 2):
        day = local.date() + dt.timedelta(days=days)
        window = rule.hours[day.weekday()]
        if window is None or is_holiday(day, rule):
            continue
        if not days and window.holds(local.time()):
            return instant
        # No zone changes its clocks between 09:00 and 20:00, so this instant comes once.
        start = dt.datetime.combine(day, window.start, tzinfo=place).astimezone(dt.UTC)
        if start > instant:
            return start
    return None


def is_holiday(day: dt.date, rule: Rule) -> bool:
    """Whether the rule keeps the day free as a public holiday."""
    return any(day in _public_holidays(calendar, day.year) for calendar in rule.holidays)


def has_calendar(calendar: str) -> bool:
    """Whether the public holidays of a country, or of its part ("FR-57"), are known."""
    import holidays

    country, _, part = calendar.partition("-")
    known = holidays.list_supported_countries()
    return country in known and (not part or part in known[country])


@lru_cache(maxsize=64)
def _public_holidays(calendar: str, year: int) -> frozenset[dt.date]:
    import holidays

    country, _, part = calendar.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
