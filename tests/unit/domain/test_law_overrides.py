"""What a shop changes in the table: how it is written, and where it holds."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.config.advanced_lines import parse_advanced
from saleor_sms_plugin.domain import law
from saleor_sms_plugin.domain.law import Override, SoftOptIn, law_of
from saleor_sms_plugin.domain.law.week import parse_week, show_week
from saleor_sms_plugin.domain.places import Place

SIGNED = "signed off by Anna Nowak 2026-11-20"


def overrides(*lines: str) -> dict[str, Override]:
    values, faults = parse_advanced("\n".join(lines))
    assert faults == []
    return values["overrides"]  # type: ignore[no-any-return]


def hours(place: str, *lines: str) -> str:
    country, _, area = place.partition("-")
    return show_week(law_of(country, area, overrides(*lines)).hours)


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("10:00-18:00", "Mon-Sat 10:00-18:00"),
        ("10-18", "Mon-Sat 10:00-18:00"),
        ("Mon-Fri 10:00 – 18:00", "Mon-Fri 10:00-18:00"),  # noqa: RUF001
        ("mon-fri 9-20, SAT 10:30-14", "Mon-Fri 09:00-20:00, Sat 10:30-14:00"),
        ("Mon-Fri 9-20, Wed closed", "Mon-Tue 09:00-20:00, Thu-Fri 09:00-20:00"),
        ("closed", "closed"),
    ],
)
def test_hours_as_people_write_them(text: str, week: str) -> None:
    """Hours without days mean the days that are open; a day left out is closed."""
    assert show_week(parse_week(text, law.ROWS["PL"].hours)) == week


@pytest.mark.parametrize(
    "text", ["", "always", "10", "10-", "18-10", "10-10", "10:60-12:00", "8-20", "10-21",
             "Fri-Mon 10-12", "Xyz 10-12", "Mon-Fri"]
)  # fmt: skip
def test_hours_that_cannot_be_read_are_refused(text: str) -> None:
    """Nonsense, and hours outside 09:00 to 20:00."""
    with pytest.raises(ValueError, match="10:00-18:00"):
        parse_week(text)


def test_a_stricter_value_is_taken_as_it_is() -> None:
    """Shorter hours, fewer texts, more consent need nobody's signature."""
    mine = overrides(
        "rule.DE.hours = Mon-Fri 10:00-18:00", "rule.DE.cap = 2/day", "rule.DE.holidays = yes",
        "rule.DE.double_opt_in = required", "rule.DE.soft_opt_in = no", "rule.DE.cart_texts = 1",
        "rule.DE.cart_within = 24 h", "rule.DE.stop_scope = everything",
        "rule.DE.review_working_days = 3",
    )  # fmt: skip
    rule = law_of("DE", overrides=mine)
    assert show_week(rule.hours) == "Mon-Fri 10:00-18:00"
    assert (rule.cap, rule.cart_texts, rule.cart_within) == (2, 1, 24)
    assert rule.holidays == {"DE"}
    assert (rule.double_opt_in, rule.soft_opt_in) == ("required", SoftOptIn.NEVER)
    assert (rule.stop_scope, rule.review_working_days) == ("everything", 3)
    assert law_of("DE").cap is None


def test_a_laxer_value_needs_a_name_and_a_day() -> None:
    """Sundays in Germany, and soft opt-in there, once somebody signed."""
    assert hours("DE", f"rule.DE.hours = Mon-Sun 10-18, {SIGNED}") == "Mon-Sun 10:00-18:00"
    mine = overrides(f"rule.DE.soft_opt_in = yes, {SIGNED}")
    assert mine == {
        "DE.soft_opt_in": Override(SoftOptIn.SIGNED_OFF, "Anna Nowak", dt.date(2026, 11, 20))
    }
    assert law_of("DE", overrides=mine).soft_opt_in is SoftOptIn.SIGNED_OFF
    assert law_of("AT", overrides=mine).soft_opt_in is SoftOptIn.ON_SIGN_OFF


@pytest.mark.parametrize("place", ["IT", "PL", "US", "US-TX", "AU", "MY", "JP", "default"])
def test_soft_opt_in_cannot_be_signed_off_where_the_law_has_none(place: str) -> None:
    """Neither in Italy nor in Poland, nor where nothing is known."""
    _, faults = parse_advanced(f"rule.{place}.soft_opt_in = yes, {SIGNED}")
    assert faults == [(1, f"there is no soft opt-in in {place}; nobody can sign it off.")]


def test_a_signed_soft_opt_in_ends_at_the_border() -> None:
    """Signed off for Germany, it does not hold for a Polish number there."""
    mine = overrides(f"rule.DE.soft_opt_in = yes, {SIGNED}")
    assert law.law_at(Place("DE", number="+48512345678"), mine).soft_opt_in is SoftOptIn.NEVER
    own = law.law_at(Place("DE", number="+4915123456789"), mine)
    assert own.soft_opt_in is SoftOptIn.SIGNED_OFF


def test_what_is_stricter_in_a_country_holds_in_its_states() -> None:
    """Also where the state's own row differs."""
    line = "rule.US.hours = 10:00-18:00"
    assert hours("US-NY", line) == "Mon-Sun 10:00-18:00"
    assert hours("US-TX", line) == "Mon-Sat 10:00-18:00, Sun 12:00-18:00"


def test_what_is_signed_for_a_country_leaves_a_states_own_row_alone() -> None:
    """Two cart texts in the US are two in Texas; its Sunday, and Florida's cap, stay."""
    mine = overrides(f"rule.US.cart_texts = 2, {SIGNED}", f"rule.US.cap = 9/day, {SIGNED}")
    assert law_of("US", "TX", mine).cart_texts == 2
    assert law_of("US", "FL", mine).cap == 3
    assert law_of("US", "NY", mine).cap == 9
    assert show_week(law_of("US", "TX", mine).hours) == "Mon-Sat 09:00-20:00, Sun 12:00-20:00"


def test_a_state_without_a_row_can_be_changed_and_counts_where_it_is_unknown() -> None:
    """New York closed on Sundays closes Sundays for Americans of no known state."""
    line = "rule.US-NY.hours = Mon-Sat 9-20"
    assert hours("US-NY", line) == "Mon-Sat 09:00-20:00"
    assert hours("US-CA", line) == "Mon-Sun 09:00-20:00"
    assert hours("US", line) == "Mon-Sat 09:00-20:00"


def test_the_default_is_changed_for_places_without_a_row_only() -> None:
    """Japan has none, Poland has one; Japan's own line comes on top."""
    lines = ("rule.default.hours = 10-18", "rule.JP.cap = 1/day")
    assert hours("JP", *lines) == "Mon-Sat 10:00-18:00"
    assert hours("PL", *lines) == "Mon-Sat 09:00-20:00"
    mine = overrides(*lines)
    assert (law_of("JP", overrides=mine).cap, law_of("KR", overrides=mine).cap) == (1, None)


def test_a_territory_is_a_state() -> None:
    """Puerto Rico is under the law of the United States, however it is written."""
    mine = overrides("rule.PR.cap = 1/day")
    assert set(mine) == {"US-PR.cap"}
    assert law_of("PR", overrides=mine).cap == law_of("US", "PR", mine).cap == 1
    assert law_of("PR").cap is None
    assert law_of("PR").consent == "express_written"


def test_two_lines_for_one_column_are_told() -> None:
    """The same place written in two ways is the same place."""
    _, faults = parse_advanced("rule.US-TX.cap = 2/day\nrule.us-texas.cap = 1/day")
    assert faults == [(2, "says again what line 1 sets. Keep one of the two lines.")]
