"""Replies: stored once, parts joined. The one place where a text from a phone comes in.

A reply that is whole waits for a worker to act on it (``replies``).
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import replace

from django.db import transaction
from django.db.models import Q, QuerySet

from ..domain import phone_numbers
from ..exceptions import InvalidRecipient
from ..models import InboundMessage, Message, WebhookRequest, locks
from ..models.many import update_many
from ..ports import Ports
from ..providers import ParsedInbound

#: A part that has not come by then will not come: what is there counts as the message.
PARTS_WITHIN = dt.timedelta(minutes=5)
STEP = 100


def receive(parsed: ParsedInbound, request: WebhookRequest, ports: Ports) -> InboundMessage:
    """The text is stored once, joined with the parts that came before it.

    Returns its message; ``completed_at`` says whether all of it is there, and from then on
    ``answer_at`` that somebody should act on it: again, where a part comes after it was given
    up. The same text again changes nothing. Call it in a transaction.
    """
    before = InboundMessage.objects.filter(
        account=request.account, provider_message_id=parsed.provider_message_id
    ).first()
    if before is not None:
        return before
    parsed = replace(parsed, sender=_as_texted(parsed.sender))
    number, part = parsed.part_count, str(parsed.part)
    if number > 1:
        locks.lock([f"sms-inbound:{parsed.sender}:{parsed.part_reference}"])
        known = _other_parts(parsed, request)
        if known and known.parts.get(part) == parsed.text:
            return known  # this part again
        if known and part not in known.parts:
            known.parts = {**known.parts, part: parsed.text}
            return _saved(known, ports)
    return _saved(
        InboundMessage(
            account=request.account, request=request,
            provider_message_id=parsed.provider_message_id, sender=parsed.sender,
            recipient=parsed.recipient, parts={part: parsed.text}, part_count=number,
            part_reference=parsed.part_reference, network=parsed.network,
            channel_id=_channel(parsed, request), received_at=request.received_at,
        ),
        ports,
    )  # fmt: skip


def give_up_waiting(ports: Ports) -> list[InboundMessage]:
    """Messages whose last part did not come in time are complete as they are; returns them."""
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        late = InboundMessage.objects.select_for_update(skip_locked=True).filter(
            completed_at__isnull=True, received_at__lt=now - PARTS_WITHIN
        )
        rows = list(late.order_by("received_at", "pk")[:STEP])
        for row in rows:
            row.completed_at = row.answer_at = now
        update_many(rows, ["completed_at", "answer_at"])
    return rows


def _other_parts(parsed: ParsedInbound, request: WebhookRequest) -> InboundMessage | None:
    """The message whose parts this one is of, where some came already."""
    return (
        InboundMessage.objects.select_for_update()
        .filter(
            account=request.account, sender=parsed.sender, recipient=parsed.recipient,
            part_reference=parsed.part_reference, part_count=parsed.part_count,
            received_at__gt=request.received_at - PARTS_WITHIN,
        )
        .order_by("-pk")
        .first()
    )  # fmt: skip


def _saved(message: InboundMessage, ports: Ports) -> InboundMessage:
    message.body = "".join(text for _, text in sorted(message.parts.items(), key=_place))
    if len(message.parts) >= message.part_count or message.completed_at is not None:
        message.completed_at = message.answer_at = ports.clock.now()
        message.meaning = ""  # of the parts that were there, if it was read already
    message.save()
    return message


def _place(item: tuple[str, str]) -> int:
    return int(item[0])


def _channel(parsed: ParsedInbound, request: WebhookRequest) -> int | None:
    """The channel of the last text between the two numbers."""
    texts = texts_to(parsed.sender, request.received_at)
    between = texts.filter(sent_from(parsed.recipient, request.account.provider))
    return between.values_list("channel_id", flat=True).first()


def _as_texted(sender: str) -> str:
    """The number as our texts to it have it: networks write some in another way."""
    if not (other := phone_numbers.respelt(sender)):
        return sender
    spellings = [sender, other]
    texted = Message.objects.filter(recipient__in=spellings).values_list("recipient", flat=True)
    if last := texted.order_by("-pk").first():
        return last
    for spelling in spellings:
        with suppress(InvalidRecipient):
            return phone_numbers.parse(spelling, "")
    return sender


def texts_to(phone: str, until: dt.datetime) -> QuerySet[Message]:
    """What was on its way to the phone at that instant, the last one first."""
    return Message.objects.filter(recipient=phone, taken_at__lte=until).order_by("-taken_at", "-pk")


def sent_from(ours: str, provider: str) -> Q:
    """Texts that came from this number of the shop."""
    digits = ours.removeprefix("+")
    return Q(sender_id__in=[digits, f"+{digits}"], provider=provider)
