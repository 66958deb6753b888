"""Dispatch: claim, check again at the door, render, call the provider, store what it said."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from ..config import text_field
from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..events.catalogue import EVENTS
from ..exceptions import ConfigurationError, TemplateError
from ..models import Activation, Message
from ..ports import Order, Ports
from . import claims, door, installation, recipients, writing
from .accounts import provider_of
from .calls import call
from .channels import Channel, activations, load
from .endings import finish, postpone
from .rules import not_since

logger = logging.getLogger(__name__)

FRESH = dt.timedelta(seconds=1)  #: an order read longer ago is read again before the door
MEND_AGAIN = dt.timedelta(minutes=5)  #: how often a text held by a configuration is tried


@dataclass(frozen=True)
class Knowledge:
    """What a batch reads once from the shop; ``read_at`` says how old it is."""

    read_at: dt.datetime
    channels: Mapping[int, Channel]
    orders: Mapping[str, Order]
    active: Mapping[tuple[int, str], Activation]


def run(ports: Ports, until: dt.datetime) -> int:
    """Texts that are due are sent, or end, or wait with a reason; returns how many were called.

    Ends after the call in progress at ``until``; unfinished claims are given back.
    """
    called = 0
    while ports.clock.now() < until:
        claim = uuid.uuid4()
        with ports.shop.writer():
            if not installation.is_live(ports):
                return called
            channels = load(ports)
            batch = claims.take(claim, ports, channels)
            known = _read_or_none(batch, channels, ports)
        if not batch:
            return called
        rest = {message.pk for message in batch}
        try:
            for message in batch:
                if ports.clock.now() >= until:
                    break
                if known and ports.clock.now() - known.read_at > FRESH:
                    with ports.shop.writer():
                        waiting = [m for m in batch if m.pk in rest]
                        known = _read_or_none(waiting, None, ports)
                rest.discard(message.pk)
                called += _send_or_hold(message, known, ports)
        finally:
            if rest:
                with ports.shop.writer():
                    claims.give_back(claim, rest)
    return called


def _read(batch: list[Message], channels: Mapping[int, Channel] | None, ports: Ports) -> Knowledge:
    channels = load(ports) if channels is None else channels
    order_ids = {message.order_id for message in batch if message.order_id}
    return Knowledge(
        read_at=ports.clock.now(),
        channels=channels,
        orders=ports.shop.orders(order_ids) if order_ids else {},
        active=activations(channels.keys()),
    )


def _read_or_none(
    batch: list[Message], channels: Mapping[int, Channel] | None, ports: Ports
) -> Knowledge | None:
    """None where an order cannot be read: then each text's order is read alone."""
    try:
        return _read(batch, channels, ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("An order among those of %d texts cannot be read", len(batch))
        return None


def _send_or_hold(message: Message, known: Knowledge | None, ports: Ports) -> bool:
    """``_send``, where a fault of one text holds that text and stops no other."""
    try:
        if known is None:
            with ports.shop.writer():
                known = _read([message], None, ports)
        return _send(message, known, ports)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the run ends, claims come free by themselves
    except Exception as error:
        logger.exception("Text %s could not be sent", message.reference)
        with ports.shop.writer():
            again = ports.clock.now() + MEND_AGAIN
            postpone(message, Reason.FAULT, type(error).__name__, again)
        return False


def _send(message: Message, known: Knowledge, ports: Ports) -> bool:
    """One text through the door and to the provider; True when the provider was called."""
    now = ports.clock.now()
    order = known.orders.get(message.order_id)
    with ports.shop.writer():
        if end := _at_the_door(message, order, known, now):
            status, reason, detail = end
            finish(message, status, reason, detail, now=now)
            return False
        assert message.channel_id is not None  # noqa: S101 (the door saw the channel)
        channel = known.channels[message.channel_id]
        if morning := _morning(message, channel, now):
            postpone(message, Reason.NIGHT, f"Until {morning:%Y-%m-%d %H:%M} UTC.", morning)
            return False
        try:
            if channel.config.blocking:
                raise ConfigurationError(channel.config.blocking[0].message)
            provider = provider_of(channel)
            text = writing.write(message, channel, order)
        except ConfigurationError as error:
            postpone(message, Reason.CONFIGURATION, str(error), now + MEND_AGAIN)
            return False
        except TemplateError as error:
            detail = f"{text_field(message.event_name)}: {error}"
            postpone(message, Reason.TEMPLATE, detail, now + MEND_AGAIN)
            return False
        if text.segment_count > channel.config.max_segments:
            finish(
                message, MessageStatus.FAILED, Reason.TOO_LONG,
                f"{text.segment_count} segments; at most {channel.config.max_segments} "
                "(advanced: max_segments).", now=now,
            )  # fmt: skip
            return False
    return call(message, text, provider, ports) is not None


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
        return None if message.event_name == "test" else (
            MessageStatus.SUPPRESSED, Reason.SWITCHED_OFF, "This version does not know the event."
        )  # fmt: skip
    if not channel.sends(spec.name):
        return MessageStatus.SUPPRESSED, Reason.SWITCHED_OFF, ""
    occurred_at = message.event.occurred_at if message.event else message.created_at
    if past := not_since(known.active.get((channel.id, spec.name)), occurred_at):
        return MessageStatus.SUPPRESSED, past.reason, past.detail
    if order is None and not door.is_digest(message.says):
        return MessageStatus.SUPPRESSED, Reason.ORDER_GONE, ""
    if order and (reason := door.ended(spec, order, message.says)):
        return MessageStatus.SUPPRESSED, reason, ""
    if refused := recipients.refused(message.recipient, channel, to_staff=message.to_staff):
        return MessageStatus.SUPPRESSED, *refused
    return None


def _morning(message: Message, channel: Channel, now: dt.datetime) -> dt.datetime | None:
    """What waited for another reason must not go out at night either."""
    if (spec := EVENTS.get(message.event_name)) is None:
        return None
    night = channel.config.night
    return door.morning(spec, message.country, message.recipient, night, now)
