"""Links are keys: made when a text is written, followed to the storefront, ended in time."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import F
from django.utils.crypto import salted_hmac

from ..domain import phone_numbers, sender_ids
from ..domain.storefront_patterns import fill
from ..events.catalogue import Purpose
from ..models import Link, Message, WrongToken
from ..models.counting import count_one, span_of
from ..ports import Checkout, Order, Ports
from . import ledger, subjects, suppression
from .channels import Channel, load
from .consent import scope_of

PATH = "/plugins/saleor_sms_plugin/s"
LASTS = dt.timedelta(days=7)
AT_ONCE = dt.timedelta(seconds=5)  #: nobody reads a text and opens its link so soon
WRONG_SPAN = dt.timedelta(minutes=10)
MOST_WRONG = 20  #: tokens that do not exist, of one visitor in a span

Kind = Link.Kind

#: those that last longer than ``LASTS``; they outlive their text's number, so they carry it
_LASTS = {Kind.OPT_OUT: dt.timedelta(days=365)}

#: variable of a text → its link
VARIABLES = {
    "payment.retry_url": Kind.RETRY,
    "checkout.recovery_url": Kind.RECOVERY,
    "order.url": Kind.ORDER,
    "survey.url": Kind.SURVEY,
}
#: settings whose pattern a link may lead to; the first whose variables are all known
_PATTERNS = {
    Kind.RETRY: ("retry_url", "recovery_url", "order_url"),
    Kind.RECOVERY: ("recovery_url",),
    Kind.ORDER: ("order_url",),
}
#: Programs that open links before, or instead of, their reader.
_PROGRAMS = re.compile(
    r"bot\b|crawl|spider|preview|scan|monitor|facebookexternalhit|whatsapp|curl/|wget/|"
    r"python-|java/|okhttp|go-http-client|headless|slurp|google-safety|safelinks",
    re.IGNORECASE,
)
_CLOSED = {"canceled", "expired"}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request for a link."""

    address: str  #: of the visitor
    agent: str = ""
    looks_only: bool = False  #: HEAD, or a browser that prefetches


class Answer(StrEnum):
    """What a visit comes to."""

    LEADS = "leads"
    ENDED = "ended"  #: too late, paid, bought or opted out
    UNKNOWN = "unknown"
    TOO_MANY = "too_many"  #: the visitor guesses


def urls_for(message: Message, channel: Channel, variables: Collection[str]) -> dict[str, str]:
    """The addresses of these variables that lead somewhere; the same ones for a text's next try.

    Call it under writer access, before the text goes out.
    """
    return {
        name: url_of(message, kind, channel)
        for name, kind in VARIABLES.items()
        if name in variables and _is_of_use(kind, message, channel)
    }


def _is_of_use(kind: Link.Kind, message: Message, channel: Channel) -> bool:
    """Whether the link leads somewhere; a survey's page is for those who cannot reply."""
    if kind is Kind.SURVEY:
        country = phone_numbers.country_of(message.recipient)
        return sender_ids.is_name(channel.config.sender_for(country))
    return bool(_target(kind, channel, message.order_id, message.checkout_id))


def url_of(message: Message, kind: Link.Kind, channel: Channel) -> str:
    """The address of the text's link of this kind, which is there from now on.

    Call it under writer access, before the text goes out.
    """
    return address_of(_link(message, kind, channel).token, channel)


def address_of(token: str, channel: Channel) -> str:
    """Where the link of this token is, on the shop's own host."""
    return f"{channel.config.link_base or channel.shop.absolute(PATH)}/{token}"


def _link(message: Message, kind: Link.Kind, channel: Channel) -> Link:
    made_at = message.taken_at or message.not_before
    link, _ = Link.objects.get_or_create(
        message=message, kind=kind,
        defaults={
            "channel_id": channel.id, "order_id": message.order_id,
            "checkout_id": message.checkout_id, "created_at": made_at,
            "expires_at": made_at + _LASTS.get(kind, LASTS),
            "recipient": message.recipient if kind in _LASTS else "",
        },
    )  # fmt: skip
    return link


def _target(kind: str, channel: Channel, order_id: str, checkout_id: str) -> str:
    """Where the link leads in the storefront, "" where no pattern fits, and for our own pages."""
    values = _names("order", order_id) if order_id else _names("checkout", checkout_id)
    filled = (
        fill(channel.config.leads_to(name), values) for name in _PATTERNS.get(Link.Kind(kind), ())
    )
    return next(filter(None, filled), "")


def _names(what: str, key: str) -> dict[str, str]:
    """``id`` as the shop's API gives it (https://docs.saleor.io/api-usage/overview), ``token``
    as its database does."""
    if not key:
        return {}
    global_id = base64.b64encode(f"{what.title()}:{key}".encode()).decode()
    return {f"{what}.id": global_id, f"{what}.token": key}


def find(token: str, address: str, ports: Ports) -> Link | Answer:
    """The link of this token; UNKNOWN where there is none, TOO_MANY for a visitor (by their
    address) who tried too many of those. Whoever has a token is led on, even from the address
    of somebody who guesses: many phones share one.

    Call it under writer access.
    """
    link = Link.objects.select_related("message").filter(token=token).first()
    if link is not None:
        return link
    now = ports.clock.now()
    visitor = salted_hmac("saleor_sms_plugin.links", address).hexdigest()
    since = span_of(now, WRONG_SPAN)
    counted = count_one(WrongToken, MOST_WRONG, visitor=visitor, since=since)
    return Answer.UNKNOWN if counted else Answer.TOO_MANY


def follow(link: Link, visit: Visit, ports: Ports) -> tuple[Answer, str]:
    """Where the visitor is led, "" unless the answer is LEADS; the visit is counted.

    Call it under writer access.
    """
    now = ports.clock.now()
    url = _leads(link, now, ports)
    if not url:
        return Answer.ENDED, ""
    _count(link, visit, now)
    return Answer.LEADS, url


def _leads(link: Link, now: dt.datetime, ports: Ports) -> str:
    if link.ended_at or now >= link.expires_at:
        return ""
    checkouts = set() if link.order_id else {link.checkout_id}
    found = subjects.read({link.order_id} - {""}, checkouts, ports)
    order = found.get(link.order_id or link.checkout_id)
    channel = load(ports, [link.channel_id]).get(link.channel_id)
    if channel is None:
        return ""
    if order is None or _is_over(link, order, channel):
        Link.objects.filter(pk=link.pk, ended_at=None).update(ended_at=now)
        return ""
    order_id = "" if isinstance(order, Checkout) else order.id
    return _target(link.kind, channel, order_id, link.checkout_id)


def _is_over(link: Link, order: Order, channel: Channel) -> bool:
    """What the link was for is done, or its reader wants none of it."""
    text = link.message
    reader = text.recipient
    if not reader or suppression.among([reader]):
        return True
    scope = scope_of(text.event_name, Purpose(text.purpose))
    if ledger.read([reader]).standing(reader, scope, channel).stopped:
        return True
    if link.kind == Kind.ORDER:
        return False
    if link.kind == Kind.RECOVERY and not isinstance(order, Checkout):
        return True
    covered = order.charged + order.authorized
    # A cart whose prices Saleor has not worked out yet has a total of zero.
    return order.status in _CLOSED or (covered > 0 and covered >= order.total)


def _count(link: Link, visit: Visit, now: dt.datetime) -> None:
    sent_at = link.message.sent_at
    by_person = not (
        visit.looks_only
        or not visit.agent
        or _PROGRAMS.search(visit.agent)
        or sent_at is None
        or now - sent_at < AT_ONCE
    )
    same = Link.objects.filter(pk=link.pk)
    if by_person:
        same.filter(clicked_at=None).update(clicked_at=now)
    else:
        same.update(preview_count=F("preview_count") + 1)


def forget_guesses(ports: Ports) -> None:
    """Wrong tokens of spans that are over leave no trace."""
    WrongToken.objects.filter(since__lt=span_of(ports.clock.now(), WRONG_SPAN)).delete()
