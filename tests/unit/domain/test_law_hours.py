"""When offers may go out: a year of hours in every place, and the law cases one by one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import holidays
import pytest

from saleor_sms_plugin.domain import law
from saleor_sms_plugin.domain.law import law_of, next_permitted
from saleor_sms_plugin.domain.quiet_hours import zones_of

STEP = dt.timedelta(minutes=15)  # every window and every zone's offset is a multiple of it
BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
END = dt.datetime(2027, 4, 5, tzinfo=dt.UTC)
WARSAW, PARIS, CHICAGO = ("Europe/Warsaw",), ("Europe/Paris",), ("America/Chicago",)


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


def quarters(rule: law.Rule, zones: tuple[str, ...]) -> list[bool]:
    """Of each quarter of an hour of the year, whether an offer may go out in it."""
    free = {
        day
        for name in rule.holidays
        for day in holidays.country_holidays(
            name[:2], subdiv=name[3:] or None, years=[2026, 2027]
        )
    }  # fmt: skip
    allowed, places = [], [ZoneInfo(zone) for zone in zones]
    for number in range((END - BEGIN) // STEP):
        locals_ = [(BEGIN + number * STEP).astimezone(place) for place in places]
        windows = [rule.hours[local.weekday()] for local in locals_]
        allowed.append(
            all(
                window is not None
                and local.date() not in free
                and (window.start.hour, window.start.minute)
                <= (local.hour, local.minute)
                < (window.end.hour, window.end.minute)
                for local, window in zip(locals_, windows, strict=True)
            )
        )
    return allowed


PLACES = [
    *((place[:2], place[3:]) for place in law.ROWS),
    ("JP", ""),
    ("US", "Tennessee"),
    ("CA", "ON"),
    ("AU", "WA"),
    ("PT", ""),
]


@pytest.mark.parametrize(("country", "area"), PLACES)
def test_a_year_of_hours(country: str, area: str) -> None:
    """From each hour of a year, the first quarter of an hour that the rule permits."""
    rule, zones = law_of(country, area), zones_of(country, area=area)
    allowed = quarters(rule, zones)
    after: list[dt.datetime | None] = [None] * (len(allowed) + 1)
    for number in reversed(range(len(allowed))):
        after[number] = BEGIN + number * STEP if allowed[number] else after[number + 1]

    # Seven shares no factor with 24: a country of many zones still sees each hour of the day.
    hours = 1 if len(zones) < 5 else 7
    year = range(0, (END - BEGIN - dt.timedelta(days=20)) // STEP, 4 * hours)
    for number in year:
        now = BEGIN + number * STEP
        assert next_permitted(now, rule, zones) == after[number], now
        between = now + dt.timedelta(minutes=7)
        then = between if allowed[number] else after[number + 1]
        assert next_permitted(between, rule, zones) == then, between
    assert len(year) * hours > 365 * 24


# ------------------------------------------------------------------------------------ law cases


def test_texas_sunday_before_noon_waits_until_noon() -> None:
    """SB 140, in Dallas on 1 November 2026, when summer time ended in the night."""
    texas = law_of("US", "Texas")
    assert next_permitted(utc(2026, 11, 1, 15, 0), texas, CHICAGO) == utc(2026, 11, 1, 18)
    assert next_permitted(utc(2026, 11, 1, 18), texas, CHICAGO) == utc(2026, 11, 1, 18)


def test_texas_in_two_zones_waits_for_el_paso() -> None:
    """Without a post code the state's western zone counts, too."""
    texas, zones = law_of("US", "TX"), zones_of("US", area="TX")
    assert next_permitted(utc(2026, 11, 2, 15, 0), texas, zones) == utc(2026, 11, 2, 16)
    assert next_permitted(utc(2026, 11, 2, 15, 0), texas, zones_of("US", "", "TX", "75001")) == utc(
        2026, 11, 2, 15, 0
    )


def test_florida_at_twenty_waits_until_morning() -> None:
    """20:00 in Miami is too late, one minute before is not."""
    florida, miami = law_of("US", "FL"), zones_of("US", area="FL", postal_code="33101")
    assert miami == ("America/New_York",)
    assert next_permitted(utc(2026, 7, 1, 23, 59), florida, miami) == utc(2026, 7, 1, 23, 59)
    assert next_permitted(utc(2026, 7, 2, 0, 0), florida, miami) == utc(2026, 7, 2, 13)


def test_an_american_of_no_known_state_waits_for_hawaii_and_sleeps_with_new_york() -> None:
    """One common stretch a day: 09:00 in Honolulu to 20:00 in New York; Sunday from noon there."""
    rule, zones = law_of("US"), zones_of("US")
    assert next_permitted(utc(2026, 1, 15, 13), rule, zones) == utc(2026, 1, 15, 19)
    assert next_permitted(utc(2026, 1, 16, 0, 59), rule, zones) == utc(2026, 1, 16, 0, 59)
    assert next_permitted(utc(2026, 1, 16, 1), rule, zones) == utc(2026, 1, 16, 19)
    assert next_permitted(utc(2026, 1, 18, 13), rule, zones) == utc(2026, 1, 18, 22)


def test_france_saturday_evening_waits_until_monday() -> None:
    """Saturday ends at 18:00, Sunday is closed."""
    assert next_permitted(utc(2026, 6, 6, 16), law_of("FR"), PARIS) == utc(2026, 6, 8, 7)


@pytest.mark.parametrize(
    ("day", "then"),
    [
        ((2026, 7, 14), (2026, 7, 15, 7)),
        ((2026, 11, 11), (2026, 11, 12, 8)),
        ((2026, 4, 3), (2026, 4, 4, 8)),  # Good Friday, in Alsace; Saturday from 10:00
        ((2026, 12, 25), (2026, 12, 28, 8)),  # and 26 December, and Sunday
        ((2026, 5, 25), (2026, 5, 26, 7)),  # Whit Monday
    ],
)
def test_france_public_holidays_are_closed(day: tuple[int, ...], then: tuple[int, ...]) -> None:
    """The next working day's morning."""
    assert next_permitted(utc(*day, 10), law_of("FR"), PARIS) == utc(*then)


def test_italy_sunday_waits_until_monday() -> None:
    """None all day on Sunday."""
    rome = zones_of("IT")
    assert next_permitted(utc(2026, 6, 7, 10), law_of("IT"), rome) == utc(2026, 6, 8, 7)


def test_poland_over_the_night_in_which_summer_time_begins() -> None:
    """28 March 2026, 20:00 in Warsaw: Sunday is closed, Monday opens at 09:00 summer time."""
    assert next_permitted(utc(2026, 3, 28, 19), law_of("PL"), WARSAW) == utc(2026, 3, 30, 7)


def test_poland_over_the_night_in_which_summer_time_ends() -> None:
    """24 October 2026, 20:00: Monday opens at 09:00 winter time."""
    assert next_permitted(utc(2026, 10, 24, 18), law_of("PL"), WARSAW) == utc(2026, 10, 26, 8)


def test_canada_weekend_is_shorter() -> None:
    """Saturday ends at 18:00 in Toronto, Sunday opens at 10:00."""
    toronto = zones_of("CA", area="ON", postal_code="M5V 2T6")
    assert next_permitted(utc(2026, 6, 6, 22), law_of("CA", "ON"), toronto) == utc(2026, 6, 7, 14)


def test_australia_saturday_ends_at_five_and_australia_day_is_closed() -> None:
    """Sydney; 26 January 2027 is a Tuesday."""
    rule, sydney = law_of("AU", "NSW"), zones_of("AU", area="NSW", postal_code="2000")
    assert next_permitted(utc(2026, 6, 6, 7), rule, sydney) == utc(2026, 6, 7, 23)
    assert next_permitted(utc(2027, 1, 26, 1), rule, sydney) == utc(2027, 1, 26, 22)


def test_the_canary_islands_open_an_hour_later() -> None:
    """Spain's post code tells the zone."""
    spain = law_of("ES")
    madrid, canary = zones_of("ES", "", "", "28001"), zones_of("ES", "", "", "35001")
    assert next_permitted(utc(2026, 6, 1, 6), spain, madrid) == utc(2026, 6, 1, 7)
    assert next_permitted(utc(2026, 6, 1, 6), spain, canary) == utc(2026, 6, 1, 8)


def test_two_rules_are_kept_in_the_zone_of_the_address() -> None:
    """A Texan number in Paris: no Sunday, and the hours of Paris."""
    rule = law.strictest(law_of("FR"), law_of("US", "TX"))
    assert next_permitted(utc(2026, 6, 7, 12), rule, PARIS) == utc(2026, 6, 8, 7)


def test_no_common_hour_within_two_weeks_is_none() -> None:
    """Zones half a world apart share no hour of the day."""
    zones = ("Pacific/Auckland", "Europe/Lisbon")
    assert next_permitted(utc(2026, 6, 1), law_of("PL"), zones) is None


def test_a_week_without_hours_is_none() -> None:
    """Whoever closes every day gets no answer, not an endless search."""
    closed = law.with_overrides(
        law.chain_of("PL"), {"PL.hours": law.Override((None,) * 7)}
    )  # fmt: skip
    assert next_permitted(utc(2026, 6, 1), closed, WARSAW) is None


def test_the_calendars_of_the_table_exist() -> None:
    """Each row's holidays can be asked for, this year and in ten."""
    for row in law.ROWS.values():
        for year in (2026, 2036):
            assert law.is_holiday(dt.date(year, 12, 25), row) is bool(row.holidays)
