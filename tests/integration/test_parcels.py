"""Parcels: one text per delivery, and a tracking text only where it says something new."""

from __future__ import annotations

import pytest

from tests.integration.stage import RECEIVER, Stage, only

ON_ITS_WAY = "Acme: order 1 is on its way."
CREATED, TRACKING = "fulfillment_created", "tracking_updated"


@pytest.fixture
def parcels(stage: Stage) -> Stage:
    stage.configure(CREATED, TRACKING)
    return stage


def test_a_parcel_waits_for_its_number(parcels: Stage) -> None:
    """Without a tracking number the text waits 10 minutes, and no longer."""
    order = parcels.order()
    parcels.send_parcel(order, "p1")

    parcels.later(minutes=9, seconds=59)
    assert parcels.rows == []
    parcels.later(seconds=1)

    assert parcels.rows == [(CREATED, "sent", "")]
    assert parcels.bodies == [ON_ITS_WAY]
    assert parcels.recipients == [RECEIVER.phone]


def test_a_parcel_with_a_number_goes_at_once(parcels: Stage) -> None:
    """With the number there, only the seconds are waited in which sister parcels come."""
    parcels.send_parcel(parcels.order(), "p1", "AB123")

    parcels.later(seconds=10)

    assert sorted(parcels.rows) == [(CREATED, "sent", ""), (TRACKING, "suppressed", "merged")]
    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: AB123"]


def test_the_number_that_comes_meanwhile_is_in_the_text(parcels: Stage) -> None:
    """A number typed three minutes later is told by the parcel's one text."""
    order = parcels.order()
    parcels.send_parcel(order, "p1")
    parcels.later(minutes=3)
    parcels.track(order, "p1", "AB123")

    for _ in range(12):
        parcels.later(minutes=1)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: AB123"]
    assert sorted(parcels.rows) == [(CREATED, "sent", ""), (TRACKING, "suppressed", "merged")]


def test_the_parcels_of_an_order_are_one_text(parcels: Stage) -> None:
    """Three parcels within the wait, one text with all numbers; the others are merged into it."""
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.clock.move(seconds=4)
    parcels.send_parcel(order, "p2", "A2")
    parcels.clock.move(seconds=4)
    parcels.send_parcel(order, "p3", "A3")

    for _ in range(3):
        parcels.later(seconds=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1, A2, A3"]
    assert sorted(parcels.rows) == [
        (CREATED, "sent", ""),
        *[(CREATED, "suppressed", "merged")] * 2,
        *[(TRACKING, "suppressed", "merged")] * 3,
    ]


def test_a_parcel_without_a_number_delays_its_sisters_only_till_then(parcels: Stage) -> None:
    """One number is missing: after 10 minutes one text tells what is known."""
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.send_parcel(order, "p2")

    parcels.later(minutes=9)
    assert parcels.bodies == []
    parcels.later(minutes=1)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1"]


def test_a_parcel_joins_a_text_that_still_waits(parcels: Stage) -> None:
    """A parcel sent while the night holds the first one's text is told by that text."""
    parcels.clock.move(hours=8)  # 21:00 in Warsaw
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.later(seconds=10)
    parcels.clock.move(hours=1)
    parcels.send_parcel(order, "p2", "A2")
    parcels.later(seconds=10)

    parcels.later(hours=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1, A2"]


def test_a_later_parcel_is_a_text_of_its_own(parcels: Stage) -> None:
    """The second half of the order, sent the next day, is news."""
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.later(seconds=10)
    parcels.clock.move(days=1)
    parcels.send_parcel(order, "p2", "A2")
    parcels.later(seconds=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1", f"{ON_ITS_WAY} Parcel: A2"]


def test_an_unapproved_sister_does_not_stop_a_text(parcels: Stage) -> None:
    """A parcel that awaits approval is left out of its sister's text."""
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.send_parcel(order, "p2", "A2")
    parcels.parcel(order, "p2", "A2", "waiting_for_approval")

    parcels.later(seconds=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1"]
    assert (CREATED, "suppressed", "awaiting_approval") in parcels.rows


def test_a_cancelled_parcel_is_not_on_its_way(parcels: Stage) -> None:
    """A parcel that staff took back before its text is not told."""
    order = parcels.order()
    parcels.send_parcel(order, "p1")
    parcels.parcel(order, "p1", status="canceled")

    parcels.later(minutes=10)

    assert parcels.rows == [(CREATED, "suppressed", "parcel_cancelled")]


def test_a_parcel_cancelled_at_night_ends_at_the_door(parcels: Stage) -> None:
    """The door asks again in the morning."""
    parcels.clock.move(hours=8)
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.later(seconds=10)
    parcels.parcel(order, "p1", "A1", "canceled")

    parcels.later(hours=11)

    assert only(CREATED).reason == "parcel_cancelled"
    assert parcels.bodies == []


def test_notify_declined_is_obeyed(parcels: Stage) -> None:
    """``notify_customer=False``: neither parcel nor tracking is texted."""
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1", notify=False)

    for _ in range(3):
        parcels.later(minutes=10)

    assert sorted(parcels.rows) == [
        (CREATED, "suppressed", "notify_declined"),
        (TRACKING, "suppressed", "notify_declined"),
    ]
    assert parcels.bodies == []


def test_a_declined_sister_is_left_out(parcels: Stage) -> None:
    """Of two parcels the declined one is not told."""
    order = parcels.order()
    parcels.send_parcel(order, "p1", "A1")
    parcels.send_parcel(order, "p2", "A2", notify=False)

    for _ in range(2):
        parcels.later(seconds=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1"]
    assert (CREATED, "suppressed", "notify_declined") in parcels.rows


# Tracking


@pytest.fixture
def told(parcels: Stage) -> Stage:
    """Yesterday's parcel p1 of order o1 was told with the number A1."""
    parcels.send_parcel(parcels.order(), "p1", "A1")
    parcels.later(seconds=10)
    parcels.clock.move(days=1)
    return parcels


def test_another_number_is_news(told: Stage) -> None:
    """A number other than the one texted is texted, after the seconds that staff need."""
    told.track(told.order_of("o1"), "p1", "B2")

    told.later(seconds=9)
    assert len(told.bodies) == 1
    told.later(seconds=1)

    assert told.bodies[1:] == ["Acme: track order 1: B2"]
    assert told.rows[-1] == (TRACKING, "sent", "")


def test_the_same_number_is_no_news(told: Stage) -> None:
    """The number that the parcel's text told already is not texted again."""
    order = told.order_of("o1")
    told.track(order, "p1", " A1")

    told.later(seconds=10)

    assert told.rows[-1] == (TRACKING, "suppressed", "nothing_new")
    assert len(told.bodies) == 1


def test_the_first_number_is_news_where_the_text_had_none(parcels: Stage) -> None:
    """The parcel's text went out without a number: the number is texted when it comes."""
    order = parcels.order()
    parcels.send_parcel(order, "p1")
    parcels.later(minutes=10)
    parcels.track(order, "p1", "A1")

    parcels.later(seconds=10)

    assert parcels.bodies == [ON_ITS_WAY, "Acme: track order 1: A1"]


def test_a_parcel_has_one_tracking_text_a_day(told: Stage) -> None:
    """A second change within 24 hours is not texted; one after them is."""
    order = told.order_of("o1")
    told.track(order, "p1", "B2")
    told.later(seconds=10)
    told.clock.move(hours=23)
    told.track(order, "p1", "C3")
    told.later(seconds=10)
    assert told.rows[-1] == (TRACKING, "suppressed", "daily_limit")

    told.clock.move(hours=1)
    told.track(order, "p1", "D4")
    told.later(seconds=10)

    assert told.bodies[1:] == ["Acme: track order 1: B2", "Acme: track order 1: D4"]


def test_the_daily_limit_is_the_parcels_own(told: Stage) -> None:
    """Another parcel of the order has its own tracking text that day."""
    order = told.order_of("o1")
    told.send_parcel(order, "p2", "X1")
    told.later(seconds=10)
    told.track(order, "p1", "B2")
    told.track(order, "p2", "X2")

    told.later(seconds=10)

    assert told.bodies[2:] == ["Acme: track order 1: B2", "Acme: track order 1: X2"]


def test_of_two_quick_changes_the_last_is_told(told: Stage) -> None:
    """A typing mistake mended within seconds never reaches the customer."""
    order = told.order_of("o1")
    told.track(order, "p1", "WRONG")
    told.clock.move(seconds=5)
    told.track(order, "p1", "B2")

    for _ in range(2):
        told.later(seconds=10)

    assert told.bodies[1:] == ["Acme: track order 1: B2"]
    assert (TRACKING, "suppressed", "merged") in told.rows


def test_staff_may_change_a_number_silently(told: Stage) -> None:
    """Without the notification that follows the hook, nobody is told."""
    told.track(told.order_of("o1"), "p1", "B2", notify=False)

    told.later(seconds=10)

    assert told.rows[-1] == (TRACKING, "suppressed", "notify_declined")


def test_the_notification_of_another_number_does_not_count(told: Stage) -> None:
    """A wish to tell the first number is no wish to tell the second."""
    order = told.order_of("o1")
    told.track(order, "p1", "B2")
    told.later(seconds=10)
    told.clock.move(days=2)
    told.track(order, "p1", "C3", notify=False)

    told.later(seconds=10)

    assert told.rows[-1] == (TRACKING, "suppressed", "notify_declined")


def test_a_removed_number_is_no_news(told: Stage) -> None:
    """An emptied number leaves nothing to track."""
    told.track(told.order_of("o1"), "p1", "")

    told.later(seconds=10)

    assert told.rows[-1] == (TRACKING, "suppressed", "nothing_new")


def test_an_unapproved_parcel_is_not_tracked(parcels: Stage) -> None:
    """Tracking of a fulfilment that awaits approval is not texted; its parcel text is, later."""
    order = parcels.order()
    parcels.track(order, "p1", "A1", status="waiting_for_approval")
    parcels.later(seconds=10)
    assert parcels.rows == [(TRACKING, "suppressed", "awaiting_approval")]

    parcels.clock.move(hours=1)
    parcels.parcel(order, "p1", "A1")
    parcels.happen(CREATED, order, "p1", notify=True)
    parcels.later(seconds=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: A1"]


def test_a_deleted_parcel_is_not_tracked(told: Stage) -> None:
    """A parcel that is no longer in the order has nothing to say."""
    order = told.order_of("o1")
    told.track(order, "p1", "B2")
    told.change(order, fulfillments=())

    told.later(seconds=10)

    assert told.rows[-1] == (TRACKING, "suppressed", "parcel_cancelled")


def test_tracking_is_told_where_parcels_are_off(stage: Stage) -> None:
    """A parcel text that is switched off swallows no tracking text."""
    stage.configure(TRACKING)
    stage.send_parcel(stage.order(), "p1", "A1")

    stage.later(seconds=10)

    assert sorted(stage.rows) == [(CREATED, "suppressed", "switched_off"), (TRACKING, "sent", "")]
    assert stage.bodies == ["Acme: track order 1: A1"]


# Addresses


@pytest.mark.parametrize(
    ("number", "method", "advanced", "expected"),
    [
        ("https://c.example.com/p/7", "Courier", "", "https://c.example.com/p/7"),
        ("AB 7", "Courier", "tracking_url.* = https://c.example.com/p/{number}",
         "https://c.example.com/p/AB%207"),
        ("7", "My Van", "tracking_url.my van = https://van.example.com/{number}",
         "https://van.example.com/7"),
        ("7", "Courier", "", "7"),
    ],
)  # fmt: skip
def test_the_carriers_page_is_told_where_it_is_known(
    parcels: Stage, number: str, method: str, advanced: str, expected: str
) -> None:
    """A number that is an address, a pattern per shipping method, else only the number."""
    parcels.configure(CREATED, advanced=advanced)
    parcels.send_parcel(parcels.order(shipping_method_name=method), "p1", number)

    parcels.later(seconds=10)

    assert parcels.bodies == [f"{ON_ITS_WAY} Parcel: {expected}"]


def test_click_and_collect_names_the_place(parcels: Stage) -> None:
    """An order that is fetched is ready at its place, not on its way."""
    parcels.send_parcel(parcels.order(collection_point_name="Old Town"), "p1")

    parcels.later(minutes=10)

    assert parcels.bodies == ["Acme: order 1 is ready for pickup at Old Town."]
