"""Offers wait for the hour in which their reader usually orders; nothing else does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from saleor_sms_plugin.models import Message
from saleor_sms_plugin.ports import Checkout, Order
from saleor_sms_plugin.testing.shop import MemoryShop
from tests.integration.stage import BUYER, CHANNEL, NOON, Stage, only

REMINDER = "checkout_abandoned"
DUE = NOON + dt.timedelta(hours=1)  #: Anna's cart, changed at noon: 14:00 in Warsaw


def configure(stage: Stage, *advanced: str, **values: Any) -> None:
    """Reminders are on towards Anna's phone, since a minute ago."""
    stage.clock.move(minutes=-1)
    stage.configure(
        REMINDER,
        **{
            "test_numbers": BUYER.phone, "sender_id": "+48732000000",
            "advanced": "\n".join(advanced),
        } | values,
    )  # fmt: skip
    stage.clock.move(minutes=1)


def cart(stage: Stage, *order_hours: int, name: str = "c1") -> Checkout:
    """Anna's cart, changed now; she has ordered at these hours of Warsaw, in winter."""
    stage.shop.changed[name] = stage.clock.now()
    stage.shop.habits[name] = [
        dt.datetime(2026, 2, 1 + day, hour - 1, 20, tzinfo=dt.UTC)
        for day, hour in enumerate(order_hours)
    ]
    return stage.shop.put_checkout(
        Checkout(
            id=name, channel_id=CHANNEL, channel_slug="channel-1", language="en",
            created_at=stage.clock.now(), currency="EUR", total=Decimal("99.90"), item_count=3,
            billing=BUYER, shipping=BUYER, lines=f"lines of {name}", first_item="Blue hoodie",
        )
    )  # fmt: skip


def test_a_reminder_waits_for_the_usual_hour(stage: Stage) -> None:
    """Three orders at 18:00: due at 14:00, held with the reason, sent at 18:00."""
    configure(stage)
    cart(stage, 18, 18, 18)
    stage.at(DUE)
    assert stage.rows == [(REMINDER, "held", "usual_hour")]
    message = only(REMINDER)
    assert message.not_before == message.due_at == dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)
    assert message.detail == "Until 2026-03-02 17:00 UTC."
    stage.at(message.not_before - dt.timedelta(seconds=1))
    assert stage.bodies == []
    stage.at(message.not_before)
    assert stage.rows == [(REMINDER, "sent", "")]


@pytest.mark.parametrize(
    ("order_hours", "advanced"),
    [
        ((), ""),
        ((18, 18), ""),  # two orders are no habit
        ((14, 14, 14), ""),  # it is that hour
        ((22, 22, 22), ""),  # no offer is permitted then
        ((18, 18, 18), "usual_hour = off"),
    ],
)
def test_it_goes_out_at_once(stage: Stage, order_hours: tuple[int, ...], advanced: str) -> None:
    """Where there is no habit to wait for, or the shop does not want it."""
    configure(stage, advanced)
    cart(stage, *order_hours)
    stage.at(DUE)
    assert stage.rows == [(REMINDER, "sent", "")]


def test_an_hour_that_comes_too_late_is_not_waited_for(stage: Stage) -> None:
    """Due at 16:00 and expired at 13:00 tomorrow: 14:00 does not come in between."""
    configure(stage, "abandoned.delay = 180")
    cart(stage, 14, 14, 14)
    stage.at(NOON + dt.timedelta(hours=3))
    assert stage.rows == [(REMINDER, "sent", "")]


def test_without_any_permitted_minute_it_expires(stage: Stage) -> None:
    """Saturday evening's cart may be spoken of on Monday morning: that is too late."""
    stage.clock.move(days=5)
    configure(stage)
    stage.clock.move(hours=6, minutes=30)  # 19:30 in Warsaw
    cart(stage, 10, 10, 10)
    stage.later(hours=1)
    assert stage.rows == [(REMINDER, "expired", "expired")]


def test_the_night_is_waited_for_too(stage: Stage) -> None:
    """Due at 20:30: the usual hour of the next day, not its first permitted minute."""
    configure(stage)
    stage.clock.move(hours=6, minutes=30)  # 19:30 in Warsaw
    cart(stage, 10, 10, 10)
    stage.later(hours=1)
    assert (only(REMINDER).reason, only(REMINDER).not_before) == (
        "usual_hour", dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC),
    )  # fmt: skip


def test_what_became_of_the_cart_meanwhile_ends_it(stage: Stage) -> None:
    """Bought while the reminder waited for the evening: none is sent."""
    configure(stage)
    bought = cart(stage, 18, 18, 18)
    stage.at(DUE)
    stage.shop.complete(bought, stage.order())
    stage.later(hours=4)
    assert (stage.rows, stage.bodies) == ([(REMINDER, "suppressed", "purchased")], [])


def test_it_is_waited_for_once(stage: Stage) -> None:
    """A text that could not go out in its hour goes out as soon as it can, not a day later."""
    configure(stage)
    cart(stage, 18, 18, 18)
    stage.at(DUE)
    stage.at(dt.datetime(2026, 3, 2, 18, 5, tzinfo=dt.UTC))  # 19:05: nobody worked at 18:00
    assert stage.rows == [(REMINDER, "sent", "")]


def test_order_texts_do_not_wait(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Service texts go out when things happen, and nobody's habits are read for them."""
    asked = _counted(monkeypatch)
    stage.configure("order_created")
    order = stage.order()
    stage.shop.habits[order.id] = [NOON - dt.timedelta(days=d, hours=6) for d in (1, 2, 3)]
    stage.happen("order_created", order)
    stage.run()
    assert (stage.rows, asked) == ([("order_created", "sent", "")], [])


def test_habits_are_read_once_for_a_batch(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty carts, one question."""
    asked = _counted(monkeypatch)
    configure(stage)
    for number in range(30):
        cart(stage, 18, 18, 18, name=f"c{number}")
    stage.at(DUE)
    assert Message.objects.filter(reason="usual_hour").count() == 30
    assert asked == [30]


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many orders and carts each question is about."""
    asked: list[int] = []
    honest = MemoryShop.order_times

    def counting(
        shop: MemoryShop, subjects: Collection[Order]
    ) -> Mapping[str, Sequence[dt.datetime]]:
        asked.append(len(subjects))
        return honest(shop, subjects)

    monkeypatch.setattr(MemoryShop, "order_times", counting)
    return asked
