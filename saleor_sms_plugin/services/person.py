"""What is known of one phone number: shown to its owner, or erased (law 10; GDPR 15 and 17)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..models import DeliveryReceipt, InboundMessage, Message, WebhookRequest
from ..models.message import WAITING
from ..ports import Ports
from .erasing import ERASED_REQUEST, erase


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


def forget_number(number: str, ports: Ports) -> int:
    """Waiting texts to the number end, every stored one no longer names it; returns how many.

    A text that a worker is sending right now is left; run it again.
    """
    now = ports.clock.now()
    with ports.shop.writer():
        rows = Message.objects.filter(recipient=number)
        rows.filter(status__in=WAITING).update(
            status=MessageStatus.CANCELLED, reason=Reason.PERSON_ERASED, finished_at=now
        )
        replies = InboundMessage.objects.filter(sender=number)
        unmatched = DeliveryReceipt.objects.filter(recipient=number)
        for what in ({"inbound__in": replies}, {"receipts__in": unmatched}):
            WebhookRequest.objects.filter(**what).update(**ERASED_REQUEST)
        replies.update(sender="", body="", parts={})
        unmatched.update(recipient="")
        ended = rows.exclude(status=MessageStatus.SENDING)
        return erase(list(ended.values_list("pk", flat=True)))
