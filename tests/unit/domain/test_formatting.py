"""Money and dates: in the reader's form, in GSM-7."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from saleor_sms_plugin.domain.formatting import format_date, format_money
from saleor_sms_plugin.domain.segments import is_gsm7

LOCALES = (
    "en en-gb pl de de-ch de-at it fr fr-ca es pt pt-br nl sv da nb fi et lv lt cs sk hu ro bg "
    "el hr sl sr uk ru tr he ar fa hi th ja ko zh-hans zh-hant vi id"
)
CURRENCIES = "EUR USD GBP PLN CZK HUF RON BGN TRY UAH RUB CHF SEK JPY KRW INR ILS AED XOF BTC"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        ("1299.90", "PLN", "pl", "1 299,90 PLN"),
        ("1299.90", "EUR", "pl", "1 299,90 €"),
        ("1299.90", "CZK", "cs", "1 299,90 CZK"),
        ("1299.90", "TRY", "tr", "1.299,90 TRY"),
        ("1299.90", "UAH", "uk", "1 299,90 UAH"),
        ("1299.90", "CHF", "de-ch", "1'299.90 CHF"),
        ("1299.90", "EUR", "fr", "1 299,90 €"),
        ("1299.90", "GBP", "en-gb", "£1,299.90"),
        ("1299.90", "USD", "en", "$1,299.90"),
        ("1299.9", "BRL", "pt_BR", "R$ 1.299,90"),
        ("1299.90", "PLN", "en", "1,299.90 PLN"),
        ("1300", "JPY", "en", "¥1,300"),
        ("1300", "JPY", "ja", "1,300 JPY"),
        ("-5.50", "PLN", "sv", "-5,50 PLN"),
        ("5", "EUR", "xx-yy", "€5.00"),
        ("5", "EUR", "", "€5.00"),
        ("5", "eur", "de-xx", "5,00 €"),
        ("5.25", "", "en", "5.25"),
    ],
)
def test_money(amount: str, currency: str, locale: str, text: str) -> None:
    """As the locale writes it; a sign that GSM-7 has not becomes the ISO code."""
    assert format_money(Decimal(amount), currency, locale) == text


def test_money_is_gsm7_everywhere() -> None:
    """No currency in no language turns a text into UCS-2."""
    dear = {
        (locale, currency)
        for locale in LOCALES.split()
        for currency in CURRENCIES.split()
        if not is_gsm7(format_money(Decimal("-1299.90"), currency, locale))
    }
    assert dear == set()


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+15", "-1E+999"])
def test_what_is_no_money(amount: str) -> None:
    """An amount no shop can mean is refused before it is written out."""
    with pytest.raises(ValueError, match="not a number that money can be"):
        format_money(Decimal(amount), "EUR", "en")


def test_dates_stay_in_their_own_zone() -> None:
    """The date printed is the date of the moment's own time zone."""
    moment = dt.datetime(2026, 10, 1, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert format_date(moment, "medium", "en") == "Oct 1, 2026"
    assert format_date(moment, "d MMM HH:mm", "pl") == "1 paź 23:30"
    assert format_date(dt.date(2026, 10, 1), "long", "de") == "1. Oktober 2026"
    assert format_date(dt.date(2026, 10, 1), "dd.MM.", "de") == "01.10."


@pytest.mark.parametrize("pattern", ["QQQQQQQ", "%d.%m.%Y"])
def test_a_wrong_pattern_says_how_to_write_one(pattern: str) -> None:
    """Also the pattern of other systems, which would print nonsense."""
    with pytest.raises(ValueError, match="such as d MMM HH:mm"):
        format_date(dt.date(2026, 10, 1), pattern, "en")
