"""Nights: where the recipient is, across zones and summer-time changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_sms_plugin.domain.quiet_hours import (
    Night,
    next_allowed,
    parse_night,
    zones_of,
)

NIGHT = Night(dt.time(21), dt.time(8))
WARSAW = ("Europe/Warsaw",)


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "night"),
    [
        ("21:00-08:00", NIGHT),
        (" 21:00 - 8:00 ", NIGHT),
        ("21-8", NIGHT),
        ("21:00\u201308:00", NIGHT),
        ("00:30-06:15", Night(dt.time(0, 30), dt.time(6, 15))),
        ("off", None),
        (" OFF ", None),
    ],
)
def test_parse_night(text: str, night: Night | None) -> None:
    """Two times of day, or off."""
    assert parse_night(text) == night


@pytest.mark.parametrize(
    "text", ["", "on", "21:00", "21:00-", "25:00-08:00", "21:60-08:00", "8:00-8:00", "21.00-8.00"]
)
def test_a_wrong_night_says_how_to_write_it(text: str) -> None:
    """The owner reads an example."""
    with pytest.raises(ValueError, match="21:00-08:00, or off"):
        parse_night(text)


def test_a_night_prints_as_it_is_written() -> None:
    """What is parsed prints in the one form."""
    assert str(parse_night("21-8")) == "21:00-08:00"


@pytest.mark.parametrize(
    ("country", "e164", "zones"),
    [
        ("PL", "", ("Europe/Warsaw",)),
        ("pl", "+12125552368", ("Europe/Warsaw",)),
        ("", "+48512345678", ("Europe/Warsaw",)),
        ("ES", "", ("Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid")),
        ("XK", "", ("Europe/Belgrade",)),
        ("", "", ("UTC",)),
        ("ZZ", "", ("UTC",)),
        ("001", "", ("UTC",)),
        ("", "garbage", ("UTC",)),
    ],
)
def test_zones_of(country: str, e164: str, zones: tuple[str, ...]) -> None:
    """The country's zones, the number's country where none is given, else UTC."""
    assert zones_of(country, e164) == zones


def test_every_numbering_plan_has_zones_that_exist() -> None:
    """No customer's night is unknown, and every zone can be loaded."""
    from phonenumbers import SUPPORTED_REGIONS

    assert {r for r in SUPPORTED_REGIONS if zones_of(r) == ("UTC",)} == set()
    assert all(ZoneInfo(zone) for region in SUPPORTED_REGIONS for zone in zones_of(region))


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        (utc(2026, 1, 15, 12), utc(2026, 1, 15, 12)),
        (utc(2026, 1, 15, 19, 59, 59), utc(2026, 1, 15, 19, 59, 59)),
        (utc(2026, 1, 15, 20), utc(2026, 1, 16, 7)),  # 21:00 in Warsaw
        (utc(2026, 1, 16, 6, 59, 59), utc(2026, 1, 16, 7)),
        (utc(2026, 1, 16, 7), utc(2026, 1, 16, 7)),
        (utc(2026, 7, 15, 20), utc(2026, 7, 16, 6)),  # summer
        (utc(2026, 3, 28, 22), utc(2026, 3, 29, 6)),  # the short night
        (utc(2026, 10, 24, 22), utc(2026, 10, 25, 7)),  # the long one
    ],
)
def test_one_zone(now: dt.datetime, allowed: dt.datetime) -> None:
    """Night starts at its first second and ends at eight, whatever the clocks do."""
    assert next_allowed(now, WARSAW, NIGHT) == allowed


def test_night_off() -> None:
    """Without a night every instant is allowed, and comes back in UTC."""
    now = dt.datetime(2026, 1, 15, 23, tzinfo=ZoneInfo("Europe/Warsaw"))
    assert next_allowed(now, WARSAW, None) == now
    assert next_allowed(now, WARSAW, None).tzinfo is dt.UTC


def test_a_night_within_one_day() -> None:
    """A night may start after midnight."""
    night = Night(dt.time(0, 30), dt.time(6))
    assert next_allowed(utc(2026, 1, 15, 23), WARSAW, night) == utc(2026, 1, 15, 23)
    assert next_allowed(utc(2026, 1, 15, 23, 30), WARSAW, night) == utc(2026, 1, 16, 5)


def test_the_united_states_wait_for_hawaii() -> None:
    """Many zones: day in all of them, from eight in Honolulu to nine in New York."""
    zones = zones_of("US")
    assert next_allowed(utc(2026, 1, 15, 13), zones, NIGHT) == utc(2026, 1, 15, 18)
    assert next_allowed(utc(2026, 1, 16, 1, 59), zones, NIGHT) == utc(2026, 1, 16, 1, 59)
    assert next_allowed(utc(2026, 1, 16, 2), zones, NIGHT) == utc(2026, 1, 16, 18)


def test_russia_has_three_common_hours() -> None:
    """From eight in Kaliningrad to nine in the evening in Kamchatka."""
    zones = zones_of("RU")
    assert next_allowed(utc(2026, 1, 15, 9), zones, NIGHT) == utc(2026, 1, 16, 6)
    assert next_allowed(utc(2026, 1, 15, 8, 59), zones, NIGHT) == utc(2026, 1, 15, 8, 59)


def test_without_a_common_day_the_fewest_sleep() -> None:
    """A long night leaves Russia no common hour: the widest-awake instant, not for ever."""
    zones, night = zones_of("RU"), Night(dt.time(18), dt.time(10))
    now = utc(2026, 1, 15, 20)
    allowed = next_allowed(now, zones, night)

    def asleep(instant: dt.datetime) -> int:
        return sum(night.covers(instant.astimezone(ZoneInfo(zone)).time()) for zone in zones)

    every = [asleep(now + dt.timedelta(minutes=15 * n)) for n in range(96)]
    assert min(every) > 0
    assert asleep(allowed) == min(every)
    assert now < allowed <= now + dt.timedelta(days=1)
    assert next_allowed(allowed, zones, night) == allowed


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        # 25 October 2026: 03:00 summer time becomes 02:00; 02:30 comes twice.
        (utc(2026, 10, 25, 0, 10), utc(2026, 10, 25, 0, 30)),
        (utc(2026, 10, 25, 1, 10), utc(2026, 10, 25, 1, 30)),
        # 29 March 2026: 02:00 becomes 03:00; 02:30 never comes.
        (utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1, 30)),
    ],
)
def test_a_night_that_ends_while_the_clocks_change(now: dt.datetime, allowed: dt.datetime) -> None:
    """An end that comes twice counts each time; one that is skipped comes after the gap."""
    night = Night(dt.time(21), dt.time(2, 30))
    assert next_allowed(now, WARSAW, night) == allowed


@given(
    st.integers(0, 3 * 365 * 24 * 3600),
    st.sampled_from(["PL", "US", "AU", "ES", "BR", "CA", "NZ", "IE"]),
)
def test_the_instant_is_day_everywhere_and_at_most_a_day_away(seconds: int, country: str) -> None:
    """Whatever the instant: no sooner than now, day in every zone, and final."""
    now, zones = utc(2025, 1, 1) + dt.timedelta(seconds=seconds), zones_of(country)
    allowed = next_allowed(now, zones, NIGHT)
    assert now <= allowed <= now + dt.timedelta(hours=26)
    assert not any(NIGHT.covers(allowed.astimezone(ZoneInfo(z)).time()) for z in zones)
    assert next_allowed(allowed, zones, NIGHT) == allowed
