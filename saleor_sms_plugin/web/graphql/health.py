"""Whether texts go out: worker and beat, what waits, and how each provider account is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from ...callers import Permission
from ...models import Installation
from ...services import installation, status
from ...services.account_health import AccountHealth, account_healths, balances_of
from ...services.balances import KnownBalance
from ...services.metrics import Queue, queue_of
from .context import Context, needs
from .selection import asks_for
from .statistics import MoneyType

StateEnum = graphene.Enum(
    "SmsAccountStateEnum",
    [("OPEN", "open"), ("CLOSED", "closed"), ("PROBING", "probing"), ("STOPPED", "stopped")],
)


class QueueType(graphene.ObjectType):
    """What waits now, in the channels that the caller sees."""

    class Meta:
        name = "SmsQueue"

    to_plan = graphene.Int(required=True, description="Events about which nothing is decided yet.")
    due = graphene.Int(required=True, description="Texts whose time has come.")
    oldest_due_seconds = graphene.Float(
        required=True, description="How late the oldest of them is, in seconds."
    )
    waiting = graphene.Int(required=True, description="All that wait, also for the morning.")
    sending = graphene.Int(required=True, description="Texts that a worker has.")
    to_review = graphene.Int(required=True, description="Replies that staff should read.")


class ProviderAccountType(graphene.ObjectType):
    """One account at a provider."""

    class Meta:
        name = "SmsProviderAccount"

    provider = graphene.String(required=True, description="The provider's name.")
    label = graphene.String(required=True, description="As the vendor writes it.")
    channels = graphene.List(
        graphene.NonNull(graphene.String), required=True,
        description="Slugs of the channels that send through it.",
    )  # fmt: skip
    state = graphene.Field(
        StateEnum, required=True,
        description="Open; closed: nothing is sent; probing: one text is tried; stopped: a "
        "channel's rate is 0.",
    )  # fmt: skip
    reason = graphene.String(description="Why it is not open: one word.")
    why = graphene.String(description="The same for people.")
    detail = graphene.String(description="What the provider said, or which channels stopped it.")
    closed_since = graphene.DateTime(description="Since when it does not work.")
    closed_until = graphene.DateTime(description="When it is tried again.")
    rate = graphene.Float(description="Texts a second; null without a limit.")
    slowdown = graphene.Float(
        required=True, description="How many times slower it goes, because the provider asked."
    )
    answer_seconds = graphene.Float(required=True, description="How long answers take.")
    failures_in_a_row = graphene.Int(required=True, description="Calls without an acceptance.")
    webhook_seen_at = graphene.DateTime(
        description="When the provider last called back; null: not within two weeks."
    )
    refused_webhooks = graphene.Int(
        required=True, description="Requests of the last day that were not the provider's."
    )
    balance = graphene.Field(
        MoneyType, description="What it held within the last ten minutes; null: not known."
    )
    balance_problem = graphene.String(description="Why the provider does not say it.")


class HealthType(graphene.ObjectType):
    """Whether texts go out."""

    class Meta:
        name = "SmsHealth"

    is_live = graphene.Boolean(
        required=True, description="False: a copied database; everything is held."
    )
    machinery = graphene.String(required=True, description="Worker and beat, for people.")
    worker_at = graphene.DateTime(description="When a worker was last seen.")
    beat_at = graphene.DateTime(description="When beat was last seen.")
    queue = graphene.Field(QueueType, required=True, description="What waits.")
    accounts = graphene.List(
        graphene.NonNull(ProviderAccountType), required=True,
        description="The accounts of the channels that the caller sees.",
    )  # fmt: skip

    @staticmethod
    def resolve_is_live(root: Installation, info: Any) -> bool:
        return installation.is_same(info.context.ports)

    @staticmethod
    def resolve_machinery(root: Installation, info: Any) -> str:
        return status.machinery(info.context.ports)

    @staticmethod
    def resolve_beat_at(root: Installation, info: Any) -> Any:
        return root.periodic_at

    @staticmethod
    def resolve_queue(root: Installation, info: Any) -> Queue:
        context: Context = info.context
        return queue_of(context.ports, context.caller.channel_ids)

    @staticmethod
    def resolve_accounts(root: Installation, info: Any) -> Sequence[Mapping[str, Any]]:
        context: Context = info.context
        rows = account_healths(context.ports, context.caller.channel_ids)
        asked = asks_for(info, "balance") or asks_for(info, "balanceProblem")
        known = balances_of(rows, context.ports) if asked else {}
        return [_account(row, known.get(row.account.key)) for row in rows]


def _account(row: AccountHealth, known: KnownBalance | None) -> Mapping[str, Any]:
    words = ("reason", "why", "detail")
    balance = known.balance if known else None
    return {
        **row.state,
        **{name: row.state[name] or None for name in words},
        "provider": row.provider,
        "label": row.label,
        "channels": row.channels,
        "rate": row.account.rate,
        "webhook_seen_at": row.webhooks.seen_at,
        "refused_webhooks": row.webhooks.refused_last_day,
        "balance": balance,
        "balance_problem": (known.problem or None) if known else None,
    }


class HealthQueries(graphene.ObjectType):
    """Reading health."""

    health = graphene.Field(
        HealthType, description="Whether texts go out. Requires MANAGE_PLUGINS."
    )

    @staticmethod
    @needs(Permission.MANAGE_PLUGINS)
    def resolve_health(root: Any, info: Any) -> Installation:
        row = Installation.objects.filter(pk=Installation.ONLY).first()
        return row or Installation(pk=Installation.ONLY)
