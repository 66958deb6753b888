"""The detector: reads the shop's payment tables and records what no signal told of."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from ..events.catalogue import SOURCES
from ..models import ShopEvent
from ..ports import PAYMENT_TABLES, Ports, Shop
from . import failures
from .channels import load
from .following import Follower
from .record import record_many


def begin(ports: Ports) -> bool:
    """Whether a channel sends texts about failed payments; then every table has a position."""
    return _payments.begin(ports)


def run(ports: Ports, until: dt.datetime) -> int:
    """Failures that were not recorded are; returns how many."""
    return _payments.run(ports, until)


def _ends(shop: Shop) -> dict[str, int]:
    return dict(shop.payment_positions())


def _wanted(ports: Ports) -> bool:
    specs = SOURCES[failures.SOURCE]
    return any(channel.sends(spec.name) for channel in load(ports).values() for spec in specs)


def _take(table: str, after: int, up_to: int, ports: Ports) -> int:
    rows = ports.shop.failed_payments(table, after, up_to)
    happenings = [replace(failures.happening(row), found=True) for row in rows]
    keys = [each.key for each in happenings]
    known = set(ShopEvent.objects.filter(key__in=keys).values_list("key", flat=True))
    missed = [each for each in happenings if each.key not in known]
    record_many(missed, ports)
    return len(missed)


_payments = Follower(tables=PAYMENT_TABLES, ends=_ends, wanted=_wanted, take=_take)
