"""The rate is reached and never exceeded, also where it is slow: of an account, of a sender."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin import tasks, wiring
from saleor_sms_plugin.domain.reasons import Reason
from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.exceptions import (
    OutOfCredit,
    ProviderAccountError,
    ProviderThrottled,
    ProviderUnavailable,
)
from saleor_sms_plugin.models import Message, SendAttempt, Throttle, throttle
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.providers import OutboundMessage, SendResult
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import (
    account_run,
    calls,
    claims,
    dispatch,
    health,
    ledger,
    line,
    pace,
    test_text,
    turns,
    working,
)
from saleor_sms_plugin.services.accounts import Account, accounts_of
from saleor_sms_plugin.services.calls import Begun, Ending, Outcome, Ready
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.pace import MOST_THREADS, SOON, Pace, take_slots, threads_for
from saleor_sms_plugin.services.writing import Text
from saleor_sms_plugin.testing.vonage_server import VonageServer
from saleor_sms_plugin.wiring import SystemClock
from tests.integration.stage import CHANNEL, NOON, RUN, Stage, together

CREATED = "order_created"
OTHER = 2
Answer = Callable[[OutboundMessage], SendResult]


def accept(message: OutboundMessage) -> SendResult:
    return SendResult((message.reference,))


class Calls:
    """What the provider was asked, and when, in seconds by this process's stopwatch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[float, OutboundMessage]] = []
        self.answer: Answer = accept
        self._lock = threading.Lock()
        monkeypatch.setattr(MemoryProvider, "send", lambda _, message: self._send(message))

    def _send(self, message: OutboundMessage) -> SendResult:
        with self._lock:
            self.made.append((time.monotonic(), message))
        return self.answer(message)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture
def shop(committed_stage: Stage) -> Stage:
    """A shop on the system's clock."""
    committed_stage.clock = SystemClock()  # type: ignore[assignment]
    committed_stage.ports = replace(committed_stage.ports, clock=committed_stage.clock)
    return committed_stage


def send(stage: Stage, seconds: float) -> int:
    return dispatch.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=seconds))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Begun]:
    """Whom a line calls; each call is accepted at once."""
    made: list[Begun] = []

    def ask(begun: Begun, ports: Ports) -> Ending:
        made.append(begun)
        return Ending(outcome=Outcome.ACCEPTED, status=MessageStatus.SENT)

    monkeypatch.setattr(line, "ask", ask)
    return made


def begun(sender_id: str) -> Begun:
    """A text of this sender that may be called."""
    text = Text(
        body="Hi", encoding="gsm7", segment_count=1, language="en", sender_id=sender_id, says={}
    )
    ready = Ready(message=Message(), text=text, provider=MemoryProvider())
    return Begun(ready=ready, attempt=SendAttempt())


# Workers together


@pytest.fixture
def noon(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """For a session that calls this the database's clock stands still, as this process's does."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA noon")
        cursor.execute(
            "CREATE FUNCTION noon.clock_timestamp() RETURNS timestamptz LANGUAGE sql IMMUTABLE "
            f"AS $$ SELECT timestamptz '{NOON.isoformat()}' $$"
        )

    def stand_still() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = noon, public, pg_catalog")

    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: 0.0))
    yield stand_still
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA noon CASCADE")


def test_slots_taken_at_once_are_an_interval_apart(noon: Callable[[], None]) -> None:
    """Four workers take them in ones to sevens until none comes soon: together they have every
    slot, each one once."""
    interval = 0.002
    Throttle.objects.create(key="a", next_slot_at=NOON)
    granted: list[float] = []

    def take(count: int) -> None:
        noon()
        while len(granted) < 1000 and (slots := take_slots("a", count, interval)):
            granted.extend(slots)

    together(*[partial(take, count) for count in (1, 2, 3, 7)])

    assert len(granted) * interval > SOON
    assert sorted(granted) == pytest.approx(
        [place * interval for place in range(len(granted))], abs=1e-6
    )


def test_one_of_two_runs_at_once_calls(shop: Stage, asked: Calls) -> None:
    """While one has the account the other finds a text due, and calls nobody."""
    shop.configure(CREATED, advanced="flood = off\nrate = 100")
    shop.queue(2)
    (account,) = accounts_of(load(shop.ports).values())
    # An account that was closed is asked by one call: until its answer the other text waits.
    Throttle.objects.create(key=account.key, next_slot_at=NOON, closed_since=NOON)
    others: list[tuple[bool, int]] = []

    def meanwhile(message: OutboundMessage) -> SendResult:
        asked.answer = accept
        others.append((claims.has_due(shop.ports), send(shop, 5)))
        return accept(message)

    asked.answer = meanwhile

    assert send(shop, 5) == 2

    assert others == [(True, 0)]
    assert len({message.reference for _, message in asked.made}) == len(asked.made) == 2


# Slow accounts


def test_a_run_waits_for_the_slots_of_a_slow_account(shop: Stage, asked: Calls) -> None:
    """Two a second: what comes within its time is sent by one run, at the rate."""
    shop.configure(CREATED, advanced="flood = off\nrate = 2")
    shop.queue(4)
    began = time.monotonic()

    assert send(shop, 6) == 4

    assert asked.made[-1][0] - began > 1.45
    assert shop.wake.later == []


def test_a_worker_is_nudged_for_a_slot_after_the_run(shop: Stage, asked: Calls) -> None:
    """One in 5 s: the run ends at once, no slot of the worker's is held, and somebody comes as
    the next one is due."""
    shop.configure(CREATED, advanced="flood = off\nrate = 0.2")
    shop.queue(2)
    began = time.monotonic()

    assert send(shop, 2) == 1

    assert time.monotonic() - began < 2
    (seconds,) = shop.wake.later
    assert 3.5 < seconds < 5


def test_what_waits_for_the_periodic_run_nudges_nobody(shop: Stage, asked: Calls) -> None:
    """One in 100 s: the periodic run comes before."""
    shop.configure(CREATED, advanced="flood = off\nrate = 0.01")
    shop.queue(2)

    assert send(shop, 2) == 1

    assert shop.wake.later == []


def test_without_texts_nobody_waits_for_a_slot(shop: Stage, asked: Calls) -> None:
    """A slow account with nothing more to send keeps no run and wakes nobody."""
    shop.configure(CREATED, advanced="flood = off\nrate = 1")
    shop.queue(1)
    send(shop, 5)
    began = time.monotonic()

    assert send(shop, 5) == 0

    assert time.monotonic() - began < 1
    assert shop.wake.later == []


def test_who_waits_for_a_slot_leaves_for_other_work(shop: Stage, asked: Calls) -> None:
    """An event recorded meanwhile is planned before the slot comes."""
    shop.configure(CREATED, advanced="flood = off\nrate = 0.2")
    shop.queue(2)
    until = shop.clock.now() + dt.timedelta(seconds=30)

    assert dispatch.run(shop.ports, until, lambda: True) == 1


def test_behind_calls_that_never_end_no_text_begins(
    shop: Stage, asked: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the line is given up the texts still outside it are given back, and never unknown; the
    twenty that had begun may be."""
    monkeypatch.setattr(line, "CALL_AT_MOST", 0.3)
    monkeypatch.setattr(account_run, "OVERTIME", 0.0)
    monkeypatch.setattr(account_run, "threads_for", lambda rate, answer_seconds: 4)
    go_on = threading.Event()

    def hang(message: OutboundMessage) -> SendResult:
        go_on.wait(60)
        return accept(message)

    asked.answer = hang
    shop.configure(CREATED, advanced="flood = off\nrate = 250")
    shop.queue(40)

    try:
        send(shop, 1)
        assert SendAttempt.objects.count() == 20
        assert Message.objects.filter(status="queued").count() == 20
    finally:
        go_on.set()
        threads = line.threads_of(Throttle.objects.get().key)
        threads.shutdown()
        line.threads_of.cache_clear()


# Slow senders


@pytest.fixture
def two_senders(shop: Stage) -> Stage:
    """Acme is as fast as the account, 20 a second; Beta may send two."""
    shop.configure(CREATED, advanced="flood = off\nrate = 20")
    shop.configure(
        CREATED, channel_id=OTHER, advanced="flood = off\nrate = 20\nsender_rate.Beta = 2",
        sender_id="Beta",
    )  # fmt: skip
    return shop


def test_a_slow_sender_keeps_its_rate_beside_others_at_full_pace(
    two_senders: Stage, asked: Calls
) -> None:
    """Beta's texts go out half a second apart, oldest first, while Acme has the other slots."""
    two_senders.queue(120)
    two_senders.queue(8, OTHER)
    began = time.monotonic()

    send(two_senders, 3)

    beta = [m.reference for _, m in asked.made if m.sender_id == "Beta"]
    oldest = Message.objects.filter(channel_id=OTHER).order_by("pk")
    assert beta == [str(m.reference) for m in oldest[: len(beta)]]
    assert 3 <= len(beta) <= 7
    assert len(beta) <= 1 + 2 * (asked.made[-1][0] - began)
    assert len(asked.made) >= 5 * len(beta)
    waiting = list(oldest[len(beta) :].values_list("status", "reason"))
    # One may have had its slot when the time was over: the next run sends it.
    assert waiting.count(("queued", "")) <= 1
    assert set(waiting) - {("queued", "")} == {("held", "sender_rate")}


def test_texts_are_called_in_their_order_by_however_many_threads(
    stage: Stage, called: list[Begun]
) -> None:
    """A thread that waits for a slot is passed by none with a later one."""
    texts = [begun("Acme") for _ in range(200)]
    now = time.monotonic()
    ours = line.Line("memory:order", stage.ports, now + 60)

    ours.hand_over(texts, [now + 0.002 * place for place in range(200)], 16)
    answers = [ours.answer(10) for _ in texts]

    assert None not in answers
    assert called == texts


def test_calls_of_a_slow_sender_are_never_closer_than_its_rate(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every thread was busy at a slot, its text goes late, and so does the sender's next;
    what others send in between keeps the account's own distance."""
    called: list[tuple[float, str]] = []

    def ask(begun: Begun, ports: Ports) -> Ending:
        called.append((time.monotonic(), begun.ready.text.sender_id))
        time.sleep(0.15 if len(called) == 1 else 0)
        return Ending(outcome=Outcome.ACCEPTED, status=MessageStatus.SENT)

    monkeypatch.setattr(line, "ask", ask)
    now = time.monotonic()
    ours = line.Line("memory:senders", stage.ports, now + 60)
    ours.keep(Pace(rate=100, interval=0.01, at_once=1), {"Beta": 0.1})

    # Beta's slots are 0.1 s apart; its first one passes while the only thread is in a call.
    texts = [begun(sender) for sender in ("Acme", "Beta", "Acme", "Beta")]
    ours.hand_over(texts, [now, now + 0.05, now + 0.06, now + 0.15], 1)
    assert None not in [ours.answer(10) for _ in texts]

    senders = [sender for _, sender in called]
    assert senders == ["Acme", "Beta", "Acme", "Beta"]
    assert called[3][0] - called[1][0] >= 0.098
    assert called[2][0] - called[1][0] >= 0.0098


@pytest.mark.parametrize("senders", [{}, {"Acme": 100.0}])
def test_a_rate_that_is_lowered_keeps_no_line_past_its_end(
    stage: Stage, called: list[Begun], senders: dict[str, float]
) -> None:
    """What the new rate leaves no time for comes back uncalled, and so does what is behind it."""
    now = time.monotonic()
    ours = line.Line(f"memory:lowered{len(senders)}", stage.ports, now + 0.5)
    texts = [begun("Acme") for _ in range(3)]
    ours.keep(Pace(rate=100, interval=0.01, at_once=1), dict.fromkeys(senders, 0.02))
    ours.hand_over(texts[:1], [now], 1)
    assert ours.answer(10) is not None

    ours.keep(Pace(rate=100, interval=0.01 if senders else 100, at_once=1), senders)
    ours.hand_over(texts[1:], [now, now], 1)

    assert [ours.answer(5) for _ in texts[1:]] == [(text, None) for text in texts[1:]]
    assert (called, ours.called, ours.in_flight) == (texts[:1], 1, 0)


def test_a_sender_that_is_slow_no_more_is_forgotten_between_two_texts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that was about to wait for the sender's turn calls its text all the same."""
    ours = line.Line("memory:forgotten", stage.ports, time.monotonic() + 60)
    pace = Pace(rate=100, interval=0.01, at_once=1)

    class Saved(dict[str, float]):
        """A staff member takes the limit away as a thread has seen it."""

        def __contains__(self, sender: object) -> bool:
            if sender == "Beta":
                ours.keep(pace, {})
            return super().__contains__(sender)

    def ask(begun: Begun, ports: Ports) -> Ending:
        return Ending(outcome=Outcome.ACCEPTED, status=MessageStatus.SENT)

    monkeypatch.setattr(line, "ask", ask)
    texts = [begun("Beta") for _ in range(2)]
    for text in texts:
        ours._spacing = Saved({"": 0.01, "Beta": 0.1})
        ours.hand_over([text], [0.0], 1)
        assert ours.answer(5) is not None


def test_a_doubt_that_one_thread_has_no_other_takes_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one judges its good answer another one's call fails: nobody is called any more."""
    ours = line.Line("memory:doubt", stage.ports, time.monotonic() + 60)
    called: list[Begun] = []

    def ask(begun: Begun, ports: Ports) -> Ending:
        called.append(begun)
        return Ending(outcome=Outcome.ACCEPTED, status=MessageStatus.SENT)

    def judge(error: object) -> bool:
        ours.in_doubt = True  # by the other one
        return False

    monkeypatch.setattr(line, "ask", ask)
    monkeypatch.setattr(line, "_raises_doubt", judge)
    texts = [begun("Acme") for _ in range(2)]
    ours.hand_over(texts, [0.0, 0.0], 1)
    answers = [ours.answer(5) for _ in texts]

    assert called == texts[:1]
    assert answers[1] == (texts[1], None)


def test_the_oldest_of_a_slow_sender_go_first(stage: Stage) -> None:
    """A text that waits for its sender is claimed before a younger one, and a stronger class
    before both."""
    stage.configure(CREATED, advanced="flood = off")
    stage.queue(2)
    known = load(stage.ports)
    assert claims.take(uuid4(), stage.ports, known, 5, {"Acme": 0}) == []
    stage.clock.move(seconds=1)
    stage.queue(1)
    oldest = Message.objects.order_by("pk").first()
    assert oldest is not None

    (first,) = claims.take(uuid4(), stage.ports, known, 5, {"Acme": 1})
    assert first.pk == oldest.pk

    Message.objects.filter(order_id="o002").update(priority=0)
    (second,) = claims.take(uuid4(), stage.ports, known, 5, {"Acme": 1})
    assert second.order_id == "o002"


def test_texts_of_a_stopped_sender_are_touched_once(stage: Stage) -> None:
    """They wait with the reason, are claimed by nobody, and go out once the sender may send."""
    stage.configure(CREATED, advanced="flood = off\nsender_rate.Acme = 0")
    stage.queue(60)
    stage.run()
    assert set(Message.objects.values_list("status", "reason")) == {("held", "sender_rate")}

    with CaptureQueriesContext(connection) as statements:
        for _ in range(3):
            stage.later(seconds=61)
    assert not [q for q in statements if 'UPDATE "saleor_sms_plugin_message"' in q["sql"]]
    assert stage.wake.later == []

    stage.configure(CREATED, advanced="flood = off")
    stage.run()
    assert [row[1:] for row in stage.rows] == [("sent", "")] * 60


def test_a_senders_slot_that_nobody_used_is_free_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that meets a stop as it begins leaves its sender's slot to the next one."""
    stage.configure(CREATED, advanced="flood = off\nsender_rate.Acme = 0.1")
    stage.queue(1)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ledger, "stops_of", lambda numbers: {n: {1} for n in numbers})
        send(stage, 0.5)
    assert MemoryProvider.attempts == []

    send(stage, 0.5)

    assert len(MemoryProvider.attempts) == 1  # the slot after it is 10 s away


# Test texts


def test_a_test_text_takes_a_slot(stage: Stage) -> None:
    """The text after it goes a slot later; its sender's slot is taken as well."""
    stage.configure(CREATED, advanced="rate = 1\nsender_rate.Acme = 0.5")
    (account,) = accounts_of(load(stage.ports).values())

    sent = test_text.send_test("+48512000000", CHANNEL, stage.ports)

    assert sent.status == "sent"
    waits = throttle.waits([account.key, account.sender_key("Acme")])
    assert 0.3 < waits[account.key] <= 1
    assert 1.3 < waits[account.sender_key("Acme")] <= 2


def test_a_test_text_without_a_slot_soon_goes_before_all_others(stage: Stage) -> None:
    """It is left to a worker, whose next text it is, and the owner reads so."""
    stage.configure(CREATED, advanced="flood = off\nrate = 0.01")
    stage.queue(3)
    stage.run()

    test = test_text.send_test("+48512000000", CHANNEL, stage.ports)

    assert (test.status, len(MemoryProvider.attempts)) == ("queued", 1)
    assert "waits for its turn" in test_text.outcome_of(test)
    Throttle.objects.update(next_slot_at="2026-01-01T00:00:00Z")
    stage.run()
    assert MemoryProvider.attempts[-1].recipient == "+48512000000"


def test_a_test_text_that_its_account_has_no_slot_for_takes_none_of_its_sender(
    stage: Stage,
) -> None:
    """The sender's slot is free for the text that is sent next."""
    stage.configure(CREATED, advanced="rate = 0.01\nsender_rate.Acme = 0.1")
    (account,) = accounts_of(load(stage.ports).values())
    throttle.ensure(account.key)
    throttle.reserve(account.key, 1, 100.0, within=0)

    test = test_text.send_test("+48512000000", CHANNEL, stage.ports)

    assert test.status == "queued"
    assert throttle.waits([account.sender_key("Acme")]) == {account.sender_key("Acme"): 0.0}


@pytest.mark.parametrize("setting", ["rate", "sender_rate.Acme"])
def test_a_test_text_of_a_stopped_account_says_so(stage: Stage, setting: str) -> None:
    """Nothing is called, and the reason names the setting."""
    stage.configure(CREATED, advanced=f"{setting} = 0")

    test = test_text.try_test("+48512000000", CHANNEL, stage.ports)

    assert (test.status, test.detail) == ("failed", f"Nothing is sent: {setting} = 0 in Advanced.")
    assert MemoryProvider.attempts == []


# Floods


def test_a_flood_is_held_in_one_statement(stage: Stage) -> None:
    """Every due text to the number at once, but for ``HELD_AT_ONCE``; other people's go out."""
    stage.configure(CREATED, advanced="flood = 3/10min")
    stage.queue(80)
    last = Message.objects.order_by("pk").last()
    assert last is not None
    Message.objects.filter(pk=last.pk).update(recipient="+48512999999")
    known = load(stage.ports)

    assert len(claims.take(uuid4(), stage.ports, known, 3)) == 3
    with CaptureQueriesContext(connection) as statements:
        (taken,) = claims.take(uuid4(), stage.ports, known, 5)

    assert taken.pk == last.pk
    assert Message.objects.filter(status="held", reason="number_flood").count() == 76
    updates = [q for q in statements if 'UPDATE "saleor_sms_plugin_message"' in q["sql"]]
    assert len(updates) == 2  # the flood, and the claim


def test_a_claim_never_waits_for_a_number(committed_stage: Stage) -> None:
    """Whoever counts a number may wait for rows that a claim has locked: the claim leaves that
    number's texts and takes the others."""
    stage = committed_stage
    stage.configure(CREATED)
    stage.queue(2)
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(pk=ids[0]).update(recipient="+48512999999")
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 7))", ["sms-number:+48512999999"]
        )
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")

    taken = claims.take(uuid4(), stage.ports, load(stage.ports))

    other.close()
    assert [message.pk for message in taken] == ids[1:]


# Health


def answered(seconds: float = 0.1, began: float = 0.0, **values: object) -> Ending:
    return Ending(
        outcome=Outcome.ACCEPTED, status=MessageStatus.SENT, seconds=seconds, began=began,
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def account(stage: Stage) -> Throttle:
    """An account that a run has."""
    throttle.ensure("a")
    row = Throttle.objects.get(key="a")
    row.run = uuid4()
    throttle.lease("a", row.run, 30)
    return row


def learn(account: Throttle, stage: Stage, *endings: Ending) -> bool:
    assert account.run is not None
    return health.learn(account, account.run, endings, stage.ports)


def test_a_wave_of_too_fast_slows_down_once(stage: Stage, account: Throttle) -> None:
    """Calls that had left when the pace was changed say nothing new; a later one does."""
    too_fast = ProviderThrottled("slow", provider="memory")
    early = answered(began=time.monotonic(), error=too_fast)

    learn(account, stage, *[early] * 10)
    learn(account, stage, *[early] * 10)
    assert account.slowdown == health.SLOWER
    learn(account, stage, answered(began=time.monotonic(), error=too_fast))

    assert account.slowdown == health.SLOWER**2
    assert Throttle.objects.get(key="a").slowdown == health.SLOWER**2


def logged(caplog: pytest.LogCaptureFixture, action: str, field: str) -> list[object]:
    """What the log lines of this action say in a field, all of them of account "a"."""
    lines = [vars(each) for each in caplog.records if vars(each).get("action") == action]
    assert {line["account"] for line in lines} <= {"a"}
    return [line[field] for line in lines]


def test_a_slow_down_is_logged_once(
    stage: Stage, account: Throttle, caplog: pytest.LogCaptureFixture
) -> None:
    """With the new factor, for a whole wave; nothing where it goes no slower any more."""
    caplog.set_level(logging.INFO, health.logger.name)
    too_fast = ProviderThrottled("slow", provider="memory")
    early = answered(began=time.monotonic(), error=too_fast)

    learn(account, stage, *[early] * 10)
    learn(account, stage, *[early] * 10)
    assert logged(caplog, "account_slowed", "slowdown") == [1.3]
    learn(account, stage, answered(began=time.monotonic(), error=too_fast))
    assert logged(caplog, "account_slowed", "slowdown") == [1.3, 1.69]
    account.slowdown = health.SLOWEST
    learn(account, stage, answered(began=time.monotonic(), error=too_fast))

    assert logged(caplog, "account_slowed", "slowdown") == [1.3, 1.69]


def test_the_reason_of_a_closing_is_logged_once_per_change(
    stage: Stage, account: Throttle, caplog: pytest.LogCaptureFixture
) -> None:
    """Who is down and then out of credit is in the log with both; each probe is not."""
    down = answered(error=ProviderUnavailable("503"))
    no_credit = answered(error=OutOfCredit("no"), reason=Reason.OUT_OF_CREDIT)

    for ending in (*[down] * 7, *[no_credit] * 3, down, answered(), no_credit):
        learn(account, stage, ending)
        stage.clock.move(minutes=6)

    assert logged(caplog, "account_closed", "reason") == [
        "provider_down", "out_of_credit", "provider_down", "out_of_credit",
    ]  # fmt: skip
    assert logged(caplog, "account_opened", "account") == ["a"]


LONGEST = health.CLOSED_AT_MOST + health.CLOCKS_DIFFER


@pytest.mark.parametrize(
    ("ahead", "state"),
    [
        (health.CLOSED_AT_MOST, "closed"),
        (LONGEST, "closed"),
        (LONGEST + dt.timedelta(seconds=1), "probing"),
        (dt.timedelta(hours=1), "probing"),
    ],
)
def test_a_closing_that_ends_too_far_ahead_is_over(
    stage: Stage, account: Throttle, ahead: dt.timedelta, state: str
) -> None:
    """A clock that jumped wrote it; whoever reads or learns sees an account that is probed."""
    account.closed_since, account.closed_until = NOON, NOON + ahead
    account.closed_for = Reason.PROVIDER_DOWN

    shown = health.state_of(account, NOON)
    assert shown["state"] == state
    assert shown["closed_until"] == (NOON + ahead if state == "closed" else None)
    assert learn(account, stage) is (state == "probing")
    assert learn(account, stage, answered()) is (state == "probing")
    assert account.is_probing is (state == "closed")


def test_a_probe_after_a_clocks_jump_closes_by_the_clock(stage: Stage, account: Throttle) -> None:
    """What fails then closes the account for as long as it would have without the jump."""
    account.closed_since, account.closed_until = NOON, NOON + dt.timedelta(hours=1)

    assert not learn(account, stage, answered(error=ProviderUnavailable("503")))

    assert Throttle.objects.get(key="a").closed_until == NOON + health.CLOSED


def test_an_account_recovers_with_each_acceptance(stage: Stage, account: Throttle) -> None:
    """Smoothly, and never faster than it may."""
    account.slowdown = 1.1

    learn(account, stage, answered())
    assert account.slowdown == pytest.approx(1.1 * health.FASTER)
    learn(account, stage, *[answered()] * 50)

    assert account.slowdown == 1.0


def test_an_account_that_answers_slowly_is_closed_and_probed(
    stage: Stage, account: Throttle
) -> None:
    """Five answers close to where a call is given up, though each accepts; a quick one opens."""
    assert learn(account, stage, *[answered(seconds=health.TOO_SLOW)] * 4)
    assert not learn(account, stage, answered(seconds=9.4))

    assert account.closed_until == NOON + health.CLOSED
    assert (account.closed_for, account.detail) == ("provider_down", "An answer took 9 s.")
    stage.clock.move(seconds=31)
    assert learn(account, stage, answered())
    stored = Throttle.objects.get(key="a")
    assert (stored.closed_until, stored.closed_for, stored.is_probing) == (None, "", False)


def test_a_slow_answer_among_quick_ones_closes_nothing(stage: Stage, account: Throttle) -> None:
    """Only five in a row do."""
    for _ in range(10):
        assert learn(account, stage, answered(seconds=8.0), answered())

    assert account.failures == 0


def test_a_save_takes_the_account_from_the_run_at_work(shop: Stage, asked: Calls) -> None:
    """What the old key's calls answer closes nothing any more: all goes out with the new one."""
    shop.configure(CREATED, advanced="flood = off\nrate = 20")
    shop.queue(10)
    (account,) = accounts_of(load(shop.ports).values())

    def wrong_key(message: OutboundMessage) -> SendResult:
        asked.answer = accept
        health.reopen([account.key])
        connection.close()
        raise ProviderAccountError("401", provider="memory")

    asked.answer = wrong_key
    send(shop, 3)

    row = Throttle.objects.get(key=account.key)
    assert (row.closed_until, row.closed_for) == (None, "")
    assert Counter(Message.objects.values_list("status", "reason")) == {
        ("sent", ""): 9, ("held", "provider_account"): 1,
    }  # fmt: skip


def test_what_a_run_without_its_account_learns_is_not_stored(
    stage: Stage, account: Throttle
) -> None:
    """Another run, or a save, has it by now."""
    health.reopen(["a"])

    assert not learn(account, stage, *[answered(error=ProviderUnavailable("503"))] * 5)

    stored = Throttle.objects.get(key="a")
    assert (stored.failures, stored.closed_until) == (0, None)
    assert not throttle.renew("a", account.run or uuid4(), 15)


def test_staff_are_told_once_of_a_closing(
    stage: Stage, account: Throttle, mailoutbox: list[object], settings: object
) -> None:
    """However its reasons change meanwhile; after a save they are told again."""
    settings.ADMINS = [("Owner", "owner@example.com")]  # type: ignore[attr-defined]
    no_credit = answered(error=OutOfCredit("no"), reason=Reason.OUT_OF_CREDIT)
    wrong_key = answered(error=ProviderAccountError("401"), reason=Reason.PROVIDER_ACCOUNT)
    for ending in (no_credit, answered(error=ProviderUnavailable("503")), wrong_key):
        learn(account, stage, ending)
        stage.clock.move(minutes=6)
    assert len(mailoutbox) == 1

    health.reopen(["a"])
    throttle.lease("a", account.run or uuid4(), 30)
    account.refresh_from_db()
    learn(account, stage, no_credit)

    assert len(mailoutbox) == 2


@pytest.mark.parametrize("error", [ConnectionRefusedError, SystemExit])
def test_a_mail_that_failed_is_tried_once_per_probe(
    stage: Stage, account: Throttle, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Also where the worker ends meanwhile: nobody counts as told whom no mail has reached."""
    tries = []
    no_credit = answered(error=OutOfCredit("no"), reason=Reason.OUT_OF_CREDIT)

    def fail(*_: object, **__: object) -> None:
        tries.append(1)
        raise error

    with monkeypatch.context() as down:
        down.setattr(health, "mail_admins", fail)
        for probe in (1, 2):
            for _ in range(3):  # answers of calls that were in progress
                with suppress(SystemExit):
                    learn(account, stage, no_credit, no_credit)
            assert len(tries) == probe
            assert Throttle.objects.get(key="a").told_at is None
            stage.clock.move(minutes=6)
    monkeypatch.setattr(health, "mail_admins", lambda *_, **__: tries.append(1))
    for _ in range(3):
        learn(account, stage, no_credit)
        stage.clock.move(minutes=6)

    assert len(tries) == 3
    assert Throttle.objects.get(key="a").told_at == NOON + dt.timedelta(minutes=12)


@pytest.mark.parametrize(("project", "seconds"), [(None, 5.0), (2, 2), (60, 5.0)])
def test_a_silent_mail_server_holds_no_run(
    stage: Stage, account: Throttle, monkeypatch: pytest.MonkeyPatch, settings: object,
    project: int | None, seconds: float,
) -> None:  # fmt: skip
    """It is waited for as long as the project says, five seconds at most."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_TIMEOUT = project  # type: ignore[attr-defined]
    waited: list[object] = []

    def send(subject: str, message: str, *, connection: EmailBackend | None = None) -> None:
        waited.append(connection and connection.timeout)

    monkeypatch.setattr(health, "mail_admins", send)
    learn(account, stage, answered(error=OutOfCredit("no"), reason=Reason.OUT_OF_CREDIT))

    assert waited == [seconds]


# Runs


@pytest.mark.parametrize(
    ("rate", "seconds", "threads"),
    [
        (30, 1.0, 37),
        (30, 0.05, 4),
        (0.1, 8.0, 4),
        (300, 8.0, MOST_THREADS),
        (250, 0.05, 16),
        (250, 0.001, 16),
    ],
)
def test_as_many_threads_as_the_answers_take(rate: float, seconds: float, threads: int) -> None:
    """The rate times the answer time, with some to spare, and bounded; never fewer than four, nor
    than answers of 50 ms take."""
    assert threads_for(rate, seconds) == threads


@pytest.mark.parametrize(
    ("rate", "lately", "left", "texts"),
    [
        (None, 0.0, 5.0, 250),
        (None, 100.0, 5.0, 250),
        (None, 440.0, 5.0, 440),
        (None, 440.0, 0.25, 110),
        (None, 5000.0, 5.0, 500),
        (10_000.0, 400.0, 5.0, 400),
        (300.0, 800.0, 5.0, 300),
        (30.0, 0.0, 5.0, 30),
        (30.0, 800.0, 5.0, 30),
        (30.0, 30.0, 0.1, 3),
        (30.0, 30.0, 0.0, 1),
        (0.1, 0.0, 5.0, 1),
    ],
)
def test_as_many_texts_are_claimed_as_a_second_takes(
    rate: float | None, lately: float, left: float, texts: int
) -> None:
    """As many as went out lately, within what the account allows; and as the run has time for."""
    account = Account(key="a", channels=(), rate=rate, sender_rates={})

    assert Pace.of(account, Throttle(key="a"), lately, left).at_once == texts


def test_a_run_claims_by_what_it_has_just_sent_and_by_its_time(
    shop: Stage, asked: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 texts in two claims: the second one knows how fast the first one was answered."""
    known: list[tuple[float, float]] = []
    of = Pace.of

    def spied(account: Account, throttle: Throttle, lately: float, left: float) -> Pace:
        known.append((lately, left))
        return of(account, throttle, lately, left)

    monkeypatch.setattr(Pace, "of", spied)
    shop.configure(CREATED, advanced="flood = off\nrate = 10000")
    shop.queue(300)
    began = time.monotonic()

    assert send(shop, 30) == 300

    took = time.monotonic() - began
    (first, full), (second, shorter), _ = known
    assert first == 0.0
    assert 200 / took < second < 2 * 250 / (full - shorter)
    assert 30 - took < shorter < full < 30


def test_a_slow_down_while_texts_are_prepared_holds_for_them(
    shop: Stage, asked: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal as too fast comes between the second claim and its door: its texts are given back,
    and claimed anew at the new pace; none begins at the old one."""
    claimed, refused, once = threading.Event(), threading.Event(), threading.Lock()
    begun: list[int] = []
    take = claims.take

    def answer(message: OutboundMessage) -> SendResult:
        if len(asked.made) == 250 and once.acquire(blocking=False):
            claimed.wait(20)
            refused.set()
            raise ProviderThrottled("Too fast.", provider="memory")
        return accept(message)

    def spied(*rest: Any) -> list[Message]:
        batch = take(*rest)
        begun.append(SendAttempt.objects.count())
        if len(begun) == 2:
            claimed.set()
            refused.wait(20)
            time.sleep(0.2)  # its answer is in the line
        return batch

    asked.answer = answer
    monkeypatch.setattr(claims, "take", spied)
    shop.configure(CREATED, advanced="flood = off\nrate = 10000")
    shop.queue(300)

    send(shop, 30)

    assert begun[:3] == [0, 250, 250]
    assert Counter(Message.objects.values_list("status", flat=True)) == {"sent": 299, "queued": 1}


def test_connections_are_kept_from_run_to_run(
    stage: Stage, vonage: VonageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four threads called in the first run: the provider has taken four connections, and takes
    no other one."""
    at_once = threading.Barrier(4)

    def ask(begun: Begun, ports: Ports) -> Ending:
        at_once.wait(20)
        return calls.ask(begun, ports)

    monkeypatch.setattr(line, "ask", ask)
    monkeypatch.setattr(line, "MOST_THREADS", 4)
    monkeypatch.setattr(account_run, "threads_for", lambda rate, answer_seconds: 4)
    line.threads_of.cache_clear()
    stage.configure(
        CREATED, provider="vonage", api_key="key", api_secret="secret",
        advanced="flood = off\nrate = 100",
    )  # fmt: skip
    taken: list[int] = []

    for _ in range(2):
        stage.queue(8)
        assert send(stage, 5) == 8
        taken.append(vonage.connections)

    line.threads_of.cache_clear()
    assert taken == [4, 4]
    assert len(vonage.accepted) == 16


def test_the_rate_is_reached_where_answers_take_a_second(shop: Stage, asked: Calls) -> None:
    """At 30 a second 30 calls are in progress at once."""

    def slowly(message: OutboundMessage) -> SendResult:
        time.sleep(1.0)
        return accept(message)

    asked.answer = slowly
    shop.configure(CREATED, advanced="flood = off\nrate = 30")
    (account,) = accounts_of(load(shop.ports).values())
    throttle.ensure(account.key)
    Throttle.objects.filter(key=account.key).update(answer_seconds=1.0)
    shop.queue(90)

    send(shop, 3)

    assert len(asked.made) > 3 * 16  # more than sixteen threads could make
    assert not SendAttempt.objects.filter(outcome="pending").exists()


def test_a_clock_set_back_in_a_run_neither_extends_nor_stops_it(
    shop: Stage, asked: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's time is a stopwatch's: it sends on, and ends after its seconds."""

    class Jumping:
        back = dt.timedelta()

        def now(self) -> dt.datetime:
            return dt.datetime.now(dt.UTC) - self.back

    clock = Jumping()

    def jump(message: OutboundMessage) -> SendResult:
        clock.back = dt.timedelta(hours=1)
        return accept(message)

    asked.answer = jump
    monkeypatch.setattr(wiring, "ports", lambda: replace(shop.ports, clock=clock))
    monkeypatch.setattr(tasks, "RUN_SECONDS", 1.5)
    shop.configure(CREATED, advanced="flood = off\nrate = 10")
    shop.queue(40)
    began = time.monotonic()

    tasks.run()

    assert time.monotonic() - began < 10
    assert 10 <= len(asked.made) < 40


def test_one_worker_at_a_time_keeps_house(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another one does, nothing is swept; afterwards it is."""
    swept: list[str] = []
    monkeypatch.setattr(working, "_HOUSEKEEPING", (lambda ports: swept.append("all"),))

    with turns.housekeeping(stage.ports):
        working.keep_house(stage.ports)
    assert swept == []
    working.keep_house(stage.ports)

    assert swept == ["all"]


def test_a_run_with_nothing_but_stopped_texts_is_short(stage: Stage) -> None:
    """No busy loop: a bounded number of statements, and no nudge."""
    stage.configure(CREATED, advanced="flood = off\nsender_rate.Acme = 0")
    stage.queue(100)
    stage.run()

    with CaptureQueriesContext(connection) as statements:
        assert stage.run() is False

    assert len(statements) <= 70
    assert (stage.wake.later, RUN) == ([], dt.timedelta(seconds=5))
