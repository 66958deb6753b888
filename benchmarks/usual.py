"""The usual way to send texts: one Celery task per text, which calls the vendor's SDK.

In its favour the client is made once per process and a connection is kept to the database.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
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


@worker_process_init.connect  # type: ignore[untyped-decorator]
def keep_the_connection(**_: object) -> None:
    from django.db import connections

    connections["default"].settings_dict["CONN_MAX_AGE"] = None


@app.task(name="usual.send_stored")  # type: ignore[untyped-decorator]
def send_stored(key: int) -> None:
    """Reads its text, renders it, and stores that it was sent; twice, where the worker dies."""
    from django.template import Context
    from django.utils import timezone

    from saleor_sms_plugin.models import Message

    message = Message.objects.get(pk=key)
    text = _template().render(Context({"number": message.order_number, "total": "99.90"}))
    send(message.recipient.removeprefix("+"), text, str(message.reference))
    Message.objects.filter(pk=key).update(status="sent", body=text, sent_at=timezone.now())


@cache
def _template() -> Any:
    from django.template import Engine

    return Engine().from_string(
        "Acme: we have received your order {{ number }} for \u20ac{{ total }}. Thank you!"
    )


@app.task(name="usual.send")  # type: ignore[untyped-decorator]
def send(to: str, text: str, reference: str) -> None:
    """Reads nothing, and stores nothing."""
    _sms().send(SmsMessage(to=to, from_="Acme", text=text, client_ref=reference))
