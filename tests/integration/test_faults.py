"""Everything that goes wrong around dispatch: nothing lost, nothing doubled, always a reason."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections
from django.db.utils import InternalError
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.domain.transitions import FINAL
from saleor_sms_plugin.exceptions import OutOfCredit
from saleor_sms_plugin.models import Message, SendAttempt, Throttle, throttle
from saleor_sms_plugin.models.many import Update, insert_for
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import calls, dispatch, ledger, line, outcomes
from saleor_sms_plugin.services.accounts import accounts_of
from saleor_sms_plugin.services.calls import Begun, Ending
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.testing.shop import FixedClock
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.integration.stage import NOON, RUN, Stage, together

CREATED = "order_created"
TEXTS = 6
#: Everything that no text may stay in once nobody works on it.
UNEXPLAINED = ("sending",)


@pytest.fixture
def shop(stage: Stage) -> Stage:
    stage.configure(CREATED, advanced="flood = off")
    return stage


@pytest.fixture
def over_the_wire(stage: Stage, vonage: VonageServer) -> Stage:
    """The shop sends to a Vonage of our own, a hundred texts a second."""
    stage.configure(
        CREATED, provider="vonage", api_key="key", api_secret="secret",
        advanced="flood = off\nrate = 100",
    )  # fmt: skip
    return stage


def accepted(server: VonageServer) -> Counter[str]:
    """How many times a phone would get each text."""
    return Counter(str(r.body["client-ref"]) for r in server.requests if r.accepted)


# The provider


@pytest.mark.parametrize(
    ("fault", "status", "sent"),
    [
        ("throttle", "sent", TEXTS),
        ("http:429", "sent", TEXTS),
        ("http:429:7", "sent", TEXTS),
        ("http:503", "sent", TEXTS),
        ("drop_before_reading", "outcome_unknown", TEXTS - 1),
        ("drop_after_reading", "outcome_unknown", TEXTS),
        ("drop_mid_response", "outcome_unknown", TEXTS),
        ("http:500", "outcome_unknown", TEXTS - 1),
        ("html", "outcome_unknown", TEXTS),
        ("empty", "outcome_unknown", TEXTS),
        ("truncated", "outcome_unknown", TEXTS),
        ("partial", "outcome_unknown", TEXTS),
        ("slow:0.3", "sent", TEXTS),
    ],
)
def test_one_fault_touches_one_text(
    over_the_wire: Stage, vonage: VonageServer, fault: str, status: str, sent: int
) -> None:
    """What certainly was not accepted goes out once, later; what may have been never again.

    The server's count of accepted texts and our tables agree.
    """
    vonage.script(fault)
    over_the_wire.place(TEXTS)

    over_the_wire.run()
    for _ in range(6):
        over_the_wire.later(seconds=60)

    hit = Message.objects.exclude(status="sent")
    assert [message.status for message in hit] == [status] * (status != "sent")
    assert all(message.reason for message in hit)
    assert set(accepted(vonage).values()) == {1}
    assert len(accepted(vonage)) == sent
    assert Message.objects.filter(status="sent").count() == TEXTS - (status != "sent")


def test_a_provider_that_is_down_costs_few_calls_and_no_text(
    over_the_wire: Stage, vonage: VonageServer
) -> None:
    """Ten refusals: the account closes, is probed, and then everything goes out, once."""
    vonage.script(*["http:503"] * 10)
    over_the_wire.place(30)

    over_the_wire.run()
    for _ in range(20):
        over_the_wire.later(seconds=90)

    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 30}
    assert set(accepted(vonage).values()) == {1}
    assert SendAttempt.objects.filter(outcome="accepted").count() == len(accepted(vonage)) == 30


# Clocks


def test_a_clock_that_jumps_back_an_hour_doubles_nothing(shop: Stage) -> None:
    """What was sent stays sent; what was recorded after the jump goes out, too."""
    shop.clock.move(hours=2)  # since the shop was switched on
    shop.place(3)
    shop.run()

    shop.clock.move(hours=-1)
    shop.place(3)
    shop.run()
    shop.later(hours=1, minutes=1)

    assert Counter(m.reference for m in MemoryProvider.attempts).most_common(1)[0][1] == 1
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 6}


def test_a_clock_that_jumped_back_keeps_no_account_closed(shop: Stage) -> None:
    """A closing that a clock an hour ahead wrote is over: the next run probes, and opens it."""
    shop.clock.move(hours=2)  # since the shop was switched on
    MemoryProvider.script(OutOfCredit("no money", provider="memory"))
    shop.queue(1)
    shop.run()
    assert Throttle.objects.exclude(closed_until=None).count() == 1

    shop.clock.move(hours=-1)
    shop.queue(1)
    shop.run()

    assert [row[1] for row in shop.rows] == ["held", "sent"]
    assert not Throttle.objects.exclude(closed_until=None, closed_since=None).exists()


def test_two_workers_with_different_clocks_call_once(committed_stage: Stage) -> None:
    """Ten minutes apart: the slots and leases are the database's, each text goes out once."""
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.queue(60)
    ahead = FixedClock(NOON + dt.timedelta(minutes=10))
    other = Ports(shop=committed_stage.shop, wake=committed_stage.wake, clock=ahead)

    both = (committed_stage.ports, other)
    together(*[partial(dispatch.run, each, each.clock.now() + RUN) for each in both] * 2)

    assert len(MemoryProvider.attempts) == 60
    assert len({m.reference for m in MemoryProvider.attempts}) == 60
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 60}


# Workers


def test_eight_workers_started_at_once_share_one_backlog(committed_stage: Stage) -> None:
    """One of them has the account; every text goes out once."""
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.queue(80)

    together(*[lambda: dispatch.run(committed_stage.ports, NOON + RUN)] * 8)

    assert len({m.reference for m in MemoryProvider.attempts}) == 80
    assert len(MemoryProvider.attempts) == SendAttempt.objects.count() == 80
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 80}


def test_a_lease_left_by_a_killed_worker_ends(shop: Stage) -> None:
    """Until then nobody sends; afterwards the next run does."""
    shop.place(2)
    (account,) = accounts_of(load(shop.ports).values())
    throttle.lease(account.key, uuid4(), 30)
    shop.run()
    assert MemoryProvider.attempts == []

    Throttle.objects.update(run_until="2026-01-01T00:00:00Z")
    shop.run()

    assert len(MemoryProvider.attempts) == 2


# The database


def test_a_database_that_is_read_only_for_a_while_loses_nothing(committed_stage: Stage) -> None:
    """As after a failover to a replica: the run fails, nothing is called, later all goes out."""
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.queue(3)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")

    with pytest.raises((InternalError, OperationalError)):
        committed_stage.run()
    assert MemoryProvider.attempts == []

    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
    committed_stage.run()
    assert len(MemoryProvider.attempts) == 3
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 3}


def test_an_answer_outlives_a_failover(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server that a worker is connected to writes no more, the one it finds anew does: what
    the provider said meanwhile is stored, and nobody is called again."""
    store = calls.end

    def fail_over(answers: Sequence[tuple[Begun, Ending]], ports: Ports) -> None:
        if answers:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = on")
        store(answers, ports)

    monkeypatch.setattr(outcomes, "end", fail_over)
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.place(3)

    committed_stage.run()

    assert len(MemoryProvider.attempts) == 3
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 3}
    assert SendAttempt.objects.filter(outcome="accepted").count() == 3


def test_what_has_begun_outlives_a_lost_database(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between the attempt rows and the question who was stopped since: it is asked again,
    and what has begun is called once."""
    ask, cut = ledger.stops_of, list[bool]()

    def once_cut(numbers: Iterable[str]) -> Mapping[str, set[int]]:
        if not cut:
            cut.append(True)
            with connection.cursor() as cursor, suppress(OperationalError):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return ask(numbers)

    monkeypatch.setattr(ledger, "stops_of", once_cut)
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.place(3)

    committed_stage.run()

    assert len(cut) == 1
    assert len(MemoryProvider.attempts) == 3
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 3}
    assert SendAttempt.objects.filter(outcome="accepted").count() == 3


def test_outcomes_stored_with_what_begins_outlive_a_lost_database(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before texts begin with the outcomes of others: both are stored, and each text is
    called once."""
    cut: list[bool] = []

    def once_cut(
        rows: Sequence[SendAttempt], updated: Update, by: str, others: Sequence[Update]
    ) -> list[SendAttempt]:
        if not cut and any(each.rows for each in others):
            cut.append(True)
            with connection.cursor() as cursor, suppress(OperationalError):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return insert_for(rows, updated, by, others)

    monkeypatch.setattr(calls, "insert_for", once_cut)
    committed_stage.configure(CREATED, advanced="flood = off\nrate = 10000")
    committed_stage.place(80)

    committed_stage.run()

    assert len(cut) == 1
    assert len(MemoryProvider.attempts) == 80
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 80}
    assert SendAttempt.objects.filter(outcome="accepted").count() == 80


def test_a_run_whose_answers_cannot_be_stored_calls_nobody_more(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with the error, no thread of it goes on, and the account is free at once."""

    def away(answers: Sequence[object], _: object) -> Sequence[Update]:
        if answers:
            raise OperationalError("gone")
        return []

    monkeypatch.setattr(calls, "DATABASE_BACK", 0.0)
    monkeypatch.setattr(calls, "_updates_of", away)
    committed_stage.configure(CREATED, advanced="flood = off\nrate = 20")
    committed_stage.place(40)

    with pytest.raises(OperationalError):
        committed_stage.run()

    called = len(MemoryProvider.attempts)
    (account,) = accounts_of(load(committed_stage.ports).values())
    line.threads_of(account.key).submit(len, "").result()
    assert 0 < called == len(MemoryProvider.attempts) < 20
    assert SendAttempt.objects.filter(outcome="pending").count() == called
    assert Throttle.objects.get(key=account.key).run is None


def test_a_connection_that_was_cut_while_idle_is_made_anew(committed_stage: Stage) -> None:
    """PostgreSQL restarted between two runs: one run may fail, the next one sends all, once."""
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.place(3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()

    with pytest.raises(OperationalError):
        committed_stage.run()
    connection.close()  # as Celery's fixup does before each task
    committed_stage.run()

    assert len(MemoryProvider.attempts) == 3


# Rates, and doing nothing


@pytest.mark.parametrize(("rate", "called"), [("0", 0), ("0.1", 1), ("10000", 12)])
def test_any_rate_is_kept(shop: Stage, rate: str, called: int) -> None:
    """At 0 nothing is called, at 0.1 one text and then none for ten seconds, at 10,000 all."""
    shop.configure(CREATED, advanced=f"flood = off\nrate = {rate}")
    shop.place(12)

    shop.run()

    assert len(MemoryProvider.attempts) == called
    assert Message.objects.filter(status="queued").count() == 12 - called
    assert not Message.objects.filter(status__in=UNEXPLAINED).exists()


@pytest.mark.parametrize("state", ["idle", "paused", "closed"])
def test_a_run_with_nothing_to_do_asks_the_database_little(shop: Stage, state: str) -> None:
    """No busy loop: a bounded number of statements, and no nudge of its own."""
    shop.run()
    if state != "idle":
        shop.queue(5)
    if state == "paused":
        shop.configure(CREATED, advanced="flood = off\nrate = 0")
    if state == "closed":
        (account,) = accounts_of(load(shop.ports).values())
        throttle.ensure(account.key)
        Throttle.objects.update(closed_until=NOON + dt.timedelta(minutes=5), closed_since=NOON)
    nudges = shop.wake.nudges

    with CaptureQueriesContext(connection) as statements:
        more = shop.run()

    assert more is False
    assert shop.wake.nudges == nudges
    assert MemoryProvider.attempts == []
    assert len(statements) <= 60


def test_every_end_has_a_reason(over_the_wire: Stage, vonage: VonageServer) -> None:
    """A mixed script: whatever is not sent in the end says why."""
    vonage.script("status:3", "html", "http:429", "drop_after_reading", "http:503")
    over_the_wire.place(10)

    over_the_wire.run()
    for _ in range(8):
        over_the_wire.later(seconds=90)

    left = Message.objects.exclude(status="sent")
    assert {m.status for m in left} <= {*FINAL, "outcome_unknown"}
    assert all(m.reason for m in left)
    assert sorted(m.status for m in left) == ["outcome_unknown", "outcome_unknown", "rejected"]


def test_a_stop_between_door_and_call_makes_no_busy_loop(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is judged anew by the next run, and its slot is free again."""
    shop.configure(CREATED, advanced="flood = off\nrate = 0.1")
    shop.queue(1)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ledger, "stops_of", lambda numbers: {n: {1} for n in numbers})
        with CaptureQueriesContext(connection) as statements:
            shop.run()
    assert MemoryProvider.attempts == []
    message = Message.objects.get()
    assert (message.status, message.claim, message.attempt_count) == ("queued", None, 0)
    assert len(statements) <= 150

    shop.run()
    assert len(MemoryProvider.attempts) == 1  # its slot had not been lost: the next is 10 s away
