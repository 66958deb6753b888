"""A run that finds nothing to do asks few questions, once; what comes meanwhile, or soon, is not
missed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin import tasks, wiring
from saleor_sms_plugin.domain.reasons import Reason
from saleor_sms_plugin.models import Installation, Message, ShopEvent
from saleor_sms_plugin.services import claims, dispatch, working
from saleor_sms_plugin.wake import LINGER
from tests.integration.stage import NOON, RUN, Stage

CREATED = "order_created"
#: its turn, the periodic run's last instant, news, this worker's own instant, due texts; after
#: ``LINGER`` due texts and news; the turn given back, news, and news that come soon
EMPTY_RUN = 1 + 1 + 1 + 2 + 1 + 2 + 1 + 1 + 1


@pytest.fixture
def shop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The plugin sends this event, and its tasks serve this shop."""
    stage.configure(CREATED)
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    working.keep_house(stage.ports)
    tasks.run()
    return stage


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    """When texts were looked for."""
    made: list[dt.datetime] = []
    look = dispatch.run

    def counted(ports: object, until: dt.datetime, *others: object) -> int:
        made.append(until)
        return look(ports, until, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(dispatch, "run", counted)
    return made


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """This happens while the run lingers."""

    def happens(what: Callable[[], object]) -> None:
        monkeypatch.setattr(time, "sleep", lambda seconds: what() if seconds == LINGER else None)

    return happens


def test_an_empty_run_asks_few_questions(shop: Stage) -> None:
    """No table of news is looked at by itself, and no account is leased."""
    with CaptureQueriesContext(connection) as asked:
        tasks.run()

    assert len(asked) == EMPTY_RUN


def test_texts_that_may_not_go_are_looked_for_once(shop: Stage, looks: list[dt.datetime]) -> None:
    """They were due when the run began: it does not look again for them after ``LINGER``."""
    shop.configure(CREATED, advanced="rate = 0")
    shop.queue(3)
    shop.clock.move(minutes=2)

    tasks.run()

    assert len(looks) == 1
    assert shop.bodies == []


@pytest.mark.parametrize("behind", [0.0, 50.0])
def test_a_text_written_while_the_run_lingers_is_sent(
    shop: Stage, meanwhile: Callable[[Callable[[], object]], None], behind: float
) -> None:
    """Also by a machine whose clock is behind this one's."""

    def write() -> None:
        shop.queue(1)
        Message.objects.update(not_before=NOON - dt.timedelta(seconds=behind))

    meanwhile(write)

    tasks.run()

    assert len(shop.bodies) == 1


def test_another_installations_texts_make_nobody_nudge_without_end(shop: Stage) -> None:
    """A run on a copied database whose time is over does not ask to go on."""
    shop.queue(2)
    Installation.objects.update(identity="another")
    shop.run()

    assert working.work(shop.ports, NOON - RUN) is False

    held = Message.objects.filter(status="held", reason=Reason.OTHER_INSTALLATION)
    assert held.count() == 2


def test_texts_held_for_another_installation_go_on_where_it_was_none(shop: Stage) -> None:
    """Its identity is what it was: a run whose time is over asks to go on, and the next sends."""
    identity = Installation.objects.get().identity
    shop.queue(2)
    Installation.objects.update(identity="another")
    shop.run()
    Installation.objects.update(identity=identity)

    assert working.work(shop.ports, NOON - RUN) is True

    shop.run()
    assert len(shop.bodies) == 2


def test_orphans_end_in_one_run(shop: Stage) -> None:
    """The texts of a channel that is gone, however many, wait for no further run."""
    shop.queue(50)
    shop.clock.move(minutes=2)
    shop.shop.channels.clear()

    tasks.run()

    assert Message.objects.filter(reason=Reason.CHANNEL_GONE).count() == 50


def test_what_falls_due_soon_is_not_left_to_the_periodic_run(shop: Stage) -> None:
    """Recorded by a machine whose clock is ahead, too; a run comes back no sooner than needed."""
    shop.happen(CREATED, shop.order())
    ShopEvent.objects.update(plan_at=NOON + dt.timedelta(seconds=4))
    shop.wake.later.clear()

    tasks.run()

    (seconds,) = shop.wake.later
    assert 3.0 < seconds <= 4.0
    assert shop.bodies == []


def test_a_run_comes_back_for_what_is_due_at_once_after_a_second(shop: Stage) -> None:
    """Events that fall due one after another share runs."""
    shop.happen(CREATED, shop.order())
    ShopEvent.objects.update(plan_at=NOON + dt.timedelta(seconds=0.5))
    shop.wake.later.clear()

    tasks.run()

    assert shop.wake.later == [tasks.LEAST_WAIT]


def test_nothing_soon_leaves_the_rest_to_the_periodic_run(shop: Stage) -> None:
    """What falls due later than the next periodic run is no reason to come back."""
    shop.happen(CREATED, shop.order())
    ShopEvent.objects.update(plan_at=NOON + dt.timedelta(minutes=1))
    shop.wake.later.clear()

    tasks.run()

    assert shop.wake.later == []


def test_workers_share_the_databases_clock(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run on a machine an hour ahead, or behind, has the time that all others have."""
    ports = replace(stage.ports, clock=wiring.SystemClock())
    monkeypatch.setattr(wiring, "ports", lambda: ports)
    right = dt.datetime.now(dt.UTC)
    hour = dt.timedelta(hours=1)

    for wrong in (right - hour, right + hour):
        monkeypatch.setattr(wiring.SystemClock, "now", lambda self, wrong=wrong: wrong)
        assert abs(wiring.ports_of_run().clock.now() - right) < hour / 2


def test_orphans_leave_the_run_to_the_living(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many texts a channel that is gone has left, those of the others go out meanwhile."""
    other = 2
    shop.configure(CREATED, channel_id=other)
    shop.queue(100, other)
    shop.clock.move(minutes=2)
    del shop.shop.channels[other]
    shop.queue(1)
    taken = claims.take_orphans

    def slow(*of: object) -> list[Message]:
        shop.clock.move(seconds=0.2)
        return taken(*of)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "take_orphans", slow)

    dispatch.run(shop.ports, shop.clock.now() + RUN)

    assert len(shop.bodies) == 1
    assert Message.objects.filter(reason=Reason.CHANNEL_GONE).count() == 60
