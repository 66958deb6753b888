"""Failed payments in Saleor's words: rows that say so, and what their payment says by now.

Two tables hold them: ``TransactionEvent`` of the transactions API, read here, and the older
gateways' ``Transaction``. https://docs.saleor.io/developer/payments/transactions
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_save
from saleor.payment import TransactionEventType as Type
from saleor.payment.models import Transaction, TransactionEvent

from ..ports import FailureKind, FailureRow, PaymentFailure
from . import older_payments, tables

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
}
_TRIES = frozenset(
    {
        Type.AUTHORIZATION_REQUEST, Type.AUTHORIZATION_ACTION_REQUIRED,
        Type.CHARGE_REQUEST, Type.CHARGE_ACTION_REQUIRED,
    }
)  # fmt: skip
_PAY_FAILURES = frozenset({Type.AUTHORIZATION_FAILURE, Type.CHARGE_FAILURE})
#: after these a try runs no more
_ENDS = _PAY_FAILURES | _ANSWERS[Type.AUTHORIZATION_FAILURE] | {Type.CANCEL_SUCCESS}

#: table → which of its rows say that a payment failed, and who reads those
_FAILED: dict[str, Q] = {
    "transaction_event": Q(type__in=list(_ANSWERS)),
    "transaction": older_payments.FAILED,
}


def listen(heard: Callable[[FailureRow], None]) -> None:
    """From now on ``heard`` is called with each failure row that this process saves."""

    def event_saved(instance: TransactionEvent, raw: bool = False, **kwargs: Any) -> None:
        if instance.type in _ANSWERS and not raw:
            heard(_row("transaction_event", instance))

    def transaction_saved(instance: Transaction, raw: bool = False, **kwargs: Any) -> None:
        if older_payments.has_failed(instance) and not raw:
            heard(_row("transaction", instance))

    for model, receiver in ((TransactionEvent, event_saved), (Transaction, transaction_saved)):
        post_save.connect(
            receiver, sender=model, weak=False, dispatch_uid=f"saleor_sms_{model.__name__}"
        )


def failed(table: str, after: int, up_to: int) -> Sequence[FailureRow]:
    """The table's rows of these ids that say that a payment failed; *after* is left out."""
    rows = tables.between(table, after, up_to).filter(_FAILED[table])
    return [_row(table, row) for row in rows.only("pk", "created_at")]


def read(references: Collection[str]) -> Mapping[str, PaymentFailure]:
    """By reference, the failures whose order or checkout exists, as they are now."""
    ids: dict[str, set[int]] = defaultdict(set)
    for reference in references:
        table, _, number = reference.rpartition(":")
        ids[table].add(int(number))
    found = [*_read(ids["transaction_event"]), *older_payments.read(ids["transaction"])]
    return {failure.reference: failure for failure in found}


def _row(table: str, row: Any) -> FailureRow:
    return FailureRow(reference=f"{table}:{row.pk}", occurred_at=row.created_at)


def _read(ids: Collection[int]) -> Iterable[PaymentFailure]:
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
        # Staff and other apps ask for money, too; only they have their name on the request.
        acted = [
            e.created_at for e in mine
            if e.type in _TRIES and e.pk <= row.pk
            and e.user_id is None and e.app_id in (None, item.app_id)
        ]  # fmt: skip
        acted += [item.created_at] if item.user_id is None else []
        yield PaymentFailure(
            reference=f"transaction_event:{row.pk}",
            kind=kind,
            amount=row.amount_value,
            channel_id=(item.order or item.checkout).channel_id,
            order_id=str(item.order_id or ""),
            checkout_id="" if item.order_id else str(item.checkout_id),
            acted_at=max(acted, default=None),
            succeeded=_succeeded(row, kind, mine),
            refused=kind is FailureKind.UNCLEAR and _refused(row, mine),
            superseded=_superseded(row, purchase),
        )


def _of_same_purchase(rows: Iterable[TransactionEvent]) -> dict[object, list[TransactionEvent]]:
    """Every event of every transaction of their orders and checkouts, by order or checkout."""
    orders = {row.transaction.order_id for row in rows} - {None}
    checkouts = {row.transaction.checkout_id for row in rows} - {None}
    columns = (
        "transaction_id", "type", "psp_reference", "include_in_calculations", "created_at",
        "user_id", "app_id", "transaction__order_id", "transaction__checkout_id",
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


def _refused(row: TransactionEvent, mine: Iterable[TransactionEvent]) -> bool:
    return any(
        e.pk > row.pk and e.type in _PAY_FAILURES and e.include_in_calculations for e in mine
    )


def _superseded(row: TransactionEvent, purchase: Iterable[TransactionEvent]) -> bool:
    """A later try has begun, and nobody has said how it ended."""
    later = [event for event in purchase if event.pk > row.pk]
    ends = {e.transaction_id: e.pk for e in later if e.type in _ENDS}
    return any(e.type in _TRIES and ends.get(e.transaction_id, 0) < e.pk for e in later)
