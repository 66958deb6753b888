"""Outcomes are stored in batches: of many answers that came at once as of few."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest

from saleor_sms_plugin.models import Throttle
from saleor_sms_plugin.models import throttle as throttles
from saleor_sms_plugin.services import claims, lease, outcomes
from saleor_sms_plugin.services.lease import Lease
from saleor_sms_plugin.services.line import Answer
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
