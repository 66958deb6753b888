"""A run that finds nothing to do asks few questions, once; what comes meanwhile is not missed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin import tasks, wiring
from saleor_sms_plugin.domain.reasons import Reason
from saleor_sms_plugin.models import Installation, Message
from saleor_sms_plugin.services import dispatch, working
from saleor_sms_plugin.wake import LINGER
from tests.integration.stage import NOON, RUN, Stage

CREATED = "order_created"
#: its turn, the periodic run's last instant, news, this worker's own instant, the channels, due
#: texts; after ``LINGER`` due texts and news; the turn given back, and news
EMPTY_RUN = 1 + 1 + 1 + 2 + 1 + 2 + 1 + 1


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


@pytest.mark.parametrize("behind", [0.0, 0.9])
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


def test_another_installations_texts_are_never_due(shop: Stage) -> None:
    """A copied database makes no worker nudge itself without end."""
    shop.queue(2)
    Installation.objects.update(identity="another")

    assert shop.run() is False

    held = Message.objects.filter(status="held", reason=Reason.OTHER_INSTALLATION)
    assert held.count() == 2
    assert working.is_due(shop.ports) is False
    assert working.work(shop.ports, NOON - RUN) is False
