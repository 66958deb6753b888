"""Outcomes are stored in batches: of many answers that came at once as of few."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.exceptions import ProviderThrottled
from saleor_sms_plugin.models import Message, SendAttempt, Throttle
from saleor_sms_plugin.models import throttle as throttles
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import calls, caps, claims, health, lease, ledger, outcomes
from saleor_sms_plugin.services.calls import Begun, Ending, Ready
from saleor_sms_plugin.services.caps import Bounds
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


@pytest.mark.parametrize("state", ["uncalled", "refused", "slow", "slowed", "failing", "probing"])
def test_what_teaches_is_stored_and_learnt_before_others_begin(
    stage: Stage, leased: Lease, ready: list[Ready], state: str
) -> None:
    """Only where all is well do outcomes wait for what begins next."""
    first, second = calls.begin(ready[:2], stage.ports)
    (answer,) = answered([first], stage)
    ending: Ending | None = Ending(outcome=calls.Outcome.ACCEPTED, status=MessageStatus.SENT)
    if state == "uncalled":
        ending = None
    if state == "refused":
        MemoryProvider.script(ProviderThrottled("No.", provider="memory"))
        ending = calls.ask(second, stage.ports)
    if state == "slow":
        ending = replace(calls.ask(second, stage.ports), seconds=health.TOO_SLOW)
    if state == "slowed":
        leased.throttle.slowdown = 2.0
    if state == "failing":
        leased.throttle.failures = 1
    if state == "probing":
        leased.throttle.closed_since = stage.clock.now()
    kept = kept_of([answer, (second, ending)], leased, stage)

    stored, _ = told()

    assert stored[0] == "sent"
    message = Message.objects.get(pk=second.ready.message.pk)
    assert message.status == ("queued" if state in ("uncalled", "refused") else "sent")
    with CaptureQueriesContext(connection) as statements:
        assert kept.take_all() is True
    assert len(statements) == 0


def test_outcomes_count_before_texts_with_bounds_begin(
    stage: Stage, leased: Lease, ready: list[Ready], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that was refused uses up no budget: it is stored before others are counted."""
    begun = calls.begin(ready[:2], stage.ports)
    kept = kept_of(answered(begun, stage), leased, stage)
    counted: list[tuple[list[str], list[str]]] = []
    refusals = caps.refusals

    def count(bounded: Sequence[tuple[Message, Bounds]], ports: Ports) -> caps.Refusals:
        counted.append(told())
        return refusals(bounded, ports)

    monkeypatch.setattr(caps, "refusals", count)

    bounds = Bounds(caps=(caps.Cap(count=9, seconds=60, says="nine"),))
    kept.begin([replace(each, bounds=bounds) for each in ready[2:]])

    assert counted == [(["sent", "sent"], ["accepted", "accepted"])]


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
    """All answers that came are taken; what is more than a batch is stored by batches before."""
    accepted = Ending(outcome=calls.Outcome.ACCEPTED, status=MessageStatus.SENT)
    stored: list[int] = []

    def count(answers: Sequence[object], _: object) -> None:
        stored.append(len(answers))

    monkeypatch.setattr(outcomes, "end", count)
    kept = kept_of([(None, accepted)] * 45, leased, stage)  # type: ignore[list-item]
    assert stored == [claims.BATCH, claims.BATCH]

    assert kept.take_all() is True

    assert stored == [claims.BATCH, claims.BATCH, 5]


def test_an_account_learns_of_each_answer_once(
    stage: Stage, leased: Lease, ready: list[Ready], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those that are stored with what begins."""
    begun = calls.begin(ready[:2], stage.ports)
    learnt: list[int] = []
    learn = leased.learn

    def count(endings: Sequence[Ending]) -> bool:
        learnt.append(len(endings))
        return learn(endings)

    monkeypatch.setattr(leased, "learn", count)
    kept = kept_of(answered(begun, stage), leased, stage)

    kept.begin(ready[2:])
    kept.take_all()

    assert learnt == [0, 2, 0]


def test_an_outcome_is_told_of_once(
    stage: Stage, leased: Lease, ready: list[Ready], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Also where the database goes away between what began and who was stopped since: what is
    stored then is stored again."""
    caplog.set_level(logging.INFO, calls.logger.name)
    begun = calls.begin(ready[:2], stage.ports)
    kept = kept_of(answered(begun, stage), leased, stage)

    def fail(_: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ledger, "stops_of", fail)
        with pytest.raises(RuntimeError):
            kept.begin(ready[2:])
    kept.finish()

    assert told() == (["sent", "sent", "sending"], ["accepted", "accepted", "pending"])
    lines = [each for each in caplog.records if getattr(each, "action", "") == "message_sent"]
    assert len(lines) == 2
