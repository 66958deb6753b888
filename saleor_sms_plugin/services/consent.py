"""Whether a text may be sent to a person at all: the one place that is asked (law 9)."""

from __future__ import annotations

import datetime as dt

from ..domain.consent import Act, Basis, Entry, Scope, Standing
from ..domain.law import CountsAs, DoubleOptIn, Rule, SoftOptIn
from ..domain.reasons import Reason
from ..events.catalogue import EVENTS, EventSpec, Purpose
from ..ports import Checkout, Order
from .channels import Channel
from .ledger import Ledger

Refusal = tuple[Reason, str]


def purpose_of(spec: EventSpec, order: Order | None, rule: Rule) -> Purpose:
    """What the text counts as for this person: the event's purpose, or marketing where the rule
    of their place takes it as such while there is no order.
    """
    unfinished = spec.marketing_on_checkout and isinstance(order, Checkout)
    if unfinished and rule.checkout_payment_failed is CountsAs.MARKETING:
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
    number: str,
    purpose: Purpose,
    event: str,
    channel: Channel,
    ledger: Ledger,
    rule: Rule,
    *,
    is_customer: bool = False,
) -> Refusal | None:
    """Why this person may not get a text of this purpose and event; None when they may.

    ``ledger`` is ``ledger.read`` of a batch of numbers, ``rule`` the law of the person's place;
    ``is_customer``: the text is about an order of the channel.
    """
    scope = scope_of(event, purpose)
    return refusal(number, scope, channel, ledger, rule, is_customer=is_customer)


def refusal(
    number: str,
    scope: Scope,
    channel: Channel,
    ledger: Ledger,
    rule: Rule,
    *,
    is_customer: bool = False,
) -> Refusal | None:
    """``may_send`` of a kind of texts."""
    where = ledger.standing(number, scope, channel)
    if where.stopped:
        held = where.stopped.act is Act.HELD
        reason = Reason.OPT_OUT_IN_REVIEW if held else Reason.OPTED_OUT
        return reason, f"Since {_when(where.stopped)}.{_ticked_again(where)}"
    # Who tries the plugin out with a phone of their own has nobody to ask.
    if scope is Scope.SERVICE or number in channel.config.test_numbers:
        return None
    given, soft = where.given, has_soft_opt_in(scope, rule)
    if soft and (is_customer or (given and given.basis is Basis.SOFT_OPT_IN)):
        return None
    needed = basis_needed(scope, rule)
    # What was read and answered with yes is on record with the confirmation, too.
    bases = [entry.basis.worth for entry in (given, where.confirmed) if entry]
    if given is None or max(bases) < needed.worth:
        return Reason.NO_CONSENT, _lacking(given, needed, rule)
    if where.confirmed is None and needs_confirmation(scope, channel, rule):
        return Reason.NOT_CONFIRMED, f"Given {_when(given)}; {rule.name}."
    return None


def basis_needed(scope: Scope, rule: Rule) -> Basis:
    """The least that a permission for these texts must rest on."""
    return Basis(rule.cart_consent if scope is Scope.CART_REMINDERS else rule.consent)


def needs_confirmation(scope: Scope, channel: Channel, rule: Rule) -> bool:
    """A permission counts only once it was confirmed: the owner can ask for more than the law
    does, and switch off what it only recommends."""
    carts = scope is Scope.CART_REMINDERS
    law = rule.cart_double_opt_in if carts else rule.double_opt_in
    if law is DoubleOptIn.REQUIRED:
        return True
    chosen = channel.config.double_opt_in
    return chosen == "on" or (chosen == "auto" and law is DoubleOptIn.DEFAULT)


def has_soft_opt_in(scope: Scope, rule: Rule) -> bool:
    """Customers of the shop may get these texts without having asked for them."""
    return scope is Scope.OFFERS and rule.soft_opt_in is SoftOptIn.SIGNED_OFF


_KINDS = {
    Basis.SERVICE: "consent to order texts",
    Basis.SOFT_OPT_IN: "a soft opt-in",
    Basis.EXPRESS: "consent",
    Basis.EXPRESS_WRITTEN: "consent with the wording that the person read",
}


def _lacking(given: Entry | None, needed: Basis, rule: Rule) -> str:
    if given is None:
        return ""
    return (
        f"{rule.name} needs {_KINDS[needed]}; there is {_KINDS[given.basis]}, given {_when(given)}."
    )


def in_words(where: Standing) -> str:
    """Where a person stands, for people: what was given, confirmed and stopped, when and where."""
    acts = (
        ("given", where.given), ("confirmed", where.confirmed), ("stopped", where.stopped),
        ("ticked again, not confirmed", where.waiting),
    )  # fmt: skip
    said = [f"{word} {_when(entry)}" for word, entry in acts if entry]
    return ", ".join(said) or "nothing on record"


def _ticked_again(where: Standing) -> str:
    if where.waiting is None:
        return ""
    return f" A box ticked {_when(where.waiting)} counts once it is confirmed from the phone."


def _when(entry: Entry) -> str:
    return when(entry.at, entry.seen_at) + (f" ({entry.source})" if entry.source else "")


def when(at: dt.datetime, seen_at: dt.datetime | None) -> str:
    """When an act was, for people, as far as it is known."""
    if seen_at is None:
        return f"{at:%Y-%m-%d %H:%M} UTC"
    bound = "" if seen_at == at else f"; not before {at:%Y-%m-%d %H:%M} UTC"
    return f"on a day not known, seen {seen_at:%Y-%m-%d %H:%M} UTC{bound}"
