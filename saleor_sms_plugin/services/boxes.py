"""Boxes of storefronts: what stands in the shop's metadata is put into the ledger, once.

A hook stores what it saw; planning stores what no hook told of; a worker puts it into the ledger.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.db import InterfaceError, OperationalError, transaction

from ..models import ConsentBox
from ..models.once import insert_once
from ..ports import Box, Customer, Order, Ports
from .box_acts import CHANGED, SINCE, Known, settle
from .channels import load
from .ledger import Source
from .record import quietly

logger = logging.getLogger(__name__)

BATCH = 50
FAULT_AGAIN = dt.timedelta(minutes=5)
CHANGED_WITHIN = dt.timedelta(hours=1)  #: accounts that a sweep looks at
MOST_CUSTOMERS = 500  #: of one sweep


def hear(box: Callable[[], Box | None], ports: Ports, *, changed: bool = True) -> None:
    """A hook's whole work: what it saw is stored and a worker nudged; never raises (law 1).

    One INSERT, and nothing where the metadata says nothing of consent. ``box`` may make one
    SELECT. ``changed``: the hook was called because the metadata was written just now.
    """

    def store() -> bool:
        seen = box()
        return seen is not None and insert_once(_row(seen, ports.clock.now(), changed=changed))

    quietly(store, ports)


def found(subjects: Iterable[Order | Customer], ports: Ports) -> None:
    """What stands on these, whatever hooks missed, is in the ledger, or waits for a phone.

    Call it under writer access. One SELECT where anything stands there.
    """
    now = ports.clock.now()
    rows = {row.key: row for each in subjects for box in each.boxes if (row := _row(box, now))}
    if not rows:
        return
    known = dict(ConsentBox.objects.filter(key__in=rows).values_list("key", "process_at"))
    new = [rows[key] for key in sorted(rows.keys() - known.keys())]
    waiting = {row.key for row in new} | {key for key, at in known.items() if at is not None}
    if waiting:
        with transaction.atomic():
            ConsentBox.objects.bulk_create(new, ignore_conflicts=True)
            # Waited for where a worker has one: what may be sent depends on it.
            open_rows = ConsentBox.objects.select_for_update().filter(
                key__in=waiting, process_at__isnull=False
            )
            _process(list(open_rows.order_by("pk")), ports)


def sweep(ports: Ports) -> None:
    """What stands on accounts that were changed lately is in the ledger, or waits for a phone:
    Saleor calls no hook of a plugin that is set up per channel when an account changes."""
    with ports.shop.writer():
        since = ports.clock.now() - CHANGED_WITHIN
        standing = ports.shop.boxes_of_customers(since, MOST_CUSTOMERS)
        if not standing or not any(channel.stored.active for channel in load(ports).values()):
            return
        rows = {row.key: row for row in (_row(box, ports.clock.now()) for box in standing)}
        known = set(ConsentBox.objects.filter(key__in=rows).values_list("key", flat=True))
        new = [rows[key] for key in sorted(rows.keys() - known)]
        ConsentBox.objects.bulk_create(new, ignore_conflicts=True)


def run(ports: Ports, until: dt.datetime) -> int:
    """Boxes that are due are in the ledger, or have their next time, or an error; returns how
    many were looked at. Ends by ``until``; several workers at once take different ones."""
    done = 0
    while ports.clock.now() < until:
        with ports.shop.writer(), transaction.atomic():
            due = ConsentBox.objects.select_for_update(skip_locked=True).filter(
                process_at__lte=ports.clock.now()
            )
            taken = list(due.order_by("process_at", "pk")[:BATCH])
            _process(taken, ports)
        done += len(taken)
        if len(taken) < BATCH:
            break
    return done


def is_due(now: dt.datetime) -> bool:
    """A box could be looked at now."""
    return ConsentBox.objects.filter(process_at__lte=now).exists()


def _row(box: Box, now: dt.datetime, *, changed: bool = False) -> ConsentBox:
    said = json.dumps(dict(box.values), sort_keys=True)
    digest = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]
    return ConsentBox(
        key=f"{box.source}:{box.subject_id}:{digest}",
        source=box.source,
        subject_id=box.subject_id,
        channel_id=box.channel_id,
        values={**box.values, SINCE: box.since.isoformat(), CHANGED: changed},
        seen_at=now,
        process_at=now,
    )


def _process(rows: Sequence[ConsentBox], ports: Ports) -> None:
    """These locked boxes; a fault of one holds up no other."""
    if not rows:
        return
    known = Known(_subjects(rows, ports), load(ports))
    for row in rows:
        try:
            with transaction.atomic():
                settle(row, known, ports)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("%s could not be read", row)
            row.error, row.process_at = type(error).__name__, ports.clock.now() + FAULT_AGAIN
            row.save(update_fields=["error", "process_at"])


def _subjects(rows: Sequence[ConsentBox], ports: Ports) -> Mapping[str, Order | Customer]:
    def ids(source: Source) -> set[str]:
        return {row.subject_id for row in rows if row.source == source}

    found: dict[str, Order | Customer] = {}
    if checkouts := ids(Source.CHECKOUT):
        found |= ports.shop.checkouts(checkouts)
        if gone := checkouts - found.keys():
            found |= ports.shop.orders(gone)
    if customers := ids(Source.CUSTOMER):
        found |= ports.shop.customers(customers)
    return found
