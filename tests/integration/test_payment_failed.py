"""A failed payment: when it is a text, to whom, and everything that makes it none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.models import Message, Position, ShopEvent
from saleor_sms_plugin.ports import Address, Checkout, FailureKind, Order, PaymentFailure
from saleor_sms_plugin.services import detect, failures, following, plan, storm
from saleor_sms_plugin.services.explain import explain
from saleor_sms_plugin.services.record import hear, record
from tests.integration.stage import BUYER, CHANNEL, NOON, RECEIVER, Stage, only

STAFF = "+48501000001"
IN_ENGLISH = "staff_language = en"
EVENT, OLDER = "transaction_event", "transaction"
PAYMENT_EVENTS = ("payment_failed", "staff_payment_failed", "staff_payment_problem")


def checkout(stage: Stage, name: str = "c1", **changes: Any) -> Checkout:
    """A checkout of 99.90 EUR that Anna is filling in."""
    values: dict[str, Any] = {
        "id": name, "channel_id": CHANNEL, "channel_slug": "channel-1", "language": "en",
        "created_at": stage.clock.now(), "currency": "EUR", "total": Decimal("99.90"),
        "item_count": 3, "billing": BUYER, "shipping": RECEIVER,
    }  # fmt: skip
    return stage.shop.put_checkout(Checkout(**(values | changes)))


def write(
    stage: Stage, order: Order, number: int = 1, table: str = EVENT, **changes: Any
) -> PaymentFailure:
    """The shop writes, or changes, the row of a failed payment; nobody records it."""
    of = {"checkout_id": order.id} if isinstance(order, Checkout) else {"order_id": order.id}
    values: dict[str, Any] = {
        "reference": f"{table}:{number}", "kind": FailureKind.DECLINED, "channel_id": CHANNEL,
        "amount": Decimal("99.90"), "acted_at": stage.clock.now(), **of,
    }  # fmt: skip
    at = changes.pop("occurred_at", stage.clock.now())
    failure = PaymentFailure(**(values | changes))
    stage.shop.fail(table, failure, at)
    return failure


def fail(stage: Stage, order: Order, number: int = 1, **changes: Any) -> PaymentFailure:
    """A payment of the order fails now, and its signal is heard."""
    failure = write(stage, order, number, **changes)
    table = failure.reference.partition(":")[0]
    row = stage.shop.failure_rows[table][number]
    assert record(failures.happening(row), stage.ports)
    return failure


@pytest.mark.parametrize("of", ["order", "checkout"])
def test_a_failure_is_one_text_after_five_minutes(stage: Stage, of: str) -> None:
    """An order, or a checkout still open: nothing for 5 minutes, then one text to the buyer."""
    stage.configure("payment_failed")
    fail(stage, stage.order() if of == "order" else checkout(stage))

    stage.run()
    stage.later(minutes=4, seconds=59)
    assert stage.rows == []

    stage.later(seconds=1)
    assert stage.rows == [("payment_failed", "sent", "")]
    name = " for order 1" if of == "order" else ""
    assert stage.bodies == [f"Acme: your payment{name} did not go through. Try again in our shop."]
    assert stage.recipients == [BUYER.phone]


def test_the_amount_is_what_failed(stage: Stage) -> None:
    """``payment.amount`` is the failed request's; nobody said it: nil. No retry link yet: nil."""
    text = "{{ payment.amount }}{% unless payment.retry_url %}!{% endunless %}"
    stage.configure("payment_failed", text_payment_failed=f"{{{{ shop.name }}}} {text}")
    fail(stage, stage.order("o1"), 1, amount=Decimal("20"))
    fail(stage, stage.order("o2"), 2, amount=Decimal(0))

    stage.run()
    stage.later(minutes=5)

    assert sorted(stage.bodies) == ["Acme !", "Acme €20.00!"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"charged": Decimal("99.90")}, "paid"),
        ({"authorized": Decimal("99.90")}, "paid"),
        ({"charged": Decimal("50"), "authorized": Decimal("49.90")}, "paid"),
        ({"status": "canceled"}, "order_cancelled"),
        ({"status": "expired"}, "order_cancelled"),
    ],
)
def test_what_happens_within_the_grace_ends_it(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    """Paid, reserved or a cancelled order: no text, and why."""
    stage.configure("payment_failed")
    order = stage.order()
    fail(stage, order)
    stage.run()
    stage.change(order, **change)

    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "suppressed", reason)]
    assert stage.bodies == []


@pytest.mark.parametrize("change", [{"charged": Decimal("99.89")}, {"authorized": Decimal("1")}])
def test_a_part_does_not_cover_the_order(stage: Stage, change: dict[str, Any]) -> None:
    """One cent short is not paid."""
    stage.configure("payment_failed")
    fail(stage, stage.order(**change))

    stage.run()
    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "sent", "")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"succeeded": True}, "paid"),
        ({"kind": FailureKind.UNCLEAR}, "payment_unclear"),
        ({"kind": FailureKind.CAPTURE}, "staff_matter"),
    ],
)
def test_a_failure_row_is_only_a_hint(stage: Stage, change: dict[str, Any], reason: str) -> None:
    """A success of the same payment, no answer, a capture of the shop's own."""
    stage.configure("payment_failed")
    order = stage.order()
    failure = fail(stage, order)
    stage.run()
    stage.shop.fail(EVENT, replace(failure, **change), stage.clock.now())

    stage.later(minutes=5)
    stage.later(minutes=30)

    assert stage.rows == [("payment_failed", "suppressed", reason)]
    assert stage.bodies == []


def test_a_checkout_whose_price_nobody_worked_out_is_not_paid(stage: Stage) -> None:
    """Its total is zero until the storefront asks for it; nothing was charged."""
    stage.configure("payment_failed")
    fail(stage, checkout(stage, total=Decimal(0)))

    stage.run()
    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "sent", "")]


@pytest.mark.parametrize(
    ("gift_cards", "charged", "row"),
    [
        ("99.90", "0", ("payment_failed", "suppressed", "paid")),
        ("60", "39.90", ("payment_failed", "suppressed", "paid")),
        ("60", "39.89", ("payment_failed", "sent", "")),
    ],
)
def test_gift_cards_pay_their_part_of_a_checkout(
    stage: Stage, gift_cards: str, charged: str, row: tuple[str, str, str]
) -> None:
    """As in Saleor's own status of a checkout: their balance is taken off the total."""
    stage.configure("payment_failed")
    fail(stage, checkout(stage, gift_cards=Decimal(gift_cards), charged=Decimal(charged)))

    stage.run()
    stage.later(minutes=5)

    assert stage.rows == [row]


def _begin_another(stage: Stage, cart: Checkout, failure: PaymentFailure, how: str) -> None:
    """The customer tries again, in one of three ways; "": nobody does any more."""
    stage.shop.fail(EVENT, replace(failure, superseded=how == "attempt"), NOON)
    pending = Decimal("99.90" if how == "request" else 0)
    stage.shop.put_checkout(cart, pending=pending, completing=how == "completing")


@pytest.mark.parametrize("how", ["attempt", "request", "completing"])
@pytest.mark.parametrize("at", ["planning", "the door"])
def test_a_running_attempt_makes_it_wait(stage: Stage, how: str, at: str) -> None:
    """Nobody is told to try again meanwhile; when it was left without an answer, they are."""
    stage.configure("payment_failed", advanced="night = off")
    cart = checkout(stage)
    failure = fail(stage, cart)
    stage.run()
    if at == "the door":
        stage.clock.move(minutes=5)
        plan.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=5))
    _begin_another(stage, cart, failure, how)

    for _ in range(12):
        stage.later(minutes=5)
    waits = {"planning": [], "the door": [("payment_failed", "held", "payment_running")]}
    assert (stage.rows, stage.bodies) == (waits[at], [])

    _begin_another(stage, cart, failure, "")
    stage.later(minutes=5)
    assert (stage.rows, len(stage.bodies)) == ([("payment_failed", "sent", "")], 1)


def test_an_attempt_that_never_ends(stage: Stage) -> None:
    """It waits as long as the text would be news, and then the reason is stored."""
    stage.configure("payment_failed", advanced="night = off")
    fail(stage, stage.order(), superseded=True)
    stage.run()
    stage.later(minutes=5)

    stage.later(hours=23, minutes=45)
    assert stage.rows == []

    stage.later(minutes=6)
    assert stage.rows == [("payment_failed", "suppressed", "payment_running")]


@pytest.mark.parametrize("name", ["payment_failed", "staff_payment_failed"])
def test_whoever_has_ordered_since_is_not_told(stage: Stage, name: str) -> None:
    """A newer cart or an order of the same person ends it on a checkout."""
    stage.configure(name, staff_numbers=STAFF)
    cart = checkout(stage)
    fail(stage, cart)
    stage.run()
    stage.shop.put_checkout(cart, superseded=True)

    stage.later(minutes=5)

    assert (name, "suppressed", "superseded") in stage.rows
    assert stage.bodies == []


def test_two_carts_of_one_phone_are_one_text_a_day(stage: Stage) -> None:
    """Together or one after the other; the next day's is another one, and so is an order's."""
    stage.configure("payment_failed", advanced="night = off")
    for number in (1, 2):
        fail(stage, checkout(stage, f"c{number}"), number)
    stage.run()
    stage.later(minutes=5)
    fail(stage, checkout(stage, "c3"), 3)
    fail(stage, stage.order(), 4)
    fail(stage, checkout(stage, "c5", billing=RECEIVER), 5)
    stage.run()
    stage.later(minutes=5)

    by_subject = Message.objects.order_by("order_id", "checkout_id")
    said = [(m.order_id or m.checkout_id, m.status, m.reason) for m in by_subject]
    first = sorted(said[:2], key=lambda row: row[1])
    assert [row[1:] for row in first] == [("sent", ""), ("suppressed", "merged")]
    assert said[2:] == [
        ("c3", "suppressed", "merged"), ("c5", "sent", ""), ("o1", "sent", ""),
    ]  # fmt: skip

    stage.clock.move(days=1)
    fail(stage, checkout(stage, "c6"), 6)
    stage.run()
    stage.later(minutes=5)
    assert stage.rows[-1] == ("payment_failed", "sent", "")


def test_of_two_carts_that_wait_for_the_morning_the_later_one_is_told(stage: Stage) -> None:
    """The first one's text may end as superseded: it must not keep the second from being said."""
    stage.configure("payment_failed")
    stage.at(dt.datetime(2026, 3, 2, 22, 0, tzinfo=dt.UTC))
    asleep = stage.clock.now() - dt.timedelta(hours=1)
    for number in (1, 2):
        fail(stage, checkout(stage, f"c{number}"), number, acted_at=asleep)
        stage.run()
        stage.later(minutes=5)
    held = ("payment_failed", "held", "night")
    assert stage.rows == [("payment_failed", "suppressed", "merged"), held]

    stage.at(dt.datetime(2026, 3, 3, 7, 0, tzinfo=dt.UTC))

    assert [m.checkout_id for m in Message.objects.filter(status="sent")] == ["c2"]
    assert len(stage.bodies) == 1


def test_failures_within_a_day_are_one_text(stage: Stage) -> None:
    """Another failure of the order within 24 hours says nothing new; the next day's does."""
    stage.configure("payment_failed")
    order = stage.order()
    fail(stage, order, 1)
    stage.run()
    stage.later(minutes=5)
    stage.clock.move(hours=20)
    fail(stage, order, 2)
    stage.run()
    stage.later(minutes=5)
    assert stage.rows == [
        ("payment_failed", "sent", ""),
        ("payment_failed", "suppressed", "merged"),
    ]

    stage.clock.move(hours=4)
    fail(stage, order, 3)
    stage.run()
    stage.later(minutes=5)
    assert stage.rows[2:] == [("payment_failed", "sent", "")]
    assert len(stage.bodies) == 2


def test_the_grace_is_that_of_the_last_failure(stage: Stage) -> None:
    """A customer who keeps trying is left alone until five minutes after the last try."""
    stage.configure("payment_failed")
    order = stage.order()
    fail(stage, order, 1)
    stage.run()
    stage.clock.move(minutes=4)
    fail(stage, order, 2)
    stage.run()

    stage.later(minutes=1)
    assert stage.rows == [("payment_failed", "suppressed", "merged")]

    stage.later(minutes=4)
    assert stage.rows[1:] == [("payment_failed", "sent", "")]
    assert len(stage.bodies) == 1


def test_a_checkout_that_became_an_order_is_decided_as_that_order(stage: Stage) -> None:
    """The failed card, then a good one: the order is paid, and its customer hears nothing."""
    stage.configure("payment_failed")
    cart = checkout(stage)
    failure = fail(stage, cart)
    stage.run()
    order = stage.shop.complete(cart, stage.order(charged=Decimal("99.90")))
    stage.shop.fail(
        EVENT, replace(failure, checkout_id="", order_id=order.id), stage.clock.now()
    )  # fmt: skip

    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "suppressed", "paid")]
    message = only("payment_failed")
    assert (message.order_id, message.order_number) == (order.id, "1")
    assert ShopEvent.objects.get().order_id == order.id


def test_one_text_for_the_checkout_and_its_order(stage: Stage) -> None:
    """A failure on the checkout and another on the unpaid order it became are one text."""
    stage.configure("payment_failed")
    cart = checkout(stage)
    fail(stage, cart, 1)
    stage.run()
    stage.later(minutes=5)
    order = stage.shop.complete(cart, stage.order())
    fail(stage, order, 2)
    stage.run()
    # what is still to be decided about the checkout moves, and takes its texts along
    write(stage, order, 3)
    ShopEvent.objects.create(
        key="late", name="payment_failed", checkout_id=cart.id, subject_id=f"{EVENT}:3",
        channel_id=CHANNEL, occurred_at=stage.clock.now(), recorded_at=stage.clock.now(),
        plan_at=stage.clock.now(),
    )  # fmt: skip
    stage.run()

    stage.later(minutes=5)

    assert [row[1:] for row in stage.rows] == [
        ("sent", ""), ("suppressed", "merged"), ("suppressed", "merged"),
    ]  # fmt: skip
    assert {m.order_id for m in Message.objects.all()} == {order.id}
    assert len(stage.bodies) == 1


def test_paid_while_it_waited_at_the_door(stage: Stage) -> None:
    """A text that waits for the morning does not survive the payment."""
    stage.configure("payment_failed")
    stage.at(dt.datetime(2026, 3, 2, 22, 0, tzinfo=dt.UTC))
    order = stage.order()
    fail(stage, order, acted_at=stage.clock.now() - dt.timedelta(hours=1))
    stage.run()
    stage.later(minutes=5)
    assert stage.rows == [("payment_failed", "held", "night")]
    stage.change(order, charged=order.total)

    stage.at(dt.datetime(2026, 3, 3, 7, 0, tzinfo=dt.UTC))

    assert stage.rows == [("payment_failed", "suppressed", "paid")]
    assert stage.bodies == []


def test_who_has_just_tried_is_up(stage: Stage) -> None:
    """At night it goes to who took the last step within 30 minutes; others get it at 8."""
    stage.configure("payment_failed")
    stage.at(dt.datetime(2026, 3, 2, 22, 0, tzinfo=dt.UTC))
    now = stage.clock.now()
    fail(stage, stage.order("o1"), 1, acted_at=now - dt.timedelta(minutes=25))
    fail(stage, stage.order("o2"), 2, acted_at=now - dt.timedelta(minutes=25, seconds=1))
    stage.run()

    stage.later(minutes=5)
    by_order = Message.objects.values_list("order_number", "status").order_by("order_number")
    assert list(by_order) == [("1", "sent"), ("2", "held")]

    stage.at(dt.datetime(2026, 3, 3, 7, 0, tzinfo=dt.UTC))
    assert list(by_order.all()) == [("1", "sent"), ("2", "sent")]


def test_after_a_day_it_is_too_late(stage: Stage) -> None:
    """What happened more than 24 hours ago is a stored decision, not a text."""
    stage.configure("payment_failed")
    stage.clock.move(days=2)
    fail(stage, stage.order(), occurred_at=stage.clock.now() - dt.timedelta(hours=24, seconds=1))

    stage.run()

    assert stage.rows == [("payment_failed", "expired", "expired")]


def test_a_time_in_the_future_is_now(stage: Stage) -> None:
    """What a payment app says of the time cannot keep a text alive."""
    stage.configure("payment_failed")
    fail(stage, stage.order(), occurred_at=stage.clock.now() + dt.timedelta(days=30))

    assert ShopEvent.objects.get().occurred_at == NOON


def test_nothing_from_before_it_was_switched_on(stage: Stage) -> None:
    """A row that tells of yesterday is no news to a shop that switched it on today (law 7)."""
    stage.configure("payment_failed")
    fail(stage, stage.order(), occurred_at=NOON - dt.timedelta(seconds=1))

    stage.run()

    assert stage.rows == [("payment_failed", "suppressed", "before_activation")]


@pytest.mark.parametrize("country", ["DE", "AT", "US", "CA"])
def test_on_a_checkout_it_is_marketing_in_some_countries(stage: Stage, country: str) -> None:
    """Without an order it needs a consent, which nobody gave; with an order it is service."""
    numbers = {
        "DE": "+4915112345678",
        "AT": "+436641234567",
        "US": "+12125550123",
        "CA": "+14165550123",
    }
    person = Address(phone=numbers[country], country=country, first_name="Eva", last_name="Berg")
    stage.configure(
        "payment_failed",
        allowed_countries=country,
        sender_id="+447700900123",
        advanced="night = off",
    )
    fail(stage, checkout(stage, billing=person), 1)
    fail(stage, stage.order(billing=person), 2)
    stage.run()

    stage.later(minutes=5)

    assert stage.rows == [
        ("payment_failed", "suppressed", "no_consent"), ("payment_failed", "sent", ""),
    ]  # fmt: skip
    assert [m.purpose for m in Message.objects.order_by("pk")] == ["marketing", "transactional"]


def test_a_test_number_needs_no_consent(stage: Stage) -> None:
    """Marketing without the ledger goes to the channel's test numbers, and to them only."""
    person = Address(phone="+4915112345678", country="DE")
    stage.configure("payment_failed", allowed_countries="DE", test_numbers=person.phone)
    fail(stage, checkout(stage, billing=person))
    stage.run()

    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "sent", "")]
    assert only("payment_failed").purpose == "marketing"


def test_elsewhere_it_is_a_service_text_on_a_checkout_too(stage: Stage) -> None:
    """In Poland it needs no consent."""
    stage.configure("payment_failed")
    fail(stage, checkout(stage))
    stage.run()

    stage.later(minutes=5)

    assert [m.purpose for m in Message.objects.all()] == ["transactional"]
    assert len(stage.bodies) == 1


def test_staff_hear_of_a_customers_failure_where_they_want_to(stage: Stage) -> None:
    """The staff variant is its own row, to each number of the channel."""
    stage.configure(
        "staff_payment_failed", staff_numbers="+48501000001, +48501000002", advanced=IN_ENGLISH
    )
    fail(stage, stage.order())
    stage.run()

    stage.later(minutes=5)
    stage.later(minutes=30)

    assert stage.bodies == ["Acme: a customer's payment of €99.90 for order 1 failed."] * 2
    assert sorted(stage.recipients) == ["+48501000001", "+48501000002"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (FailureKind.UNCLEAR, "payment that got no clear answer"),
        (FailureKind.CAPTURE, "failed capture"),
        (FailureKind.REFUND, "failed refund"),
        (FailureKind.CANCEL, "failed cancellation of a payment"),
    ],
)
def test_what_only_staff_can_mend_is_told_to_staff(
    stage: Stage, kind: FailureKind, said: str
) -> None:
    """One alert after 15 minutes, and never a text to the customer."""
    stage.configure(*PAYMENT_EVENTS, staff_numbers=STAFF, advanced=IN_ENGLISH)
    authorized = Decimal("99.90") if kind is FailureKind.CAPTURE else Decimal(0)
    fail(stage, stage.order(authorized=authorized), kind=kind)
    stage.run()

    stage.later(minutes=14, seconds=59)
    assert stage.bodies == []

    stage.later(seconds=1)
    assert stage.bodies == [f"Acme: please check a {said}, €99.90, order 1."]
    assert stage.recipients == [STAFF]
    to_customer = [row for row in stage.rows if row[0] == "payment_failed"]
    assert all(row[1] == "suppressed" for row in to_customer)


@pytest.mark.parametrize("kind", [FailureKind.REFUND, FailureKind.CANCEL])
def test_a_failed_refund_is_no_decision_about_the_customer(stage: Stage, kind: FailureKind) -> None:
    """Nobody would ask why no “payment failed” was sent: nothing is stored."""
    stage.configure(*PAYMENT_EVENTS, staff_numbers=STAFF, advanced=IN_ENGLISH)
    fail(stage, stage.order(), kind=kind)
    stage.run()

    stage.later(minutes=15)

    assert stage.rows == [("staff_payment_problem", "sent", "")]


@pytest.mark.parametrize(
    ("kind", "change", "failure"),
    [
        (FailureKind.UNCLEAR, {"charged": Decimal("99.90")}, {}),
        (FailureKind.UNCLEAR, {"authorized": Decimal("99.90")}, {}),
        (FailureKind.UNCLEAR, {}, {"succeeded": True}),
        (FailureKind.UNCLEAR, {}, {"refused": True}),
        (FailureKind.CAPTURE, {"charged": Decimal("99.90")}, {}),
        (FailureKind.REFUND, {}, {"succeeded": True}),
    ],
)
def test_what_settled_itself_is_no_alert(
    stage: Stage, kind: FailureKind, change: dict[str, Any], failure: dict[str, Any]
) -> None:
    """Within the 15 minutes the money came, or the request had its success."""
    stage.configure(*PAYMENT_EVENTS, staff_numbers=STAFF, advanced=IN_ENGLISH)
    fail(stage, stage.order(**change), kind=kind, **failure)
    stage.run()

    stage.later(minutes=5)
    stage.later(minutes=10)
    stage.later(minutes=30)

    assert stage.bodies == []
    assert ShopEvent.objects.filter(plan_at__isnull=False).count() == 0


def test_no_clear_answer_holds_back_try_again(stage: Stage) -> None:
    """While one attempt may have gone through, nobody is told to pay again."""
    stage.configure("payment_failed")
    order = stage.order()
    fail(stage, order, 1, kind=FailureKind.UNCLEAR)
    fail(stage, order, 2)
    stage.run()

    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "suppressed", "payment_unclear")] * 2


def test_no_answer_and_then_a_clear_refusal(stage: Stage) -> None:
    """The customer hears, once, and there is nothing left for staff to check."""
    stage.configure(*PAYMENT_EVENTS, staff_numbers=STAFF, advanced=IN_ENGLISH)
    order = stage.order()
    unclear = fail(stage, order, 1, kind=FailureKind.UNCLEAR)
    stage.run()
    stage.clock.move(minutes=2)
    fail(stage, order, 2)
    stage.shop.fail(EVENT, replace(unclear, refused=True), NOON)
    stage.run()

    for minutes in (3, 2, 10, 60):
        stage.later(minutes=minutes)

    to_customer = "Acme: your payment for order 1 did not go through. Try again in our shop."
    to_staff = "Acme: a customer's payment of €99.90 for order 1 failed."
    assert sorted(stage.bodies) == [to_staff, to_customer]
    assert sorted(stage.recipients) == [STAFF, BUYER.phone]


@pytest.mark.parametrize(
    ("hours", "row"),
    [
        (23, ("payment_failed", "suppressed", "payment_unclear")),
        (24, ("payment_failed", "sent", "")),
    ],
)
def test_what_is_unclear_holds_it_back_for_a_day(
    stage: Stage, hours: int, row: tuple[str, str, str]
) -> None:
    """Also when nothing is to be decided about the unclear one any more."""
    stage.configure("payment_failed", advanced="night = off")
    order = stage.order()
    fail(stage, order, 1, kind=FailureKind.UNCLEAR)
    stage.run()
    stage.later(minutes=20)
    assert ShopEvent.objects.filter(plan_at__isnull=False).count() == 0
    stage.clock.move(hours=hours)
    fail(stage, order, 2)
    stage.run()

    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "suppressed", "payment_unclear"), row]


@pytest.mark.parametrize(
    ("change", "other", "reason"),
    [
        ({"succeeded": True}, False, "paid"),
        ({}, True, "payment_unclear"),
        ({"kind": FailureKind.CAPTURE}, False, "staff_matter"),
    ],
)
def test_the_payment_is_asked_again_at_the_door(
    stage: Stage, change: dict[str, Any], other: bool, reason: str
) -> None:
    """What becomes known of it in the night ends the text that waits for the morning."""
    stage.configure("payment_failed")
    stage.at(dt.datetime(2026, 3, 2, 22, 0, tzinfo=dt.UTC))
    order = stage.order()
    asleep = stage.clock.now() - dt.timedelta(hours=1)
    failure = fail(stage, order, 1, acted_at=asleep)
    stage.run()
    stage.later(minutes=5)
    assert stage.rows == [("payment_failed", "held", "night")]
    stage.shop.fail(EVENT, replace(failure, **change), NOON)
    if other:
        fail(stage, order, 2, kind=FailureKind.UNCLEAR)

    stage.at(dt.datetime(2026, 3, 3, 7, 0, tzinfo=dt.UTC))

    assert stage.rows[0] == ("payment_failed", "suppressed", reason)
    assert stage.bodies == []


def test_the_door_asks_for_all_texts_of_a_batch_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty texts about failed payments are one question to the shop, and none without them."""
    stage.configure("payment_failed", "order_created")
    for number in range(20):
        buyer = Address(phone=f"+48512345{number:03}", country="PL")
        fail(stage, stage.order(f"o{number}", billing=buyer), number)
    stage.run()
    stage.clock.move(minutes=5)
    plan.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=5))
    asked: list[int] = []
    read = stage.shop.payment_failures

    def seen(references: Any) -> Any:
        asked.append(len(references))
        return read(references)

    monkeypatch.setattr(stage.shop, "payment_failures", seen)
    stage.run()
    assert (asked, len(stage.bodies)) == ([20], 20)

    stage.happen("order_created", stage.order("o99"))
    stage.run()
    assert (len(asked), len(stage.bodies)) == (1, 21)


def test_a_row_at_fault_stops_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again after five minutes; other failures and other events go their way."""
    stage.configure("payment_failed", "order_created")
    fail(stage, stage.order("o1"), 1)
    fail(stage, stage.order("o2"), 2)
    stage.happen("order_created", stage.order("o3"))
    read = stage.shop.payment_failures

    def odd(references: Any) -> Any:
        if f"{EVENT}:1" in references:
            raise ValueError("no such thing")
        return read(references)

    monkeypatch.setattr(stage.shop, "payment_failures", odd)
    stage.run()
    assert stage.rows == [("order_created", "sent", "")]
    again = {e.subject_id: e.plan_at for e in ShopEvent.objects.filter(name="payment_failed")}
    assert again == dict.fromkeys((f"{EVENT}:1", f"{EVENT}:2"), NOON + dt.timedelta(minutes=5))
    assert ShopEvent.objects.get(subject_id=f"{EVENT}:2").order_id == "o2"

    monkeypatch.setattr(stage.shop, "payment_failures", read)
    stage.later(minutes=5)
    assert stage.rows[1:] == [("payment_failed", "sent", "")] * 2


def test_who_placed_it_first_has_placed_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that read the row before another one placed it changes nothing of it."""
    stage.configure("payment_failed")
    fail(stage, stage.order())
    read = stage.shop.payment_failures
    others: list[None] = []

    def slow(references: Any) -> Any:
        found = read(references)
        if not others:
            others.append(None)
            failures.place(stage.ports)
            storm.cancel_order("o1", stage.ports)
        return found

    monkeypatch.setattr(stage.shop, "payment_failures", slow)
    failures.place(stage.ports)
    stage.later(minutes=6)

    assert (stage.rows, stage.bodies) == ([], [])
    event = ShopEvent.objects.get()
    assert (event.plan_at, event.facts) == (None, {"ended": "cancelled_by_staff"})


def test_the_night_of_staff_is_one_digest(stage: Stage) -> None:
    """Three orders to check at 23:00 are one text at 7."""
    stage.configure("staff_payment_problem", staff_numbers=STAFF, advanced=IN_ENGLISH)
    stage.at(dt.datetime(2026, 3, 2, 22, 0, tzinfo=dt.UTC))
    for number in (1, 2, 3):
        fail(stage, stage.order(f"o{number}"), number, kind=FailureKind.REFUND)
    stage.run()
    stage.later(minutes=15)
    assert stage.bodies == []

    stage.at(dt.datetime(2026, 3, 3, 6, 0, tzinfo=dt.UTC))

    assert stage.bodies == ["Acme: payments of the night to check: 3."]


def test_a_deleted_order_ends_with_its_reason(stage: Stage) -> None:
    """Gone while it settled: a decision; gone before anyone looked: said on the event."""
    stage.configure("payment_failed")
    order = stage.order()
    fail(stage, order, 1)
    stage.run()
    del stage.shop.stored_orders[order.id]
    fail(stage, order, 2)
    del stage.shop.failures[f"{EVENT}:2"]

    stage.run()
    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "suppressed", "order_gone")]
    ended = ShopEvent.objects.get(subject_id=f"{EVENT}:2")
    assert (ended.plan_at, ended.facts) == (None, {"ended": "order_gone"})


def test_a_channel_that_is_off_leaves_no_decision(stage: Stage) -> None:
    """Signals are heard in every channel; where the plugin is off they end at once."""
    stage.configure("payment_failed", active=False)
    fail(stage, stage.order())

    stage.run()
    stage.later(minutes=5)

    assert stage.rows == []
    assert ShopEvent.objects.get().facts == {"ended": "switched_off"}


def test_a_signal_is_one_statement_after_the_commit(stage: Stage) -> None:
    """One INSERT, and inside an open transaction none at all (law 1)."""
    stage.configure("payment_failed")
    row = stage.shop.fail(EVENT, write(stage, stage.order()), stage.clock.now())

    with CaptureQueriesContext(
        connection,
    ) as inside:
        hear(lambda: failures.happening(row), stage.ports)
    with CaptureQueriesContext(connection) as after:
        for _, callback, *_ in connection.run_on_commit:
            callback()

    assert len(inside) == 0
    assert [query["sql"].split()[0] for query in after] == ["INSERT"]
    assert ShopEvent.objects.get().key == "payment_failed:transaction_event:1"


# The detector


def detected(stage: Stage, **span: float) -> int:
    """Time passes, then the detector runs; how many failures it recorded."""
    stage.clock.move(**span)
    return detect.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=5))


@pytest.mark.parametrize("table", [EVENT, OLDER])
def test_rows_that_no_signal_told_of_are_found(stage: Stage, table: str) -> None:
    """A script's rows are found within a minute, in either table, and are one text."""
    stage.configure("payment_failed")
    write(stage, stage.order(), 7, table=table)

    assert detected(stage, minutes=1) == 1
    stage.run()
    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "sent", "")]


def test_signal_and_detector_record_one_event(stage: Stage) -> None:
    """Both name the row by the same key; reading it again and again changes nothing."""
    stage.configure("payment_failed")
    fail(stage, stage.order(), 7)

    assert [detected(stage, minutes=1) for _ in range(12)] == [0] * 12

    assert ShopEvent.objects.count() == 1


def test_the_detector_never_reads_what_was_there_before(stage: Stage) -> None:
    """The first position is the highest id when the event is switched on."""
    write(stage, stage.order("o1"), 500)
    stage.configure("payment_failed")
    write(stage, stage.order("o2"), 501)

    assert detected(stage, minutes=1) == 1

    assert ShopEvent.objects.get().subject_id == f"{EVENT}:501"


def test_a_row_that_commits_late_is_found(stage: Stage) -> None:
    """Ids are not in commit order: 10 minutes back are read again, and no further."""
    stage.configure("payment_failed")
    write(stage, stage.order("o1"), 20)
    assert detected(stage, minutes=1) == 1
    detected(stage, minutes=5)
    write(stage, stage.order("o2"), 19, occurred_at=NOON)

    assert detected(stage, minutes=1) == 1

    detected(stage, minutes=6)
    write(stage, stage.order("o3"), 18, occurred_at=NOON)
    assert detected(stage, minutes=10) == 0


def test_positions_do_not_pile_up(stage: Stage) -> None:
    """Per table one for each minute of the overlap, and the one it starts from."""
    stage.configure("payment_failed")

    for _ in range(40):
        detected(stage, minutes=1)

    assert Position.objects.filter(name=EVENT).count() == 11


def test_where_nobody_sends_nothing_is_read(stage: Stage) -> None:
    """Switched off, the position is forgotten; switched on again it starts at the end."""
    stage.configure("payment_failed")
    stage.configure()
    assert Position.objects.filter(name__in=(EVENT, OLDER)).count() == 0
    write(stage, stage.order(), 30)
    assert detected(stage, minutes=1) == 0
    stage.configure("payment_failed")

    assert detected(stage, minutes=1) == 0

    assert ShopEvent.objects.count() == 0
    positions = Position.objects.filter(name__in=(EVENT, OLDER))
    assert set(positions.values_list("name", "value")) == {(EVENT, 30), (OLDER, 0)}


def test_a_run_looks_at_a_bounded_number_of_rows_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long absence the rows are read window by window, each once; a gap costs nothing."""
    stage.configure("payment_failed")
    monkeypatch.setattr(following, "WINDOW", 2)
    for number in (3, 4, 7, 8, 500_000_000):
        write(stage, stage.order(f"o{number}"), number)
    asked: list[tuple[int, int]] = []
    read = stage.shop.failed_payments

    def seen(table: str, after: int, up_to: int) -> Any:
        asked.append((after, up_to))
        return read(table, after, up_to)

    monkeypatch.setattr(stage.shop, "failed_payments", seen)

    assert detected(stage, minutes=1) == 5

    assert asked == [(0, 4), (4, 8), (8, 500_000_000)]


def test_the_overlap_is_that_of_the_last_run(stage: Stage) -> None:
    """A row that commits right after a run is found, however long the next one is in coming."""
    stage.configure("payment_failed")
    write(stage, stage.order("o1"), 20)
    assert detected(stage, minutes=5) == 1
    detected(stage, minutes=1)
    write(stage, stage.order("o2"), 21)
    assert detected(stage, minutes=1) == 1
    write(stage, stage.order("o3"), 19)

    assert detected(stage, minutes=15) == 1


def test_without_a_position_nothing_is_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched off while a run looks at the tables' ends: no history, and no position of zero."""
    stage.configure("payment_failed")
    write(stage, stage.order(), 49)
    ends = stage.shop.payment_positions

    def switched_off() -> Any:
        Position.objects.all().delete()
        return ends()

    monkeypatch.setattr(stage.shop, "payment_positions", switched_off)

    assert detected(stage, minutes=2) == 0
    assert (ShopEvent.objects.count(), Position.objects.count()) == (0, 0)


def test_the_periodic_run_detects(stage: Stage) -> None:
    """Where beat is missing each run sweeps, and the detector with it."""
    stage.configure("payment_failed")
    write(stage, stage.order(), 7)

    stage.later(minutes=2)
    stage.later(minutes=5)

    assert stage.rows == [("payment_failed", "sent", "")]


def test_a_checkout_is_explained(stage: Stage) -> None:
    """“Why did this customer get no text?” has an answer for a checkout, too."""
    stage.configure("payment_failed")
    cart = checkout(stage)
    fail(stage, cart)
    stage.run()
    (found,) = stage.shop.find_orders(cart.id)
    assert [d.status for d in explain(found, stage.ports) if d.event == "payment_failed"] == [
        "settling"
    ]
    stage.shop.put_checkout(cart, charged=cart.total)

    stage.later(minutes=5)

    said = {d.event: (d.status, d.reason) for d in explain(found, stage.ports)}
    assert said["payment_failed"] == ("suppressed", "paid")
