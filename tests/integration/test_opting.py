"""Opting out: what is in the ledger holds for what waits and for what a worker holds."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from saleor_sms_plugin.domain.consent import EVERYTHING, Act, Scope
from saleor_sms_plugin.models import ConsentEntry, Message, SendAttempt
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import calls, channels, claims, ledger, plan, preparing
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.services.opting import opt_out

from .stage import RUN, Stage

pytestmark = pytest.mark.django_db(transaction=True)
BUYER = "+48512345678"


@pytest.fixture
def stage() -> Iterator[Stage]:
    MemoryProvider.reset()
    stage = Stage()
    stage.configure("order_created")
    yield stage
    MemoryProvider.reset()


def stop(stage: Stage, *scopes: Scope, act: Act = Act.WITHDRAWN) -> None:
    opt_out([Deed(number=BUYER, scopes=scopes, act=act, source=Source.STAFF)], stage.ports)


@contextmanager
def stopping(stage: Stage) -> Iterator[None]:
    """Inside, a stop of everything is put down and not committed yet; afterwards it is."""
    put_down, go_on = threading.Event(), threading.Event()

    def stop_slowly() -> None:
        try:
            with transaction.atomic():
                stop(stage, *EVERYTHING)
                put_down.set()
                assert go_on.wait(10)
        finally:
            connection.close()

    person = threading.Thread(target=stop_slowly)
    person.start()
    assert put_down.wait(10)
    try:
        yield
    finally:
        go_on.set()
        person.join()


def taken_and_prepared(stage: Stage) -> list[calls.Ready]:
    """What a worker has in its hands that planned, claimed and prepared all that is due."""
    plan.run(stage.ports, stage.clock.now() + RUN)
    known = channels.load(stage.ports)
    return preparing.prepare(claims.take(uuid.uuid4(), stage.ports, known), known, stage.ports)


def test_a_stop_of_everything_ends_order_texts(stage: Stage) -> None:
    """After it no order of the person is texted; each has the reason."""
    stop(stage, *EVERYTHING)
    stage.happen("order_created", stage.order())
    stage.run()
    assert stage.rows == [("order_created", "suppressed", "opted_out")]
    assert stage.bodies == []


def test_a_stop_of_offers_leaves_order_texts(stage: Stage) -> None:
    """They are another scope."""
    stop(stage, Scope.OFFERS, Scope.CART_REMINDERS)
    stage.happen("order_created", stage.order())
    stage.run()
    assert stage.rows == [("order_created", "sent", "")]


def test_an_unclear_stop_holds_until_staff_decide(stage: Stage) -> None:
    """Its reason says so."""
    stop(stage, Scope.SERVICE, act=Act.HELD)
    stage.happen("order_created", stage.order())
    stage.run()
    assert stage.rows == [("order_created", "suppressed", "opt_out_in_review")]


def test_a_text_in_a_workers_hands_does_not_begin_after_the_stop(stage: Stage) -> None:
    """Prepared before the stop was committed, not begun: its attempt row never comes to be."""
    stage.happen("order_created", stage.order())
    plan.run(stage.ports, stage.clock.now() + RUN)
    known = channels.load(stage.ports)
    [message] = claims.take(uuid.uuid4(), stage.ports, known)
    [ready] = preparing.prepare([message], known, stage.ports)
    stop(stage, *EVERYTHING)
    assert calls.begin([ready], stage.ports) == []
    assert stage.rows == [("order_created", "suppressed", "opted_out")]
    assert Message.objects.get().attempts.count() == 0


def test_a_text_planned_while_a_stop_is_put_down_does_not_begin_after_it(stage: Stage) -> None:
    """It was not there when the stop looked for what waits, and was judged before its commit."""
    with stopping(stage):
        stage.happen("order_created", stage.order())
        prepared = taken_and_prepared(stage)

    assert len(prepared) == 1
    assert calls.begin(prepared, stage.ports) == []
    assert stage.rows == [("order_created", "queued", "")]
    assert (Message.objects.get().attempt_count, SendAttempt.objects.count()) == (0, 0)
    stage.run()
    assert stage.rows == [("order_created", "suppressed", "opted_out")]
    assert (stage.bodies, SendAttempt.objects.count()) == ([], 0)


def test_a_text_planned_while_a_stop_is_put_down_may_go_before_it(stage: Stage) -> None:
    """What begins while a stop is not committed has begun before it; the next one does not."""
    with stopping(stage):
        stage.happen("order_created", stage.order("o1"))
        stage.run()
    stage.happen("order_created", stage.order("o2"))
    stage.run()

    assert stage.rows == [
        ("order_created", "sent", ""), ("order_created", "suppressed", "opted_out"),
    ]  # fmt: skip


def test_a_text_to_who_came_back_begins_in_spite_of_old_stops(stage: Stage) -> None:
    """A stop that it was judged by holds no text back."""
    stop(stage, *EVERYTHING)
    stage.clock.move(minutes=1)
    back = Deed(number=BUYER, scopes=EVERYTHING, act=Act.RESTORED, source=Source.STAFF)
    ledger.put([back], stage.ports)
    stage.happen("order_created", stage.order())
    stage.run()
    assert stage.rows == [("order_created", "sent", "")]


def test_a_call_that_began_before_the_stop_keeps_its_outcome(stage: Stage) -> None:
    """The text is on its way; the stop holds for the next one."""
    stage.happen("order_created", stage.order())
    plan.run(stage.ports, stage.clock.now() + RUN)
    known = channels.load(stage.ports)
    [message] = claims.take(uuid.uuid4(), stage.ports, known)
    [ready] = preparing.prepare([message], known, stage.ports)
    [begun] = calls.begin([ready], stage.ports)
    stop(stage, *EVERYTHING)
    calls.end([(begun, calls.ask(begun, stage.ports))], stage.ports)
    assert stage.rows == [("order_created", "sent", "")]


def test_a_deed_told_twice_is_one_entry(stage: Stage) -> None:
    """Its key names it."""
    deed = Deed(
        number=BUYER, scopes=EVERYTHING, act=Act.WITHDRAWN, source=Source.REPLY, key="reply:7"
    )
    for _ in range(2):
        opt_out([deed], stage.ports)
    assert ConsentEntry.objects.count() == 3


def test_the_ledger_is_only_added_to(stage: Stage) -> None:
    """Neither a row nor a set of rows can be changed."""
    stop(stage, Scope.OFFERS)
    entry = ConsentEntry.objects.get()
    entry.scope = Scope.SERVICE
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        ConsentEntry.objects.update(number="")
    assert ConsentEntry.objects.get().scope == Scope.OFFERS
