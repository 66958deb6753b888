"""The table at work: offers wait for the hours of their reader's place, shops change them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain.law import ROWS
from saleor_sms_plugin.models import Message
from saleor_sms_plugin.ports import Address, Checkout
from tests.integration.stage import CHANNEL, Stage, only

CART = "checkout_abandoned"
TEXAN = Address(phone="+12125552368", country="US", country_area="TX", postal_code="75001")
FRENCH = Address(phone="+33612345678", country="FR", postal_code="75001")
SPANISH = Address(phone="+34612345678", country="ES", postal_code="28001")
TEST_NUMBERS = f"{TEXAN.phone}, {FRENCH.phone}, {SPANISH.phone}"
SUNDAY = dt.datetime(2026, 3, 8, 12, tzinfo=dt.UTC)


def utc(*when: int) -> dt.datetime:
    return dt.datetime(*when, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


def left_behind(stage: Stage, at: dt.datetime, billing: Address, advanced: str = "") -> Message:
    """The reminder of a cart whose hour is over at this instant."""
    stage.clock.move(seconds=(at - stage.clock.now()).total_seconds() - 3660)
    stage.shop.zones[CHANNEL] = frozenset({"FR", "US", "ES"})
    stage.configure(
        CART, test_numbers=TEST_NUMBERS, storefront_url="https://shop.example.com",
        sender_id="+447700900123", advanced=f"night = off\n{advanced}",
    )  # fmt: skip
    stage.clock.move(minutes=1)
    values: dict[str, Any] = {
        "id": "c1", "channel_id": CHANNEL, "channel_slug": "channel-1", "language": "en",
        "created_at": stage.clock.now(), "currency": "EUR", "total": Decimal("99.90"),
        "item_count": 1, "billing": billing, "shipping": billing, "lines": "aaaa",
        "first_item": "Blue hoodie",
    }  # fmt: skip
    stage.shop.changed["c1"] = stage.clock.now()
    stage.shop.put_checkout(Checkout(**values))
    stage.later(hours=1)
    return only(CART)


def test_texas_sunday_before_noon_waits(stage: Stage) -> None:
    """11:00 in Dallas waits for 12:00; the address says Texas, the number says New York."""
    reminder = left_behind(stage, utc(2026, 3, 8, 16), TEXAN)
    assert (reminder.status, reminder.reason) == ("held", "night")
    assert reminder.not_before == utc(2026, 3, 8, 17)

    stage.at(utc(2026, 3, 8, 17))
    assert stage.rows == [(CART, "sent", "")]


def test_texas_monday_morning_goes_at_once(stage: Stage) -> None:
    """10:00 in Dallas, though Hawaii sleeps: the address tells the zone."""
    assert left_behind(stage, utc(2026, 3, 9, 15), TEXAN).status == "sent"


def test_hours_are_those_of_the_address_where_the_number_is_of_another_country(
    stage: Stage,
) -> None:
    """The rule is that of both countries, in the time of the address: 15:00 in Paris goes at once,
    though it is 4:00 in Hawaii, where an American number may be from."""
    reminder = left_behind(stage, utc(2026, 3, 10, 14), replace(FRENCH, phone=TEXAN.phone))
    assert (reminder.status, reminder.reason) == ("sent", "")


def test_france_sunday_is_too_late_for_a_cart_of_saturday(stage: Stage) -> None:
    """Left behind on Saturday evening, it may go on Monday; a day is all a reminder has."""
    reminder = left_behind(stage, utc(2026, 3, 7, 18), FRENCH)
    assert (reminder.status, reminder.reason) == ("expired", "expired")
    assert reminder.detail == "It may go from 2026-03-09 08:00 UTC on, too late for this text."
    assert stage.bodies == []


def test_what_waits_at_the_door_keeps_the_hours_as_they_are_then(stage: Stage) -> None:
    """A shop that closes while a text waits holds it longer."""
    left_behind(stage, utc(2026, 3, 9, 5), SPANISH)
    assert only(CART).not_before == utc(2026, 3, 9, 8)
    stage.configure(
        CART, test_numbers=TEST_NUMBERS, storefront_url="https://shop.example.com",
        sender_id="+447700900123", advanced="rule.ES.hours = 11:00-18:00",
    )  # fmt: skip

    stage.at(utc(2026, 3, 9, 8))
    assert (only(CART).status, only(CART).not_before) == ("held", utc(2026, 3, 9, 10))
    stage.at(utc(2026, 3, 9, 10))
    assert only(CART).status == "sent"


def test_a_signed_sunday_opens(stage: Stage) -> None:
    """What somebody of the shop signs holds."""
    line = "rule.ES.hours = Mon-Sun 10-18, signed off by Anna Nowak 2026-11-20"
    assert left_behind(stage, SUNDAY, SPANISH, line).status == "sent"


def test_the_owners_night_comes_on_top(stage: Stage) -> None:
    """The law opens at 09:00, the owner's night ends at 10:30."""
    reminder = left_behind(stage, utc(2026, 3, 9, 7), SPANISH)
    assert reminder.not_before == utc(2026, 3, 9, 8)
    stage.configure(CART, test_numbers=TEST_NUMBERS, advanced="night = 19:00-10:30",
                    storefront_url="https://shop.example.com")  # fmt: skip
    stage.at(utc(2026, 3, 9, 8))
    assert only(CART).not_before == utc(2026, 3, 9, 9, 30)


@pytest.fixture
def _commands(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)


@pytest.mark.usefixtures("_commands")
def test_the_rules_are_printed(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """All places in short; one place in full, as the channel changed it."""
    stage.configure(advanced="rule.US-TX.cap = 2/day\nrule.US.cart_within = 24h")
    call_command("sms_rules")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == [*ROWS, "default"]
    assert lines[5].split() == [
        "US-TX", "Texas", "off", "no", "never", "1", "allowed", "no",
        "Mon-Sat", "09:00-20:00,", "Sun", "12:00-20:00",
    ]  # fmt: skip

    call_command("sms_rules", "us-texas", "--channel", "channel-1")
    words = capsys.readouterr().out
    assert "  cap = 2/day" in words
    assert "    changed by the shop; the table says off" in words
    assert "  cart_within = 24h" in words
    assert "https://springboardlegal.com/texas-text-message-marketing" in words

    call_command("sms_rules", "FR", "--json")
    row = json.loads(capsys.readouterr().out)
    assert (row["place"], row["columns"]["holidays"], row["changed"]) == ("FR", "yes", {})


@pytest.mark.usefixtures("_commands")
@pytest.mark.parametrize("place", ["XX", "US-Nowhere"])
def test_a_place_that_is_none_is_told(stage: Stage, place: str) -> None:
    """The message says how a place is written."""
    with pytest.raises(CommandError, match=r"is not a country code|is no state of US"):
        call_command("sms_rules", place)
