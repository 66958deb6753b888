"""Failed payments: a row of the shop is a hint, what the payment says after the grace decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Q

from ..domain.reasons import Reason
from ..events.catalogue import EventSpec, RecipientRule
from ..models import ShopEvent
from ..models.many import update_many
from ..ports import Checkout, FailureKind, FailureRow, Order, PaymentFailure, Ports
from . import storm, subjects
from .channels import load
from .record import Happening

SOURCE = "payment_failed"
STEP = 200  #: failures placed at once
#: recorded, and nobody has looked yet whose payment it was
UNPLACED = Q(name=SOURCE, order_id="", checkout_id="")
#: Requests of a customer's own: trying again may help, and what covers the order settles them.
THEIRS = (FailureKind.DECLINED, FailureKind.UNCLEAR)

#: Why the customer hears nothing of a failure that the row is not about. A refund or a
#: cancellation that failed is no news that anybody would miss: no entry, and nothing is stored.
_NOT_SAID = {
    FailureKind.UNCLEAR: Reason.PAYMENT_UNCLEAR,
    FailureKind.CAPTURE: Reason.STAFF_MATTER,
}


def happening(row: FailureRow) -> Happening:
    """The shop event of a failure row; signal and detector record the same one."""
    return Happening(
        name=SOURCE, channel_id=0, subject_id=row.reference, occurred_at=row.occurred_at
    )


def place(ports: Ports) -> None:
    """Failures recorded since are about their order or checkout, in its channel.

    The row that a hook writes names neither (law 1). What is gone, and what belongs to a channel
    where the plugin is off, ends here: ``facts`` say why. Far more than usual is held.
    """
    now = ports.clock.now()
    rows = list(
        ShopEvent.objects.filter(UNPLACED, plan_at__lte=now).order_by("plan_at", "pk")[:STEP]
    )
    if not rows:
        return
    found = ports.shop.payment_failures([row.subject_id for row in rows])
    channels = load(ports, {failure.channel_id for failure in found.values()})
    on = {channel.id for channel in channels.values() if channel.stored.active}
    for row in rows:
        failure = found.get(row.subject_id)
        if failure is None or failure.channel_id not in on:
            # Not deleted: the detector, which reads again, would record it again.
            row.plan_at = None
            row.facts = {"ended": Reason.SWITCHED_OFF if failure else Reason.ORDER_GONE}
        if failure is not None:
            row.channel_id = failure.channel_id
            row.order_id, row.checkout_id = failure.order_id, failure.checkout_id
    update_many(rows, ["channel_id", "order_id", "checkout_id", "plan_at", "facts"])
    # Without a channel they counted for none; where a worker was away they are planned at once.
    storm.watch(ports)


def read(keys: Collection[str], ports: Ports) -> Mapping[str, PaymentFailure]:
    """The undecided failures of these orders and checkouts, as their payments are now."""
    rows = ShopEvent.objects.filter(subjects.about(keys), name=SOURCE, plan_at__isnull=False)
    references = list(rows.values_list("subject_id", flat=True))
    return ports.shop.payment_failures(references) if references else {}


def covered(kind: FailureKind, order: Order) -> bool:
    """Whether nothing is left that this failed request was for."""
    if kind in THEIRS:
        paid = order.charged + order.authorized
        # A checkout whose prices Saleor has not worked out yet has a total of zero.
        return paid >= order.total and (paid > 0 or not isinstance(order, Checkout))
    return kind is FailureKind.CAPTURE and order.charged >= order.total


def concerns(spec: EventSpec, failure: PaymentFailure) -> bool:
    """Whether anybody would ask why this row brought no text."""
    customer = spec.recipient is not RecipientRule.STAFF
    return failure.kind in spec.failures or (customer and failure.kind in _NOT_SAID)


def objection(
    spec: EventSpec, failure: PaymentFailure, order: Order, others: Collection[PaymentFailure]
) -> Reason | None:
    """Why no text of this row follows from the failure, None when one does.

    ``others`` are the order's other undecided failures.
    """
    if failure.succeeded or covered(failure.kind, order):
        return Reason.PAID
    if failure.kind not in spec.failures:
        return _NOT_SAID[failure.kind]
    if failure.kind in THEIRS and failure.superseded:
        return Reason.PAYMENT_RUNNING
    if failure.kind is FailureKind.DECLINED and any(
        each.kind is FailureKind.UNCLEAR and not each.succeeded for each in others
    ):
        return Reason.PAYMENT_UNCLEAR
    return None


def says(failure: PaymentFailure) -> dict[str, Any]:
    """What a text of this failure says and needs to know at the door."""
    return {
        "failed": {
            "kind": failure.kind.value,
            "amount": str(failure.amount),
            "acted_at": failure.acted_at.isoformat() if failure.acted_at else None,
        }
    }


def acted_at(said: Mapping[str, Any]) -> dt.datetime | None:
    """The customer's last step before the failure that a text tells of."""
    at = said.get("failed", {}).get("acted_at")
    return dt.datetime.fromisoformat(at) if at else None
