"""The law, place by place: each row of the table says what was read about it."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.domain import law, sender_ids
from saleor_sms_plugin.domain.consent import Basis
from saleor_sms_plugin.domain.law import CountsAs, DoubleOptIn, Links, SoftOptIn, StopScope, law_of
from saleor_sms_plugin.domain.law.week import show_week
from saleor_sms_plugin.domain.places import Place

AMERICAN, POLISH, GERMAN = "+12125552368", "+48512345678", "+4915123456789"
EVERYWHERE = [law.DEFAULT, *law.ROWS.values()]


def hours(country: str, area: str = "") -> str:
    return show_week(law_of(country, area).hours)


def places_where(column: str, value: object) -> set[str]:
    """The rows whose column says this."""
    return {row.place for row in EVERYWHERE if getattr(row, column) == value}


US_ROWS = {"US", "US-FL", "US-OK", "US-WA", "US-TX", "US-MD", "US-NJ"}


# ------------------------------------------------------------------------------------ the rows


def test_us_offers_and_carts_need_express_written_consent() -> None:
    """47 CFR 64.1200: prior express written consent, in every state."""
    assert places_where("consent", Basis.EXPRESS_WRITTEN) == US_ROWS
    assert places_where("cart_consent", Basis.EXPRESS_WRITTEN) == US_ROWS


def test_us_carts_get_one_text_within_48_hours_after_a_double_opt_in() -> None:
    """The carriers' rule of 2020 for abandoned carts."""
    for place in US_ROWS:
        row = law.ROWS[place]
        assert (row.cart_texts, row.cart_within) == (1, 48)
        assert row.cart_double_opt_in is DoubleOptIn.REQUIRED
    assert places_where("cart_texts", 1) == US_ROWS


def test_us_a_known_state_without_a_row_has_the_federal_rule() -> None:
    """New York: every day 09:00 to 20:00, within the federal 08:00 to 21:00, and no cap."""
    assert (hours("US", "New York"), law_of("US", "NY").cap) == ("Mon-Sun 09:00-20:00", None)


def test_us_an_unknown_state_keeps_the_rules_of_all() -> None:
    """Residency counts and nobody knows it: Florida's cap, the Sunday of Texas."""
    rule = law_of("US")
    assert (rule.place, rule.cap) == ("US", 3)
    assert show_week(rule.hours) == "Mon-Sat 09:00-20:00, Sun 12:00-20:00"
    assert law_of("US", "nowhere") == rule


def test_florida_three_in_24_hours() -> None:
    """FTSA: 08:00 to 20:00, at most 3 in 24 hours."""
    assert (hours("US", "Florida"), law_of("US", "FL").cap) == ("Mon-Sun 09:00-20:00", 3)


def test_oklahoma_three_in_24_hours() -> None:
    """08:00 to 20:00, at most 3 in 24 hours."""
    assert (hours("US", "ok"), law_of("US", "Oklahoma").cap) == ("Mon-Sun 09:00-20:00", 3)


def test_washington_closes_at_twenty_without_a_cap() -> None:
    """08:00 to 20:00."""
    assert (hours("US", "WA"), law_of("US", "WA").cap) == ("Mon-Sun 09:00-20:00", None)


def test_texas_sunday_begins_at_noon() -> None:
    """SB 140: Monday to Saturday from 09:00, Sunday from 12:00."""
    assert hours("US", " texas ") == "Mon-Sat 09:00-20:00, Sun 12:00-20:00"


def test_maryland_three_in_24_hours() -> None:
    """Stop the Spam Calls Act: 08:00 to 20:00, at most 3 in 24 hours."""
    assert (hours("US", "Maryland"), law_of("US", "MD").cap) == ("Mon-Sun 09:00-20:00", 3)


def test_new_jersey_three_in_24_hours() -> None:
    """At most 3 in 24 hours."""
    assert (hours("US", "N.J."), law_of("US", "N.J.").cap) == ("Mon-Sun 09:00-20:00", 3)


def test_canada_keeps_the_hours_of_calls_and_ten_working_days() -> None:
    """Shorter at weekends; CASL's implied consent only where somebody signs it off."""
    rule = law_of("CA", "Ontario")
    assert show_week(rule.hours) == "Mon-Fri 09:00-20:00, Sat-Sun 10:00-18:00"
    assert (rule.review_working_days, rule.soft_opt_in) == (10, SoftOptIn.ON_SIGN_OFF)


def test_stop_ends_everything_in_the_us_and_canada_only() -> None:
    """Revocation covers service texts there; CANCEL and its kin are opt-outs there alone."""
    assert places_where("stop_scope", StopScope.EVERYTHING) == US_ROWS | {"CA"}
    assert places_where("cancel_words", True) == US_ROWS | {"CA"}
    assert places_where("footer_first_text", True) == US_ROWS | {"CA"}
    assert places_where("review_working_days", 10) == US_ROWS | {"CA"}


def test_united_kingdom_soft_opt_in_on_sign_off() -> None:
    """PECR reg. 22."""
    assert law_of("GB").soft_opt_in is SoftOptIn.ON_SIGN_OFF
    assert hours("GB") == "Mon-Sat 09:00-20:00"


def test_ireland_names_are_registered() -> None:
    """ComReg's registry since 3 October 2025."""
    assert law_of("IE").sender_names == "registered"


def test_france_no_sundays_no_holidays_and_a_stop_number() -> None:
    """The strictest operator's hours; STOP 36xxx in each offer."""
    rule = law_of("FR")
    assert show_week(rule.hours) == "Mon-Fri 09:00-20:00, Sat 10:00-18:00"
    assert rule.requires_opt_out_code
    assert places_where("requires_opt_out_code", True) == {"FR"}


def test_france_rules_overseas_too() -> None:
    """Reunion has a code of its own and the law of France."""
    rule = law_of("RE")
    assert (rule.place, rule.hours, rule.holidays) == (
        "FR-RE", law_of("FR").hours, law_of("FR").holidays
    )  # fmt: skip


def test_italy_never_soft_opt_in_and_double_opt_in_by_default() -> None:
    """Art. 130(4) covers e-mail only; the Garante's minimum is double opt-in."""
    rule = law_of("IT")
    assert rule.soft_opt_in is SoftOptIn.NEVER
    assert places_where("double_opt_in", DoubleOptIn.DEFAULT) == {"IT"}
    assert (rule.sender_names, hours("IT")) == ("registered", "Mon-Sat 09:00-20:00")


def test_poland_never_soft_opt_in_and_links_in_one_segment() -> None:
    """PKE art. 398; operators block links in longer texts."""
    assert law_of("PL").soft_opt_in is SoftOptIn.NEVER
    assert places_where("links", Links.ONE_SEGMENT) == {"PL"}


def test_germany_austria_us_canada_take_a_failed_checkout_payment_as_marketing() -> None:
    """OLG Duesseldorf I-20 U 155/16, and by analogy."""
    marketing = places_where("checkout_payment_failed", CountsAs.MARKETING)
    assert marketing == US_ROWS | {"DE", "AT", "CA"}


def test_germany_soft_opt_in_on_sign_off() -> None:
    """UWG s. 7(3)."""
    assert law_of("DE").soft_opt_in is SoftOptIn.ON_SIGN_OFF


def test_austria_soft_opt_in_on_sign_off() -> None:
    """As Germany."""
    assert law_of("AT").soft_opt_in is SoftOptIn.ON_SIGN_OFF


def test_spain_names_are_registered() -> None:
    """Unregistered names are blocked in 2026."""
    assert law_of("ES").sender_names == "registered"


def test_belgium_and_malaysia_take_no_links() -> None:
    """Whitelists without redirects there, a ban since 1 September 2024 here."""
    assert places_where("links", Links.NEVER) == {"BE", "MY"}


def test_australia_five_working_days_and_the_hours_of_calls() -> None:
    """Saturday until 17:00, no Sundays, no national holidays."""
    rule = law_of("AU", "NSW")
    assert show_week(rule.hours) == "Mon-Fri 09:00-20:00, Sat 09:00-17:00"
    assert (rule.review_working_days, rule.sender_names) == (5, "registered")


def test_malaysia_is_the_default_without_links() -> None:
    """Nothing else was read about it."""
    rule, default = law_of("MY"), law.DEFAULT
    differing = {
        column.name for column in law.COLUMNS if column.of(rule) != column.of(default)
    }  # fmt: skip
    assert differing == {"links"}


def test_public_holidays_are_closed_in_france_and_australia_only() -> None:
    """Elsewhere no rule about them was read."""
    assert {row.place for row in EVERYWHERE if row.holidays} == {"FR", "AU"}


def test_no_carrier_is_known_to_confirm_a_stop() -> None:
    """So we do, everywhere, unless the shop says that its provider does."""
    assert places_where("carrier_confirms_stop", True) == set()


def test_the_default_is_cautious() -> None:
    """A country nobody read about: express consent, no soft opt-in, no Sundays."""
    rule = law_of("JP")
    assert (rule.place, show_week(rule.hours)) == ("JP", "Mon-Sat 09:00-20:00")
    assert (rule.consent, rule.soft_opt_in) == (Basis.EXPRESS, SoftOptIn.NEVER)
    assert law_of("").place == "default"


# ---------------------------------------------------------------------------- the whole table


@pytest.mark.parametrize("row", EVERYWHERE, ids=lambda row: row.place)
def test_every_row_is_dated_sourced_and_explained(row: law.Rule) -> None:
    """An owner can read what is behind each row, and where."""
    assert row.note.endswith(".")
    assert row.checked >= dt.date(2026, 11, 21)
    assert row.sources
    assert all(source.startswith(("https://", "http://")) for source in row.sources)


@pytest.mark.parametrize("row", EVERYWHERE, ids=lambda row: row.place)
def test_no_row_opens_before_nine_or_after_twenty(row: law.Rule) -> None:
    """Whatever the law allows."""
    windows = [window for window in row.hours if window]
    assert len(row.hours) == 7
    assert windows
    assert all(dt.time(9) <= w.start < w.end <= dt.time(20) for w in windows)


def test_the_rows_are_those_that_were_read() -> None:
    """Nineteen places, and the default."""
    assert set(law.ROWS) == US_ROWS | {
        "CA", "GB", "IE", "FR", "IT", "PL", "DE", "AT", "ES", "BE", "AU", "MY"
    }  # fmt: skip


def test_the_table_and_the_sender_tables_agree() -> None:
    """Both say where a name is refused, and where it is registered."""
    countries = {place for place in law.ROWS if "-" not in place}
    assert places_where("sender_names", "no") == US_ROWS | {"CA"}
    assert countries & set(sender_ids.NAMES_REFUSED) == {"US", "CA"}
    assert places_where("sender_names", "registered") == countries & set(sender_ids.REGISTRATION)


def test_every_column_prints_as_it_is_written() -> None:
    """What ``sms_rules`` shows can be written into the field; a sign-off is not for copying."""
    for column in law.COLUMNS:
        for row in EVERYWHERE:
            if column.name != "soft_opt_in":
                assert column.parse(column.of(row), row) == getattr(row, column.name)


# ----------------------------------------------------------------------------------- two places


def test_address_and_number_of_two_countries_the_stricter_holds() -> None:
    """A Polish number at an address in Germany: soft opt-in never, marketing on checkout."""
    rule = law.law_at(Place("DE", number=POLISH))
    assert (rule.place, rule.name) == ("DE+PL", "Germany and Poland")
    assert (rule.soft_opt_in, rule.links) == (SoftOptIn.NEVER, Links.ONE_SEGMENT)
    assert rule.checkout_payment_failed is CountsAs.MARKETING
    assert set(law.ROWS["DE"].sources) | set(law.ROWS["PL"].sources) == set(rule.sources)


def test_an_american_number_in_france_keeps_the_hours_of_both() -> None:
    """Which state the number's owner is of, nobody knows; no Sunday is left."""
    rule = law.law_at(Place("FR", number=AMERICAN))
    assert show_week(rule.hours) == "Mon-Fri 09:00-20:00, Sat 10:00-18:00"
    assert (rule.cap, rule.cart_texts, rule.requires_opt_out_code) == (3, 1, True)
    assert rule.holidays == {"FR-57"}


def test_the_state_comes_from_the_address_not_from_the_area_code() -> None:
    """A New York number at an address in Texas is under the law of Texas alone."""
    assert law.law_at(Place("US", "TX", number=AMERICAN)) == law.ROWS["US-TX"]
    assert law.law_at(Place("US", "", "75001", AMERICAN)) == law.ROWS["US-TX"]


def test_the_stricter_of_two_is_the_same_either_way() -> None:
    """Order does not matter, and a rule is as strict as itself."""
    for one in EVERYWHERE:
        assert law.strictest(one, one) == one
        for other in EVERYWHERE:
            first, second = law.strictest(one, other), law.strictest(other, one)
            for column in law.COLUMNS:
                assert getattr(first, column.name) == getattr(second, column.name)
