"""The webhook address of a provider account: takes a request in, and says how that went.

Every answer but 2xx makes a provider send again, so 2xx is given only for what is stored.
"""

from __future__ import annotations

import logging
from urllib.parse import quote

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from ..exceptions import InvalidSignature, MalformedPayload, Unsigned, WebhookError
from ..models import ProviderAccount
from ..ports import Ports
from ..providers import WEBHOOK_HEADERS, WebhookData
from ..services.webhooks import receive

logger = logging.getLogger(__name__)

LARGEST = 64 * 1024  #: bytes of query and body together
LONGEST_HEADER = 4096
CONTENT_TYPES = ("", "application/json", "application/x-www-form-urlencoded")

#: The first that fits. Vonage says that a callback may come unsigned by mistake and comes again
#: after a 5xx: https://developer.vonage.com/en/getting-started/concepts/webhooks
STATUSES: tuple[tuple[type[WebhookError], int], ...] = (
    (Unsigned, 503),
    (InvalidSignature, 401),
    (MalformedPayload, 400),
)


def page(request: HttpRequest, *, token: str, rest: str, ports: Ports) -> HttpResponse:
    """Stores the request; see ``STATUSES`` for refusals. It never raises and shows no content."""
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    try:
        with ports.shop.writer():
            account = next(iter(ProviderAccount.objects.filter(hook_token=token)), None)
            if account is None:
                return HttpResponseNotFound()
            return _take(request, account, rest, ports)
    except DatabaseError as error:
        logger.error(
            "A webhook request could not be stored (%s); the provider will send it again.",
            type(error).__name__, extra={"action": "webhook_not_stored"},
        )  # fmt: skip
        return HttpResponse(status=503)


def _take(request: HttpRequest, account: ProviderAccount, rest: str, ports: Ports) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    if (request.content_type or "").lower() not in CONTENT_TYPES and request.method == "POST":
        return HttpResponse(status=415)
    if not query.isprintable() or not query.isascii():
        return HttpResponse(status=400)
    try:
        body = bounded_body(request, LARGEST - len(query))
    except OSError:  # they hung up
        return HttpResponse(status=400)
    headers = {name: request.headers.get(name, "") for name in WEBHOOK_HEADERS}
    if body is None or any(len(value) > LONGEST_HEADER for value in headers.values()):
        return HttpResponse(status=413)
    if not query and not body:
        return HttpResponse(status=200)  # a provider that looks whether the address answers
    data = WebhookData(
        method=request.method or "",
        query=query,
        headers={name: value for name, value in headers.items() if value},
        body=body,
        received_at=ports.clock.now(),
    )
    try:
        receive(account, data, quote(rest)[:200], ports)
    except WebhookError as refusal:
        status = next(status for kind, status in STATUSES if isinstance(refusal, kind))
        return HttpResponse(status=status)
    return HttpResponse(status=200)


def bounded_body(request: HttpRequest, most: int) -> bytes | None:
    """The raw body, None where it is larger; no more than that is read."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    if most < 0 or not said.isdecimal() or int(said[:20]) > most:
        return None
    body = request.read(most + 1)
    return body if len(body) <= most else None
