"""The two dialects of Vonage's server: what each demands, and how it says yes and no.

Rules are the vendor's: https://developer.vonage.com/en/api/sms,
https://developer.vonage.com/en/api/messages and
https://developer.vonage.com/messaging/sms/guides/troubleshooting-sms (statuses).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from ...domain.segments import measure

#: Euro per part.
PRICE = Decimal("0.03330000")
NETWORK = "12345"

_E164 = re.compile(r"[1-9]\d{6,14}", re.ASCII)
_ERRORS = "https://developer.vonage.com/api-errors/"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer before it is written."""

    status: int
    body: object
    headers: tuple[tuple[str, str], ...] = ()

    def payload(self) -> bytes:
        return json.dumps(self.body).encode()


@dataclass(frozen=True)
class Refusal:
    """Why a message is not accepted, in both dialects.

    ``sms_status`` "" means that the SMS API, too, answers with the HTTP status.
    """

    sms_status: str
    http_status: int
    anchor: str  #: of the error's page
    title: str
    retry_after: str = ""

    THROTTLED: ClassVar[Refusal]
    NO_CREDIT: ClassVar[Refusal]
    CREDENTIALS: ClassVar[Refusal]

    def problem(self) -> Reply:
        """As ``application/problem+json`` names it (RFC 7807)."""
        body = {
            "type": _ERRORS + self.anchor,
            "title": self.title,
            "detail": self.title,
            "instance": uuid.uuid4().hex,
        }
        headers = (("Retry-After", self.retry_after),) if self.retry_after else ()
        return Reply(self.http_status, body, headers)


Refusal.THROTTLED = Refusal("1", 429, "messages#1000", "Throttled", "1")
Refusal.NO_CREDIT = Refusal("9", 402, "#low-balance", "Low balance")
Refusal.CREDENTIALS = Refusal("4", 401, "#unauthorized", "Bad Credentials")


@dataclass(frozen=True)
class Credentials:
    """What the server lets in; "" lets anybody in who shows some credentials."""

    key: str = ""
    secret: str = ""

    def refusal(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> Refusal | None:
        """None when Basic, an application's JWT, or the body's api_key and api_secret do."""
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return None if _is_live_token(value) else Refusal.CREDENTIALS
        given = (
            _basic(value) if scheme == "Basic" else (body.get("api_key"), body.get("api_secret"))
        )
        if not all(given):
            return Refusal("2", 401, "#unauthorized", "Missing api_key or api_secret param")
        right = given == (self.key or given[0], self.secret or given[1])
        return None if right else Refusal.CREDENTIALS


class Api(ABC):
    """One dialect."""

    required: ClassVar[tuple[str, ...]]
    longest_text: ClassVar[int]
    reference: ClassVar[str]  #: the field of the sender's own reference

    def refusal(self, body: Mapping[str, Any]) -> Refusal | None:
        """What is wrong with the fields, None when the message can be accepted."""
        for name in self.required:
            if not body.get(name):
                return self.invalid("2", name, "is required.")
        sender, text = str(body["from"]), str(body["text"])
        if not _E164.fullmatch(str(body["to"])):
            return self.invalid("3", "to", "must be 7 to 15 digits.")
        if len(sender) > (15 if sender.isdigit() else 11):
            return self.invalid("15", "from", "is too long.")
        if len(text) > self.longest_text:
            return self.invalid("12", "text", f"must be at most {self.longest_text} characters.")
        if len(str(body.get(self.reference, ""))) > 100:
            return self.invalid("3", self.reference, "must be at most 100 characters.")
        if self.encoding(body) not in ("text", "unicode", "auto"):
            return self.invalid("3", "encoding", "must be text or unicode.")
        return None

    def invalid(self, sms_status: str, name: str, reason: str) -> Refusal:
        return Refusal(sms_status, 422, "messages#1150", f"Invalid params: {name} {reason}")

    def parts(self, body: Mapping[str, Any], *, partial: bool) -> int:
        return max(measure(str(body["text"])).segment_count, 2 if partial else 1)

    def price(self, body: Mapping[str, Any], *, partial: bool) -> Decimal:
        """Of the parts that are accepted; a refused message costs nothing anyway."""
        return PRICE * (self.parts(body, partial=partial) - (1 if partial else 0))

    @abstractmethod
    def encoding(self, body: Mapping[str, Any]) -> object:
        """The alphabet that the sender asks for."""

    @abstractmethod
    def refuse(self, refusal: Refusal) -> Reply:
        """No, as this API says it."""

    @abstractmethod
    def ids(self, reply: Reply) -> tuple[str, ...]:
        """The ids that an acceptance gives, one per part where parts are counted."""

    @abstractmethod
    def accept(self, body: Mapping[str, Any], left: Decimal | None, *, partial: bool) -> Reply:
        """Yes, as this API says it; ``left`` is the balance afterwards."""


class SmsApi(Api):
    """HTTP 200 for everything that was understood; one object per part."""

    required = ("to", "from", "text")
    longest_text = 3200
    reference = "client-ref"

    def encoding(self, body: Mapping[str, Any]) -> object:
        return body.get("type", "text")

    def refuse(self, refusal: Refusal) -> Reply:
        if not refusal.sms_status:
            return refusal.problem()
        return _sms_reply([{"status": refusal.sms_status, "error-text": refusal.title}])

    def accept(self, body: Mapping[str, Any], left: Decimal | None, *, partial: bool) -> Reply:
        reference = {"client-ref": body["client-ref"]} if body.get("client-ref") else {}
        messages = [
            {
                "to": body["to"],
                "message-id": uuid.uuid4().hex[:16].upper(),
                "status": "0",
                "remaining-balance": str(left),
                "message-price": str(PRICE),
                "network": NETWORK,
                **reference,
            }
            for _ in range(self.parts(body, partial=partial))
        ]
        if partial:
            messages[-1] = {"status": "5", "error-text": "Internal Error"}
        return _sms_reply(messages)

    def ids(self, reply: Reply) -> tuple[str, ...]:
        body: Any = reply.body
        return tuple(each["message-id"] for each in body["messages"] if "message-id" in each)


class MessagesApi(Api):
    """HTTP statuses, problems as JSON, one id per message."""

    required = ("to", "from", "channel", "message_type", "text")
    longest_text = 1000
    reference = "client_ref"

    def refusal(self, body: Mapping[str, Any]) -> Refusal | None:
        wrong = super().refusal(body)
        if wrong is None and (body["channel"], body["message_type"]) != ("sms", "text"):
            return self.invalid("3", "channel", "must be sms, with message_type text.")
        return wrong

    def encoding(self, body: Mapping[str, Any]) -> object:
        options = body.get("sms", {})
        return options.get("encoding_type", "auto") if isinstance(options, dict) else None

    def refuse(self, refusal: Refusal) -> Reply:
        return refusal.problem()

    def accept(self, body: Mapping[str, Any], left: Decimal | None, *, partial: bool) -> Reply:
        return Reply(202, {"message_uuid": str(uuid.uuid4())})

    def ids(self, reply: Reply) -> tuple[str, ...]:
        body: Any = reply.body
        return (body["message_uuid"],)


APIS: dict[str, Api] = {"/sms/json": SmsApi(), "/v1/messages": MessagesApi()}


def _sms_reply(messages: list[dict[str, Any]]) -> Reply:
    return Reply(200, {"message-count": str(len(messages)), "messages": messages})


def _basic(value: str) -> tuple[str, str]:
    try:
        key, _, secret = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return key, secret


def _is_live_token(token: str) -> bool:
    """An application's JWT that has not ended; its signature is not checked here."""
    try:
        header, claims = (
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            for part in token.split(".")[:2]
        )
        return (
            header["alg"] == "RS256"
            and all(claims[name] for name in ("application_id", "jti", "iat"))
            and bool(claims["exp"] > time.time())
        )
    except (ValueError, LookupError, TypeError):
        return False
