"""Vonage's own SDK, sent to a server of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]
from vonage_http_client.http_client import (  # type: ignore[import-untyped]
    HttpClient,
    HttpClientOptions,
)
from vonage_messages import Messages  # type: ignore[import-untyped]
from vonage_messages import Sms as MessagesSms
from vonage_sms import Sms, SmsMessage  # type: ignore[import-untyped]


class _Redirected(HTTPAdapter):
    """The plainest way to another host, which is not the one under test."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.answers: list[tuple[int, Any]] = []
        self.heard: Callable[[Response], object] = lambda _: None

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        request.url = self.url + request.path_url
        response = super().send(request, *args, **kwargs)
        self.heard(response)
        self.answers.append((response.status_code, response.json()))
        return response


class Sdk:
    """The SDK as its manual shows it, against the server at *url*."""

    def __init__(self, url: str, auth: Auth, pool_maxsize: int = 10) -> None:
        client = HttpClient(auth, HttpClientOptions(pool_maxsize=pool_maxsize))
        self.adapter = _Redirected(url)
        client._session.mount("https://", self.adapter)
        self.close = client._session.close
        self._sms, self._messages = Sms(client), Messages(client)

    def sms(self, **fields: Any) -> Any:
        return self._sms.send(
            SmsMessage(**{"to": "447700900123", "from_": "Acme", "text": "Hello", **fields})
        )

    def message(self, **fields: Any) -> Any:
        return self._messages.send(
            MessagesSms(**{"to": "447700900123", "from_": "Acme", "text": "Hello", **fields})
        )
