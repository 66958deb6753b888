"""What hooks missed is found in the shop's own tables, once, with its own time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from saleor_sms_plugin.models import Position, ShopEvent
from saleor_sms_plugin.ports import TRACE_TABLES, Order, Trace
from saleor_sms_plugin.services import following, reconcile
from tests.integration.stage import NOON, Stage, only

ROWS = "order_event"


def leave(
    stage: Stage, number: int, name: str, order: Order, table: str = ROWS, **said: Any
) -> Trace:
    """The shop writes its row, now where no time is given; no hook is called."""
    values = {"occurred_at": stage.clock.now(), "channel_id": order.channel_id, **said}
    trace = Trace(name=name, order_id=order.id, **values)
    stage.shop.leave(table, number, trace)
    return trace


def refunded(stage: Stage, number: int, order: Order, total: str, name: str) -> None:
    """The shop has a refund's row, and the order's refunds are now *total*."""
    stage.change(order, refunded=Decimal(total))
    leave(stage, number, name, order, "refund_event", transition=total, facts={"refunded": total})


def found(stage: Stage, **span: float) -> int:
    """Time passes, then the reconciler runs; how many events it recorded."""
    stage.clock.move(**span)
    return reconcile.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=5))


@pytest.mark.parametrize("table", TRACE_TABLES)
def test_a_row_without_its_hook_is_one_text(stage: Stage, table: str) -> None:
    """After a minute the row is an event, once, with its own time; then it is as any other."""
    stage.configure("order_created")
    leave(stage, 7, "order_created", stage.order(), table)

    assert [found(stage, minutes=1) for _ in range(12)] == [1] + [0] * 11
    stage.run()

    event = ShopEvent.objects.get()
    assert (event.key, event.occurred_at, event.recorded_at, event.found) == (
        "order_created:o1", NOON, NOON + dt.timedelta(minutes=1), True,
    )  # fmt: skip
    assert stage.rows == [("order_created", "sent", "")]


def test_a_row_is_left_to_its_hook_for_a_minute(stage: Stage) -> None:
    """Only the hook knows what staff wish: it comes first where it comes at all."""
    stage.configure("fulfillment_created")
    stage.clock.move(minutes=2)
    order = stage.order()
    stage.parcel(order, "p1", "N1")
    leave(
        stage, 1, "fulfillment_created", order, subject_id="p1", facts={"notify": True},
        occurred_at=stage.clock.now() - dt.timedelta(seconds=59),
    )  # fmt: skip
    assert found(stage) == 0
    stage.happen("fulfillment_created", order, "p1", notify=False)

    assert found(stage, minutes=1) == 0
    stage.later(minutes=20)

    assert stage.rows == [("fulfillment_created", "suppressed", "notify_declined")]


def test_hook_first_or_reconciler_first_is_one_event(stage: Stage) -> None:
    """Both compute the same key, whichever comes first."""
    stage.configure("order_created", "tracking_updated")
    first, second = stage.order("o1"), stage.order("o2")
    stage.happen("tracking_updated", first, "p1", "N1", number="N1")
    for number, order, parcel in ((1, first, "p1"), (2, second, "p2")):
        leave(
            stage, number, "tracking_updated", order, subject_id=parcel,
            transition="N1", facts={"number": "N1"},
        )  # fmt: skip

    assert found(stage, minutes=1) == 1
    assert stage.happen("tracking_updated", second, "p2", "N1", number="N1") is False

    assert list(ShopEvent.objects.order_by("pk").values_list("key", "found")) == [
        ("tracking_updated:p1:N1", False),
        ("tracking_updated:p2:N1", True),
    ]


def test_what_is_too_late_is_stored_as_expired(stage: Stage) -> None:
    """Workers were away for three hours: the decision is stored, and no text goes out."""
    stage.configure("order_created")
    leave(stage, 1, "order_created", stage.order())

    assert found(stage, hours=3) == 1
    stage.run()

    assert stage.rows == [("order_created", "expired", "expired")]
    assert only("order_created").expires_at == NOON + dt.timedelta(hours=2)
    assert stage.bodies == []


def test_nothing_from_before_the_first_position(stage: Stage) -> None:
    """The first position is the highest id when the plugin is switched on."""
    leave(stage, 500, "order_created", stage.order("o1"))
    stage.configure("order_created")
    leave(stage, 501, "order_created", stage.order("o2"))

    assert found(stage, minutes=1) == 1

    assert ShopEvent.objects.get().order_id == "o2"


def test_nothing_from_before_the_event_was_switched_on(stage: Stage) -> None:
    """A second channel, or event, is switched on: rows from before stay history (law 7)."""
    stage.configure("order_created")
    there = stage.order("o1", channel_id=2)
    leave(stage, 1, "order_created", there)
    leave(stage, 2, "order_cancelled", stage.order("o2"))
    stage.clock.move(seconds=30)
    stage.configure("order_created", channel_id=2)
    stage.configure("order_created", "order_cancelled")
    leave(stage, 3, "order_created", stage.order("o3", channel_id=2))

    assert found(stage, minutes=2) == 1

    assert ShopEvent.objects.get().order_id == "o3"


@pytest.mark.parametrize("settings", [{"active": False}, {"events": ()}])
def test_what_is_off_is_not_found(stage: Stage, settings: dict[str, Any]) -> None:
    """A channel where the plugin or the event is off has no missed events."""
    stage.configure("order_created", channel_id=2)
    stage.configure(*settings.pop("events", ("order_created",)), **settings)
    leave(stage, 1, "order_created", stage.order())

    assert found(stage, minutes=1) == 0


def test_where_the_plugin_is_off_everywhere_positions_are_forgotten(stage: Stage) -> None:
    """Switched on again, reading starts at the tables' ends."""
    stage.configure("order_created")
    assert Position.objects.filter(name__in=TRACE_TABLES).count() == 4
    stage.configure("order_created", active=False)
    assert Position.objects.count() == 0
    leave(stage, 30, "order_created", stage.order())

    stage.configure("order_created")

    assert found(stage, minutes=2) == 0


def test_a_row_that_commits_late_is_found(stage: Stage) -> None:
    """Ids are not in commit order: what lies above the end of 10 minutes ago is read again."""
    stage.configure("order_created")
    leave(stage, 20, "order_created", stage.order("o1"))
    assert found(stage, minutes=1) == 1
    found(stage, minutes=5)
    leave(stage, 19, "order_created", stage.order("o2"), occurred_at=NOON)

    assert found(stage, minutes=1) == 1

    found(stage, minutes=6)
    leave(stage, 18, "order_created", stage.order("o3"), occurred_at=NOON)
    assert found(stage, minutes=10) == 0


@pytest.fixture
def slow(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Windows of one row, and reading one takes six seconds; what was read, as it is read."""
    monkeypatch.setattr(following, "WINDOW", 1)
    windows: list[tuple[str, int, int]] = []
    read = stage.shop.traces

    def seen(table: str, after: int, up_to: int, until: dt.datetime) -> Any:
        windows.append((table, after, up_to))
        stage.clock.move(seconds=6)
        return read(table, after, up_to, until)

    monkeypatch.setattr(stage.shop, "traces", seen)
    return windows


def test_a_run_that_was_cut_short_is_gone_on_with(
    stage: Stage, slow: list[tuple[str, int, int]]
) -> None:
    """A long absence is caught up run by run, each from where the last one was cut."""
    stage.configure("order_created")
    for number in (10, 20, 30):
        leave(stage, number, "order_created", stage.order(f"o{number}"))

    assert [found(stage, minutes=2) for _ in range(3)] == [1, 1, 1]

    assert slow == [(ROWS, 0, 10), (ROWS, 10, 20), (ROWS, 20, 30)]


def test_what_a_run_cut_short_read_too_soon_is_read_again(
    stage: Stage, slow: list[tuple[str, int, int]]
) -> None:
    """A row left to its hook, or committed late, in the first windows of a long catch-up."""
    stage.configure("order_created", "order_cancelled")
    found(stage, minutes=12)
    stage.clock.move(minutes=1)
    young = stage.clock.now() + dt.timedelta(seconds=30)
    leave(stage, 10, "order_cancelled", stage.order("o1"), occurred_at=young)
    for number in range(20, 35):
        leave(stage, number, "order_created", stage.order(f"o{number}"))

    assert found(stage, minutes=1) == 0
    runs = [found(stage, minutes=1) for _ in range(40)]

    assert sum(runs) == 16
    assert ShopEvent.objects.filter(name="order_cancelled").count() == 1


def test_each_table_has_its_share_of_a_run(stage: Stage, slow: list[tuple[str, int, int]]) -> None:
    """One that is slow to catch up keeps none of the others from being read."""
    stage.configure("order_created", "order_refunded")
    for number in range(1, 4):
        leave(stage, number, "order_created", stage.order(f"o{number}"), "order")
    refunded(stage, 1, stage.order("o9"), "10", "order_refunded")

    assert found(stage, minutes=2) == 2

    assert slow == [("order", 0, 1), ("refund_event", 0, 1)]


def test_a_gap_in_the_ids_costs_nothing(stage: Stage) -> None:
    """A sequence that was set far ahead: the one row behind it is found at once."""
    stage.configure("order_created")
    leave(stage, 500_000_000, "order_created", stage.order(), "order")

    assert found(stage, minutes=1) == 1


def test_a_row_left_to_its_hook_is_read_again_however_late(stage: Stage) -> None:
    """The hook was killed, and then no worker ran for a quarter of an hour."""
    stage.configure("fulfillment_created", "order_cancelled")
    found(stage, minutes=5)
    stage.clock.move(minutes=1)
    young = stage.clock.now() - dt.timedelta(seconds=20)
    leave(stage, 1, "order_cancelled", stage.order(), occurred_at=young)
    assert found(stage) == 0

    assert found(stage, minutes=15) == 1


# Refunds


def test_a_missed_refund_is_told_once(stage: Stage) -> None:
    """Its key is the order's sum at that time, as the hook's."""
    stage.configure("order_refunded")
    order = stage.order()
    refunded(stage, 1, order, "10", "order_refunded")

    assert found(stage, minutes=1) == 1
    assert stage.happen("order_refunded", order, transition="10", refunded="10") is False
    assert [found(stage, minutes=1) for _ in range(3)] == [0, 0, 0]
    stage.later(minutes=10)

    assert ShopEvent.objects.get().key == "order_refunded:o1:10"
    assert stage.rows == [("order_refunded", "sent", "")]


def test_a_later_hook_has_said_it(stage: Stage) -> None:
    """Of two refunds the first hook was lost: the second text tells the sum, and all is said."""
    stage.configure("order_refunded")
    order = stage.order()
    refunded(stage, 1, order, "10", "order_refunded")
    stage.refund(order, "15")
    refunded(stage, 1, order, "15", "order_refunded")
    refunded(stage, 2, order, "15", "order_refunded")

    assert found(stage, minutes=1) == 0

    assert ShopEvent.objects.get().key == "order_refunded:o1:15"


def test_an_earlier_hook_has_not(stage: Stage) -> None:
    """Of two refunds the second hook was lost: it is found, and told with what is new."""
    stage.configure("order_refunded", text_order_refunded="{{ refund.amount_value }}")
    order = stage.order()
    stage.refund(order, "10")
    stage.later(minutes=10)
    stage.later(minutes=1)
    assert stage.bodies == ["10"]

    refunded(stage, 2, order, "15", "order_refunded")
    assert found(stage, minutes=1) == 1
    stage.later(minutes=10)
    stage.later(minutes=1)

    assert stage.bodies == ["10", "5"]


def test_a_refund_that_was_taken_back_is_no_news(stage: Stage) -> None:
    """A sum lower than one that was recorded is no refund."""
    stage.configure("order_refunded")
    order = stage.order()
    stage.refund(order, "15")
    refunded(stage, 1, order, "5", "order_refunded")

    assert found(stage, minutes=1) == 0


# The door follows the configuration


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"events": ()}, "switched_off"), ({"active": False}, "switched_off")],
)
def test_what_was_switched_off_while_a_text_waits(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    """A text that waits for the morning ends when event or plugin is switched off meanwhile."""
    stage.at(NOON.replace(hour=22))
    stage.configure("order_cancelled")
    stage.happen("order_cancelled", stage.order())
    stage.run()
    stage.later(minutes=10)
    assert stage.rows == [("order_cancelled", "held", "night")]

    stage.configure(*change.pop("events", ("order_cancelled",)), **change)
    stage.at(NOON.replace(day=3, hour=10))

    assert stage.rows == [("order_cancelled", "suppressed", reason)]
    assert stage.bodies == []


def test_off_and_on_again_ends_what_waited(stage: Stage) -> None:
    """Switched on again in the night: what happened before is history (law 7)."""
    stage.at(NOON.replace(hour=22))
    stage.configure("order_cancelled")
    stage.happen("order_cancelled", stage.order())
    stage.later(minutes=10)
    stage.configure()
    stage.clock.move(minutes=1)
    stage.configure("order_cancelled")

    stage.at(NOON.replace(day=3, hour=10))

    assert stage.rows == [("order_cancelled", "suppressed", "before_activation")]


def test_text_and_sender_are_those_at_the_door(stage: Stage) -> None:
    """What waited is sent with the text, the sender and the numbers that hold when it goes out."""
    stage.at(NOON.replace(hour=22))
    stage.configure("order_cancelled", text_order_cancelled="old")
    stage.happen("order_cancelled", stage.order())
    stage.later(minutes=10)

    stage.configure("order_cancelled", text_order_cancelled="new", sender_id="Other")
    stage.at(NOON.replace(day=3, hour=10))

    assert stage.bodies == ["new"]
    assert only("order_cancelled").sender_id == "Other"
