"""Vonage's official SDK, used for what it knows: fields, encoding, credentials.

Transport and judgement are ours (``..wire``, ``.answers``), for reasons that were measured
with vonage-http-client 1.5.2: it repeats a POST on a dropped connection, waits for ever by
default, keeps one header dictionary for all APIs and threads, parses the private key at
each JWT, and logs texts, numbers and credentials. Hence one client per API and thread, one
``Wire`` under it, one ``ApplicationAuth`` beside it, and no log.

Only this module imports the SDK; it is imported at the first send.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import version
from json import dumps
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlencode

from vonage_http_client.auth import Auth  # type: ignore[import-untyped]
from vonage_http_client.http_client import (  # type: ignore[import-untyped]
    HttpClient,
    HttpClientOptions,
)
from vonage_jwt.jwt import JwtClient  # type: ignore[import-untyped]
from vonage_utils.errors import VonageError  # type: ignore[import-untyped]

from ... import __version__
from ...domain.segments import Encoding, is_gsm7
from ..base import OutboundMessage
from ..wire import Wire

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

#: A JWT of the SDK lives 15 minutes; it is replaced before it can end on the way.
TOKEN_SECONDS = 12 * 60

#: ``segments`` word → Vonage's; the SMS API does not detect the alphabet by itself.
ENCODINGS = {"gsm7": "text", "ucs2": "unicode"}

#: What the SDK raises when it dislikes a message (pydantic's errors are ValueErrors).
_OPINIONS = (VonageError, ValueError, TypeError, LookupError, RecursionError)

Post = Callable[[OutboundMessage], None]


class ApplicationAuth(Auth):  # type: ignore[misc]
    """Signs in as an application, with one JWT for many requests; shared by threads."""

    def __init__(self, application_id: str, private_key: RSAPrivateKey) -> None:
        super().__init__()
        self._application_id = application_id
        # JwtClient would open a string that looks like a path; it takes a parsed key as it is
        self._jwt_client = JwtClient(application_id, private_key)
        self._signed: tuple[float, bytes] | None = None

    def create_jwt_auth_string(self) -> bytes:
        now = time.time()
        # Two threads may both sign at the same moment; either token is good
        if self._signed is None or not 0 <= now - self._signed[0] < TOKEN_SECONDS:
            self._signed = (now, super().create_jwt_auth_string())
        return self._signed[1]


class Answered(Exception):
    """The wire has the answer; what the SDK would read out of it nobody asks for."""


class Line:
    """What the SDK's client takes for its session: what it gives goes over the wire as it is."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str | bytes],
        data: Mapping[str, object] | None = None,
        json: object = None,
        **_rest: object,
    ) -> NoReturn:
        """Raises Answered, or an error of the wire."""
        told = {name: _text(value) for name, value in headers.items()}
        body = None
        if data is not None:
            told["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({name: v for name, v in data.items() if v is not None}).encode()
        elif json is not None:
            body = dumps(json, allow_nan=False).encode()
        self._wire.send(method, url, told, body)
        raise Answered


def key_auth(api_key: str, api_secret: str) -> Auth:
    """Signs in as the account, by Basic authentication."""
    return Auth(api_key=api_key, api_secret=api_secret)


def connect(api: str, auth: Auth, wire: Wire) -> Post:
    """A function that posts one message over the wire; only errors of the wire leave it.

    One thread's, as the SDK's client keeps the headers of its last request.
    """
    client = _client(auth, wire)
    send = _APIS[api](client)

    def post(message: OutboundMessage) -> None:
        with suppress(Answered, *_OPINIONS):
            send(message)

    return post


def ask_balance(auth: Auth, wire: Wire) -> None:
    """The wire has the Account API's answer, if there was one; only errors of the wire leave it.

    https://developer.vonage.com/en/api/account
    """
    client = _client(auth, wire)
    with suppress(Answered, *_OPINIONS):
        client.get(client.rest_host, "/account/get-balance", auth_type="basic")


def _client(auth: Auth, wire: Wire) -> HttpClient:
    _silence()
    options = HttpClientOptions(pool_connections=1, pool_maxsize=1, max_retries=0)
    agent = f"{version('vonage-http-client')} saleor-sms-plugin/{__version__}"
    client = HttpClient(auth, options, agent)
    client._session = Line(wire)  # the SDK has no public way to it
    return client


def _sms(client: HttpClient) -> Callable[[OutboundMessage], object]:
    from vonage_sms import Sms, SmsMessage  # type: ignore[import-untyped]

    api = Sms(client)
    return lambda message: api.send(
        SmsMessage(
            to=message.recipient.removeprefix("+"),
            from_=message.sender_id.removeprefix("+"),
            text=message.body,
            type=_encoding(message.body),
            client_ref=message.reference,
        )
    )


def _messages(client: HttpClient) -> Callable[[OutboundMessage], object]:
    from vonage_messages import Messages, Sms  # type: ignore[import-untyped]
    from vonage_messages.models import SmsOptions  # type: ignore[import-untyped]

    api = Messages(client)
    return lambda message: api.send(
        Sms(
            to=message.recipient.removeprefix("+"),
            from_=message.sender_id.removeprefix("+"),
            text=message.body,
            client_ref=message.reference,
            sms=SmsOptions(encoding_type=_encoding(message.body)),
        )
    )


_APIS: dict[str, Callable[[HttpClient], Callable[[OutboundMessage], object]]] = {
    "sms": _sms,
    "messages": _messages,
}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")


def _encoding(body: str) -> str:
    return ENCODINGS[Encoding.GSM7 if is_gsm7(body) else Encoding.UCS2]


def _say_nothing(record: logging.LogRecord) -> bool:
    return False


def _silence() -> None:
    # A filter, as logging configuration resets levels and ``disabled`` but keeps filters
    logging.getLogger("vonage").addFilter(_say_nothing)
