"""The detector: reads the shop's payment tables by row id and records what no signal told of.

Its position is the highest id read. Ids are not in commit order: a row may become visible after
rows with higher ids. So a run starts where the reading of ``OVERLAP`` ago had ended, and the
events' unique keys make reading twice free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ..events.catalogue import SOURCES
from ..models import Position, ShopEvent
from ..ports import FailureRow, Ports
from . import failures
from .channels import load
from .record import record

OVERLAP = dt.timedelta(minutes=10)
EVERY = dt.timedelta(minutes=1)  #: runs that come sooner leave it to the next
WINDOW = 5000  #: ids looked at in one statement


def begin(ports: Ports) -> bool:
    """Whether a channel sends texts about failed payments; then every table has a position.

    The first one is the highest id now: nothing older is ever read (law 7). Where nobody sends
    any more, positions are forgotten, so that switching on again starts anew.
    """
    specs = SOURCES[failures.SOURCE]
    on = any(channel.sends(spec.name) for channel in load(ports).values() for spec in specs)
    if not on:
        Position.objects.all().delete()
        return False
    now = ports.clock.now()
    known = set(Position.objects.values_list("name", flat=True).distinct())
    Position.objects.bulk_create(
        Position(name=table, value=highest, seen_at=now)
        for table, highest in ports.shop.payment_positions().items()
        if table not in known
    )
    return True


def run(ports: Ports, until: dt.datetime) -> int:
    """Failures that were not recorded are; returns how many. The next run goes on where this one
    was ended by ``until``."""
    with ports.shop.writer():
        newest = Position.objects.order_by("-seen_at").first()
        if newest and ports.clock.now() - newest.seen_at < EVERY:
            return 0
        if not begin(ports):
            return 0
        tables = ports.shop.payment_positions()
    return sum(_read(table, highest, ports, until) for table, highest in tables.items())


def _read(table: str, highest: int, ports: Ports, until: dt.datetime) -> int:
    now = ports.clock.now()
    recorded = 0
    with ports.shop.writer():
        at = _start(table, now)
    while at < highest and ports.clock.now() < until:
        end = min(at + WINDOW, highest)
        with ports.shop.writer():
            recorded += _record(ports.shop.failed_payments(table, at, end), ports)
        at = end
    with ports.shop.writer():
        _arrive(table, at, now)
    return recorded


def _start(table: str, now: dt.datetime) -> int:
    """Where the reading of ``OVERLAP`` ago had ended; the oldest position where none is so old."""
    positions = Position.objects.filter(name=table)
    before = positions.filter(seen_at__lte=now - OVERLAP).order_by("-seen_at").first()
    chosen = before or positions.order_by("seen_at").first()
    return chosen.value if chosen else 0


def _arrive(table: str, at: int, now: dt.datetime) -> None:
    """A position is added; those that no run will start from any more are gone."""
    positions = Position.objects.filter(name=table)
    positions.create(name=table, value=at, seen_at=now)
    old = positions.filter(seen_at__lte=now - OVERLAP).order_by("-seen_at")
    last = old.values_list("seen_at", flat=True).first()
    if last:
        positions.filter(seen_at__lt=last).delete()


def _record(rows: Sequence[FailureRow], ports: Ports) -> int:
    happenings = [failures.happening(row) for row in rows]
    keys = [each.key for each in happenings]
    known = set(ShopEvent.objects.filter(key__in=keys).values_list("key", flat=True))
    return sum(record(each, ports) for each in happenings if each.key not in known)
