"""The provider accounts: which channels share one, how fast it may go, who sends for it."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from django.conf import settings

from ..config import SmsConfig
from ..exceptions import ConfigurationError
from ..providers import Provider, get_provider, provider_class
from .channels import Channel

UNUSABLE = "-"  #: the account of channels whose provider cannot be made: nothing is ever called
KEPT = 16  #: providers kept open per process
_Key = tuple[str, tuple[tuple[str, str], ...], tuple[float, float] | None]
_open: OrderedDict[_Key, Provider] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, kw_only=True)
class Account:
    """One provider account and the channels that send through it."""

    key: str  #: of its ``Throttle`` row; no secret in it
    channels: tuple[Channel, ...]
    rate: float | None  #: requests a second, None without a limit; the lowest of its channels
    sender_rates: Mapping[str, float]

    @property
    def channel_ids(self) -> tuple[int, ...]:
        return tuple(channel.id for channel in self.channels)

    def sender_key(self, sender_id: str) -> str:
        return f"{self.key[:100]}:{sender_id}"


def key_of(channel: Channel) -> str:
    """Which account the channel sends through."""
    name = channel.config.provider
    try:
        account = provider_class(name).account_id(channel.config.provider_settings)
    except ConfigurationError:
        return UNUSABLE
    return f"{name}:{hashlib.sha256(account.encode()).hexdigest()[:16]}"


def accounts_of(channels: Iterable[Channel]) -> list[Account]:
    """The accounts of these channels."""
    shared: dict[str, list[Channel]] = {}
    for channel in channels:
        shared.setdefault(key_of(channel), []).append(channel)
    return [_account(key, each) for key, each in shared.items()]


def _account(key: str, channels: list[Channel]) -> Account:
    # A channel that is switched off sends nothing: its limits bind nobody.
    sending = [channel for channel in channels if channel.stored.active]
    rates = [rate for channel in sending if (rate := _rate(channel)) is not None]
    senders: dict[str, float] = {}
    for channel in sending:
        for sender, rate in channel.config.sender_rates.items():
            senders[sender] = min(rate, senders.get(sender, rate))
    return Account(
        key=key,
        channels=tuple(channels),
        rate=min(rates) if rates else None,
        sender_rates=senders,
    )


def _rate(channel: Channel) -> float | None:
    if channel.config.rate is not None:
        return channel.config.rate
    try:
        return provider_class(channel.config.provider).rate
    except ConfigurationError:
        return None


def unusable(config: SmsConfig) -> str:
    """Why no provider can be made of these settings, with field and fix; "" where one can."""
    try:
        get_provider(config.provider, config.provider_settings).close()
    except ConfigurationError as error:
        return str(error)
    return ""


def provider_of(channel: Channel, timeout: tuple[float, float] | None = None) -> Provider:
    """The channel's provider, ready to send; ``timeout`` is seconds to connect and to wait.

    Built once per process and settings, and kept with its connections. Raises
    ConfigurationError naming the field and the fix where its settings cannot work.
    """
    name = channel.config.provider
    values = dict(channel.config.provider_settings)
    # Another host than the provider's own never comes from the dashboard (law 11).
    variable = f"SALEOR_SMS_{name.upper()}_BASE_URL"
    base_url = getattr(settings, variable, None) or os.environ.get(variable)
    if base_url:
        values["base_url"] = base_url
    key = (name, tuple(sorted(values.items())), timeout)
    with _lock:
        if key not in _open:
            _open[key] = get_provider(name, values, timeout=timeout)
            _open[key].warm_up()
            while len(_open) > KEPT:
                _open.popitem(last=False)[1].close()
        _open.move_to_end(key)
        return _open[key]
