"""Whether a text may be sent to a person at all: the one place that is asked (law 9)."""

from __future__ import annotations

import datetime as dt

from ..domain import phone_numbers
from ..domain.reasons import Reason
from ..events.catalogue import EventSpec, Purpose
from ..ports import Checkout, Order
from .channels import Channel


def purpose_of(spec: EventSpec, order: Order | None, number: str, country: str) -> Purpose:
    """What the text counts as for this person: the event's purpose, or marketing where their
    country takes it as such while there is no order. ``country`` is the address's; a number of
    such a country is enough, too.

    A reminder of an unfinished checkout is advertising in Germany (OLG Duesseldorf, I-20 U
    155/16); Austria, the USA and Canada are treated alike.
    """
    if isinstance(order, Checkout) and spec.marketing_on_checkout & {
        country,
        phone_numbers.country_of(number) if number else "",
    }:
        return Purpose.MARKETING
    return spec.purpose


def may_send(
    recipient: str, purpose: Purpose, event: str, channel: Channel, now: dt.datetime
) -> Reason | None:
    """Why this number may not get a text of this purpose and event now; None when it may.

    Nobody has consented to marketing so far, so it goes to the channel's test numbers only.
    """
    if purpose is Purpose.MARKETING and recipient not in channel.config.test_numbers:
        return Reason.NO_CONSENT
    return None
