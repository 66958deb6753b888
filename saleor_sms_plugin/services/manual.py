"""Texts by hand: staff write to one person, send a text anew, end one that waits."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from ..domain import phone_numbers, segments
from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import EVENTS, PRIORITIES, Purpose
from ..exceptions import InvalidInput, InvalidRecipient
from ..models import Message
from ..models.message import MANUAL
from ..models.once import insert_once
from ..ports import Order, Ports
from . import answers, consent, ledger, recipients
from .channels import Channel, load
from .recipients import Recipient

logger = logging.getLogger(__name__)


class KeyIsTaken(InvalidInput):
    """The key named another act of sending before."""


LASTS = dt.timedelta(hours=24)  #: what staff wrote is worth sending
RETRYABLE = (
    MessageStatus.FAILED, MessageStatus.EXPIRED, MessageStatus.REJECTED,
    MessageStatus.UNDELIVERED, MessageStatus.SUPPRESSED, MessageStatus.CANCELLED,
    MessageStatus.OUTCOME_UNKNOWN,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What staff wrote, and to whom."""

    text: str
    purpose: Purpose
    channel: Channel
    to: Recipient
    key: str  #: names the act of sending: the same again sends nothing more
    by: str  #: who wrote it
    order: Order | None = None
    language: str = ""  #: of the opt-out behind an offer; "": the number's country's


def send(draft: Draft, ports: Ports) -> Message:
    """The text waits for the next run, or the row says why it does not go out; once per key.

    A service text goes out at night, too: staff know what they do. Raises InvalidInput for a text
    that cannot be sent, InvalidRecipient where there is no number, KeyIsTaken where the key named
    another text or recipient.
    """
    now, found, channel = ports.clock.now(), draft.to, draft.channel
    body = _body(draft.text, channel)
    _has_number(found)
    act = _reference("act", found.number, body).hex
    message = Message(
        reference=_reference("written", draft.by, draft.key),
        event_name=MANUAL,
        order_id=draft.order.id if draft.order else "",
        order_number=draft.order.number if draft.order else "",
        channel_id=channel.id,
        channel_slug=channel.slug,
        purpose=draft.purpose,
        priority=PRIORITIES[draft.purpose],
        recipient=found.number,
        country=found.country,
        language=draft.language or answers.language_of(found.country),
        body=body,
        says={"by": draft.by, "act": act},
        expires_at=now + LASTS,
        **_decided(found, draft.purpose, MANUAL, channel, now, is_customer=draft.order is not None),
    )
    stored = _stored(message, ports)
    if stored.says.get("act", act) != act:
        raise KeyIsTaken("This key has sent another text, or to another phone. Give a new key.")
    return stored


def retry(
    message_id: int, ports: Ports, *, by: str, recipient: str = "", accept_duplicate: bool = False
) -> Message:
    """The text is sent anew as a message of its own, once however often it is asked for: where
    that fails, too, the new message is the one to be sent anew.

    It is written from the shop as it is now. ``recipient`` is the corrected number, "": the same.
    Raises InvalidInput where the text cannot be sent anew, InvalidRecipient for a number.
    """
    with ports.shop.writer(), transaction.atomic():
        old = Message.objects.select_for_update().get(pk=message_id)
        reference = _reference("anew", str(old.reference))
        if again := Message.objects.filter(reference=reference).first():
            return again
        channel = load(ports, [old.channel_id or 0]).get(old.channel_id or 0)
        refusal = why_not(old, channel)
        if refusal or channel is None:
            raise InvalidInput(refusal)
        if old.status == MessageStatus.OUTCOME_UNKNOWN and not accept_duplicate:
            raise InvalidInput(
                "The provider may have taken it: the person would read it twice. Say "
                "acceptDuplicate: true to send it all the same."
            )
        now, written = ports.clock.now(), recipient or old.recipient
        find = recipients.of_staff if old.to_staff else recipients.of_number
        found = find(written, channel)
        _has_number(found)
        spec = EVENTS.get(old.event_name)
        lasts = dt.timedelta(seconds=spec.expires_seconds) if spec else LASTS
        message = Message(
            reference=reference,
            recipient=found.number,
            country=found.country if recipient else old.country or found.country,
            body=old.body if spec is None else "",
            says=old.says | {"retry_of": old.pk, "by": by},
            expires_at=now + lasts,
            **{name: getattr(old, name) for name in _SAME},
            **_decided(
                found, Purpose(old.purpose), old.event_name, channel, now,
                is_customer=bool(old.order_id), to_staff=old.to_staff,
            ),
        )  # fmt: skip
        return _stored(message, ports)


def why_not(message: Message, channel: Channel | None) -> str:
    """Why the text is not sent anew, "" where it is; ``channel`` is its own, None once gone.

    One whose outcome is unknown is, but only for somebody who accepts a second one.
    """
    spec = EVENTS.get(message.event_name)
    if spec is None and message.event_name != MANUAL:
        return "Only texts about orders and texts that staff wrote are sent anew."
    if spec and spec.step:
        return "Reminders of a cart are counted by law: none is sent anew."
    if message.status not in RETRYABLE:
        return f"Only a text that did not arrive is sent anew; this one is {message.status}."
    if spec is None and not message.body:
        return "The text was erased after its retention period. Write it anew."
    if spec is None and message.purpose == Purpose.MARKETING and message.encoding:
        return "It holds its reader's own way to opt out. Write it anew."
    return "" if channel else Reason.CHANNEL_GONE.sentence


def cancel(message_id: int, ports: Ports) -> Message:
    """The text that waited has ended, now or by staff before. Raises InvalidInput for one that
    does not wait."""
    with ports.shop.writer():
        waiting = Message.objects.filter(pk=message_id, status__in=WAITING)
        ended = waiting.update(
            status=MessageStatus.CANCELLED, reason=Reason.CANCELLED_BY_STAFF, detail="",
            finished_at=ports.clock.now(),
        )  # fmt: skip
        message = Message.objects.get(pk=message_id)
    if not ended and message.reason != Reason.CANCELLED_BY_STAFF:
        raise InvalidInput(f"The text does not wait any more: it is {message.status}.")
    return message


_SAME = (
    "event_name", "order_id", "checkout_id", "order_number", "channel_id", "channel_slug",
    "purpose", "priority", "to_staff", "language",
)  # fmt: skip


def _body(text: str, channel: Channel) -> str:
    body = "\n".join(segments.clean(line) for line in text.strip().splitlines())
    if not body:
        raise InvalidInput("The text is empty.")
    count = segments.measure(body).segment_count
    if count > channel.config.max_segments:
        raise InvalidInput(
            f"The text takes {count} segments; at most {channel.config.max_segments} are allowed "
            "(advanced: max_segments)."
        )
    return body


def _has_number(found: Recipient) -> None:
    if not found.number:
        reason = found.reason or Reason.NO_PHONE
        said = " ".join(filter(None, (reason.sentence, found.detail)))
        raise InvalidRecipient(said, reason=reason)


def _decided(
    found: Recipient,
    purpose: Purpose,
    event: str,
    channel: Channel,
    now: dt.datetime,
    *,
    is_customer: bool,
    to_staff: bool = False,
) -> dict[str, Any]:
    """The columns that say whether the text goes out; the door asks everything again."""
    refusal = (found.reason, found.detail) if found.reason else None
    if refusal is None and not to_staff:
        place = recipients.place_of(None, found.number, found.country, channel)
        refusal = consent.may_send(
            found.number, purpose, event, channel, ledger.read([found.number]),
            channel.config.law_at(place), is_customer=is_customer,
        )  # fmt: skip
    ended = refusal is not None
    reason, detail = refusal or ("", "")
    return {
        "status": MessageStatus.SUPPRESSED if ended else MessageStatus.QUEUED,
        "reason": reason, "detail": detail, "due_at": now, "not_before": now, "created_at": now,
        "finished_at": now if ended else None,
    }  # fmt: skip


def _stored(message: Message, ports: Ports) -> Message:
    with ports.shop.writer():
        new = insert_once(message)
        stored = Message.objects.get(reference=message.reference)
    if new:
        logger.info(
            "Message %s: %s to %s by staff", message.status, message.event_name,
            phone_numbers.mask(message.recipient),
            extra={"action": f"message_{message.status}", "reason": str(message.reason)},
        )  # fmt: skip
        transaction.on_commit(ports.wake.nudge)
    return stored


def _reference(*parts: str) -> uuid.UUID:
    """The same for the same act, and known to nobody else: unique, so the act happens once."""
    digest = salted_hmac("saleor_sms_plugin.manual", "\n".join(parts), algorithm="sha256").digest()
    return uuid.UUID(bytes=digest[:16], version=4)
