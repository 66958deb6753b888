"""What carriers and ERPs report of a parcel: Saleor has no event for it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import STAGES
from ..events.keys import event_key
from ..models import Message, locks
from ..ports import Order, Ports
from .record import Happening, record


def report(
    parcel_id: str, stage: str, order: Order, ports: Ports, occurred_at: dt.datetime | None = None
) -> bool:
    """The parcel of this order has reached the stage, a name of ``STAGES``; True when it is news.

    Texts about earlier stages of the parcel that wait have ended. ``occurred_at`` None: now.
    """
    happening = Happening(
        name=stage, channel_id=order.channel_id, order_id=order.id, subject_id=parcel_id,
        occurred_at=occurred_at,
    )  # fmt: skip
    with ports.shop.writer(), transaction.atomic():
        # Planning holds it, too: no text about an earlier stage is decided meanwhile.
        locks.lock([f"sms-order:{order.id}"])
        new = record(happening, ports)
        if new:
            _end_earlier(parcel_id, stage, order, ports.clock.now())
    if new:
        ports.wake.nudge()
    return new


def key_of(parcel_id: str, stage: str) -> str:
    """The key of the event that the parcel has reached the stage."""
    return event_key(stage, parcel_id)


def _end_earlier(parcel_id: str, stage: str, order: Order, now: dt.datetime) -> None:
    passed = [spec.name for spec in STAGES if stage in spec.passed_by]
    Message.objects.filter(
        order_id=order.id, event_name__in=passed, event__subject_id=parcel_id, status__in=WAITING
    ).update(
        status=MessageStatus.SUPPRESSED, reason=Reason.STAGE_PASSED, detail="", finished_at=now
    )
