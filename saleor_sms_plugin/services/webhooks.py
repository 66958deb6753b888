"""Requests to a webhook address: stored first, verified, then processed by a worker.

The web process stores and verifies, which is cheap, so that a forged request is answered as
such; what cannot be verified there and then is left to the worker. Nothing is read from a
request before it is verified, and a failure keeps the row: it can be processed again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Collection, Sequence

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q, Sum
from django.db.models.functions import Length

from ..domain.spans import AN_HOUR
from ..exceptions import ConfigurationError, Replayed, WebhookError, kind_and_place
from ..models import ProviderAccount, WebhookRequest
from ..models.once import insert_once
from ..ports import Ports
from ..providers import ParsedInbound, ParsedReceipt, WebhookData, provider_class
from . import inbound, receipts
from .addresses import settings_of

logger = logging.getLogger(__name__)

BATCH = 200
#: Seconds: what comes within them is processed together, as a run for each receipt would take
#: the machine from the shop's checkouts.
GATHERED = 0.5
MOST_ATTEMPTS = 5
AGAIN = dt.timedelta(seconds=30)  #: doubled with each attempt
#: Bytes of refused requests that an account keeps within an hour, each row for ``ROW`` at
#: least. Room for an hour of replies under a mistyped secret, none for a forger to fill a disk;
#: what is not kept the provider sends again for a day, as it was refused.
MOST_REFUSED, ROW = 100_000, 500
Status = WebhookRequest.Status
#: Requests that could not be processed, unless their person was forgotten: kept, as each may
#: hold a stop, until they are replayed or given up.
LOST = Q(status=Status.FAILED) & ~Q(body=b"", query="")
_CHANGED = ("status", "error", "nonce", "attempt_count", "process_at", "finished_at")
_Told = tuple[ParsedReceipt | ParsedInbound, ...]


def receive(account: ProviderAccount, request: WebhookData, path: str, ports: Ports) -> None:
    """The request is stored, and will be processed; one that is stored already stays once.

    Raises WebhookError where it is refused: then it is stored as refused, while there is room
    (``MOST_REFUSED``), and nothing else changes. Raises DatabaseError where it could not be
    stored. Call it under writer access.
    """
    row = WebhookRequest(
        account=account, method=request.method, path=path, query=request.query,
        headers=dict(request.headers), body=request.body, digest=_digest(request),
        received_at=request.received_at,
    )  # fmt: skip
    refusal = _judge(row, ports)
    if (refusal is None or _has_room(row)) and not insert_once(row):
        refusal = _again(row, refusal)
    if refusal:
        logger.warning(
            "A webhook request for %s was refused: %s", account, refusal,
            extra={"action": "webhook_refused", "refusal": type(refusal).__name__},
        )  # fmt: skip
        raise refusal
    ports.wake.nudge_in(GATHERED)


def run(ports: Ports, until: dt.datetime) -> int:
    """Stored requests that are due are processed until *until*; returns how many were taken.

    Runs safely many times at once. A row that fails is tried ``MOST_ATTEMPTS`` times and stops
    no other.
    """
    taken = 0
    while ports.clock.now() < until:
        with ports.shop.writer(), transaction.atomic():
            now = ports.clock.now()
            due = WebhookRequest.objects.filter(process_at__lte=now)
            rows = list(
                due.select_for_update(skip_locked=True, of=("self",))
                .select_related("account")
                .order_by("process_at", "pk")[:BATCH]
            )
            _process(rows, ports)
        taken += len(rows)
        if len(rows) < BATCH:
            break
    return taken


def replay(ids: Collection[int] | None, ports: Ports) -> list[WebhookRequest]:
    """These requests, or all that were refused or failed, are verified and processed anew.

    Harmless for what was processed before: a receipt or a reply is stored once per request.
    Returns the rows as they are now, oldest first.
    """
    chosen = WebhookRequest.objects.order_by("pk")
    with ports.shop.writer():
        wanted = (
            chosen.filter(status__in=[Status.REFUSED, Status.FAILED])
            if ids is None
            else chosen.filter(pk__in=ids)
        )
        keys = list(wanted.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        with ports.shop.writer(), transaction.atomic():
            rows = list(
                chosen.filter(pk__in=keys[start : start + BATCH])
                .select_for_update(of=("self",))
                .select_related("account")
            )
            receipts.forget_unmatched(rows)
            for row in rows:
                row.status, row.error, row.attempt_count = Status.RECEIVED, "", 0
            _process(rows, ports)
    with ports.shop.writer():
        return list(chosen.filter(pk__in=keys).select_related("account"))


def give_up(ids: Collection[int], ports: Ports) -> list[int]:
    """These requests are gone, of those that were refused or failed; returns which."""
    with ports.shop.writer(), transaction.atomic():
        hopeless = WebhookRequest.objects.filter(status__in=[Status.REFUSED, Status.FAILED])
        found = list(hopeless.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
        WebhookRequest.objects.filter(pk__in=found).delete()
        return found


def _judge(row: WebhookRequest, ports: Ports) -> WebhookError | None:
    """Verifies the request and sets the row's columns; returns the refusal, if it is one."""
    row.process_at, row.finished_at, row.error = row.received_at, None, ""
    try:
        row.nonce, row.status = _verified(row, ports), Status.VERIFIED
    except WebhookError as error:
        _refuse(row, error, Status.REFUSED, row.received_at)
        return error
    except DatabaseError:
        raise
    except Exception as error:
        # Not the sender's fault: the worker tries again, and the row says why.
        row.status, row.error = Status.RECEIVED, _told(error)
    return None


def _verified(row: WebhookRequest, ports: Ports) -> str:
    """The nonce of a request that is the provider's; raises WebhookError, ConfigurationError."""
    account = row.account
    provider = provider_class(account.provider)
    found = settings_of(account, ports)
    if not found and account.signs:
        raise ConfigurationError(
            f"No channel has the settings of {account} any more, so its signature cannot be "
            "checked. Fill them in again in one channel, then run sms_replay_webhook --failed."
        )
    refusal: WebhookError | None = None
    for settings in found or [{}]:
        try:
            return provider.verify_webhook(_data(row), settings)
        except WebhookError as error:
            refusal = error
    assert refusal is not None  # noqa: S101 (the loop ran)
    raise refusal


def _has_room(row: WebhookRequest) -> bool:
    """The account has not kept ``MOST_REFUSED`` within the hour, this refused request included."""
    size = Length("body") + Length("query") + ROW
    refused = WebhookRequest.objects.filter(
        account=row.account, status=Status.REFUSED, received_at__gt=row.received_at - AN_HOUR
    )
    kept: int = refused.aggregate(bytes=Sum(size))["bytes"] or 0
    return kept + len(row.body) + len(row.query) + ROW <= MOST_REFUSED


def _again(row: WebhookRequest, refusal: WebhookError | None) -> WebhookError | None:
    """What came before: the same request, or another one with the same nonce."""
    known = WebhookRequest.objects.filter(account=row.account, digest=row.digest)
    if (before := known.first()) is None:
        used = Replayed()
        row.nonce = ""
        _refuse(row, used, Status.REFUSED, row.received_at)
        insert_once(row)
        return used
    if refusal is None and before.status == Status.REFUSED:
        # It could not be verified then: a secret was put right, or a clock.
        new = {"status": row.status, "nonce": row.nonce, "process_at": row.process_at}
        try:
            with transaction.atomic():
                known.update(**new, error="")
        except IntegrityError:
            return Replayed()
    return refusal


def _process(rows: Sequence[WebhookRequest], ports: Ports) -> None:
    """The rows end processed, failed or with a later ``process_at``."""
    if not rows:
        return
    usual = {row.pk for row in rows if row.status == Status.VERIFIED}
    read = [(row, told) for row in rows if (told := _read(row, ports)) is not None]
    try:
        with transaction.atomic():
            _store(read, ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # One of them is to blame: each by itself.
        for row, told in read:
            _store_or_postpone(row, told, ports)
    now = ports.clock.now()
    for row in rows:
        if row.status == Status.VERIFIED and row.process_at is None:
            row.status, row.finished_at = Status.PROCESSED, now
        if row.pk not in usual or row.status != Status.PROCESSED:
            row.save(update_fields=_CHANGED)
            usual.discard(row.pk)
    WebhookRequest.objects.filter(pk__in=usual).update(
        status=Status.PROCESSED, error="", process_at=None, finished_at=now
    )


def _read(row: WebhookRequest, ports: Ports) -> _Told | None:
    """What the request tells; None where it is refused or cannot be read, which the row says."""
    now = ports.clock.now()
    try:
        if row.status != Status.VERIFIED:
            row.nonce = ""
            nonce = _verified(row, ports)
            others = WebhookRequest.objects.filter(account=row.account, nonce=nonce)
            if nonce and others.exclude(pk=row.pk).exists():
                raise Replayed
            row.nonce, row.status = nonce, Status.VERIFIED
        told = provider_class(row.account.provider).parse_webhook(_data(row))
    except (OperationalError, InterfaceError):
        raise
    except (WebhookError, ConfigurationError) as error:
        failed = Status.FAILED if row.status == Status.VERIFIED else Status.REFUSED
        status = Status.FAILED if isinstance(error, ConfigurationError) else failed
        _refuse(row, error, status, now)
        return None
    except Exception as error:
        _postpone(row, error, now)
        return None
    row.process_at, row.error = None, ""
    return told


def _store(read: Sequence[tuple[WebhookRequest, _Told]], ports: Ports) -> None:
    receipts.take(
        [
            (row, [each for each in told if isinstance(each, ParsedReceipt)])
            for row, told in read
        ],
        ports,
    )  # fmt: skip
    for row, told in read:
        for each in told:
            if isinstance(each, ParsedInbound):
                inbound.receive(each, row, ports)


def _store_or_postpone(row: WebhookRequest, told: _Told, ports: Ports) -> None:
    try:
        with transaction.atomic():
            _store([(row, told)], ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        _postpone(row, error, ports.clock.now())


def _postpone(row: WebhookRequest, error: Exception, now: dt.datetime) -> None:
    """Tried again later, or failed for good; logged without what the request holds."""
    row.attempt_count += 1
    row.error = _told(error)
    row.process_at = now + AGAIN * 2**row.attempt_count
    if row.attempt_count >= MOST_ATTEMPTS:
        _refuse(row, error, Status.FAILED, now)
    logger.error(
        "Webhook request %s could not be processed: %s", row.pk, row.error,
        extra={"action": "webhook_failed"},
    )  # fmt: skip


def _refuse(row: WebhookRequest, error: Exception, status: Status, now: dt.datetime) -> None:
    row.status, row.error = status, _told(error)
    row.process_at, row.finished_at = None, now


def _told(error: Exception) -> str:
    """Our own errors in words; of others only kind and place, as their text may hold content."""
    if isinstance(error, WebhookError | ConfigurationError):
        return str(error)
    return kind_and_place(error)


def _data(row: WebhookRequest) -> WebhookData:
    return WebhookData(
        method=row.method, query=row.query, headers=row.headers, body=bytes(row.body),
        received_at=row.received_at,
    )  # fmt: skip


def _digest(request: WebhookData) -> str:
    head = json.dumps([request.method, request.query, sorted(request.headers.items())])
    return hashlib.sha256(head.encode() + b"\n" + request.body).hexdigest()
