"""What a storefront writes about consent on a checkout or a customer, and what it states.

A storefront writes ``true``, ``false``, or better the instant of the act, under the names of
``SCOPES``, and beside them what the person read, so that the consent can be proved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .consent import Scope

#: name in the metadata → what it is about
SCOPES: Mapping[str, Scope] = {
    "sms_offers": Scope.OFFERS,
    "sms_cart_reminders": Scope.CART_REMINDERS,
}
WORDING, LANGUAGE, PHONE, IP = "sms_wording", "sms_language", "sms_phone", "sms_ip"
LONGEST = 2_000  #: characters of one value that are kept
CLOCKS_DIFFER = dt.timedelta(minutes=5)  #: the storefront's and ours


def look(*metadata: Mapping[str, object] | None) -> dict[str, str]:
    """What these say about consent, the later of them before the earlier; {} where no scope
    is named."""
    seen = {
        name: text
        for each in metadata
        for name in (*SCOPES, WORDING, LANGUAGE, PHONE, IP)
        if each and (text := _text(each.get(name)))
    }
    return seen if seen.keys() & SCOPES.keys() else {}


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()[:LONGEST]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What stands there about one scope."""

    scope: Scope
    given: bool  #: False: the box is not ticked
    value: str  #: as it stands there
    at: dt.datetime | None  #: of the act; None where the storefront did not say


def statements(values: Mapping[str, str]) -> Iterator[Statement | str]:
    """One for each scope named; what is wrong with it, for people, where it cannot be read."""
    for name, scope in SCOPES.items():
        if not (value := values.get(name, "")):
            continue
        if value.lower() in ("true", "false"):
            yield Statement(
                scope=scope, given=value.lower() == "true", value=value.lower(), at=None
            )
            continue
        try:
            at = dt.datetime.fromisoformat(value)
        except ValueError:
            yield (
                f"{name}: “{value[:40]}” is neither true nor false nor an instant. Write the "
                "instant of the act, such as 2026-03-01T12:00:00Z."
            )
            continue
        at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
        yield Statement(scope=scope, given=True, value=value, at=at)


def fault(statement: Statement, since: dt.datetime | None, now: dt.datetime) -> str:
    """Why the instant of the act cannot be right, "" where it can. ``since`` is when what it
    stands on began, None where an act may be older than that."""
    if statement.at is None:
        return ""
    if statement.at > now + CLOCKS_DIFFER:
        return f"{statement.scope}: {statement.value} lies in the future."
    if since and statement.at < since - CLOCKS_DIFFER:
        return (
            f"{statement.scope}: {statement.value} lies before the checkout was begun "
            f"({since:%Y-%m-%dT%H:%M:%SZ})."
        )
    return ""


def dated(
    statement: Statement,
    *,
    since: dt.datetime,
    seen_at: dt.datetime,
    changed: bool,
    stops: Iterable[dt.datetime],
) -> dt.datetime:
    """When the act was: as the storefront says, else no later than what stands there proves.

    An undated permission may have stood there since that began: it is dated so where nobody saw
    it change, and where a stop came since. An undated "no" counts from when it was seen.
    """
    if statement.at is not None:
        return min(statement.at, seen_at)
    if not statement.given:
        return seen_at
    if not changed or any(stop >= since for stop in stops):
        return since
    return seen_at
