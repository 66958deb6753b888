"""The opt-out of one text: whether it must carry one, and which (law 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..domain import phone_numbers
from ..domain.opt_outs import OptOut, Way, with_opt_out
from ..domain.places import Place
from ..events.catalogue import EVENTS, Purpose
from ..events.texts.opt_out import opt_out_words
from ..models import Link, Message
from . import links
from .channels import Channel


@dataclass(frozen=True)
class Footer:
    """What stands at the end of a text, unless its template placed it elsewhere."""

    opt_out: OptOut | None = None  #: None: the text needs none

    def words(self, language: str) -> str:
        """In the language of the text; "" where it needs none."""
        return opt_out_words(self.opt_out, language) if self.opt_out else ""

    def on(self, body: str, language: str) -> str:
        """The text with its opt-out, once."""
        return with_opt_out(body, self.words(language)) if self.opt_out else body

    def fits(self, segment_count: int) -> bool:
        """Networks let the opt-out through in a text of so many segments."""
        return not (self.opt_out and self.opt_out.one_segment and segment_count > 1)


NONE = Footer()


def footer_of(message: Message, channel: Channel) -> Footer | None:
    """The text's footer; its link, where it has one, is there from now on. None where the text
    must say how to opt out and there is no way.

    A marketing text must; so must the first text of all to a number where the law says so.
    Call it under writer access, before the text goes out.
    """
    marketing = message.purpose == Purpose.MARKETING
    if message.to_staff or not (marketing or _is_first(message, channel)):
        return NONE
    found = channel.config.opt_out(phone_numbers.country_of(message.recipient))
    if found is None:
        return None if marketing else NONE
    if found.way is Way.LINK:
        found = replace(found, to=links.url_of(message, Link.Kind.OPT_OUT, channel))
    return Footer(found)


def _is_first(message: Message, channel: Channel) -> bool:
    """No text of the shop's events reached the number so far, and the law asks for that one."""
    if message.event_name not in EVENTS:
        return False
    if not channel.config.law_at(Place(number=message.recipient)).footer_first_text:
        return False
    earlier = Message.objects.filter(
        recipient=message.recipient, to_staff=False, sent_at__isnull=False
    )
    return not earlier.exclude(pk=message.pk).exists()
