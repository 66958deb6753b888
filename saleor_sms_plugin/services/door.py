"""The door conditions: what ends a text while it waits. Asked at planning and before sending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..config import SmsConfig
from ..domain import law, quiet_hours
from ..domain.law.hours import LOOK_AHEAD
from ..domain.places import Place
from ..domain.reasons import Reason
from ..events.catalogue import EventSpec, Night, Purpose
from ..ports import Checkout, Order
from . import abandoned, failures

_CANCELLED = {"canceled", "expired"}
_STOPPED = {"canceled"}


@dataclass(frozen=True)
class Subject:
    """What a text is about: the order as it is now, and what the text says of it."""

    order: Order
    says: Mapping[str, Any]


def is_digest(says: Mapping[str, Any]) -> bool:
    """A text about several orders stays true whatever becomes of one of them."""
    return len(says.get("orders", ())) > 1


def _order_cancelled(subject: Subject) -> bool:
    return not is_digest(subject.says) and subject.order.status in _CANCELLED


def _parcel_cancelled(subject: Subject) -> bool:
    return all(status in _STOPPED for status in _parcel_statuses(subject))


def _awaiting_approval(subject: Subject) -> bool:
    return any(status == "waiting_for_approval" for status in _parcel_statuses(subject))


def _parcel_statuses(subject: Subject) -> list[str]:
    ids = subject.says.get("parcels", {})
    return [f.status for f in subject.order.fulfillments if f.id in ids]


def _refund_reversed(subject: Subject) -> bool:
    told = Decimal(subject.says.get("refunded") or 0)
    return subject.order.refunded <= 0 or subject.order.refunded < told


def _refunded(subject: Subject) -> bool:
    return subject.order.refunded > 0 and subject.order.refunded >= subject.order.total


def _paid(subject: Subject) -> bool:
    # One request on its way is enough: nobody who pays is reminded to.
    order = subject.order
    return order.charged > 0 or order.authorized > 0 or order.pending > 0


def _payment_running(subject: Subject) -> bool:
    return failures.is_paying(subject.order)


def _purchased(subject: Subject) -> bool:
    return not isinstance(subject.order, Checkout)


def _cart_changed(subject: Subject) -> bool:
    return abandoned.has_changed(subject.says, subject.order)


def _superseded(subject: Subject) -> bool:
    order = subject.order
    return isinstance(order, Checkout) and order.superseded and not is_digest(subject.says)


CONDITIONS: dict[Reason, Callable[[Subject], bool]] = {
    Reason.ORDER_CANCELLED: _order_cancelled,
    Reason.PARCEL_CANCELLED: _parcel_cancelled,
    Reason.AWAITING_APPROVAL: _awaiting_approval,
    Reason.REFUND_REVERSED: _refund_reversed,
    Reason.REFUNDED: _refunded,
    Reason.PAID: _paid,
    Reason.PAYMENT_RUNNING: _payment_running,
    Reason.PURCHASED: _purchased,
    Reason.CART_CHANGED: _cart_changed,
    Reason.SUPERSEDED: _superseded,
}


def ended(spec: EventSpec, order: Order, says: Mapping[str, Any]) -> Reason | None:
    """The first of the event's door conditions that holds, None when the text may go."""
    subject = Subject(order, says)
    return next((reason for reason in spec.ends_when if CONDITIONS[reason](subject)), None)


def morning(
    spec: EventSpec,
    purpose: Purpose,
    place: Place,
    config: SmsConfig,
    now: dt.datetime,
    says: Mapping[str, Any],
) -> dt.datetime | None:
    """When the text may go out that the night, or the law of offers, holds back; None: now.

    Offers that are permitted at no time soon may go after ``LOOK_AHEAD``, when they are expired.
    """
    if spec.night not in (Night.WAITS, Night.OFFERS):
        return None
    if purpose is Purpose.MARKETING:
        return offers_from(place, config, now)
    acted_at = failures.acted_at(says)
    if acted_at and acted_at <= now <= acted_at + dt.timedelta(seconds=spec.awake_seconds):
        return None  # the customer is up
    allowed = quiet_hours.next_allowed(now, _zones(place), config.night)
    return allowed if allowed > now else None


def offers_from(place: Place, config: SmsConfig, now: dt.datetime) -> dt.datetime | None:
    """When an offer may go out that the night, or the law, holds back; None: now."""
    allowed = next_offer(now, config.law_at(place), _zones(place), config.night)
    return allowed if allowed > now else None


def _zones(place: Place) -> Sequence[str]:
    return quiet_hours.zones_of(place.country, place.number, place.area, place.postal_code)


def next_offer(
    now: dt.datetime, rule: law.Rule, zones: Sequence[str], night: quiet_hours.Night | None
) -> dt.datetime:
    """The first instant that the law permits and the owner's night does not cover; ``LOOK_AHEAD``
    from now where there is none before."""
    instant, end = now, now + LOOK_AHEAD
    while instant <= end and (permitted := law.next_permitted(instant, rule, zones)):
        instant = quiet_hours.next_allowed(permitted, zones, night)
        if instant == permitted:
            return instant
    return end
