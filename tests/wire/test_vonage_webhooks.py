"""What Vonage calls back with: signed by its own SDK and by PyJWT, in the shapes of its schemas."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import string
import warnings
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import yaml
from jsonschema import Draft202012Validator
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]

from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.exceptions import (
    InvalidSignature,
    MalformedPayload,
    StaleTimestamp,
    Unsigned,
    WebhookError,
)
from saleor_sms_plugin.providers import ParsedInbound, ParsedReceipt, WebhookData
from saleor_sms_plugin.providers.vonage import VonageProvider
from saleor_sms_plugin.providers.vonage.signatures import LEEWAY, OLDEST, sign
from saleor_sms_plugin.testing.vonage_server import Caller, RecordedRequest

SPECS = Path(__file__).parents[3] / "shared" / "specs"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason="Vonage's specifications are elsewhere")

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
STAMP = str(int(NOW.timestamp()))
SECRET = "abcdefghijklmnopqrstuvwxyz012345"
SETTINGS = {"api_key": "abcd1234", "application_id": "app-1", "signature_secret": SECRET}
REFERENCE = "6f1c9a52-6a3b-4c1e-9a52-6a3b4c1e9a52"

#: as in sms.yml, DeliveryReceipt
RECEIPT = {
    "msisdn": "447700900000",
    "to": "AcmeInc",
    "network-code": "12345",
    "messageId": "0A0000001234567B",
    "price": "0.03330000",
    "status": "delivered",
    "scts": "2001011400",
    "err-code": "0",
    "api-key": "abcd1234",
    "client-ref": REFERENCE,
    "message-timestamp": "2020-01-01 12:00:00",
}
#: as in sms.yml, InboundMessage
REPLY = {
    "api-key": "abcd1234",
    "msisdn": "447700900001",
    "to": "447700900000",
    "messageId": "0A0000000123ABCD1",
    "text": "Stop & think = done",
    "type": "text",
    "keyword": "STOP",
    "message-timestamp": "2020-01-01 12:00:00",
}
#: as in messages_v1.json, messageStatusSMS
STATUS = {
    "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    "to": "447700900000",
    "from": "447700900001",
    "timestamp": "2025-02-03T12:14:25Z",
    "status": "undeliverable",
    "client_ref": REFERENCE,
    "error": {"type": "https://developer.vonage.com/api-errors/messages#1240", "title": "1240",
              "detail": "Illegal number", "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf"},
    "usage": {"currency": "EUR", "price": "0.0333"},
    "channel": "sms",
    "destination": {"network_code": "12345"},
    "sms": {"count_total": "2"},
}  # fmt: skip
#: as in messages_v1.json, inboundMessageSMS
MESSAGE = {
    "channel": "sms",
    "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    "to": "447700900000",
    "from": "447700900001",
    "timestamp": "2025-02-03T12:14:25Z",
    "text": "Hello From Vonage!",
    "sms": {"num_messages": "2", "keyword": "HELLO"},
    "origin": {"network_code": "12345"},
}


def request(fields: Mapping[str, Any], style: str = "json", authorization: str = "") -> WebhookData:
    headers = {"authorization": authorization} if authorization else {}
    if style == "query":
        return WebhookData(method="GET", query=urlencode(fields), headers=headers, body=b"",
                           received_at=NOW)  # fmt: skip
    kind = {"form": "application/x-www-form-urlencoded", "json": "application/json"}[style]
    body = urlencode(fields) if style == "form" else json.dumps(fields)
    return WebhookData(method="POST", query="", headers={**headers, "content-type": kind},
                       body=body.encode(), received_at=NOW)  # fmt: skip


def signed(fields: Mapping[str, str], method: str = "sha256", stamp: str = STAMP) -> dict[str, str]:
    """Signed by the vendor's SDK; its "md5hash" by the vendor's own description."""
    values = {**fields, "timestamp": stamp, "nonce": "ec11dd3e-1e7f-4db5-9467-82b02cd223b9"}
    if method == "md5hash":
        line = "".join(f"&{k}={v.replace('&', '_').replace('=', '_')}"
                       for k, v in sorted(values.items()))  # fmt: skip
        sig = hashlib.md5((line + SECRET).encode()).hexdigest()  # noqa: S324
    else:
        auth = Auth(api_key="k", signature_secret=SECRET, signature_method=method)
        sig = auth.sign_params(dict(values))
    return values | {"sig": sig}


def bearer(
    fields: Mapping[str, Any], secret: str = SECRET, alg: str = "HS256", **claims: Any
) -> str:
    """An Authorization header made by PyJWT; a claim of None is left out."""
    said = {
        "iat": int(NOW.timestamp()), "jti": "one", "iss": "Vonage", "api_key": "abcd1234",
        "application_id": "app-1",
        "payload_hash": hashlib.sha256(json.dumps(fields).encode()).hexdigest(),
    } | claims  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token = jwt.encode({k: v for k, v in said.items() if v is not None}, secret, alg)
    return f"Bearer {token}"


def verify(data: WebhookData, **settings: str) -> str:
    return VonageProvider.verify_webhook(data, SETTINGS | settings)


METHODS = ["md5hash", "md5", "sha1", "sha256", "sha512"]


@pytest.mark.parametrize("style", ["query", "form", "json"])
@pytest.mark.parametrize("method", METHODS)
def test_what_the_sdk_signed_is_taken(method: str, style: str) -> None:
    """All five algorithms, in the three ways an account may have its fields sent."""
    nonce = verify(request(signed(REPLY, method), style))

    assert nonce == "ec11dd3e-1e7f-4db5-9467-82b02cd223b9"


@pytest.mark.parametrize("method", METHODS)
def test_a_signature_may_be_in_capitals(method: str) -> None:
    """Vonage writes hex digits in either case."""
    values = signed(RECEIPT, method)

    assert verify(request(values | {"sig": values["sig"].upper()}))


@pytest.mark.parametrize("method", METHODS)
def test_the_servers_caller_signs_as_the_sdk_does(method: str) -> None:
    """What our own Vonage server signs is what the vendor's SDK would sign."""
    caller = Caller(secret=SECRET, algorithm=method, api_key="abcd1234")
    made = json.loads(caller.sms(RECEIPT).body)
    fields = {name: value for name, value in made.items() if name != "sig"}

    if method == "md5hash":
        line = "".join(f"&{k}={v}" for k, v in sorted(fields.items()))
        expected = hashlib.md5((line + SECRET).encode()).hexdigest()  # noqa: S324
    else:
        auth = Auth(api_key="k", signature_secret=SECRET, signature_method=method)
        expected = auth.sign_params(fields)
    assert made["sig"] == expected


@pytest.mark.parametrize("style", ["query", "form", "json"])
@pytest.mark.parametrize("method", METHODS)
def test_no_byte_can_be_changed(method: str, style: str) -> None:
    """Whatever byte of the signed fields is another one, the request is refused."""
    data = request(signed(RECEIPT, method), style)
    content = data.query.encode() if style == "query" else data.body
    taken = []
    for place, byte in enumerate(content):
        other = b"x" if byte != ord("x") else b"y"
        changed = content[:place] + other + content[place + 1 :]
        forged = (
            _with(data, query=changed.decode()) if style == "query" else _with(data, body=changed)
        )
        try:
            verify(forged)
        except WebhookError:
            continue
        taken.append(place)

    assert taken == []


def test_no_byte_of_a_token_or_its_content_can_be_changed() -> None:
    """Not one character of the JWT, and not one byte of the body."""
    authorization = bearer(STATUS)
    data = request(STATUS, authorization=authorization)
    forged = []
    letters = string.ascii_letters + string.digits + "-_"
    for place in range(len("Bearer "), len(authorization)):
        for other in letters if place == len(authorization) - 1 else "aB":
            if authorization[place] != other:
                text = authorization[:place] + other + authorization[place + 1 :]
                forged.append(_with(data, headers={**data.headers, "authorization": text}))
    for place in range(len(data.body)):
        forged.append(_with(data, body=data.body[:place] + b"~" + data.body[place + 1 :]))

    taken = []
    for each in forged:
        try:
            verify(each)
        except WebhookError:
            continue
        taken.append(each)

    assert verify(data) == "one"
    assert taken == []


@pytest.mark.parametrize("name", ["a&b", "a=b", "a b", "", "ż"])
def test_a_name_that_vonage_does_not_use_is_refused(name: str) -> None:
    """The signed line would not tell it from two fields."""
    with pytest.raises(InvalidSignature):
        verify(request(signed({**RECEIPT, name: "x"}, "md5hash")))


def test_a_nonce_spelt_otherwise_is_the_same_one() -> None:
    """The signed line has "_" for "&" and "=" in values, so these are one request."""
    spelt = ["one_two", "one&two", "one=two"]

    assert {_nonce_of(values) for values in spelt} == {"one_two"}


def _nonce_of(nonce: str) -> str:
    values = {**signed(RECEIPT, "sha256"), "nonce": nonce}
    return verify(request({**values, "sig": sign(values, SECRET, "sha256")}))


def test_an_unsigned_request_is_told_apart() -> None:
    """Vonage sometimes forgets to sign and sends again: that is another answer than a forgery."""
    with pytest.raises(Unsigned):
        verify(request(RECEIPT))
    with pytest.raises(Unsigned):
        verify(request(STATUS))


@pytest.mark.parametrize(
    "age",
    [OLDEST + dt.timedelta(seconds=1), dt.timedelta(days=365), -LEEWAY - dt.timedelta(seconds=1)],
)
def test_an_old_or_future_signature_is_refused(age: dt.timedelta) -> None:
    """Year-old and from the future, in both APIs."""
    stamp = int((NOW - age).timestamp())

    with pytest.raises(StaleTimestamp):
        verify(request(signed(RECEIPT, stamp=str(stamp))))
    with pytest.raises(StaleTimestamp):
        verify(request(STATUS, authorization=bearer(STATUS, iat=stamp)))


@pytest.mark.parametrize("age", [OLDEST, dt.timedelta(), -LEEWAY])
def test_a_day_of_trying_again_is_in_time(age: dt.timedelta) -> None:
    """Vonage tries for a day, and clocks differ by minutes."""
    stamp = int((NOW - age).timestamp())

    assert verify(request(signed(RECEIPT, stamp=str(stamp))))
    assert verify(request(STATUS, authorization=bearer(STATUS, iat=stamp)))


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "-5", "٣", "9" * 13])
def test_a_stamp_that_is_no_instant_is_refused(stamp: str) -> None:
    """What says no time cannot be in time."""
    with pytest.raises(StaleTimestamp):
        verify(request(signed(RECEIPT, stamp=stamp or "0")))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "Vonnage"}, {"iss": None}, {"jti": None}, {"jti": ""}, {"jti": 7},
        {"payload_hash": None}, {"payload_hash": "0" * 64}, {"iat": None}, {"iat": "soon"},
        {"iat": True}, {"api_key": "other"}, {"application_id": "other"},
    ],
)  # fmt: skip
def test_a_token_that_says_something_else_is_refused(claims: dict[str, Any]) -> None:
    """Issuer, id, content, time and account must all be right."""
    with pytest.raises(InvalidSignature):
        verify(request(STATUS, authorization=bearer(STATUS, **claims)))


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    """The algorithm is ours to choose, not the sender's."""
    key = "" if algorithm == "none" else SECRET

    with pytest.raises(InvalidSignature):
        verify(request(STATUS, authorization=bearer(STATUS, key, algorithm)))


def test_a_wrong_secret_is_refused() -> None:
    """In both APIs."""
    other = "another secret of the same length"

    with pytest.raises(InvalidSignature):
        verify(request(signed(RECEIPT)), signature_secret=other)
    with pytest.raises(InvalidSignature):
        verify(request(STATUS, authorization=bearer(STATUS)), signature_secret=other)


def test_without_a_secret_the_address_is_the_proof() -> None:
    """An account that cannot sign is known by its token alone; another account's key is not."""
    assert verify(request(RECEIPT), signature_secret="") == ""
    assert verify(request(STATUS), signature_secret="") == ""
    with pytest.raises(InvalidSignature):
        verify(request(RECEIPT | {"api-key": "other"}), signature_secret="")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"[" * 60_000, "application/json"),
        (b'{"a":' * 10_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"status": "a", "status": "b"}', "application/json"),
        (b"status=a&status=b", "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"a=\xff", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % i for i in range(200)), "application/x-www-form-urlencoded"),
    ],
)
def test_what_cannot_be_read_is_malformed(body: bytes, kind: str) -> None:
    """Not JSON, no object, nested too deep, not UTF-8, ambiguous, endless."""
    data = WebhookData(method="POST", query="", headers={"content-type": kind}, body=body,
                       received_at=NOW)  # fmt: skip

    with pytest.raises(MalformedPayload):
        verify(data, signature_secret="")


@pytest.mark.parametrize("style", ["query", "form", "json"])
def test_a_receipt_is_read(style: str) -> None:
    """Every field of the vendor's example, in each way of sending."""
    assert VonageProvider.parse_webhook(request(RECEIPT, style)) == (
        ParsedReceipt(
            reference=REFERENCE,
            provider_message_id="0A0000001234567B",
            recipient="+447700900000",
            is_whole_message=False,
            status=MessageStatus.DELIVERED,
            provider_status="delivered",
            price=Decimal("0.03330000"),
            currency="EUR",
            network="12345",
            occurred_at=dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC),
        ),
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", MessageStatus.SENT), ("buffered", MessageStatus.SENT),
        ("delivered", MessageStatus.DELIVERED), ("failed", MessageStatus.UNDELIVERED),
        ("expired", MessageStatus.EXPIRED), ("rejected", MessageStatus.REJECTED),
        ("unknown", None), ("a new word", None), ("", None),
    ],
)  # fmt: skip
def test_the_words_of_the_sms_api(word: str, status: MessageStatus | None) -> None:
    """What the vendor lists means what it says; anything else means nothing."""
    (receipt,) = VonageProvider.parse_webhook(request(RECEIPT | {"status": word}))

    assert isinstance(receipt, ParsedReceipt)
    assert receipt.status is status


@pytest.mark.parametrize("code", [str(code) for code in range(16)])
def test_which_codes_end_a_number(code: str) -> None:
    """3, 4, 9 and 14 are for good; every other failure is of one message."""
    failed = RECEIPT | {"status": "failed", "err-code": code}
    (receipt,) = VonageProvider.parse_webhook(request(failed))

    assert isinstance(receipt, ParsedReceipt)
    assert receipt.is_number_unusable is (code in {"3", "4", "9", "14"})
    assert receipt.code == ("" if code == "0" else code)


def test_a_status_of_the_messages_api_is_read() -> None:
    """Every field of the vendor's example; the state is of the whole message."""
    assert VonageProvider.parse_webhook(request(STATUS)) == (
        ParsedReceipt(
            reference=REFERENCE,
            provider_message_id="aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
            recipient="+447700900000",
            is_whole_message=True,
            status=MessageStatus.UNDELIVERED,
            provider_status="undeliverable",
            code="1240",
            detail="Illegal number",
            is_number_unusable=True,
            price=Decimal("0.0333"),
            currency="EUR",
            network="12345",
            occurred_at=dt.datetime(2025, 2, 3, 12, 14, 25, tzinfo=dt.UTC),
        ),
    )


def test_a_reply_is_read() -> None:
    """The vendor's example, whole, of both APIs."""
    assert VonageProvider.parse_webhook(request(REPLY, "form")) == (
        ParsedInbound(
            provider_message_id="0A0000000123ABCD1",
            sender="+447700900001",
            recipient="+447700900000",
            text="Stop & think = done",
            occurred_at=dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC),
        ),
    )
    assert VonageProvider.parse_webhook(request(MESSAGE)) == (
        ParsedInbound(
            provider_message_id="aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
            sender="+447700900001",
            recipient="+447700900000",
            text="Hello From Vonage!",
            network="12345",
            occurred_at=dt.datetime(2025, 2, 3, 12, 14, 25, tzinfo=dt.UTC),
        ),
    )


def test_a_part_of_a_reply_is_read() -> None:
    """The SMS API sends the parts of a long text one by one."""
    part = REPLY | {
        "concat": "true", "concat-ref": "17", "concat-total": "3", "concat-part": "2"
    }  # fmt: skip
    (inbound,) = VonageProvider.parse_webhook(request(part))

    assert isinstance(inbound, ParsedInbound)
    assert (inbound.part, inbound.part_count, inbound.part_reference) == (2, 3, "17")


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"text": "a\x00b"}, "ab"), ({"text": "\ud800"}, "?"), ({"text": 7}, ""),
     ({"text": "x" * 20_000}, "x" * 10_000)],
)  # fmt: skip
def test_a_text_can_be_stored(changes: dict[str, Any], text: str) -> None:
    """Nothing that a database refuses, nothing endless."""
    (inbound,) = VonageProvider.parse_webhook(request(MESSAGE | changes))

    assert isinstance(inbound, ParsedInbound)
    assert inbound.text == text


@pytest.mark.parametrize("fields", [{"type": "binary"}])
def test_a_binary_message_is_nothing(fields: dict[str, str]) -> None:
    """A network's service message has no words for anybody."""
    assert VonageProvider.parse_webhook(request(REPLY | fields)) == ()


@pytest.mark.parametrize(
    "fields",
    [{}, {"status": "delivered"}, {"messageId": "x"}, {"messageId": ["x"], "status": "delivered"},
     {"message_uuid": None, "status": "delivered"}, {"messageId": " ", "msisdn": "447700900001"}],
)  # fmt: skip
def test_what_is_no_receipt_and_no_reply_is_malformed(fields: dict[str, Any]) -> None:
    """It is kept for somebody to look at, never guessed."""
    with pytest.raises(MalformedPayload):
        VonageProvider.parse_webhook(request(fields))


@pytest.mark.parametrize(
    ("price", "read"),
    [("0.1", Decimal("0.1")), ("-1", None), ("1e9", None), ("5000", None), ("NaN", None),
     (0.1, None), (None, None)],
)  # fmt: skip
def test_a_price_is_believed_within_reason(price: object, read: Decimal | None) -> None:
    """A sum that no text costs is not stored."""
    (receipt,) = VonageProvider.parse_webhook(request(RECEIPT | {"price": price}))

    assert isinstance(receipt, ParsedReceipt)
    assert receipt.price == read


def _accepted(path: str) -> RecordedRequest:
    body = {"to": "447700900000", "from": "AcmeInc", "text": "Hi", "client-ref": REFERENCE,
            "client_ref": REFERENCE}  # fmt: skip
    ids = ("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",)
    return RecordedRequest(path, {}, body, "", True, 1, ids)


@needs_specs
@pytest.mark.parametrize(
    ("file", "component", "value"),
    [
        ("sms.yml", "DeliveryReceipt", RECEIPT),
        ("sms.yml", "InboundMessage", REPLY),
        ("messages_v1.json", "messageStatusSMS", STATUS),
        ("messages_v1.json", "inboundMessageSMS", MESSAGE),
        ("sms.yml", "DeliveryReceipt",
         json.loads(Caller(secret=SECRET).receipt(_accepted("/sms/json")).body)),
        ("sms.yml", "InboundMessage",
         json.loads(Caller(secret=SECRET).reply("447700900001", "447700900000", "Hi").body)),
        ("messages_v1.json", "messageStatusSMS",
         json.loads(Caller().receipt(_accepted("/v1/messages"), "failed", "1190").body)),
    ],
)  # fmt: skip
def test_the_bodies_are_the_vendors(file: str, component: str, value: dict[str, Any]) -> None:
    """What these tests and our server send fits the schemas that Vonage publishes."""
    spec = yaml.safe_load((SPECS / file).read_text(encoding="utf-8"))

    Draft202012Validator({**spec, "$ref": f"#/components/schemas/{component}"}).validate(value)


def _with(data: WebhookData, **changes: Any) -> WebhookData:
    return WebhookData(**{**vars(data), **changes})
