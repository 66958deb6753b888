"""What stands in a storefront's metadata, read without a database."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.domain.boxes import (
    LONGEST,
    Says,
    Statement,
    dated,
    fault,
    look,
    statements,
)
from saleor_sms_plugin.domain.consent import Scope

BEGAN = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SEEN = BEGAN + HOUR


def said(value: str, says: Says = Says.YES, at: dt.datetime | None = None) -> Statement:
    return Statement(scope=Scope.OFFERS, says=says, value=value, at=at)


NO_CART = Statement(scope=Scope.CART_REMINDERS)


def test_metadata_that_names_no_scope_says_nothing() -> None:
    """A wording or a phone alone is no statement."""
    assert look({}, None, {"sms_wording": "Yes", "sms_phone": "1", "color": "red"}) == {}


def test_private_metadata_counts_before_public() -> None:
    """Only the shop writes it; what it does not say is taken from the public one."""
    public = {"sms_offers": "true", "sms_wording": "Yes", "other": "1"}
    assert look(public, {"sms_offers": "false"}) == {"sms_offers": "false", "sms_wording": "Yes"}


@pytest.mark.parametrize("value", ["", None, "   "])
def test_an_emptied_value_is_seen(value: str | None) -> None:
    """A storefront that clears a key writes an empty text; it hides nothing that stands."""
    assert look({"sms_offers": value}) == {"sms_offers": ""}
    assert look({"sms_offers": "true"}, {"sms_offers": value}) == {"sms_offers": "true"}


def test_a_value_of_any_type_and_length_is_taken_as_text() -> None:
    """Whoever writes metadata writes anything."""
    assert look({"sms_offers": True, "sms_wording": "x" * 10_000}) == {
        "sms_offers": "True", "sms_wording": "x" * LONGEST,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", said("true")),
        ("TRUE", said("true")),
        ("False", said("false", Says.NO)),
        ("no", said("no", Says.NO)),
        ("0", said("0", Says.NO)),
        ("OFF", said("off", Says.NO)),
        ("", said("", Says.NOTHING)),
        ("2026-03-02T12:00:00Z", said("2026-03-02T12:00:00Z", at=BEGAN)),
        ("2026-03-02T13:00:00+01:00", said("2026-03-02T13:00:00+01:00", at=BEGAN)),
        ("2026-03-02T12:00:00", said("2026-03-02T12:00:00", at=BEGAN)),
    ],
)
def test_what_a_value_states(value: str, expected: Statement) -> None:
    """Yes, no, or the instant of the act; one without a zone is UTC."""
    assert statements({"sms_offers": value}) == [expected, NO_CART]


@pytest.mark.parametrize("value", ["yes", "1", "02/03/2026", "2026-13-01T00:00:00Z", "\ud83d"])
def test_what_cannot_be_read_is_told(value: str) -> None:
    """By its name, with an example; it is no yes."""
    told, _ = statements({"sms_offers": value})
    assert told.says is Says.NOTHING
    assert told.fault.startswith("sms_offers: “")
    assert told.fault.endswith("such as 2026-03-01T12:00:00Z.")


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        ("", "true", True),
        ("true", "true", False),
        ("true", "TRUE", False),
        ("false", "true", True),
        ("true", "2026-03-02T12:00:00Z", True),
        ("", "false", True),
        ("true", "false", True),
        ("false", "no", False),
        ("true", "", True),
        ("true", "maybe", True),
        ("", "maybe", False),
        ("false", "", False),
    ],
)
def test_what_changed_is_an_act(before: str, now: str, news: bool) -> None:
    """What still stands is none; nothing clear is one where a yes stood."""
    [was, _], [stands, _] = statements({"sms_offers": before}), statements({"sms_offers": now})
    assert stands.is_news(was) is news


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (SEEN + dt.timedelta(minutes=5), False),
        (SEEN + dt.timedelta(minutes=5, seconds=1), True),
        (BEGAN - dt.timedelta(minutes=5), False),
        (BEGAN - dt.timedelta(minutes=5, seconds=1), True),
    ],
)
def test_an_instant_lies_between_the_beginning_and_now(at: dt.datetime, wrong: bool) -> None:
    """Clocks may differ by five minutes."""
    assert bool(fault(said("x", at=at), BEGAN, SEEN)) is wrong


def test_a_customer_may_have_agreed_before_the_account() -> None:
    """Its beginning is no bound."""
    assert fault(said("x", at=BEGAN - 1000 * HOUR), None, SEEN) == ""


@pytest.mark.parametrize(
    ("statement", "changed", "stops", "expected"),
    [
        (said("true"), True, [], SEEN),
        (said("true"), False, [], BEGAN),
        (said("true"), True, [BEGAN], BEGAN),
        (said("true"), True, [BEGAN - HOUR], SEEN),
        (said("x", at=BEGAN + HOUR / 2), True, [SEEN], BEGAN + HOUR / 2),
        (said("x", at=SEEN + HOUR), True, [], SEEN),
    ],
)
def test_when_an_act_was(
    statement: Statement, changed: bool, stops: list[dt.datetime], expected: dt.datetime
) -> None:
    """Undated: when it was seen to change, unless a stop came since it may have stood there."""
    at = dated(statement, not_before=BEGAN, seen_at=SEEN, changed=changed, stops=stops)
    assert at == expected
