"""The table of events, row by row: settling, merging, night and expiry."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.events.catalogue import CATALOGUE, EventSpec
from saleor_sms_plugin.models import Message, ShopEvent
from saleor_sms_plugin.ports import Address
from tests.integration.stage import BUYER, NOON, Stage, only

#: The rows of the table; those of other detectors are tested with them.
TABLE = [spec for spec in CATALOGUE if spec.source.startswith(("order_", "fulf", "tracking_"))]


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


def test_an_order_is_confirmed_at_once(stage: Stage) -> None:
    """order_created settles not at all and goes to the buyer."""
    stage.configure("order_created")
    stage.happen("order_created", stage.order())

    stage.run()

    assert stage.rows == [("order_created", "sent", "")]
    assert stage.bodies == ["Acme: we have received your order 1 for €99.90. Thank you!"]
    assert stage.recipients == [BUYER.phone]


def test_a_draft_that_staff_completed_is_news(stage: Stage) -> None:
    """The origin "draft" is texted as a checkout is."""
    stage.configure("order_created")
    stage.happen("order_created", stage.order(origin="draft"))

    stage.run()

    assert stage.rows == [("order_created", "sent", "")]


@pytest.mark.parametrize(
    ("origin", "reason"), [("bulk_create", "imported"), ("reissue", "reissued")]
)
@pytest.mark.parametrize("event", ["order_created", "order_confirmed", "order_fully_paid"])
def test_imports_and_reissues_are_never_texted(
    stage: Stage, event: str, origin: str, reason: str
) -> None:
    """An imported order and a reissue are no news, to nobody, whatever happens first."""
    stage.configure(event, "staff_order_created", staff_numbers="+48700100200, +48501000001")
    stage.happen(event, stage.order(origin=origin))

    stage.run()
    stage.later(minutes=20)

    assert {row for row in stage.rows if row[0] == event} == {(event, "suppressed", reason)}
    assert stage.bodies == []


@pytest.mark.parametrize(
    ("event", "seconds"),
    [
        ("order_confirmed", 30),
        ("order_cancelled", 600),
        ("order_expired", 30),
        ("order_fulfilled", 30),
    ],
)
def test_an_event_settles_before_it_is_decided(stage: Stage, event: str, seconds: int) -> None:
    """Nothing is decided a moment before the event has settled; then one text goes out."""
    stage.configure(event)
    stage.happen(event, stage.order())

    stage.run()
    stage.later(seconds=seconds - 1)
    assert stage.rows == []

    stage.later(seconds=1)
    assert stage.rows == [(event, "sent", "")]
    assert len(stage.bodies) == 1


def test_settling_is_a_setting(stage: Stage) -> None:
    """``settle.<event>`` in Advanced replaces the catalogue's time."""
    stage.configure("order_cancelled", advanced="settle.order_cancelled = 60")
    stage.happen("order_cancelled", stage.order())

    stage.later(seconds=59)
    assert stage.rows == []

    stage.later(seconds=1)
    assert stage.rows == [("order_cancelled", "sent", "")]


def test_confirmed_within_half_a_minute_is_merged_into_created(stage: Stage) -> None:
    """order_confirmed within 30 s of order_created says nothing new."""
    stage.configure("order_created", "order_confirmed")
    order = stage.order()
    stage.happen("order_created", order)
    stage.run()
    stage.clock.move(seconds=29)
    stage.happen("order_confirmed", order)

    stage.later(seconds=30)

    assert stage.rows == [
        ("order_created", "sent", ""),
        ("order_confirmed", "suppressed", "merged"),
    ]
    assert only("order_confirmed").merged_into == only("order_created")


def test_confirmed_later_is_a_text_of_its_own(stage: Stage) -> None:
    """Staff who confirm by hand tell the customer."""
    stage.configure("order_created", "order_confirmed")
    order = stage.order()
    stage.happen("order_created", order)
    stage.run()
    stage.clock.move(seconds=31)
    stage.happen("order_confirmed", order)

    stage.later(seconds=30)

    assert stage.rows == [("order_created", "sent", ""), ("order_confirmed", "sent", "")]


def test_a_payment_with_the_order_is_merged(stage: Stage) -> None:
    """A card payment within 10 minutes is said by the order's own text."""
    stage.configure("order_created", "order_fully_paid")
    order = stage.order()
    stage.happen("order_created", order)
    stage.clock.move(minutes=10)
    stage.happen("order_fully_paid", order)

    stage.run()

    assert stage.rows == [
        ("order_created", "sent", ""),
        ("order_fully_paid", "suppressed", "merged"),
    ]


def test_a_bank_transfer_is_told_at_once(stage: Stage) -> None:
    """A payment more than 10 minutes after the order is a text, without settling."""
    stage.configure("order_created", "order_fully_paid")
    order = stage.order()
    stage.happen("order_created", order)
    stage.run()
    stage.clock.move(minutes=10, seconds=1)
    stage.happen("order_fully_paid", order)

    stage.run()

    assert stage.rows == [("order_created", "sent", ""), ("order_fully_paid", "sent", "")]


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [("order_confirmed", "order_created"), ("order_fully_paid", "order_created")],
)
def test_an_event_that_is_off_swallows_nothing(stage: Stage, weaker: str, stronger: str) -> None:
    """Only a stronger event that is switched on takes another in."""
    stage.configure(weaker)
    order = stage.order()
    stage.happen(stronger, order)
    stage.happen(weaker, order)

    stage.later(seconds=30)

    assert stage.rows == [(stronger, "suppressed", "switched_off"), (weaker, "sent", "")]


def test_a_refund_is_told_where_cancellations_are_off(stage: Stage) -> None:
    """A cancellation that is switched off does not swallow the refund."""
    stage.configure("order_refunded")
    order = stage.order()
    stage.happen("order_cancelled", order)
    stage.refund(order, "20")

    stage.later(minutes=10)

    assert stage.rows == [
        ("order_cancelled", "suppressed", "switched_off"),
        ("order_refunded", "sent", ""),
    ]


@pytest.mark.parametrize("first", ["cancel", "refund"])
@pytest.mark.parametrize("kind", ["order_refunded", "order_fully_refunded"])
def test_a_cancellation_and_its_refund_are_one_text(stage: Stage, first: str, kind: str) -> None:
    """Whichever comes first, the customer reads one text that names the refund."""
    stage.configure("order_cancelled", "order_refunded", "order_fully_refunded")
    order = stage.order()
    stage.change(order, status="canceled")

    def cancel() -> None:
        stage.happen("order_cancelled", order)

    def refund() -> None:
        stage.refund(order, "99.90", kind)

    steps = (cancel, refund) if first == "cancel" else (refund, cancel)
    steps[0]()
    stage.later(minutes=9)
    steps[1]()
    for _ in range(4):
        stage.later(minutes=5)

    assert sorted(stage.rows) == sorted(
        [("order_cancelled", "sent", ""), (kind, "suppressed", "merged")]
    )
    assert stage.bodies == ["Acme: your order 1 has been cancelled and €99.90 refunded."]


def test_a_refund_long_after_the_cancellation_is_a_text(stage: Stage) -> None:
    """Beyond 10 minutes the refund is news of its own."""
    stage.configure("order_cancelled", "order_fully_refunded")
    order = stage.order(status="canceled")
    stage.happen("order_cancelled", order)
    stage.later(minutes=11)
    stage.refund(order, "99.90", "order_fully_refunded")

    stage.later(minutes=10)

    assert stage.rows == [("order_cancelled", "sent", ""), ("order_fully_refunded", "sent", "")]
    assert stage.bodies[0] == "Acme: your order 1 has been cancelled."


def test_partial_refunds_are_summed(stage: Stage) -> None:
    """Refunds within 10 minutes of each other are one text with their sum."""
    stage.configure("order_refunded")
    order = stage.order()
    stage.refund(order, "10")
    stage.later(minutes=6)
    stage.refund(order, "25.50")

    stage.later(minutes=4)
    assert stage.rows == [("order_refunded", "suppressed", "merged")]
    stage.later(minutes=6)

    assert stage.rows[1:] == [("order_refunded", "sent", "")]
    assert stage.bodies == [
        "Acme: we have made a refund of €25.50 for order 1. "
        "Your bank may take a few days to show it."
    ]


def test_a_later_refund_tells_only_what_is_new(stage: Stage) -> None:
    """The second text names the second refund, not the sum of both."""
    stage.configure("order_refunded")
    order = stage.order()
    stage.refund(order, "10")
    stage.later(minutes=10)
    stage.refund(order, "25.50")

    stage.later(minutes=10)

    assert [body[:39] for body in stage.bodies] == [
        "Acme: we have made a refund of €10.00 f",
        "Acme: we have made a refund of €15.50 f",
    ]


@pytest.mark.parametrize("order_of", ["partial first", "full first"])
def test_the_full_refund_wins(stage: Stage, order_of: str) -> None:
    """Saleor says a full refund with both events: one text, that of the full refund."""
    stage.configure("order_refunded", "order_fully_refunded")
    order = stage.order()
    names = ["order_refunded", "order_fully_refunded"]
    for name in names if order_of == "partial first" else reversed(names):
        stage.refund(order, "99.90", name)

    stage.later(minutes=10)

    assert stage.rows == [
        ("order_refunded", "suppressed", "merged"),
        ("order_fully_refunded", "sent", ""),
    ]
    assert len(stage.bodies) == 1
    assert "has been refunded in full (€99.90)" in stage.bodies[0]


def test_a_refund_that_was_taken_back_is_not_told(stage: Stage) -> None:
    """A refund that is no longer on the order ends at the door."""
    stage.configure("order_refunded")
    order = stage.order()
    stage.refund(order, "10")
    stage.change(order, refunded=0)

    stage.later(minutes=10)

    assert stage.rows == [("order_refunded", "suppressed", "refund_reversed")]


def test_the_same_refund_twice_is_one_event(stage: Stage) -> None:
    """A refund is named by the order's cumulative amount."""
    stage.configure("order_refunded")
    order = stage.order()

    stage.refund(order, "10")
    stage.refund(order, "10")
    stage.refund(order, "20")

    assert ShopEvent.objects.count() == 2


# Night


@pytest.mark.parametrize(
    "spec", [spec for spec in TABLE if spec.night == "waits"], ids=lambda spec: spec.name
)
def test_every_other_text_waits_for_the_morning(stage: Stage, spec: EventSpec) -> None:
    """A text decided at 21:00 is held until 08:00 in Warsaw, and then sent once."""
    name = spec.name
    stage.clock.move(hours=8)  # 21:00 in Warsaw
    stage.configure(name, advanced=f"settle.{name} = 0")
    order = stage.order(refunded=99)
    stage.parcel(order, "p1", "N1")
    stage.happen(name, order, "p1" if "fulfillment" in name or "tracking" in name else "",
                 refunded="99")  # fmt: skip

    stage.run()
    assert stage.rows == [(name, "held", "night")]
    assert only(name).not_before == utc(3, 7)

    stage.at(utc(3, 6, 59))
    assert stage.bodies == []
    stage.at(utc(3, 7))
    assert stage.rows == [(name, "sent", "")]
    assert len(stage.bodies) == 1


def test_an_order_text_is_sent_at_night(stage: Stage) -> None:
    """Who has just ordered is awake."""
    stage.clock.move(hours=14)  # 03:00 in Warsaw
    stage.configure("order_created")
    stage.happen("order_created", stage.order())

    stage.run()

    assert stage.rows == [("order_created", "sent", "")]


def test_night_begins_at_21_and_not_before(stage: Stage) -> None:
    """At 20:59:59 at the recipient a text still goes out."""
    stage.clock.move(hours=7, minutes=59, seconds=59)
    stage.configure("order_fully_paid")
    stage.happen("order_fully_paid", stage.order())

    stage.run()

    assert stage.rows == [("order_fully_paid", "sent", "")]


def test_night_can_be_switched_off(stage: Stage) -> None:
    """``night = off`` in Advanced: nothing waits for the morning."""
    stage.clock.move(hours=14)
    stage.configure("order_fully_paid", advanced="night = off")
    stage.happen("order_fully_paid", stage.order())

    stage.run()

    assert stage.rows == [("order_fully_paid", "sent", "")]


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (utc(28, 21, 30), utc(29, 6)),  # clocks go forward on 29 March: 08:00 is 06:00 UTC
        (utc(24, 20, 30, month=10), utc(25, 7, month=10)),  # back on 25 October: 07:00 UTC
    ],
)
def test_the_morning_is_that_of_the_new_time(
    stage: Stage, evening: dt.datetime, morning: dt.datetime
) -> None:
    """In the night of a summer-time change a text goes out at 08:00 of the clock on the wall."""
    stage.clock.move(seconds=(evening - NOON).total_seconds())
    stage.configure("order_fully_paid")
    stage.happen("order_fully_paid", stage.order())

    stage.run()

    assert only("order_fully_paid").not_before == morning


def test_a_country_of_many_zones_waits_for_its_last_morning(stage: Stage) -> None:
    """Nobody in the USA is woken: 08:00 in Hawaii, where the number may live."""
    stage.clock.move(hours=-1)  # 11:00 UTC: 06:00 in New York
    stage.configure("order_fully_paid", advanced="sender.US = +12125552368")
    american = Address(phone="+12125550123", country="US")
    stage.happen("order_fully_paid", stage.order(billing=american, shipping=american))

    stage.run()

    message = only("order_fully_paid")
    assert (message.status, message.reason) == ("held", "night")
    assert message.not_before == utc(2, 18)


def test_the_night_is_that_of_the_address(stage: Stage) -> None:
    """A Polish number whose owner lives in Italy sleeps as Italy does."""
    stage.clock.move(hours=8)
    stage.configure("order_fully_paid")
    stage.happen("order_fully_paid", stage.order(billing=Address(phone=BUYER.phone, country="IT")))

    stage.run()

    assert only("order_fully_paid").country == "IT"


def test_a_text_that_comes_back_at_night_waits_too(stage: Stage) -> None:
    """Nothing that waited for another reason goes out at night."""
    stage.clock.move(hours=7, minutes=58)
    stage.configure("order_fully_paid", sender_id="")
    stage.happen("order_fully_paid", stage.order())
    stage.run()
    assert stage.rows == [("order_fully_paid", "held", "configuration")]

    stage.configure("order_fully_paid")
    stage.later(minutes=5)

    assert stage.rows == [("order_fully_paid", "held", "night")]
    assert only("order_fully_paid").not_before == utc(3, 7)
    stage.at(utc(3, 7))
    assert stage.rows == [("order_fully_paid", "sent", "")]


# Too late


@pytest.mark.parametrize("spec", TABLE, ids=lambda spec: spec.name)
def test_an_event_found_too_late_is_not_told(stage: Stage, spec: EventSpec) -> None:
    """Planned later than its expiry after it happened, a text has expired."""
    name, hours = spec.name, spec.expires_seconds / 3600
    if spec.asks:
        hours += 7 * 24  # its turn comes in a week
    stage.configure(name, advanced="night = off\nstaff_night = off", staff_numbers="+48501000001")
    order = stage.order(refunded=99)
    stage.parcel(order, "p1", "N1")
    stage.happen(spec.source, order, "p1" if "fulfillment" in name or "tracking" in name else "",
                 refunded="99")  # fmt: skip

    stage.later(hours=hours, seconds=1)

    assert (name, "expired", "expired") in stage.rows
    assert stage.bodies == []


@pytest.mark.parametrize(
    ("event", "hours"),
    [
        ("order_created", 2),
        ("order_confirmed", 12),
        ("order_fully_paid", 24),
        ("order_cancelled", 24),
        ("order_expired", 24),
        ("order_fulfilled", 24),
        ("fulfillment_canceled", 24),
        ("order_refunded", 48),
        ("order_fully_refunded", 48),
        ("fulfillment_created", 48),
        ("tracking_updated", 48),
        ("staff_order_created", 12),
    ],
)
def test_expiry_is_as_the_table_says(event: str, hours: int) -> None:
    """The table's last column, in hours."""
    assert {s.name: s.expires_seconds for s in CATALOGUE}[event] == hours * 3600


def test_a_text_that_waited_too_long_expires_at_the_door(stage: Stage) -> None:
    """Planned in time and sent too late is not sent."""
    stage.configure("order_created", sender_id="")
    stage.happen("order_created", stage.order())
    stage.run()

    stage.configure("order_created")
    stage.later(hours=2, seconds=1)

    assert stage.rows == [("order_created", "expired", "expired")]
    assert stage.bodies == []


def test_a_night_longer_than_the_text_is_true_ends_it_at_once(stage: Stage) -> None:
    """What would expire before the morning is expired when it is planned."""
    stage.clock.move(hours=8)
    stage.configure("order_confirmed", advanced="night = 21:00-20:00")
    stage.happen("order_confirmed", stage.order())

    stage.later(seconds=30)

    assert stage.rows == [("order_confirmed", "expired", "expired")]


def test_a_repeated_event_is_one_text(stage: Stage) -> None:
    """Saleor repeats hooks: the second one finds the row."""
    stage.configure("order_created")
    order = stage.order()

    assert stage.happen("order_created", order) is True
    assert stage.happen("order_created", order) is False
    stage.run()
    assert stage.happen("order_created", order) is False
    stage.run()

    assert ShopEvent.objects.count() == 1
    assert Message.objects.count() == 1
    assert len(stage.bodies) == 1
