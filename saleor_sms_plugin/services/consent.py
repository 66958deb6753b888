"""Whether a text may be sent to a person at all: the one place that is asked (law 9)."""

from __future__ import annotations

from ..domain import phone_numbers
from ..domain.consent import Act, Basis, Scope
from ..domain.reasons import Reason
from ..events.catalogue import EVENTS, EventSpec, Purpose
from ..ports import Checkout, Order
from .channels import Channel
from .ledger import Ledger

Refusal = tuple[Reason, str]


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


def scope_of(event: str, purpose: Purpose) -> Scope:
    """Which kind of texts a text of this event is, counting as this purpose."""
    if purpose is not Purpose.MARKETING:
        return Scope.SERVICE
    spec = EVENTS.get(event)
    about_cart = spec is not None and (spec.step or spec.marketing_on_checkout)
    return Scope.CART_REMINDERS if about_cart else Scope.OFFERS


def may_send(
    number: str, purpose: Purpose, event: str, channel: Channel, ledger: Ledger
) -> Refusal | None:
    """Why this person may not get a text of this purpose and event; None when they may.

    ``ledger`` is ``ledger.read`` of a batch of numbers.
    """
    scope = scope_of(event, purpose)
    where = ledger.standing(number, scope, channel)
    if where.stopped:
        held = where.stopped.act is Act.HELD
        reason = Reason.OPT_OUT_IN_REVIEW if held else Reason.OPTED_OUT
        return reason, f"Since {where.stopped.at:%Y-%m-%d %H:%M} UTC."
    # Who tries the plugin out with a phone of their own has nobody to ask.
    if scope is Scope.SERVICE or number in channel.config.test_numbers:
        return None
    if where.given is None:
        return Reason.NO_CONSENT, ""
    if where.given.basis.worth < Basis.EXPRESS.worth:
        return Reason.NO_CONSENT, "There is only a soft opt-in."
    return None
