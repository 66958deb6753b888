"""Whose number is texted, in which language, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from saleor_sms_plugin.models import Message
from saleor_sms_plugin.ports import Address
from tests.integration.stage import BUYER, CHANNEL, RECEIVER, Stage, only

CREATED = "order_created"
LANDLINE = "+48221234567"


def text_for(stage: Stage, event: str = CREATED, **order: Any) -> Message:
    """The decision about this event of a new order with these addresses."""
    placed = stage.order(**order)
    stage.parcel(placed, "p1", "A1")
    stage.happen(event, placed, "p1" if event == "fulfillment_created" else "")
    stage.run()
    stage.later(minutes=10)
    return only(event)


@pytest.mark.parametrize(
    ("event", "advanced", "expected"),
    [
        (CREATED, "", BUYER.phone),
        ("fulfillment_created", "", RECEIVER.phone),
        (CREATED, "phone = shipping", RECEIVER.phone),
        ("fulfillment_created", "phone = billing", BUYER.phone),
    ],
)
def test_orders_go_to_the_buyer_and_parcels_to_the_receiver(
    stage: Stage, event: str, advanced: str, expected: str
) -> None:
    """Billing phone for the order, shipping phone for the parcel; one setting overrides both."""
    stage.configure(event, advanced=advanced)

    assert text_for(stage, event).recipient == expected


SAME = {"first_name": RECEIVER.first_name, "last_name": RECEIVER.last_name}


@pytest.mark.parametrize(
    "billing",
    [None, Address(country="PL", **SAME), Address(phone="  ", **SAME)],
)
def test_without_a_buyers_phone_the_other_is_taken(stage: Stage, billing: Address | None) -> None:
    """A buyer who gave no number gave the only one there is: the one of their parcel."""
    stage.configure(CREATED)

    message = text_for(stage, billing=billing)

    assert (message.recipient, message.status) == (RECEIVER.phone, "sent")


def test_a_gifts_price_never_reaches_its_receiver(stage: Stage) -> None:
    """Where somebody else paid and gave no number, nobody is told of the price."""
    stage.configure(CREATED)

    message = text_for(stage, billing=Address(country="PL", first_name="Anna", last_name="Nowak"))

    assert (message.status, message.reason) == ("suppressed", "no_phone")
    assert stage.bodies == []


@pytest.mark.parametrize("shipping", [None, Address(phone=LANDLINE, country="PL")])
def test_without_a_receivers_mobile_the_buyer_is_told_of_the_parcel(
    stage: Stage, shipping: Address | None
) -> None:
    """A parcel's text may always go to who paid for it."""
    stage.configure("fulfillment_created")

    message = text_for(stage, "fulfillment_created", shipping=shipping)

    assert (message.recipient, message.status) == (BUYER.phone, "sent")


def test_a_gifts_price_does_not_reach_its_receiver(stage: Stage) -> None:
    """A buyer with a landline is not replaced by somebody else's mobile."""
    stage.configure(CREATED)

    message = text_for(
        stage, billing=Address(phone=LANDLINE, country="PL", first_name="Anna", last_name="Nowak")
    )

    assert (message.status, message.reason) == ("suppressed", "landline")
    assert stage.bodies == []


def test_the_same_persons_other_number_serves(stage: Stage) -> None:
    """The same name on both addresses: the mobile on the second one is hers."""
    stage.configure(CREATED)
    anna = {"country": "PL", "first_name": "Anna", "last_name": "Nowak"}

    message = text_for(
        stage,
        billing=Address(phone=LANDLINE, **anna),
        shipping=Address(phone=RECEIVER.phone, **anna),
    )

    assert (message.recipient, message.status) == (RECEIVER.phone, "sent")


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        ("", "no_phone"),
        ("   ", "no_phone"),
        ("n/a", "invalid_number"),
        ("\U0001f4f1\U0001f4f1", "invalid_number"),
        ("5" * 300, "invalid_number"),
        ("{{ shop.name }}", "invalid_number"),
        ("+48 123", "invalid_number"),
        (LANDLINE, "landline"),
        ("+48701234567", "premium_rate"),
        ("+48800123456", "premium_rate"),
        ("+420601123456", "country_not_allowed"),
    ],
)
def test_a_phone_that_cannot_be_texted_has_its_reason(
    stage: Stage, phone: str, reason: str
) -> None:
    """No usable number: one suppressed row that says why, and no call."""
    stage.configure(CREATED)

    message = text_for(stage, billing=Address(phone=phone, country="PL"), shipping=None)

    assert (message.status, message.reason) == ("suppressed", reason)
    assert message.attempts.count() == 0
    assert message.why


@pytest.mark.parametrize(
    ("phone", "country", "expected"),
    [
        ("512 345 678", "PL", "+48512345678"),
        ("512 345 678", "", "+48512345678"),  # the channel's default country
        ("0048 512345678", "IT", "+48512345678"),
        ("+48512345678", "IT", "+48512345678"),
        ("347 123 4567", "IT", "+393471234567"),
        (
            "\u0665\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
            "PL",
            "+48512345678",
        ),  # Arabic-Indic digits
    ],
)
def test_the_country_comes_from_number_address_or_channel(
    stage: Stage, phone: str, country: str, expected: str
) -> None:
    """First what the number says, then the address, then the channel's default."""
    stage.configure(CREATED)

    message = text_for(stage, billing=Address(phone=phone, country=country), shipping=None)

    assert (message.recipient, message.status) == (expected, "sent")


@pytest.mark.parametrize(
    ("allowed", "zones", "sent"),
    [
        ("", {"PL"}, True),
        ("", {"IT"}, False),
        ("", set(), False),  # no shipping zone is not "all"
        ("PL, DE", set(), True),
        ("DE", {"PL"}, False),
    ],
)
def test_countries_are_allowed_by_name_or_by_shipping_zone(
    stage: Stage, allowed: str, zones: set[str], sent: bool
) -> None:
    """The setting, else the channel's shipping zones; never everywhere."""
    stage.shop.zones[CHANNEL] = frozenset(zones)
    stage.configure(CREATED, allowed_countries=allowed)

    message = text_for(stage)

    assert message.status == ("sent" if sent else "suppressed")
    assert message.reason == ("" if sent else "country_not_allowed")


def test_test_mode_texts_only_its_numbers(stage: Stage) -> None:
    """With “Only text these numbers” every other customer's text has that reason."""
    stage.configure(CREATED, test_numbers=f"{BUYER.phone}")
    stage.happen(CREATED, stage.order("o1"))
    stage.happen(CREATED, stage.order("o2", billing=RECEIVER))

    stage.run()

    assert stage.recipients == [BUYER.phone]
    assert Message.objects.get(order_id="o2").reason == "not_a_test_number"


def test_a_country_that_refuses_the_sender_is_not_tried(stage: Stage) -> None:
    """A name cannot be the sender in the USA: the text says so, and no call is made."""
    stage.configure(CREATED)

    message = text_for(stage, billing=Address(phone="+12125550123", country="US"), shipping=None)

    assert (message.status, message.reason) == ("suppressed", "sender_not_allowed")


# Languages

TEXTS = "Order {{ order.number }}\n[pl]\nZamowienie {{ order.number }}\n[pt-br]\nPedido"


@pytest.mark.parametrize(
    ("own", "language", "body"),
    [
        ("", "pl", "Acme: otrzymalismy Twoje zamowienie 1"),
        ("", "pl-pl", "Acme: otrzymalismy Twoje zamowienie 1"),
        ("", "ja", "Acme: we have received your order 1"),
        (TEXTS, "pl", "Zamowienie 1"),
        (TEXTS, "pl-pl", "Zamowienie 1"),
        (TEXTS, "pt-br", "Pedido"),
        (TEXTS, "it", "Order 1"),
    ],
)
def test_a_text_is_in_the_orders_language(stage: Stage, own: str, language: str, body: str) -> None:
    """Exact, then base, then the field's first text; an empty field means the built-in text."""
    stage.configure(CREATED, text_order_created=own)

    text_for(stage, language=language)

    assert stage.bodies[0].startswith(body)


# Flood


def orders(stage: Stage, count: int, **order: Any) -> None:
    start = len(stage.shop.stored_orders)
    for number in range(start, start + count):
        stage.happen(CREATED, stage.order(f"o{number}", **order))


def test_a_number_gets_three_texts_in_ten_minutes(stage: Stage) -> None:
    """The fourth and fifth are held, and go out when the first ones are 10 minutes old."""
    stage.configure(CREATED)
    orders(stage, 5)

    stage.run()
    assert [row[1:] for row in stage.rows] == [("sent", "")] * 3 + [("held", "number_flood")] * 2

    stage.later(minutes=9, seconds=59)
    assert len(stage.bodies) == 3
    stage.later(seconds=1)
    assert [row[1:] for row in stage.rows] == [("sent", "")] * 5


def test_a_number_gets_ten_texts_a_day(stage: Stage) -> None:
    """The eleventh waits for the next day."""
    stage.configure(CREATED, advanced="settle.order_cancelled = 0\nnight = off")
    for _ in range(11):
        stage.clock.move(minutes=5)
        orders(stage, 1)
        stage.run()

    assert len(stage.bodies) == 10
    assert stage.rows[-1] == (CREATED, "held", "number_flood")


def test_the_flood_rule_counts_across_channels(stage: Stage) -> None:
    """Three texts from one channel leave no room for the other's."""
    stage.configure(CREATED)
    stage.configure(CREATED, channel_id=2)
    orders(stage, 3)
    stage.run()
    orders(stage, 1, channel_id=2)

    stage.run()

    assert stage.rows[-1] == (CREATED, "held", "number_flood")


def test_other_numbers_are_not_held(stage: Stage) -> None:
    """A flooded number does not delay anybody else."""
    stage.configure(CREATED)
    orders(stage, 4)
    orders(stage, 1, billing=RECEIVER)

    stage.run()

    assert sorted(stage.recipients) == [BUYER.phone] * 3 + [RECEIVER.phone]


def test_staff_texts_do_not_count(stage: Stage) -> None:
    """The owner who tests with her own phone still gets her order's text."""
    stage.configure("staff_order_created", staff_numbers=BUYER.phone)
    orders(stage, 5)
    stage.run()
    assert len(stage.bodies) == 5
    stage.configure(CREATED)
    stage.clock.move(seconds=1)
    orders(stage, 1)

    stage.run()

    assert len(stage.bodies) == 6


def test_the_limit_is_a_setting(stage: Stage) -> None:
    """``flood = off`` sends all."""
    stage.configure(CREATED, advanced="flood = off")
    orders(stage, 12)

    stage.run()

    assert len(stage.bodies) == 12


def test_a_text_that_was_not_sent_takes_no_room(stage: Stage) -> None:
    """Texts that ended at the door do not count for the flood rule."""
    stage.configure(CREATED)
    orders(stage, 3)
    for order in list(stage.shop.stored_orders.values()):
        stage.change(order, status="canceled")
    stage.run()
    orders(stage, 3)

    stage.run()

    assert len(stage.bodies) == 3
