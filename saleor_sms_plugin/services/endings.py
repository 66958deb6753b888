"""How a claimed text leaves the worker's hands without a call."""

from __future__ import annotations

import datetime as dt
import logging

from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..models import Message

logger = logging.getLogger(__name__)


def finish(
    message: Message, status: MessageStatus, reason: Reason, detail: str = "", *, now: dt.datetime
) -> bool:
    """The text has ended with this reason; False where another worker has it by now."""
    return _leave(message, status, reason, detail, finished_at=now)


def postpone(message: Message, reason: Reason, detail: str, not_before: dt.datetime) -> bool:
    """The text is held for a reason that may go away; it does not count for the flood rule."""
    return _leave(message, MessageStatus.HELD, reason, detail, not_before=not_before, taken_at=None)


def _leave(
    message: Message,
    status: MessageStatus,
    reason: Reason,
    detail: str,
    **times: dt.datetime | None,
) -> bool:
    changed = {
        "status": status, "reason": reason, "detail": detail,
        "claim": None, "claimed_until": None, **times,
    }  # fmt: skip
    ours = Message.objects.filter(pk=message.pk, claim=message.claim, status=MessageStatus.SENDING)
    if not ours.update(**changed):
        return False
    for name, value in changed.items():
        setattr(message, name, value)
    logger.info(
        "Message %s: %s for order %s (%s)", status, message.event_name,
        message.order_number or "-", reason,
        extra={"action": f"message_{status}", "sms_event": message.event_name, "reason": reason},
    )  # fmt: skip
    return True
