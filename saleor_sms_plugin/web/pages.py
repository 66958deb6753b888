"""The pages behind links in texts: they need no login, no cookie and no script.

The token in the address is all there is to know; GET changes nothing, as programs open links
before their readers do. What is asked is answered by a button of a form.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine, Template
from django.utils.translation.trans_real import parse_accept_lang_header

from ..domain import phone_numbers
from ..domain.consent import EVERYTHING, MARKETING, Scope
from ..events.texts.pages import WORDS, words_language
from ..models import Link
from ..ports import Ports
from ..services import double_opt_in, opt_out_page, surveys
from ..services.channels import load
from ..services.opt_out_page import Choice, Holds
from ..services.storefront import ip_of
from .webhooks import bounded_body

LARGEST = 1024  #: bytes of a form; its one field is a word
FORM = "application/x-www-form-urlencoded"

_TEMPLATES = Path(__file__).parent.parent / "templates" / "saleor_sms_plugin"


@dataclass(frozen=True, kw_only=True)
class Button:
    value: str
    label: str
    note: str = ""
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class View:
    """What one page says and asks."""

    now: str = ""  #: what holds
    quote: str = ""  #: a text, word for word
    about: tuple[str, ...] = ()
    question: str = ""
    buttons: tuple[Button, ...] = ()
    ends: tuple[str, str] | None = None  #: what the first and the last of a scale mean
    status: int = 200

    @property
    def wording(self) -> str:
        """What its reader read."""
        offered = [f"[{' - '.join(filter(None, (b.label, b.note)))}]" for b in self.buttons]
        return " ".join(filter(None, (self.now, self.quote, *self.about, self.question, *offered)))


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who looks, as far as a request tells."""

    language: str  #: of ``WORDS``
    address: str

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    @property
    def ip(self) -> str | None:
        """The address, where it is one."""
        return ip_of(self.address)


@dataclass(frozen=True)
class Behind:
    """What is behind one kind of link."""

    show: Callable[[Link, Visitor, Ports], View]
    #: None for a choice that the page does not offer
    take: Callable[[Link, str, Visitor, Ports], View | None]


def page(
    request: HttpRequest, link: Link, behind: Behind, address: str, ports: Ports
) -> HttpResponse:
    """The page, or what it says after its form was sent: 200, or 410 where the link is over.

    Refuses forms that are larger than ``LARGEST`` (413), no forms (415), or say something that
    the page does not ask (400). Call it under writer access.
    """
    visitor = Visitor(language=_language(request, link), address=address)
    if request.method != "POST":
        return _rendered(behind.show(link, visitor, ports), link, visitor, ports)
    if (request.content_type or "").lower() != FORM:
        return HttpResponse(status=415)
    try:
        body = bounded_body(request, LARGEST)
        if body is None:
            return HttpResponse(status=413)
        choice = parse_qs(body.decode("ascii"), max_num_fields=4).get("choice", [""])[-1]
    except (OSError, ValueError):  # they hung up; no letters, or too many fields
        return HttpResponse(status=400)
    view = behind.take(link, choice, visitor, ports)
    return _rendered(view, link, visitor, ports) if view else HttpResponse(status=400)


def _language(request: HttpRequest, link: Link) -> str:
    """The text's, else the first of the browser's, that the pages speak."""
    asked = parse_accept_lang_header(request.headers.get("Accept-Language", "")[:200])
    return words_language(link.message.language, *(code for code, _ in asked))


def _rendered(view: View, link: Link, visitor: Visitor, ports: Ports) -> HttpResponse:
    template, css, policy = _template()
    channel = load(ports, [link.channel_id]).get(link.channel_id)
    number = link.recipient or link.message.recipient
    masked = phone_numbers.mask(number) if number and view.status == 200 else ""
    context = {
        "view": view,
        "language": visitor.language,
        "title": visitor.words["title"],
        "shop": channel.shop_name if channel else "",
        "number": visitor.words["number"].format(number=masked) if masked else "",
        "css": css,
    }
    return HttpResponse(
        template.render(Context(context)),
        status=view.status,
        headers={"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"},
    )


@cache
def _template() -> tuple[Template, str, str]:
    """The page, its style, and the policy that lets nothing but this style and its form work.

    https://www.w3.org/TR/CSP3/
    """
    css = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return Engine(dirs=[str(_TEMPLATES)]).get_template("page.html"), css, policy


# ------------------------------------------------------------------------------ no more texts


def _show_stops(link: Link, visitor: Visitor, ports: Ports) -> View:
    return _stops(opt_out_page.look(link, ports), visitor.words)


def _take_stop(link: Link, choice: str, visitor: Visitor, ports: Ports) -> View | None:
    if choice not in list(Choice):
        return None
    reader = opt_out_page.Reader(
        wording=f"{_show_stops(link, visitor, ports).wording} > {visitor.words[choice]}",
        language=visitor.language,
        ip=visitor.ip,
    )
    return _stops(opt_out_page.choose(link, Choice(choice), reader, ports), visitor.words)


def _stops(holds: Holds | None, words: Mapping[str, str]) -> View:
    if holds is None:
        return _ended(words)
    left = [choice for choice in Choice if holds.leaves(choice)]
    return View(
        now=_said(holds.stopped, words),
        question=words["stop"] if Choice.ALL in left else "",
        buttons=tuple(
            Button(
                value=choice,
                label=words[choice],
                note=words.get(f"{choice}_note", ""),
                quiet=choice is not Choice.OFFERS,
            )
            for choice in left
        ),
    )


_STOPPED = (
    ("all_stopped", frozenset(EVERYTHING)),
    ("offers_stopped", frozenset(MARKETING)),
    ("service_stopped", frozenset({Scope.SERVICE})),
)


def _said(stopped: Set[Scope], words: Mapping[str, str]) -> str:
    """That these texts are stopped; "" where there are no words for it."""
    return next((words[key] for key, scopes in _STOPPED if stopped >= scopes), "")


def _ended(words: Mapping[str, str]) -> View:
    return View(now=words["ended"], status=410)


# ---------------------------------------------------------------------- yes to a double opt-in

YES = "yes"


def _show_request(link: Link, visitor: Visitor, ports: Ports) -> View:
    words = visitor.words
    if confirmed := double_opt_in.confirmed(link):
        stopped = double_opt_in.stopped(link, ports)
        holds = words["opted_in"] if confirmed - stopped else _said(stopped, words)
        return View(now=holds or words["ended"])
    if _is_over(link, ports):
        return _ended(words)
    asked = link.message.says.get("opt_in", {}).get("scopes", ())
    return View(
        quote=link.message.body,
        about=tuple(words[f"scope_{scope}"] for scope in asked),
        question=words["opt_in"],
        buttons=(Button(value=YES, label=words["yes"]),),
    )


def _take_yes(link: Link, choice: str, visitor: Visitor, ports: Ports) -> View | None:
    if choice != YES:
        return None
    double_opt_in.confirm_link(link, ports, ip=visitor.ip)
    link.refresh_from_db()
    return _show_request(link, visitor, ports)


# ------------------------------------------------------------------------------- how was it?


def _show_survey(link: Link, visitor: Visitor, ports: Ports) -> View:
    words = visitor.words
    if surveys.score_of(link) is not None:
        return View(now=words["scored"])
    if _is_over(link, ports):
        return _ended(words)
    return View(
        question=words["survey"].format(order=link.message.order_number),
        buttons=tuple(Button(value=str(each), label=str(each)) for each in surveys.SCORES),
        ends=(words["worst"], words["best"]),
    )


def _take_score(link: Link, choice: str, visitor: Visitor, ports: Ports) -> View | None:
    if choice not in map(str, surveys.SCORES):
        return None
    surveys.take_score_link(link, int(choice), ports)
    return _show_survey(link, visitor, ports)


def _is_over(link: Link, ports: Ports) -> bool:
    return bool(link.ended_at) or ports.clock.now() >= link.expires_at


BEHIND: Mapping[str, Behind] = {
    Link.Kind.OPT_OUT: Behind(_show_stops, _take_stop),
    Link.Kind.OPT_IN: Behind(_show_request, _take_yes),
    Link.Kind.SURVEY: Behind(_show_survey, _take_score),
}
