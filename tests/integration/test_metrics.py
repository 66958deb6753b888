"""How the outbox is doing: figures, log lines, and the command that shows them."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin import wiring
from saleor_sms_plugin.events.catalogue import CATALOGUE
from saleor_sms_plugin.exceptions import OutOfCredit, ProviderUnavailable
from saleor_sms_plugin.management.commands import sms_status
from saleor_sms_plugin.models import Message, Throttle
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import metrics, working
from tests.integration.stage import NOON, Stage

CREATED = "order_created"
QUEUE_LOG = "saleor_sms_plugin.services.metrics"


@pytest.fixture
def shop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage.configure(CREATED, advanced="flood = off")
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    return stage


def logged(caplog: pytest.LogCaptureFixture, action: str) -> list[dict[str, Any]]:
    records = [vars(record) for record in caplog.records]
    return [record for record in records if record.get("action") == action]


# Texts that are sent long after they were planned


def test_texts_of_a_weekend_without_credit_are_counted_when_they_go_out(shop: Stage) -> None:
    """Rate and share count every text sent in the time, however long ago it was planned."""
    longest = max(spec.expires_seconds for spec in CATALOGUE)
    shop.queue(3)
    Message.objects.update(expires_at=NOON + dt.timedelta(seconds=longest))
    shop.later(seconds=longest - 60)
    shop.queue(1)
    shop.run()

    found = metrics.measure(shop.ports)

    assert (found.sent_last_minute, found.sent_last_hour) == (4, 4)
    assert found.prompt_share == 0.25
    assert metrics.sent_of(shop.ports, [1]).prompt_share == 0.25
    assert metrics.sent_of(shop.ports, [2]) == metrics.Sent(
        last_minute=0, last_hour=0, prompt_share=None
    )


def test_the_ends_of_the_last_day_are_those_that_came_in_it(shop: Stage) -> None:
    """A text ends when it goes out or is given up, not when it was planned."""
    shop.queue(2)
    Message.objects.update(expires_at=NOON + dt.timedelta(days=2))
    shop.later(hours=30)
    assert metrics.measure(shop.ports).ended_last_day == {"sent": 2}

    shop.clock.move(hours=25)
    assert metrics.measure(shop.ports).ended_last_day == {}


# Log lines


def test_a_sent_texts_line_says_how_long_it_waited(
    shop: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """From when it was due until it went out; a text that did not go out has not waited yet."""
    caplog.set_level(logging.INFO)
    MemoryProvider.script(ProviderUnavailable("down", provider="memory"))
    shop.queue(1)
    shop.run()
    shop.clock.move(microseconds=500_400)
    shop.later(seconds=12)

    assert [line["waited"] for line in logged(caplog, "message_sent")] == [12.5]
    called = [line for line in logged(caplog, "message_queued") if "seconds" in line]
    assert [line["waited"] for line in called] == [None]


def test_a_line_says_how_the_queue_is(shop: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Age, length, rate and promptness, in two statements."""
    caplog.set_level(logging.INFO, QUEUE_LOG)
    shop.queue(3)
    shop.run()
    shop.clock.move(seconds=61)
    shop.queue(1)
    shop.later(seconds=20)
    shop.queue(2)
    shop.clock.move(seconds=7)
    caplog.clear()  # of the lines of the runs before

    with CaptureQueriesContext(connection) as queries:
        metrics.log_queue(shop.ports)

    (line,) = logged(caplog, "queue")
    fields = ("oldest_due_seconds", "due", "sent_last_minute", "prompt_share")
    assert {name: line[name] for name in fields} == {
        "oldest_due_seconds": 7.0, "due": 2, "sent_last_minute": 1, "prompt_share": 0.75,
    }  # fmt: skip
    assert len(queries) == 2


def test_an_empty_queue_has_a_line_too(shop: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing was sent there is no share."""
    caplog.set_level(logging.INFO, QUEUE_LOG)

    metrics.log_queue(shop.ports)

    (line,) = logged(caplog, "queue")
    assert (line["due"], line["oldest_due_seconds"], line["prompt_share"]) == (0, 0.0, None)


def test_the_periodic_run_writes_the_line(shop: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Once in a minute of the database's, however often it comes and wherever it runs."""
    caplog.set_level(logging.INFO, QUEUE_LOG)
    Throttle.objects.filter(key="log:queue").delete()  # the one of the stage's own runs

    working.keep_house(shop.ports)
    working.keep_house(shop.ports)
    assert len(logged(caplog, "queue")) == 1

    Throttle.objects.filter(key="log:queue").update(run_until=Now() - dt.timedelta(minutes=1))
    working.keep_house(shop.ports)
    assert len(logged(caplog, "queue")) == 2


def test_nobody_is_asked_for_a_line_that_is_not_written(
    shop: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Without INFO there is no statement, and no line."""
    caplog.set_level(logging.WARNING, QUEUE_LOG)

    with CaptureQueriesContext(connection) as queries:
        metrics.log_queue(shop.ports)

    assert (len(queries), logged(caplog, "queue")) == (0, [])


def test_the_line_costs_no_look_at_texts_long_finished(
    shop: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Each statement finds its rows by an index of the outbox."""
    caplog.set_level(logging.INFO, QUEUE_LOG)
    shop.queue(1)
    old = Message.objects.get()
    Message.objects.bulk_create(
        Message(
            event_name=CREATED, channel_id=1, purpose=old.purpose, priority=old.priority,
            status="sent", due_at=at, not_before=at, expires_at=at, created_at=at, sent_at=at,
        )
        for at in (NOON - dt.timedelta(days=5, minutes=minute) for minute in range(4_000))
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE saleor_sms_plugin_message")
    with CaptureQueriesContext(connection) as queries:
        metrics.log_queue(shop.ports)

    plans = []
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    assert len(plans) == 2
    assert [plan for plan in plans if "Seq Scan" in plan] == []
    assert "sms_message_due" in plans[0]
    assert "sms_message_created" in plans[1]


# Accounts


def test_a_stopped_account_is_said_to_be_stopped(shop: Stage) -> None:
    """With ``rate = 0`` it is not open: the state, why, where, and what to do."""
    shop.configure(CREATED, advanced="rate = 0")
    shop.configure(CREATED, channel_id=2)
    words, data = StringIO(), StringIO()

    call_command("sms_status", stdout=words)
    call_command("sms_status", "--json", stdout=data)

    (line, why) = words.getvalue().splitlines()[-2:]
    assert "(channel-1, channel-2): stopped, 0/s" in line
    assert why == (
        "  Nothing is sent: rate = 0 in Advanced. Set a rate above 0, or take the line out. "
        "Channel: channel-1."
    )
    (account,) = json.loads(data.getvalue())["accounts"]
    assert (account["state"], account["reason"], account["rate"]) == ("stopped", "stopped", 0)


def test_an_account_that_is_switched_on_again_is_open(shop: Stage) -> None:
    """A rate above 0, and no rate, open it."""
    shop.configure(CREATED, advanced="rate = 0.1")
    assert [each["state"] for each in metrics.measure(shop.ports).accounts] == ["open"]

    shop.configure(CREATED)
    assert [each["state"] for each in metrics.measure(shop.ports).accounts] == ["open"]


def test_a_closed_account_is_said_to_be_closed(shop: Stage) -> None:
    """Its state is the breaker's where it is not stopped."""
    MemoryProvider.script(OutOfCredit("no money", provider="memory"))
    shop.queue(1)
    shop.run()

    (account,) = metrics.measure(shop.ports).accounts

    assert (account["state"], account["reason"]) == ("closed", "out_of_credit")


# The command


def test_the_command_shows_it_again_until_it_is_interrupted(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--watch 5`` prints anew every 5 seconds; Ctrl-C ends it like any success."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt
        shop.clock.move(seconds=seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    out = StringIO()

    assert call_command("sms_status", "--watch", "5", stdout=out) is None

    assert slept == [5.0, 5.0, 5.0]
    begins = [line[:23] for line in out.getvalue().splitlines() if " UTC. " in line]
    assert begins == [f"2026-03-02 12:00:{at:02} UTC" for at in (0, 5, 10)]


def test_the_command_ends_when_interrupted_while_it_reads(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C has no traceback, at whatever moment it comes."""

    def measure(ports: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(sms_status, "measure", measure)
    out = StringIO()

    assert call_command("sms_status", "--watch", "1", stdout=out) is None

    assert out.getvalue() == ""
