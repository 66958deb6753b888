"""Texts to staff: each number its own, and one digest after the night."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from saleor_sms_plugin.models import Message
from tests.integration.stage import NOON, Stage

ONE, TWO = "+48501000001", "+48501000002"
ENGLISH = "staff_language = en"
STAFF = "staff_order_created"
SEVEN = dt.datetime(2026, 3, 3, 6, 0, tzinfo=dt.UTC)  # 07:00 in Warsaw


def test_every_staff_number_is_told_of_an_order(stage: Stage) -> None:
    """Two numbers, two texts, at once."""
    stage.configure(STAFF, staff_numbers=f"{ONE}, {TWO}", advanced=ENGLISH)
    stage.happen("order_created", stage.order())

    stage.run()

    assert stage.recipients == [ONE, TWO]
    assert stage.bodies == ["Acme: new order 1, €99.90, items: 3."] * 2


def test_staff_read_the_shops_language(stage: Stage) -> None:
    """The text is in the language of the channel's country, whatever the customer speaks."""
    stage.configure(STAFF, staff_numbers=ONE)
    stage.happen("order_created", stage.order(language="it"))

    stage.run()

    assert stage.bodies == ["Acme: nowe zamowienie 1, 99,90 €, sztuk: 3."]


def test_without_numbers_there_is_no_row(stage: Stage) -> None:
    """Nobody was to be told: no text was withheld from anybody."""
    stage.configure(STAFF)
    stage.happen("order_created", stage.order())

    stage.run()

    assert stage.rows == [("order_created", "suppressed", "switched_off")]


def test_staff_numbers_know_no_allowed_countries_and_no_flood(stage: Stage) -> None:
    """A staff number abroad gets every order, however many there are."""
    stage.configure(STAFF, staff_numbers="+4915123456789", allowed_countries="PL")
    for number in range(12):
        stage.happen("order_created", stage.order(f"o{number}"))

    stage.run()

    assert len(stage.bodies) == 12


def test_a_night_of_orders_is_one_digest(stage: Stage) -> None:
    """From 22 to 07 shop time nothing is sent; at 07 one text per number counts and sums."""
    stage.configure(STAFF, staff_numbers=f"{ONE}, {TWO}", advanced=ENGLISH)
    stage.clock.move(hours=9)  # 22:00 in Warsaw
    for number, total in enumerate(("10.10", "20.20", "30.30"), start=1):
        stage.happen("order_created", stage.order(f"o{number}", total=Decimal(total)))
        stage.run()
        stage.clock.move(hours=1)
    assert stage.bodies == []

    stage.at(SEVEN - dt.timedelta(seconds=1))
    assert stage.bodies == []
    stage.at(SEVEN)

    assert stage.bodies == ["Acme: new orders overnight: 3, total €60.60."] * 2
    assert sorted(stage.recipients) == [ONE, TWO]
    assert Message.objects.filter(event_name=STAFF, reason="merged").count() == 4


def test_a_single_order_of_the_night_is_told_as_itself(stage: Stage) -> None:
    """A digest of one order names the order."""
    stage.configure(STAFF, staff_numbers=ONE, advanced=ENGLISH)
    stage.clock.move(hours=10)
    stage.happen("order_created", stage.order())
    stage.run()

    stage.at(SEVEN)

    assert stage.bodies == ["Acme: new order 1, €99.90, items: 3."]


def test_before_the_staff_night_a_text_goes_at_once(stage: Stage) -> None:
    """At 21:59 shop time staff are told, though customers sleep from 21."""
    stage.configure(STAFF, staff_numbers=ONE, advanced=ENGLISH)
    stage.clock.move(hours=8, minutes=59)
    stage.happen("order_created", stage.order())

    stage.run()

    assert len(stage.bodies) == 1


def test_the_staff_night_is_in_the_zone_that_is_set(stage: Stage) -> None:
    """``staff_timezone``: 13:00 in Warsaw is 22:00 in Tokyo an hour later."""
    stage.configure(STAFF, staff_numbers=ONE, advanced="staff_timezone = Asia/Tokyo")
    stage.clock.move(hours=1)
    stage.happen("order_created", stage.order())

    stage.run()

    message = Message.objects.get(event_name=STAFF)
    assert (message.status, message.reason) == ("held", "digest")
    assert message.not_before == NOON + dt.timedelta(hours=10)


def test_each_night_has_its_own_digest(stage: Stage) -> None:
    """The second night's orders are not in the first night's text."""
    stage.configure(STAFF, staff_numbers=ONE, advanced=ENGLISH)
    for night in (0, 1):
        stage.at(NOON + dt.timedelta(days=night, hours=10))
        for number in (1, 2):
            stage.happen("order_created", stage.order(f"o{night}{number}"))
        stage.run()
        stage.at(SEVEN + dt.timedelta(days=night))

    assert stage.bodies == ["Acme: new orders overnight: 2, total €199.80."] * 2


def test_a_cancelled_order_is_not_told_to_staff(stage: Stage) -> None:
    """The one order of the night was cancelled before the morning."""
    stage.configure(STAFF, staff_numbers=ONE, advanced=ENGLISH)
    stage.clock.move(hours=10)
    order = stage.order()
    stage.happen("order_created", order)
    stage.run()
    stage.change(order, status="canceled")

    stage.at(SEVEN)

    assert stage.bodies == []
    assert Message.objects.get(event_name=STAFF).reason == "order_cancelled"


@pytest.mark.parametrize("gone", ["o1", "o2"])
def test_a_digest_outlives_a_deleted_order(stage: Stage, gone: str) -> None:
    """An order that was deleted before the morning does not take the digest with it."""
    stage.configure(STAFF, staff_numbers=ONE, advanced=ENGLISH)
    stage.clock.move(hours=10)
    for name in ("o1", "o2", "o3"):
        stage.happen("order_created", stage.order(name))
        stage.later(minutes=1)
    del stage.shop.stored_orders[gone]

    stage.at(SEVEN)

    assert stage.bodies == ["Acme: new orders overnight: 3, total €299.70."]
