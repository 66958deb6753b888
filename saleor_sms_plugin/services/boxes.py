"""Boxes of storefronts: what changes in the shop's metadata is put into the ledger, once.

A hook stores what it saw; planning stores what no hook told of; a worker puts it into the ledger.
A sight is stored where it differs from the last one of its checkout or account.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef

from ..models import ConsentBox
from ..models.once import insert_change
from ..ports import Box, Customer, Order, Ports
from . import faults
from .box_acts import CHANGED_AT, HEARD, SINCE, Known, settle
from .channels import load
from .ledger import Source
from .record import quietly

logger = logging.getLogger(__name__)

BATCH = 50
CHANGED_WITHIN = dt.timedelta(hours=1)  #: accounts that a sweep looks at
MOST_CUSTOMERS = 500  #: of one sweep


def hear(box: Callable[[], Box], ports: Ports, *, changed: bool = True) -> None:
    """A hook's whole work: what it saw is stored and a worker nudged; never raises (law 1).

    One INSERT, and nothing where the metadata says nothing of consent: that a key was removed,
    ``found`` and ``sweep`` see. ``box`` may make one SELECT. ``changed``: the hook was called
    because the metadata was written just now.
    """

    def store() -> bool:
        seen, now = box(), ports.clock.now()
        if not seen.values:
            return False
        row = _row(seen, now, heard=changed, changed_at=now if changed else None)
        return insert_change(row, _SUBJECT)

    quietly(store, ports)


def found(subjects: Iterable[Order | Customer], ports: Ports) -> None:
    """What stands on these, whatever hooks missed, is in the ledger, or waits for a phone.

    Call it under writer access. One SELECT where there can be anything.
    """
    now = ports.clock.now()
    rows = {_subject(box): _row(box, now) for each in subjects for box in each.boxes}
    known = _newest(rows)
    new = _changes(rows, known)
    if new or any(seen.is_open for seen in known.values()):
        with transaction.atomic():
            ConsentBox.objects.bulk_create(new, ignore_conflicts=True)
            # Waited for where a worker has one: what may be sent depends on it.
            open_rows = ConsentBox.objects.select_for_update().filter(
                subject_id__in={subject_id for _, subject_id in rows}, process_at__isnull=False
            )
            _process(list(open_rows.order_by("pk")), ports)


def sweep(ports: Ports) -> None:
    """What stands on accounts that were changed lately is in the ledger, or waits for a phone:
    Saleor calls no hook of a plugin that is set up per channel when an account changes."""
    with ports.shop.writer():
        since = ports.clock.now() - CHANGED_WITHIN
        standing = ports.shop.boxes_of_customers(since, MOST_CUSTOMERS)
        if not standing or not load(ports):
            return
        now = ports.clock.now()
        rows = {_subject(box): _row(box, now, changed_at=box.changed_at) for box in standing}
        new = _changes(rows, _newest(rows))
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


_Subject = tuple[str, str]
_SUBJECT = ("source", "subject_id")


def _subject(box: Box) -> _Subject:
    return box.source, box.subject_id


def _row(
    box: Box, now: dt.datetime, *, heard: bool = False, changed_at: dt.datetime | None = None
) -> ConsentBox:
    """Its key ends with the newest row's id, once that is known."""
    beside = {
        SINCE: box.since.isoformat(),
        HEARD: heard,
        CHANGED_AT: changed_at.isoformat() if changed_at else "",
    }
    return ConsentBox(
        key=f"{box.source}:{box.subject_id}:{_digest(box.values)}:",
        source=box.source,
        subject_id=box.subject_id,
        channel_id=box.channel_id,
        values={**box.values, **beside},
        seen_at=now,
        process_at=now,
    )


def _digest(values: Mapping[str, str]) -> str:
    said = json.dumps(dict(values), sort_keys=True)
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]


_NOTHING = _digest({})


@dataclass(frozen=True)
class _Newest:
    """The last sight of one subject."""

    pk: int = 0
    digest: str = _NOTHING
    is_open: bool = False  #: a sight of it waits to be put into the ledger


def _newest(rows: Mapping[_Subject, ConsentBox]) -> Mapping[_Subject, _Newest]:
    """Of those subjects that were seen, in one statement."""
    if not rows:
        return {}
    same = ConsentBox.objects.filter(**{name: OuterRef(name) for name in _SUBJECT})
    newest = ConsentBox.objects.filter(
        ~Exists(same.filter(pk__gt=OuterRef("pk"))),
        subject_id__in={subject_id for _, subject_id in rows},
    ).annotate(waits=Exists(same.filter(process_at__isnull=False)))
    return {
        (source, subject_id): _Newest(pk, key.split(":")[2], waits)
        for source, subject_id, pk, key, waits in newest.values_list(
            *_SUBJECT, "pk", "key", "waits"
        )
    }


def _changes(
    rows: Mapping[_Subject, ConsentBox], known: Mapping[_Subject, _Newest]
) -> list[ConsentBox]:
    """Those of these sights that differ from the last one of their subject."""
    new = []
    for subject, row in sorted(rows.items()):
        before = known.get(subject, _Newest())
        if row.key.split(":")[2] != before.digest:
            row.key += str(before.pk)
            new.append(row)
    return new


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
            # What the storefront wrote is in the row, not in the log (law 10).
            logger.error(
                "Box %s on a %s could not be read: %s", row.pk, row.source, type(error).__name__,
                extra={"action": "box_failed"},
            )  # fmt: skip
            row.error, row.process_at = type(error).__name__, ports.clock.now() + faults.AGAIN
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
