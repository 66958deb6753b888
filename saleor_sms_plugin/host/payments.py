"""Failed payments in Saleor's words: rows that say so, and what their payment says by now.

Two tables hold them: ``TransactionEvent`` of the transactions API, and the older gateways'
``Transaction``. https://docs.saleor.io/developer/payments/transactions
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Max, Q
from django.db.models.signals import post_save
from saleor.payment import TransactionEventType as Type
from saleor.payment import TransactionKind as Kind
from saleor.payment.gateway import ERROR_MSG
from saleor.payment.models import Transaction, TransactionEvent

from ..ports import FailureKind, FailureRow, PaymentFailure

#: what failed → what would be its success
_ANSWERS: dict[str, frozenset[str]] = {
    Type.AUTHORIZATION_FAILURE: frozenset(
        {Type.AUTHORIZATION_SUCCESS, Type.AUTHORIZATION_ADJUSTMENT, Type.CHARGE_SUCCESS}
    ),
    Type.CHARGE_FAILURE: frozenset({Type.CHARGE_SUCCESS}),
    Type.REFUND_FAILURE: frozenset({Type.REFUND_SUCCESS}),
    Type.CANCEL_FAILURE: frozenset({Type.CANCEL_SUCCESS}),
}
#: requests of the shop's own
_SHOPS: dict[str, FailureKind] = {
    Type.REFUND_FAILURE: FailureKind.REFUND,
    Type.CANCEL_FAILURE: FailureKind.CANCEL,
    Kind.REFUND: FailureKind.REFUND,
    Kind.REFUND_ONGOING: FailureKind.REFUND,
    Kind.REFUND_FAILED: FailureKind.REFUND,
    Kind.VOID: FailureKind.CANCEL,
    Kind.CANCEL: FailureKind.CANCEL,
}
_TRIES = frozenset(
    {
        Type.AUTHORIZATION_REQUEST, Type.AUTHORIZATION_ACTION_REQUIRED,
        Type.CHARGE_REQUEST, Type.CHARGE_ACTION_REQUIRED,
    }
)  # fmt: skip
_PAY_FAILURES = frozenset({Type.AUTHORIZATION_FAILURE, Type.CHARGE_FAILURE})

#: the older gateways' kinds that are a failure whatever ``is_success`` says
_FAILED_KINDS = (Kind.CAPTURE_FAILED, Kind.REFUND_FAILED)
_OLDER_PAY = (Kind.AUTH, Kind.CAPTURE, Kind.CONFIRM, Kind.CAPTURE_FAILED)
_OLDER_KINDS = (*_OLDER_PAY, Kind.REFUND, Kind.REFUND_FAILED, Kind.VOID, Kind.CANCEL)
_OLDER_ANSWERS: dict[FailureKind, tuple[str, ...]] = {
    FailureKind.REFUND: (Kind.REFUND,),
    FailureKind.CANCEL: (Kind.VOID, Kind.CANCEL),
}

EVENT, OLDER = "transaction_event", "transaction"
#: table → its model, and which of its rows say that a payment failed
_TABLES: dict[str, tuple[Any, Q]] = {
    EVENT: (TransactionEvent, Q(type__in=list(_ANSWERS))),
    OLDER: (
        Transaction,
        Q(is_success=False, action_required=False, kind__in=_OLDER_KINDS)
        | Q(kind__in=_FAILED_KINDS),
    ),
}


def listen(heard: Callable[[FailureRow], None]) -> None:
    """From now on ``heard`` is called with each failure row that this process saves."""

    def event_saved(instance: TransactionEvent, raw: bool = False, **kwargs: Any) -> None:
        if instance.type in _ANSWERS and not raw:
            heard(_row(EVENT, instance))

    def transaction_saved(instance: Transaction, raw: bool = False, **kwargs: Any) -> None:
        failed = instance.kind in _FAILED_KINDS or (
            instance.kind in _OLDER_KINDS
            and not instance.is_success
            and not instance.action_required
        )
        if failed and not raw:
            heard(_row(OLDER, instance))

    for model, receiver in ((TransactionEvent, event_saved), (Transaction, transaction_saved)):
        post_save.connect(
            receiver, sender=model, weak=False, dispatch_uid=f"saleor_sms_{model.__name__}"
        )


def positions() -> Mapping[str, int]:
    """The highest id now in each table."""
    return {
        table: model.objects.aggregate(highest=Max("pk"))["highest"] or 0
        for table, (model, _) in _TABLES.items()
    }


def failed(table: str, after: int, up_to: int) -> Sequence[FailureRow]:
    """The table's rows of these ids that say that a payment failed; *after* is left out."""
    model, says_so = _TABLES[table]
    rows = model.objects.filter(says_so, pk__gt=after, pk__lte=up_to).order_by("pk")
    return [_row(table, row) for row in rows.only("pk", "created_at")]


def read(references: Collection[str]) -> Mapping[str, PaymentFailure]:
    """By reference, the failures whose order or checkout exists, as they are now."""
    ids: dict[str, set[int]] = defaultdict(set)
    for reference in references:
        table, _, number = reference.rpartition(":")
        ids[table].add(int(number))
    found = [*_events(ids[EVENT]), *_older(ids[OLDER])]
    return {failure.reference: failure for failure in found}


def _row(table: str, row: Any) -> FailureRow:
    return FailureRow(reference=f"{table}:{row.pk}", occurred_at=row.created_at)


def _events(ids: Collection[int]) -> Iterable[PaymentFailure]:
    if not ids:
        return
    rows = TransactionEvent.objects.filter(pk__in=ids).select_related(
        "transaction__order", "transaction__checkout"
    )
    owned = [row for row in rows if row.transaction.order_id or row.transaction.checkout_id]
    theirs = _of_same_purchase(owned)
    for row in owned:
        item = row.transaction
        purchase = theirs[item.order_id or item.checkout_id]
        mine = [each for each in purchase if each.transaction_id == item.pk]
        kind = _kind(row, mine)
        asked = [e.created_at for e in mine if e.type in _TRIES and e.pk <= row.pk]
        yield PaymentFailure(
            reference=f"{EVENT}:{row.pk}",
            kind=kind,
            amount=row.amount_value,
            channel_id=(item.order or item.checkout).channel_id,
            order_id=str(item.order_id or ""),
            checkout_id="" if item.order_id else str(item.checkout_id),
            acted_at=max(asked, default=item.created_at),
            succeeded=_succeeded(row, kind, mine),
            superseded=_superseded(row, kind, purchase),
        )


def _of_same_purchase(rows: Iterable[TransactionEvent]) -> dict[object, list[TransactionEvent]]:
    """Every event of every transaction of their orders and checkouts, by order or checkout."""
    orders = {row.transaction.order_id for row in rows} - {None}
    checkouts = {row.transaction.checkout_id for row in rows} - {None}
    columns = (
        "transaction_id", "type", "psp_reference", "include_in_calculations", "created_at",
        "transaction__order_id", "transaction__checkout_id",
    )  # fmt: skip
    events = TransactionEvent.objects.select_related("transaction").only(*columns)
    found: dict[object, list[TransactionEvent]] = defaultdict(list)
    for where in (Q(transaction__order_id__in=orders), Q(transaction__checkout_id__in=checkouts)):
        for event in events.filter(where).order_by("pk"):
            found[event.transaction.order_id or event.transaction.checkout_id].append(event)
    return found


def _kind(row: TransactionEvent, mine: Iterable[TransactionEvent]) -> FailureKind:
    if kind := _SHOPS.get(row.type):
        return kind
    reserved = (Type.AUTHORIZATION_SUCCESS, Type.AUTHORIZATION_ADJUSTMENT)
    if row.type == Type.CHARGE_FAILURE and any(e.type in reserved and e.pk < row.pk for e in mine):
        return FailureKind.CAPTURE
    # Saleor writes it without counting it where the app gave no answer or a confused one.
    return FailureKind.DECLINED if row.include_in_calculations else FailureKind.UNCLEAR


def _succeeded(row: TransactionEvent, kind: FailureKind, mine: Iterable[TransactionEvent]) -> bool:
    """Of a customer's payment any success counts; of the shop's several requests only its own."""
    answers = [e for e in mine if e.type in _ANSWERS[row.type]]
    if kind in (FailureKind.DECLINED, FailureKind.UNCLEAR):
        return bool(answers)
    return any(e.psp_reference and e.psp_reference == row.psp_reference for e in answers)


def _superseded(
    row: TransactionEvent, kind: FailureKind, purchase: Iterable[TransactionEvent]
) -> bool:
    """A later attempt has begun and not failed; or what was unclear was refused clearly."""
    later = [event for event in purchase if event.pk > row.pk]
    ends = {e.transaction_id: e.pk for e in later if e.type in _PAY_FAILURES}
    return any(
        (e.type in _TRIES and ends.get(e.transaction_id, 0) < e.pk)
        or (
            kind is FailureKind.UNCLEAR
            and e.type in _PAY_FAILURES
            and e.include_in_calculations
            and e.transaction_id == row.transaction_id
        )
        for e in later
    )


def _older(ids: Collection[int]) -> Iterable[PaymentFailure]:
    if not ids:
        return
    rows = Transaction.objects.filter(pk__in=ids).select_related(
        "payment__order", "payment__checkout"
    )
    owned = [row for row in rows if row.payment.order_id or row.payment.checkout_id]
    theirs: dict[int, list[Transaction]] = defaultdict(list)
    payments = {row.payment_id for row in owned}
    for each in Transaction.objects.filter(payment_id__in=payments).order_by("pk"):
        theirs[each.payment_id].append(each)
    for row in owned:
        payment = row.payment
        good = [
            t for t in theirs[row.payment_id]
            if t.is_success and not t.action_required and t.kind not in _FAILED_KINDS
        ]  # fmt: skip
        kind = _older_kind(row, good)
        yield PaymentFailure(
            reference=f"{OLDER}:{row.pk}",
            kind=kind,
            amount=row.amount,
            channel_id=(payment.order or payment.checkout).channel_id,
            order_id=str(payment.order_id or ""),
            checkout_id="" if payment.order_id else str(payment.checkout_id),
            acted_at=row.created_at,
            succeeded=_older_succeeded(row, kind, good),
        )


def _older_kind(row: Transaction, good: Iterable[Transaction]) -> FailureKind:
    if kind := _SHOPS.get(row.kind):
        return kind
    captures = row.kind in (Kind.CAPTURE, Kind.CAPTURE_FAILED)
    if captures and any(t.kind == Kind.AUTH and t.pk < row.pk for t in good):
        return FailureKind.CAPTURE
    # Saleor's own words for a gateway that did not answer, or not sensibly.
    return FailureKind.UNCLEAR if row.error == ERROR_MSG else FailureKind.DECLINED


def _older_succeeded(row: Transaction, kind: FailureKind, good: Iterable[Transaction]) -> bool:
    if kind in (FailureKind.DECLINED, FailureKind.UNCLEAR):
        return any(t.kind in _OLDER_PAY for t in good)
    if kind is FailureKind.CAPTURE:
        return any(t.kind == Kind.CAPTURE and t.pk > row.pk for t in good)
    return any(t.kind in _OLDER_ANSWERS[kind] and t.pk > row.pk for t in good)
