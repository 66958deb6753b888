"""What one person agreed to."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain import phone_numbers
from ...exceptions import InvalidInput, InvalidRecipient
from ...services import person, standing, suppression
from ..graphql.ids import local_id
from .visit import Part, Visit

MOST_NUMBERS = 20  #: of one e-mail address


def show(visit: Visit) -> Part:
    """Each number's standing per channel, and the acts behind it."""
    asked = visit.text("who")
    numbers = _numbers(asked, visit) if asked else _of_dashboard(visit)
    slugs = {channel.slug for channel in visit.channels.values()}
    refused = suppression.among(numbers)
    return Part(
        template="person.html",
        context={
            "asked": asked,
            "unknown": bool(asked) and not numbers,
            "persons": [
                {
                    "number": number,
                    "refused": " ".join(map(str, _sentence(refused.get(number)))),
                    "standings": [each for each in known.standings if each.channel in slugs],
                    "acts": [each for each in known.acts if each.channel in ("", *slugs)],
                }
                for number in numbers
                for known in [standing.of(number, visit.ports)]
            ],
        },
    )  # fmt: skip


def _sentence(found: tuple[object, str] | None) -> tuple[object, ...]:
    return () if found is None else (getattr(found[0], "sentence", found[0]), found[1])


def _numbers(asked: str, visit: Visit) -> Sequence[str]:
    """E.164 numbers of what was typed: a number, or an e-mail address."""
    if "@" in asked:
        return person.numbers_of(asked, visit.ports)[:MOST_NUMBERS]
    try:
        return [phone_numbers.parse(asked, None)]
    except InvalidRecipient as error:
        raise InvalidInput(str(error)) from error


def _of_dashboard(visit: Visit) -> Sequence[str]:
    """Of the customer whose page in the dashboard this was opened from."""
    given = visit.text("customerId")
    if not given:
        return []
    key = local_id(given, "User")
    customer = visit.ports.shop.customers([key]).get(key)
    found = []
    for address in (customer.billing, customer.shipping) if customer else ():
        try:
            if address and address.phone:
                found.append(phone_numbers.parse(address.phone, address.country))
        except InvalidRecipient:
            continue
    return list(dict.fromkeys(found))
