"""Whose number a text goes to, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ..domain import phone_numbers, sender_ids
from ..domain.places import Place
from ..domain.reasons import Reason
from ..events.catalogue import EVENTS, EventSpec, RecipientRule
from ..exceptions import InvalidRecipient
from ..ports import Address, Customer, Order
from . import suppression
from .channels import Channel


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A number and where it is, or the reason why it cannot be texted."""

    number: str = ""  #: E.164; kept also where it may not be texted, "" where it is none
    country: str = ""
    reason: Reason | None = None
    detail: str = ""


Refused = Mapping[str, tuple[Reason, str]]  #: ``suppression.among`` a batch of numbers


def of_order(
    order: Order, spec: EventSpec, channel: Channel, suppressed: Refused | None = None
) -> Recipient:
    """The customer's number for this event: one usable number, or the first reason against."""
    source = channel.config.phone_source
    rule = spec.recipient if source == "auto" else RecipientRule(source)
    first, second = (
        (order.billing, order.shipping)
        if rule is RecipientRule.BUYER
        else (order.shipping, order.billing)
    )
    chosen = of_address(first, channel, suppressed)
    if chosen.reason is None or second is None or not second.phone:
        return chosen
    # A gift's price must not reach its receiver: the other address serves for the buyer's texts
    # only if it is the same person's, or if there is no other person to be told apart from.
    if rule is RecipientRule.BUYER and first is not None and not _same_person(first, second):
        return chosen
    other = of_address(second, channel, suppressed)
    return other if other.reason is None else chosen


def place_of(order: Order | None, number: str, country: str, channel: Channel | None) -> Place:
    """Where the reader of a text is: the order's address that names their number.

    Where both do, the shipping one; where none does any more, the country is all there is.
    """
    region = country or (channel.default_country if channel else "")
    for address in (order.shipping, order.billing) if order else ():
        if address is None or (address.country or country) != country:
            continue
        # Saleor stores a number as it is sent; whatever else was typed is read first.
        if number and (address.phone == number or _parse(address.phone, region).number == number):
            return Place(country, address.country_area, address.postal_code, number)
    return Place(country, number=number)


def _same_person(one: Address, other: Address) -> bool:
    return (one.first_name, one.last_name) == (other.first_name, other.last_name)


def of_buyer(order: Order, channel: Channel) -> Recipient:
    """The number of whoever placed the order."""
    return of_order(order, EVENTS["order_created"], channel)


def of_number(raw: str, channel: Channel) -> Recipient:
    """A number that somebody wrote down."""
    return _checked(_parse(raw, channel.default_country), channel)


def of_customer(customer: Customer, channel: Channel) -> Recipient:
    """The number of an account's default addresses: one usable number, or the first reason."""
    places = [place for place in (customer.billing, customer.shipping) if place]
    found = [of_address(place, channel) for place in places] or [Recipient(reason=Reason.NO_PHONE)]
    return next((each for each in found if each.reason is None), found[0])


def of_staff(raw: str, channel: Channel) -> Recipient:
    """A number of the shop's own staff: the allowed countries are for customers."""
    return _checked(_parse(raw, channel.default_country), channel, to_staff=True)


def refused(
    number: str,
    channel: Channel,
    *,
    to_staff: bool,
    suppressed: Refused | None = None,
) -> tuple[Reason, str] | None:
    """Why a number may not be texted by these settings, None when it may.

    ``suppressed`` None asks for this number.
    """
    country = phone_numbers.country_of(number)
    if not to_staff and country not in channel.allowed_countries:
        return Reason.COUNTRY_NOT_ALLOWED, f"{country}: see “Allowed countries”."
    if to_staff and number not in channel.config.staff_numbers:
        return Reason.SWITCHED_OFF, "The number is no longer among the staff numbers."
    if suppressed is None:
        suppressed = suppression.among([number])
    if number in suppressed:
        return suppressed[number]
    if channel.config.test_numbers and number not in channel.config.test_numbers:
        return Reason.NOT_A_TEST_NUMBER, ""
    sender = channel.config.sender_for(country)
    if sender and (refusal := sender_ids.refusal(sender, country)):
        return Reason.SENDER_NOT_ALLOWED, refusal
    return None


def of_address(
    address: Address | None, channel: Channel, suppressed: Refused | None = None
) -> Recipient:
    """The address's number, or the reason against it."""
    if address is None or not address.phone.strip():
        return Recipient(reason=Reason.NO_PHONE, country=address.country if address else "")
    found = _parse(address.phone, address.country or channel.default_country)
    # The number says where it belongs; the address says where its owner is and sleeps.
    found = replace(found, country=address.country or found.country)
    return _checked(found, channel, suppressed=suppressed)


def _checked(
    found: Recipient,
    channel: Channel,
    *,
    to_staff: bool = False,
    suppressed: Refused | None = None,
) -> Recipient:
    if found.reason:
        return found
    refusal = refused(found.number, channel, to_staff=to_staff, suppressed=suppressed)
    if refusal is None:
        return found
    # Who asked to be forgotten is not named by a new decision either.
    number = "" if refusal[0] is Reason.NUMBER_ERASED else found.number
    return replace(found, number=number, reason=refusal[0], detail=refusal[1])


@lru_cache(maxsize=1024)  # planning and each door ask for the same few
def _parse(raw: str, region: str) -> Recipient:
    try:
        number = phone_numbers.parse(raw, region)
    except InvalidRecipient as error:
        reason = Reason(error.reason)
        # The other reasons say it all; what is wrong with an invalid number has many forms.
        return Recipient(
            reason=reason, detail=str(error) if reason is Reason.INVALID_NUMBER else ""
        )
    return Recipient(number=number, country=phone_numbers.country_of(number))
