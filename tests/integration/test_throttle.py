"""The account's pace and health, shared by every worker on one PostgreSQL row."""

from __future__ import annotations

import datetime as dt
import json
import time
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command

from saleor_sms_plugin.exceptions import (
    OutcomeUnknown,
    OutOfCredit,
    ProviderError,
    ProviderThrottled,
    ProviderUnavailable,
)
from saleor_sms_plugin.models import Message, SendAttempt, Throttle, throttle
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import (
    account_run,
    calls,
    claims,
    dispatch,
    health,
    lease,
    line,
    metrics,
    status,
)
from saleor_sms_plugin.services.account_run import LATE, AccountRun
from saleor_sms_plugin.services.accounts import accounts_of
from saleor_sms_plugin.services.calls import Begun, Ending
from saleor_sms_plugin.services.channels import load
from tests.integration.stage import CHANNEL, NOON, RUN, Stage, rows

CREATED = "order_created"
OTHER = 2


@pytest.fixture
def shop(stage: Stage) -> Stage:
    stage.configure(CREATED, advanced="flood = off")
    return stage


def account() -> Throttle:
    return Throttle.objects.get(key__startswith="memory:", run__isnull=True)


# Slots


def test_slots_follow_one_another(db: None) -> None:
    """What one worker reserved, the next one waits for; the database's clock counts."""
    throttle.ensure("a")

    first = throttle.reserve("a", 10, 0.1, within=5)
    second = throttle.reserve("a", 1, 0.1, within=5)

    assert first == 0
    assert second is not None
    assert 0.9 < second <= 1.0


def test_a_slot_too_far_away_is_not_reserved(db: None) -> None:
    """A worker does not wait for it, and leaves it to whoever comes when it is near."""
    throttle.ensure("a")
    throttle.reserve("a", 1, 10, within=0)

    assert throttle.reserve("a", 1, 10, within=1) is None
    wait = throttle.reserve("a", 1, 10, within=11)

    assert wait is not None
    assert 9 < wait <= 10  # the refused reservation took nothing


@pytest.mark.parametrize("interval", [1 / 30, 10.0])
def test_a_database_clock_that_jumped_back_stops_nobody(db: None, interval: float) -> None:
    """A slot, and a lease, an hour ahead are nobody's: both are free at once."""
    throttle.ensure("a")
    hour = dt.timedelta(hours=1)
    ahead = dt.datetime.now(dt.UTC) + hour
    Throttle.objects.update(next_slot_at=ahead, run=uuid4(), run_until=ahead)

    assert throttle.lease("a", uuid4(), 15)
    assert throttle.reserve("a", 1, interval, within=1) == 0
    wait = throttle.reserve("a", 1, interval, within=11)

    assert wait is not None
    assert 0 < wait <= interval


def test_slots_are_given_back_only_by_the_run_that_has_the_account(db: None) -> None:
    """Whose lease ended takes nothing from the next run."""
    run = uuid4()
    throttle.ensure("a")
    throttle.lease("a", run, 30)
    throttle.reserve("a", 10, 1.0, within=5)

    throttle.unreserve("a", uuid4(), 10, 1.0)
    assert throttle.reserve("a", 1, 1.0, within=5) is None
    throttle.unreserve("a", run, 10, 1.0)
    wait = throttle.reserve("a", 1, 1.0, within=5)

    assert wait is not None
    assert wait <= 0.0


def test_one_run_has_the_account(db: None) -> None:
    """A second run waits until the first one ends, or its lease is over."""
    first, second = uuid4(), uuid4()

    assert throttle.lease("a", first, 30)
    assert not throttle.lease("a", second, 30)
    assert throttle.lease("a", first, 30)
    throttle.release("a", first)
    assert throttle.lease("a", second, -1)  # it died: over already
    assert throttle.lease("a", first, 30)


def test_a_run_that_finds_the_account_taken_sends_nothing(shop: Stage) -> None:
    """The texts stay as they are, for the run that has it."""
    shop.queue(1)
    (found,) = accounts_of(load(shop.ports).values())
    throttle.lease(found.key, uuid4(), 30)

    shop.run()

    assert shop.rows == [(CREATED, "queued", "")]
    assert MemoryProvider.attempts == []


# Rates


def test_a_rate_of_zero_stops_and_a_save_starts_again(shop: Stage) -> None:
    """Nothing is lost meanwhile, and the form says so."""
    shop.configure(CREATED, advanced="rate = 0")
    shop.queue(2)

    shop.run()
    assert rows(Message.objects.order_by("pk")) == [(CREATED, "queued", "")] * 2
    assert "Nothing is sent: rate = 0 in Advanced." in status.status_of(CHANNEL, shop.ports)

    shop.configure(CREATED, advanced="rate = 1000\nflood = off")
    shop.run()
    assert [row[1] for row in shop.rows] == ["sent", "sent"]


def test_the_lowest_rate_of_the_channels_holds(shop: Stage) -> None:
    """Two channels that share an account share its pace."""
    shop.configure(CREATED, advanced="rate = 5")
    shop.configure(CREATED, channel_id=OTHER, advanced="rate = 2.5")

    (shared,) = accounts_of(load(shop.ports).values())

    assert (shared.rate, shared.channel_ids) == (2.5, (CHANNEL, OTHER))


def test_a_slow_sender_waits_for_its_own_slots(shop: Stage) -> None:
    """The sender's limit holds beside the account's: a run waits for a slot that comes in its
    time, for the next one a worker is nudged; meanwhile the text waits, with the reason."""
    shop.configure(CREATED, advanced="flood = off\nsender_rate.Acme = 2.5")
    shop.queue(4)

    dispatch.run(shop.ports, shop.clock.now() + dt.timedelta(seconds=1.1))

    assert [row[1:] for row in shop.rows] == [("sent", "")] * 3 + [("held", "sender_rate")]
    assert len(shop.wake.later) == 1
    assert 0 <= shop.wake.later[0] < 0.3


def test_a_run_has_no_credit_for_the_time_before_it(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what a run itself was late for is made up, so runs of one text keep the pace, too."""
    asked: list[float] = []
    reserve = throttle.reserve

    def reserved(
        key: str, count: int, interval: float, within: float, late: float = 0.0
    ) -> float | None:
        asked.append(late)
        return reserve(key, count, interval, within, late)

    monkeypatch.setattr(throttle, "reserve", reserved)
    shop.configure(CREATED, advanced="flood = off\nrate = 10")
    shop.queue(15)  # ten in the first claim
    shop.run()
    shop.queue(1)
    shop.run()

    assert asked == [0.0, LATE, 0.0]
    assert len(MemoryProvider.attempts) == 16


# Fairness


def test_no_channel_starves_another(shop: Stage) -> None:
    """A claim takes from every channel of the account, however much one has waiting."""
    shop.configure(CREATED, channel_id=OTHER, advanced="flood = off")
    shop.queue(60)
    shop.clock.move(seconds=1)
    shop.queue(5, OTHER)

    taken = claims.take(uuid4(), shop.ports, load(shop.ports))

    assert len(taken) == claims.BATCH
    assert sum(m.channel_id == OTHER for m in taken) == 5
    own = [m.pk for m in taken if m.channel_id == CHANNEL]
    assert (
        own == sorted(Message.objects.filter(channel_id=CHANNEL).values_list("pk", flat=True))[:15]
    )


def test_each_account_has_its_share_of_a_run(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """One account's backlog leaves the others their part of the run's time."""
    ends: list[dt.datetime] = []

    def go(run: AccountRun) -> int:
        ends.append(run.until)
        shop.clock.move(seconds=(run.until - shop.clock.now()).total_seconds())
        return 1

    shop.configure(CREATED, channel_id=OTHER, provider="console")
    shop.queue(1)
    monkeypatch.setattr(AccountRun, "go", go)
    start = shop.clock.now()

    dispatch.run(shop.ports, start + dt.timedelta(seconds=5))

    assert [(end - start).total_seconds() for end in ends] == [2.5, 5.0]


def test_runs_begin_with_another_account_each_time(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that takes all of a run is the last one of the next."""
    begun: list[str] = []
    go = AccountRun.go

    def slow(run: AccountRun) -> int:
        begun.append(run.key.partition(":")[0])
        called = go(run)
        shop.clock.move(seconds=6)
        return called

    shop.configure(CREATED, channel_id=OTHER, provider="console")
    monkeypatch.setattr(AccountRun, "go", slow)

    for _ in range(4):
        shop.queue(1)
        dispatch.run(shop.ports, shop.clock.now() + dt.timedelta(seconds=5))

    assert sorted(begun[:2]) == ["console", "memory"]
    assert begun[2:] == begun[:2]


def test_a_run_whose_account_another_one_has_stops(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it sees when it renews its lease; the texts left wait for the other run."""
    renew = throttle.renew
    asked: list[str] = []

    def lost_later(key: str, run: UUID, seconds: float) -> bool:
        asked.append(key)
        return len(asked) <= 1 and renew(key, run, seconds)

    monkeypatch.setattr(throttle, "renew", lost_later)
    monkeypatch.setattr(lease, "RENEWED_EACH", 0.0)
    shop.configure(CREATED, advanced="flood = off\nrate = 4")  # four in a claim
    shop.queue(6)

    shop.run()

    assert [row[1] for row in shop.rows] == ["sent"] * 4 + ["queued"] * 2


@pytest.mark.parametrize(("seconds", "called"), [(2, 3), (3, 0)])
def test_a_turn_ends_early_only_where_the_worker_is_wanted(
    shop: Stage, seconds: int, called: int
) -> None:
    """Sending goes on for a turn; after it what else waits goes first, and the texts wait."""
    shop.queue(3)
    key = accounts_of(load(shop.ports).values())[0].key
    until = shop.clock.now() + dt.timedelta(seconds=5)
    wanted = AccountRun(key, shop.ports, until, lambda: True)
    shop.clock.move(seconds=seconds)

    assert wanted.go() == called
    assert Message.objects.filter(status="queued").count() == 3 - called

    assert AccountRun(key, shop.ports, until, lambda: False).go() == 3 - called


def test_a_weaker_class_waits(shop: Stage) -> None:
    """Marketing goes when no service text is due."""
    shop.queue(25)
    Message.objects.filter(order_id__lt="o010").update(priority=20, purpose="marketing")

    taken = claims.take(uuid4(), shop.ports, load(shop.ports))

    assert [m.priority for m in taken] == [10] * 15 + [20] * 5


def test_a_priority_of_another_version_still_has_its_turn(shop: Stage) -> None:
    """Nothing waits for ever."""
    shop.queue(1)
    Message.objects.update(priority=77)

    assert len(claims.take(uuid4(), shop.ports, load(shop.ports))) == 1


# Health


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (ProviderUnavailable("down", provider="memory"), "queued"),
        (OutcomeUnknown("silent", provider="memory"), "outcome_unknown"),
    ],
)
def test_a_failing_provider_is_left_alone_then_probed(
    shop: Stage, error: ProviderError, left: str
) -> None:
    """After five failures in a row nobody calls for 30 s; one call then opens it again."""
    MemoryProvider.script(*[error] * 100)
    shop.configure(CREATED, advanced="flood = off\nrate = 4")  # batches of four
    shop.queue(30)

    shop.run()
    called = len(MemoryProvider.attempts)
    assert 5 <= called <= 8  # a call in progress is not called off
    MemoryProvider._script.clear()
    shop.later(seconds=1)
    assert len(MemoryProvider.attempts) == called
    assert account().closed_for == "provider_down"
    assert "has been failing for 1 s" in status.status_of(CHANNEL, shop.ports)

    shop.later(seconds=30)
    shop.later(seconds=60)

    states = [row[1] for row in shop.rows]
    expected_lost = called if left == "outcome_unknown" else 0
    assert states.count("outcome_unknown") == expected_lost
    assert states.count("sent") == 30 - expected_lost
    assert (account().closed_since, account().failures) == (None, 0)


def test_a_provider_that_falls_silent_holds_no_batch(shop: Stage) -> None:
    """The texts behind the silent call are not called, and have no attempt to their name."""
    MemoryProvider.script(OutcomeUnknown("silent", provider="memory"))
    shop.configure(CREATED, advanced="flood = off\nrate = 1000")
    Throttle.objects.update(answer_seconds=0.0)  # one thread at a time
    shop.queue(20)

    shop.run()

    assert [row[1] for row in shop.rows].count("outcome_unknown") == 1
    assert [row[1] for row in shop.rows].count("sent") == 19
    assert SendAttempt.objects.count() == 20
    assert {m.attempt_count for m in Message.objects.all()} == {1}


def test_a_run_counts_whom_it_called(shop: Stage) -> None:
    """A text that was taken back, because the provider fell silent, is no call."""
    MemoryProvider.script(OutcomeUnknown("silent", provider="memory"))
    shop.configure(CREATED, advanced="flood = off\nrate = 1000")
    shop.queue(20)

    called = dispatch.run(shop.ports, shop.clock.now() + RUN)

    assert called == len(MemoryProvider.attempts) == 20


def test_texts_that_came_back_late_are_sent_by_the_same_run(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call takes a while to fall silent, and nothing else is due until then."""
    MemoryProvider.script(OutcomeUnknown("silent", provider="memory"))
    shop.configure(CREATED, advanced="flood = off\nrate = 1000")
    shop.queue(20)
    asked: list[object] = []

    def ask(begun: Begun, ports: Ports) -> Ending:
        asked.append(begun)
        if len(asked) == 1:
            time.sleep(0.3)
        return calls.ask(begun, ports)

    monkeypatch.setattr(line, "ask", ask)
    monkeypatch.setattr(account_run, "threads_for", lambda *_: 1)

    assert dispatch.run(shop.ports, shop.clock.now() + RUN) == 20
    assert len(MemoryProvider.attempts) == 20


def test_a_probe_is_one_call(shop: Stage) -> None:
    """An account that is still down costs one text's attempt at a time, ever less often."""
    shop.queue(25)
    MemoryProvider.script(*[ProviderUnavailable("down", provider="memory")] * 100)
    shop.run()
    called = len(MemoryProvider.attempts)
    spans = []
    for _ in range(5):
        until = account().closed_until
        assert until is not None
        spans.append((until - shop.clock.now()).total_seconds())
        shop.at(until + dt.timedelta(seconds=1))
        called += 1
        assert len(MemoryProvider.attempts) == called
    assert spans == sorted(spans)
    assert spans[-1] == 300


def test_an_account_without_credit_fails_no_text(shop: Stage) -> None:
    """One batch finds out; then one probe each five minutes, until it is topped up."""
    MemoryProvider.script(*[OutOfCredit("no money", provider="memory")] * 3)
    shop.queue(40)
    shop.configure(CREATED, advanced="flood = off\nrate = 1")  # a batch of one

    shop.run()

    assert len(MemoryProvider.attempts) == 1
    assert {row[1:] for row in shop.rows} == {("queued", ""), ("held", "out_of_credit")}
    assert "The provider account has no credit" in status.status_of(CHANNEL, shop.ports)
    shop.later(minutes=4)
    assert len(MemoryProvider.attempts) == 1
    shop.later(minutes=1, seconds=1)
    assert len(MemoryProvider.attempts) == 2


def test_a_save_tries_a_closed_account_at_once(shop: Stage) -> None:
    """Whoever has just mended the key does not wait."""
    MemoryProvider.script(OutOfCredit("no money", provider="memory"))
    shop.queue(1)
    shop.run()
    Message.objects.update(not_before=NOON)

    shop.configure(CREATED, advanced="flood = off")
    shop.run()

    assert shop.rows == [(CREATED, "sent", "")]


def test_too_fast_slows_down_and_recovers(shop: Stage) -> None:
    """The interval grows with a wave of "too fast" and shrinks with each acceptance; nothing is
    lost."""
    MemoryProvider.script(*[ProviderThrottled("slow", provider="memory")] * 3)
    shop.queue(10)

    shop.run()
    slowest = account().slowdown
    assert 1 < slowest <= health.SLOWER
    for _ in range(4):
        shop.later(seconds=20)

    assert [row[1] for row in shop.rows] == ["sent"] * 10
    assert 1 <= account().slowdown < slowest


def test_a_pause_that_the_provider_asks_for_is_kept(shop: Stage) -> None:
    """Acceptances of calls that had left before change nothing; the form says why nothing goes."""
    MemoryProvider.script(ProviderThrottled("slow", provider="memory", retry_after=40.0))
    shop.configure(CREATED, advanced="flood = off\nrate = 1000")
    shop.queue(20)
    now = shop.clock.now()

    shop.run()
    called = len(MemoryProvider.attempts)
    assert called < 20
    assert account().closed_until == now + dt.timedelta(seconds=40)
    assert "The provider asked for a pause" in status.status_of(CHANNEL, shop.ports)
    shop.later(seconds=39)
    assert len(MemoryProvider.attempts) == called

    shop.later(seconds=1)
    shop.later(seconds=30)
    assert [row[1] for row in shop.rows] == ["sent"] * 20
    assert (account().closed_for, account().closed_until) == ("", None)


def test_throttling_never_uses_up_a_texts_attempts(shop: Stage) -> None:
    """A text that was "too fast" twenty times still goes out, while it is in time."""
    MemoryProvider.script(*[ProviderThrottled("slow", provider="memory")] * 20)
    shop.queue(1)

    shop.run()
    for _ in range(25):
        shop.later(seconds=60)

    assert shop.rows == [(CREATED, "sent", "")]


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (ProviderThrottled("slow", provider="memory"), "refused"),
        (OutOfCredit("no money", provider="memory"), "refused"),
        (ProviderUnavailable("down", provider="memory"), "retryable"),
    ],
)
def test_only_a_texts_own_failures_use_up_its_attempts(
    shop: Stage, error: ProviderError, after: str
) -> None:
    """After eight answers about the account a text outlives its first outage; eight of its own
    failures end it."""
    MemoryProvider.script(*[error] * 8, ProviderUnavailable("down", provider="memory"))
    shop.queue(1)

    shop.run()
    for _ in range(40):
        shop.clock.move(seconds=301)
        Message.objects.update(expires_at=shop.clock.now() + dt.timedelta(days=1))
        shop.run()

    outcomes = list(SendAttempt.objects.order_by("number").values_list("outcome", flat=True))
    if after == "refused":
        assert outcomes == ["refused"] * 8 + ["retryable", "accepted"]
        assert shop.rows == [(CREATED, "sent", "")]
    else:
        assert outcomes == ["retryable"] * 8
        assert shop.rows == [(CREATED, "failed", "retries_exhausted")]


# What is shown


def test_the_metrics_count_what_is_there(shop: Stage) -> None:
    """Queue, age, rate, promptness, ends and accounts, in one value."""
    shop.queue(3)
    shop.run()
    shop.clock.move(seconds=30)
    shop.queue(2)
    shop.clock.move(seconds=7)

    found = metrics.measure(shop.ports)

    assert (found.due, found.waiting, found.oldest_due_seconds) == (2, 2, 7)
    assert (found.sent_last_minute, found.sent_last_hour, found.prompt_share) == (3, 3, 1.0)
    assert found.ended_last_day == {"sent": 3}
    assert [(a["state"], a["channels"]) for a in found.accounts] == [("open", ["channel-1"])]


def test_the_age_of_the_queue_counts_from_when_a_text_was_due(shop: Stage) -> None:
    """Postponing a text, for whatever reason, makes it no younger."""
    shop.queue(1)
    Message.objects.update(not_before=NOON + dt.timedelta(seconds=50))
    shop.clock.move(seconds=60)

    assert metrics.measure(shop.ports).oldest_due_seconds == 60
    assert metrics.queue_of(shop.ports).oldest_due_seconds == 60


def test_a_late_text_is_not_prompt(shop: Stage) -> None:
    """The share counts from the time the text should have gone out, not from a retry."""
    MemoryProvider.script(ProviderUnavailable("down", provider="memory"))
    shop.queue(1)
    shop.run()
    shop.later(seconds=60)

    assert metrics.measure(shop.ports).prompt_share == 0.0


def test_the_command_prints_for_people_and_programs(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sms_status`` and ``sms_status --json`` say the same."""
    from saleor_sms_plugin import wiring

    monkeypatch.setattr(wiring, "ports", lambda: shop.ports)
    shop.queue(1)
    shop.run()
    words, data = StringIO(), StringIO()

    call_command("sms_status", stdout=words)
    call_command("sms_status", "--json", stdout=data)

    assert "last day: sent 1" in words.getvalue()
    assert json.loads(data.getvalue())["ended_last_day"] == {"sent": 1}
