"""What acts come to: one scope, one channel, the last act that counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations

import pytest

from saleor_sms_plugin.domain.consent import (
    Act,
    Basis,
    Entry,
    Scope,
    Standing,
    ended_by,
    standing,
)

START = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
HERE, ELSEWHERE = 1, 2
SENDER = "+12125552368"


def acts(*told: Act, scope: Scope = Scope.OFFERS, channel_id: int | None = HERE) -> list[Entry]:
    """These acts, a minute apart."""
    return [
        Entry(
            id=place, scope=scope, act=act, basis=Basis.EXPRESS, channel_id=channel_id,
            at=START + dt.timedelta(minutes=place), sender_id=SENDER,
        )
        for place, act in enumerate(told)
    ]  # fmt: skip


def read(entries: list[Entry], channel_id: int = HERE, sender: str = SENDER) -> Standing:
    return standing(entries, Scope.OFFERS, channel_id, sender)


def may(where: Standing) -> tuple[bool, bool]:
    """(a permission that holds, with its second step)"""
    return bool(where.given and not where.stopped), bool(where.confirmed and not where.stopped)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((), (False, False)),
        ((Act.GIVEN,), (True, False)),
        ((Act.GIVEN, Act.CONFIRMED), (True, True)),
        ((Act.CONFIRMED,), (False, False)),
        ((Act.GIVEN, Act.WITHDRAWN), (False, False)),
        ((Act.GIVEN, Act.HELD), (False, False)),
        ((Act.GIVEN, Act.CONFIRMED, Act.WITHDRAWN, Act.RESTORED), (True, True)),
        ((Act.WITHDRAWN, Act.RESTORED), (False, False)),
        ((Act.GIVEN, Act.CONFIRMED, Act.WITHDRAWN, Act.GIVEN), (True, False)),
        ((Act.GIVEN, Act.WITHDRAWN, Act.CONFIRMED), (False, False)),
        ((Act.GIVEN, Act.CONFIRMED, Act.GIVEN), (True, True)),
        ((Act.WITHDRAWN, Act.GIVEN), (True, False)),
    ],
)
def test_the_last_act_that_counts_holds(told: tuple[Act, ...], expected: tuple[bool, bool]) -> None:
    """Acts add up to one standing."""
    assert may(read(acts(*told))) == expected


def test_the_order_of_storing_does_not_matter() -> None:
    """Times decide, not rows."""
    told = acts(Act.GIVEN, Act.CONFIRMED, Act.WITHDRAWN, Act.GIVEN)
    assert {may(read(list(order))) for order in permutations(told)} == {(True, False)}


def test_of_one_instant_the_stop_counts() -> None:
    """A box and a stop of one second: the stop holds."""
    given, stop = acts(Act.GIVEN, Act.WITHDRAWN)
    together = replace(stop, at=given.at)
    assert may(read([together, given])) == (False, False)


def test_a_permission_belongs_to_its_channel() -> None:
    """Given here, nothing is given elsewhere; given everywhere, it is given here."""
    assert may(read(acts(Act.GIVEN, channel_id=ELSEWHERE))) == (False, False)
    assert may(read(acts(Act.GIVEN, channel_id=None))) == (True, False)


def test_a_stop_holds_wherever_its_sender_sends() -> None:
    """The person answered the sender; which channel it was they do not know."""
    stop = acts(Act.WITHDRAWN, channel_id=ELSEWHERE)
    assert read(stop).stopped is not None
    assert read(stop, sender="Acme").stopped is None


def test_scopes_do_not_mix() -> None:
    """Stopping order texts leaves offers, a box for offers leaves order texts stopped."""
    stop = acts(Act.WITHDRAWN, scope=Scope.SERVICE)
    assert may(read([*acts(Act.GIVEN), *stop])) == (True, False)
    later = [*stop, *acts(Act.CONFIRMED, Act.GIVEN)]
    assert standing(later, Scope.SERVICE, HERE, SENDER).stopped is not None


@pytest.mark.parametrize(
    ("told", "which", "ended"),
    [
        ((Act.WITHDRAWN,), {0}, True),
        ((Act.WITHDRAWN, Act.WITHDRAWN), {1}, False),  # it was stopped before
        ((Act.WITHDRAWN, Act.WITHDRAWN), {0, 1}, True),
        ((Act.WITHDRAWN, Act.RESTORED, Act.WITHDRAWN), {2}, True),
        ((Act.WITHDRAWN, Act.RESTORED), {0}, False),  # nothing is stopped
        ((Act.HELD, Act.WITHDRAWN), {0}, False),
        ((Act.GIVEN, Act.HELD), {1}, True),
        ((), set(), False),
    ],
)
def test_what_an_act_ended(told: tuple[Act, ...], which: set[int], ended: bool) -> None:
    """What is stopped with these acts and would not be without them; of other scopes nothing."""
    scopes = (Scope.OFFERS,) if ended else ()
    assert ended_by(which, acts(*told), HERE, SENDER) == scopes
    assert ended_by(which, acts(*told), ELSEWHERE, SENDER) == scopes
    assert ended_by(which, acts(*told), ELSEWHERE, "Acme") == ()


@pytest.mark.parametrize(
    ("told", "which"),
    [
        ((Act.WITHDRAWN, Act.HELD), 0),
        ((Act.HELD, Act.WITHDRAWN), 1),
        ((Act.WITHDRAWN, Act.HELD, Act.WITHDRAWN), 2),
        ((Act.HELD, Act.HELD), 1),
        ((Act.WITHDRAWN, Act.RESTORED, Act.HELD), 2),
    ],
)
def test_a_hold_makes_no_stop_for_good_one_in_review(told: tuple[Act, ...], which: int) -> None:
    """The last stop counts, but a hold where there is no more than holds."""
    stop = read(acts(*told)).stopped
    assert stop is not None
    assert stop.id == which


def test_a_hold_ends_a_wish_that_waits_for_its_yes() -> None:
    """Also where a stop for good goes on counting."""
    told = acts(Act.WITHDRAWN, Act.GIVEN, Act.HELD, Act.CONFIRMED)
    told[1] = replace(told[1], source="checkout")
    assert may(read(told)) == (False, False)


@pytest.mark.parametrize("stop", [Act.WITHDRAWN, Act.HELD])
@pytest.mark.parametrize("source", ["reply", "page", "staff", "import", "storefront"])
@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (((Act.GIVEN, "checkout"),), (False, False)),
        (((Act.GIVEN, "customer"), (Act.GIVEN, "storefront")), (False, False)),
        (((Act.GIVEN, "checkout"), (Act.WITHDRAWN, "checkout"), (Act.GIVEN, "checkout")),
         (False, False)),
        (((Act.GIVEN, "checkout"), (Act.WITHDRAWN, "checkout"), (Act.CONFIRMED, "reply")),
         (False, False)),
        (((Act.CONFIRMED, "reply"),), (False, False)),
        (((Act.GIVEN, "checkout"), (Act.CONFIRMED, "reply")), (True, True)),
        (((Act.GIVEN, "checkout"), (Act.RESTORED, "reply")), (True, False)),
        (((Act.GIVEN, "staff"),), (True, False)),
        (((Act.GIVEN, "import"),), (True, False)),
    ],
)  # fmt: skip
def test_a_stop_from_the_phone_is_undone_from_the_phone_or_with_proof(
    stop: Act, source: str, after: tuple[tuple[Act, str], ...], expected: tuple[bool, bool]
) -> None:
    """A box that anyone can tick waits for its confirmation."""
    told = [(Act.GIVEN, "checkout"), (stop, source), *after]
    entries = [
        replace(entry, source=source)
        for entry, (_, source) in zip(acts(*(act for act, _ in told)), told, strict=True)
    ]
    assert may(read(entries)) == expected


def test_what_a_confirmation_would_be_of() -> None:
    """The permission without its second step; after a stop from the phone the box ticked since."""
    first, stop, again, yes = acts(Act.GIVEN, Act.WITHDRAWN, Act.GIVEN, Act.CONFIRMED)
    first, again = replace(first, source="checkout"), replace(again, source="checkout")
    stop = replace(stop, source="reply")
    told = [first, stop, again, yes]
    pending = [read(told[:count]).pending for count in range(5)]
    assert pending == [None, first, None, again, None]


@pytest.mark.parametrize(
    ("scope", "stop", "box", "lifted"),
    [
        (Scope.OFFERS, "checkout", "checkout", True),
        (Scope.OFFERS, "customer", "customer", True),
        (Scope.OFFERS, "checkout", "customer", False),
        (Scope.OFFERS, "storefront", "storefront", False),  # of whose account nobody knows
        (Scope.SERVICE, "checkout", "checkout", False),
        (Scope.SERVICE, "checkout", "staff", True),
    ],
)
def test_an_unticked_box_is_ticked_again_where_it_was_unticked(
    scope: Scope, stop: str, box: str, lifted: bool
) -> None:
    """Never for order texts, and never from a storefront's form: whose number it is is unproved."""
    told = acts(Act.WITHDRAWN, Act.GIVEN, scope=scope)
    entries = [replace(each, source=at) for each, at in zip(told, (stop, box), strict=True)]
    where = standing(entries, scope, HERE, SENDER)
    assert (where.stopped is None, where.waiting is None) == (lifted, lifted)


@pytest.mark.parametrize(
    ("stops", "account", "lifted"),
    [
        (["7"], "7", True),
        (["7"], "8", False),
        (["7", "8"], "7", False),
        ([""], "7", False),  # of who was forgotten: whose account it was is not known any more
    ],
)
def test_an_account_undoes_its_own_no_alone(stops: list[str], account: str, lifted: bool) -> None:
    """Anyone can open another one with a stranger's number."""
    told = acts(*[Act.WITHDRAWN] * len(stops), Act.GIVEN)
    entries = [
        replace(each, source="customer", account=by)
        for each, by in zip(told, [*stops, account], strict=True)
    ]
    where = read(entries)
    assert (where.stopped is None, where.waiting is None) == (lifted, lifted)
