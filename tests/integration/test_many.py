"""Many rows in one statement, each with values of its own."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.models import Message, SendAttempt
from saleor_sms_plugin.models.many import Update, insert_for, update_all, update_many
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


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_nothing_is_the_same_as_nothing(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that holds no value, as its instance does, has not changed."""
    taken, free = rows = texts(2)
    Message.objects.filter(pk=free.pk).update(claim=None)
    for row in rows:
        row.claim, row.body = None, "new"
    monkeypatch.setattr(connection, "vendor", vendor)

    assert update_many(rows, ["body"], same=["claim"]) == {free.pk}
    assert Message.objects.get(pk=taken.pk).body == ""


def test_a_row_whose_text_is_filled_by_now_is_left_as_it_is() -> None:
    """``empty``: only where nobody was first."""
    placed, ours = rows = texts(2)
    Message.objects.filter(pk=placed.pk).update(order_id="o1")
    for row in rows:
        row.order_id, row.body = "o2", "new"

    stored = update_many(rows, ["order_id", "body"], empty=["order_id", "checkout_id"])

    assert stored == {ours.pk}
    assert [m.order_id for m in Message.objects.order_by("order_id")] == ["o1", "o2"]


def test_updates_of_several_tables_are_one_statement() -> None:
    """Each with its own columns and guards; what one of them leaves is no matter of the others."""
    ended, other, ours = rows = texts(3)
    attempts = attempts_of(rows)
    SendAttempt.objects.bulk_create(attempts)
    Message.objects.filter(pk=ended.pk).update(status="delivered")
    for row, attempt in zip(rows, attempts, strict=True):
        row.status, row.body, row.detail = "sent", "new", "new"
        attempt.outcome = "accepted"

    with CaptureQueriesContext(connection) as statements:
        stored = update_all(
            Update(attempts, ["outcome"]),
            Update([], ["body"]),
            Update([ended, other], ["status", "body"], status_in=["sending"]),
            Update([ours], ["status", "detail"], same=["claim"]),
        )

    assert len(statements) == 1
    assert stored == [{each.pk for each in attempts}, set(), {other.pk}, {ours.pk}]
    assert {m.pk: (m.status, m.body, m.detail) for m in Message.objects.all()} == {
        ended.pk: ("delivered", "", ""),
        other.pk: ("sent", "new", ""),
        ours.pk: ("sent", "", "new"),
    }
    assert set(SendAttempt.objects.values_list("outcome", flat=True)) == {"accepted"}


def test_updates_are_done_together_or_not_at_all() -> None:
    """One that the table refuses leaves nothing of those before it."""
    texts_, others = texts(1), texts(1, "queued")
    texts_[0].body, others[0].status = "new", "x" * 99

    with pytest.raises(DataError), transaction.atomic():
        update_all(Update(texts_, ["body"]), Update(others, ["status"]))

    assert Message.objects.filter(body="new").count() == 0


def test_rows_are_inserted_for_what_was_updated() -> None:
    """Whose claim was lost has none; the others' have their keys, in the order given."""
    lost, *ours = rows = texts(3)
    Message.objects.filter(pk=lost.pk).update(claim=uuid4())
    for row in rows:
        row.body = "new"
    attempts = attempts_of(rows)

    with CaptureQueriesContext(connection) as statements:
        stored = insert_for(attempts, Update(rows, ["body"], same=["claim"]), by="message")

    assert len(statements) == 1
    assert stored == attempts[1:]
    assert [SendAttempt.objects.get(pk=each.pk).message_id for each in stored] == [
        row.pk for row in ours
    ]
    assert SendAttempt.objects.count() == 2
    assert {m.pk for m in Message.objects.filter(body="new")} == {row.pk for row in ours}
    assert not any(each._state.adding for each in stored)


def test_other_updates_are_done_with_what_is_inserted() -> None:
    """One statement for all of it, or nothing of it where a table refuses a part."""
    ended, begun = texts(2), texts(2)
    before = SendAttempt.objects.bulk_create(attempts_of(ended))
    for row in ended:
        row.status = "sent"
    for row in begun:
        row.body = "new"
    for attempt in before:
        attempt.outcome = "accepted"
    Message.objects.filter(pk=ended[0].pk).update(status="delivered")
    others = [
        Update(ended, ["status"], status_in=["sending"]), Update([], ["body"]),
        Update(before, ["outcome"]),
    ]  # fmt: skip

    with CaptureQueriesContext(connection) as statements:
        stored = insert_for(
            attempts_of(begun), Update(begun, ["body"], same=["claim"]), "message", others
        )

    assert len(statements) == 1
    assert [each.message_id for each in stored] == [row.pk for row in begun]
    told = dict(Message.objects.values_list("pk", "status"))
    assert [told[row.pk] for row in ended] == ["delivered", "sent"]
    assert Message.objects.filter(body="new").count() == 2
    outcomes = SendAttempt.objects.values_list("outcome", flat=True).order_by("pk")
    assert [*outcomes] == ["accepted", "accepted", "pending", "pending"]

    ended[1].detail = "new"
    begun[0].body = "newer"
    too_long = attempts_of(begun[:1])
    too_long[0].provider = "x" * 99
    with pytest.raises(DataError), transaction.atomic():
        insert_for(
            too_long, Update(begun[:1], ["body"]), "message", [Update(ended[1:], ["detail"])]
        )
    assert Message.objects.filter(detail="new").count() == 0
    assert Message.objects.filter(body="newer").count() == 0


def test_without_rows_to_insert_the_updates_are_done_all_the_same() -> None:
    """All of a batch was refused: what else came is stored."""
    ended = texts(1)
    ended[0].body = "new"

    with CaptureQueriesContext(connection) as statements:
        assert insert_for([], Update([], ["body"]), "message", [Update(ended, ["body"])]) == []

    assert len(statements) == 1
    assert Message.objects.get().body == "new"


def attempts_of(rows: list[Message]) -> list[SendAttempt]:
    return [
        SendAttempt(message=each, number=1, provider="memory", started_at=NOON) for each in rows
    ]


def test_nothing_is_no_statement() -> None:
    """No rows, no round trip."""
    nothing = Update([], ["body"])
    with CaptureQueriesContext(connection) as statements:
        assert update_many([], ["body"]) == set()
        assert update_all(nothing, nothing) == [set(), set()]
        assert insert_for([], nothing, by="message") == []

    assert len(statements) == 0
