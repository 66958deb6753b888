"""Following the shop's tables by row id: what was added since is read, and nothing else ever is.

Ids are not in commit order: a row may become visible after rows with higher ids. A run has read
all there will ever be below the end that its table had ``OVERLAP`` before the run; what lies above
is read again by the next one, however late it comes, and the events' unique keys make reading
twice free. Of runs that were cut short, and those that went on with them, the first one counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ..models import Position
from ..ports import Ports, Shop

OVERLAP = dt.timedelta(minutes=10)
EVERY = dt.timedelta(minutes=1)  #: runs that come sooner leave it to the next
WINDOW = 5000  #: rows looked at in one statement


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

        The next run goes on where this one was ended by ``until``. Each table has its share of
        the time, and at least one window.
        """
        with ports.shop.writer():
            mine = Position.objects.filter(name__in=self.tables)
            newest = mine.order_by("-seen_at").first()
            if newest and ports.clock.now() - newest.seen_at < EVERY:
                return 0
            if not self.begin(ports):
                return 0
            ends = self.ends(ports.shop)
        recorded = 0
        for waiting, (table, end) in zip(range(len(ends), 0, -1), ends.items(), strict=True):
            now = ports.clock.now()
            recorded += self._read(table, end, ports, now + (until - now) / waiting)
        return recorded

    def _read(self, table: str, highest: int, ports: Ports, until: dt.datetime) -> int:
        now = ports.clock.now()
        recorded = 0
        with ports.shop.writer():
            runs = _runs(table)
        if not runs:
            return 0  # switched off since: the next ``begin`` starts at the table's end
        at = _start(runs)
        while at < highest:
            with ports.shop.writer():
                up_to = ports.shop.window_end(table, at, highest, WINDOW)
                recorded += self.take(table, at, up_to, ports)
            at = up_to
            if ports.clock.now() >= until:
                break
        with ports.shop.writer():
            _arrive(Position(name=table, value=at, highest=highest, seen_at=now))
        return recorded


def _runs(table: str) -> list[Position]:
    return list(Position.objects.filter(name=table).order_by("-seen_at", "-pk"))


def _start(runs: Sequence[Position]) -> int:
    """Where the last run was cut short, else where what it read was not complete yet."""
    newest = runs[0]
    if newest.value < newest.highest:
        return newest.value
    return min(newest.value, _complete(runs).highest)


def _complete(runs: Sequence[Position]) -> Position:
    """The newest run below whose end nothing was to come any more when the last reading began.

    ``runs`` are the newest first; the oldest one is where reading began at all.
    """
    began = runs[0]
    for run in runs[1:]:
        if run.value >= run.highest:
            break
        began = run
    return next((run for run in runs if run.seen_at <= began.seen_at - OVERLAP), runs[-1])


def _arrive(position: Position) -> None:
    """The position is added; those that no run will start from any more are gone."""
    position.save()
    oldest = _complete(_runs(position.name))
    Position.objects.filter(name=position.name, seen_at__lt=oldest.seen_at).delete()
