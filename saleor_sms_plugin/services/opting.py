"""Opting out and in again: what is put down in the ledger holds for what waits, too."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import QuerySet

from ..domain.places import Place
from ..domain.transitions import OPEN, MessageStatus
from ..events.answers import REQUESTS
from ..events.catalogue import Purpose
from ..models import Message, SendAttempt
from ..models.message import UNASKED
from ..ports import Ports
from . import double_opt_in, ledger
from .channels import Channel, load
from .consent import Refusal, may_send
from .ledger import Deed, Ledger


def opt_out(deeds: Sequence[Deed], ports: Ports) -> None:
    """The stops are in the ledger, and of no text within them a call begins any more once this
    is committed: what waits ends, and so does what a worker holds and has not begun to send.

    Call it under writer access.
    """
    numbers = {deed.number for deed in deeds}
    with transaction.atomic():
        ledger.put(deeds, ports)
        end_refused(numbers, ports)


def end_refused(numbers: Collection[str], ports: Ports) -> int:
    """Texts to these people that the ledger refuses now are suppressed; returns how many.

    Call it in a transaction. A text that is planned meanwhile ``calls.begin`` takes back.
    """
    now = ports.clock.now()
    theirs = Message.objects.filter(recipient__in=numbers, to_staff=False)
    open_rows = not_begun(theirs.exclude(event_name__in=UNASKED))
    channels = load(ports, {row.channel_id for row in open_rows if row.channel_id is not None})
    known = ledger.read(numbers)
    ended = 0
    for row in open_rows:
        channel = channels.get(row.channel_id or 0)
        if channel is None:
            continue
        refused = refusal(row, channel, known, Place(row.country, number=row.recipient))
        if refused is None:
            continue
        reason, detail = refused
        ended += Message.objects.filter(pk=row.pk).update(
            status=MessageStatus.SUPPRESSED, reason=reason, detail=detail, claim=None,
            claimed_until=None, finished_at=now,
        )  # fmt: skip
    return ended


def refusal(row: Message, channel: Channel, known: Ledger, place: Place) -> Refusal | None:
    """Why the reader of this text, who is at this place, is not sent it; None where they are."""
    if row.to_staff or row.event_name in UNASKED:
        return None
    if row.event_name in REQUESTS:
        return double_opt_in.refusal(row, channel, known)
    return may_send(
        row.recipient, Purpose(row.purpose), row.event_name, channel, known,
        channel.config.law_at(place), is_customer=bool(row.order_id),
    )  # fmt: skip


def not_begun(rows: QuerySet[Message]) -> list[Message]:
    """Those of these texts that wait, or are in a worker's hands before their call; locked.

    Call it in a transaction: ``calls.begin`` locks the same rows.
    """
    locked = rows.select_for_update().filter(status__in=OPEN)
    open_rows = list(locked.order_by("pk"))
    # Asked after the locks: a call that began while they were waited for is seen.
    begun = set(
        SendAttempt.objects.filter(
            message__in=open_rows, outcome=SendAttempt.Outcome.PENDING
        ).values_list("message_id", flat=True)
    )
    return [row for row in open_rows if row.pk not in begun]
