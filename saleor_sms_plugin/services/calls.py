"""One call to a provider: a durable attempt row before it, its outcome after it (law 4)."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from ..domain import phone_numbers, retry
from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus, may_follow
from ..exceptions import (
    OutcomeUnknown,
    ProviderAccountError,
    ProviderError,
    ProviderThrottled,
    RetryableProviderError,
    TerminalProviderError,
)
from ..models import Message, SendAttempt
from ..ports import Ports
from ..providers import OutboundMessage, Provider, SendResult
from .writing import Text

logger = logging.getLogger(__name__)

ACCOUNT_AGAIN = dt.timedelta(minutes=5)  #: how often an account that was refused is tried again
DATABASE_BACK = 15.0  #: seconds an answer waits for a lost database before it is given up

Outcome = SendAttempt.Outcome


@dataclass(frozen=True, kw_only=True)
class _Ending:
    """What an answer makes of the attempt and of the message."""

    outcome: SendAttempt.Outcome
    status: MessageStatus
    reason: Reason | str = ""
    code: str = ""
    detail: str = ""
    http_status: int | None = None
    provider_message_ids: tuple[str, ...] = ()
    message: dict[str, Any] = field(default_factory=dict)  # further columns of the message


def call(message: Message, text: Text, provider: Provider, ports: Ports) -> MessageStatus | None:
    """The provider is called once and its answer stored; returns the status it leads to.

    None where the claim was lost before the call: then nothing was sent. No transaction is open
    during the call.
    """
    with ports.shop.writer():
        attempt = _begin(message, text, provider, ports.clock.now())
    if attempt is None:
        return None
    outbound = OutboundMessage(
        recipient=message.recipient,
        sender_id=text.sender_id,
        body=text.body,
        reference=str(message.reference),
    )
    try:
        ending = _accepted(provider.send(outbound), ports.clock.now())
    except ProviderError as error:
        ending = _refused(error, message, ports.clock.now())
    except Exception as error:
        # A fault of ours after the request may have left: never send it again.
        logger.exception("Provider %s failed unexpectedly", provider.name)
        ending = _refused(
            OutcomeUnknown(type(error).__name__, provider=provider.name),
            message, ports.clock.now(),
        )  # fmt: skip

    def store() -> None:
        with ports.shop.writer(), transaction.atomic():
            _end(message, attempt, ending, ports.clock.now())

    _when_database_is_back(store)
    logger.info(
        "Message %s: %s to %s by %s", ending.status, message.event_name,
        phone_numbers.mask(message.recipient), provider.name,
        extra={
            "action": f"message_{ending.status}", "sms_event": message.event_name,
            "reason": str(ending.reason), "provider_code": ending.code,
        },
    )  # fmt: skip
    return ending.status


def _begin(
    message: Message, text: Text, provider: Provider, now: dt.datetime
) -> SendAttempt | None:
    number = message.attempt_count + 1
    written = {
        "attempt_count": number,
        "body": text.body,
        "encoding": text.encoding,
        "segment_count": text.segment_count,
        "language": text.language,
        "sender_id": text.sender_id,
        "provider": provider.name,
        "says": text.says,
    }
    with transaction.atomic():
        # The fence: a claim that ran out while this worker slept is somebody else's text.
        ours = Message.objects.filter(
            pk=message.pk, claim=message.claim, status=MessageStatus.SENDING,
            claimed_until__gt=now, attempt_count=message.attempt_count,
        )  # fmt: skip
        if not ours.update(**written):
            return None
        for name, value in written.items():
            setattr(message, name, value)
        return SendAttempt.objects.create(
            message=message, number=number, provider=provider.name, started_at=now
        )


def _accepted(result: SendResult, now: dt.datetime) -> _Ending:
    return _Ending(
        outcome=Outcome.ACCEPTED,
        status=MessageStatus.SENT,
        provider_message_ids=result.provider_message_ids,
        message={
            "sent_at": now, "finished_at": None, "price": result.price,
            "currency": result.currency if result.price is not None else "",
        },
    )  # fmt: skip


def _refused(error: ProviderError, message: Message, now: dt.datetime) -> _Ending:
    outcome, status, reason, columns = _verdict(error, message, now)
    return _Ending(
        outcome=outcome,
        status=status,
        reason=reason,
        code=error.code,
        detail=str(error),
        http_status=error.http_status,
        message=columns,
    )


def _verdict(
    error: ProviderError, message: Message, now: dt.datetime
) -> tuple[SendAttempt.Outcome, MessageStatus, Reason, dict[str, Any]]:
    """What an error makes of the attempt and of the message, with the message's new columns."""
    ended: dict[str, Any] = {"finished_at": now}
    match error:
        case ProviderAccountError():
            again = {"not_before": now + ACCOUNT_AGAIN, "taken_at": None}
            return Outcome.REFUSED, MessageStatus.HELD, Reason.PROVIDER_ACCOUNT, again
        case TerminalProviderError():
            return Outcome.REFUSED, MessageStatus.REJECTED, Reason.REJECTED, ended
        case RetryableProviderError():
            at = _next_try(error, message, now)
            if at is None:
                return Outcome.RETRYABLE, MessageStatus.FAILED, Reason.RETRIES_EXHAUSTED, ended
            waits = {"not_before": at, "taken_at": None}
            return Outcome.RETRYABLE, MessageStatus.QUEUED, Reason.RETRY, waits
        case _:
            return Outcome.UNKNOWN, MessageStatus.OUTCOME_UNKNOWN, Reason.NO_ANSWER, {}


def _next_try(
    error: RetryableProviderError, message: Message, now: dt.datetime
) -> dt.datetime | None:
    asked = error.retry_after if isinstance(error, ProviderThrottled) else None
    chance = random.random()  # noqa: S311 (jitter, not a secret)
    return retry.next_try(message.attempt_count, now, message.expires_at, asked, chance)


def _end(message: Message, attempt: SendAttempt, ending: _Ending, now: dt.datetime) -> None:
    SendAttempt.objects.filter(pk=attempt.pk).update(
        outcome=ending.outcome,
        code=ending.code[:64],
        detail=ending.detail,
        http_status=ending.http_status,
        provider_message_ids=list(ending.provider_message_ids),
        finished_at=now,
    )
    row = Message.objects.select_for_update().get(pk=message.pk)
    if row.attempt_count != attempt.number or not may_follow(
        MessageStatus(row.status), ending.status
    ):
        return  # a receipt, or the clean-up of a claim that ran out, knows better
    detail = ending.detail if ending.reason else ""
    changed = {
        "status": ending.status, "reason": ending.reason, "detail": detail,
        "claim": None, "claimed_until": None, **ending.message,
    }  # fmt: skip
    Message.objects.filter(pk=row.pk).update(**changed)
    for name, value in changed.items():
        setattr(message, name, value)


def _when_database_is_back(store: Callable[[], None]) -> None:
    """An answer outlives a database that restarts: tried again for ``DATABASE_BACK`` seconds."""
    give_up = time.monotonic() + DATABASE_BACK
    while True:
        try:
            return store()
        except (OperationalError, InterfaceError):
            if time.monotonic() >= give_up or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(0.5)
