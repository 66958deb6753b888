"""How a text says that its reader can end such texts: by a reply, at a number, or on a page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from . import sender_ids
from .law import Links, Rule


class Way(StrEnum):
    """What the reader does."""

    REPLY = "reply"  #: writes STOP to the sender
    NUMBER = "number"  #: writes STOP to another number
    LINK = "link"  #: opens a page of ours


@dataclass(frozen=True)
class OptOut:
    """The way out that a text offers."""

    way: Way
    to: str = ""  #: the number, or the page's address once there is one
    one_segment: bool = False  #: its link passes only in a text of one segment


#: Of a page of ours without a redirect; no network has it registered.
_NO_LINKS = (Links.WHITELISTED, Links.NEVER)


def opt_out_of(sender: str, number: str, rule: Rule) -> OptOut | None:
    """The way from a text of this sender (checked), None where there is none.

    *number* is where STOP can be written instead, "" for nowhere. France takes nothing but the
    code of the provider
    (https://support.callr.com/hc/en-us/articles/115000858183); a name takes no replies.
    """
    if not rule.requires_opt_out_code and sender and not sender_ids.is_name(sender):
        return OptOut(Way.REPLY)
    if number:
        return OptOut(Way.NUMBER, number)
    if rule.requires_opt_out_code or rule.links in _NO_LINKS:
        return None
    return OptOut(Way.LINK, one_segment=rule.links is Links.ONE_SEGMENT)


def with_opt_out(body: str, words: str) -> str:
    """The text with these words, once: behind it, unless they stand in it."""
    return body if words in body else f"{body} {words}"
