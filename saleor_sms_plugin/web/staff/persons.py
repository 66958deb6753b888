"""What one person agreed to."""

from __future__ import annotations

from collections.abc import Sequence

from ...callers import CallerKind
from ...domain import phone_numbers
from ...domain.consent import Act, Scope
from ...exceptions import InvalidInput, InvalidRecipient
from ...services import person, standing, storefront, suppression
from ...services.ledger import Source
from ..graphql.ids import local_id
from .visit import Part, Visit
from .words.reasons import why

LONGEST_WORDING = 2_000
MOST_NUMBERS = 20  #: of one e-mail address


def show(visit: Visit) -> Part:
    """Each number's standing per channel, and the acts behind it."""
    return _shown(visit.text("who"), visit)


def _shown(asked: str, visit: Visit) -> Part:
    numbers = _numbers(asked, visit) if asked else _of_dashboard(visit)
    slugs = {channel.slug for channel in visit.channels.values()}
    refused = suppression.among(numbers)
    return Part(
        template="person.html",
        context={
            "asked": asked,
            "channels": sorted(slugs),
            "every": visit.caller.channel_ids is None,
            "scopes": [(each, visit.words[f"scope_{each}"]) for each in Scope],
            "acts": [(each, visit.words[f"act_{each}"]) for each in (Act.GIVEN, Act.WITHDRAWN)],
            "unknown": bool(asked) and not numbers,
            "persons": [
                {
                    "number": number,
                    "refused": why(refused[number][0], visit.language) if number in refused else "",
                    "refused_detail": refused[number][1] if number in refused else "",
                    "standings": [
                        (each, visit.words[f"scope_{each.scope}"], _verdict(each, visit))
                        for each in known.standings
                        if each.channel in slugs
                    ],
                    "acts": [
                        (each, visit.words[f"act_{each.act}"], visit.words[f"scope_{each.scope}"])
                        for each in known.acts
                        if each.channel in ("", *slugs)
                    ],
                }
                for number, known in standing.of_each(numbers, visit.ports).items()
            ],
        },
    )  # fmt: skip


def say(visit: Visit) -> Part:
    """What the person said is in the ledger, by this member of the staff; then the page of it.

    Raises InvalidInput for what nobody can say, or not in this channel.
    """
    number = _number(visit.text("number"))
    try:
        act, scope = Act(visit.text("act")), Scope(visit.text("scope"))
    except ValueError:
        raise InvalidInput(visit.words["no_act"]) from None
    if act not in (Act.GIVEN, Act.WITHDRAWN):
        raise InvalidInput(visit.words["no_act"])
    anywhere = visit.caller.channel_ids is None and not visit.text("channel")
    said = storefront.Saying(
        number=number, scopes=[scope], channel=None if anywhere else visit.channel,
        wording=visit.text("wording")[:LONGEST_WORDING], language=visit.language,
        staff=visit.caller.name,
        source=Source.STAFF if visit.caller.kind is CallerKind.STAFF else Source.STOREFRONT,
    )  # fmt: skip
    storefront.put(said, act, visit.ports)
    return _shown(number, visit)


def _verdict(where: standing.Where, visit: Visit) -> str:
    return visit.words["may_be_texted"] if where.may else why(where.reason, visit.language)


def _numbers(asked: str, visit: Visit) -> Sequence[str]:
    """E.164 numbers of what was typed: a number, or an e-mail address."""
    if "@" in asked:
        return person.numbers_of(asked, visit.ports)[:MOST_NUMBERS]
    return [_number(asked)]


def _number(asked: str) -> str:
    """Of one phone, in E.164; an e-mail address is none, whoever's it is."""
    try:
        return phone_numbers.parse(asked, None)
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
