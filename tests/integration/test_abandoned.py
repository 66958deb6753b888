"""A cart left behind: when it is a text, to whom, and everything that makes it none."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.models import CartSweep, Message, Recovery, ShopEvent
from saleor_sms_plugin.ports import Address, Checkout, FailureKind, PaymentFailure, Voucher
from saleor_sms_plugin.services import abandoned, failures, recovery
from saleor_sms_plugin.services.record import record
from tests.integration.stage import BUYER, CHANNEL, RECEIVER, Stage, only

FIRST, SECOND, THIRD = "checkout_abandoned", "checkout_abandoned_2", "checkout_abandoned_3"
AMERICAN = Address(phone="+12125552368", country="US", first_name="Ann", last_name="Lee")
TEST_NUMBERS = f"{BUYER.phone}, {AMERICAN.phone}, {RECEIVER.phone}"
SHOP = {"storefront_url": "https://shop.example.com", "sender_id": "+447700900123"}


def configure(stage: Stage, *events: str, advanced: str = "", **values: Any) -> None:
    """These events are on, towards test numbers, and the switch is a minute old."""
    stage.configure(
        *(events or (FIRST,)),
        **({"test_numbers": TEST_NUMBERS, "advanced": advanced} | SHOP | values),
    )
    stage.clock.move(minutes=1)


def cart(stage: Stage, name: str = "c1", **changes: Any) -> Checkout:
    """Anna's cart of 99.90 EUR, changed now."""
    values: dict[str, Any] = {
        "id": name, "channel_id": CHANNEL, "channel_slug": "channel-1", "language": "en",
        "created_at": stage.clock.now(), "currency": "EUR", "total": Decimal("99.90"),
        "item_count": 3, "billing": BUYER, "shipping": RECEIVER, "lines": "aaaa",
        "first_item": "Blue hoodie",
    }  # fmt: skip
    stage.shop.changed[name] = stage.clock.now()
    return stage.shop.put_checkout(Checkout(**(values | changes)))


def test_a_cart_is_one_text_after_an_hour(stage: Stage) -> None:
    """Nothing for 60 minutes, then one marketing text to the buyer, and never another."""
    configure(stage)
    cart(stage)

    stage.later(minutes=59)
    assert (stage.rows, ShopEvent.objects.count()) == ([], 0)

    stage.later(minutes=1)
    assert stage.rows == [(FIRST, "sent", "")]
    assert stage.bodies == ["Acme: your cart is saved in our shop. Reply STOP to opt out"]
    assert stage.recipients == [BUYER.phone]
    assert only(FIRST).purpose == "marketing"

    for _ in range(9):
        stage.later(hours=12)
    assert len(stage.rows) == 1


def test_it_is_off_until_it_is_switched_on(stage: Stage) -> None:
    """Default off; nothing is even recorded."""
    stage.configure("order_created", test_numbers=TEST_NUMBERS)
    stage.later(minutes=1)
    cart(stage)
    stage.later(hours=2)
    assert (ShopEvent.objects.count(), CartSweep.objects.count(), stage.rows) == (0, 0, [])


def test_it_goes_to_nobody_without_consent(stage: Stage) -> None:
    """There is no consent yet, so only test numbers get marketing."""
    configure(stage, test_numbers="")
    cart(stage)
    stage.later(minutes=60)
    assert (stage.rows, stage.bodies) == ([(FIRST, "suppressed", "no_consent")], [])


@pytest.mark.parametrize(
    "change",
    [
        {"lines": ""},
        {"billing": None, "shipping": None},
        {"billing": Address(country="PL"), "shipping": None},
        {"completing": True},
    ],
)
def test_what_is_no_abandonment_is_not_recorded(stage: Stage, change: dict[str, Any]) -> None:
    """An empty cart, no address, an empty phone, one that is being completed."""
    configure(stage)
    cart(stage, **change)
    stage.later(hours=2)
    assert ShopEvent.objects.count() == 0


def test_an_old_cart_that_somebody_touches_is_not_recorded(stage: Stage) -> None:
    """Created more than 7 days ago: whatever changed it, it is not spoken of."""
    configure(stage)
    stage.clock.move(days=8)
    cart(stage, created_at=stage.clock.now() - dt.timedelta(days=7, seconds=1))
    cart(stage, "c2", created_at=stage.clock.now() - dt.timedelta(days=6, hours=22))
    stage.later(hours=1)
    assert [e.checkout_id for e in ShopEvent.objects.all()] == ["c2"]


def test_a_cart_from_before_the_switch_is_never_recorded(stage: Stage) -> None:
    """Law 7, also when the shop's own edit moves its last change afterwards."""
    cart(stage)
    stage.clock.move(minutes=1)
    configure(stage)
    stage.later(hours=2)
    stage.shop.changed["c1"] = stage.clock.now()
    stage.later(hours=2)
    assert ShopEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"charged": Decimal("1")}, "paid"),
        ({"authorized": Decimal("1")}, "paid"),
        ({"pending": Decimal("1")}, "paid"),
        ({"superseded": True}, "superseded"),
        ({"billing": Address(phone="+48223456789", country="PL"), "shipping": None}, "landline"),
        ({"billing": Address(phone="+39347", country="IT"), "shipping": None}, "invalid_number"),
        ({"billing": Address(phone="+819012345678", country="JP"), "shipping": None},
         "country_not_allowed"),
    ],
)  # fmt: skip
def test_a_cart_that_gets_no_text_says_why(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    """Money on its way, a newer cart or order of the person, a phone that cannot be texted."""
    configure(stage)
    cart(stage, **change)
    cart(stage, "other")
    stage.later(minutes=60)
    assert sorted(stage.rows) == [(FIRST, "sent", ""), (FIRST, "suppressed", reason)]


def test_the_shops_own_edit_begins_nothing_anew(stage: Stage) -> None:
    """The same lines with a new last change: neither again nor later; other lines: again."""
    configure(stage)
    cart(stage)
    stage.later(minutes=60)
    stage.clock.move(hours=2)
    stage.shop.changed["c1"] = stage.clock.now()
    stage.later(hours=1)
    assert stage.rows == [(FIRST, "sent", "")]

    cart(stage, lines="bbbb", created_at=stage.clock.now() - dt.timedelta(hours=4))
    stage.later(hours=1)
    assert stage.rows == [(FIRST, "sent", "")] * 2


def test_the_shops_own_edit_does_not_move_the_next_step(stage: Stage) -> None:
    """The second reminder is counted from the customer's last change, not from the shop's."""
    configure(stage, FIRST, SECOND, advanced="abandoned.steps = 120 4320")
    cart(stage)
    stage.later(minutes=60)
    stage.clock.move(minutes=30)
    stage.shop.changed["c1"] = stage.clock.now()
    stage.later(minutes=29, seconds=59)
    assert [row[0] for row in stage.rows] == [FIRST]
    stage.later(seconds=1)
    assert stage.rows == [(FIRST, "sent", ""), (SECOND, "sent", "")]


@pytest.mark.parametrize("when", ["before_planning", "at_the_door"])
def test_a_purchase_ends_it(stage: Stage, when: str) -> None:
    """Completed just before the send, and completed while it waits for the morning."""
    configure(stage)
    if when == "at_the_door":
        stage.clock.move(hours=9)
    left = cart(stage)
    stage.later(minutes=60)
    if when == "before_planning":
        assert stage.rows == [(FIRST, "sent", "")]
        return
    assert stage.rows == [(FIRST, "held", "night")]
    order = stage.order("o1")
    stage.shop.complete(left, order)
    stage.later(hours=12)
    assert (stage.rows, stage.bodies) == ([(FIRST, "suppressed", "purchased")], [])


def test_completed_between_the_sweep_and_planning(stage: Stage) -> None:
    """Recorded, then bought before a worker plans it: no text."""
    configure(stage)
    left = cart(stage)
    stage.clock.move(minutes=60)
    assert abandoned.sweep(stage.ports, stage.clock.now() + dt.timedelta(seconds=2)) == 1
    stage.shop.complete(left, stage.order("o1"))
    stage.later(seconds=1)
    assert (stage.rows, stage.bodies) == ([(FIRST, "suppressed", "purchased")], [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lines": "bbbb"}, "cart_changed"),
        ({"superseded": True}, "superseded"),
        ({"charged": Decimal("5")}, "paid"),
        ({"completing": True}, "payment_running"),
    ],
)
def test_what_happens_in_the_night_ends_it(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    """Checked again at the door."""
    configure(stage)
    stage.clock.move(hours=8)  # 21:01 in Warsaw
    left = cart(stage)
    stage.later(minutes=60)
    assert stage.rows == [(FIRST, "held", "night")]
    stage.shop.put_checkout(left, **change)
    stage.later(hours=12)
    assert (stage.rows, stage.bodies) == ([(FIRST, "suppressed", reason)], [])


def test_it_goes_out_between_nine_and_twenty(stage: Stage) -> None:
    """The recipient's time, even where the channel has no night."""
    configure(stage, advanced="night = off")
    stage.clock.move(hours=6)  # 19:01 in Warsaw
    cart(stage)
    stage.later(minutes=60)
    assert only(FIRST).not_before == dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)
    stage.later(hours=12, minutes=58, seconds=59)
    assert stage.bodies == []
    stage.later(seconds=1)
    assert len(stage.bodies) == 1


def test_three_steps_each_with_its_delay_and_text(stage: Stage) -> None:
    """60 minutes, a day, three days after the last change; each has a text of its own."""
    configure(stage, FIRST, SECOND, THIRD, **{f"text_{THIRD}": "{{ checkout.total }} 3"})
    cart(stage)
    stage.later(minutes=60)
    stage.later(hours=22, minutes=59)
    assert stage.rows == [(FIRST, "sent", "")]
    stage.later(minutes=1)
    assert stage.rows == [(FIRST, "sent", ""), (SECOND, "sent", "")]
    stage.later(hours=48)
    assert [row[0] for row in stage.rows] == [FIRST, SECOND, THIRD]
    assert stage.bodies[1:] == [
        "Acme: your cart is still saved in our shop. Reply STOP to opt out",
        "€99.90 3 Reply STOP to opt out",
    ]


def test_the_delays_are_the_owners(stage: Stage) -> None:
    """``abandoned.delay`` and ``abandoned.steps``, in minutes."""
    configure(stage, FIRST, SECOND, advanced="abandoned.delay = 10\nabandoned.steps = 20 30")
    cart(stage)
    stage.later(minutes=10)
    assert [row[0] for row in stage.rows] == [FIRST]
    stage.later(minutes=10)
    assert [row[0] for row in stage.rows] == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("address", "hours", "expected"),
    [
        (BUYER, 0, [(FIRST, "sent", ""), (SECOND, "sent", "")]),
        (AMERICAN, 7, [(FIRST, "sent", ""), (SECOND, "suppressed", "one_reminder")]),
    ],
)
def test_in_the_usa_one_text_whatever_is_configured(
    stage: Stage, address: Address, hours: int, expected: list[tuple[str, str, str]]
) -> None:
    """The carriers' rule; elsewhere as many as the owner wants."""
    configure(stage, FIRST, SECOND, advanced="abandoned.steps = 300 600")
    stage.clock.move(hours=hours)  # day in Warsaw; afternoon from New York to Hawaii
    cart(stage, billing=address, shipping=address)
    stage.later(minutes=60)
    stage.later(hours=4)
    assert stage.rows == expected


def test_in_the_usa_within_48_hours(stage: Stage) -> None:
    """A second step alone, after more than two days, comes too late there."""
    configure(stage, SECOND, advanced="abandoned.steps = 2880 4320")
    cart(stage, billing=AMERICAN, shipping=AMERICAN)
    stage.later(minutes=60)
    stage.later(hours=47, seconds=1)
    assert [row[1:] for row in stage.rows] == [("expired", "expired")]


def test_the_first_text_is_too_late_after_a_day(stage: Stage) -> None:
    """The worker was away: no text about yesterday's cart."""
    configure(stage)
    cart(stage)
    stage.later(hours=24, seconds=1)
    assert stage.rows == [(FIRST, "expired", "expired")]


def test_a_text_about_its_payment_is_its_one_text(stage: Stage) -> None:
    """The payment of a cart failed and its customer was told: no reminder."""
    configure(stage, FIRST, SECOND, "payment_failed")
    left = cart(stage)
    failure = PaymentFailure(
        reference="transaction_event:1", kind=FailureKind.DECLINED, amount=Decimal("99.90"),
        channel_id=CHANNEL, checkout_id=left.id, acted_at=stage.clock.now(),
    )  # fmt: skip
    stage.shop.fail("transaction_event", failure, stage.clock.now())
    row = stage.shop.failure_rows["transaction_event"][1]
    record(failures.happening(row), stage.ports)
    stage.run()
    stage.later(minutes=5)
    stage.later(minutes=55)
    stage.later(hours=23)
    assert stage.rows == [
        ("payment_failed", "sent", ""),
        (FIRST, "suppressed", "one_reminder"),
        (SECOND, "suppressed", "one_reminder"),
    ]


def test_the_days_budget_is_kept(stage: Stage) -> None:
    """Two of three carts are reminded of today, and the third says why not; tomorrow anew."""
    configure(stage, advanced="abandoned.daily_budget = 2")
    for name in ("c1", "c2", "c3"):
        cart(stage, name)
    stage.later(minutes=60)
    assert [row[1:] for row in stage.rows] == [
        ("sent", ""), ("sent", ""), ("suppressed", "daily_budget"),
    ]  # fmt: skip
    cart(stage, "c4")
    stage.later(minutes=60)
    assert stage.rows[3][2] == "daily_budget"
    stage.clock.move(days=1)
    cart(stage, "c5")
    stage.later(minutes=60)
    assert stage.rows[4][1:] == ("sent", "")


def test_a_text_shows_cart_and_voucher(stage: Stage) -> None:
    """First item, number of items, total, voucher with its validity."""
    text = (
        "{{ checkout.first_item }}|{{ checkout.item_count }}|{{ checkout.total }}|"
        "{{ voucher.code }}|{{ voucher.valid_until | sms_date: 'short' }}|"
        "{{ opt_out.text }}"
    )
    stage.shop.vouchers["HELLO"] = Voucher(
        code="HELLO", valid_until=dt.datetime(2026, 3, 31, 22, tzinfo=dt.UTC)
    )
    configure(stage, advanced="abandoned.voucher = HELLO", **{f"text_{FIRST}": text})
    cart(stage)
    stage.later(minutes=60)
    assert stage.bodies == ["Blue hoodie|3|€99.90|HELLO|4/1/26|Reply STOP to opt out"]


def test_a_voucher_that_ended_is_not_promised(stage: Stage) -> None:
    """Asked at the door: the built-in text goes without it."""
    configure(stage, advanced="abandoned.voucher = HELLO")
    cart(stage)
    stage.later(minutes=60)
    assert stage.bodies == ["Acme: your cart is saved in our shop. Reply STOP to opt out"]


def test_many_carts_of_one_instant_are_all_read(stage: Stage) -> None:
    """A bulk edit gives many carts one last change: every batch goes on behind the last id."""
    configure(stage)
    for number in range(2 * abandoned.BATCH + 1):
        cart(stage, f"c{number:04}")
    stage.clock.move(minutes=60)
    until = stage.clock.now() + dt.timedelta(seconds=2)
    assert abandoned.sweep(stage.ports, until) == 2 * abandoned.BATCH + 1
    assert CartSweep.objects.get().place == (stage.clock.now() - dt.timedelta(hours=1), "")
    stage.clock.move(minutes=1)
    assert abandoned.sweep(stage.ports, until + dt.timedelta(minutes=1)) == 0


def test_far_more_than_usual_is_held_before_anybody_plans_it(stage: Stage) -> None:
    """Six of five an hour: held from the first instant, and none goes out."""
    configure(stage, advanced="storm = 10x 5")
    for number in range(6):
        cart(stage, f"c{number}")
    stage.clock.move(minutes=60)
    abandoned.sweep(stage.ports, stage.clock.now() + dt.timedelta(seconds=2))
    assert set(ShopEvent.objects.values_list("held", flat=True)) == {True}
    stage.later(seconds=1)
    assert stage.rows == [(FIRST, "held", "storm")] * 6


def test_a_deleted_cart_says_so(stage: Stage) -> None:
    """Gone between sweep and planning; the next cart is not held up."""
    configure(stage)
    cart(stage)
    cart(stage, "c2")
    stage.clock.move(minutes=60)
    abandoned.sweep(stage.ports, stage.clock.now() + dt.timedelta(seconds=2))
    del stage.shop.stored_checkouts["c1"]
    stage.later(seconds=1)
    assert sorted(stage.rows) == [(FIRST, "sent", ""), (FIRST, "suppressed", "order_gone")]


def test_recovery_is_counted_once(stage: Stage) -> None:
    """By the cart itself before the same person; each order, and each cart, once."""
    configure(stage, FIRST, SECOND)
    left = cart(stage)
    stage.later(minutes=60)
    stage.later(hours=23)
    stage.later(hours=1)
    stage.shop.complete(left, stage.order("o1"))
    stage.order("o2", total=Decimal("5"))
    until = stage.clock.now() + dt.timedelta(seconds=1)
    assert recovery.run(stage.ports, until) + recovery.run(stage.ports, until) == 1
    row = Recovery.objects.get()
    assert (row.order_id, row.how, row.amount, row.message.event_name) == (
        "o1", "same_cart", Decimal("99.90"), SECOND,
    )  # fmt: skip


@pytest.mark.parametrize(("days", "counted"), [(6, 1), (8, 0)])
def test_the_same_person_within_a_week(stage: Stage, days: int, counted: int) -> None:
    """Another cart of the same phone, within 7 days of the reminder."""
    configure(stage)
    cart(stage)
    stage.later(minutes=60)
    stage.clock.move(days=days)
    stage.order("o1")
    assert recovery.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=1)) == counted
    assert [row.how for row in Recovery.objects.all()] == ["same_person"] * counted


def test_the_report_adds_up(stage: Stage) -> None:
    """Sent, clicked, recovered and amount by week, channel and step."""
    configure(stage, FIRST, SECOND)
    left = cart(stage)
    cart(stage, "c2", billing=RECEIVER)
    stage.later(minutes=60)
    stage.shop.complete(left, stage.order("o1", shipping=None))
    stage.later(hours=23)
    lines = recovery.report(stage.ports, weeks=8)
    told = [
        (line.week, line.channel, line.step, line.sent, line.clicked, line.recovered, line.amount)
        for line in lines
    ]
    assert told == [
        ("2026-W10", "channel-1", 1, 2, 0, 1, {"EUR": Decimal("99.900")}),
        ("2026-W10", "channel-1", 2, 1, 0, 0, {}),
    ]


def test_the_command_prints_the_report(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words and JSON say the same; amounts by currency; an impossible span is refused."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    call_command("sms_report")
    assert capsys.readouterr().out == "No reminder about a cart was sent.\n"
    configure(stage)
    left = cart(stage)
    stage.later(minutes=60)
    stage.shop.complete(left, stage.order("o1"))
    stage.later(minutes=1)
    call_command("sms_report")
    assert capsys.readouterr().out.splitlines()[1].split() == [
        "2026-W10", "channel-1", "1", "1", "0", "1", "99.90", "EUR",
    ]  # fmt: skip
    call_command("sms_report", "--json")
    assert json.loads(capsys.readouterr().out)["reminders"] == [
        {"week": "2026-W10", "channel": "channel-1", "step": 1, "sent": 1, "clicked": 0,
         "recovered": 1, "amount": {"EUR": "99.900"}},
    ]  # fmt: skip
    with pytest.raises(CommandError, match="from 1 to 57"):
        call_command("sms_report", "--weeks", "0")


def test_nothing_of_a_cart_is_in_its_event_but_ids(stage: Stage) -> None:
    """No phone, no e-mail, no name in the recorded row (law 10)."""
    configure(stage)
    cart(stage, email="anna@example.com")
    stage.later(minutes=60)
    event = ShopEvent.objects.get()
    assert (event.facts, event.key) == ({"lines": "aaaa"}, "checkout_abandoned:c1:aaaa")
    assert Message.objects.get().says == {"cart": "aaaa"}
