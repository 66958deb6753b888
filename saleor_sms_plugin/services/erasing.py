"""What may be taken out of a text without losing the decision it was (law 10)."""

from __future__ import annotations

from collections.abc import Collection

from ..models import Message, SendAttempt

#: no longer personal: whose phone it was, what it said, what was said of it
ERASED = {"recipient": "", "body": "", "detail": ""}


def erase(message_ids: Collection[int]) -> int:
    """These texts name nobody any more; status, reason, time and cost stay. Returns the rows."""
    SendAttempt.objects.filter(message__in=message_ids).exclude(detail="").update(detail="")
    return Message.objects.filter(pk__in=message_ids).update(**ERASED)
