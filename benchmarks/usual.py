"""The usual way to send texts: one Celery task per text, which calls the vendor's SDK.

In its favour the client is made once per process, and nothing is read or stored.
"""

from __future__ import annotations

import os
from functools import cache

from celery import Celery
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]
from vonage_http_client.http_client import (  # type: ignore[import-untyped]
    HttpClient,
    HttpClientOptions,
)
from vonage_sms import Sms, SmsMessage  # type: ignore[import-untyped]

app = Celery("usual", set_as_current=False, broker=os.environ.get("REDIS_URL", "memory://"))
app.conf.task_ignore_result = True


@cache
def _sms() -> Sms:
    client = HttpClient(Auth(api_key="key", api_secret="secret"), HttpClientOptions())  # noqa: S106
    # The SDK knows hosts under https only; the bench's server is plain.
    send, base = client._session.send, os.environ["SALEOR_SMS_VONAGE_BASE_URL"]

    def here(request, **rest):  # type: ignore[no-untyped-def]
        request.url = base + request.path_url
        return send(request, **rest)

    client._session.send = here
    return Sms(client)


@app.task(name="usual.send")  # type: ignore[untyped-decorator]
def send(to: str, text: str, reference: str) -> None:
    _sms().send(SmsMessage(to=to, from_="Acme", text=text, client_ref=reference))
