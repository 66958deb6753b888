"""One request for a page: the same shell for everybody, and parts for who may see them.

A page's address answers with the shell, which holds no data. The shell's script asks for the
same address again, with the caller's token and ``HX-Request``, and gets the part. There is no
cookie, so no other site can send a request in the caller's name.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, QueryDict
from django.template import Context, Engine
from django.utils.translation.trans_real import parse_accept_lang_header
from graphql import GraphQLError

from ...callers import Caller, CallerKind, InvalidToken
from ...exceptions import InvalidInput, kind_and_place
from ...ports import Ports
from ...services.channels import load
from ...wiring import caller_of
from ..webhooks import bounded_body
from .assets import BASE, assets
from .rooms import HOME, ROOMS, menu
from .visit import Answer, Part, Room, Visit
from .words import WORDS, words_language

logger = logging.getLogger(__name__)

LARGEST = 64 * 1024  #: bytes of a form
FORM = "application/x-www-form-urlencoded"
_TEMPLATES = Path(__file__).parents[2] / "templates" / "saleor_sms_plugin"
_HEADERS = {
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
    "Vary": "HX-Request, Accept-Language",
}  # fmt: skip
#: https://www.w3.org/TR/CSP3/
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


def page(request: HttpRequest, *, path: str, ports: Ports) -> HttpResponse:
    """The shell, or a part of a page: 401 without a valid token, 403 for who may not see it,
    400 for what cannot be answered. It never raises."""
    room, names = _room(path.strip("/"))
    if room is None:
        return HttpResponseNotFound()
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    language = _language(request)
    if request.method != "POST" and request.headers.get("HX-Request") != "true":
        return HttpResponseNotFound() if room.act and not room.show else _shell(language, ports)
    answer = _answer(request, room, names, language, ports)
    response = answer if isinstance(answer, HttpResponse) else _rendered(answer, language)
    for name, value in {**_HEADERS, "Content-Security-Policy": "default-src 'none'"}.items():
        response[name] = value
    return response


def _room(path: str) -> tuple[Room | None, Mapping[str, str]]:
    for room in ROOMS:
        if found := re.fullmatch(room.path, path, re.ASCII):
            return room, found.groupdict()
    return (HOME, {}) if not path else (None, {})


def _language(request: HttpRequest) -> str:
    """The one asked for in the address, else the browser's, that the pages speak."""
    asked = parse_accept_lang_header(request.headers.get("Accept-Language", "")[:200])
    return words_language(request.GET.get("locale", "")[:35], *(code for code, _ in asked))


# ------------------------------------------------------------------------------------ the shell


def _shell(language: str, ports: Ports) -> HttpResponse:
    origins = _origins(ports)
    context = {
        "language": language,
        "title": "SMS",
        "words": WORDS[language],
        "base": BASE,
        "origins": " ".join(origins),
        "assets": {name: asset.url for name, asset in assets().items()},
    }
    policy = " ".join([_POLICY, *origins])
    return HttpResponse(
        _engine().get_template("shell.html").render(Context(context)),
        headers={**_HEADERS, "Content-Security-Policy": policy},
    )


def _origins(ports: Ports) -> list[str]:
    """Where dashboards live that may show the pages, as any channel's settings say."""
    try:
        with ports.shop.writer():
            found = load(ports).values()
            return sorted({origin for each in found for origin in each.config.dashboard_origins})
    except DatabaseError as error:
        logger.error(
            "The settings could not be read (%s): no dashboard may show the pages.",
            type(error).__name__, extra={"action": "pages_unread"},
        )  # fmt: skip
        return []


# --------------------------------------------------------------------------------------- parts


def _answer(
    request: HttpRequest, room: Room, names: Mapping[str, str], language: str, ports: Ports
) -> Answer:
    words, caller = WORDS[language], Caller()
    try:
        caller = caller_of(request)
        if caller.kind is CallerKind.ANONYMOUS:
            return _refused(words["sign_in_again"], 401)
        room = _first(caller) if room is HOME else room
        asked = _asked(request)
        visit = Visit(caller=caller, ports=ports, language=language, asked=asked)
        answer = _allowed(request, room, names, visit)
    except InvalidToken:
        return _refused(words["sign_in_again"], 401)
    except _TooLarge:
        answer = _refused(words["too_large"], 413)
    except (InvalidInput, GraphQLError) as refusal:
        answer = _refused(str(refusal), 400)
    except DatabaseError as error:
        _log(error)
        answer = _refused(words["busy"], 503)
    except Exception as error:
        _log(error)
        answer = _refused(words["fault"], 500)
    return answer if isinstance(answer, HttpResponse) else _framed(answer, room, caller, words)


def _allowed(request: HttpRequest, room: Room, names: Mapping[str, str], visit: Visit) -> Answer:
    act = room.act if request.method == "POST" else room.show
    if act is None:
        return HttpResponse(status=405)
    if not visit.caller.may(room.permission):
        name = visit.words[f"permission_{room.permission}"]
        said = visit.words["not_allowed"].format(permission=name)
        return _refused(said, 403, visit.words["not_allowed_title"])
    with visit.ports.shop.writer():
        return act(visit, **names)


def _first(caller: Caller) -> Room:
    """The first page of the menu that the caller may open."""
    return next((each for each in ROOMS if each.menu and caller.may(each.permission)), ROOMS[0])


def _framed(part: Part, room: Room, caller: Caller, words: Mapping[str, str]) -> Part:
    """The part with what is around it on every page."""
    current = room.menu or room.path.partition("/")[0].partition("\\")[0]
    around = {
        "menu": [(each, words[f"menu_{each}"]) for each in menu(caller)],
        "current": current,
        "title": words[f"menu_{current}"],
        "name": caller.name,
    }
    return replace(part, context={**around, **part.context})


class _TooLarge(Exception):
    """The form has more than ``LARGEST`` bytes."""


def _log(error: Exception) -> None:
    logger.error(
        "A page for staff failed: %s", kind_and_place(error), extra={"action": "page_failed"}
    )  # fmt: skip


def _asked(request: HttpRequest) -> dict[str, str]:
    """The fields of the address or of the form, of several the last.

    Raises InvalidInput for what is no form and for what PostgreSQL cannot store, and _TooLarge.
    """
    asked = _form(request) if request.method == "POST" else request.GET.dict()
    for name, value in asked.items():
        if "\0" in value:
            raise InvalidInput(f"The field “{name[:40]}” holds the character U+0000. Leave it out.")
    return asked


def _form(request: HttpRequest) -> dict[str, str]:
    if (request.content_type or FORM).lower() != FORM:
        raise InvalidInput(f"Send the form as {FORM}.")
    try:
        body = bounded_body(request, LARGEST)
        if body is None:
            raise _TooLarge
        return QueryDict(body).dict()
    except (OSError, ValueError) as error:
        raise InvalidInput("The form could not be read. Send it again.") from error


def _refused(words: str, status: int, heading: str = "") -> Part:
    context = {"said": words, "heading": heading}
    return Part(template="refused.html", context=context, status=status)


def _rendered(part: Part, language: str) -> HttpResponse:
    words = WORDS[language]
    context: dict[str, Any] = {"words": words, "language": language, "base": BASE, **part.context}
    template = _engine().get_template(part.template)
    return HttpResponse(template.render(Context(context)), status=part.status)


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(_TEMPLATES / "staff"), str(_TEMPLATES)])
