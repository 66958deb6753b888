"""Recording what happened: one statement, once per event (laws 1 and 2)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import OperationalError, ProgrammingError, transaction

from ..events.catalogue import SIGNALS
from ..events.keys import event_key
from ..exceptions import kind_and_place
from ..models import ShopEvent
from ..models.once import insert_once
from ..ports import Ports

logger = logging.getLogger(__name__)

OLDEST = dt.timedelta(days=400)  #: what happened before is told as of then


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that happened in the shop, as a hook, a detector or the reconciler saw it."""

    name: str  #: a source of the catalogue, or a signal
    channel_id: int
    order_id: str = ""
    checkout_id: str = ""  #: where it began without an order
    subject_id: str = ""  #: the parcel, or the payment's row; the order where empty
    transition: str = ""  #: see ``events.keys.event_key``
    facts: Mapping[str, object] = field(default_factory=dict)  #: what the row cannot say later
    occurred_at: dt.datetime | None = None  #: None: now; kept within ``OLDEST`` and now
    found: bool = False  #: no hook told of it: a detector or the reconciler did

    @property
    def key(self) -> str:
        return event_key(self.name, self.subject_id or self.order_id, self.transition)


def record(happening: Happening, ports: Ports) -> bool:
    """The event is stored; True when it is new.

    Executes exactly one statement, ``INSERT … ON CONFLICT DO NOTHING``, and no transaction of
    its own. Raises what the database raises: the caller at the shop's side catches it.
    """
    with ports.shop.writer():
        return insert_once(_row(happening, ports.clock.now()))


def record_many(
    happenings: Sequence[Happening], ports: Ports, held: Collection[tuple[int, str]] = ()
) -> None:
    """The events are stored, those that were not, in one statement.

    The texts of ``held``, by (channel, name), wait for staff.
    """
    now = ports.clock.now()
    rows = [_row(each, now) for each in happenings]
    for row in rows:
        row.held = (row.channel_id, row.name) in held
    with ports.shop.writer():
        ShopEvent.objects.bulk_create(rows, ignore_conflicts=True)


def _row(happening: Happening, now: dt.datetime) -> ShopEvent:
    return ShopEvent(
        key=happening.key,
        name=happening.name,
        order_id=happening.order_id,
        checkout_id=happening.checkout_id,
        subject_id=happening.subject_id or happening.order_id,
        channel_id=happening.channel_id,
        facts=dict(happening.facts),
        found=happening.found,
        occurred_at=max(now - OLDEST, min(happening.occurred_at or now, now)),
        recorded_at=now,
        plan_at=None if happening.name in SIGNALS else now,
    )


def hear(happening: Callable[[], Happening], ports: Ports) -> None:
    """A hook's whole work: the event is recorded and a worker nudged; see ``quietly``.

    ``happening`` is called under writer access, and may make one SELECT.
    """
    quietly(lambda: record(happening(), ports), ports)


def quietly(store: Callable[[], bool], ports: Ports) -> None:
    """``store`` has run under writer access, and a worker is nudged where it says that there is
    news; never raises (law 1).

    Inside an open transaction nothing is executed before it commits: a statement that failed
    there would break the shop's next query.
    """
    try:
        if transaction.get_connection().in_atomic_block:
            transaction.on_commit(lambda: _now(store, ports), robust=True)
        else:
            _now(store, ports)
    except Exception as error:
        _log(error)


def _now(store: Callable[[], bool], ports: Ports) -> None:
    try:
        with ports.shop.writer():
            new = store()
        if new:
            ports.wake.nudge()
    except Exception as error:
        _log(error)


def _log(error: Exception) -> None:
    # Of missing tables and lost connections the database speaks of itself, else of a row.
    of_itself = isinstance(error, OperationalError | ProgrammingError)
    logger.error(
        "An event was not recorded, the shop goes on: %s%s", kind_and_place(error),
        ": " + str(error).partition("\n")[0] if of_itself else "",
        extra={"action": "record_failed"},
    )  # fmt: skip
