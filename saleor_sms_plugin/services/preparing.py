"""Preparing: a claimed text goes through the door again and is rendered, or ends, or waits."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from ..config import text_field
from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..events.catalogue import EVENTS, Purpose
from ..exceptions import ConfigurationError, TemplateError, log_fault
from ..models import Activation, Message, ShopEvent
from ..models.any_of import any_of
from ..models.message import ALERT, OWN_WORDS, TEST
from ..ports import Order, PaymentFailure, Ports
from . import (
    boxes,
    caps,
    door,
    failures,
    footers,
    ledger,
    opting,
    recipients,
    subjects,
    suppression,
    surveys,
    writing,
)
from .accounts import provider_of
from .calls import Ready
from .channels import Channel, activations
from .endings import finish, postpone
from .rules import not_since

logger = logging.getLogger(__name__)

MEND_AGAIN = dt.timedelta(minutes=5)  #: how often a text held by a configuration is tried


@dataclass(frozen=True)
class Knowledge:
    """What a batch reads once from the shop."""

    channels: Mapping[int, Channel]
    orders: Mapping[str, Order]
    active: Mapping[tuple[int, str], Activation]
    suppressed: Mapping[str, tuple[Reason, str]]
    consents: ledger.Ledger
    failures: Mapping[str, Mapping[str, PaymentFailure]]  # of each order
    occurred: Mapping[int | None, dt.datetime]  # by the event's id


def prepare(batch: Sequence[Message], channels: Mapping[int, Channel], ports: Ports) -> list[Ready]:
    """Those of the texts that may go out now, rendered; the others ended or wait, with a reason."""
    known = _read_or_none(batch, channels, ports)
    return [
        ready for message in batch if (ready := _prepare_or_hold(message, known, channels, ports))
    ]


def _read(batch: Sequence[Message], channels: Mapping[int, Channel], ports: Ports) -> Knowledge:
    order_ids = {message.order_id for message in batch if message.order_id}
    checkout_ids = {m.checkout_id for m in batch if m.checkout_id and not m.order_id}
    orders = subjects.read(order_ids, checkout_ids, ports)
    boxes.found(orders.values(), ports)
    events = ShopEvent.objects.filter(any_of("pk", {m.event_id for m in batch if m.event_id}))
    return Knowledge(
        channels=channels,
        orders=orders,
        active=activations(channels.keys()),
        suppressed=suppression.among(message.recipient for message in batch),
        consents=ledger.read(message.recipient for message in batch),
        failures=_failures(batch, ports),
        occurred=dict(events.values_list("pk", "occurred_at")),
    )


def _failures(batch: Sequence[Message], ports: Ports) -> Mapping[str, Mapping[str, PaymentFailure]]:
    told = {row: subjects.key_of(m) for m in batch if (row := failures.row_of(m.says))}
    return failures.read(set(told.values()), ports, set(told)) if told else {}


def _read_or_none(
    batch: Sequence[Message], channels: Mapping[int, Channel], ports: Ports
) -> Knowledge | None:
    """None where an order cannot be read: then each text's order is read alone."""
    try:
        return _read(batch, channels, ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log_fault(logger, "An order among those of %d texts cannot be read", len(batch))
        return None


def _prepare_or_hold(
    message: Message, known: Knowledge | None, channels: Mapping[int, Channel], ports: Ports
) -> Ready | None:
    """``_prepare``, where a fault of one text holds that text and stops no other."""
    try:
        return _prepare(message, known or _read([message], channels, ports), ports)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the run ends, claims come free by themselves
    except Exception as error:
        log_fault(logger, "Text %s could not be sent", message.reference)
        postpone(message, Reason.FAULT, type(error).__name__, ports.clock.now() + MEND_AGAIN)
        return None


def _prepare(message: Message, known: Knowledge, ports: Ports) -> Ready | None:
    """The text through the door and rendered; None where it ended or waits, with its reason."""
    now = ports.clock.now()
    order = known.orders.get(subjects.key_of(message))
    if end := _at_the_door(message, order, known, now):
        status, reason, detail = end
        finish(message, status, reason, detail, now=now)
        return None
    assert message.channel_id is not None  # noqa: S101 (the door saw the channel)
    channel = known.channels[message.channel_id]
    if _objection(message, order, known) is Reason.PAYMENT_RUNNING:
        postpone(message, Reason.PAYMENT_RUNNING, "", now + failures.AGAIN)
        return None
    if morning := _morning(message, channel, order, now):
        postpone(message, Reason.NIGHT, f"Until {morning:%Y-%m-%d %H:%M} UTC.", morning)
        return None
    try:
        if channel.config.blocking:
            raise ConfigurationError(channel.config.blocking[0].message)
        provider = provider_of(channel)
        footer = footers.footer_of(message, channel)
        text = writing.write(message, channel, order, footer or footers.NONE)
    except ConfigurationError as error:
        postpone(message, Reason.CONFIGURATION, str(error), now + MEND_AGAIN)
        return None
    except TemplateError as error:
        detail = f"{text_field(message.event_name)}: {error}"
        postpone(message, Reason.TEMPLATE, detail, now + MEND_AGAIN)
        return None
    if footer is None or not footer.fits(text.segment_count):
        why = f"With a link at most 1 segment; it has {text.segment_count}." if footer else ""
        finish(message, MessageStatus.SUPPRESSED, Reason.NO_OPT_OUT_PATH, why, now=now)
        return None
    if text.segment_count > channel.config.max_segments:
        finish(
            message, MessageStatus.FAILED, Reason.TOO_LONG,
            f"{text.segment_count} segments; at most {channel.config.max_segments} "
            "(advanced: max_segments).", now=now,
        )  # fmt: skip
        return None
    if not surveys.can_be_answered(message, text):
        finish(message, MessageStatus.SUPPRESSED, Reason.NO_ANSWER_PATH, now=now)
        return None
    bounds = caps.bounds_of(message, channel, order)
    heard = frozenset(entry.id for entry in known.consents.entries.get(message.recipient, ()))
    return Ready(
        message=message, text=text, provider=provider, bounds=bounds,
        heard=None if message.to_staff else heard,
    )  # fmt: skip


def _at_the_door(
    message: Message, order: Order | None, known: Knowledge, now: dt.datetime
) -> tuple[MessageStatus, Reason, str] | None:
    """How a text ends that must not go out any more, None when it may."""
    if now > message.expires_at:
        return MessageStatus.EXPIRED, Reason.EXPIRED, ""
    channel = known.channels.get(message.channel_id or 0)
    if channel is None:
        return MessageStatus.SUPPRESSED, Reason.CHANNEL_GONE, ""
    spec = EVENTS.get(message.event_name)
    if spec is None:
        return _own_at_the_door(message, order, channel, known)
    if not channel.sends(spec.name):
        return MessageStatus.SUPPRESSED, Reason.SWITCHED_OFF, ""
    occurred_at = known.occurred.get(message.event_id, message.created_at)
    if past := not_since(known.active.get((channel.id, spec.name)), occurred_at):
        return MessageStatus.SUPPRESSED, past.reason, past.detail
    if order is None and not door.is_digest(message.says):
        return MessageStatus.SUPPRESSED, Reason.ORDER_GONE, ""
    if order and (reason := door.ended(spec, order, message.says)):
        return MessageStatus.SUPPRESSED, reason, ""
    reason = _objection(message, order, known)
    if reason and reason is not Reason.PAYMENT_RUNNING:
        return MessageStatus.SUPPRESSED, reason, ""
    return _refused(message, order, channel, known)


def _objection(message: Message, order: Order | None, known: Knowledge) -> Reason | None:
    """Why a failed payment is told no more; ``PAYMENT_RUNNING``: not yet."""
    row = failures.row_of(message.says)
    if not row or order is None:
        return None
    of_order = known.failures.get(subjects.key_of(message), {})
    failure = of_order.get(row)
    if failure is None:
        return Reason.ORDER_GONE
    return failures.objection(EVENTS[message.event_name], failure, order, of_order.values())


def _own_at_the_door(
    message: Message, order: Order | None, channel: Channel, known: Knowledge
) -> tuple[MessageStatus, Reason, str] | None:
    """``_at_the_door`` of a text about no event. Tests and alerts go out while all is off."""
    if message.event_name not in OWN_WORDS:
        said = "This version does not know the event."
        return MessageStatus.SUPPRESSED, Reason.SWITCHED_OFF, said
    if message.event_name in (TEST, ALERT):
        return None
    if not channel.stored.active:
        return MessageStatus.SUPPRESSED, Reason.SWITCHED_OFF, ""
    return _refused(message, order, channel, known)


def _refused(
    message: Message, order: Order | None, channel: Channel, known: Knowledge
) -> tuple[MessageStatus, Reason, str] | None:
    """How a text ends that its number or its reader refuses; who wrote is answered all the same."""
    if refused := recipients.refused(
        message.recipient, channel, to_staff=message.to_staff, suppressed=known.suppressed
    ):
        return MessageStatus.SUPPRESSED, *refused
    place = recipients.place_of(order, message.recipient, message.country, channel)
    if refusal := opting.refusal(message, channel, known.consents, place):
        return MessageStatus.SUPPRESSED, *refusal
    return None


def _morning(
    message: Message, channel: Channel, order: Order | None, now: dt.datetime
) -> dt.datetime | None:
    """What waited for another reason must not go out at night either."""
    place = recipients.place_of(order, message.recipient, message.country, channel)
    purpose = Purpose(message.purpose)
    if (spec := EVENTS.get(message.event_name)) is None:
        offers = purpose is Purpose.MARKETING
        return door.offers_from(place, channel.config, now) if offers else None
    return door.morning(spec, purpose, place, channel.config, now, message.says)
