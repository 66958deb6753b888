"""What Vonage says, and what it means to us: every row of the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from saleor_sms_plugin.exceptions import (
    OutcomeUnknown,
    OutOfCredit,
    ProviderAccountError,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)
from saleor_sms_plugin.providers import OutboundMessage, SendResult, answer
from saleor_sms_plugin.providers.answer import Answer
from saleor_sms_plugin.providers.vonage.answers import SMS_STATUSES, read_messages, read_sms
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import AnswerWith, Connect

STATUSES: dict[str, type[ProviderError]] = {
    "1": ProviderThrottled,
    "2": ProviderRejected,
    "3": ProviderRejected,
    "4": ProviderAccountError,
    "5": ProviderUnavailable,
    "6": ProviderRejected,
    "7": ProviderRejected,
    "8": ProviderAccountError,
    "9": OutOfCredit,
    "10": ProviderThrottled,
    "11": ProviderAccountError,
    "12": ProviderRejected,
    "14": ProviderAccountError,
    "15": ProviderRejected,
    "22": ProviderRejected,
    "23": ProviderRejected,
    "29": ProviderRejected,
    "32": ProviderAccountError,
    "33": ProviderRejected,
}

HTTP: dict[int, type[ProviderError]] = {
    302: OutcomeUnknown,
    400: ProviderRejected,
    401: ProviderAccountError,
    402: OutOfCredit,
    403: ProviderAccountError,
    404: ProviderRejected,
    408: ProviderUnavailable,
    422: ProviderRejected,
    429: ProviderThrottled,
    500: OutcomeUnknown,
    502: OutcomeUnknown,
    503: ProviderUnavailable,
    504: OutcomeUnknown,
}


def test_every_status_of_the_table_is_tested() -> None:
    """A status added to the table needs a row here."""
    assert set(SMS_STATUSES) == set(STATUSES)


@pytest.mark.parametrize(("status", "expected"), [*STATUSES.items(), ("99", ProviderRejected)])
def test_a_status_of_the_sms_api_is_one_error(
    status: str,
    expected: type[ProviderError],
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
) -> None:
    """Each status, a new one too, means one thing; the error carries it as its code."""
    vonage.script(f"status:{status}")

    with pytest.raises(ProviderError) as raised:
        connect().send(message)

    assert type(raised.value) is expected
    assert raised.value.code == status
    assert raised.value.http_status == 200


@pytest.mark.parametrize("read", [read_sms, read_messages])
@pytest.mark.parametrize(("status", "expected"), HTTP.items())
def test_an_http_status_is_one_error_in_both_apis(
    status: int, expected: type[ProviderError], read: type
) -> None:
    """Only statuses that are answered instead of accepting are called retryable."""
    with pytest.raises(ProviderError) as raised:
        read(Answer(status, {}, b"{}"))

    assert type(raised.value) is expected
    assert raised.value.http_status == status


def test_the_code_of_a_problem_is_the_anchor_of_its_type(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """The Messages API names its error by a link; the code is what follows the #."""
    vonage.script("status:1120")

    with pytest.raises(ProviderRejected) as raised:
        connect("messages").send(message)

    assert (raised.value.code, raised.value.http_status) == ("1120", 422)


def test_wrong_credentials_are_the_accounts_error(
    connect: Connect, message: OutboundMessage
) -> None:
    """Both APIs say so in their own way: status 4, HTTP 401."""
    with pytest.raises(ProviderAccountError) as sms:
        connect(api_secret="wrong").send(message)
    with pytest.raises(ProviderAccountError) as messages:
        connect("messages", api_secret="wrong").send(message)

    assert (sms.value.code, sms.value.http_status) == ("4", 200)
    assert messages.value.http_status == 401


def test_an_empty_account_is_out_of_credit(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Both APIs: status 9, HTTP 402; nothing is accepted."""
    vonage.balance = Decimal("0.01")

    for api in ("sms", "messages"):
        with pytest.raises(OutOfCredit):
            connect(api).send(message)

    assert vonage.accepted == []


def test_a_message_of_one_part_is_accepted_with_its_price(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Everything that the SMS API tells is kept."""
    vonage.balance = Decimal("3.0333")

    result = connect().send(message)

    assert len(result.provider_message_ids) == 1
    assert result == SendResult(
        result.provider_message_ids,
        price=Decimal("0.0333"),
        currency="EUR",
        balance=Decimal("3"),
        segment_count=1,
        network="12345",
    )


def test_the_parts_of_a_long_message_are_added_up(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Each part has an id and a price of its own; the balance is the one after the last."""
    vonage.balance = Decimal("1.0999")

    result = connect().send(replace(message, body="a" * 307))

    assert len(set(result.provider_message_ids)) == 3
    assert result.price == Decimal("0.0999")
    assert result.balance == Decimal("1")
    assert result.segment_count == 3


def test_the_messages_api_gives_an_id_only(connect: Connect, message: OutboundMessage) -> None:
    """Price and parts come with the status webhook, so they are None here."""
    result = connect("messages").send(message)

    assert len(result.provider_message_ids[0]) == 36
    assert result == SendResult(result.provider_message_ids, currency="EUR")


def test_a_message_accepted_in_part_is_never_sent_again(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Neither a success nor a failure: the outcome is unknown, and its code says why."""
    vonage.script("partial")

    with pytest.raises(OutcomeUnknown) as raised:
        connect().send(replace(message, body="a" * 161))

    assert raised.value.code == "partial_failure"
    assert "1 of 2 parts" in str(raised.value)


def test_a_message_refused_in_all_its_parts_is_refused() -> None:
    """No part was accepted, so the first part's status decides."""
    body = {"message-count": "2", "messages": [{"status": "1"}, {"status": "1"}]}

    with pytest.raises(ProviderThrottled):
        read_sms(Answer(200, {}, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("text", "sms_type"),
    [("Zamowienie nr 42 ~ 10 €", "text"), ("Zamówienie nr 42 wysłane", "unicode")],
)
def test_the_alphabet_is_ours_to_choose(
    text: str, sms_type: str, vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """The SMS API does not look at the text, so both APIs are told, and the text is unharmed."""
    for api in ("sms", "messages"):
        connect(api).send(replace(message, body=text))

    sms, messages = (request.body for request in vonage.requests)
    assert (sms["type"], sms["text"]) == (sms_type, text)
    assert (messages["sms"], messages["text"]) == ({"encoding_type": sms_type}, text)


def test_the_request_holds_what_the_apis_ask_for_and_no_more(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Numbers lose their plus, the reference is ours, receipts are left to the account."""
    numbered = replace(message, sender_id="+447700900999")

    for api in ("sms", "messages"):
        connect(api).send(numbered)

    common = {"to": "447700900123", "from": "447700900999", "text": message.body}
    sms, messages = (request.body for request in vonage.requests)
    assert sms == {**common, "type": "text", "client-ref": message.reference}
    assert messages == {
        **common,
        "channel": "sms",
        "message_type": "text",
        "client_ref": message.reference,
        "sms": {"encoding_type": "text"},
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"null",
        b"[]",
        b"{}",
        b'{"messages": []}',
        b'{"messages": {}}',
        b'{"messages": [0]}',
        b'{"messages": [{}]}',
        b'{"messages": [{"status": "0"}, {}]}',
        b'{"messages": [{"status": "0"}',
        b'{"message_uuid": ""}',
        b'{"message_uuid": 7}',
        b"\xff\xfe\xff",
        b"[" * 200_000,
        b"1" * 5_000,
    ],
)
@pytest.mark.parametrize("read", [read_sms, read_messages])
def test_a_success_that_says_nothing_is_unknown(body: bytes, read: type) -> None:
    """An answer that is neither yes nor no never leads to a second message."""
    with pytest.raises(OutcomeUnknown):
        read(Answer(200, {}, body))


@pytest.mark.parametrize("value", ["NaN", "1e999999", "", "1,5", "-", None, 3, {}, "9" * 40])
def test_money_that_is_no_money_is_left_out(value: object) -> None:
    """A price that cannot be read does not cost the acceptance that came with it."""
    part = {"status": "0", "message-id": "A1", "message-price": value, "remaining-balance": value}

    result = read_sms(Answer(200, {}, json.dumps({"messages": [part]}).encode()))

    assert (result.price, result.balance) == (None, None)
    assert result.provider_message_ids == ("A1",)


def test_a_price_for_some_parts_only_is_no_price() -> None:
    """A sum that lacks a part would be a wrong price."""
    parts = [{"status": "0", "message-price": "0.03"}, {"status": "0"}]

    result = read_sms(Answer(200, {}, json.dumps({"messages": parts}).encode()))

    assert (result.price, result.segment_count) == (None, 2)


@pytest.mark.parametrize("identifier", ["", "a" * 101, "a\nb", None, 5])
def test_an_id_that_is_no_id_is_left_out(identifier: object) -> None:
    """What cannot be stored as an id is dropped; our own reference still finds the receipt."""
    part = {"status": "0", "message-id": identifier, "network": identifier}

    result = read_sms(Answer(200, {}, json.dumps({"messages": [part]}).encode()))

    assert (result.provider_message_ids, result.network) == ((), "")


def test_an_acceptance_that_the_sdk_cannot_read_is_an_acceptance(
    answer_with: AnswerWith, connect: Connect, message: OutboundMessage
) -> None:
    """The SDK stumbles over a missing message-count; the raw answer says accepted."""
    body = b'{"messages": [{"status": "0", "message-id": "A1"}]}'
    url = answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    result = connect(base_url=url).send(message)

    assert result.provider_message_ids == ("A1",)


class _Noon(datetime):
    @classmethod
    def now(cls, tz: object = None) -> _Noon:
        return cls(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 12:02:00 GMT", 120.0),
        ("Sat, 21 Nov 2026 12:02:00 -0000", 120.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2076 12:00:00 GMT", 86_400.0),
        ("9" * 400, 86_400.0),
        ("", None),
        ("-5", None),
        ("1e3", None),
        ("soon", None),
        ("٣٠", None),
        ("²", None),
        ("Sat, 99 Nov 2026 12:02:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(
    value: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both forms give seconds, never negative and at most a day; anything else gives None."""
    monkeypatch.setattr(answer, "datetime", _Noon)

    assert Answer(429, {"Retry-After": value}, b"").retry_after() == seconds


@pytest.mark.parametrize("api", ["sms", "messages"])
def test_a_throttled_send_says_how_long_to_wait(
    api: str, vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """HTTP 429 brings its Retry-After along, without one there is None."""
    vonage.script("http:429:30", "http:429")
    waits = []

    for _ in range(2):
        with pytest.raises(ProviderThrottled) as raised:
            connect(api).send(message)
        waits.append(raised.value.retry_after)

    assert waits == [30.0, None]


def test_an_error_repeats_nothing_that_came_from_outside_or_is_personal(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Errors are stored and shown: no number, text, secret or vendor prose is in them."""
    vonage.script("http:400", "status:7", "html", "drop_after_reading")
    provider = connect()

    for _ in range(4):
        with pytest.raises(ProviderError) as raised:
            provider.send(message)
        text = str(raised.value)
        assert "447700900123" not in text
        assert message.body not in text
        assert "abcdef0123456789" not in text
        assert "Scripted" not in text
