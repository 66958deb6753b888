"""The law that applies to a number, or to a place, now."""

from __future__ import annotations

from typing import Any

import graphene
from graphql import GraphQLError

from ...callers import Permission
from ...config.values import country as country_code
from ...domain import law
from ...domain.opt_outs import Way
from ...domain.places import Place
from ...services.ruling import Ruling, ruling
from .consent import BasisEnum, ScopeEnum
from .context import Context, needs
from .rows import null_where_empty, number_of

WayEnum = graphene.Enum("SmsOptOutWayEnum", [(each.name, each.value) for each in Way])


class RuleColumnType(graphene.ObjectType):
    """One column of the table of rules."""

    class Meta:
        name = "SmsRuleColumn"

    name = graphene.String(required=True, description="As it is written in Advanced.")
    meaning = graphene.String(required=True, description="What it says.")
    value = graphene.String(required=True, description="What holds, as it is written.")


class ConsentNeededType(graphene.ObjectType):
    """What a consent to one kind of offers must be."""

    class Meta:
        name = "SmsConsentNeeded"

    scope = graphene.Field(ScopeEnum, required=True, description="Which kind of texts.")
    basis = graphene.Field(BasisEnum, required=True, description="What it rests on at least.")
    is_confirmed = graphene.Boolean(
        required=True, description="It counts only once it was confirmed from the phone itself."
    )


class RuleType(graphene.ObjectType):
    """What the law, and the shop's own settings, say about texting somebody now."""

    class Meta:
        name = "SmsRule"

    place = graphene.String(required=True, description="Whose rule it is, such as DE or US-TX.")
    name = graphene.String(required=True, description="The place's name.")
    note = graphene.String(required=True, description="What is behind it; no legal advice.")
    sources = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Where it is written."
    )
    checked = graphene.Date(required=True, description="When it was last reviewed.")
    columns = graphene.List(
        graphene.NonNull(RuleColumnType), required=True,
        description="All of it, with what the shop changed.",
    )  # fmt: skip
    time_zones = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Where the person may be."
    )
    is_holiday = graphene.Boolean(required=True, description="Offers rest today.")
    next_offer = graphene.DateTime(
        description="When an offer may go out, now or later; null: at no time soon."
    )
    next_service_text = graphene.DateTime(
        required=True, description="When a text that waits at night may go out, now or later."
    )
    consents = graphene.List(
        graphene.NonNull(ConsentNeededType), required=True, description="What offers need."
    )
    country = graphene.String(description="Of the address, else of the number.")
    is_allowed = graphene.Boolean(required=True, description="The channel texts this country.")
    sender = graphene.String(description="What texts of the channel come from there.")
    sender_problem = graphene.String(
        description="Why they do not arrive, or what has to be done first."
    )
    opt_out = graphene.Field(
        WayEnum, description="How an offer can be ended there; null: no way, and so no offer."
    )

    @staticmethod
    def resolve_place(root: Ruling, info: Any) -> str:
        return root.rule.place

    @staticmethod
    def resolve_name(root: Ruling, info: Any) -> str:
        return root.rule.name

    @staticmethod
    def resolve_note(root: Ruling, info: Any) -> str:
        return root.rule.note

    @staticmethod
    def resolve_sources(root: Ruling, info: Any) -> list[str]:
        return list(root.rule.sources)

    @staticmethod
    def resolve_checked(root: Ruling, info: Any) -> Any:
        return root.rule.checked

    @staticmethod
    def resolve_columns(root: Ruling, info: Any) -> list[dict[str, str]]:
        return [
            {"name": each.name, "meaning": each.meaning, "value": each.of(root.rule)}
            for each in law.COLUMNS
        ]

    @staticmethod
    def resolve_time_zones(root: Ruling, info: Any) -> list[str]:
        return list(root.zones)

    @staticmethod
    def resolve_consents(root: Ruling, info: Any) -> list[dict[str, Any]]:
        return [
            {"scope": scope, "basis": basis, "is_confirmed": confirmed}
            for scope, basis, confirmed in root.needs
        ]

    @staticmethod
    def resolve_opt_out(root: Ruling, info: Any) -> str | None:
        return root.opt_out.way if root.opt_out else None


null_where_empty(RuleType, "country", "sender", "sender_problem")


class RuleQueries(graphene.ObjectType):
    """Reading rules."""

    rule = graphene.Field(
        RuleType,
        channel=graphene.String(required=True, description="The channel's slug."),
        number=graphene.String(description="The person's phone number, with its country code."),
        country=graphene.String(description="Of their address: two letters."),
        area=graphene.String(description="Its state, as the address says it."),
        postal_code=graphene.String(description="Its post code."),
        description=(
            "What may be sent to a number, or to a place, now; null where the channel has no "
            "settings. Requires MANAGE_PLUGINS."
        ),
    )

    @staticmethod
    @needs(Permission.MANAGE_PLUGINS)
    def resolve_rule(
        root: Any,
        info: Any,
        channel: str,
        number: str = "",
        country: str = "",
        area: str = "",
        postal_code: str = "",
    ) -> Ruling | None:
        if not (number or country):
            raise GraphQLError("Give a `number`, a `country`, or both.")
        context: Context = info.context
        try:
            place = Place(
                country_code(country), area[:100], postal_code[:20],
                number_of(number, "number") if number else "",
            )  # fmt: skip
        except ValueError as error:
            raise GraphQLError(f"country: {error}") from None
        found = context.channel(channel)
        return ruling(place, found, context.ports) if found else None
