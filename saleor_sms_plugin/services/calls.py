"""One call to a provider: a durable attempt row before it, its outcome after it (law 4)."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.db.models import Count

from ..domain import phone_numbers, retry
from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus, may_follow
from ..exceptions import (
    OutcomeUnknown,
    OutOfCredit,
    ProviderAccountError,
    ProviderError,
    ProviderThrottled,
    RetryableProviderError,
    TerminalProviderError,
    log_fault,
)
from ..models import Message, SendAttempt
from ..models.many import Update, insert_for, update_all
from ..ports import Ports
from ..providers import OutboundMessage, Provider, SendResult
from . import caps, ledger
from .caps import NONE, Bounds
from .endings import finish
from .writing import Text

logger = logging.getLogger(__name__)

ACCOUNT_AGAIN = dt.timedelta(minutes=5)  #: how often an account that was refused is tried again
THROTTLED_TRIES = 2  #: the wait of a throttled text does not grow beyond that of its second try
DEAREST = 1_000_000  #: no text costs that much; the column ends there
HTTP_STATUSES = range(1000)
DATABASE_BACK = 15.0  #: seconds an answer waits for a lost database before it is given up

Outcome = SendAttempt.Outcome
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A text that may go out: through the door, rendered, its provider open."""

    message: Message
    text: Text
    provider: Provider
    bounds: Bounds = NONE
    #: the acts in its reader's ledger that it was judged by; None: nobody was asked
    heard: frozenset[int] | None = None


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A text whose attempt row is durable: it may be called, once."""

    ready: Ready
    attempt: SendAttempt
    failures: int = 0  #: of earlier attempts; "too fast" and a refused account are none


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What an answer makes of the attempt and of the message."""

    outcome: SendAttempt.Outcome
    status: MessageStatus
    reason: Reason | str = ""
    code: str = ""
    detail: str = ""
    http_status: int | None = None
    provider_message_ids: tuple[str, ...] = ()
    message: dict[str, Any] = field(default_factory=dict)  # further columns of the message
    error: ProviderError | None = None
    seconds: float = 0.0  # how long the provider took
    began: float = 0.0  # when it was called, by this process's stopwatch


#: A text and what came of its call.
Answered: TypeAlias = tuple[Begun, Ending]


def call(message: Message, text: Text, provider: Provider, ports: Ports) -> MessageStatus | None:
    """One text's attempt, call and outcome; returns the status it leads to.

    None where the claim was lost before the call: then nothing was sent.
    """
    begun = begin([Ready(message=message, text=text, provider=provider)], ports)
    if not begun:
        return None
    ending = ask(begun[0], ports)
    end([(begun[0], ending)], ports)
    return ending.status


def begin(batch: Sequence[Ready], ports: Ports, answers: Sequence[Answered] = ()) -> list[Begun]:
    """Attempt rows are durable for the texts whose claim still holds; the others are left out.
    The outcomes of other texts are stored in the same statement; to ``tell`` of them is left.

    The fence: a claim that ran out while this worker slept is somebody else's text by now.
    An offer over one of its bounds ends here. A text whose reader has put down a stop since it
    was prepared is taken back, to be judged by it.
    """
    now = ports.clock.now()
    batch = [ready for ready in batch if (ready.message.claimed_until or now) > now]
    for ready in batch:
        _write(ready)
    texts = {ready.message.pk: ready for ready in batch}
    is_bounded = any(ready.bounds != NONE for ready in batch)

    def store() -> tuple[caps.Refusals, dict[int, int], list[SendAttempt]]:
        with ports.shop.writer(), transaction.atomic() if is_bounded else nullcontext():
            over = caps.refusals([(ready.message, ready.bounds) for ready in batch], ports)
            free = [ready for ready in batch if ready.message.pk not in over]
            failures = _failures([ready.message for ready in free])
            return over, failures, _insert_attempts(free, now, _updates_of(answers, now))

    def end_refused() -> None:
        with ports.shop.writer():
            for pk, refusal in over.items():
                finish(texts[pk].message, MessageStatus.SUPPRESSED, *refusal, now=now)

    over, failures, attempts = _when_database_is_back(store)
    _when_database_is_back(end_refused)
    begun = [
        Begun(ready=texts[each.message_id], attempt=each, failures=failures.get(each.message_id, 0))
        for each in attempts
    ]
    return _as_judged(begun, ports)


def _insert_attempts(
    batch: Sequence[Ready], now: dt.datetime, others: Sequence[Update]
) -> list[SendAttempt]:
    messages = [ready.message for ready in batch]
    attempts = [
        SendAttempt(
            message=ready.message,
            number=ready.message.attempt_count,
            provider=ready.provider.name,
            started_at=now,
        )
        for ready in batch
    ]
    begun = Update(messages, _WRITTEN, same=_CLAIM)
    return insert_for(attempts, begun, by="message", others=others)


def _as_judged(begun: Sequence[Begun], ports: Ports) -> list[Begun]:
    """Those whose reader has put down no stop but those that the text was judged by.

    It is asked once their attempts are durable: a stop that is not seen here is committed after
    the text began, and finds it begun. So neither needs a lock of the number.
    """
    asked = {each.ready.message.recipient for each in begun if each.ready.heard is not None}

    def read() -> Mapping[str, set[int]]:
        with ports.shop.writer():
            return ledger.stops_of(asked)

    stops = _when_database_is_back(read)
    stopped = [
        each for each in begun
        if each.ready.heard is not None
        and not stops.get(each.ready.message.recipient, set()) <= each.ready.heard
    ]  # fmt: skip
    take_back(stopped, ports)
    return [each for each in begun if each not in stopped] if stopped else list(begun)


def _failures(messages: Sequence[Message]) -> dict[int, int]:
    """How often the texts that were tried before have failed by themselves."""
    again = [message.pk for message in messages if message.attempt_count > 1]
    if not again:
        return {}
    failed = SendAttempt.objects.filter(message_id__in=again, outcome=Outcome.RETRYABLE)
    return dict(failed.values_list("message_id").annotate(Count("pk")).order_by())


_CLAIM = ("status", "claim", "claimed_until")
_WRITTEN = (
    "attempt_count", "body", "encoding", "segment_count", "language", "sender_id", "provider",
    "says",
)  # fmt: skip


def _write(ready: Ready) -> None:
    message, text = ready.message, ready.text
    message.attempt_count += 1
    message.body, message.encoding = text.body, text.encoding
    message.segment_count, message.language = text.segment_count, text.language
    message.sender_id, message.provider, message.says = (
        text.sender_id, ready.provider.name, text.says
    )  # fmt: skip


def ask(begun: Begun, ports: Ports) -> Ending:
    """The provider is called once; no transaction is open and no database is used."""
    message, provider = begun.ready.message, begun.ready.provider
    outbound = OutboundMessage(
        recipient=message.recipient,
        sender_id=message.sender_id,
        body=message.body,
        reference=str(message.reference),
    )
    started = time.monotonic()
    try:
        ending = _accepted(provider.send(outbound), ports.clock.now())
    except ProviderError as error:
        ending = _refused(error, begun, ports.clock.now())
    except Exception as error:
        # A fault of ours after the request may have left: never send it again.
        log_fault(logger, "Provider %s failed unexpectedly", provider.name)
        unknown = OutcomeUnknown(type(error).__name__, provider=provider.name)
        ending = _refused(unknown, begun, ports.clock.now())
    return replace(ending, seconds=time.monotonic() - started, began=started)


def end(answers: Sequence[Answered], ports: Ports) -> None:
    """The outcomes are stored, also where the database was away for a while."""

    def store() -> None:
        with ports.shop.writer():
            update_all(*_updates_of(answers, ports.clock.now()))

    if answers:
        _when_database_is_back(store)
    tell(answers)


def tell(answers: Sequence[Answered]) -> None:
    """The log has a line about each of these outcomes."""
    for begun, ending in answers if logger.isEnabledFor(logging.INFO) else ():
        message = begun.ready.message
        logger.info(
            "Message %s: %s to %s by %s", ending.status, message.event_name,
            phone_numbers.mask(message.recipient), begun.ready.provider.name,
            extra={
                "action": f"message_{ending.status}", "sms_event": message.event_name,
                "reason": str(ending.reason), "provider_code": ending.code,
                "channel": message.channel_slug, "seconds": round(ending.seconds, 3),
                "waited": _waited(message),
            },
        )  # fmt: skip


def _waited(message: Message) -> float | None:
    """The seconds from when a text was due until it went out; None where it did not."""
    if message.sent_at is None:
        return None
    return round((message.sent_at - message.due_at).total_seconds(), 3)


def take_back(batch: Sequence[Begun], ports: Ports) -> None:
    """Texts begun but never called wait as before, and their attempts never were."""

    def store() -> None:
        with ports.shop.writer(), transaction.atomic():
            _take_back(batch)

    if batch:
        _when_database_is_back(store)


def _take_back(batch: Sequence[Begun]) -> None:
    for begun in sorted(batch, key=lambda begun: begun.ready.message.pk):
        message = begun.ready.message
        Message.objects.filter(
            pk=message.pk, status=MessageStatus.SENDING, claim=message.claim,
            attempt_count=begun.attempt.number,
        ).update(
            status=MessageStatus.QUEUED, claim=None, claimed_until=None, taken_at=None,
            attempt_count=begun.attempt.number - 1,
        )  # fmt: skip
    attempts = SendAttempt.objects.filter(pk__in=[begun.attempt.pk for begun in batch])
    attempts.filter(outcome=Outcome.PENDING).delete()


def _accepted(result: SendResult, now: dt.datetime) -> Ending:
    price = result.price
    if price is not None and not (price.is_finite() and abs(price) < DEAREST):
        price = None
    currency = _storable(result.currency)[:3] if price is not None else ""
    return Ending(
        outcome=Outcome.ACCEPTED,
        status=MessageStatus.SENT,
        provider_message_ids=tuple(map(_storable, result.provider_message_ids)),
        message={"sent_at": now, "finished_at": None, "price": price, "currency": currency},
    )


def _storable(text: object) -> str:
    """What a provider says, without what PostgreSQL stores in no text (law 11)."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode()


def _refused(error: ProviderError, begun: Begun, now: dt.datetime) -> Ending:
    outcome, status, reason, columns = _verdict(error, begun, now)
    return Ending(
        outcome=outcome,
        status=status,
        reason=reason,
        code=_storable(error.code)[:64],
        detail=phone_numbers.conceal(_storable(error), begun.ready.message.recipient),
        http_status=error.http_status if error.http_status in HTTP_STATUSES else None,
        message=columns,
        error=error,
    )


def _verdict(
    error: ProviderError, begun: Begun, now: dt.datetime
) -> tuple[SendAttempt.Outcome, MessageStatus, Reason, dict[str, Any]]:
    """What an error makes of the attempt and of the message, with the message's new columns."""
    ended: dict[str, Any] = {"finished_at": now}
    match error:
        case ProviderAccountError():
            # The account is at fault, not the text: it waits with the account.
            again = {"not_before": now + ACCOUNT_AGAIN, "taken_at": None}
            credit = isinstance(error, OutOfCredit)
            reason = Reason.OUT_OF_CREDIT if credit else Reason.PROVIDER_ACCOUNT
            return Outcome.REFUSED, MessageStatus.HELD, reason, again
        case TerminalProviderError():
            return Outcome.REFUSED, MessageStatus.REJECTED, Reason.REJECTED, ended
        case ProviderThrottled():
            # Too fast is the account's matter: it never uses up a text's attempts.
            tried = min(begun.attempt.number, THROTTLED_TRIES)
            at = _next_try(tried, begun, now, error.retry_after)
            return Outcome.REFUSED, *_again(at, ended)
        case RetryableProviderError():
            return Outcome.RETRYABLE, *_again(_next_try(begun.failures + 1, begun, now), ended)
        case _:
            return Outcome.UNKNOWN, MessageStatus.OUTCOME_UNKNOWN, Reason.NO_ANSWER, {}


def _next_try(
    tried: int, begun: Begun, now: dt.datetime, retry_after: float | None = None
) -> dt.datetime | None:
    chance = random.random()  # noqa: S311 (jitter, not a secret)
    return retry.next_try(tried, now, begun.ready.message.expires_at, retry_after, chance)


def _again(
    at: dt.datetime | None, ended: dict[str, Any]
) -> tuple[MessageStatus, Reason, dict[str, Any]]:
    if at is None:
        return MessageStatus.FAILED, Reason.RETRIES_EXHAUSTED, ended
    return MessageStatus.QUEUED, Reason.RETRY, {"not_before": at, "taken_at": None}


_ENDED = ("status", "reason", "detail", "claim", "claimed_until")
_ANSWERED = ("outcome", "code", "detail", "http_status", "provider_message_ids", "finished_at")


def _updates_of(answers: Sequence[Answered], now: dt.datetime) -> list[Update]:
    """What stores the outcomes; the instances hold them from now on."""
    ended: dict[tuple[str, ...], list[Message]] = defaultdict(list)  # by status, further columns
    for begun, ending in answers:
        attempt = begun.attempt
        attempt.outcome, attempt.code = ending.outcome, ending.code
        attempt.detail, attempt.http_status = ending.detail, ending.http_status
        attempt.provider_message_ids = list(ending.provider_message_ids)
        attempt.finished_at = now
        message = begun.ready.message
        message.status, message.reason = ending.status, ending.reason
        message.detail = ending.detail if ending.reason else ""
        message.claim = message.claimed_until = None
        for name, value in ending.message.items():
            setattr(message, name, value)
        ended[ending.status, *ending.message].append(message)
    return [
        *(
            # Where a receipt, or the clean-up of a claim that ran out, knows better, its word stays
            Update(
                messages, [*_ENDED, *columns], same=["attempt_count"],
                status_in=[s for s in MessageStatus if may_follow(s, MessageStatus(status))],
            )
            for (status, *columns), messages in sorted(ended.items())
        ),
        Update([begun.attempt for begun, _ in answers], _ANSWERED),
    ]  # fmt: skip


def _when_database_is_back(work: Callable[[], _T]) -> _T:
    """Outlives a database that restarts, breaks a deadlock, or fails over to a server that does
    not write yet (PostgreSQL calls that an internal error): tried again, on a connection of its
    own, for ``DATABASE_BACK`` seconds."""
    give_up = time.monotonic() + DATABASE_BACK
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError, InternalError):
            if time.monotonic() >= give_up or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(0.5)
