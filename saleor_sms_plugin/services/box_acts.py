"""From one box to the ledger: whose phone it is about, when the act was, and what it comes to."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from ..domain import boxes as stated
from ..domain.consent import Act, Basis
from ..domain.reasons import Reason
from ..events.catalogue import EVENTS
from ..models import ConsentBox, ConsentEntry
from ..ports import Address, Customer, Order, Ports
from . import double_opt_in, ledger, opting, recipients
from .abandoned import SOURCE as CART
from .channels import Channel
from .ledger import Deed, Ledger, Source
from .recipients import Recipient

WAITS = dt.timedelta(days=1)  #: for a phone
LOOK_AGAIN = dt.timedelta(minutes=1)  #: for the phone, at first; then ever more rarely
#: beside the storefront's names in ``ConsentBox.values``: when what it stands on began, and
#: whether a hook saw it written
SINCE, CHANGED = "since", "changed"
_STOPS = (Act.WITHDRAWN, Act.HELD)


@dataclass(frozen=True)
class Known:
    """What a batch reads once."""

    subjects: Mapping[str, Order | Customer]  # by the subject's id
    channels: Mapping[int, Channel]

    def channel_of(self, row: ConsentBox) -> Channel | None:
        """The channel whose settings read the phone: the box's own, else any that is active."""
        if row.channel_id is not None:
            return self.channels.get(row.channel_id)
        active = [each for each in self.channels.values() if each.stored.active]
        return min(active, key=lambda each: each.id, default=None)


def settle(row: ConsentBox, known: Known, ports: Ports) -> None:
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
    return dt.datetime.fromisoformat(row.values[SINCE])


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
        said, since=_since(row), seen_at=row.seen_at, changed=bool(row.values[CHANGED]),
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
