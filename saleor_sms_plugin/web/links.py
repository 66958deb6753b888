"""A link of a text: leads to the storefront, once and without a trace of where it came from."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from ..ports import Ports
from ..services.links import Answer, Visit, follow

logger = logging.getLogger(__name__)

_STATUSES = {Answer.LEADS: 302, Answer.ENDED: 410, Answer.UNKNOWN: 404, Answer.TOO_MANY: 429}
_WORDS = {Answer.ENDED: "This link has ended. Please open the shop itself."}
#: The token is a key: no page learns it as a referrer, no cache and no search engine keeps it.
_HEADERS = {
    "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex",
}  # fmt: skip


def page(request: HttpRequest, *, token: str, ports: Ports) -> HttpResponse:
    """Redirects to the shop's storefront; see ``_STATUSES`` for the rest. It never raises."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    try:
        with ports.shop.writer():
            answer, url = follow(token, _visit(request), ports)
    except DatabaseError as error:
        logger.error(
            "A link could not be followed (%s).", type(error).__name__,
            extra={"action": "link_failed"},
        )  # fmt: skip
        return HttpResponse(status=503, headers=_HEADERS)
    return HttpResponse(
        _WORDS.get(answer, ""),
        status=_STATUSES[answer],
        content_type="text/plain; charset=utf-8",
        headers=_HEADERS | ({"Location": url} if url else {}),
    )


def _visit(request: HttpRequest) -> Visit:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return Visit(
        address=_address(request),
        agent=request.headers.get("User-Agent", "")[:300],
        looks_only=request.method == "HEAD" or "prefetch" in purpose,
    )


def _address(request: HttpRequest) -> str:
    """The visitor's, as Saleor reads it: from the first of REAL_IP_ENVIRON that is there.

    https://docs.saleor.io/setup/configuration (REAL_IP_ENVIRON)
    """
    for name in getattr(settings, "REAL_IP_ENVIRON", ["REMOTE_ADDR"]):
        if found := str(request.META.get(name, "")).split(",")[0].strip():
            return found
    return ""
