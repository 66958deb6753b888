"""What is known of one phone number: shown to its owner, or erased (law 10; GDPR 15 and 17)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from ..domain import phone_numbers
from ..domain.boxes import IP, PHONE
from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..exceptions import InvalidRecipient
from ..models import (
    ConsentEntry,
    ErasedNumber,
    InboundMessage,
    Link,
    Message,
    SuppressedNumber,
    SurveyScore,
)
from ..models.keyed_hash import keyed_hash, keyed_hashes
from ..ports import Ports
from . import suppression
from .erasing import erase, erase_naming, erase_replies
from .opting import not_begun
from .traces import (
    KnownBox,
    KnownReceipt,
    KnownRequest,
    boxes_of,
    known_boxes,
    known_receipts,
    known_requests,
)


@dataclass(frozen=True, kw_only=True)
class KnownText:
    """One text to the number."""

    at: dt.datetime
    event: str
    channel: str
    order: str
    purpose: str
    language: str
    status: str
    why: str
    body: str


@dataclass(frozen=True, kw_only=True)
class KnownReply:
    """One text from the number to the shop."""

    at: dt.datetime
    recipient: str  #: the shop's number
    body: str


@dataclass(frozen=True, kw_only=True)
class KnownAct:
    """One act of the ledger of consents."""

    at: dt.datetime
    scope: str
    act: str
    basis: str
    channel: str  #: "" for every channel
    source: str
    wording: str
    language: str
    ip: str | None


@dataclass(frozen=True, kw_only=True)
class KnownLink:
    """One link in a text to the number."""

    at: dt.datetime
    kind: str
    order: str
    clicked_at: dt.datetime | None  #: the first time by a person


@dataclass(frozen=True, kw_only=True)
class KnownScore:
    """One answer to a survey."""

    at: dt.datetime
    order: str
    score: int


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that is stored of one number; every list the oldest first."""

    number: str  #: E.164
    texts: Sequence[KnownText]
    replies: Sequence[KnownReply]
    acts: Sequence[KnownAct]
    links: Sequence[KnownLink]
    scores: Sequence[KnownScore]
    boxes: Sequence[KnownBox]
    receipts: Sequence[KnownReceipt]
    requests: Sequence[KnownRequest]
    not_texted: str  #: why no text goes to it, "" where some may


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What erasing a number came to."""

    texts: int  #: that no longer name it
    left: int  #: that a worker is sending right now; erase again


def known_of(number: str, ports: Ports) -> Known:
    """Everything stored about this E.164 number."""
    with ports.shop.writer():
        refusal = suppression.among([number]).get(number)
        return Known(
            number=number,
            texts=texts_to(number, ports),
            replies=replies_from(number, ports),
            acts=_acts_of(number),
            links=_links_of(number),
            scores=_scores_of(number),
            boxes=known_boxes(number),
            receipts=known_receipts(number),
            requests=known_requests(number),
            not_texted=f"{refusal[0].sentence} {refusal[1]}" if refusal else "",
        )


def replies_from(number: str, ports: Ports) -> list[KnownReply]:
    """Every stored text from this E.164 number, oldest first."""
    with ports.shop.writer():
        rows = InboundMessage.objects.filter(sender=number).order_by("received_at", "pk")
        return [
            KnownReply(at=row.received_at, recipient=row.recipient, body=row.body) for row in rows
        ]


def texts_to(number: str, ports: Ports) -> list[KnownText]:
    """Every stored text to this E.164 number, oldest first."""
    with ports.shop.writer():
        rows = Message.objects.filter(recipient=number).order_by("created_at", "pk")
        return [
            KnownText(
                at=row.created_at,
                event=row.event_name,
                channel=row.channel_slug,
                order=row.order_number,
                purpose=row.purpose,
                language=row.language,
                status=row.status,
                why=row.why,
                body=row.body,
            )
            for row in rows
        ]


def _acts_of(number: str) -> list[KnownAct]:
    rows = ConsentEntry.objects.filter(
        Q(number=number) | Q(number_hash__in=keyed_hashes(number))
    ).order_by("occurred_at", "pk")
    return [
        KnownAct(
            at=row.occurred_at, scope=row.scope, act=row.act, basis=row.basis,
            channel=row.channel_slug, source=row.source, wording=row.wording,
            language=row.language, ip=row.ip,
        )
        for row in rows
    ]  # fmt: skip


def _links_of(number: str) -> list[KnownLink]:
    rows = Link.objects.filter(Q(recipient=number) | Q(message__recipient=number))
    return [
        KnownLink(
            at=row.created_at, kind=row.kind, order=row.message.order_number,
            clicked_at=row.clicked_at,
        )
        for row in rows.select_related("message").order_by("created_at", "pk")
    ]  # fmt: skip


def _scores_of(number: str) -> list[KnownScore]:
    rows = SurveyScore.objects.filter(message__recipient=number).order_by("answered_at", "pk")
    return [KnownScore(at=row.answered_at, order=row.order_number, score=row.score) for row in rows]


def numbers_of(email: str, ports: Ports) -> list[str]:
    """E.164 numbers on the addresses of this e-mail's account, orders and carts, each once."""
    with ports.shop.writer():
        phones = ports.shop.phones_of(email)
    return list(dict.fromkeys(_readable(phones)))


def _readable(phones: Sequence[tuple[str, str]]) -> Iterator[str]:
    for phone, country in phones:
        try:
            yield phone_numbers.parse(phone, country)
        except InvalidRecipient:
            continue  # it was never texted


def forget_number(number: str, ports: Ports) -> Forgotten:
    """No stored row names this E.164 number, and no text goes to it any more.

    What waits ends as ``person_erased``. The acts in the ledger stay, under its keyed hash. A
    text that is on its way to the provider is left; ``suppression.remove`` lets texts go again.
    """
    now = ports.clock.now()
    number_hash = keyed_hash(number)
    with ports.shop.writer(), transaction.atomic():
        ErasedNumber.objects.bulk_create(
            [ErasedNumber(number_hash=number_hash, since=now)], ignore_conflicts=True
        )
        SuppressedNumber.objects.filter(number=number).delete()
        _forget_boxes(number)
        ConsentEntry.objects.filter(number=number).forget(number_hash)
        # Staff were told what the person wrote, and who it was.
        texts = Message.objects.filter(Q(recipient=number) | Q(body__contains=number))
        Message.objects.filter(pk__in=[row.pk for row in not_begun(texts)]).update(
            status=MessageStatus.CANCELLED, reason=Reason.PERSON_ERASED, claim=None,
            claimed_until=None, finished_at=now,
        )  # fmt: skip
        replies = InboundMessage.objects.filter(sender=number)
        # What was held stays held, by the keyed hash; there is nothing left to read.
        replies.filter(review_by__isnull=False, resolved_at=None).update(
            resolved_at=now, resolution="erased"
        )
        erase_replies(list(replies.values_list("pk", flat=True)))
        ended = texts.exclude(status=MessageStatus.SENDING).values_list("pk", flat=True)
        erased = erase(list(ended))
        erase_naming(number)
        return Forgotten(texts=erased, left=texts.count())


def _forget_boxes(number: str) -> None:
    """What a storefront wrote down keeps what was ticked, not whose number and address it was.

    Call it while the ledger still names the number.
    """
    for box in boxes_of(number):
        box.values |= {name: "" for name in (PHONE, IP) if name in box.values}
        box.save(update_fields=["values"])
