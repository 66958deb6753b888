"""How each provider account is: its breaker and throttle, its webhooks, its balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from ..domain.reasons import Reason
from ..domain.spans import A_DAY
from ..exceptions import ConfigurationError
from ..models import ProviderAccount, Throttle, WebhookRequest
from ..ports import Ports
from ..providers import provider_class
from . import balances, health
from .accounts import Account, accounts_of
from .balances import KnownBalance
from .channels import load

_TAKEN = (WebhookRequest.Status.VERIFIED, WebhookRequest.Status.PROCESSED)
_LOST = (WebhookRequest.Status.REFUSED, WebhookRequest.Status.FAILED)


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """What came to the account's webhook address."""

    seen_at: dt.datetime | None = None  #: the last request that was the provider's own
    refused_last_day: int = 0  #: not the provider's, or not to be read


@dataclass(frozen=True, kw_only=True)
class AccountHealth:
    """One account."""

    account: Account
    throttle: Throttle
    webhooks: Webhooks
    now: dt.datetime

    @property
    def provider(self) -> str:
        return self.account.channels[0].config.provider

    @property
    def label(self) -> str:
        """As the vendor writes it."""
        try:
            return provider_class(self.provider).label
        except ConfigurationError:
            return self.provider

    @property
    def channels(self) -> list[str]:
        """Slugs of those that send through it."""
        return [channel.slug for channel in self.account.channels]

    @cached_property
    def state(self) -> Mapping[str, Any]:
        return state_of(self.account, self.throttle, self.now)


def state_of(account: Account, throttle: Throttle, now: dt.datetime) -> dict[str, Any]:
    """The account for people and programs: ``health.state_of`` its row, or stopped, where a
    channel allows it no call at all."""
    state = health.state_of(throttle, now)
    if account.rate != 0:
        return state
    by = [c.slug for c in account.channels if c.stored.active and c.config.rate == 0]
    return {
        **state, "state": "stopped", "reason": Reason.STOPPED, "why": Reason.STOPPED.sentence,
        "detail": f"Channel: {', '.join(by)}.",
    }  # fmt: skip


def throttles_of(accounts: Collection[Account], now: dt.datetime) -> dict[str, Throttle]:
    """The row of each account, by its key; a new one, not stored, where nobody called it yet."""
    rows = {row.key: row for row in Throttle.objects.filter(key__in=[a.key for a in accounts])}
    return {a.key: rows.get(a.key) or Throttle(key=a.key, next_slot_at=now) for a in accounts}


def account_healths(
    ports: Ports, channel_ids: Collection[int] | None = None
) -> list[AccountHealth]:
    """The accounts of these channels, all where None; four statements."""
    now = ports.clock.now()
    with ports.shop.writer():
        accounts = accounts_of(load(ports, channel_ids).values())
        throttles = throttles_of(accounts, now)
        webhooks = _webhooks(now)
    return [
        AccountHealth(
            account=each, now=now, webhooks=webhooks.get(each.key, Webhooks()),
            throttle=throttles[each.key],
        )
        for each in accounts
    ]  # fmt: skip


def balances_of(rows: Collection[AccountHealth], ports: Ports) -> dict[str, KnownBalance]:
    """What the accounts hold, by key, as far as it could be asked within 2 seconds."""
    return balances.balances([row.account for row in rows], ports)


def _webhooks(now: dt.datetime) -> dict[str, Webhooks]:
    taken = WebhookRequest.objects.filter(account=OuterRef("pk"), status__in=_TAKEN)
    newest = taken.order_by("-received_at").values("received_at")[:1]
    lost = WebhookRequest.objects.filter(status__in=_LOST, received_at__gte=now - A_DAY)
    counts = dict(lost.values_list("account").annotate(Count("pk")).order_by())
    return {
        key: Webhooks(seen_at=seen_at, refused_last_day=counts.get(pk, 0))
        for pk, key, seen_at in ProviderAccount.objects.values_list("pk", "key", Subquery(newest))
    }
