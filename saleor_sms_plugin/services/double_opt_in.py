"""Double opt-in: whoever ticked a box is asked from the phone itself, and nobody else is.

A request is the answer to a box of the last minutes; to any other number it would be an offer
that nobody asked for (Cass. 9920/2022). One to a number at a time, whatever boxes are ticked in
whatever channel, and none after a stop of everything, so that nobody's phone is flooded through
the forms of a shop.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from ..domain import phone_numbers, segments, sender_ids
from ..domain.consent import BOXES, STOPS, Act, Basis, Entry, Scope, Standing
from ..domain.law import DoubleOptIn, Links, Rule
from ..domain.places import Place
from ..domain.reasons import Reason
from ..domain.transitions import WAITING, WENT_OUT, MessageStatus
from ..events.answers import REQUESTS
from ..models import ConsentEntry, Link, Message, locks
from ..models.link import new_token
from ..ports import Ports
from . import answers, door, ledger, links
from .channels import Channel, load
from .consent import Refusal, needs_confirmation
from .ledger import Deed, Ledger, Source
from .recipients import Recipient

REQUEST, REQUEST_US, REWARD = "opt_in_request", "opt_in_request_us", "opt_in_reward"
FRESH = dt.timedelta(minutes=10)  #: a request goes out within this after the box, or never
#: then the request can no longer be answered, and the number may be asked anew
LASTS = dt.timedelta(days=7)
REWARD_LASTS = dt.timedelta(hours=1)  #: from when it may go out


def ask(
    given: Sequence[Deed], person: Recipient, language: str, channel: Channel, ports: Ports
) -> Message | None:
    """Who just ticked these boxes is asked to confirm; the request, or the row that says why
    there is none. None where nothing needs to be confirmed, or the boxes are not of just now.

    Call it in the transaction in which the permissions were put down.
    """
    now = ports.clock.now()
    rule = channel.config.law_at(Place(person.country, number=person.number))
    known = ledger.read([person.number])
    ticked = {
        scope: at
        for deed in given
        for scope in deed.scopes
        if (at := deed.seen_at or deed.at) and now - at <= FRESH
    }
    scopes = [
        scope
        for scope in ticked
        if _needs_request(known.standing(person.number, scope, channel), scope, channel, rule)
    ]
    if not scopes or not channel.stored.active:
        return None
    left = min(ticked[scope] for scope in scopes) + FRESH - now
    # Where the law wants carts to be named, the text that names them goes out.
    named = rule.cart_double_opt_in is DoubleOptIn.REQUIRED and Scope.CART_REMINDERS in scopes
    token = "" if named or _can_receive(channel, person.number) else new_token()
    urls = {"opt_in.url": links.address_of(token, channel)} if token else {}
    refused = _stopped(person.number, channel, known) or _asked_before(person.number, now)
    message = answers.send(
        REQUEST_US if named else REQUEST, person.number, channel, ports,
        language=language, urls=urls, lasts=left,
    )  # fmt: skip
    everywhere = given[0].channel is None
    message.says = {"opt_in": {"scopes": scopes, "everywhere": everywhere}}
    if person.reason:
        refused = person.reason, person.detail
    refused = refused or _no_path(message, token, channel, rule)
    if refused:
        message.status, message.finished_at = MessageStatus.SUPPRESSED, now
        message.reason, message.detail = refused
    elif token:
        Link.objects.create(
            token=token, kind=Link.Kind.OPT_IN, message=message, recipient=person.number,
            channel_id=channel.id, created_at=now, expires_at=now + LASTS,
        )  # fmt: skip
    message.save()
    return message


def _needs_request(where: Standing, scope: Scope, channel: Channel, rule: Rule) -> bool:
    if where.pending is None:
        return False
    return where.waiting is not None or needs_confirmation(scope, channel, rule)


def _can_receive(channel: Channel, number: str) -> bool:
    sender = channel.config.sender_for(phone_numbers.country_of(number))
    return bool(sender) and not sender_ids.is_name(sender)


def _stopped(number: str, channel: Channel, known: Ledger) -> Refusal | None:
    """Who wants no texts at all is not asked whether they want some."""
    stopped = known.standing(number, Scope.SERVICE, channel).stopped
    return (Reason.OPTED_OUT, "Of every text.") if stopped else None


def _asked_before(number: str, now: dt.datetime) -> Refusal | None:
    """Why the number is not asked again; until the transaction ends nobody else asks it."""
    refused = Reason.ASKED_BEFORE, f"Not again within {LASTS.days} days, unless it answers yes."
    # Never waited for: who holds it is asking the same person now.
    if not locks.try_locks({f"sms-opt-in:{number}": number}):
        return refused
    asked = Message.objects.filter(
        recipient=number, event_name__in=REQUESTS, created_at__gt=now - LASTS,
        status__in=(*WAITING, *WENT_OUT),
    )  # fmt: skip
    keys = {_key(reference) for reference in asked.values_list("reference", flat=True)}
    answered = ConsentEntry.objects.filter(number=number, act=Act.CONFIRMED, key__in=keys)
    return refused if keys - set(answered.values_list("key", flat=True)) else None


def _key(reference: UUID) -> str:
    """What the ledger calls the yes to this request."""
    return f"opt_in:{reference}"


def _no_path(message: Message, token: str, channel: Channel, rule: Rule) -> Refusal | None:
    """Why the request could not be answered, None where it can."""
    if not token:
        if _can_receive(channel, message.recipient):
            return None
        return Reason.NO_OPT_OUT_PATH, "Nobody can answer YES to a name."
    long = segments.measure(message.body).segment_count > 1
    if rule.links in (Links.WHITELISTED, Links.NEVER) or (long and rule.links is Links.ONE_SEGMENT):
        return Reason.NO_OPT_OUT_PATH, f"{rule.name}: a text with this link would be blocked."
    return None


def refusal(message: Message, channel: Channel, known: Ledger) -> Refusal | None:
    """Why a request that waits must not go out any more: what it asks about was withdrawn."""
    if stopped := _stopped(message.recipient, channel, known):
        return stopped
    if _pending(message, channel, known):
        return None
    return Reason.OPTED_OUT, "What it asks about was withdrawn, or is confirmed."


def _pending(message: Message, channel: Channel, known: Ledger) -> list[Scope]:
    """Of what the request asked about, what still waits for a yes."""
    scopes = map(Scope, message.says.get("opt_in", {}).get("scopes", ()))
    number = message.recipient
    return [
        scope
        for scope in scopes
        if (ticked := known.standing(number, scope, channel).pending)
        and (ticked.at <= message.created_at or _covers(message, ticked, known))
    ]


def _covers(message: Message, later: Entry, known: Ledger) -> bool:
    """The request was sent for a box of the same words as this later one, and nobody but a box
    has stopped its texts since: as long as the request is open, no other one is sent."""
    entries = known.entries.get(message.recipient, ())
    acts = [entry for entry in entries if entry.scope is later.scope]
    if any(
        entry.act in STOPS and entry.source not in BOXES and entry.at > message.created_at
        for entry in acts
    ):
        return False
    asked = (
        entry for entry in acts
        if entry.act is Act.GIVEN and entry.at <= message.created_at
        and entry.channel_id in (None, message.channel_id)
    )  # fmt: skip
    last = max(asked, key=lambda entry: (entry.at, entry.id), default=None)
    if last is None:
        return False
    rows = ConsentEntry.objects.filter(pk__in=[last.id, later.id])
    return len(set(rows.values_list("wording", flat=True))) == 1


def confirm(
    number: str, ports: Ports, *, source: Source, sender_id: str = "", ip: str | None = None
) -> bool:
    """The newest open request to this number, from this sender where one is named, is answered
    with yes; False where there is none, and nothing changes."""
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        asked = Message.objects.filter(
            recipient=number, event_name__in=REQUESTS, status__in=WENT_OUT,
            created_at__gt=now - LASTS,
        )  # fmt: skip
        if sender_id:
            asked = asked.filter(sender_id=sender_id)
        locked = asked.select_for_update().order_by("-pk")
        return any(_confirm(message, ports, source, ip) for message in locked)


def confirm_link(link: Link, ports: Ports, ip: str | None = None) -> bool:
    """The request with this link is answered with yes; False where it ended, or was answered."""
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        message = Message.objects.select_for_update().filter(pk=link.message_id).first()
        still_open = Link.objects.filter(
            pk=link.pk, kind=Link.Kind.OPT_IN, ended_at=None, expires_at__gt=now
        )
        if message is None or not message.recipient or not still_open.exists():
            return False
        confirmed = _confirm(message, ports, Source.PAGE, ip)
        still_open.update(ended_at=now)
        return confirmed


def confirmed(link: Link) -> frozenset[Scope]:
    """What the request with this link was answered with yes about; nothing, once its reader is
    forgotten. Call it under writer access."""
    entries = ConsentEntry.objects.filter(
        number=link.recipient or link.message.recipient, act=Act.CONFIRMED,
        key=_key(link.message.reference),
    )  # fmt: skip
    return frozenset(map(Scope, entries.exclude(number="").values_list("scope", flat=True)))


def stopped(link: Link, ports: Ports) -> frozenset[Scope]:
    """What its reader gets no texts of now, in its channel. Call it under writer access."""
    number = link.recipient or link.message.recipient
    channel = load(ports, [link.channel_id]).get(link.channel_id)
    if channel is None:
        return frozenset()
    known = ledger.read([number])
    return frozenset(each for each in Scope if known.standing(number, each, channel).stopped)


def _confirm(message: Message, ports: Ports, source: Source, ip: str | None) -> bool:
    number = message.recipient
    channel = load(ports, [message.channel_id or 0]).get(message.channel_id or 0)
    if channel is None:
        return False
    scopes = _pending(message, channel, ledger.read([number]))
    if not scopes:
        return False
    before = ConsentEntry.objects.filter(number=number, act=Act.CONFIRMED)
    is_first = not before.filter(Q(channel_id=channel.id) | Q(channel_id=None)).exists()
    everywhere = message.says["opt_in"]["everywhere"]
    deed = Deed(
        number=number, scopes=scopes, act=Act.CONFIRMED, source=source,
        basis=Basis.EXPRESS_WRITTEN, channel=None if everywhere else channel,
        key=_key(message.reference), wording=message.body, language=message.language, ip=ip,
    )  # fmt: skip
    ledger.put([deed], ports)
    if is_first:
        _reward(message, channel, ports)
    return True


def _reward(message: Message, channel: Channel, ports: Ports) -> None:
    """What the owner promised is on its way: a voucher, an address, or words of their own; words
    alone are none where a voucher was promised that ended."""
    config = channel.config
    code, url = config.opt_in_reward, config.opt_in_reward_url
    voucher = ports.shop.voucher(code, channel.id) if code else None
    words = not code and config.texts.get(REWARD)
    if not (voucher or url or words):
        return
    now, place = ports.clock.now(), Place(message.country, number=message.recipient)
    permitted = door.offers_from(place, config, now) or now
    answers.send(
        REWARD, message.recipient, channel, ports, language=message.language, voucher=voucher,
        urls={"opt_in.reward_url": url} if url else {}, lasts=permitted - now + REWARD_LASTS,
    )  # fmt: skip
