"""The columns of the table as an owner reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..consent import Basis
from .hours import has_calendar
from .rule import (
    CountsAs,
    DoubleOptIn,
    Links,
    Rule,
    SenderNames,
    SoftOptIn,
    StopScope,
)
from .table import CALENDARS
from .week import parse_week, show_week


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: what it says, how its value is written, and how it is read.

    ``parse`` takes the text and the row to be changed; it raises ``ValueError`` whose message
    says how to write the value.
    """

    name: str  #: the attribute of ``Rule``
    meaning: str
    parse: Callable[[str, Rule], Any]
    show: Callable[[Any], str] = str

    def of(self, rule: Rule) -> str:
        """The rule's value as it is written."""
        return self.show(getattr(rule, self.name))


def _member(*members: StrEnum) -> Callable[[str, Rule], StrEnum]:
    known = {member.value: member for member in members}

    def parse(text: str, row: Rule) -> StrEnum:
        if (member := known.get(text.lower())) is not None:
            return member
        raise ValueError(f"“{text[:40]}” will not do. Write {' or '.join(known)}.")

    return parse


_basis = _member(Basis.EXPRESS, Basis.EXPRESS_WRITTEN)


def _yes_or_no(text: str, row: Rule) -> bool:
    if (said := text.lower()) in ("yes", "no"):
        return said == "yes"
    raise ValueError(f"“{text[:40]}” will not do. Write yes or no.")


def _show_yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _soft_opt_in(text: str, row: Rule) -> SoftOptIn:
    if text.lower() == SoftOptIn.NEVER or not _yes_or_no(text, row):
        return SoftOptIn.NEVER
    if row.soft_opt_in is SoftOptIn.NEVER:
        raise ValueError(f"there is no soft opt-in in {row.place}; nobody can sign it off.")
    return SoftOptIn.SIGNED_OFF


def _holidays(text: str, row: Rule) -> frozenset[str]:
    if not _yes_or_no(text, row):
        return frozenset()
    country = row.place.partition("-")[0]
    calendar = CALENDARS.get(country, country)
    if not has_calendar(calendar):
        raise ValueError(
            f"the holidays of {country} are not known. Write a country's, such as "
            "rule.DE.holidays = yes"
        )
    return frozenset({calendar})


def _show_holidays(value: frozenset[str]) -> str:
    return "yes" if value else "no"


def _number(unit: str, highest: int, suffix: str) -> Callable[[str, Rule], int | None]:
    """A whole number from 1 on; "off" for none, where the suffix allows it."""

    def parse(text: str, row: Rule) -> int | None:
        said = text.lower()
        if said == "off":
            return None
        found = re.fullmatch(rf"([0-9]{{1,4}}){suffix}", said)
        if found and 1 <= int(found[1]) <= highest:
            return int(found[1])
        raise ValueError(f"“{text[:40]}” will not do. Write {unit}, or off.")

    return parse


def _shown(suffix: str) -> Callable[[int | None], str]:
    return lambda value: "off" if value is None else f"{value}{suffix}"


def _days(text: str, row: Rule) -> int:
    if re.fullmatch(r"[0-9]{1,2}", text) and 1 <= int(text) <= 30:
        return int(text)
    raise ValueError(f"“{text[:40]}” will not do. Write working days from 1 to 30, such as 5.")


COLUMNS: tuple[Column, ...] = (
    Column(name="hours", parse=lambda text, row: parse_week(text, row.hours), show=show_week,
           meaning="when offers go out, in the customer's time"),
    Column(name="holidays", parse=_holidays, show=_show_holidays,
           meaning="no offers on public holidays"),
    Column(name="cap", parse=_number("at most so many a day, such as 2/day", 100, r"\s*/\s*day"),
           show=_shown("/day"), meaning="most offers to one number within 24 hours"),
    Column(name="consent", parse=_basis, meaning="the consent that offers need"),
    Column(name="cart_consent", parse=_basis,
           meaning="the consent that reminders of carts need"),
    Column(name="double_opt_in", parse=_member(*DoubleOptIn),
           meaning="whether consent to offers is confirmed from the phone"),
    Column(name="cart_double_opt_in", parse=_member(*DoubleOptIn),
           meaning="the same for reminders of carts"),
    Column(name="soft_opt_in", parse=_soft_opt_in,
           meaning="offers to own customers who did not ask for them"),
    Column(name="cart_texts", parse=_number("most reminders, such as 1", 3, ""),
           show=_shown(""), meaning="most reminders of one cart"),
    Column(name="cart_within", parse=_number("hours, such as 48h", 168, r"\s*h"),
           show=_shown("h"), meaning="how long after it was left behind"),
    Column(name="stop_scope", parse=_member(*StopScope), meaning="what a STOP ends"),
    Column(name="cancel_words", parse=_yes_or_no, show=_show_yes_or_no,
           meaning="CANCEL, END, QUIT and their kin count as STOP"),
    Column(name="review_working_days", parse=_days,
           meaning="working days until an unclear wish to stop must be answered"),
    Column(name="footer_first_text", parse=_yes_or_no, show=_show_yes_or_no,
           meaning="the first text to a number says how to stop them"),
    Column(name="requires_opt_out_code", parse=_yes_or_no, show=_show_yes_or_no,
           meaning="no offers without the provider's STOP number"),
    Column(name="carrier_confirms_stop", parse=_yes_or_no, show=_show_yes_or_no,
           meaning="the carrier confirms a STOP, so the shop does not"),
    Column(name="links", parse=_member(*Links), meaning="what networks do to links"),
    Column(name="sender_names", parse=_member(*SenderNames),
           meaning="whether the sender may be a name"),
    Column(name="checkout_payment_failed", parse=_member(*CountsAs),
           meaning="what word of a failed payment counts as while there is no order"),
)  # fmt: skip

BY_NAME = {column.name: column for column in COLUMNS}
