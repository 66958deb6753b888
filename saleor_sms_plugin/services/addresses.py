"""The webhook address of a provider account: one per account, whatever channels use it."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping

from ..models import ProviderAccount
from ..ports import Ports
from ..providers import known_providers, provider_class
from .accounts import key_of
from .channels import Channel, load

REMEMBERED = 30.0
MOST_REMEMBERED = 16
_remembered: OrderedDict[tuple[int, uuid.UUID], tuple[list[Mapping[str, str]], float]] = (
    OrderedDict()
)


def ensure(channel: Channel, ports: Ports) -> ProviderAccount | None:
    """The channel's account, made where it is new; None where its provider has no webhooks or
    the settings do not name the account yet. Call it under writer access."""
    config = channel.config
    if not _has_webhooks(channel):
        return None
    signs = bool(config.provider_settings.get("signature_secret"))
    account, created = ProviderAccount.objects.get_or_create(
        provider=config.provider, key=key_of(channel),
        defaults={"signs": signs, "created_at": ports.clock.now()},
    )  # fmt: skip
    if not created and account.signs != signs:
        account.signs = signs
        account.save(update_fields=["signs"])
    return account


def path_of(channel_id: int, ports: Ports) -> str:
    """The path of the channel's webhook address, "" where it has none."""
    with ports.shop.writer():
        channel = load(ports, [channel_id]).get(channel_id)
        account = ensure(channel, ports) if channel else None
    return path(account) if account else ""


def path(account: ProviderAccount) -> str:
    """The path under the shop's own address; it answers whether the plugin is active or not."""
    return f"/plugins/saleor_sms_plugin/hooks/{account.hook_token}/"


def forget_settings() -> None:
    """No process uses settings that it remembers from before. Call it at every save."""
    ProviderAccount.objects.update(version=uuid.uuid4())


def settings_of(account: ProviderAccount, ports: Ports) -> list[Mapping[str, str]]:
    """The settings, each once, of the channels that use the account, active or not.

    They are remembered until the next save; what was changed past the dashboard (SQL, an
    environment variable) is seen within ``REMEMBERED`` seconds.
    """
    key = (account.pk, account.version)
    found, until = _remembered.get(key, ([], 0.0))
    if time.monotonic() >= until:
        found = _read_settings(account, ports)
        _remembered[key] = (found, time.monotonic() + REMEMBERED)
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.popitem(last=False)
    return found


def _read_settings(account: ProviderAccount, ports: Ports) -> list[Mapping[str, str]]:
    found: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
    for channel in load(ports).values():
        config = channel.config
        if _has_webhooks(channel) and key_of(channel) == account.key:
            found[tuple(sorted(config.provider_settings.items()))] = config.provider_settings
    return list(found.values())


def _has_webhooks(channel: Channel) -> bool:
    config = channel.config
    return config.provider in known_providers() and bool(
        provider_class(config.provider).account_id(config.provider_settings)
    )
