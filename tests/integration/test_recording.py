"""Laws 1 and 2: a hook executes one statement, hurts nothing, and records once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from saleor_sms_plugin.models import ShopEvent
from saleor_sms_plugin.services.record import Happening, hear, record
from tests.integration.stage import CHANNEL, Stage, together

HAPPENING = Happening(name="order_created", channel_id=CHANNEL, order_id="o1")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that reaches the server from this thread, BEGIN and COMMIT included."""
    seen: list[str] = []
    connection.ensure_connection()
    before = len(connection.queries_log)
    connection.force_debug_cursor = True
    try:
        yield seen
    finally:
        connection.force_debug_cursor = False
        seen.extend(entry["sql"] for entry in list(connection.queries_log)[before:])


@contextmanager
def without_tables() -> Iterator[None]:
    """The table of events is not there."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE saleor_sms_plugin_shopevent RENAME TO away")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO saleor_sms_plugin_shopevent")


def test_a_hook_executes_one_statement(committed_stage: Stage) -> None:
    """One INSERT, no BEGIN, no COMMIT; then one nudge."""
    with statements() as seen:
        hear(lambda: HAPPENING, committed_stage.ports)

    assert [sql.split()[0] for sql in seen] == ["INSERT"]
    assert "ON CONFLICT DO NOTHING" in seen[0]
    assert committed_stage.wake.nudges == 1
    assert ShopEvent.objects.count() == 1


def test_a_repeated_hook_records_nothing_and_wakes_nobody(committed_stage: Stage) -> None:
    """The same transition of the same subject is one row and one nudge."""
    for _ in range(3):
        hear(lambda: HAPPENING, committed_stage.ports)

    assert ShopEvent.objects.count() == 1
    assert committed_stage.wake.nudges == 1


def test_inside_a_transaction_nothing_is_executed(committed_stage: Stage) -> None:
    """The row is written after the shop's commit, and the worker is woken after it."""
    with statements() as seen, transaction.atomic():
        hear(lambda: HAPPENING, committed_stage.ports)
        during = [entry["sql"] for entry in connection.queries_log if "INSERT" in entry["sql"]]
        nudges = committed_stage.wake.nudges

    assert during == []
    assert nudges == 0
    assert [sql.split()[0] for sql in seen] == ["BEGIN", "COMMIT", "INSERT"]
    assert committed_stage.wake.nudges == 1


def test_a_rolled_back_transaction_did_not_happen(committed_stage: Stage) -> None:
    """What the shop took back is not recorded."""
    with transaction.atomic():
        hear(lambda: HAPPENING, committed_stage.ports)
        transaction.set_rollback(True)

    assert ShopEvent.objects.count() == 0
    assert committed_stage.wake.nudges == 0


@pytest.mark.parametrize("in_transaction", [True, False])
def test_missing_tables_leave_the_shop_alone(
    committed_stage: Stage, caplog: pytest.LogCaptureFixture, in_transaction: bool
) -> None:
    """Not migrated yet: one line in the log, and the shop's own queries work as before."""
    with without_tables():
        if in_transaction:
            with transaction.atomic():
                hear(lambda: HAPPENING, committed_stage.ports)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
        else:
            hear(lambda: HAPPENING, committed_stage.ports)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 2")
            assert cursor.fetchone() == (2,)

    assert [r.levelno for r in caplog.records if r.name.startswith("saleor_sms_plugin")] == [
        logging.ERROR
    ]
    assert committed_stage.wake.nudges == 0


@pytest.mark.parametrize(
    "happening",
    [
        Happening(name="order_created", channel_id=CHANNEL, order_id="x" * 500),
        Happening(name="tracking_updated", channel_id=CHANNEL, order_id="o1", transition="\x00"),
        Happening(name="tracking_updated", channel_id=CHANNEL, order_id="o1", transition="\ud800"),
        Happening(name="order_created", channel_id=10**30, order_id="o1"),
        Happening(name="order_created", channel_id=CHANNEL, facts={"x": object()}),
    ],
    ids=["too long", "NUL", "surrogate", "huge channel", "no JSON"],
)
def test_a_row_that_cannot_be_stored_never_raises(
    committed_stage: Stage, happening: Happening
) -> None:
    """Whatever the database or Python says to a value, the shop does not hear it."""
    hear(lambda: happening, committed_stage.ports)
    with transaction.atomic():
        hear(lambda: happening, committed_stage.ports)

    assert ShopEvent.objects.count() == 0


def test_a_failing_look_at_the_shop_never_raises(committed_stage: Stage) -> None:
    """The SELECT that a refund needs may fail: the shop does not hear it."""

    def broken() -> Happening:
        raise RuntimeError("no such refund")

    hear(broken, committed_stage.ports)
    with transaction.atomic():
        hear(broken, committed_stage.ports)

    assert ShopEvent.objects.count() == 0


def test_a_failing_nudge_never_raises(committed_stage: Stage) -> None:
    """The event stays recorded; the periodic run finds it."""

    class Broken:
        def nudge(self) -> None:
            raise OSError("broker away")

        def nudge_in(self, seconds: float) -> None:
            raise OSError("broker away")

    ports = type(committed_stage.ports)(
        shop=committed_stage.shop, wake=Broken(), clock=committed_stage.clock
    )

    hear(lambda: HAPPENING, ports)

    assert ShopEvent.objects.count() == 1


def test_a_tracking_number_of_any_length_has_a_key(committed_stage: Stage) -> None:
    """A number of 500 characters is recorded, once."""
    long = Happening(
        name="tracking_updated", channel_id=CHANNEL, order_id="o1", subject_id="7",
        transition="9" * 500,
    )  # fmt: skip

    assert [record(long, committed_stage.ports) for _ in range(2)] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_hooks_of_many_processes_record_once(committed_stage: Stage) -> None:
    """Eight connections record the same event at one moment: one row, one of them is first."""
    news: list[bool] = []

    together(*[lambda: news.append(record(HAPPENING, committed_stage.ports))] * 8)

    assert sorted(news) == [False] * 7 + [True]
    assert ShopEvent.objects.count() == 1
