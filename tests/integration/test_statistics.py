"""Counters of each day: right again whatever changed a text, and what they add up to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.exceptions import InvalidInput
from saleor_sms_plugin.models import DailyCount, Message, Recovery
from saleor_sms_plugin.services import statistics
from saleor_sms_plugin.services.statistics import Group, Recovered

from .stage import CHANNEL, NOON, Stage

TODAY = NOON.date()


@pytest.fixture
def texts(stage: Stage) -> Stage:
    """Two texts were sent, one order has no phone; all of it was counted."""
    stage.configure("order_created")
    for name in ("o1", "o2"):
        stage.happen("order_created", stage.order(name))
    stage.happen("order_created", stage.order("o3", billing=None, shipping=None))
    stage.run()
    Message.objects.filter(status="sent").update(price=Decimal("0.05"), currency="EUR")
    stage.clock.move(minutes=1)  # the run that sent them kept house, too
    assert statistics.roll_up(stage.ports) == 1
    return stage


def counted() -> list[tuple[str, str, int, int, Decimal]]:
    rows = DailyCount.objects.order_by("status", "reason", "day")
    return list(rows.values_list("status", "reason", "message_count", "segment_count", "cost"))


def test_each_kind_of_text_is_one_counter(texts: Stage) -> None:
    """Count, segments and cost, by what became of the texts."""
    assert counted() == [
        ("sent", "", 2, 2, Decimal("0.1")),
        ("suppressed", "no_phone", 1, 0, Decimal(0)),
    ]


def test_today_is_counted_once_a_minute(texts: Stage) -> None:
    """Not again before; then whatever changed is right, also what no code of ours changed."""
    Message.objects.filter(order_number="1").update(status="delivered")
    texts.clock.move(seconds=59)
    assert statistics.roll_up(texts.ports) == 0
    assert counted()[0][:3] == ("sent", "", 2)

    texts.clock.move(seconds=1)
    assert statistics.roll_up(texts.ports) == 1
    assert [row[:3] for row in counted()] == [
        ("delivered", "", 1), ("sent", "", 1), ("suppressed", "no_phone", 1),
    ]  # fmt: skip


def test_an_older_day_is_counted_less_often_and_then_no_more(texts: Stage) -> None:
    """Each hour up to five days, once more on the sixth; after that its texts may go."""
    texts.clock.move(days=3)
    statistics.roll_up(texts.ports)
    Message.objects.filter(status="sent").update(status="undelivered", reason="not_delivered")
    texts.clock.move(minutes=59)
    statistics.roll_up(texts.ports)
    assert counted()[0][0] == "sent"
    texts.clock.move(minutes=1)
    statistics.roll_up(texts.ports)
    assert counted()[0][:3] == ("suppressed", "no_phone", 1)
    assert counted()[1][:3] == ("undelivered", "not_delivered", 2)

    texts.clock.move(days=4)
    statistics.roll_up(texts.ports)
    Message.objects.all().delete()
    texts.clock.move(days=1)
    statistics.roll_up(texts.ports)
    assert sum(row[2] for row in counted()) == 3


def test_days_before_the_first_count_are_made_up_for(texts: Stage) -> None:
    """Ten a run, the newest first."""
    Message.objects.filter(order_number="1").update(created_at=NOON - dt.timedelta(days=15))
    texts.clock.move(minutes=1)
    assert statistics.roll_up(texts.ports) == 10
    texts.clock.move(minutes=1)
    assert statistics.roll_up(texts.ports) == 8  # today and yesterday again, and the other six
    assert sorted(DailyCount.objects.values_list("day", "message_count")) == [
        (TODAY - dt.timedelta(days=15), 1), (TODAY, 1), (TODAY, 1),
    ]  # fmt: skip


def test_counting_costs_no_row_of_python(texts: Stage) -> None:
    """However many texts a day has, they are counted by one INSERT … SELECT."""
    texts.clock.move(minutes=1)
    with CaptureQueriesContext(connection) as asked:
        statistics.roll_up(texts.ports)
    counting = [each["sql"] for each in asked if " GROUP BY " in each["sql"]]
    assert len(counting) == 1
    assert counting[0].startswith("INSERT INTO")


def test_a_line_adds_up_its_counters(texts: Stage) -> None:
    """Sent, delivered, failed and suppressed by reason, segments, cost."""
    Message.objects.filter(order_number="1").update(status="delivered")
    Message.objects.filter(order_number="2").update(status="rejected", reason="rejected")
    texts.clock.move(minutes=1)
    statistics.roll_up(texts.ports)

    (line,) = statistics.read(TODAY, TODAY)

    assert (line.decided, line.sent, line.delivered, line.waiting) == (3, 2, 1, 0)
    assert (line.failed, line.suppressed) == ({"rejected": 1}, {"no_phone": 1})
    assert (line.segments, line.costs) == (2, {"EUR": Decimal("0.1")})


def test_lines_by_group_are_ordered(texts: Stage) -> None:
    """One per value that there is."""
    lines = statistics.read(TODAY, TODAY, [Group.DAY, Group.PROVIDER])
    assert [(line.of, line.decided) for line in lines] == [
        ({Group.DAY: TODAY, Group.PROVIDER: ""}, 1),
        ({Group.DAY: TODAY, Group.PROVIDER: "memory"}, 2),
    ]


def test_orders_that_followed_a_reminder_count_on_their_day(texts: Stage) -> None:
    """With their amount, by currency."""
    Recovery.objects.create(
        order_id="o9", message=Message.objects.get(order_number="1"), how="same_cart",
        amount=Decimal("99.9"), currency="EUR", ordered_at=NOON,
    )  # fmt: skip
    (line,) = statistics.read(TODAY, TODAY, [Group.EVENT, Group.DAY])
    assert line.recovered == {"EUR": Recovered(orders=1, amount=Decimal("99.9"))}


def test_only_the_channels_asked_for(texts: Stage) -> None:
    """By slug, and by the ids that the reader may see."""
    assert statistics.read(TODAY, TODAY, channels=["other"]) == []
    assert statistics.read(TODAY, TODAY, channel_ids=[CHANNEL + 1]) == []
    assert len(statistics.read(TODAY, TODAY, channels=["channel-1"], channel_ids=[CHANNEL])) == 1


@pytest.mark.parametrize(
    ("days", "groups", "said"),
    [
        (0, [], "There is no day"),
        (401, [], "401 days are too many: at most 400"),
        (91, [Group.DAY], "91 days are too many: at most 90 by day"),
    ],
)
def test_too_much_is_refused(db: None, days: int, groups: list[Group], said: str) -> None:
    """With what can be asked for."""
    with pytest.raises(InvalidInput, match=said):
        statistics.read(TODAY - dt.timedelta(days=days - 1), TODAY, groups)
