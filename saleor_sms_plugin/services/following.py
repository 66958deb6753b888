"""Following the shop's tables by row id: what was added since is read, and nothing else ever is.

Ids are not in commit order: a row may become visible after rows with higher ids. What lies
below the end that a table had ``OVERLAP`` ago is complete; what lies above it is read again by
each run, and the events' unique keys make reading twice free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ..models import Position
from ..ports import Ports, Shop

OVERLAP = dt.timedelta(minutes=10)
EVERY = dt.timedelta(minutes=1)  #: runs that come sooner leave it to the next
WINDOW = 5000  #: ids looked at in one statement


@dataclass(frozen=True)
class Follower:
    """Some tables of the shop that are read together; no other follower has one of the name."""

    tables: Collection[str]
    ends: Callable[[Shop], Mapping[str, int]]  #: the highest id now, by table
    wanted: Callable[[Ports], bool]  #: whether any channel needs what they say
    take: Callable[[str, int, int, Ports], int]  #: (table, after, up to): how many were recorded

    def begin(self, ports: Ports) -> bool:
        """Whether the tables are wanted; then each has a position.

        The first one is the highest id now: nothing older is ever read (law 7). Where nobody
        wants them any more positions are forgotten, so that switching on again starts anew.
        """
        mine = Position.objects.filter(name__in=self.tables)
        if not self.wanted(ports):
            mine.delete()
            return False
        now = ports.clock.now()
        known = set(mine.values_list("name", flat=True).distinct())
        if known != set(self.tables):
            Position.objects.bulk_create(
                Position(name=table, value=highest, highest=highest, seen_at=now)
                for table, highest in self.ends(ports.shop).items()
                if table not in known
            )
        return True

    def run(self, ports: Ports, until: dt.datetime) -> int:
        """What the tables say since is recorded; returns how much of it was new.

        The next run goes on where this one was ended by ``until``.
        """
        with ports.shop.writer():
            mine = Position.objects.filter(name__in=self.tables)
            newest = mine.order_by("-seen_at").first()
            if newest and ports.clock.now() - newest.seen_at < EVERY:
                return 0
            if not self.begin(ports):
                return 0
            ends = self.ends(ports.shop)
        return sum(self._read(table, end, ports, until) for table, end in ends.items())

    def _read(self, table: str, highest: int, ports: Ports, until: dt.datetime) -> int:
        now = ports.clock.now()
        recorded = 0
        with ports.shop.writer():
            at = _start(table, now)
        while at < highest and ports.clock.now() < until:
            up_to = min(at + WINDOW, highest)
            with ports.shop.writer():
                recorded += self.take(table, at, up_to, ports)
            at = up_to
        with ports.shop.writer():
            _arrive(Position(name=table, value=at, highest=highest, seen_at=now))
        return recorded


def _start(table: str, now: dt.datetime) -> int:
    """Where the last run was cut short; else the table's end of ``OVERLAP`` ago, or the oldest
    known one."""
    positions = Position.objects.filter(name=table)
    newest = positions.order_by("-seen_at", "-pk").first()
    if newest is None:
        return 0
    if newest.value < newest.highest:
        return newest.value
    before = positions.filter(seen_at__lte=now - OVERLAP).order_by("-seen_at").first()
    complete = before or positions.order_by("seen_at").first() or newest
    return min(newest.value, complete.highest)


def _arrive(position: Position) -> None:
    """The position is added; those that no run will start from any more are gone."""
    position.save()
    positions = Position.objects.filter(name=position.name)
    old = positions.filter(seen_at__lte=position.seen_at - OVERLAP).order_by("-seen_at")
    last = old.values_list("seen_at", flat=True).first()
    if last:
        positions.filter(seen_at__lt=last).delete()
