"""The door conditions: what ends a text while it waits. Asked at planning and before sending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..config import SmsConfig
from ..domain import law, phone_numbers, quiet_hours
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
    allowed = quiet_hours.next_allowed(now, zones_of(place), config.night)
    return allowed if allowed > now else None


def offers_from(place: Place, config: SmsConfig, now: dt.datetime) -> dt.datetime | None:
    """When an offer may go out that the night, or the law, holds back; None: now."""
    allowed = next_offer(now, place, config)
    return allowed if allowed > now else None


def zones_of(place: Place) -> tuple[str, ...]:
    """Of the address, narrowed down as far as it can be; of the number where there is none."""
    return quiet_hours.zones_of(place.country, place.number, place.area, place.postal_code)


def places_of(place: Place) -> tuple[Place, ...]:
    """The place, and the number's country where that is another one: the person may be there."""
    country = phone_numbers.country_of(place.number) if place.number else ""
    abroad = place.country and country and country != place.country
    return (place, Place(number=place.number)) if abroad else (place,)


def next_offer(now: dt.datetime, place: Place, config: SmsConfig) -> dt.datetime:
    """The first instant that the law permits and the owner's night does not cover, wherever the
    person may be; ``LOOK_AHEAD`` from now where there is none before.

    Where the address is, the rule of both countries holds; where the number is, its own.
    """
    rules = [(config.law_at(each), zones_of(each)) for each in places_of(place)]
    everywhere = sorted({zone for _, zones in rules for zone in zones})
    instant, end = now, now + LOOK_AHEAD
    while instant <= end:
        before = instant
        for rule, zones in rules:
            permitted = law.next_permitted(instant, rule, zones)
            if permitted is None:
                return end
            instant = permitted
        instant = quiet_hours.next_allowed(instant, everywhere, config.night)
        if instant == before:
            return instant
    return end
