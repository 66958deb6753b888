"""Delivery receipts: kept as they came, matched to their message, and what they make of it.

A receipt may come before our own answer was stored, twice, out of order, for one part of
several or for a message we do not know. So each is stored first, and a message's state is
always derived from all of its receipts (``domain.delivery``); it never moves back.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ..domain import phone_numbers
from ..domain.delivery import PartNews, outcome
from ..domain.reasons import Reason
from ..domain.transitions import FINAL, MessageStatus, may_follow
from ..models import DeliveryReceipt, Message, SendAttempt, WebhookRequest
from ..ports import Ports
from ..providers import ParsedReceipt
from . import suppression

logger = logging.getLogger(__name__)

STEP = 500  #: unmatched receipts looked at per sweep
FIRST_LOOK = dt.timedelta(seconds=30)  #: then as long again as it has waited
GIVE_UP = dt.timedelta(days=3)  #: no network holds a text for longer
#: longer than a claim (45 s) and the sweep that ends it
ANSWER_STORED = dt.timedelta(minutes=2)


def take(told: Sequence[tuple[WebhookRequest, Sequence[ParsedReceipt]]], ports: Ports) -> None:
    """The receipts of these requests are stored once, and their messages are as they say.

    Call it in a transaction.
    """
    rows = [
        _row(request, position, receipt)
        for request, receipts in told
        for position, receipt in enumerate(receipts)
    ]
    if not rows:
        return
    providers = {request.account.provider for request, _ in told}
    now = ports.clock.now()
    _match(rows, providers, now)
    DeliveryReceipt.objects.bulk_create(rows, ignore_conflicts=True)
    _follow(rows, now)


def forget_unmatched(requests: Sequence[WebhookRequest]) -> None:
    """Receipts of these requests that found no message are gone, to be taken anew."""
    DeliveryReceipt.objects.filter(request__in=requests, message__isnull=True).delete()


def sweep(ports: Ports) -> None:
    """Receipts without a message look for it again; what came before our own answer counts."""
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        due = DeliveryReceipt.objects.filter(match_at__lte=now).order_by("match_at", "pk")
        locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("account")
        rows = list(locked[:STEP])
        _match(rows, {row.account.provider for row in rows}, now)
        for row in rows:
            row.save(update_fields=["message", "match_at"])
        _follow(rows, now)
        early = DeliveryReceipt.objects.filter(
            received_at__gt=now - ANSWER_STORED,
            message__status__in=[MessageStatus.OUTCOME_UNKNOWN, MessageStatus.SENT],
        ).values_list("message_id", flat=True)
        _settle({pk for pk in early[:STEP] if pk is not None}, now)


def _row(request: WebhookRequest, position: int, receipt: ParsedReceipt) -> DeliveryReceipt:
    return DeliveryReceipt(
        account_id=request.account_id,
        request=request,
        position=position,
        reference=receipt.reference,
        provider_message_id=receipt.provider_message_id,
        recipient=receipt.recipient,
        is_whole_message=receipt.is_whole_message,
        status=receipt.status or "",
        provider_status=receipt.provider_status,
        code=receipt.code,
        detail=phone_numbers.conceal(receipt.detail, receipt.recipient),
        is_number_unusable=receipt.is_number_unusable,
        price=receipt.price,
        currency=receipt.currency if receipt.price is not None else "",
        network=receipt.network,
        occurred_at=receipt.occurred_at,
        received_at=request.received_at,
    )


def _match(rows: Sequence[DeliveryReceipt], providers: Collection[str], now: dt.datetime) -> None:
    """Each receipt names its message, or the instant when it looks for it again."""
    ours = _by_reference(rows, providers)
    theirs = _by_provider_id([row for row in rows if row.reference not in ours], providers, now)
    for row in rows:
        found = ours.get(row.reference) or theirs.get((row.recipient, row.provider_message_id))
        row.message_id, row.match_at = found, None
        waited = now - row.received_at
        if found is None and waited < GIVE_UP:
            row.match_at = min(now + max(FIRST_LOOK, waited), row.received_at + GIVE_UP)


def _follow(rows: Sequence[DeliveryReceipt], now: dt.datetime) -> None:
    """The messages of these receipts are where they say, and dead numbers on the list."""
    matched = [row for row in rows if row.message_id is not None]
    _settle({row.message_id for row in matched if row.message_id is not None}, now)
    _suppress([row for row in matched if row.is_number_unusable], now)


def _by_reference(rows: Sequence[DeliveryReceipt], providers: Collection[str]) -> Mapping[str, int]:
    """Our reference → message, of texts that went to one of these providers."""
    said = {row.reference: known for row in rows if (known := _uuid(row.reference))}
    found = dict(
        Message.objects.filter(
            reference__in=set(said.values()), provider__in=providers
        ).values_list("reference", "pk")
    )  # fmt: skip
    return {text: found[known] for text, known in said.items() if known in found}


def _by_provider_id(
    rows: Sequence[DeliveryReceipt], providers: Collection[str], now: dt.datetime
) -> Mapping[tuple[str, str], int]:
    """(number, provider's id) → message: a number has few texts, so its own are looked through."""
    numbers = {row.recipient for row in rows if row.recipient}
    if not numbers:
        return {}
    attempts = SendAttempt.objects.filter(
        message__recipient__in=numbers,
        message__taken_at__gt=now - GIVE_UP - GIVE_UP,
        provider__in=providers,
    ).values_list("message__recipient", "provider_message_ids", "message_id")
    return {(number, provider_id): pk for number, ids, pk in attempts for provider_id in ids}


def _settle(message_ids: Collection[int], now: dt.datetime) -> None:
    """Each of these messages is where its receipts say, as far as it may go there."""
    if not message_ids:
        return
    locked = Message.objects.select_for_update().filter(pk__in=message_ids).order_by("pk")
    receipts: dict[int, list[DeliveryReceipt]] = defaultdict(list)
    for row in DeliveryReceipt.objects.filter(message__in=message_ids).order_by("pk"):
        receipts[row.message_id or 0].append(row)
    answered: dict[int, int] = {
        pk: len(ids)
        for pk, ids in SendAttempt.objects.filter(message__in=message_ids)
        .order_by("number")
        .values_list("message_id", "provider_message_ids")
        if ids
    }
    # Most texts change alike: one statement for each kind of change, not one for each text.
    changes: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for message in locked:
        count = answered.get(message.pk) or message.segment_count or 1
        if columns := _news(message, receipts[message.pk], count, now):
            changes[tuple(columns.items())].append(message.pk)
            logger.info(
                "Receipt for %s: %s", message.event_name, columns.get("status", message.status),
                extra={"action": "receipt", "sms_event": message.event_name},
            )  # fmt: skip
    for columns_of, keys in changes.items():
        Message.objects.filter(pk__in=keys).update(**dict(columns_of))


def _news(
    message: Message, receipts: Sequence[DeliveryReceipt], part_count: int, now: dt.datetime
) -> dict[str, Any]:
    """The columns that the receipts change, none where they say nothing new."""
    columns: dict[str, Any] = {}
    price = _price(receipts, part_count)
    if price is not None and price != (message.price, message.currency):
        columns["price"], columns["currency"] = price
    old = MessageStatus(message.status)
    new = outcome((_part_news(row) for row in receipts), part_count)
    if new is MessageStatus.SENT and old is MessageStatus.SENDING:
        new = None  # the answer to our own call is on its way, and says more
    if new is not None and may_follow(old, new):
        failed = new in FINAL and new is not MessageStatus.DELIVERED
        columns |= {
            "status": new,
            "reason": Reason.NOT_DELIVERED if failed else "",
            "detail": _why(receipts, new) if failed else "",
            "finished_at": now if new in FINAL else None,
            "claim": None,
            "claimed_until": None,
        }
        if message.sent_at is None:
            columns["sent_at"] = now
    return columns


def _part_news(row: DeliveryReceipt) -> PartNews:
    part = None if row.is_whole_message else row.provider_message_id
    return PartNews(part, MessageStatus(row.status) if row.status else None)


def _price(receipts: Sequence[DeliveryReceipt], part_count: int) -> tuple[Decimal, str] | None:
    """What all parts cost together, None while it is not known of all."""
    parts = {
        None if row.is_whole_message else row.provider_message_id: (row.price, row.currency)
        for row in receipts
        if row.price is not None
    }
    if None in parts:
        parts = {None: parts[None]}
    elif len(parts) < part_count:
        return None
    total = sum((price for price, _ in parts.values() if price is not None), Decimal(0))
    return (total, next(iter(parts.values()))[1]) if parts else None


def _why(receipts: Sequence[DeliveryReceipt], status: MessageStatus) -> str:
    row = next((each for each in receipts if each.status == status), None)
    if row is None:
        return ""
    code = f" (code {row.code})" if row.code else ""
    said = f": {row.detail.rstrip('.')}" if row.detail else ""
    return f"The provider said {row.provider_status}{code}{said}."


def _suppress(rows: Sequence[DeliveryReceipt], now: dt.datetime) -> None:
    """The numbers of these receipts' messages get no more texts, but for those that a text
    reached all the same."""
    if not rows:
        return
    recipients = dict(
        Message.objects.filter(pk__in=[row.message_id for row in rows])
        .exclude(status=MessageStatus.DELIVERED)
        .values_list("pk", "recipient")
    )
    for row in rows:
        if number := recipients.get(row.message_id or 0, ""):
            suppression.found_unusable(number, f"receipt, code {row.code}: {row.detail}", now)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
