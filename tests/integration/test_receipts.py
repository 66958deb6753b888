"""Delivery receipts lead their message forward: early, late, twice, in parts, or not ours."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any

import pytest

from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.models import (
    DeliveryReceipt,
    Message,
    SendAttempt,
    SuppressedNumber,
    WebhookRequest,
)
from saleor_sms_plugin.services import claims, person
from saleor_sms_plugin.testing.vonage_server import RecordedRequest
from tests.integration.calling_back import SECRET, CalledBack
from tests.integration.stage import BUYER

LONG = "Acme: " + "a" * 400  # three parts


def _of_three(stage: CalledBack, **values: Any) -> Message:
    """One text of three parts was sent."""
    stage.account(
        signature_secret=SECRET, text_order_created=LONG, advanced="night = off\nmax_segments = 3",
        **values,
    )  # fmt: skip
    message = stage.send()
    assert (message.segment_count, len(stage.vonage.accepted[-1].message_ids)) == (3, 3)
    return message


@pytest.mark.parametrize("style", ["query", "form", "json"])
def test_a_delivered_text(called_back: CalledBack, style: Any) -> None:
    """However the account sends its receipts, the text is delivered, with price and end."""
    called_back.caller = type(called_back.caller)(secret=SECRET, style=style)
    text = called_back.send()

    called_back.report(fields={"price": "0.0512"})
    called_back.later(seconds=1)

    assert called_back.status_of(text) == ("delivered", "")
    assert (text.price, text.currency) == (Decimal("0.0512"), "EUR")
    assert text.finished_at == called_back.clock.now()
    receipt = text.receipts.get()
    assert (receipt.provider_status, receipt.network, receipt.match_at) == (
        "delivered", "12345", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [("failed", "8", "undelivered"), ("expired", "2", "expired"), ("rejected", "6", "rejected")],
)
def test_a_text_that_did_not_arrive(
    called_back: CalledBack, said: str, code: str, status: str
) -> None:
    """The provider's word decides which end it is; the particulars are kept for people."""
    text = called_back.send()

    called_back.report(said, code=code)
    called_back.run()

    assert called_back.status_of(text) == (status, "not_delivered")
    assert text.detail.startswith(f"The provider said {said} (code {code}): ")
    assert SuppressedNumber.objects.count() == 0


@pytest.mark.parametrize("order", list(permutations(["accepted", "buffered", "delivered"])))
def test_receipts_out_of_order(called_back: CalledBack, order: tuple[str, ...]) -> None:
    """In whatever order they come, each twice, the text is delivered and stays it."""
    text = called_back.send()

    for said in order:
        called_back.report(said)
        called_back.report(said)
        called_back.run()

    assert called_back.status_of(text) == ("delivered", "")


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [("delivered", "failed", "delivered"), ("failed", "delivered", "undelivered"),
     ("expired", "rejected", "expired")],
)  # fmt: skip
def test_late_news_never_moves_a_text_back(
    called_back: CalledBack, first: str, second: str, end: str
) -> None:
    """The first end stands."""
    text = called_back.send()

    for said in (first, second):
        called_back.report(said)
        called_back.run()

    assert called_back.status_of(text)[0] == end


def test_a_word_that_says_nothing(called_back: CalledBack) -> None:
    """“unknown” is kept and changes nothing."""
    text = called_back.send()

    called_back.report("unknown", code="1")
    called_back.run()

    assert called_back.status_of(text) == ("sent", "")
    assert text.receipts.get().provider_status == "unknown"


def test_three_parts(called_back: CalledBack) -> None:
    """Delivered only when all are; the price is of all."""
    text = _of_three(called_back)
    for part in (2, 0):
        called_back.report(part=part, fields={"price": "0.05"})
    called_back.run()
    assert called_back.status_of(text) == ("sent", "")
    assert text.price == Decimal("0.0999")  # as it was accepted

    called_back.report(part=1, fields={"price": "0.05"})
    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")
    assert text.price == Decimal("0.15")


def test_one_part_of_three_failed(called_back: CalledBack) -> None:
    """Failed when any part has failed for good, whatever the others do."""
    text = _of_three(called_back)
    called_back.report(part=0)
    called_back.report("failed", part=1)
    called_back.run()
    assert called_back.status_of(text) == ("undelivered", "not_delivered")

    called_back.report(part=1)
    called_back.report(part=2)
    called_back.run()

    assert called_back.status_of(text) == ("undelivered", "not_delivered")


def test_the_messages_api_speaks_of_the_whole_message(called_back: CalledBack) -> None:
    """One status is enough for three parts."""
    text = _of_three_by_messages(called_back)

    called_back.report("accepted")
    called_back.run()
    assert called_back.status_of(text) == ("sent", "")
    called_back.report()
    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")
    assert text.price == Decimal("0.0333")


def _of_three_by_messages(stage: CalledBack) -> Message:
    stage.account(
        signature_secret=SECRET, api="messages", text_order_created=LONG,
        advanced="night = off\nmax_segments = 3",
    )  # fmt: skip
    return stage.send()


@pytest.mark.parametrize(("said", "end"), [("delivered", "delivered"), ("failed", "undelivered")])
def test_an_unknown_outcome_is_settled_by_a_receipt(
    called_back: CalledBack, said: str, end: str
) -> None:
    """Found by our own reference, as the provider's id was never told."""
    called_back.vonage.script("drop_after_reading")
    text = called_back.send()
    assert called_back.status_of(text) == ("outcome_unknown", "no_answer")

    called_back.report(said)
    called_back.run()

    assert called_back.status_of(text)[0] == end
    assert len(called_back.vonage.requests) == 1


def test_a_word_in_between_settles_it_too(called_back: CalledBack) -> None:
    """“accepted” says that the provider has it: sent, no longer unknown."""
    called_back.vonage.script("html")
    text = called_back.send()

    called_back.report("accepted")
    called_back.run()

    assert called_back.status_of(text) == ("sent", "")
    assert text.sent_at == called_back.clock.now()
    assert text.detail == ""


@pytest.mark.parametrize(("said", "end"), [("delivered", "delivered"), ("buffered", "sending")])
def test_a_receipt_before_our_own_answer(called_back: CalledBack, said: str, end: str) -> None:
    """Nothing is lost when it comes while the call still runs; an end is an end at once."""
    text = called_back.send()
    later = called_back.clock.now() + dt.timedelta(seconds=30)
    Message.objects.filter(pk=text.pk).update(
        status=MessageStatus.SENDING, claim=uuid.uuid4(), claimed_until=later, sent_at=None
    )
    SendAttempt.objects.update(outcome="pending", provider_message_ids=[])

    called_back.report(said)
    called_back.run()

    assert called_back.status_of(text)[0] == end
    assert (text.claim is None) is (said == "delivered")

    called_back.clock.move(seconds=60)
    claims.free_the_dead(called_back.ports)  # and the worker never came back
    called_back.run()
    assert called_back.status_of(text)[0] == ("delivered" if said == "delivered" else "sent")


def test_it_is_found_by_the_providers_id(called_back: CalledBack) -> None:
    """Where our reference does not come back, number and id lead to the text."""
    text = called_back.send()

    called_back.report(fields={"client-ref": ""})
    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")


def test_a_receipt_for_a_text_we_do_not_know_is_kept_and_matched_later(
    called_back: CalledBack,
) -> None:
    """The id is stored after the receipt came: a later look finds the text."""
    text = called_back.send()
    ids = list(called_back.vonage.accepted[-1].message_ids)
    SendAttempt.objects.update(provider_message_ids=[])
    called_back.report(fields={"client-ref": ""})
    called_back.run()
    assert called_back.status_of(text) == ("sent", "")
    assert DeliveryReceipt.objects.get().message_id is None

    SendAttempt.objects.update(provider_message_ids=ids)
    called_back.later(minutes=2)

    assert called_back.status_of(text) == ("delivered", "")
    assert DeliveryReceipt.objects.get().match_at is None


def test_a_receipt_that_is_nobodys_is_given_up(called_back: CalledBack) -> None:
    """Another installation's text: looked for more and more seldom, for three days."""
    called_back.send()
    called_back.report(fields={"client-ref": str(uuid.uuid4()), "messageId": "0A00"})
    called_back.run()
    looks = 0
    for _ in range(24 * 3 + 1):
        before = DeliveryReceipt.objects.get().match_at
        called_back.later(hours=1)
        looks += DeliveryReceipt.objects.get().match_at != before

    assert DeliveryReceipt.objects.get().match_at is None
    assert 5 <= looks <= 10


@pytest.mark.parametrize("reference", ["", "not a uuid", "' OR 1=1 --", "{}", "0" * 40])
def test_a_strange_reference_matches_nothing(called_back: CalledBack, reference: str) -> None:
    """It is a text among others, never a question to the database."""
    text = called_back.send()

    called_back.report(fields={"client-ref": reference, "messageId": "0A00"})
    called_back.run()

    assert called_back.status_of(text) == ("sent", "")


@pytest.mark.parametrize("code", ["3", "4", "9", "14"])
def test_a_number_that_is_dead_gets_no_more_texts(called_back: CalledBack, code: str) -> None:
    """A permanent failure suppresses the number, for every event, at planning."""
    called_back.send()

    called_back.report("failed", code=code)
    called_back.run()

    row = SuppressedNumber.objects.get()
    assert (row.number, row.reason) == (BUYER.phone, "unusable")
    assert f"code {code}" in row.source
    text = called_back.send("o2")
    assert called_back.status_of(text) == ("suppressed", "number_suppressed")
    assert len(called_back.vonage.requests) == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_number_that_a_text_reached_is_not_dead(called_back: CalledBack, together: bool) -> None:
    """Late news of a failure, whatever its code, says nothing of who got the text."""
    text = called_back.send()
    called_back.report("delivered")
    if not together:
        called_back.run()
    called_back.report("failed", code="3")
    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")
    assert DeliveryReceipt.objects.filter(is_number_unusable=True).count() == 1
    assert SuppressedNumber.objects.count() == 0


def test_a_text_of_before_meets_the_list_at_the_door(called_back: CalledBack) -> None:
    """What was planned before the number died is not sent after."""
    called_back.send()
    called_back.account(signature_secret=SECRET, advanced="night = off", sender_id="")
    text = called_back.send("o2")
    assert text.status == "held"
    called_back.report("failed", code="3")
    called_back.run()
    called_back.account(signature_secret=SECRET)

    called_back.later(minutes=10)

    assert called_back.status_of(text) == ("suppressed", "number_suppressed")
    assert len(called_back.vonage.requests) == 1


def test_many_receipts_in_one_run(called_back: CalledBack) -> None:
    """Each text gets its own, whatever the batch and the order."""
    called_back.account(signature_secret=SECRET, advanced="night = off\nflood = off")
    texts = [called_back.send(f"o{n}") for n in range(1, 8)]
    sent = called_back.vonage.accepted
    for request in [*sent, *reversed(sent)]:
        called_back.knock(called_back.caller.receipt(request))
    called_back.run()

    assert {called_back.status_of(text) for text in texts} == {("delivered", "")}
    assert DeliveryReceipt.objects.count() == 14


def test_two_thousand_receipts_at_once(called_back: CalledBack) -> None:
    """Two for each of a thousand texts, shuffled, before a worker looks: none is lost, and no
    order of them moves a text back."""
    first = called_back.send()
    copies = [Message(**_columns(first, number)) for number in range(1000)]
    texts = Message.objects.bulk_create(copies)
    (taken,) = called_back.vonage.accepted
    said = [(text, word) for text in texts for word in ("accepted", "delivered")]
    Random(5).shuffle(said)

    for text, word in said:
        fields: dict[str, Any] = {
            "client-ref": text.reference,
            "msisdn": text.recipient.removeprefix("+"),
        }
        answer = called_back.knock(
            called_back.caller.receipt(taken, word, messageId=f"{text.pk:016X}", **fields)
        )
        assert answer.status_code == 200
    called_back.run()

    ours = Message.objects.exclude(pk=first.pk)
    assert set(ours.values_list("status", flat=True)) == {"delivered"}
    assert DeliveryReceipt.objects.filter(message__in=ours).count() == 2000
    assert set(WebhookRequest.objects.values_list("status", flat=True)) == {"processed"}


def _columns(message: Message, number: int) -> dict[str, Any]:
    """Another text that went out with this one."""
    names = (
        "event_name", "channel_id", "purpose", "priority", "sender_id", "provider", "status",
        "due_at", "not_before", "expires_at", "taken_at", "sent_at", "created_at", "segment_count",
    )  # fmt: skip
    return {name: getattr(message, name) for name in names} | {"recipient": f"+4851200{number:04}"}


def test_a_person_is_erased_from_what_came_back(called_back: CalledBack) -> None:
    """Receipts and raw requests name the number no more; the decision stays."""
    text = called_back.send()
    called_back.report()
    called_back.report(fields={"client-ref": "", "messageId": "0A00"})
    called_back.run()

    person.forget_number(BUYER.phone, called_back.ports)

    assert called_back.status_of(text)[0] == "delivered"
    assert set(DeliveryReceipt.objects.values_list("recipient", flat=True)) == {""}
    assert {bytes(body) for body in WebhookRequest.objects.values_list("body", flat=True)} == {b""}


def test_a_receipt_by_another_provider_is_not_believed(called_back: CalledBack) -> None:
    """A text that went out through another provider is none of this account's business."""
    text = called_back.send()
    Message.objects.filter(pk=text.pk).update(provider="memory")
    SendAttempt.objects.update(provider="memory")

    called_back.report()
    called_back.run()

    assert called_back.status_of(text) == ("sent", "")


def test_the_server_reports_by_itself(called_back: CalledBack) -> None:
    """A recorded request names the parts that its receipts are about."""
    request: RecordedRequest = (called_back.send(), called_back.vonage.accepted[-1])[1]

    assert len(request.message_ids) == 1
    assert request.message_ids == tuple(SendAttempt.objects.get().provider_message_ids)


def test_a_receipt_ends_a_text_that_waits_for_another_try(called_back: CalledBack) -> None:
    """Its answer said "not taken", but it was: it is not sent a second time."""
    text = called_back.send()
    again = called_back.clock.now() + dt.timedelta(minutes=5)
    Message.objects.update(status="queued", reason="retry", not_before=again, sent_at=None)

    called_back.report()
    called_back.later(minutes=30)

    assert called_back.status_of(text) == ("delivered", "")
    assert text.attempt_count == 1
    assert len(called_back.vonage.requests) == 1
