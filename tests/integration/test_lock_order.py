"""Who stores many rows locks them in the order of their keys, as whoever else locks many does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction

from saleor_sms_plugin.models import Message, SendAttempt
from saleor_sms_plugin.models.many import Update, update_all, update_many
from saleor_sms_plugin.services import calls, channels, claims, plan, preparing
from tests.integration.stage import NOON, RUN, Stage

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 200


def test_rows_are_locked_in_the_order_of_their_keys() -> None:
    """While another transaction holds the first row, none of the further ones is locked.

    The table's own order is another one, as its first half was written again, and is the order
    in which PostgreSQL finds the rows, as it does where its statistics favour that.
    """
    rows = _texts()
    with transaction.atomic():
        Message.objects.select_for_update().get(pk=rows[0].pk)
        store = _stored_behind_us(rows)
        free = Message.objects.select_for_update(skip_locked=True).values_list("pk", flat=True)
        further = [row.pk for row in rows[1:]]
        assert sorted(free.filter(pk__in=further)) == further
    store.join()

    assert Message.objects.filter(body="new").count() == COUNT


def test_a_row_that_changes_while_it_is_waited_for_is_left_as_it_is() -> None:
    """The guards hold for the row as it is when its lock is granted."""
    rows = _texts()
    with transaction.atomic():
        Message.objects.filter(pk=rows[0].pk).update(claim=uuid4())
        store = _stored_behind_us(rows)
    store.join()

    kept = Message.objects.exclude(body="new")
    assert [row.pk for row in kept] == [rows[0].pk]


def test_what_a_row_was_given_while_it_was_waited_for_stays() -> None:
    """Where the guards still hold, the columns go to the row as it is by then."""
    rows = _texts()
    with transaction.atomic():
        Message.objects.filter(pk=rows[0].pk).update(detail="meanwhile")
        store = _stored_behind_us(rows)
    store.join()

    assert Message.objects.filter(body="new").count() == COUNT
    assert Message.objects.get(detail="meanwhile").pk == rows[0].pk


def test_rows_of_several_updates_are_locked_in_the_order_of_their_keys() -> None:
    """Whatever each of them makes of its rows: the third waits for the second, which is ours."""
    first, second, third = _texts()[:3]
    updates = Update([first, third], ["body"]), Update([second], ["detail"])
    with transaction.atomic():
        Message.objects.select_for_update().get(pk=second.pk)
        store = _behind_us(lambda: update_all(*updates))
        free = Message.objects.select_for_update(skip_locked=True)
        assert free.filter(pk=third.pk).count() == 1
    store.join()


def test_an_outcome_is_stored_message_first(committed_stage: Stage) -> None:
    """As whoever frees a dead worker's text does: its attempt waits for its message."""
    stage = committed_stage
    stage.configure("order_created", advanced="flood = off")
    begun = calls.begin(_prepared(stage, "o1"), stage.ports)
    answers = [(each, calls.ask(each, stage.ports)) for each in begun]
    with transaction.atomic():
        Message.objects.select_for_update().get()
        store = _behind_us(lambda: calls.end(answers, stage.ports))
        assert SendAttempt.objects.select_for_update(skip_locked=True).count() == 1
    store.join()

    assert stage.rows == [("order_created", "sent", "")]


def test_a_text_begins_in_spite_of_a_deadlock(committed_stage: Stage) -> None:
    """A transaction that ends texts of two people, the later one's first, crosses two that
    begin: what PostgreSQL gives up of the two is tried again."""
    stage = committed_stage
    stage.configure("order_created", advanced="flood = off")
    ready = _prepared(stage, "o1", "o2")
    begun: list[calls.Begun] = []
    first, second = Message.objects.order_by("pk")
    with transaction.atomic(), connection.cursor() as cursor:
        # Who waits longer gives up: it is not to be us.
        cursor.execute("SET LOCAL deadlock_timeout = '20s'")
        Message.objects.select_for_update().get(pk=second.pk)
        begin = _behind_us(lambda: begun.extend(calls.begin(ready, stage.ports)))
        Message.objects.select_for_update().get(pk=first.pk)
    begin.join()

    assert [each.ready.message.pk for each in begun] == [first.pk, second.pk]
    assert [each.attempt.number for each in begun] == [1, 1]
    assert SendAttempt.objects.count() == 2


def _prepared(stage: Stage, *names: str) -> list[calls.Ready]:
    """Texts of these orders in a worker's hands."""
    for name in names:
        stage.happen("order_created", stage.order(name))
    plan.run(stage.ports, stage.clock.now() + RUN)
    known = channels.load(stage.ports)
    taken = claims.take(uuid4(), stage.ports, known)
    return preparing.prepare(taken, known, stage.ports)


def _texts() -> list[Message]:
    rows = Message.objects.bulk_create(
        Message(
            event_name="test", purpose="transactional", priority=1, recipient=f"+4851{number:07}",
            status="sending", claim=uuid4(), due_at=NOON, not_before=NOON, expires_at=NOON,
            created_at=NOON,
        )
        for number in range(COUNT)
    )  # fmt: skip
    Message.objects.filter(pk__in=[row.pk for row in rows[: COUNT // 2]]).update(body="again")
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Message._meta.db_table}")
    return rows


def _stored_behind_us(rows: list[Message]) -> threading.Thread:
    """Somebody else stores the rows, and waits for this transaction to end."""

    def store() -> None:
        for row in rows:
            row.body = "new"
        with connection.cursor() as cursor:
            cursor.execute("SET enable_indexscan = off")
        update_many(rows, ["body"], same=["claim"], status_in=["sending"])

    return _behind_us(store)


def _behind_us(work: Callable[[], object]) -> threading.Thread:
    """Somebody else is at work, and waits for this transaction to end."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    while not _waits_for_us():
        assert thread.is_alive()
        time.sleep(0.01)
    return thread


def _waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
