"""Failed payments of the older gateways: rows of ``Transaction``, and what is known by now.

A customer who tries again uses the same ``Payment``, or a new one of the same order or checkout.
https://docs.saleor.io/developer/payments/overview
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Q
from saleor.payment import TransactionKind as Kind
from saleor.payment.gateway import ERROR_MSG
from saleor.payment.models import Payment, Transaction

from ..ports import FailureKind, PaymentFailure

#: the kinds that are a failure whatever ``is_success`` says
_FAILED_KINDS = (Kind.CAPTURE_FAILED, Kind.REFUND_FAILED)
_PAY = (Kind.AUTH, Kind.CAPTURE, Kind.CONFIRM, Kind.CAPTURE_FAILED)
_KINDS = (*_PAY, Kind.REFUND, Kind.REFUND_FAILED, Kind.VOID, Kind.CANCEL)
#: requests of the shop's own
_SHOPS: dict[str, FailureKind] = {
    Kind.REFUND: FailureKind.REFUND,
    Kind.REFUND_ONGOING: FailureKind.REFUND,
    Kind.REFUND_FAILED: FailureKind.REFUND,
    Kind.VOID: FailureKind.CANCEL,
    Kind.CANCEL: FailureKind.CANCEL,
}
_ANSWERS: dict[FailureKind, tuple[str, ...]] = {
    FailureKind.CAPTURE: (Kind.CAPTURE,),
    FailureKind.REFUND: (Kind.REFUND,),
    FailureKind.CANCEL: (Kind.VOID, Kind.CANCEL),
}

#: the rows that say that a payment failed
FAILED = Q(is_success=False, action_required=False, kind__in=_KINDS) | Q(kind__in=_FAILED_KINDS)


def has_failed(row: Transaction) -> bool:
    """``FAILED``, of a row at hand."""
    refused = row.kind in _KINDS and not row.is_success and not row.action_required
    return refused or row.kind in _FAILED_KINDS


def read(ids: Collection[int]) -> Iterable[PaymentFailure]:
    """The failures of these rows whose order or checkout exists, as they are now."""
    if not ids:
        return
    rows = Transaction.objects.filter(pk__in=ids).select_related(
        "payment__order", "payment__checkout"
    )
    owned = [row for row in rows if row.payment.order_id or row.payment.checkout_id]
    payments = _of_same_purchase(owned)
    written = _written(payments)
    for row in owned:
        payment = row.payment
        good = [
            t for t in written[payment.pk]
            if t.is_success and not t.action_required and t.kind not in _FAILED_KINDS
        ]  # fmt: skip
        kind = _kind(row, good)
        siblings = [p for p in payments if _purchase(p) == _purchase(payment)]
        yield PaymentFailure(
            reference=f"transaction:{row.pk}",
            kind=kind,
            amount=row.amount,
            channel_id=(payment.order or payment.checkout).channel_id,
            order_id=str(payment.order_id or ""),
            checkout_id="" if payment.order_id else str(payment.checkout_id),
            acted_at=row.created_at,
            succeeded=_succeeded(row, kind, good),
            superseded=any(_runs(each, row, written[each.pk]) for each in siblings),
        )


def _purchase(payment: Payment) -> object:
    return payment.order_id or payment.checkout_id


def _of_same_purchase(rows: Iterable[Transaction]) -> Sequence[Payment]:
    """Every payment of their orders and checkouts."""
    orders = {row.payment.order_id for row in rows} - {None}
    checkouts = {row.payment.checkout_id for row in rows} - {None}
    same = Q(order_id__in=orders) | Q(checkout_id__in=checkouts)
    columns = ("order_id", "checkout_id", "is_active", "to_confirm")
    return list(Payment.objects.filter(same).only(*columns))


def _written(payments: Iterable[Payment]) -> Mapping[int, Sequence[Transaction]]:
    """By payment, its rows, oldest first."""
    found: dict[int, list[Transaction]] = defaultdict(list)
    for row in Transaction.objects.filter(payment_id__in=[p.pk for p in payments]).order_by("pk"):
        found[row.payment_id].append(row)
    return found


def _runs(payment: Payment, failed: Transaction, rows: Sequence[Transaction]) -> bool:
    """The payment is a later try that nobody has answered, or waits for the customer's bank.

    A confirmation that failed leaves ``to_confirm`` as it was: its row says that it is over.
    """
    if not payment.is_active:
        return False
    if not rows:
        return payment.pk > failed.payment_id
    return rows[-1].pk > failed.pk and payment.to_confirm and rows[-1].action_required


def _kind(row: Transaction, good: Iterable[Transaction]) -> FailureKind:
    if kind := _SHOPS.get(row.kind):
        return kind
    captures = row.kind in (Kind.CAPTURE, Kind.CAPTURE_FAILED)
    if captures and any(t.kind == Kind.AUTH and t.pk < row.pk for t in good):
        return FailureKind.CAPTURE
    # Saleor's own words for a gateway that did not answer, or not sensibly.
    return FailureKind.UNCLEAR if row.error == ERROR_MSG else FailureKind.DECLINED


def _succeeded(row: Transaction, kind: FailureKind, good: Iterable[Transaction]) -> bool:
    """Of a customer's payment any success counts; of the shop's requests only a later one."""
    if kind in (FailureKind.DECLINED, FailureKind.UNCLEAR):
        return any(t.kind in _PAY for t in good)
    return any(t.kind in _ANSWERS[kind] and t.pk > row.pk for t in good)
