"""Many rows in one statement, each with values of its own."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.models import Message, SendAttempt
from saleor_sms_plugin.models.many import insert_many, update_many
from tests.integration.stage import NOON

pytestmark = pytest.mark.django_db


def texts(count: int, status: str = "sending") -> list[Message]:
    """Rows to different numbers, the newest first."""
    made = Message.objects.bulk_create(
        Message(
            event_name="test", purpose="transactional", priority=1, recipient=f"+4851{number:07}",
            status=status, claim=uuid4(), due_at=NOON, not_before=NOON, expires_at=NOON,
            created_at=NOON,
        )
        for number in range(count)
    )  # fmt: skip
    return made[::-1]


def test_each_row_has_its_own_values() -> None:
    """One statement stores every row as its instance holds it, whatever it holds."""
    rows = texts(3)
    for number, row in enumerate(rows):
        row.body, row.says = f"“{number}” \\ %s 🎉", {"n": [number, None]}

    with CaptureQueriesContext(connection) as statements:
        stored = update_many(rows, ["body", "says"])

    assert len(statements) == 1
    assert stored == {row.pk for row in rows}
    assert {m.pk: (m.body, m.says) for m in Message.objects.all()} == {
        row.pk: (row.body, row.says) for row in rows
    }


def test_a_row_that_changed_meanwhile_is_left_as_it_is() -> None:
    """The fence: another claim, or a status that is not among those allowed."""
    claimed_anew, ended, ours = rows = texts(3)
    Message.objects.filter(pk=claimed_anew.pk).update(claim=uuid4())
    Message.objects.filter(pk=ended.pk).update(status="delivered")
    for row in rows:
        row.body = "new"

    stored = update_many(rows, ["body"], same=["claim"], status_in=["sending", "queued"])

    assert stored == {ours.pk}
    assert [m.pk for m in Message.objects.filter(body="new")] == [ours.pk]


def test_a_row_whose_text_is_filled_by_now_is_left_as_it_is() -> None:
    """``empty``: only where nobody was first."""
    placed, ours = rows = texts(2)
    Message.objects.filter(pk=placed.pk).update(order_id="o1")
    for row in rows:
        row.order_id, row.body = "o2", "new"

    stored = update_many(rows, ["order_id", "body"], empty=["order_id", "checkout_id"])

    assert stored == {ours.pk}
    assert [m.order_id for m in Message.objects.order_by("order_id")] == ["o1", "o2"]


def test_new_rows_have_their_keys() -> None:
    """Each instance has the key of the row with its own values."""
    attempts = [
        SendAttempt(message=text, number=1, provider="memory", started_at=NOON) for text in texts(3)
    ]

    with CaptureQueriesContext(connection) as statements:
        insert_many(attempts)

    assert len(statements) == 1
    assert [SendAttempt.objects.get(pk=each.pk).message_id for each in attempts] == [
        each.message_id for each in attempts
    ]
    assert not any(each._state.adding for each in attempts)


def test_nothing_is_no_statement() -> None:
    """No rows, no round trip."""
    with CaptureQueriesContext(connection) as statements:
        assert update_many([], ["body"]) == set()
        insert_many([])

    assert len(statements) == 0
