"""Who stores many rows locks them in the order of their keys, as whoever else locks many does."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection, transaction

from saleor_sms_plugin.models import Message
from saleor_sms_plugin.models.many import update_many
from tests.integration.stage import NOON

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
    store = threading.Thread(target=_store, args=(rows,))
    store.start()
    while not _waits_for_us():
        assert store.is_alive()
        time.sleep(0.01)
    return store


def _store(rows: list[Message]) -> None:
    try:
        for row in rows:
            row.body = "new"
        with connection.cursor() as cursor:
            cursor.execute("SET enable_indexscan = off")
        update_many(rows, ["body"], same=["claim"], status_in=["sending"])
    finally:
        connection.close()


def _waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
