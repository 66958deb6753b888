"""What may be taken out of a text without losing the decision it was (law 10)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..models import DeliveryReceipt, Message, SendAttempt, WebhookRequest

#: no longer personal: whose phone it was, what it said, what was said of it
ERASED = {"recipient": "", "body": "", "detail": ""}
ERASED_REQUEST: dict[str, Any] = {"query": "", "body": b"", "headers": {}}


def erase(message_ids: Collection[int]) -> int:
    """These texts name nobody any more; status, reason, time and cost stay. Returns the rows."""
    SendAttempt.objects.filter(message__in=message_ids).exclude(detail="").update(detail="")
    receipts = DeliveryReceipt.objects.filter(message__in=message_ids)
    WebhookRequest.objects.filter(receipts__in=receipts).update(**ERASED_REQUEST)
    receipts.exclude(recipient="").update(recipient="")
    return Message.objects.filter(pk__in=message_ids).update(**ERASED)
