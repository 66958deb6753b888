"""Several workers at once on one database, and a database that goes away."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection, connections

from saleor_sms_plugin.models import Message, SendAttempt
from saleor_sms_plugin.models.many import Update
from saleor_sms_plugin.providers import OutboundMessage, SendResult
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import calls, claims, dispatch, plan, rules, working
from saleor_sms_plugin.services.channels import load
from tests.integration.stage import NOON, RUN, Stage, together
from tests.servers import PostgresServer
from tests.settings import database

CREATED = "order_created"


@pytest.fixture
def shop(committed_stage: Stage) -> Stage:
    committed_stage.configure(CREATED, advanced="flood = off")
    return committed_stage


def test_two_planners_make_one_set_of_texts(shop: Stage) -> None:
    """Four workers plan the same thirty orders: thirty texts, one for each event."""
    shop.place(30)

    together(*[lambda: plan.run(shop.ports, NOON + RUN)] * 4)

    plan.run(shop.ports, NOON + RUN)
    assert Message.objects.count() == 30
    assert Message.objects.values("event").distinct().count() == 30


def test_an_order_that_is_being_planned_is_left_alone(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one worker plans an order another one leaves it, and does not wait."""
    shop.place(1)
    inside, go_on = threading.Event(), threading.Event()
    honest = rules.decide

    def slow(*case: Any) -> Any:
        inside.set()
        assert go_on.wait(10)
        return honest(*case)

    monkeypatch.setattr(rules, "decide", slow)
    first = threading.Thread(target=together, args=(lambda: plan.run(shop.ports, NOON + RUN),))
    first.start()
    assert inside.wait(10)

    left = plan.run(shop.ports, NOON + RUN)
    go_on.set()
    first.join()

    assert left == 0
    assert Message.objects.count() == 1


def test_two_dispatchers_call_once_for_each_text(shop: Stage) -> None:
    """Four workers over a hundred texts: a hundred calls, a hundred references."""
    shop.queue(100)

    together(*[lambda: dispatch.run(shop.ports, NOON + RUN)] * 4)

    assert len(MemoryProvider.attempts) == 100
    assert len({m.reference for m in MemoryProvider.attempts}) == 100
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 100}
    assert SendAttempt.objects.filter(outcome="accepted", number=1).count() == 100


def test_claims_do_not_meet(shop: Stage) -> None:
    """Two claims at once share no text and lose none."""
    shop.queue(30)
    taken: list[list[int]] = []

    def take() -> None:
        channels = load(shop.ports)
        taken.append([m.pk for m in claims.take(uuid.uuid4(), shop.ports, channels)])

    together(take, take)
    take()

    assert sorted(pk for each in taken for pk in each) == sorted(
        Message.objects.values_list("pk", flat=True)
    )


def test_two_workers_keep_to_one_numbers_limit(committed_stage: Stage) -> None:
    """Four workers at once: still three texts in ten minutes to the one number."""
    committed_stage.configure(CREATED)
    committed_stage.queue(80)

    together(*[lambda: dispatch.run(committed_stage.ports, NOON + RUN)] * 4)

    assert len(MemoryProvider.attempts) == 3
    assert Message.objects.filter(reason="number_flood").count() == 77


def test_whole_runs_at_once_send_once(shop: Stage) -> None:
    """Hooks record while three workers plan, send and clean up."""

    def work() -> None:
        for _ in range(8):
            working.work(shop.ports, NOON + RUN)

    together(lambda: shop.place(40), work, work, work)
    shop.run()

    assert len(MemoryProvider.attempts) == 40
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 40}


# The database goes away


def test_an_answer_outlives_a_lost_connection(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is cut between the call and its answer: stored once, sent once."""

    def send_and_cut(provider: MemoryProvider, message: OutboundMessage) -> SendResult:
        provider.attempts.append(message)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        other = connections.create_connection("default")
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()
        return SendResult(("m-1",))

    monkeypatch.setattr(MemoryProvider, "send", send_and_cut)
    shop.place(1)

    shop.run()

    assert shop.rows == [(CREATED, "sent", "")]
    assert SendAttempt.objects.get().provider_message_ids == ["m-1"]
    assert len(MemoryProvider.attempts) == 1


@pytest.mark.slow
def test_an_answer_outlives_a_restarted_database(
    own_postgres: PostgresServer, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL is killed during the call and comes back: the answer is stored, once."""
    killed = threading.Event()
    found: list[object] = []
    accept = MemoryProvider.send

    def send_and_kill(provider: MemoryProvider, message: OutboundMessage) -> SendResult:
        if not provider.outbox:
            own_postgres.kill()
            killed.set()
        return accept(provider, message)

    def play() -> None:
        call_command("migrate", verbosity=0)
        stage = Stage()
        stage.configure(CREATED)
        stage.place(1)
        try:
            stage.run()
        except (OperationalError, InterfaceError):
            connection.close()  # the run may end; what was answered is stored before
        found.extend([stage.rows, SendAttempt.objects.filter(outcome="accepted").count()])
        connection.close()

    monkeypatch.setattr(MemoryProvider, "send", send_and_kill)
    # A thread has its own connection, made from these settings.
    ours = {**connections.settings["default"], **database(own_postgres.url())}
    monkeypatch.setitem(connections.settings, "default", ours)
    with django_db_blocker.unblock():
        worker = threading.Thread(target=play)
        worker.start()
        assert killed.wait(60)
        own_postgres.start()
        worker.join()

    assert found == [[(CREATED, "sent", "")], 1]
    assert len(MemoryProvider.attempts) == 1


def test_an_answer_without_a_database_is_an_unknown_outcome(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database stays away too long: the run ends, and the text is never sent again."""

    def away(answers: Sequence[object], _: object) -> Sequence[Update]:
        if answers:
            raise OperationalError("server closed the connection unexpectedly")
        return []

    monkeypatch.setattr(calls, "DATABASE_BACK", 0.0)
    monkeypatch.setattr(calls, "_updates_of", away)
    shop.place(1)
    with pytest.raises(OperationalError):
        shop.run()
    monkeypatch.undo()

    shop.later(seconds=46)
    shop.later(minutes=30)

    assert shop.rows == [(CREATED, "outcome_unknown", "worker_died")]
    assert len(MemoryProvider.attempts) == 1
