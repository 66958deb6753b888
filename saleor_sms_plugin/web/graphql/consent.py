"""What a person agreed to, and the acts that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import graphene
from django.db.models import Q
from graphql import GraphQLError

from ...callers import Caller, CallerKind, Permission
from ...domain import phone_numbers
from ...domain.consent import Act, Basis, Scope
from ...domain.reasons import Reason
from ...exceptions import InvalidRecipient
from ...models import ConsentEntry
from ...models.keyed_hash import keyed_hashes
from ...services import person, standing, storefront, suppression
from .connections import ARGUMENTS, Page, connection, page
from .context import Context, PermissionDenied
from .ids import global_id
from .rows import null_where_empty, number_of

NODE = "SmsConsentAct"
MOST_NUMBERS = 20  #: of one e-mail address

ScopeEnum = graphene.Enum("SmsConsentScopeEnum", [(each.name, each.value) for each in Scope])
ActEnum = graphene.Enum("SmsConsentActEnum", [(each.name, each.value) for each in Act])
BasisEnum = graphene.Enum("SmsConsentBasisEnum", [(each.name, each.value) for each in Basis])
SourceEnum = graphene.Enum(
    "SmsConsentSourceEnum", [(each.name, each.value) for each in ConsentEntry.Source]
)


class ConsentStandingType(graphene.ObjectType):
    """Where one number stands with one kind of texts in one channel."""

    class Meta:
        name = "SmsConsentStanding"

    number = graphene.String(required=True, description="Whose, E.164.")
    channel = graphene.String(required=True, description="The channel's slug.")
    scope = graphene.Field(ScopeEnum, required=True, description="Which kind of texts.")
    may = graphene.Boolean(
        required=True, description="Such a text may be sent, as far as consent goes."
    )
    reason = graphene.String(description="Why not: one word; for staff only.")
    why = graphene.String(description="The same for people.")
    words = graphene.String(
        required=True,
        description="What was given, confirmed and stopped, when and where; empty but for staff.",
    )

    @staticmethod
    def resolve_why(root: standing.Where, info: Any) -> str | None:
        return Reason(root.reason).sentence if root.reason else None


null_where_empty(ConsentStandingType, "reason")


class ConsentActType(graphene.ObjectType):
    """One act of one person, and its proof."""

    class Meta:
        name = NODE

    id = graphene.ID(required=True, description="The act.")
    number = graphene.String(description="Whose; null once they asked to be forgotten.")
    scope = graphene.Field(ScopeEnum, required=True, description="About which kind of texts.")
    act = graphene.Field(ActEnum, required=True, description="What they did.")
    basis = graphene.Field(BasisEnum, required=True, description="What a permission rests on.")
    channel = graphene.String(description="The channel's slug; null for every channel.")
    source = graphene.Field(SourceEnum, required=True, description="Where they did it.")
    wording = graphene.String(description="What they read, or wrote; for staff only.")
    language = graphene.String(description="In which language.")
    ip = graphene.String(description="From which address; for staff only.")
    staff = graphene.String(description="Who entered it; for staff only.")
    occurred_at = graphene.DateTime(
        required=True, description="When they did it; where seenAt says, not before."
    )
    seen_at = graphene.DateTime(
        description="The day is not known: the box was seen ticked then. Null elsewhere."
    )
    recorded_at = graphene.DateTime(required=True, description="When it was put down.")

    @staticmethod
    def resolve_id(root: ConsentEntry, info: Any) -> str | None:
        return global_id(NODE, root.pk)

    @staticmethod
    def resolve_channel(root: ConsentEntry, info: Any) -> str | None:
        return root.channel_slug or None

    @staticmethod
    def resolve_wording(root: ConsentEntry, info: Any) -> str | None:
        may = info.context.caller.may(Permission.MANAGE_USERS)
        return (root.wording or None) if may else None

    @staticmethod
    def resolve_ip(root: ConsentEntry, info: Any) -> str | None:
        return root.ip if info.context.caller.may(Permission.MANAGE_USERS) else None

    @staticmethod
    def resolve_staff(root: ConsentEntry, info: Any) -> str | None:
        return (root.staff or None) if info.context.caller.may(Permission.MANAGE_USERS) else None


null_where_empty(ConsentActType, "number", "language")

ConsentActConnection = connection(ConsentActType, NODE)


class RefusedNumberType(graphene.ObjectType):
    """A number that is not texted at all."""

    class Meta:
        name = "SmsRefusedNumber"

    number = graphene.String(required=True, description="E.164.")
    reason = graphene.String(required=True, description="One word.")
    why = graphene.String(required=True, description="The same for people.")


@dataclass(frozen=True)
class Person:
    """What ``ConsentType`` resolves from."""

    numbers: Sequence[str]


class ConsentType(graphene.ObjectType):
    """What one person agreed to."""

    class Meta:
        name = "SmsConsent"

    numbers = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Their numbers, E.164."
    )
    refused = graphene.List(
        graphene.NonNull(RefusedNumberType),
        required=True,
        description="Those that no text goes to, whatever it is about; empty but for staff.",
    )
    standings = graphene.List(
        graphene.NonNull(ConsentStandingType),
        required=True,
        description="Where each number stands, per channel and kind of texts.",
    )
    acts = graphene.Field(
        ConsentActConnection,
        required=True,
        **ARGUMENTS,
        description="The ledger behind it, the newest act first; of a customer, their own.",
    )

    @staticmethod
    def resolve_refused(root: Person, info: Any) -> list[Mapping[str, str]]:
        if not info.context.caller.may(Permission.MANAGE_USERS):
            return []
        found = suppression.among(root.numbers)
        return [
            {"number": number, "reason": reason, "why": f"{reason.sentence} {detail}"}
            for number, (reason, detail) in sorted(found.items())
        ]

    @staticmethod
    def resolve_standings(root: Person, info: Any) -> list[standing.Where]:
        context: Context = info.context
        found = standing.standings(root.numbers, context.ports, context.caller.channel_ids)
        if context.caller.may(Permission.MANAGE_USERS):
            return found
        return [replace(each, reason="", words="") for each in found]

    @staticmethod
    def resolve_acts(root: Person, info: Any, **arguments: Any) -> Page:
        caller: Caller = info.context.caller
        if not caller.may(Permission.MANAGE_USERS):
            own = ConsentEntry.objects.filter(
                number__in=root.numbers, source=ConsentEntry.Source.STOREFRONT,
                key__startswith=storefront.acts_of(caller.id),
            )  # fmt: skip
            return page(own, "-occurred_at", arguments, "acts")
        hashes = [each for number in root.numbers for each in keyed_hashes(number)]
        rows = ConsentEntry.objects.filter(Q(number__in=root.numbers) | Q(number_hash__in=hashes))
        if caller.channel_ids is not None:
            rows = rows.filter(Q(channel_id__in=caller.channel_ids) | Q(channel_id__isnull=True))
        return page(rows, "-occurred_at", arguments, "acts")


class ConsentQueries(graphene.ObjectType):
    """Reading consent."""

    consent = graphene.Field(
        ConsentType,
        number=graphene.String(description="The phone number, with its country code."),
        email=graphene.String(
            description=f"Of a customer's account, orders and carts: their newest {MOST_NUMBERS} "
            "numbers."
        ),
        description=(
            "What a person agreed to. Requires MANAGE_USERS; a customer reads their own, by one "
            "of their numbers or without any."
        ),
    )

    @staticmethod
    def resolve_consent(
        root: Any, info: Any, number: str | None = None, email: str | None = None
    ) -> Person:
        context: Context = info.context
        if context.caller.may(Permission.MANAGE_USERS):
            return Person(_asked(number, email, context))
        if context.caller.kind is CallerKind.CUSTOMER and email is None:
            mine = numbers_of(context.caller)
            if number is None:
                return Person(mine)
            if (asked := number_of(number, "number")) in mine:
                return Person([asked])
        raise PermissionDenied(Permission.MANAGE_USERS)


def _asked(number: str | None, email: str | None, context: Context) -> Sequence[str]:
    if (number is None) == (email is None):
        raise GraphQLError("Give either `number` or `email`.")
    if number is not None:
        return [number_of(number, "number")]
    return person.numbers_of(email or "", context.ports)[:MOST_NUMBERS]


def numbers_of(caller: Caller) -> list[str]:
    """A customer's own numbers in E.164; those that cannot be texted are left out."""
    found = []
    for phone in caller.phones[:MOST_NUMBERS]:
        try:
            found.append(phone_numbers.parse(phone, None))
        except InvalidRecipient:
            continue
    return list(dict.fromkeys(found))
