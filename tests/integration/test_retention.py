"""Law 10: numbers and bodies are erased in time, decisions later, in bounded steps."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.exceptions import ProviderRejected
from saleor_sms_plugin.models import Message, SendAttempt, ShopEvent
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import retention, working
from tests.integration.stage import RUN, Stage

CREATED, STAFF = "order_created", "staff_order_created"


@pytest.fixture
def sent(stage: Stage) -> Stage:
    """One order was told to its buyer and to two of staff."""
    stage.configure(CREATED, STAFF, staff_numbers="+48501000001, +48501000002")
    stage.happen(CREATED, stage.order())
    stage.run()
    assert [row[1] for row in stage.rows] == ["sent"] * 3
    return stage


def forget(stage: Stage) -> None:
    working.forget(stage.ports, stage.clock.now() + RUN)


def test_numbers_and_bodies_are_erased(sent: Stage) -> None:
    """After 90 days no number and no text is left, of two texts to staff neither."""
    sent.clock.move(days=90)
    forget(sent)
    assert Message.objects.filter(recipient="").count() == 0

    sent.clock.move(seconds=1)
    forget(sent)

    assert list(Message.objects.values_list("recipient", "body", "detail")) == [("", "", "")] * 3
    assert [row[1] for row in sent.rows] == ["sent"] * 3
    assert SendAttempt.objects.count() == 3


def test_the_channel_says_how_long(sent: Stage) -> None:
    """``retention_days`` in Advanced; a channel that is gone keeps no longer than the others."""
    sent.configure(CREATED, advanced="retention_days = 7")
    sent.clock.move(days=7, seconds=1)

    forget(sent)

    assert Message.objects.exclude(recipient="").count() == 0


def test_what_the_provider_said_of_a_person_is_erased(stage: Stage) -> None:
    """The words of a refusal can hold a number: they go with the number."""
    stage.configure(CREATED)
    MemoryProvider.script(ProviderRejected("+48512345678 is not in service", code="9"))
    stage.happen(CREATED, stage.order())
    stage.run()
    stage.clock.move(days=91)

    forget(stage)

    assert SendAttempt.objects.get().detail == ""
    assert SendAttempt.objects.get().code == "9"
    assert Message.objects.get().why == "The provider refused this message."


def test_what_waits_is_kept(stage: Stage) -> None:
    """A text that is not decided keeps its number."""
    stage.configure(CREATED, sender_id="")
    stage.happen(CREATED, stage.order())
    stage.run()
    stage.clock.move(days=91)

    forget(stage)

    assert Message.objects.get().recipient != ""


def test_decisions_go_after_400_days(sent: Stage) -> None:
    """Event, messages and attempts are gone a day after the 400th, and not before."""
    sent.clock.move(days=400)
    forget(sent)
    assert (ShopEvent.objects.count(), Message.objects.count()) == (1, 3)

    sent.clock.move(seconds=1)
    forget(sent)

    counts = (ShopEvent.objects.count(), Message.objects.count(), SendAttempt.objects.count())
    assert counts == (0, 0, 0)


def test_erasing_is_bounded_and_goes_on(sent: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement touches at most ``STEP`` rows; a run ends in time, the next one goes on."""
    monkeypatch.setattr(retention, "STEP", 2)
    sent.clock.move(days=91)

    class Impatient:
        """Time for one step only."""

        looks = 0

        def now(self) -> dt.datetime:
            self.looks += 1
            return sent.clock.now() + dt.timedelta(seconds=3 * (self.looks - 1))

    ports = type(sent.ports)(shop=sent.shop, wake=sent.wake, clock=Impatient())
    assert retention.run(ports, sent.clock.now() + dt.timedelta(seconds=5)) == 2
    assert Message.objects.filter(recipient="").count() == 2

    forget(sent)
    assert Message.objects.filter(recipient="").count() == 3
