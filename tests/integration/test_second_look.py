"""What a careful reader found: each case is a text that was wrong, doubled or lost."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.models import Message
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import abandoned, recovery, saving, status, working
from saleor_sms_plugin.services.channels import load
from tests.integration.stage import CHANNEL, NOON, Stage

REFUND, FULL, CANCELLED = "order_refunded", "order_fully_refunded", "order_cancelled"
EVENING = NOON + dt.timedelta(hours=9, minutes=30)  # 22:30 in Warsaw
MORNING = NOON + dt.timedelta(hours=19, minutes=5)  # 08:05


@pytest.fixture
def night(stage: Stage) -> Stage:
    """A shop in the evening; what waits goes out in the morning."""
    stage.configure(
        REFUND, FULL, CANCELLED, "fulfillment_created", "order_created", "order_fully_paid"
    )
    stage.at(EVENING)
    return stage


def sent(stage: Stage) -> list[str]:
    return [text.body for text in MemoryProvider.outbox]


def test_two_refunds_of_a_night_are_told_once(night: Stage) -> None:
    """The last text tells the sum; the one that waited is merged into it."""
    order = night.order()
    night.refund(order, "10.00")
    night.later(minutes=15)
    night.refund(order, "25.00")
    night.later(minutes=15)
    night.at(MORNING)

    assert len(sent(night)) == 1
    assert "€25.00" in sent(night)[0]
    assert sorted(row[1:] for row in night.rows) == [("sent", ""), ("suppressed", "merged")]


def test_a_full_refund_takes_over_the_partial_one_that_waits(night: Stage) -> None:
    """Full wins, also where the partial one was planned long before."""
    order = night.order()
    night.refund(order, "10.00")
    night.later(minutes=15)
    night.refund(order, "99.90")
    night.refund(order, "99.90", FULL)
    night.later(minutes=15)
    night.at(MORNING)

    assert len(sent(night)) == 1
    assert "in full (€99.90)" in sent(night)[0]


def test_a_cancellation_takes_over_the_refund_that_waits(night: Stage) -> None:
    """One text names both, and the money once."""
    order = night.order()
    night.refund(order, "99.90", FULL)
    night.later(minutes=15)
    night.change(order, status="canceled")
    night.happen(CANCELLED, order)
    night.later(minutes=15)
    night.at(MORNING)

    assert len(sent(night)) == 1
    assert "cancelled and €99.90 refunded" in sent(night)[0]


def test_a_refund_is_not_lost_in_a_cancellation_that_went_out(stage: Stage) -> None:
    """The text that was sent did not name it: the refund has its own."""
    stage.configure(REFUND, CANCELLED, advanced="settle.order_cancelled = 30")
    order = stage.order(status="canceled")
    stage.happen(CANCELLED, order)
    stage.later(seconds=31)
    assert len(sent(stage)) == 1
    stage.later(minutes=4)
    stage.refund(order, "99.90")
    stage.later(minutes=11)

    assert len(sent(stage)) == 2
    assert "refund of €99.90" in sent(stage)[1]


def test_a_payment_text_is_not_merged_into_one_that_came_too_late(stage: Stage) -> None:
    """After an outage of three hours the order's text is too late, its payment's is not."""
    stage.configure("order_created", "order_fully_paid")
    order = stage.order()
    stage.happen("order_created", order)
    stage.happen("order_fully_paid", order)
    stage.later(hours=3)

    assert stage.rows == [
        ("order_created", "expired", "expired"),
        ("order_fully_paid", "sent", ""),
    ]


def test_a_cancelled_parcel_is_not_named(night: Stage) -> None:
    """Of two parcels that waited for the morning one was stopped: the text names the other."""
    order = night.order()
    night.send_parcel(order, "p1", "AAA111")
    night.send_parcel(order, "p2", "BBB222")
    night.later(minutes=11)
    night.parcel(order, "p1", "AAA111", "canceled")
    night.at(MORNING)

    assert len(sent(night)) == 1
    assert "BBB222" in sent(night)[0]
    assert "AAA111" not in sent(night)[0]


def test_many_parcels_still_have_a_text(stage: Stage) -> None:
    """Where their pages do not fit the numbers do, or that they are on their way."""
    stage.configure(
        "fulfillment_created",
        advanced="tracking_url.* = https://tracking.example.com/parcels/of/customers/{number}",
    )
    order = stage.order()
    for number in range(12):
        stage.send_parcel(order, f"p{number}", f"00340434292135100{number:03}")
    stage.later(minutes=11)

    (body,) = sent(stage)
    assert "https" not in body
    assert Message.objects.get(status="sent").segment_count in (1, 2, 3, 4)


def test_a_number_taken_off_the_staff_list_hears_nothing_more(stage: Stage) -> None:
    """Also where its digest had been waiting for the morning."""
    stage.configure("staff_order_created", staff_numbers="+48501000001, +48501000002")
    stage.at(EVENING)
    stage.happen("order_created", stage.order())
    stage.run()
    stage.configure("staff_order_created", staff_numbers="+48501000002")
    stage.at(MORNING)

    assert stage.recipients == ["+48501000002"]


def test_a_worthless_key_is_refused_at_save_and_shown(stage: Stage) -> None:
    """Settings that are all there but cannot work are no "Live"."""
    stage.configure(
        "order_created", provider="vonage", api="messages", application_id="aaaa-bbbb",
        private_key="not a key at all",
    )  # fmt: skip
    values = load(stage.ports)[CHANNEL].stored.values

    (problem,) = saving.refusals(values, {}, active=True, channel_id=CHANNEL, ports=stage.ports)

    assert problem.field == "private_key"
    assert status.status_of(CHANNEL, stage.ports).startswith("Sends nothing: Private key")


def test_numbers_in_the_form_are_of_the_channels_country(stage: Stage) -> None:
    """A number without a country code belongs where the shop is."""
    stage.configure("staff_order_created", staff_numbers="512 345 679")
    stage.happen("order_created", stage.order(billing=Address(country="PL")))
    stage.run()

    assert stage.recipients == ["+48512345679"]


def test_a_fault_in_the_housekeeping_keeps_no_text_from_going_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One step fails, the steps after it and the sending go on, and the log says so."""

    def broken(*_: object) -> int:
        raise ValueError("an odd checkout")

    monkeypatch.setattr(abandoned, "sweep", broken)
    reached: list[str] = []
    monkeypatch.setattr(recovery, "run", lambda *_: reached.append("recovery"))
    stage.configure("order_created")
    stage.happen("order_created", stage.order())

    working.keep_house(stage.ports)
    stage.run()

    assert reached[:1] == ["recovery"]
    assert len(sent(stage)) == 1
    assert "A step of the housekeeping failed" in caplog.text
