"""A link of a text: leads to the storefront without a trace of where it came from, or to a page
of ours."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from ..models import Link
from ..ports import Ports
from ..services.links import Answer, Visit, find, follow
from . import pages
from .visitors import address_of

logger = logging.getLogger(__name__)

_STATUSES = {Answer.LEADS: 302, Answer.ENDED: 410, Answer.UNKNOWN: 404, Answer.TOO_MANY: 429}
_WORDS = {Answer.ENDED: "This link has ended. Please open the shop itself."}
#: The token is a key: no page learns it as a referrer, no cache and no search engine keeps it.
_HEADERS = {
    "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex",
}  # fmt: skip


def page(request: HttpRequest, *, token: str, ports: Ports) -> HttpResponse:
    """Redirects to the shop's storefront, or shows the page behind the link; see ``_STATUSES``
    for the rest. It never raises."""
    if request.method not in ("GET", "HEAD", "POST"):
        return _refused("GET, HEAD, POST")
    visit = _visit(request)
    try:
        with ports.shop.writer():
            found = find(token, visit.address, ports)
            response = (
                _led(request, found, visit, ports) if isinstance(found, Link) else _said(found)
            )
    except DatabaseError as error:
        logger.error(
            "A link could not be followed (%s).", type(error).__name__,
            extra={"action": "link_failed"},
        )  # fmt: skip
        response = HttpResponse(status=503)
    for name, value in _HEADERS.items():
        response[name] = value
    return response


def _led(request: HttpRequest, link: Link, visit: Visit, ports: Ports) -> HttpResponse:
    if behind := pages.BEHIND.get(link.kind):
        return pages.page(request, link, behind, visit.address, ports)
    if request.method == "POST":
        return _refused("GET, HEAD")
    answer, url = follow(link, visit, ports)
    return _said(answer, url)


def _refused(allowed: str) -> HttpResponse:
    return HttpResponse(status=405, headers={"Allow": allowed})


def _said(answer: Answer, url: str = "") -> HttpResponse:
    return HttpResponse(
        _WORDS.get(answer, ""),
        status=_STATUSES[answer],
        content_type="text/plain; charset=utf-8",
        headers={"Location": url} if url else {},
    )


def _visit(request: HttpRequest) -> Visit:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return Visit(
        address=address_of(request),
        agent=request.headers.get("User-Agent", "")[:300],
        looks_only=request.method == "HEAD" or "prefetch" in purpose,
    )
