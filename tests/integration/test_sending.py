"""Law 4: a durable attempt before each call, and never a second send on an unknown outcome."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections

from saleor_sms_plugin.exceptions import (
    ConfigurationError,
    OutcomeUnknown,
    OutOfCredit,
    ProviderAccountError,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)
from saleor_sms_plugin.models import Message, SendAttempt, Throttle
from saleor_sms_plugin.providers import OutboundMessage, SendResult
from saleor_sms_plugin.providers import vonage as vonage_provider
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import (
    account_run,
    accounts,
    claims,
    line,
    plan,
    preparing,
    working,
    writing,
)
from saleor_sms_plugin.services.calls import Ready, call
from saleor_sms_plugin.services.case import Case
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.writing import write
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.integration.stage import CHANNEL, NOON, RUN, Stage, only

CREATED = "order_created"


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """Orders are texted at any time and in any number."""
    stage.configure(CREATED, advanced="flood = off")
    return stage


def outcomes() -> list[str]:
    return list(SendAttempt.objects.order_by("pk").values_list("outcome", flat=True))


def take(stage: Stage) -> list[Message]:
    return claims.take(uuid.uuid4(), stage.ports, load(stage.ports))


# What the provider says


def test_an_accepted_text_is_sent(shop: Stage) -> None:
    """The row holds what was sent, by whom, at what price; the attempt the provider's ids."""
    MemoryProvider.script(
        SendResult(("m-1", "m-2"), price=Decimal("0.0412"), currency="EUR", segment_count=2)
    )
    shop.place()

    shop.run()

    message = only(CREATED)
    assert (message.status, message.reason, message.detail) == ("sent", "", "")
    assert (message.price, message.currency) == (Decimal("0.0412"), "EUR")
    assert (message.provider, message.sender_id, message.language) == ("memory", "Acme", "en")
    assert (message.encoding, message.segment_count) == ("gsm7", 1)
    assert (message.sent_at, message.claim, message.claimed_until) == (NOON, None, None)
    attempt = message.attempts.get()
    assert (attempt.number, attempt.outcome) == (1, "accepted")
    assert attempt.provider_message_ids == ["m-1", "m-2"]
    assert MemoryProvider.attempts[0].reference == str(message.reference)


@pytest.mark.parametrize(
    ("result", "ids", "price"),
    [
        (SendResult(("a\0b\ud800",)), ["ab?"], (None, "")),
        (SendResult((12345,)), ["12345"], (None, "")),  # type: ignore[arg-type]
        (SendResult(("x",), price=Decimal("0.05"), currency="E\0URO"), ["x"], ("0.05", "EUR")),
        (SendResult(("x",), price=Decimal("12345678"), currency="EUR"), ["x"], (None, "")),
        (SendResult(("x",), price=Decimal("NaN"), currency="EUR"), ["x"], (None, "")),
    ],
)
def test_what_no_table_holds_of_an_answer_is_left_out(
    shop: Stage, result: SendResult, ids: list[str], price: tuple[str | None, str]
) -> None:
    """A provider of another package may say anything: the text is sent, and that is stored."""
    MemoryProvider.script(result)
    shop.place(3)

    shop.run()

    assert shop.rows == [(CREATED, "sent", "")] * 3
    attempt = SendAttempt.objects.exclude(
        provider_message_ids__in=[[str(m.reference)] for m in Message.objects.all()]
    ).get()
    message = attempt.message
    assert attempt.provider_message_ids == ids
    assert (message.price and f"{message.price:.2f}", message.currency) == price


def test_an_odd_letter_keeps_no_account_open(shop: Stage) -> None:
    """The account is closed all the same, and the number in the words concealed."""
    error = ProviderAccountError("no +48512\0345678 \ud800 key", provider="memory", code="4\0")
    error.http_status = 99_999
    MemoryProvider.script(error)
    shop.place()

    shop.run()

    attempt = SendAttempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.http_status) == ("refused", "4", None)
    assert "345678" not in attempt.detail
    assert attempt.detail.endswith(" ? key")
    assert [row[1:] for row in shop.rows[:1]] == [("held", "provider_account")]
    assert Throttle.objects.exclude(closed_until=None).count() == 1


def test_a_throttled_text_waits_as_long_as_asked(shop: Stage) -> None:
    """``retry_after`` seconds pass before the second call, which is the last."""
    MemoryProvider.script(ProviderThrottled("slow down", provider="memory", retry_after=60))
    shop.place()

    shop.run()
    assert shop.rows == [(CREATED, "queued", "retry")]
    assert only(CREATED).not_before == NOON + dt.timedelta(seconds=60)

    shop.later(seconds=59)
    assert len(MemoryProvider.attempts) == 1
    shop.later(seconds=1)
    assert outcomes() == ["refused", "accepted"]
    assert shop.rows == [(CREATED, "sent", "")]


def test_an_unavailable_provider_is_tried_eight_times(shop: Stage) -> None:
    """The wait grows from call to call; after the last one the text has failed."""
    MemoryProvider.script(*[ProviderUnavailable("down", provider="memory")] * 20)
    shop.place()

    waits: list[float] = []
    shop.run()
    while (message := only(CREATED)).status == "queued":
        waits.append((message.not_before - shop.clock.now()).total_seconds())
        shop.at(message.not_before)

    assert shop.rows == [(CREATED, "failed", "retries_exhausted")]
    assert outcomes() == ["retryable"] * 8
    usual = [min(5 * 3**n, 1800) for n in range(7)]
    assert all(full / 2 <= wait <= full for wait, full in zip(waits, usual, strict=True))
    assert only(CREATED).finished_at == shop.clock.now()


def test_retries_end_with_the_text(shop: Stage) -> None:
    """No retry is planned for a time at which the text is too late."""
    shop.place()
    shop.clock.move(minutes=119)
    MemoryProvider.script(ProviderThrottled("later", retry_after=60))

    shop.run()

    assert shop.rows == [(CREATED, "failed", "retries_exhausted")]


def test_a_rejected_text_is_never_tried_again(shop: Stage) -> None:
    """The provider's code and words are kept."""
    MemoryProvider.script(ProviderRejected("Invalid number", code="3", http_status=200))
    shop.place()

    shop.run()
    shop.later(hours=1)

    assert shop.rows == [(CREATED, "rejected", "rejected")]
    attempt = SendAttempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.http_status) == ("refused", "3", 200)
    assert only(CREATED).why.endswith("Invalid number")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ProviderAccountError("barred"), "provider_account"),
        (OutOfCredit("no money"), "out_of_credit"),
    ],
)
def test_a_refused_account_holds_its_texts(shop: Stage, error: ProviderError, reason: str) -> None:
    """They wait until the account is mended, and then go out."""
    MemoryProvider.script(error)
    shop.place()

    shop.run()
    assert shop.rows == [(CREATED, "held", reason)]
    shop.later(minutes=4, seconds=59)
    assert len(MemoryProvider.attempts) == 1
    shop.later(seconds=1)

    assert shop.rows == [(CREATED, "sent", "")]


def test_an_unknown_outcome_is_never_sent_again(shop: Stage) -> None:
    """A timeout after the request left: one call, whatever happens afterwards."""
    MemoryProvider.script(OutcomeUnknown("no answer", provider="memory"))
    shop.place()

    shop.run()
    for _ in range(5):
        shop.later(minutes=30)

    assert shop.rows == [(CREATED, "outcome_unknown", "no_answer")]
    assert outcomes() == ["unknown"]
    assert len(MemoryProvider.attempts) == 1


def test_answers_that_outlast_the_timeout_are_unknown(
    stage: Stage, vonage: VonageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the provider took 30 s to accept is never sent again; the first such answer keeps the
    texts behind it back, the fifth closes the account, and they go out once it answers."""
    vonage.script(*["slow:30"] * 5)
    stage.configure(
        CREATED, provider="vonage", api_key="key", api_secret="secret",
        advanced="flood = off\nrate = 100",
    )  # fmt: skip
    stage.queue(12)

    with monkeypatch.context() as hasty:
        hasty.setattr(vonage_provider, "TIMEOUT", (2.0, 0.2))
        hasty.setattr(accounts, "_open", OrderedDict())
        hasty.setattr(account_run, "threads_for", lambda rate, answer_seconds: 1)
        stage.run()
    unknown, waiting = ("outcome_unknown", "no_answer", 1), ("queued", "", 0)
    states = Message.objects.values_list("status", "reason", "attempt_count")
    assert Counter(states) == {unknown: 5, waiting: 7}
    assert outcomes() == ["unknown"] * 5
    account = Throttle.objects.get(key__startswith="vonage:")
    assert (account.failures, account.closed_for) == (5, "provider_down")

    for _ in range(3):
        stage.later(minutes=1)

    assert Counter(states.all()) == {unknown: 5, ("sent", "", 1): 7}
    asked = [str(request.body["client-ref"]) for request in vonage.requests]
    assert sorted(asked) == sorted(str(m.reference) for m in Message.objects.all())
    assert len(vonage.accepted) == 12


def test_an_unexpected_exception_is_an_unknown_outcome(
    shop: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault in a provider may have come after the request left: never again, and logged."""

    def broken(provider: MemoryProvider, message: OutboundMessage) -> SendResult:
        raise KeyError("message-count")

    monkeypatch.setattr(MemoryProvider, "send", broken)
    shop.place(2)

    shop.run()
    shop.later(hours=1)

    assert shop.rows == [(CREATED, "outcome_unknown", "no_answer")] * 2
    assert sum(r.levelno == logging.ERROR for r in caplog.records) == 2
    assert SendAttempt.objects.count() == 2


def test_no_transaction_is_open_during_a_call(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt row is committed, the claim too, before the provider is called; while the run
    waits for the answer no session of the database is in a transaction."""
    ours, waits = connections["default"], threading.Event()
    answer = line.Line.answer
    seen: list[tuple[list[bool], list[str], list[str]]] = []

    def awaited(of: line.Line, within: float | None = None) -> line.Answer | None:
        if within is None:  # nothing else is left to do
            waits.set()
        return answer(of, within)

    def look(provider: MemoryProvider, message: OutboundMessage) -> SendResult:
        assert waits.wait(20)
        # The driver begins a transaction with its first statement: PostgreSQL alone sees too few.
        inside = [each.in_atomic_block for each in (ours, connections["default"])]
        seen.append((inside, others_in_transaction(), outcomes()))
        return SendResult(("m",))

    monkeypatch.setattr(line.Line, "answer", awaited)
    monkeypatch.setattr(MemoryProvider, "send", look)
    committed_stage.configure(CREATED)
    committed_stage.place()

    committed_stage.run()

    assert seen == [([False, False], [], ["pending"])]


def others_in_transaction() -> list[str]:
    """The last statements of other sessions of this database that are in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT query FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend'
            AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
            """
        )
        return [query for (query,) in cursor.fetchall()]


def test_every_retry_brings_the_same_reference(shop: Stage) -> None:
    """A receipt of any attempt finds the one message."""
    MemoryProvider.script(ProviderUnavailable("down"))
    shop.place()
    shop.run()
    shop.later(seconds=5)

    assert {m.reference for m in MemoryProvider.attempts} == {str(only(CREATED).reference)}
    assert len(MemoryProvider.attempts) == 2


# Claims


def test_a_claim_without_a_call_comes_free(shop: Stage) -> None:
    """A worker died before it called: after the lease the text is sent, once."""
    shop.queue()
    assert len(take(shop)) == 1

    shop.later(seconds=44)
    assert shop.bodies == []
    shop.later(seconds=2)

    assert shop.rows == [(CREATED, "sent", "")]
    assert outcomes() == ["accepted"]


def test_a_claim_with_a_call_is_an_unknown_outcome(shop: Stage) -> None:
    """A worker died during its call: never sent again, and the attempt says so."""
    message, _ = die_during_the_call(shop)

    shop.later(seconds=46)
    shop.later(hours=1)

    message.refresh_from_db()
    assert (message.status, message.reason) == ("outcome_unknown", "worker_died")
    assert outcomes() == ["unknown"]
    assert len(MemoryProvider.attempts) == 1


def test_a_late_answer_settles_it(shop: Stage) -> None:
    """The worker was only slow: its answer, when it comes, is believed."""
    message, late = die_during_the_call(shop)
    shop.later(seconds=46)

    late()

    message.refresh_from_db()
    assert (message.status, message.reason) == ("sent", "")
    assert outcomes() == ["accepted"]


def test_a_late_refusal_does_not_queue_it_again(shop: Stage) -> None:
    """Late news never moves a text back to where it could be sent twice."""
    message, late = die_during_the_call(shop, ProviderUnavailable("down"))
    shop.later(seconds=46)

    late()
    shop.later(hours=1)

    message.refresh_from_db()
    assert message.status == "outcome_unknown"
    assert len(MemoryProvider.attempts) == 1


def die_during_the_call(
    stage: Stage, answer: ProviderError | SendResult | None = None
) -> tuple[Message, Callable[[], None]]:
    """A text whose worker is in the call; what is returned lets the answer come."""
    from saleor_sms_plugin.services import calls

    stage.queue()
    message = take(stage)[0]
    channel = load(stage.ports)[CHANNEL]
    text = write(message, channel, stage.shop.stored_orders[message.order_id])
    provider = MemoryProvider()
    (begun,) = calls.begin([Ready(message=message, text=text, provider=provider)], stage.ports)
    MemoryProvider.attempts.append(
        OutboundMessage(message.recipient, text.sender_id, text.body, str(message.reference))
    )

    def answered() -> None:
        MemoryProvider.script(answer or SendResult(("m",)))
        ending = calls.ask(begun, stage.ports)
        MemoryProvider.attempts.pop()  # the call that began above
        calls.end([(begun, ending)], stage.ports)

    return message, answered


def test_a_lost_claim_makes_no_call(shop: Stage) -> None:
    """A worker that slept past its lease finds the text taken, and calls nobody."""
    shop.queue()
    slow = take(shop)[0]
    text = write(slow, load(shop.ports)[CHANNEL], shop.shop.stored_orders[slow.order_id])
    shop.clock.move(seconds=46)

    assert call(slow, text, MemoryProvider(), shop.ports) is None

    assert MemoryProvider.attempts == []
    claims.free_the_dead(shop.ports)
    assert len(take(shop)) == 1  # another worker has it now
    shop.clock.move(seconds=1)
    assert call(slow, text, MemoryProvider(), shop.ports) is None
    assert SendAttempt.objects.count() == 0


def test_the_urgent_go_first(shop: Stage) -> None:
    """Staff before customers, then by age."""
    shop.configure(CREATED, "staff_order_created", staff_numbers="+48501000001")
    shop.place()

    shop.run()

    assert [row[0] for row in shop.rows] == [CREATED, "staff_order_created"]
    assert shop.recipients == ["+48501000001", "+48512345678"]


def test_what_was_recorded_first_is_planned_first(shop: Stage) -> None:
    """Orders of one instant are planned as they were recorded, whatever their ids are."""
    names = [f"o{number}" for number in range(19, 9, -1)]
    for name in names:
        shop.happen(CREATED, shop.order(name))

    shop.run()

    assert [message.order_id for message in Message.objects.order_by("pk")] == names


# A run


class Ticking:
    """Every look at the clock takes a tenth of a second."""

    def __init__(self, start: dt.datetime) -> None:
        self.instant = start

    def now(self) -> dt.datetime:
        self.instant += dt.timedelta(seconds=0.1)
        return self.instant


def test_a_run_ends_in_time_and_says_that_there_is_more(shop: Stage) -> None:
    """After five seconds the run gives back what it did not call, and asks to go on."""
    shop.queue(60)
    clock = Ticking(NOON)
    ports = type(shop.ports)(shop=shop.shop, wake=shop.wake, clock=clock)

    more = working.work(ports, NOON + RUN)

    sent = len(MemoryProvider.attempts)
    assert more is True
    assert 0 < sent < 60
    assert Message.objects.filter(status="sending").count() == 0
    assert Message.objects.filter(status="queued").count() == 60 - sent
    while working.work(ports, clock.now() + RUN):
        pass
    assert len(MemoryProvider.attempts) == 60
    assert SendAttempt.objects.count() == 60


def test_a_run_that_finished_asks_for_nothing(shop: Stage) -> None:
    """Nothing is due: no further nudge."""
    shop.place(3)

    assert shop.run() is False


def test_what_is_recorded_while_a_run_sends_is_planned_by_it(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the run began without news, behind texts of earlier ones."""
    committed_stage.configure(CREATED, advanced="flood = off")
    committed_stage.queue(1)
    honest = MemoryProvider.send

    def placed(provider: MemoryProvider, message: OutboundMessage) -> SendResult:
        if not MemoryProvider.attempts:
            committed_stage.place(1)
        return honest(provider, message)

    monkeypatch.setattr(MemoryProvider, "send", placed)
    assert not working.has_news(committed_stage.ports)

    committed_stage.run()

    assert committed_stage.rows == [(CREATED, "sent", "")] * 2


def test_a_fault_in_one_order_stops_no_other(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that cannot be planned is tried later; the others are texted now."""
    shop.place(3)
    honest = plan._decide

    def faulty(case: Case) -> None:
        if case.order and case.order.id == "o001":
            raise ValueError("odd order")
        honest(case)

    monkeypatch.setattr(plan, "_decide", faulty)
    shop.run()
    assert len(shop.bodies) == 2

    monkeypatch.undo()
    shop.later(minutes=5)
    assert len(shop.bodies) == 3


def test_a_fault_in_one_text_stops_no_other(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that cannot be made is held with its reason; the others go out."""
    shop.place(3)
    honest = writing.write

    def faulty(message: Message, *rest: Any) -> Any:
        if message.order_id == "o001":
            raise ValueError("odd text")
        return honest(message, *rest)

    monkeypatch.setattr(writing, "write", faulty)
    shop.run()
    assert len(shop.bodies) == 2
    held = Message.objects.get(order_id="o001")
    assert (held.status, held.reason, held.detail) == ("held", "fault", "ValueError")

    monkeypatch.undo()
    shop.later(minutes=5)
    assert len(shop.bodies) == 3


@pytest.mark.parametrize("planned_before", [False, True])
def test_an_order_that_the_shop_cannot_read_stops_no_other(
    shop: Stage, monkeypatch: pytest.MonkeyPatch, planned_before: bool
) -> None:
    """One unreadable order of a batch: the others are planned and sent; it is, once mended."""
    shop.place(3)
    honest = shop.shop.orders

    def faulty(order_ids: Any) -> Any:
        if "o001" in order_ids:
            raise ValueError("unreadable")
        return honest(order_ids)

    if planned_before:
        plan.run(shop.ports, NOON + RUN)
    monkeypatch.setattr(shop.shop, "orders", faulty)
    shop.run()
    assert len(shop.bodies) == 2

    monkeypatch.undo()
    shop.later(minutes=5)
    assert len(shop.bodies) == 3


def test_a_text_too_long_fails_with_its_length(shop: Stage) -> None:
    """More segments than allowed: not sent, and told how many there were."""
    shop.configure(CREATED, text_order_created="x" * 700)
    shop.place()

    shop.run()

    assert shop.rows == [(CREATED, "failed", "too_long")]
    assert "5 segments; at most 4" in only(CREATED).detail
    assert MemoryProvider.attempts == []


def test_a_provider_that_cannot_be_made_holds_its_texts(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that no provider can be made of wait for the owner; nothing is lost."""

    def unusable(channel: object) -> None:
        raise ConfigurationError("Private key (private_key) is no key. Paste the whole file.")

    shop.place()
    monkeypatch.setattr(preparing, "provider_of", unusable)
    shop.run()
    assert shop.rows == [(CREATED, "held", "configuration")]
    assert "private_key" in only(CREATED).why

    monkeypatch.undo()
    shop.later(minutes=5)
    assert shop.rows == [(CREATED, "sent", "")]


# Without beat


def test_without_beat_a_nudge_sweeps(shop: Stage) -> None:
    """No periodic run was seen for a minute: a nudge frees the dead worker's texts."""
    shop.queue()
    take(shop)
    shop.clock.move(minutes=2)

    shop.run()

    assert shop.rows == [(CREATED, "sent", "")]


def test_with_beat_a_nudge_only_works(shop: Stage) -> None:
    """Beat was seen a moment ago: freeing the dead is its work."""
    shop.queue()
    take(shop)
    shop.clock.move(minutes=2)
    from saleor_sms_plugin.models import Installation

    Installation.objects.update(periodic_at=shop.clock.now())
    shop.run()
    assert shop.rows == [(CREATED, "sending", "")]

    working.keep_house(shop.ports)
    shop.run()
    assert shop.rows == [(CREATED, "sent", "")]
