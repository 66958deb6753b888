"""Every variable a text may use, with the samples that a save renders it with.

An absent value is ``None`` (Liquid's nil), never ``""``: Liquid takes ``""`` as true.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from .catalogue import TextSpec

Value = str | int | Decimal | dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable: what it means, a usual value and a long one."""

    meaning: str
    usual: Value
    long: Value
    optional: bool = False  #: may be absent for a real order
    rare: bool = False  #: and is for most


VARIABLES: dict[str, Variable] = {
    "shop.name": Variable(
        meaning="the shop's name", usual="Example Store", long="Example Store Company"
    ),
    "shop.contact": Variable(
        meaning="phone or e-mail for questions",
        usual="help@example.com",
        long="+48 22 555 01 23 99",
        optional=True,
    ),
    "shop.url": Variable(
        meaning="the storefront's address",
        usual="https://example.com",
        long="https://shop.example.com/",
        optional=True,
    ),
    "order.number": Variable(meaning="the order's number", usual="123456", long="12345678"),
    "order.total": Variable(
        meaning="the total with its currency", usual="129.90 EUR", long="12,999.90 EUR"
    ),
    "order.total_amount": Variable(
        meaning="the total as a number", usual=Decimal("129.90"), long=Decimal("12999.90")
    ),
    "order.currency": Variable(meaning="the currency's ISO code", usual="EUR", long="EUR"),
    "order.item_count": Variable(meaning="number of pieces", usual=3, long=120),
    "order.created_at": Variable(
        meaning="when it was placed",
        usual=dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC),
        long=dt.datetime(2026, 12, 30, 12, 30, tzinfo=dt.UTC),
    ),
    "order.pickup_point": Variable(
        meaning="click and collect: the place",
        usual="Example Store Centre",
        long="Example Store Railway Station",
        optional=True,
        rare=True,
    ),
    "order.shipping_method": Variable(
        meaning="the shipping method's name",
        usual="Courier",
        long="Courier next working day",
        optional=True,
    ),
    "order.url": Variable(
        meaning="the order's page in the storefront (advanced: order_url)",
        usual="https://example.com/s/7pWq3NcD8h",
        long="https://shop.example.com/s/7pWq3NcD8h",
        optional=True,
    ),
    "customer.first_name": Variable(
        meaning="first name", usual="Anna", long="Maximiliana Alexandra", optional=True
    ),
    "customer.last_name": Variable(
        meaning="last name", usual="Nowak", long="Wolfeschlegelstein", optional=True
    ),
    "payment.amount": Variable(
        meaning="what should have been paid, with its currency",
        usual="129.90 EUR",
        long="12,999.90 EUR",
        optional=True,
    ),
    "payment.retry_url": Variable(
        meaning="where the customer can pay again (advanced: retry_url)",
        usual="https://example.com/s/4tZ9kMxQ2b",
        long="https://shop.example.com/s/4tZ9kMxQ2b",
        optional=True,
    ),
    "payment.problem": Variable(
        meaning="what went wrong: unclear, capture, refund or cancel",
        usual="refund",
        long="unclear",
    ),
    "checkout.first_item": Variable(
        meaning="the first product in the cart",
        usual="Blue hoodie",
        long="Handmade wooden chessboard",
        optional=True,
    ),
    "checkout.item_count": Variable(meaning="number of pieces in the cart", usual=3, long=120),
    "checkout.total": Variable(
        meaning="the cart's total with its currency", usual="129.90 EUR", long="12,999.90 EUR"
    ),
    "checkout.recovery_url": Variable(
        meaning="where the customer finds the cart again (advanced: recovery_url)",
        usual="https://example.com/s/9dRk2VbT5m",
        long="https://shop.example.com/s/9dRk2VbT5m",
        optional=True,
    ),
    "voucher.code": Variable(
        meaning="a voucher of the shop (advanced: abandoned.voucher)",
        usual="WELCOME",
        long="WELCOME10",
        optional=True,
    ),
    "voucher.valid_until": Variable(
        meaning="its last moment; absent where it has none",
        usual=dt.datetime(2026, 3, 31, 23, 59, tzinfo=dt.UTC),
        long=dt.datetime(2026, 12, 30, 23, 59, tzinfo=dt.UTC),
        optional=True,
    ),
    "survey.url": Variable(
        meaning="the page for the answer; absent where the customer can reply to the sender",
        usual="https://example.com/s/6mVw2Lf4Hn",
        long="https://shop.example.com/s/6mVw2Lf4Hn",
        optional=True,
    ),
    "opt_out.text": Variable(
        meaning="how the customer gets no more such texts",
        usual="Reply STOP to opt out",
        long="Reply STOP to opt out",
        optional=True,
    ),
    "opt_in.url": Variable(
        meaning="the page where the customer agrees; absent where they answer YES",
        usual="https://example.com/s/5hTq8RnW3c",
        long="https://shop.example.com/s/5hTq8RnW3c",
        optional=True,
    ),
    "opt_in.reward_url": Variable(
        meaning="a link for who agreed to offers (advanced: opt_in.reward_url)",
        usual="https://example.com/welcome",
        long="https://shop.example.com/welcome",
        optional=True,
    ),
    "refund.amount": Variable(
        meaning="the refund with its currency",
        usual="29.90 EUR",
        long="12,999.90 EUR",
        optional=True,
    ),
    "refund.amount_value": Variable(
        meaning="the refund as a number",
        usual=Decimal("29.90"),
        long=Decimal("12999.90"),
        optional=True,
    ),
    "fulfillment.tracking_number": Variable(
        meaning="the parcel's tracking number; several are joined by a comma",
        usual="00340434292135100186",
        long="00340434292135100186",
        optional=True,
    ),
    "fulfillment.tracking_url": Variable(
        meaning="the carrier's page for the parcel; absent where it is not known",
        usual="https://example.com/t/12345678",
        long="https://tracking.example.com/parcel/1234567890",
        optional=True,
    ),
    "digest.count": Variable(
        meaning="night digest: number of orders", usual=4, long=120, optional=True, rare=True
    ),
    "digest.total": Variable(
        meaning="night digest: their total",
        usual="412.00 EUR",
        long="12,999.90 EUR",
        optional=True,
        rare=True,
    ),
}


def optional_names(spec: TextSpec) -> tuple[str, ...]:
    """Of ``names_of`` those that are absent for some real texts of this event or answer."""
    return tuple(n for n in names_of(spec) if VARIABLES[n].optional or n in spec.may_lack)


def names_of(spec: TextSpec) -> tuple[str, ...]:
    """The variables a text of this event or answer may use."""
    return (*spec.common, *spec.variables)
