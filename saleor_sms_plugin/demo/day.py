"""The story: what happens in the shop, when, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..ports import Fulfillment
from ..services.record import Happening


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One moment of the day."""

    at: str  #: the shop's time, "09:05"; "+02:10" is in the night after
    order: str  #: its number
    story: str
    events: tuple[Happening, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)  #: what changes at the order
    fault: str = ""  #: what goes wrong at the next request, see ``testing.vonage_server``
    #: event, and ``sent`` or the reason why not; decided now or later
    then: tuple[tuple[str, str], ...] = ()


def _event(name: str, subject: str = "", transition: str = "", **facts: object) -> Happening:
    """The stage fills in order and channel."""
    return Happening(
        name=name, channel_id=0, subject_id=subject, transition=transition, facts=facts
    )


_CREATED = _event("order_created")
_PAID = _event("order_fully_paid")


def _parcel(order: str, number: str = "") -> dict[str, Any]:
    parcel = Fulfillment(id=f"parcel-{order}", number=1, status="fulfilled", tracking_number=number)
    return {"fulfillments": (parcel,), "status": "fulfilled"}


def _sent_off(order: str) -> Happening:
    return _event("fulfillment_created", f"parcel-{order}", notify=True)


def _refund(name: str, amount: str) -> Happening:
    return _event(name, transition=amount, refunded=amount)


def _tracking(order: str, number: str) -> tuple[Happening, ...]:
    """As Saleor tells it: the change, then that the customer is to be told."""
    parcel = f"parcel-{order}"
    return (
        _event("tracking_updated", parcel, number, number=number, notify="signal"),
        _event("tracking_notified", parcel, number, number=number),
    )


_RECEIVED = ("order_created", "sent")

SCENES: tuple[Scene, ...] = (
    Scene(
        at="09:05", order="1001", story="Łucja orders, and Saleor tells of it twice",
        events=(_CREATED, _CREATED, _event("order_confirmed")),
        then=(_RECEIVED, ("order_confirmed", "switched_off")),
    ),
    Scene(
        at="09:06", order="1001", story="Łucja pays at once",
        events=(_PAID,), changes={"charged": Decimal("129.90")},
        then=(("order_fully_paid", "merged"),),
    ),
    Scene(at="09:40", order="1002", story="Giulia orders, to pay by bank transfer",
          events=(_CREATED,), then=(_RECEIVED,)),
    Scene(at="10:15", order="1003", story="Jürgen orders while the provider is too busy",
          events=(_CREATED,), fault="throttle", then=(_RECEIVED,)),
    Scene(at="10:50", order="1004", story="Élodie leaves no phone number",
          events=(_CREATED,), then=(("order_created", "no_phone"),)),
    Scene(at="11:10", order="1005", story="José leaves a landline number",
          events=(_CREATED,), then=(("order_created", "landline"),)),
    Scene(
        at="11:30", order="1001", story="Łucja's parcel leaves, with a tracking number",
        events=(_sent_off("1001"),), changes=_parcel("1001", "620011223344556677889900"),
        then=(("fulfillment_created", "sent"),),
    ),
    Scene(at="11:45", order="1006", story="Emma's number is of a country that is not allowed",
          events=(_CREATED,), then=(("order_created", "country_not_allowed"),)),
    Scene(at="12:05", order="1007", story="Liam's country takes no texts from a name",
          events=(_CREATED,), then=(("order_created", "sender_not_allowed"),)),
    Scene(at="12:30", order="1008", story="Paul orders, and the provider's answer is lost",
          events=(_CREATED,), fault="drop_after_reading", then=(("order_created", "no_answer"),)),
    Scene(
        at="13:20", order="1002", story="Giulia's bank transfer arrives",
        events=(_PAID,), changes={"charged": Decimal("89.00")},
        then=(("order_fully_paid", "sent"),),
    ),
    Scene(at="14:00", order="1009", story="Lucía orders",
          events=(_CREATED,), then=(_RECEIVED,)),
    Scene(at="14:20", order="1012", story="An old order is imported",
          events=(_CREATED,), then=(("order_created", "imported"),)),
    Scene(at="14:45", order="1013", story="Anna orders a gift for Jan",
          events=(_CREATED,), then=(_RECEIVED,)),
    Scene(
        at="15:10", order="1001", story="Łucja's parcel gets another tracking number",
        events=_tracking("1001", "620099887766554433221100"),
        changes=_parcel("1001", "620099887766554433221100"),
        then=(("tracking_updated", "sent"),),
    ),
    Scene(at="15:30", order="1010", story="Marco orders, to collect it in the shop",
          events=(_CREATED,), then=(_RECEIVED,)),
    Scene(
        at="16:00", order="1009", story="Lucía's order is cancelled",
        events=(_event("order_cancelled"),), changes={"status": "canceled"},
        then=(("order_cancelled", "sent"),),
    ),
    Scene(
        at="16:02", order="1009", story="Lucía's money is returned: one text says both",
        events=(_refund("order_fully_refunded", "210"),), changes={"refunded": Decimal(210)},
        then=(("order_fully_refunded", "merged"),),
    ),
    Scene(at="16:30", order="1011", story="Heike orders",
          events=(_CREATED,), then=(_RECEIVED,)),
    Scene(at="17:00", order="2001", story="Sam orders in the USA; staff are told",
          events=(_CREATED,), then=(_RECEIVED, ("staff_order_created", "sent"))),
    Scene(
        at="17:20", order="1011", story="Heike gets a part of her money back",
        events=(_refund("order_refunded", "20"),), changes={"refunded": Decimal(20)},
        then=(("order_refunded", "sent"),),
    ),
    Scene(
        at="18:00", order="1013", story="Anna's gift leaves: Jan is told, without the price",
        events=(_sent_off("1013"),), changes=_parcel("1013", "13579246801234"),
        then=(("fulfillment_created", "sent"),),
    ),
    Scene(
        at="21:40", order="1010", story="Marco's order is ready, but it is night",
        events=(_sent_off("1010"),), changes=_parcel("1010"),
        then=(("fulfillment_created", "sent"),),
    ),
    Scene(at="23:30", order="2002", story="Ana orders in the USA; staff sleep",
          events=(_CREATED,), then=(_RECEIVED, ("staff_order_created", "sent"))),
    Scene(at="+02:10", order="2003", story="Joe orders too: one text for staff in the morning",
          events=(_CREATED,), then=(_RECEIVED, ("staff_order_created", "merged"))),
)  # fmt: skip

#: the story ends the morning after, when nothing waits any more
END = "+09:00"
