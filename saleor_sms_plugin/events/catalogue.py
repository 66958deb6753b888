"""The catalogue: one row per event a text can be about.

A new event is one row here, its texts in ``texts/`` and the hook that records its source.
Durations are seconds. ``settle_seconds`` is both how long the event waits and how far it
looks for a stronger event to be merged into; where ``waits`` is False it only looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from ..domain.reasons import Reason
from ..ports import FailureKind

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Purpose(StrEnum):
    """Marketing and service messages are different things (law 9)."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


#: Lower goes first: staff alerts and tests, answers, then service texts, then marketing.
STAFF_PRIORITY = 0
ANSWER_PRIORITY = 5
PRIORITIES = {Purpose.TRANSACTIONAL: 10, Purpose.MARKETING: 20}


class Night(StrEnum):
    """What a text does between 21:00 and 08:00 at its recipient."""

    SENDS = "sends"
    WAITS = "waits"
    OFFERS = "offers"  #: goes out between 09:00 and 20:00 only
    DIGEST = "digest"  #: staff only: 22 to 07 shop time becomes one text at 07


class RecipientRule(StrEnum):
    """Whose phone comes first; the other one is taken where it is missing."""

    BUYER = "billing"
    RECEIVER = "shipping"
    STAFF = "staff"


class Wait(StrEnum):
    """When an event with ``settle_seconds`` is ready to be planned."""

    FULL = "full"  #: after the whole time
    TRACKING = "tracking"  #: as soon as every parcel has a tracking number, at the latest then
    NONE = "none"  #: at once; the time is only how far back a stronger event is looked for


#: Every text has these.
SHOP_VARIABLES = ("shop.name", "shop.contact", "shop.url")
#: Every text about an event has these, whatever it is about.
COMMON_VARIABLES = (
    *SHOP_VARIABLES,
    "order.number",
    "order.total",
    "order.total_amount",
    "order.currency",
    "order.item_count",
    "order.created_at",
    "order.pickup_point",
    "order.shipping_method",
    "order.url",
    "customer.first_name",
    "customer.last_name",
)


class Asked(StrEnum):
    """Who is asked, when a text is planned and at the door, whether its reader wants it."""

    LEDGER = "ledger"  #: ``consent.may_send``
    REQUEST = "request"  #: whether what it asks to confirm still waits for that
    NOBODY = "nobody"  #: who wrote is answered


@dataclass(frozen=True, kw_only=True)
class TextSpec:
    """Something that a text can be written for: an event, or an answer."""

    common: ClassVar[tuple[str, ...]] = SHOP_VARIABLES

    name: str
    label: str  #: as the dashboard shows it
    purpose: Purpose = Purpose.TRANSACTIONAL
    asked: Asked = Asked.LEDGER
    asks: bool = False  #: a survey: due ``survey.days`` after the event, takes a score as answer
    variables: tuple[str, ...] = ()  #: beside ``common``
    may_lack: tuple[str, ...] = ()  #: variables of every text that are absent for some of its own


@dataclass(frozen=True, kw_only=True)
class EventSpec(TextSpec):
    """One row of the catalogue."""

    common: ClassVar[tuple[str, ...]] = COMMON_VARIABLES

    source: str  #: the recorded shop event that causes it
    default_on: bool
    recipient: RecipientRule
    settle_seconds: int = 0
    wait: Wait = Wait.FULL
    merges_into: tuple[str, ...] = ()  #: stronger events, recorded within ``settle_seconds``
    absorbs: tuple[str, ...] = ()  #: events whose waiting texts this one's text says, too
    night: Night = Night.WAITS
    expires_seconds: int
    #: origins of an order that are not news to the customer
    skips_origins: Mapping[str, Reason] = field(default_factory=dict)
    ends_when: tuple[Reason, ...] = ()  #: door conditions: what ends it while it waits
    failures: tuple[FailureKind, ...] = ()  #: of a payment: which ones this row speaks of
    #: sends at night, too, to who took the last step so recently
    awake_seconds: int = 0
    #: while there is no order it is what the law of the place takes it for
    marketing_on_checkout: bool = False
    step: int = 0  #: of the reminders about one cart, which one; 0 where it is none
    passed_by: tuple[str, ...] = ()  #: events of the same parcel after which it is no news


_PARCEL = ("fulfillment.tracking_number", "fulfillment.tracking_url")
_PAYMENT = ("payment.amount", "payment.retry_url")
_PROBLEM = ("payment.amount", "payment.problem", "digest.count")
_CHECKOUT_LACKS = ("order.number", "order.created_at")
_CART = (
    "checkout.first_item",
    "checkout.item_count",
    "checkout.total",
    "checkout.recovery_url",
    "voucher.code",
    "voucher.valid_until",
    "opt_out.text",
)
_REFUND = ("refund.amount", "refund.amount_value")
#: what carriers report of a parcel that goes well, in its order
_STAGES = (
    "shipment_in_transit",
    "shipment_out_for_delivery",
    "shipment_ready_for_pickup",
    "shipment_delivered",
)

_NOT_NEW = {"bulk_create": Reason.IMPORTED, "reissue": Reason.REISSUED}

CATALOGUE: tuple[EventSpec, ...] = (
    EventSpec(
        name="order_created",
        label="Order received",
        source="order_created",
        default_on=True,
        recipient=RecipientRule.BUYER,
        night=Night.SENDS,
        expires_seconds=2 * HOUR,
        skips_origins=_NOT_NEW,
        ends_when=(Reason.ORDER_CANCELLED,),
    ),
    EventSpec(
        name="order_confirmed",
        label="Order confirmed",
        source="order_confirmed",
        default_on=False,
        recipient=RecipientRule.BUYER,
        settle_seconds=30,
        merges_into=("order_created",),
        expires_seconds=12 * HOUR,
        skips_origins=_NOT_NEW,
        ends_when=(Reason.ORDER_CANCELLED,),
    ),
    EventSpec(
        name="order_fully_paid",
        label="Payment received",
        source="order_fully_paid",
        default_on=True,
        recipient=RecipientRule.BUYER,
        settle_seconds=10 * MINUTE,
        wait=Wait.NONE,
        merges_into=("order_created",),
        expires_seconds=24 * HOUR,
        skips_origins=_NOT_NEW,
        ends_when=(Reason.ORDER_CANCELLED,),
    ),
    EventSpec(
        name="payment_failed",
        label="Payment failed",
        source="payment_failed",
        default_on=True,
        recipient=RecipientRule.BUYER,
        settle_seconds=5 * MINUTE,
        expires_seconds=24 * HOUR,
        skips_origins=_NOT_NEW,
        ends_when=(Reason.ORDER_CANCELLED, Reason.SUPERSEDED),
        failures=(FailureKind.DECLINED,),
        awake_seconds=30 * MINUTE,
        marketing_on_checkout=True,
        variables=_PAYMENT,
        may_lack=_CHECKOUT_LACKS,
    ),
    EventSpec(
        name="order_cancelled",
        label="Order cancelled",
        source="order_cancelled",
        default_on=True,
        recipient=RecipientRule.BUYER,
        settle_seconds=10 * MINUTE,
        absorbs=("order_refunded", "order_fully_refunded"),
        expires_seconds=24 * HOUR,
        variables=_REFUND,
    ),
    EventSpec(
        name="order_expired",
        label="Order expired unpaid",
        source="order_expired",
        default_on=False,
        recipient=RecipientRule.BUYER,
        settle_seconds=30,
        expires_seconds=24 * HOUR,
    ),
    EventSpec(
        name="order_refunded",
        label="Refund",
        source="order_refunded",
        default_on=True,
        recipient=RecipientRule.BUYER,
        settle_seconds=10 * MINUTE,
        merges_into=("order_fully_refunded", "order_cancelled"),
        absorbs=("order_refunded",),
        expires_seconds=48 * HOUR,
        ends_when=(Reason.REFUND_REVERSED,),
        variables=_REFUND,
    ),
    EventSpec(
        name="order_fully_refunded",
        label="Full refund",
        source="order_fully_refunded",
        default_on=True,
        recipient=RecipientRule.BUYER,
        settle_seconds=10 * MINUTE,
        merges_into=("order_cancelled",),
        absorbs=("order_refunded", "order_fully_refunded"),
        expires_seconds=48 * HOUR,
        ends_when=(Reason.REFUND_REVERSED,),
        variables=_REFUND,
    ),
    EventSpec(
        name="fulfillment_created",
        label="Parcel on its way",
        source="fulfillment_created",
        default_on=True,
        recipient=RecipientRule.RECEIVER,
        settle_seconds=10 * MINUTE,
        wait=Wait.TRACKING,
        expires_seconds=48 * HOUR,
        ends_when=(Reason.PARCEL_CANCELLED, Reason.AWAITING_APPROVAL),
        variables=_PARCEL,
    ),
    EventSpec(
        name="tracking_updated",
        label="Tracking number changed",
        source="tracking_updated",
        default_on=True,
        recipient=RecipientRule.RECEIVER,
        settle_seconds=10,
        merges_into=("fulfillment_created",),
        expires_seconds=48 * HOUR,
        ends_when=(Reason.PARCEL_CANCELLED, Reason.AWAITING_APPROVAL),
        variables=_PARCEL,
    ),
    EventSpec(
        name="fulfillment_canceled",
        label="Parcel stopped",
        source="fulfillment_canceled",
        default_on=False,
        recipient=RecipientRule.RECEIVER,
        settle_seconds=30,
        expires_seconds=24 * HOUR,
        variables=_PARCEL,
    ),
    EventSpec(
        name="order_fulfilled",
        label="Everything sent",
        source="order_fulfilled",
        default_on=False,
        recipient=RecipientRule.RECEIVER,
        settle_seconds=30,
        expires_seconds=24 * HOUR,
        ends_when=(Reason.ORDER_CANCELLED,),
    ),
    *(
        EventSpec(
            name=name,
            label=label,
            source=name,
            default_on=False,
            recipient=RecipientRule.RECEIVER,
            expires_seconds=hours * HOUR,
            ends_when=(Reason.PARCEL_CANCELLED,),
            variables=_PARCEL,
            passed_by=passed_by,
        )
        for name, label, hours, passed_by in (
            ("shipment_in_transit", "Carrier: parcel in transit", 24, _STAGES[1:]),
            ("shipment_out_for_delivery", "Carrier: out for delivery", 12, _STAGES[2:]),
            ("shipment_ready_for_pickup", "Carrier: ready for pickup", 48, _STAGES[3:]),
            ("shipment_delivered", "Carrier: parcel delivered", 24, ()),
            ("shipment_delayed", "Carrier: parcel delayed", 24, _STAGES[2:]),
        )
    ),
    EventSpec(
        name="staff_order_created",
        label="To staff: new order",
        source="order_created",
        default_on=True,
        recipient=RecipientRule.STAFF,
        night=Night.DIGEST,
        expires_seconds=12 * HOUR,
        skips_origins=_NOT_NEW,
        ends_when=(Reason.ORDER_CANCELLED,),
        variables=("digest.count", "digest.total"),
    ),
    EventSpec(
        name="staff_payment_failed",
        label="To staff: a customer's payment failed",
        source="payment_failed",
        default_on=False,
        recipient=RecipientRule.STAFF,
        settle_seconds=5 * MINUTE,
        night=Night.DIGEST,
        expires_seconds=12 * HOUR,
        ends_when=(Reason.ORDER_CANCELLED, Reason.SUPERSEDED),
        failures=(FailureKind.DECLINED,),
        variables=("payment.amount", "digest.count"),
        may_lack=_CHECKOUT_LACKS,
    ),
    EventSpec(
        name="staff_payment_problem",
        label="To staff: a payment to check",
        source="payment_failed",
        default_on=True,
        recipient=RecipientRule.STAFF,
        settle_seconds=15 * MINUTE,
        night=Night.DIGEST,
        expires_seconds=24 * HOUR,
        failures=(
            FailureKind.UNCLEAR,
            FailureKind.CAPTURE,
            FailureKind.REFUND,
            FailureKind.CANCEL,
        ),
        variables=_PROBLEM,
        may_lack=_CHECKOUT_LACKS,
    ),
    *(
        EventSpec(
            name=name,
            label=label,
            source="checkout_abandoned",
            purpose=Purpose.MARKETING,
            default_on=False,
            recipient=RecipientRule.BUYER,
            night=Night.OFFERS,
            expires_seconds=24 * HOUR,
            ends_when=(
                Reason.PURCHASED,
                Reason.CART_CHANGED,
                Reason.SUPERSEDED,
                Reason.PAID,
                Reason.PAYMENT_RUNNING,
            ),
            step=step,
            variables=_CART,
            may_lack=_CHECKOUT_LACKS,
        )
        for step, (name, label) in enumerate(
            (
                ("checkout_abandoned", "Cart left behind"),
                ("checkout_abandoned_2", "Cart left behind: second reminder"),
                ("checkout_abandoned_3", "Cart left behind: third reminder"),
            ),
            start=1,
        )
    ),
    EventSpec(
        name="survey",
        label="How was it?",
        source="order_fulfilled",
        # To ask how satisfied somebody is is to advertise: BGH, VI ZR 225/17, 10 July 2018,
        # https://www.kanzlei.biz/kundenzufriedenheitsbefragung-via-e-mail-kann-unzulaessige-werbung-sein-bgh-10-07-2018-vi-zr-225-17/
        purpose=Purpose.MARKETING,
        default_on=False,
        recipient=RecipientRule.BUYER,
        night=Night.OFFERS,
        expires_seconds=72 * HOUR,
        skips_origins=_NOT_NEW,
        ends_when=(Reason.ORDER_CANCELLED, Reason.REFUNDED),
        asks=True,
        variables=("survey.url", "opt_out.text"),
    ),
)

EVENTS: dict[str, EventSpec] = {spec.name: spec for spec in CATALOGUE}

#: what carriers report of a parcel; Saleor has no event for it
STAGES = tuple(spec for spec in CATALOGUE if spec.source.startswith("shipment_"))

#: about a cart left behind, in their order
REMINDERS = tuple(spec for spec in CATALOGUE if spec.step)

#: Recorded shop events that cause no text of their own but decide about others.
SIGNALS = ("tracking_notified",)

SOURCES: dict[str, tuple[EventSpec, ...]] = {
    source: tuple(spec for spec in CATALOGUE if spec.source == source)
    for source in dict.fromkeys(spec.source for spec in CATALOGUE)
}
