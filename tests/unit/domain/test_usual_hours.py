"""A habit is told from few instants, and its hour comes when clocks and permissions let it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from saleor_sms_plugin.domain.usual_hours import next_in_hour, usual_hour

WARSAW, NEW_YORK, KOLKATA = "Europe/Warsaw", "America/New_York", "Asia/Kolkata"


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


def at_hours(*hours: int) -> list[dt.datetime]:
    """One order a day from 1 March 2026 on, at these hours of Warsaw."""
    return [
        dt.datetime(2026, 3, 1 + day, hour, 30, tzinfo=ZoneInfo(WARSAW)).astimezone(dt.UTC)
        for day, hour in enumerate(hours)
    ]


def always(at: dt.datetime) -> dt.datetime:
    return at


def from_nine_to_eight(at: dt.datetime) -> dt.datetime:
    """Permitted from 09:00 to 20:00 in Warsaw, on Sundays not at all."""
    local = at.astimezone(ZoneInfo(WARSAW))
    while not (9 <= local.hour < 20 and local.weekday() != 6):
        local = (local + dt.timedelta(minutes=1)).replace(second=0, microsecond=0)
    return local.astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("hours", "usual"),
    [
        ((), None),
        ((18,), None),
        ((18, 18), None),
        ((18, 18, 18), 18),
        ((9, 20, 20), 20),
        ((19, 20, 21), 20),  # the middle of a run
        ((23, 0, 1), 0),  # over midnight, too
        ((8, 12, 18), 18),  # nothing is usual: the newest
        ((18, 8, 18, 8), 8),  # alike: the newest
        ((22, 9, 9, 9, 22), 9),
    ],
)
def test_the_usual_hour(hours: tuple[int, ...], usual: int | None) -> None:
    """Three orders make a habit; the most frequent hour, its neighbours counting half."""
    assert usual_hour(at_hours(*hours), WARSAW) == usual
    assert usual_hour(at_hours(*hours)[::-1], WARSAW) == usual


def test_the_hour_is_the_persons_own() -> None:
    """The same instants are another hour elsewhere, with half an hour of India's."""
    times = [utc(2026, 3, day, 17, 45) for day in (2, 3, 4)]
    assert [usual_hour(times, zone) for zone in (WARSAW, NEW_YORK, KOLKATA)] == [18, 12, 23]


def test_summer_time_does_not_split_a_habit() -> None:
    """18:30 in Warsaw is 17:30 UTC in winter and 16:30 UTC in summer: one hour of the person."""
    winter, summer = [utc(2026, 3, 27, 17, 30)], [utc(2026, 3, day, 16, 30) for day in (30, 31)]
    assert usual_hour(winter + summer, WARSAW) == 18


def test_now_is_soon_enough() -> None:
    """Within the hour nothing waits."""
    now = utc(2026, 3, 2, 17, 20)
    assert next_in_hour(18, WARSAW, now, now + dt.timedelta(hours=20), always) == now


def test_later_today_and_tomorrow() -> None:
    """The hour's beginning, the next time it comes."""
    now = utc(2026, 3, 2, 12)
    until = now + dt.timedelta(hours=24)
    assert next_in_hour(18, WARSAW, now, until, always) == utc(2026, 3, 2, 17)
    assert next_in_hour(9, WARSAW, now, until, always) == utc(2026, 3, 3, 8)


def test_too_late_is_never() -> None:
    """The hour's beginning may be the last instant, not later."""
    now = utc(2026, 3, 2, 12)
    assert next_in_hour(9, WARSAW, now, utc(2026, 3, 3, 8), always) == utc(2026, 3, 3, 8)
    assert next_in_hour(9, WARSAW, now, utc(2026, 3, 3, 7, 59), always) is None
    assert next_in_hour(13, WARSAW, now, now - dt.timedelta(seconds=1), always) is None


def test_an_hour_without_permission_is_none() -> None:
    """Who orders at 22:00 has no hour in which an offer is permitted; Saturday's waits a Sunday."""
    saturday = utc(2026, 3, 7, 16)
    until = saturday + dt.timedelta(days=3)
    assert next_in_hour(22, WARSAW, saturday, until, from_nine_to_eight) is None
    assert next_in_hour(10, WARSAW, saturday, until, from_nine_to_eight) == utc(2026, 3, 9, 9)


def test_a_permission_that_begins_within_the_hour() -> None:
    """Half of the hour is left: its first permitted minute."""

    def from_half_past_nine(at: dt.datetime) -> dt.datetime:
        return max(at, utc(2026, 3, 2, 8, 30))

    now = utc(2026, 3, 2, 6)
    found = next_in_hour(9, WARSAW, now, utc(2026, 3, 3), from_half_past_nine)
    assert found == utc(2026, 3, 2, 8, 30)


@pytest.mark.parametrize(
    ("zone", "hour", "now", "comes"),
    [
        # clocks go from 02:00 to 03:00 on 29 March: that day has no hour 2
        (WARSAW, 2, utc(2026, 3, 28, 12), utc(2026, 3, 30, 0)),
        # and 18:00 comes an hour sooner in UTC
        (WARSAW, 18, utc(2026, 3, 28, 18), utc(2026, 3, 29, 16)),
        # from 03:00 back to 02:00 on 25 October: the first of the two hours 2
        (WARSAW, 2, utc(2026, 10, 24, 12), utc(2026, 10, 25, 0)),
        # in the second of them it is that hour still
        (WARSAW, 2, utc(2026, 10, 25, 1, 10), utc(2026, 10, 25, 1, 10)),
        (WARSAW, 18, utc(2026, 10, 24, 17), utc(2026, 10, 25, 17)),
        (NEW_YORK, 18, utc(2026, 3, 8), utc(2026, 3, 8, 22)),
        (NEW_YORK, 18, utc(2026, 11, 1), utc(2026, 11, 1, 23)),
        (KOLKATA, 18, utc(2026, 3, 2, 6), utc(2026, 3, 2, 12, 30)),
    ],
)
def test_clocks_that_change(zone: str, hour: int, now: dt.datetime, comes: dt.datetime) -> None:
    """The hour is that of the clock on the wall, whatever it did in the night."""
    assert next_in_hour(hour, zone, now, now + dt.timedelta(days=3), always) == comes
