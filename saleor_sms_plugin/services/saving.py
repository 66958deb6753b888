"""What a save of the dashboard form means: what is refused, and what changes with it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..config import Problem, SmsConfig, check, no_such_voucher, parse, problem
from ..ports import Ports
from ..providers import known_providers, provider_class
from . import activation, addresses, detect, health, installation, reconcile
from .accounts import key_of, unusable
from .channels import load


def refusals(
    new: Mapping[str, object],
    old: Mapping[str, object],
    *,
    active: bool,
    channel_id: int,
    ports: Ports,
) -> tuple[Problem, ...]:
    """Why this save cannot be accepted, each problem naming field and fix; empty when it can."""
    with ports.shop.writer():
        countries = ports.shop.shipping_countries(channel_id)
        stored = next(iter(ports.shop.configurations([channel_id])), None)
    country = stored.default_country if stored else ""
    found = check(
        new,
        old,
        active=active,
        missing=lambda name, settings: provider_class(name).missing(settings),
        known_providers=known_providers(),
        shipping_countries=countries,
        environ=os.environ,
        channel_country=country,
    )
    config = parse(new, environ=os.environ, channel_country=country)
    if active and not found:
        found = _unusable(config)
    before = parse(old, environ=os.environ)
    for setting, attribute in _VOUCHERS.items():
        code = getattr(config, attribute)
        if not code or not (active or code != getattr(before, attribute)):
            continue
        with ports.shop.writer():
            if ports.shop.voucher(code, channel_id) is None:
                found = (*found, no_such_voucher(code, setting))
    return found


#: of the field “Advanced” → of ``SmsConfig``
_VOUCHERS = {"abandoned.voucher": "abandoned_voucher", "opt_in.reward": "opt_in_reward"}


def _unusable(config: SmsConfig) -> tuple[Problem, ...]:
    """What the provider itself says against settings that are all there, such as a broken key."""
    if not (why := unusable(config)):
        return ()
    field = "private_key" if "private_key" in why else "provider"
    return (problem(field, why, blocking=True),)


def saved(channel_id: int, ports: Ports) -> None:
    """Call it in the transaction of the save: activation instants, installation, the first
    positions in the shop's tables and the account with its webhook address are right; an
    account that was closed is tried again."""
    with ports.shop.writer():
        installation.adopt(ports)
        activation.stamp(ports, [channel_id])
        detect.begin(ports)
        reconcile.begin(ports)
        for channel in load(ports, [channel_id]).values():
            addresses.ensure(channel, ports)
            health.reopen([key_of(channel)])
        addresses.forget_settings()
