"""From one box to the ledger: whose phone it is about, when the act was, and what it comes to."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..domain import boxes as stated
from ..domain.consent import STOPS, Act, Basis
from ..domain.reasons import Reason
from ..events.catalogue import EVENTS
from ..models import ConsentBox, ConsentEntry
from ..models.keyed_hash import keyed_hash
from ..ports import Address, Customer, Order, Ports
from . import double_opt_in, ledger, opting, recipients
from .abandoned import SOURCE as CART
from .channels import Channel
from .ledger import Deed, Source
from .recipients import Recipient

WAITS = dt.timedelta(days=1)  #: for a phone; looked at each time again at the latest
LOOK_AGAIN = dt.timedelta(minutes=1)  #: at first; then ever more rarely
#: beside the storefront's names in ``ConsentBox.values``: when what it stands on began, whether
#: a hook saw it written, and when it was written, or the account, where a hook or sweep saw it
SINCE, HEARD, CHANGED_AT = "since", "changed", "changed_at"


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
    """The box is in the ledger, waits for a phone or a channel, or came to nothing with an error.

    Only what changed since the last box of the same checkout or account is an act.
    """
    channel, subject = known.channel_of(row), known.subjects.get(row.subject_id)
    person = _person(row, subject, channel) if channel else Recipient()
    before = _next_to(row, pk__lt=row.pk)
    stood = stated.statements(before.values if before else {})
    now_stands = stated.statements(row.values)
    news = [each for each, was in zip(now_stands, stood, strict=True) if each.is_news(was)]
    for each in news:
        if not each.given:
            _take_back(row, each, person.number, known, ports)
    faults = [each.fault for each in now_stands]
    given = [each for each in _that_last(news, row) if each.given]
    if not given:
        _end(row, *faults)
    elif channel is None:
        _without_channel(row, ports)
    elif not person.number:
        _without_phone(row, person, ports, waits=subject is not None)
    else:
        begun = _since(row) if row.source == Source.CHECKOUT else None
        faults += [stated.fault(each, begun, ports.clock.now()) for each in given]
        sure = [each for each in given if not stated.fault(each, begun, ports.clock.now())]
        deeds = [_given(row, before, each, person.number, channel) for each in sure]
        ledger.put(deeds, ports)
        _end(row, *faults)
        # Where nobody saw it change it is as old as it may be.
        asked = [d if row.values.get(CHANGED_AT) else replace(d, seen_at=None) for d in deeds]
        double_opt_in.ask(asked, person, _language(row, subject), channel, ports)


def _next_to(row: ConsentBox, **which: int) -> ConsentBox | None:
    """The newest box of the same checkout or account among these."""
    same = ConsentBox.objects.filter(source=row.source, subject_id=row.subject_id, **which)
    return same.order_by("-pk").first()


def _that_last(news: Sequence[stated.Statement], row: ConsentBox) -> list[stated.Statement]:
    """Those that a later box does not take back: while this one waited it was unticked."""
    later = _next_to(row, pk__gt=row.pk)
    if later is None:
        return list(news)
    stand = {each.scope for each in stated.statements(later.values) if each.given}
    return [each for each in news if each.scope in stand]


def _without_channel(row: ConsentBox, ports: Ports) -> None:
    if row.channel_id is not None:
        _end(row, "The plugin has no settings for its channel. Save them in the dashboard.")
        return
    _wait(row, ports)


def _without_phone(row: ConsentBox, person: Recipient, ports: Ports, *, waits: bool) -> None:
    if waits and person.reason is Reason.NO_PHONE and ports.clock.now() - row.seen_at < WAITS:
        _wait(row, ports)
        return
    _end(row, person.reason.sentence if person.reason else "", person.detail)


def _wait(row: ConsentBox, ports: Ports) -> None:
    now = ports.clock.now()
    row.process_at = now + min(WAITS, max(LOOK_AGAIN, (now - row.seen_at) / 2))
    row.save(update_fields=["process_at"])


def _end(row: ConsentBox, *faults: str) -> None:
    row.error, row.process_at = " ".join(filter(None, faults)), None
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


def _since(row: ConsentBox) -> dt.datetime:
    return dt.datetime.fromisoformat(row.values[SINCE])


def _given(
    row: ConsentBox,
    before: ConsentBox | None,
    said: stated.Statement,
    number: str,
    channel: Channel,
) -> Deed:
    """The permission. What is not dated counts from when it may have stood there first, unless a
    hook saw it written; that it is not dated is on record."""
    entries = ledger.read([number]).entries.get(number, ())
    # The last box said otherwise: it was ticked since.
    not_before = max(_since(row), before.seen_at) if before else _since(row)
    older = before.seen_at if before else dt.datetime.min.replace(tzinfo=dt.UTC)
    stops = [e.at for e in entries if e.act in STOPS and e.scope is said.scope and e.at > older]
    at = stated.dated(
        said, not_before=not_before, seen_at=row.seen_at, stops=stops,
        changed=bool(row.values.get(HEARD)),
    )  # fmt: skip
    changed_at = row.values.get(CHANGED_AT)
    seen_at = dt.datetime.fromisoformat(changed_at) if changed_at else row.seen_at
    wording = row.values.get(stated.WORDING, "")
    return Deed(
        number=number, scopes=(said.scope,), act=Act.GIVEN, source=Source(row.source),
        basis=Basis.EXPRESS_WRITTEN if wording else Basis.EXPRESS,
        channel=channel if row.channel_id is not None else None,
        key=f"{_prefix(row)}{row.pk}", wording=wording,
        language=row.values.get(stated.LANGUAGE, "")[:35],
        ip=_address(row.values.get(stated.IP, "")), at=at,
        seen_at=max(at, seen_at) if said.at is None else None,
    )  # fmt: skip


def _take_back(
    row: ConsentBox, said: stated.Statement, number: str, known: Known, ports: Ports
) -> None:
    """Every number that this checkout, or account, gave a permission for gets no such texts any
    more, whatever phone stands on it today; a no on an account ends also what was given elsewhere
    for its ``number``. Else it is no act: many forms begin with an empty box."""
    given = ConsentEntry.objects.filter(scope=said.scope, act=Act.GIVEN).exclude(number="")
    numbers = set(given.filter(key__startswith=_prefix(row)).values_list("number", flat=True))
    everywhere = row.source == Source.CUSTOMER and said.says is stated.Says.NO
    if everywhere and number and given.filter(number=number).exists():
        numbers.add(number)
    channel = known.channels.get(row.channel_id) if row.channel_id is not None else None
    deeds = [
        Deed(
            number=each, scopes=(said.scope,), act=Act.WITHDRAWN, source=Source(row.source),
            channel=channel, key=f"{_prefix(row)}{row.pk}:{keyed_hash(each)[:16]}",
            ip=_address(row.values.get(stated.IP, "")), at=row.seen_at,
        )
        for each in sorted(numbers)
    ]  # fmt: skip
    if deeds:
        opting.opt_out(deeds, ports)


def _prefix(row: ConsentBox) -> str:
    """What the ledger calls the acts of this checkout or account."""
    return f"{row.source}:{row.subject_id}:"


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _language(row: ConsentBox, subject: Order | Customer | None) -> str:
    return row.values.get(stated.LANGUAGE, "") or (subject.language if subject else "")
