"""What may be taken out of a text without losing the decision it was (law 10)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from ..models import DeliveryReceipt, InboundMessage, Link, Message, SendAttempt, WebhookRequest

#: no longer personal: whose phone it was, what it said, what was said of it
ERASED = {"recipient": "", "body": "", "detail": ""}
ERASED_REPLY: dict[str, Any] = {
    "sender": "", "body": "", "parts": {}, "answer_at": None, "forward_at": None,
}  # fmt: skip
ERASED_RECEIPT = {"recipient": "", "detail": ""}
ERASED_REQUEST: dict[str, Any] = {"query": "", "body": b"", "headers": {}, "process_at": None}


def erase(message_ids: Collection[int]) -> int:
    """These texts name nobody any more; status, reason, time and cost stay. Returns the rows."""
    SendAttempt.objects.filter(message__in=message_ids).exclude(detail="").update(detail="")
    receipts = DeliveryReceipt.objects.filter(message__in=message_ids)
    WebhookRequest.objects.filter(receipts__in=receipts).update(**ERASED_REQUEST)
    receipts.exclude(**ERASED_RECEIPT).update(**ERASED_RECEIPT)
    return Message.objects.filter(pk__in=message_ids).update(**ERASED)


def erase_replies(inbound_ids: Collection[int]) -> int:
    """These replies name nobody and say nothing any more. Returns the rows."""
    WebhookRequest.objects.filter(inbound__in=inbound_ids).update(**ERASED_REQUEST)
    return InboundMessage.objects.filter(pk__in=inbound_ids).update(**ERASED_REPLY)


def erase_naming(number: str) -> None:
    """What holds this E.164 number outside its texts and replies holds it no longer: receipts of
    no text of ours, links, what others wrote, and a provider's requests, whatever came of them."""
    digits = number.removeprefix("+")
    DeliveryReceipt.objects.filter(recipient=number).update(**ERASED_RECEIPT)
    Link.objects.filter(recipient=number).update(recipient="")
    InboundMessage.objects.filter(body__contains=digits).update(body="", parts={})
    requests_naming(number).update(**ERASED_REQUEST)


def requests_naming(number: str) -> QuerySet[WebhookRequest]:
    """The provider's requests that hold this E.164 number, whatever came of them."""
    digits = number.removeprefix("+")
    # PostgreSQL shows and compares bytes as hexadecimal digits.
    return WebhookRequest.objects.filter(
        Q(query__contains=digits) | Q(body__contains=digits.encode().hex())
    )
