"""What was sent, what was not, what it cost, and what it brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import graphene
from graphql import GraphQLError

from ...callers import Permission
from ...domain.reasons import SENTENCES
from ...exceptions import InvalidInput
from ...services import statistics
from ...services.statistics import Group, Line
from .context import needs

GroupEnum = graphene.Enum("SmsStatisticsGroup", [(each.name, each.value) for each in Group])


class ReasonCountType(graphene.ObjectType):
    """How many texts had one reason."""

    class Meta:
        name = "SmsReasonCount"

    reason = graphene.String(required=True, description="One word.")
    why = graphene.String(description="The same for people.")
    count = graphene.Int(required=True, description="How many.")


class MoneyType(graphene.ObjectType):
    """An amount of money."""

    class Meta:
        name = "SmsMoney"

    amount = graphene.Decimal(required=True, description="How much.")
    currency = graphene.String(
        required=True, description="ISO 4217; empty where the provider does not say it."
    )


class RecoveredType(graphene.ObjectType):
    """Orders that followed reminders about carts, in one currency."""

    class Meta:
        name = "SmsRecovered"

    orders = graphene.Int(required=True, description="How many, each counted once.")
    amount = graphene.Decimal(required=True, description="Their totals together.")
    currency = graphene.String(required=True, description="ISO 4217.")


def _count(description: str) -> Any:
    return graphene.Int(required=True, description=description)


def _reasons(description: str) -> Any:
    return graphene.List(graphene.NonNull(ReasonCountType), required=True, description=description)


class StatisticsType(graphene.ObjectType):
    """What the texts of one group came to. Those of the last minute may be missing."""

    class Meta:
        name = "SmsStatistics"

    day = graphene.Date(description="The day (UTC) of their decision; null unless grouped by it.")
    event = graphene.String(description="The event; null unless grouped by it.")
    channel = graphene.String(description="The channel's slug; null unless grouped by it.")
    country = graphene.String(description="The recipients' country; null unless grouped by it.")
    provider = graphene.String(description="Who they were given to; null unless grouped by it.")
    decided = _count("Texts, and decisions not to send one.")
    waiting = _count("They will go out.")
    sent = _count("The provider took them, whatever came of them.")
    delivered = _count("The phones have them.")
    unknown = _count("Nobody knows whether the provider took them.")
    cancelled = _count("Somebody, or the shop's news, ended them.")
    failed = _reasons("Tried, or taken, in vain; by reason.")
    suppressed = _reasons("Not sent, on purpose; by reason.")
    segments = _count("Segments of those that were sent.")
    costs = graphene.List(
        graphene.NonNull(MoneyType), required=True, description="What they cost, per currency."
    )
    recovered = graphene.List(
        graphene.NonNull(RecoveredType),
        required=True,
        description="Orders of these days that followed a reminder, per currency.",
    )

    @staticmethod
    def resolve_day(root: Line, info: Any) -> dt.date | None:
        return root.of.get(Group.DAY)

    @staticmethod
    def resolve_event(root: Line, info: Any) -> str | None:
        return root.of.get(Group.EVENT)

    @staticmethod
    def resolve_channel(root: Line, info: Any) -> str | None:
        return root.of.get(Group.CHANNEL)

    @staticmethod
    def resolve_country(root: Line, info: Any) -> str | None:
        return root.of.get(Group.COUNTRY)

    @staticmethod
    def resolve_provider(root: Line, info: Any) -> str | None:
        return root.of.get(Group.PROVIDER)

    @staticmethod
    def resolve_failed(root: Line, info: Any) -> list[dict[str, Any]]:
        return _most_first(root.failed)

    @staticmethod
    def resolve_suppressed(root: Line, info: Any) -> list[dict[str, Any]]:
        return _most_first(root.suppressed)

    @staticmethod
    def resolve_costs(root: Line, info: Any) -> list[dict[str, Any]]:
        return [{"currency": each, "amount": root.costs[each]} for each in sorted(root.costs)]

    @staticmethod
    def resolve_recovered(root: Line, info: Any) -> list[dict[str, Any]]:
        return [
            {"currency": each, "orders": found.orders, "amount": found.amount}
            for each, found in sorted(root.recovered.items())
        ]


_WHY = {reason.value: said for reason, said in SENTENCES.items()}


def _most_first(reasons: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"reason": word, "count": count, "why": _WHY.get(word)}
        for word, count in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    ]


class StatisticsQueries(graphene.ObjectType):
    """Reading statistics."""

    statistics = graphene.List(
        graphene.NonNull(StatisticsType),
        since=graphene.Date(required=True, description="The first day (UTC)."),
        until=graphene.Date(required=True, description="The last day, which counts, too."),
        channels=graphene.List(
            graphene.NonNull(graphene.String), description="Slugs of channels; all without it."
        ),
        group_by=graphene.List(
            graphene.NonNull(GroupEnum), description="A row for each of these; one without it."
        ),
        description=(
            f"Texts counted, by groups: at most {statistics.LONGEST} days, "
            f"{statistics.LONGEST_DAILY} by day. Requires MANAGE_ORDERS."
        ),
    )

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_statistics(
        root: Any,
        info: Any,
        since: dt.date,
        until: dt.date,
        channels: Sequence[str] | None = None,
        group_by: Sequence[str] | None = None,
    ) -> list[Line]:
        try:
            return statistics.read(
                since, until, [Group(each) for each in group_by or ()],
                channels=channels, channel_ids=info.context.caller.channel_ids,
            )  # fmt: skip
        except InvalidInput as error:
            raise GraphQLError(str(error)) from None
