"""Outcomes are stored in batches: of many answers that came at once as of few."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.models import Message, SendAttempt, Throttle
from saleor_sms_plugin.models import throttle as throttles
from saleor_sms_plugin.services import calls, claims, lease, outcomes
from saleor_sms_plugin.services.calls import Begun, Ending, Ready
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.lease import Lease
from saleor_sms_plugin.services.line import Answer
from saleor_sms_plugin.services.preparing import prepare
from tests.integration.stage import Stage

ACCOUNT = "memory:a"


class FullLine:
    """A line whose calls were all answered meanwhile: nobody was called."""

    in_doubt, is_stuck = False, False

    def __init__(self, count: int) -> None:
        self.in_flight = self.called = count

    @property
    def has_answers(self) -> bool:
        return self.in_flight > 0

    def answer(self, within: float | None = None) -> Answer | None:
        self.in_flight -= 1
        return (self.in_flight, None)  # type: ignore[return-value]


class AnsweredLine(FullLine):
    """A line with these answers."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        super().__init__(len(answers))
        self._answers = list(answers)

    def answer(self, within: float | None = None) -> Answer | None:
        self.in_flight -= 1
        return self._answers.pop(0)


@pytest.fixture
def ready(stage: Stage) -> list[Ready]:
    """Three texts that may go out."""
    stage.configure("order_created", advanced="flood = off")
    stage.queue(3)
    channels = load(stage.ports)
    return prepare(claims.take(uuid.uuid4(), stage.ports, channels), channels, stage.ports)


def kept_of(answers: Sequence[Answer], leased: Lease, stage: Stage) -> outcomes.Outcomes:
    """What may begin knows these answers; none is stored."""
    kept = outcomes.Outcomes(AnsweredLine(answers), leased, stage.ports)  # type: ignore[arg-type]
    assert kept.may_begin() is True
    return kept


def answered(begun: Sequence[Begun], stage: Stage) -> list[Answer]:
    return [(each, calls.ask(each, stage.ports)) for each in begun]


def told() -> tuple[list[str], list[str]]:
    """Of the texts and their attempts, in the order of the calls."""
    attempts = SendAttempt.objects.order_by("pk")
    return (
        [*attempts.values_list("message__status", flat=True)],
        [*attempts.values_list("outcome", flat=True)],
    )


@pytest.fixture
def leased(stage: Stage) -> Lease:
    """The account is this run's."""
    one = Lease(ACCOUNT, stage.ports)
    assert one.take()
    return one


def test_no_more_than_a_batch_is_stored_at_once(
    stage: Stage, leased: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a worker that is killed while it stores leaves no more than a batch in doubt."""
    stored: list[int] = []

    def count(batch: Sequence[object], _: object) -> None:
        stored.extend([len(batch)] if batch else [])

    monkeypatch.setattr(outcomes, "take_back", count)
    kept = outcomes.Outcomes(FullLine(50), leased, stage.ports)  # type: ignore[arg-type]

    assert kept.take_all() is True
    assert stored == [claims.BATCH, claims.BATCH, 10]


def test_a_lease_that_was_lost_is_lost_until_it_is_renewed(stage: Stage, leased: Lease) -> None:
    """What a later, empty look learns does not make it ours again."""
    other = uuid.uuid4()
    Throttle.objects.filter(key=ACCOUNT).update(run=other)
    leased._renew_at = 0.0

    assert leased.learn([]) is False
    assert leased.renew() is False
    assert leased.renew() is False
    assert leased.learn([]) is False

    throttles.release(ACCOUNT, other)
    assert throttles.lease(ACCOUNT, leased.run, lease.LEASED)
    assert leased.renew() is True
    assert leased.learn([]) is True


def test_what_is_kept_is_stored_with_what_begins(
    stage: Stage, leased: Lease, ready: list[Ready]
) -> None:
    """One statement; the other one asks who was stopped. Then nothing is left to store."""
    begun = calls.begin(ready[:2], stage.ports)
    kept = kept_of(answered(begun, stage), leased, stage)
    assert told() == (["sending"] * 2, ["pending"] * 2)

    with CaptureQueriesContext(connection) as statements:
        (third,) = kept.begin(ready[2:])

    assert len(statements) == 2
    assert third.ready is ready[2]
    assert told() == (["sent", "sent", "sending"], ["accepted", "accepted", "pending"])
    with CaptureQueriesContext(connection) as statements:
        assert kept.take_all() is True
    assert len(statements) == 0


def test_what_nobody_was_called_for_waits_again_before_others_begin(
    stage: Stage, leased: Lease, ready: list[Ready]
) -> None:
    """Beside it an answer is stored."""
    first, second = calls.begin(ready[:2], stage.ports)
    kept = kept_of([*answered([first], stage), (second, None)], leased, stage)

    kept.begin(ready[2:])

    assert told() == (["sent", "sending"], ["accepted", "pending"])
    message = Message.objects.get(pk=second.ready.message.pk)
    assert (message.status, message.claim, message.attempt_count) == ("queued", None, 0)


def test_answers_are_stored_where_what_begins_with_them_fails(
    stage: Stage, leased: Lease, ready: list[Ready], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept until they are in the database."""
    begun = calls.begin(ready[:2], stage.ports)
    kept = kept_of(answered(begun, stage), leased, stage)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(calls, "insert_for", fail)
        with pytest.raises(RuntimeError):
            kept.begin(ready[2:])
    assert told() == (["sending"] * 2, ["pending"] * 2)

    assert kept.finish() is False

    assert told() == (["sent"] * 2, ["accepted"] * 2)


def test_texts_begin_with_a_batch_of_outcomes_at_most(
    stage: Stage, leased: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other answers wait in the line, and then are stored by batches as well."""
    stored: list[int] = []

    def count(batch: Sequence[object], _: object) -> None:
        stored.append(len(batch))

    monkeypatch.setattr(outcomes, "take_back", count)
    full = FullLine(50)
    kept = outcomes.Outcomes(full, leased, stage.ports)  # type: ignore[arg-type]

    assert kept.may_begin() is True

    assert (full.in_flight, stored) == (50 - claims.BATCH, [])
    assert kept.take_all() is True
    assert stored[:-1] == [claims.BATCH, claims.BATCH]
    assert sum(stored) == 50


def test_an_account_is_learnt_of_once(
    stage: Stage, leased: Lease, ready: list[Ready], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was learnt before texts began is not learnt again when it is stored."""
    (begun,) = calls.begin(ready[:1], stage.ports)
    learnt: list[int] = []
    learn = leased.learn

    def count(endings: Sequence[Ending]) -> bool:
        learnt.append(len(endings))
        return learn(endings)

    monkeypatch.setattr(leased, "learn", count)
    kept = kept_of(answered([begun], stage), leased, stage)

    kept.begin(ready[1:])
    kept.take_all()

    assert learnt == [1, 0]
