"""“Send a test text to”: one text at once, its outcome in plain words."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import Any

from django.db import transaction

from ..domain import phone_numbers
from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import Purpose
from ..exceptions import ConfigurationError, InvalidRecipient
from ..models import Message
from ..models.message import TEST
from ..ports import Ports
from . import installation
from .accounts import accounts_of, key_of, provider_of
from .calls import call
from .channels import Channel, load
from .claims import LEASE
from .pace import slot_of
from .writing import write

EVENT = TEST
TEXT = "{shop}: this is a test text. If you can read it, your shop can send texts."
TIMEOUT = (1.5, 3.5)  #: seconds to connect and to wait: somebody looks at a form
WAITS = 2.0  #: seconds for a slot of the account, at most


def try_test(number: str, channel_id: int, ports: Ports) -> Message:
    """One test text was tried; ``outcome_of`` the row says what became of it. Never raises for
    a number, a configuration or a provider."""
    try:
        return send_test(number, channel_id, ports)
    except (ConfigurationError, InvalidRecipient) as error:
        now = ports.clock.now()
        with ports.shop.writer():
            channel = load(ports, [channel_id]).get(channel_id)
            return Message.objects.create(
                **_row(channel_id, channel, "", now),
                status=MessageStatus.FAILED,
                reason=Reason.CONFIGURATION,
                detail=str(error),
                finished_at=now,
            )


def send_test(number: str, channel_id: int, ports: Ports) -> Message:
    """One test text, sent here and now and never again; read ``outcome_of`` the row.

    It takes a slot of its account, as every text does; where none comes within ``WAITS`` it is
    left, before all others, to a worker.

    Raises InvalidRecipient for a number that cannot be texted, ConfigurationError naming field
    and fix where the channel cannot send at all.
    """
    now = ports.clock.now()
    with ports.shop.writer():
        if not installation.is_same(ports):
            raise ConfigurationError(Reason.OTHER_INSTALLATION.sentence)
        channels = load(ports)
        channel = channels.get(channel_id)
        if channel is None:
            raise ConfigurationError("This channel has no settings yet. Save the plugin once.")
        if channel.config.blocking:
            raise ConfigurationError(channel.config.blocking[0].message)
        provider = provider_of(channel, timeout=TIMEOUT)
        recipient = phone_numbers.parse(number, channel.default_country)
        sender = channel.config.sender_for(phone_numbers.country_of(recipient))
        wait = slot_of(accounts_of(channels.values()), channel, sender, WAITS)
        ours = {
            "status": MessageStatus.SENDING, "claim": uuid.uuid4(), "claimed_until": now + LEASE,
        }  # fmt: skip
        message = Message.objects.create(
            **_row(channel_id, channel, recipient, now),
            body=TEXT.format(shop=channel.shop_name),
            **({"status": MessageStatus.QUEUED} if wait is None else ours),
        )
        text = write(message, channel, None)
    if wait is None:
        transaction.on_commit(ports.wake.nudge)
        return message
    time.sleep(wait)
    call(message, text, provider, ports)
    with ports.shop.writer():
        # A test is for now: what could be tried again ends here.
        Message.objects.filter(pk=message.pk, status__in=WAITING).update(
            status=MessageStatus.FAILED, finished_at=ports.clock.now()
        )
        message.refresh_from_db()
    return message


def _row(
    channel_id: int, channel: Channel | None, recipient: str, now: dt.datetime
) -> dict[str, Any]:
    return {
        "event_name": EVENT,
        "channel_id": channel_id,
        "channel_slug": channel.slug if channel else "",
        "says": {"account": key_of(channel)} if channel else {},
        "purpose": Purpose.TRANSACTIONAL,
        "priority": 0,
        "to_staff": True,
        "recipient": recipient,
        "country": phone_numbers.country_of(recipient) if recipient else "",
        "language": "en",
        "due_at": now,
        "not_before": now,
        "expires_at": now + dt.timedelta(minutes=5),
        "created_at": now,
    }


def is_of(message: Message, channel: Channel) -> bool:
    """Whether the test text tried the provider, account and sender that the channel has now."""
    account = key_of(channel)
    return (
        message.provider == channel.config.provider
        and message.says.get("account", account) == account
        and message.sender_id == channel.config.sender_for(message.country)
    )


def outcome_of(message: Message) -> str:
    """What became of a test text, for the owner."""
    at = f"{message.created_at:%Y-%m-%d %H:%M} UTC: "
    to = f"the text to {phone_numbers.mask(message.recipient)}" if message.recipient else "the text"
    if message.status in WAITING:
        return f"{at}{to} waits for its turn: its account, or its sender, is slow (Advanced: rate)."
    attempt = message.attempts.order_by("-number").first()
    if attempt is None:
        return f"{at}{to} was not sent. {message.detail}"
    code = f" (code {attempt.code})" if attempt.code else ""
    said = f" {attempt.detail}{code}" if attempt.detail else ""
    if message.status in (MessageStatus.SENT, MessageStatus.DELIVERED):
        if message.provider == "console":
            return f"{at}written to the server's log. Provider console sends nothing to phones."
        price = (
            f" Price: {message.price.normalize():f} {message.currency}." if message.price else ""
        )
        return f"{at}{message.provider} accepted {to}.{price}"
    if message.status in (MessageStatus.OUTCOME_UNKNOWN, MessageStatus.SENDING):
        return f"{at}{message.provider} gave no clear answer; {to} may arrive.{said}"
    return f"{at}{to} was not sent.{said}"
