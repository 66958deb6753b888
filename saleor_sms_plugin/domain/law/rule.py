"""What a rule says: one value per column, and which of two values is the stricter one.

The members of each enumeration stand from the laxest to the strictest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import Any

from ..consent import Basis
from .week import Week, both


class SenderNames(StrEnum):
    """Whether a text may come from a name instead of a number."""

    YES = "yes"
    REGISTERED = "registered"  #: once somebody registered it
    NO = "no"


class Links(StrEnum):
    """What a country's networks do to a text with a link of ours."""

    ALLOWED = "allowed"
    NO_REDIRECT = "no_redirect"  #: links that lead on to another address are blocked
    WHITELISTED = "whitelisted"  #: only addresses that were registered pass
    ONE_SEGMENT = "one_segment"  #: a longer text must do without
    NEVER = "never"


class StopScope(StrEnum):
    """What a STOP ends."""

    AS_ASKED = "as_asked"  #: offers where it answers an offer, else all
    EVERYTHING = "everything"


class DoubleOptIn(StrEnum):
    """Whether a consent counts only once it was confirmed from the phone itself."""

    OPTIONAL = "optional"
    DEFAULT = "default"  #: unless the shop switches it off
    REQUIRED = "required"


class SoftOptIn(StrEnum):
    """Whether a customer may get offers of similar things without having asked for them."""

    SIGNED_OFF = "yes"  #: somebody of the shop took the responsibility
    ON_SIGN_OFF = "on_sign_off"
    NEVER = "never"


class CountsAs(StrEnum):
    """What a text is for the law."""

    SERVICE = "service"
    MARKETING = "marketing"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The law of one place, or the stricter of several."""

    place: str  #: "US", "US-TX", "default"; "PL+US" for the stricter of two
    name: str
    note: str  #: for a shop's owner: what is behind the columns, and what is only caution
    sources: tuple[str, ...]
    checked: dt.date  #: the last review

    sender_names: SenderNames
    links: Links
    stop_scope: StopScope
    cancel_words: bool  #: CANCEL, END, QUIT and their kin end the texts, too
    consent: Basis  #: what an offer rests on at least
    cart_consent: Basis
    double_opt_in: DoubleOptIn
    cart_double_opt_in: DoubleOptIn
    soft_opt_in: SoftOptIn  #: for offers; there is none for reminders of carts
    hours: Week
    holidays: frozenset[str]  #: calendars on whose public holidays nothing goes out: "FR-57"
    cap: int | None  #: offers to one number within 24 hours
    cart_texts: int | None  #: reminders of one abandoned cart
    cart_within: int | None  #: hours after which a cart is not spoken of any more
    footer_first_text: bool  #: the first text to a number says how to stop them
    carrier_confirms_stop: bool  #: then we do not
    checkout_payment_failed: CountsAs  #: a failed payment while there is no order
    review_working_days: int  #: until an unclear wish to stop must be answered
    requires_opt_out_code: bool  #: no offer without the provider's STOP number in the text


def _later_member(one: StrEnum, other: StrEnum) -> StrEnum:
    members = list(type(one))
    return max(one, other, key=members.index)


def _least(one: int | None, other: int | None) -> int | None:
    given = [each for each in (one, other) if each is not None]
    return min(given, default=None)


def _either(one: bool, other: bool) -> bool:
    return one or other


def _union(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    return one | other


#: Column → the strictest value that two values ask for together.
STRICTEST: Mapping[str, Callable[[Any, Any], Any]] = {
    "sender_names": _later_member,
    "links": _later_member,
    "stop_scope": _later_member,
    "cancel_words": _either,
    "consent": _later_member,
    "cart_consent": _later_member,
    "double_opt_in": _later_member,
    "cart_double_opt_in": _later_member,
    "soft_opt_in": _later_member,
    "hours": both,
    "holidays": _union,
    "cap": _least,
    "cart_texts": _least,
    "cart_within": _least,
    "footer_first_text": _either,
    "carrier_confirms_stop": _either,
    "checkout_payment_failed": _later_member,
    "review_working_days": _least,
    "requires_opt_out_code": _either,
}


def strictest(first: Rule, *others: Rule) -> Rule:
    """The rule that keeps all of these."""
    return reduce(_both, others, first)


def _both(one: Rule, other: Rule) -> Rule:
    if one == other:
        return one
    values = {
        column: choose(getattr(one, column), getattr(other, column))
        for column, choose in STRICTEST.items()
    }
    return replace(
        one,
        place=f"{one.place}+{other.place}",
        name=f"{one.name} and {other.name}",
        note=f"{one.note} {other.note}",
        sources=tuple(dict.fromkeys(one.sources + other.sources)),
        checked=min(one.checked, other.checked),
        **values,
    )
