"""Failed payments: a row of the shop is a hint, what the payment says after the grace decides."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db.models import Q

from ..domain.reasons import Reason
from ..domain.spans import A_DAY
from ..domain.transitions import TOLD, WAITING
from ..events.catalogue import EventSpec, RecipientRule
from ..exceptions import log_fault
from ..models import Message, ShopEvent, locks
from ..models.many import update_many
from ..ports import Checkout, FailureKind, FailureRow, Order, PaymentFailure, Ports
from . import faults, storm, subjects
from .channels import load
from .record import Happening

logger = logging.getLogger(__name__)

SOURCE = "payment_failed"
STEP = 200  #: failures placed at once
AGAIN = dt.timedelta(minutes=5)  #: how often it is asked whether a later try has its answer
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
    where the plugin is off, ends here: ``facts`` say why. One at fault is tried again later. Far
    more than usual is held.
    """
    now = ports.clock.now()
    rows = list(
        ShopEvent.objects.filter(UNPLACED, plan_at__lte=now).order_by("plan_at", "pk")[:STEP]
    )
    if not rows:
        return
    faults.isolate(rows, partial(_place, ports=ports), partial(_put_off, ports=ports))
    # Without a channel they counted for none; where a worker was away they are planned at once.
    storm.watch(ports)


def _put_off(row: ShopEvent, ports: Ports) -> None:
    log_fault(logger, "The failed payment %s cannot be read", row.subject_id)
    mine = ShopEvent.objects.filter(UNPLACED, pk=row.pk)
    mine.update(plan_at=ports.clock.now() + faults.AGAIN)


def _place(rows: Sequence[ShopEvent], ports: Ports) -> None:
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
    # Only where another worker has not placed it meanwhile: it may be planned, or ended, by now.
    placed = ["channel_id", "order_id", "checkout_id", "plan_at", "facts"]
    update_many(rows, placed, empty=["order_id", "checkout_id"])


def read(
    keys: Collection[str], ports: Ports, told: Collection[str] = ()
) -> Mapping[str, Mapping[str, PaymentFailure]]:
    """Of each order and checkout, by row, the failures that still matter, as payments are now.

    Those that are undecided, those of the last day, and those that are ``told``.
    """
    # For so long what is unclear may have gone through.
    recent = Q(recorded_at__gt=ports.clock.now() - A_DAY)
    matter = Q(plan_at__isnull=False) | recent | Q(subject_id__in=told)
    rows = list(ShopEvent.objects.filter(subjects.about(keys), matter, name=SOURCE))
    found = ports.shop.payment_failures([row.subject_id for row in rows]) if rows else {}
    by_key: dict[str, dict[str, PaymentFailure]] = defaultdict(dict)
    for row in rows:
        if failure := found.get(row.subject_id):
            by_key[subjects.key_of(row)][row.subject_id] = failure
    return by_key


def covered(kind: FailureKind, order: Order) -> bool:
    """Whether nothing is left that this failed request was for."""
    if kind in THEIRS:
        paid = order.charged + order.authorized
        if isinstance(order, Checkout):
            # A checkout whose prices Saleor has not worked out yet has a total of zero.
            priced = paid > 0 or order.total > 0
            return priced and paid + order.gift_cards >= order.total
        return paid >= order.total
    return kind is FailureKind.CAPTURE and order.charged >= order.total


def is_paying(order: Order) -> bool:
    """A request is on its way, or the checkout is just being completed."""
    return order.pending > 0 or (isinstance(order, Checkout) and order.completing)


def concerns(spec: EventSpec, failure: PaymentFailure) -> bool:
    """Whether anybody would ask why this row brought no text."""
    customer = spec.recipient is not RecipientRule.STAFF
    return failure.kind in spec.failures or (customer and failure.kind in _NOT_SAID)


def objection(
    spec: EventSpec, failure: PaymentFailure, order: Order, known: Iterable[PaymentFailure]
) -> Reason | None:
    """Why no text of this row follows from the failure, None when one does; the door asks it too.

    ``known`` are the order's failures that still matter. While ``PAYMENT_RUNNING`` is the
    answer, it is to be asked again.
    """
    if failure.succeeded or covered(failure.kind, order):
        return Reason.PAID
    if failure.refused:
        return Reason.MERGED
    if failure.kind not in spec.failures:
        return _NOT_SAID[failure.kind]
    if failure.kind is not FailureKind.DECLINED:
        return None
    if any(_is_unclear(each) for each in known):
        return Reason.PAYMENT_UNCLEAR
    return Reason.PAYMENT_RUNNING if failure.superseded or is_paying(order) else None


def _is_unclear(failure: PaymentFailure) -> bool:
    answered = failure.succeeded or failure.refused
    return failure.kind is FailureKind.UNCLEAR and not answered


def says(failure: PaymentFailure) -> dict[str, Any]:
    """What a text of this failure says and needs to know at the door."""
    return {
        "failed": {
            "row": failure.reference,
            "kind": failure.kind.value,
            "amount": str(failure.amount),
            "acted_at": failure.acted_at.isoformat() if failure.acted_at else None,
        }
    }


def row_of(said: Mapping[str, Any]) -> str:
    """The row of the failure that a text of one order tells of; "" for other texts."""
    digest = len(said.get("orders", ())) > 1
    return "" if digest else str(said.get("failed", {}).get("row", ""))


def acted_at(said: Mapping[str, Any]) -> dt.datetime | None:
    """The customer's last step before the failure that a text tells of."""
    at = said.get("failed", {}).get("acted_at")
    return dt.datetime.fromisoformat(at) if at else None


class OneADay:
    """The texts about carts' failed payments that numbers got today; a transaction's own."""

    def __init__(self, numbers: Collection[str], now: dt.datetime) -> None:
        locks.lock(f"sms-payment:{number}" for number in numbers)
        of_carts = Message.objects.exclude(checkout_id="").filter(
            recipient__in=numbers,
            event_name=SOURCE,
            created_at__gt=now - A_DAY,
            status__in=(*WAITING, *TOLD),
        )
        self._texts: dict[str, list[Message]] = defaultdict(list)
        for text in of_carts if numbers else ():
            self._texts[text.recipient].append(text)

    def told(self, number: str) -> bool:
        """One of them is on its way, or was."""
        return any(text.status not in WAITING for text in self._texts[number])

    def replace(self, text: Message) -> list[Message]:
        """The text is the number's one from now on; those that wait, and it is sent instead of."""
        before, self._texts[text.recipient] = self._texts[text.recipient], [text]
        return before
