"""What Vonage would call a shop back with: receipts and replies, signed as its accounts are.

The fields are those of https://developer.vonage.com/en/api/sms and
https://developer.vonage.com/en/api/messages (webhooks); they go to a URL that a test names.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

import requests

from ...providers.vonage.signatures import sign
from .apis import NETWORK, PRICE
from .faults import RecordedRequest

Style = Literal["query", "form", "json"]
SECONDS = 10  #: to connect, and to answer

#: A Vonage receipt of the SMS API spells these states otherwise.
_MESSAGES_WORDS = {"failed": "undeliverable", "accepted": "submitted"}


@dataclass(frozen=True)
class Callback:
    """One HTTP request, ready to be sent."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def post(self, url: str) -> int:
        """Sends it; the HTTP status that came back."""
        target = f"{url}?{self.query}" if self.query else url
        answer = requests.request(
            self.method, target, data=self.body, headers=dict(self.headers), timeout=SECONDS
        )
        return answer.status_code


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An account's settings for its webhooks.

    Without a ``secret`` nothing is signed. ``algorithm`` is md5hash, md5, sha1, sha256 or
    sha512; ``style`` how the SMS API sends its fields.
    """

    secret: str = ""
    algorithm: str = "sha256"
    style: Style = "json"
    api_key: str = "key"

    def receipt(
        self,
        request: RecordedRequest,
        status: str = "delivered",
        code: str = "0",
        part: int = 0,
        **changes: Any,
    ) -> Callback:
        """The receipt for one part of a message that the server took, by the API it came by."""
        ids = request.message_ids or (uuid.uuid4().hex[:16].upper(),)
        if request.path.startswith("/v1/"):
            fields: dict[str, Any] = {
                "message_uuid": ids[0],
                "to": str(request.body["to"]),
                "from": str(request.body["from"]),
                "timestamp": _iso(),
                "status": _MESSAGES_WORDS.get(status, status),
                "client_ref": request.body.get("client_ref", ""),
                "channel": "sms",
                "usage": {"currency": "EUR", "price": str(PRICE)},
                "destination": {"network_code": NETWORK},
            }
            if code != "0":
                fields["error"] = {"title": code, "detail": "It was not delivered."}
            return self.message(fields | changes)
        return self.sms(
            {
                "msisdn": str(request.body["to"]),
                "to": str(request.body["from"]),
                "network-code": NETWORK,
                "messageId": ids[part],
                "price": str(PRICE),
                "status": status,
                "scts": f"{datetime.now(UTC):%y%m%d%H%M}",
                "err-code": code,
                "api-key": self.api_key,
                "client-ref": str(request.body.get("client-ref", "")),
                "message-timestamp": _clock(),
            }
            | changes
        )

    def reply(self, sender: str, recipient: str, text: str, **changes: Any) -> Callback:
        """A text from a phone to the shop's number, by the SMS API; digits without ``+``."""
        fields = {
            "api-key": self.api_key,
            "msisdn": sender,
            "to": recipient,
            "messageId": uuid.uuid4().hex[:16].upper(),
            "text": text,
            "type": "text" if text.isascii() else "unicode",
            "keyword": (text.split() or [""])[0].upper(),
            "message-timestamp": _clock(),
        }
        return self.sms(fields | changes)

    def sms(self, fields: Mapping[str, Any], *, signed_at: float | None = None) -> Callback:
        """A webhook of the SMS API with these fields."""
        values = {name: str(value) for name, value in fields.items()}
        if self.secret:
            values["timestamp"] = str(int(signed_at or time.time()))
            values["nonce"] = str(uuid.uuid4())
            values["sig"] = sign(values, self.secret, self.algorithm)
        match self.style:
            case "query":
                return Callback("GET", urlencode(values), {}, b"")
            case "form":
                kind = "application/x-www-form-urlencoded"
                return Callback("POST", "", {"Content-Type": kind}, urlencode(values).encode())
        return _json(values, {})

    def message(self, fields: Mapping[str, Any], **claims: Any) -> Callback:
        """A webhook of the Messages API with these fields; its token's claims may be changed."""
        body = _json(fields, {}).body
        if not self.secret:
            return _json(fields, {})
        said = {
            "iat": int(time.time()),
            "jti": str(uuid.uuid4()),
            "iss": "Vonage",
            "payload_hash": hashlib.sha256(body).hexdigest(),
            "api_key": self.api_key,
        } | claims
        return _json(fields, {"Authorization": f"Bearer {token(said, self.secret)}"})


def token(claims: Mapping[str, Any], secret: str, algorithm: str = "HS256") -> str:
    """A JWT with an HS256 signature, whatever its header says."""
    head = _base64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    signed = f"{head}.{_base64(json.dumps(claims).encode())}"
    return f"{signed}.{_base64(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _json(fields: Mapping[str, Any], headers: Mapping[str, str]) -> Callback:
    kind = {"Content-Type": "application/json"}
    return Callback("POST", "", {**kind, **headers}, json.dumps(fields).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _clock() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


def _iso() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
