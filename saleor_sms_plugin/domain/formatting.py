"""Money and dates as the reader writes them (CLDR, through Babel), in letters that cost little."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from .segments import clean, fold, is_gsm7

if TYPE_CHECKING:
    from babel import Locale

DATE_LENGTHS = ("short", "medium", "long", "full")

_LARGEST = Decimal(10) ** 15


def format_money(amount: Decimal, currency: str, locale: str) -> str:
    """*amount* (major units) with its currency, as *locale* writes it, in GSM-7 letters.

    Spaces are plain ones. A currency without a sign in GSM-7 is written as its ISO
    code behind the number: "1 299,90 PLN". *locale* is a code such as "pl" or
    "pt-br"; one that is not known falls back to its language, then to English.
    ``ValueError`` for an amount that is not a number below 10^15.
    """
    from babel.numbers import format_currency, get_currency_symbol

    if not amount.is_finite() or abs(amount) >= _LARGEST:
        raise ValueError("The amount is not a number that money can be.")
    code = currency.strip().upper()
    where = _locale(locale)
    sign = clean(get_currency_symbol(code, where))
    if sign != code and " " not in sign and is_gsm7(sign):
        written = fold(format_currency(amount, code, locale=where))
        if is_gsm7(written):
            return written
    return f"{_number(amount, code, where)} {code}".strip()


def _number(amount: Decimal, code: str, where: Locale) -> str:
    """The amount with the currency's usual number of decimals."""
    from babel.numbers import format_decimal, get_currency_precision

    decimals = "0" * get_currency_precision(code)
    pattern = f"#,##0.{decimals}" if decimals else "#,##0"
    written = fold(format_decimal(amount, pattern, locale=where))
    return written if is_gsm7(written) else f"{amount:f}"


def format_date(moment: dt.datetime | dt.date, pattern: str, locale: str) -> str:
    """The date as *locale* writes it: "short", "medium", "long", "full", or a CLDR pattern.

    In the moment's own time zone; spaces are plain ones. ``ValueError`` for a wrong pattern.
    https://www.unicode.org/reports/tr35/tr35-dates.html#Date_Field_Symbol_Table
    """
    from babel.dates import format_date as date_of_length
    from babel.dates import format_datetime

    where = _locale(locale)
    if pattern in DATE_LENGTHS:
        return clean(date_of_length(moment, pattern, where))
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time(), tzinfo=dt.UTC)
    try:
        if "%" in pattern:  # strftime's way, which would print its letters as fields
            raise ValueError
        return clean(format_datetime(moment, pattern, tzinfo=moment.tzinfo, locale=where))
    except (KeyError, ValueError, AttributeError) as error:
        raise ValueError(
            f"“{pattern[:40]}” is not a way to write a date. Use short, medium, long, full, "
            "or a pattern such as d MMM HH:mm."
        ) from error


@lru_cache(maxsize=256)
def _locale(code: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    tried = code.strip().replace("_", "-")
    while tried:
        try:
            return Locale.parse(tried, sep="-")
        except (UnknownLocaleError, ValueError):
            tried = tried.rpartition("-")[0]
    return Locale.parse("en")
