"""Boxes of storefronts: what stands in the shop's metadata is put into the ledger, once.

A hook stores what it saw; planning stores what no hook told of. A worker finds out whose phone
it is about, and what it comes to.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from ..domain import boxes as stated
from ..domain.consent import Act, Basis
from ..domain.reasons import Reason
from ..events.catalogue import EVENTS
from ..models import ConsentBox, ConsentEntry
from ..models.once import insert_once
from ..ports import Address, Box, Customer, Order, Ports
from . import double_opt_in, ledger, opting, recipients
from .abandoned import SOURCE as CART
from .channels import Channel, load
from .ledger import Deed, Ledger, Source
from .recipients import Recipient
from .record import quietly

logger = logging.getLogger(__name__)

BATCH = 50
WAITS = dt.timedelta(days=1)  #: for a phone
LOOK_AGAIN = dt.timedelta(minutes=1)  #: for the phone, at first; then ever more rarely
FAULT_AGAIN = dt.timedelta(minutes=5)
CHANGED_WITHIN = dt.timedelta(hours=1)  #: accounts that a sweep looks at
MOST_CUSTOMERS = 500  #: of one sweep
_STOPS = (Act.WITHDRAWN, Act.HELD)
_SINCE, _CHANGED = "since", "changed"  # beside the storefront's names in ``ConsentBox.values``


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
            open_rows = ConsentBox.objects.filter(key__in=waiting, process_at__isnull=False)
            _process(open_rows.order_by("pk"), ports)


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
            due = ConsentBox.objects.filter(process_at__lte=ports.clock.now())
            taken = _process(due.order_by("process_at", "pk"), ports)
        done += taken
        if taken < BATCH:
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
        values={**box.values, _SINCE: box.since.isoformat(), _CHANGED: changed},
        seen_at=now,
        process_at=now,
    )


@dataclass(frozen=True)
class _Known:
    """What a batch reads once."""

    subjects: Mapping[str, Order | Customer]  # by the subject's id
    channels: Mapping[int, Channel]

    def channel_of(self, row: ConsentBox) -> Channel | None:
        """The channel whose settings read the phone: the box's own, else any that is active."""
        if row.channel_id is not None:
            return self.channels.get(row.channel_id)
        active = [each for each in self.channels.values() if each.stored.active]
        return min(active, key=lambda each: each.id, default=None)


def _process(rows: QuerySet[ConsentBox], ports: Ports) -> int:
    taken = list(rows.select_for_update(skip_locked=True)[:BATCH])
    if not taken:
        return 0
    known = _Known(_subjects(taken, ports), load(ports))
    for row in taken:
        try:
            with transaction.atomic():
                _settle(row, known, ports)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("%s could not be read", row)
            row.error, row.process_at = type(error).__name__, ports.clock.now() + FAULT_AGAIN
            row.save(update_fields=["error", "process_at"])
    return len(taken)


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


def _settle(row: ConsentBox, known: _Known, ports: Ports) -> None:
    """The box is in the ledger, waits for a phone, or came to nothing with an error."""
    now = ports.clock.now()
    channel = known.channel_of(row)
    if channel is None:
        _end(row, "The plugin has no settings for its channel.")
        return
    subject = known.subjects.get(row.subject_id)
    person = _person(row, subject, channel)
    if not person.number:
        if subject is not None and person.reason is Reason.NO_PHONE and now - row.seen_at < WAITS:
            row.process_at = now + max(LOOK_AGAIN, (now - row.seen_at) / 2)
            row.save(update_fields=["process_at"])
            return
        _end(row, " ".join(filter(None, (person.reason and person.reason.sentence, person.detail))))
        return
    faults: list[str] = []
    given: list[Deed] = []
    on_record = ledger.read([person.number])
    for each in stated.statements(row.values):
        fault = each if isinstance(each, str) else stated.fault(each, _begun(row), now)
        if fault or isinstance(each, str):
            faults.append(fault)
            continue
        deed = _deed(row, each, person.number, channel, on_record)
        if each.given:
            given.append(deed)
        elif _takes_back(row, deed, on_record):
            opting.opt_out([deed], ports)
    ledger.put(given, ports)
    _end(row, " ".join(faults))
    double_opt_in.ask(given, person, _language(row, subject), channel, ports)


def _end(row: ConsentBox, error: str) -> None:
    row.error, row.process_at = error, None
    row.save(update_fields=["error", "process_at"])


def _person(row: ConsentBox, subject: Order | Customer | None, channel: Channel) -> Recipient:
    """Whose consent it is: ``sms_phone``, else the phone that a reminder would go to."""
    places = [place for place in (subject.billing, subject.shipping) if place] if subject else []
    if written := row.values.get(stated.PHONE, ""):
        country = next((place.country for place in places if place.country), "")
        return recipients.of_address(Address(phone=written, country=country), channel)
    if isinstance(subject, Order):
        return recipients.of_order(subject, EVENTS[CART], channel)
    candidates = [recipients.of_address(place, channel) for place in places] or [
        Recipient(reason=Reason.NO_PHONE)
    ]
    return next((each for each in candidates if each.number), candidates[0])


def _begun(row: ConsentBox) -> dt.datetime | None:
    """When the checkout was; a customer may have agreed before they had an account."""
    return _since(row) if row.source == Source.CHECKOUT else None


def _since(row: ConsentBox) -> dt.datetime:
    return dt.datetime.fromisoformat(row.values[_SINCE])


def _deed(
    row: ConsentBox, said: stated.Statement, number: str, channel: Channel, on_record: Ledger
) -> Deed:
    stops = (
        entry.at
        for entry in on_record.entries.get(number, ())
        if entry.act in _STOPS and entry.scope is said.scope
    )
    wording = row.values.get(stated.WORDING, "")
    at = stated.dated(
        said, since=_since(row), seen_at=row.seen_at, changed=bool(row.values[_CHANGED]),
        stops=stops,
    )  # fmt: skip
    return Deed(
        number=number,
        scopes=(said.scope,),
        act=Act.GIVEN if said.given else Act.WITHDRAWN,
        source=Source(row.source),
        basis=Basis.EXPRESS_WRITTEN if wording else Basis.EXPRESS,
        channel=channel if row.channel_id is not None else None,
        key=f"{row.source}:{row.subject_id}:{said.value}",
        wording=wording,
        language=row.values.get(stated.LANGUAGE, "")[:35],
        ip=_address(row.values.get(stated.IP, "")),
        at=at,
    )


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _takes_back(row: ConsentBox, deed: Deed, on_record: Ledger) -> bool:
    """A box that is not ticked withdraws what was given: on an account whatever was, on a
    checkout what was ticked on it. Else it is no act: many forms begin with it."""
    [scope] = deed.scopes
    if row.source == Source.CUSTOMER:
        acts = on_record.entries.get(deed.number, ())
        return any(entry.scope is scope and entry.act is Act.GIVEN for entry in acts)
    here = f"{row.source}:{row.subject_id}:"
    given = ConsentEntry.objects.filter(number=deed.number, scope=scope, act=Act.GIVEN)
    return given.filter(key__startswith=here).exists()


def _language(row: ConsentBox, subject: Order | Customer | None) -> str:
    return row.values.get(stated.LANGUAGE, "") or (subject.language if subject else "")
