"""The words of one text: language, template, values, length, sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..domain import phone_numbers, rendering, segments
from ..domain.law import Links
from ..domain.places import Place
from ..domain.transitions import TOLD
from ..models import Message
from ..models.message import OWN_WORDS
from ..ports import Order, Voucher
from . import links
from .channels import Channel
from .context import build_context
from .footers import NONE, Footer


@dataclass(frozen=True, kw_only=True)
class Text:
    """A rendered text, ready for the provider."""

    body: str
    encoding: str
    segment_count: int
    language: str
    sender_id: str
    says: dict[str, Any]


def write(message: Message, channel: Channel, order: Order | None, footer: Footer = NONE) -> Text:
    """The text as it is sent now, with its opt-out where it carries one.

    Raises TemplateError where the owner's template cannot be rendered.
    """
    says = dict(message.says)
    if message.event_name in OWN_WORDS:
        language = message.language
        body = footer.on(message.body, language)
    else:
        says = _says_now(message, order) if order else says
        reader = channel.staff_language if message.to_staff or not order else order.language
        chosen = channel.config.text(message.event_name, reader)
        language = chosen.language
        template = rendering.compile(chosen.source)
        body = _rendered(template, message, channel, order, language, says, footer)
    measured = segments.measure(body)
    return Text(
        body=body,
        encoding=measured.encoding,
        segment_count=measured.segment_count,
        language=language,
        sender_id=channel.config.sender_for(phone_numbers.country_of(message.recipient)),
        says=says,
    )


def _rendered(
    template: rendering.Template,
    message: Message,
    channel: Channel,
    order: Order | None,
    language: str,
    says: dict[str, Any],
    footer: Footer,
) -> str:
    """The text with its links, or without them where the number's country takes none."""
    rule = channel.config.law_at(Place(number=message.recipient)).links
    wanted = template.variables & links.VARIABLES.keys()
    urls = {} if rule in _NO_LINKS else links.urls_for(message, channel, wanted)
    voucher = _voucher(channel) if "voucher.code" in template.variables else None

    def with_links(urls: Mapping[str, str], without: tuple[str, ...] = ()) -> str:
        words = footer.words(language)
        context = build_context(channel, order, language, says, urls, voucher, words)
        context["fulfillment"] |= dict.fromkeys(without)
        return footer.on(template.render(context, locale=language), language)

    body = with_links(urls)
    if urls and rule is Links.ONE_SEGMENT and segments.measure(body).segment_count > 1:
        return with_links({})
    # Many parcels in one text: that they are on their way is worth more than their numbers.
    for without in _PARCELS_SHORTER if len(says.get("parcels", {})) > 1 else ():
        if segments.measure(body).segment_count <= channel.config.max_segments:
            break
        body = with_links(urls, without)
    return body


#: Our links lead on to the storefront, and no network has them registered.
_NO_LINKS = {Links.NO_REDIRECT, Links.WHITELISTED, Links.NEVER}
_PARCELS_SHORTER = (("tracking_url",), ("tracking_url", "tracking_number"))


def _voucher(channel: Channel) -> Voucher | None:
    code = channel.config.abandoned_voucher
    return channel.shop.voucher(code, channel.id) if code else None


def _says_now(message: Message, order: Order) -> dict[str, Any]:
    """What the text says, completed with what is true at the door."""
    says = dict(message.says)
    if "parcels" in says:
        numbers = {f.id: f.tracking_number.strip() for f in order.fulfillments}
        says["parcels"] = {each: numbers.get(each, "") for each in says["parcels"]}
    if message.event_name in ("order_refunded", "order_fully_refunded", "order_cancelled"):
        full = message.event_name == "order_fully_refunded"
        told = Decimal(0) if full else _refund_told(message)
        says |= {"refunded": str(order.refunded), "refund": str(order.refunded - told)}
    return says


def _refund_told(message: Message) -> Decimal:
    """How much of the order's refunds earlier texts told of."""
    earlier = Message.objects.filter(
        order_id=message.order_id,
        status__in=TOLD,
    ).exclude(pk=message.pk)
    return max((Decimal(m.says.get("refunded") or 0) for m in earlier), default=Decimal(0))
