"""The plugin has at most half of a worker's slots, so that the shop's own tasks go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from saleor_sms_plugin import tasks, wiring
from saleor_sms_plugin.models import Throttle
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import turns
from tests.integration.stage import Stage

CREATED = "order_created"


@pytest.fixture(autouse=True)
def one_turn() -> Iterator[None]:
    """Other tests find the process as it was."""
    yield
    turns.of_worker(1)


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (2, 1), (3, 1), (4, 2), (9, 4)])
def test_half_of_the_slots_and_at_least_one(stage: Stage, concurrency: int, most: int) -> None:
    """The worker says how many slots it has; the leases in the database hold for all workers."""
    tasks.count_slots(SimpleNamespace(concurrency=concurrency))
    held = [turns.one(stage.ports) for _ in range(most + 1)]

    got = [each.__enter__() for each in held]

    assert got == [True] * most + [False]
    for each in held:
        each.__exit__(None, None, None)
    with turns.one(stage.ports) as ours:
        assert ours


def test_a_turn_left_by_a_killed_worker_is_free_again(stage: Stage) -> None:
    """Its lease ends by the database's clock."""
    with turns.one(stage.ports):
        Throttle.objects.filter(key="turn:1").update(run_until="2026-01-01T00:00:00Z")
        with turns.one(stage.ports) as ours:
            assert ours


def test_a_run_without_a_turn_leaves_the_work_to_those_who_have_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends nothing and nudges nobody; the next run with a turn sends."""
    stage.configure(CREATED)
    stage.happen(CREATED, stage.order())
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    nudges = stage.wake.nudges

    with turns.one(stage.ports):
        tasks.run()
    assert (MemoryProvider.attempts, stage.wake.nudges) == ([], nudges)

    tasks.run()
    assert len(MemoryProvider.attempts) == 1


@pytest.mark.parametrize("task", [tasks.run, tasks.periodic])
@pytest.mark.parametrize(("seconds", "sent", "nudges"), [(0.0, 0, 1), (5.0, 1, 0)])
def test_a_run_nudges_itself_where_it_leaves_something_due(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    task: Callable[[], None],
    seconds: float,
    sent: int,
    nudges: int,
) -> None:
    """Its time was over before a planned text was sent: one nudge; nothing is left: none."""
    stage.configure(CREATED)
    stage.queue(1)
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    monkeypatch.setattr(tasks, "RUN_SECONDS", seconds)
    monkeypatch.setattr(stage.wake, "nudges", 0)

    task()

    assert (len(MemoryProvider.attempts), stage.wake.nudges) == (sent, nudges)
    assert stage.wake.later == []


def test_what_came_while_a_run_ended_has_a_run_of_its_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last look found nothing, then an event was recorded whose nudge found no turn."""
    stage.configure(CREATED)
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)

    def look_then_record(*_: object) -> bool:
        stage.happen(CREATED, stage.order())
        return False

    monkeypatch.setattr(tasks, "_until_nothing_is_left", look_then_record)
    monkeypatch.setattr(stage.wake, "nudges", 0)
    tasks.run()

    assert stage.wake.nudges == 1
