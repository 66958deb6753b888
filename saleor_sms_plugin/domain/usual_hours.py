"""The hour of the day in which a person usually orders, and when it comes next."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection
from zoneinfo import ZoneInfo

FEWEST = 3  #: orders below which there is no habit


def usual_hour(times: Collection[dt.datetime], zone: str) -> int | None:
    """The local hour, 0 to 23, in which most of these instants lie; None where they are few.

    The hours beside it count half, so that 19, 20 and 21 make 20; of hours that are alike the
    newest instant's is taken.
    """
    if len(times) < FEWEST:
        return None
    place = ZoneInfo(zone)
    hours = [at.astimezone(place).hour for at in sorted(times, reverse=True)]
    often = Counter(hours)
    return max(
        hours, key=lambda hour: 2 * often[hour] + often[(hour - 1) % 24] + often[(hour + 1) % 24]
    )


def next_in_hour(
    hour: int,
    zone: str,
    now: dt.datetime,
    until: dt.datetime,
    permitted: Callable[[dt.datetime], dt.datetime],
) -> dt.datetime | None:
    """The first permitted instant in this local hour, from *now* until *until*, in UTC.

    ``permitted`` gives the first permitted instant from another one on. None where the hour
    comes too late, or nothing is permitted in it. A day whose clocks skip the hour has none.
    """
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    begins = [
        dt.datetime.combine(today + dt.timedelta(days=days), dt.time(hour), tzinfo=place)
        for days in range((until - now).days + 2)
    ]
    for begin in [now, *(each for each in begins if each > now)]:
        at = permitted(begin.astimezone(dt.UTC))
        if at <= until and at.astimezone(place).hour == hour:
            return at
    return None
