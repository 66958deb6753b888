"""What a storefront writes about consent on a checkout or a customer, and what it states.

A storefront writes ``true``, ``false``, or better the instant of the act, under the names of
``SCOPES``, and beside them what the person read, so that the consent can be proved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .consent import Scope

#: name in the metadata → what it is about
SCOPES: Mapping[str, Scope] = {
    "sms_offers": Scope.OFFERS,
    "sms_cart_reminders": Scope.CART_REMINDERS,
}
WORDING, LANGUAGE, PHONE, IP = "sms_wording", "sms_language", "sms_phone", "sms_ip"
LONGEST = 2_000  #: characters of one value that are kept
YES, NOES = "true", ("false", "no", "0", "off")
_MEND = "Write when the box was ticked, in UTC."
CLOCKS_DIFFER = dt.timedelta(minutes=5)  #: the storefront's and ours


def look(*metadata: Mapping[str, object] | None) -> dict[str, str]:
    """What these say about consent, the later of them before the earlier; {} where no scope
    is named. A scope whose value was emptied is named."""
    seen: dict[str, str] = {}
    for each in metadata:
        for name in (*SCOPES, WORDING, LANGUAGE, PHONE, IP):
            if not each or name not in each:
                continue
            if text := _text(each[name]):
                seen[name] = text
            elif name in SCOPES:
                seen.setdefault(name, "")
    return seen if seen.keys() & SCOPES.keys() else {}


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()[:LONGEST]


class Says(StrEnum):
    """What stands there comes to; whatever is not clearly a yes is none."""

    YES = "yes"
    NO = "no"
    NOTHING = "nothing"  #: no such key, an empty value, or one that cannot be read


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What stands there about one scope."""

    scope: Scope
    says: Says = Says.NOTHING
    value: str = ""  #: as it stands there
    at: dt.datetime | None = None  #: of the act; None where the storefront did not say
    fault: str = ""  #: for people: why it cannot be read

    @property
    def given(self) -> bool:
        return self.says is Says.YES

    def is_news(self, before: Statement) -> bool:
        """It is an act, where ``before`` stood there last: what still stands is none."""
        match self.says:
            case Says.YES:
                return self.value != before.value
            case Says.NO:
                return before.says is not Says.NO
            case _:
                return before.given


def statements(values: Mapping[str, str]) -> list[Statement]:
    """One for each scope, in the order of ``SCOPES``."""
    return [_statement(name, scope, values.get(name, "")) for name, scope in SCOPES.items()]


def _statement(name: str, scope: Scope, value: str) -> Statement:
    word = value.lower()
    if not value:
        return Statement(scope=scope)
    if word == YES:
        return Statement(scope=scope, says=Says.YES, value=word)
    if word in NOES:
        return Statement(scope=scope, says=Says.NO, value=word)
    try:
        at = dt.datetime.fromisoformat(value)
    except ValueError:
        fault = (
            f"{name}: “{_excerpt(value)}” is neither true nor false nor an instant. Write the "
            "instant of the act, such as 2026-03-01T12:00:00Z."
        )
        return Statement(scope=scope, value=value, fault=fault)
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return Statement(scope=scope, says=Says.YES, value=value, at=at)


def _excerpt(value: str) -> str:
    """Its beginning, in one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in value[:40]).split())


def fault(statement: Statement, since: dt.datetime | None, now: dt.datetime) -> str:
    """Why the instant of the act cannot be right, "" where it can. ``since`` is when what it
    stands on began, None where an act may be older than that."""
    if statement.at is None:
        return ""
    if statement.at > now + CLOCKS_DIFFER:
        return f"{statement.scope}: {statement.value} lies in the future. {_MEND}"
    if since and statement.at < since - CLOCKS_DIFFER:
        return (
            f"{statement.scope}: {statement.value} lies before the checkout was begun "
            f"({since:%Y-%m-%dT%H:%M:%SZ}). {_MEND}"
        )
    return ""


def dated(
    statement: Statement,
    *,
    not_before: dt.datetime,
    seen_at: dt.datetime,
    changed: bool,
    stops: Iterable[dt.datetime],
) -> dt.datetime:
    """When a permission counts from: as the storefront says, else no later than what stands there
    proves.

    An undated one may have stood there since ``not_before``: it counts from then where nobody
    saw it change, and where a stop came since.
    """
    if statement.at is not None:
        return min(statement.at, seen_at)
    if not changed or any(stop >= not_before for stop in stops):
        return not_before
    return seen_at
