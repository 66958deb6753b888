"""Which page answers which path under ``/plugins/saleor_sms_plugin``."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from ..ports import Ports
from . import links, webhooks

Page = Callable[..., HttpResponse]


def _api(request: HttpRequest, *, ports: Ports) -> HttpResponse:
    from .graphql import view  # graphene costs memory: only where the API is used

    return view.page(request, ports=ports)


def _manifest(request: HttpRequest, *, ports: Ports) -> HttpResponse:
    from . import manifest

    return manifest.page(request, ports=ports)


def _register(request: HttpRequest, *, ports: Ports) -> HttpResponse:
    from . import manifest

    return manifest.register(request, ports=ports)


def _asset(request: HttpRequest, *, name: str, ports: Ports) -> HttpResponse:
    from .staff import assets

    return assets.page(request, name=name)


def _staff(request: HttpRequest, *, path: str, ports: Ports) -> HttpResponse:
    from .staff import view

    return view.page(request, path=path, ports=ports)


#: Asked in this order; named groups become arguments of the page.
ROUTES: tuple[tuple[re.Pattern[str], Page], ...] = (
    (re.compile(r"/hooks/(?P<token>[\w-]{16,64})(?P<rest>/.*)?", re.ASCII), webhooks.page),
    (re.compile(r"/s/(?P<token>[1-9A-HJ-NP-Za-km-z]{8,16})/?", re.ASCII), links.page),
    (re.compile(r"/graphql/?"), _api),
    (re.compile(r"/manifest/?"), _manifest),
    (re.compile(r"/register/?"), _register),
    (re.compile(r"/assets/(?P<name>[\w.-]{1,80})", re.ASCII), _asset),
    (
        re.compile(
            r"(?P<path>/?|/(?:start|overview|messages|order|replies|held|person|texts|health)\b[\w./-]{0,80})",
            re.ASCII,
        ),
        _staff,
    ),
)


def answer(request: HttpRequest, path: str | None, ports: Ports) -> HttpResponse:
    """The answer of the page that *path* (after the plugin's id) belongs to, else a 404."""
    for pattern, page in ROUTES:
        if found := pattern.fullmatch(path or ""):
            return page(request, ports=ports, **found.groupdict(""))
    return HttpResponseNotFound()
