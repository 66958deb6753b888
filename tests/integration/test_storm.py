"""Far more than usual at once is recorded and held; staff let it go, or end it."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import checks, wiring
from saleor_sms_plugin.domain import segments
from saleor_sms_plugin.events.texts.alerts import STORM
from saleor_sms_plugin.models import BusyHour, Message, ShopEvent, Storm
from saleor_sms_plugin.models.message import ALERT
from saleor_sms_plugin.ports import FailureKind, PaymentFailure, Trace
from saleor_sms_plugin.services import failures, plan, reconcile, storm, working
from saleor_sms_plugin.services.explain import explain
from saleor_sms_plugin.services.record import record
from saleor_sms_plugin.services.status import status_of
from tests.integration.stage import CHANNEL, NOON, Stage

STAFF = "+48501000001"
QUIET = "night = off\nstaff_night = off\nflood = off\nstaff_language = en\n"


@pytest.fixture
def small(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A shop where more than 5 an hour is a storm; one staff number. Commands see it."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    configure(stage, "order_cancelled", "order_created")
    return stage


def configure(stage: Stage, *events: str, storm: str = "10x 5") -> None:
    stage.configure(*events, advanced=f"{QUIET}storm = {storm}", staff_numbers=STAFF)


def cancel_orders(stage: Stage, count: int, first: int = 1, channel_id: int = CHANNEL) -> None:
    """Staff cancel so many orders in bulk; the hooks tell."""
    for number in range(first, first + count):
        order = stage.order(f"o{number}", channel_id=channel_id)
        assert stage.happen("order_cancelled", order)


def sweep(stage: Stage, **span: float) -> None:
    """The periodic run: the guard first, then a worker's work."""
    stage.clock.move(**span)
    storm.watch(stage.ports)
    stage.run()


def counts() -> dict[tuple[str, str], int]:
    """How many texts to customers are in each (status, reason)."""
    found: dict[tuple[str, str], int] = {}
    for row in Message.objects.filter(to_staff=False):
        key = (row.status, row.reason)
        found[key] = found.get(key, 0) + 1
    return found


def alerts() -> list[tuple[str, str]]:
    return list(Message.objects.filter(event_name=ALERT).values_list("recipient", "body"))


def run_command(name: str, *arguments: str) -> Any:
    out = StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_as_many_as_allowed_are_no_storm(small: Stage) -> None:
    """Five of five: they go out as always."""
    cancel_orders(small, 5)

    sweep(small)
    sweep(small, minutes=10)

    assert counts() == {("sent", ""): 5}
    assert Storm.objects.count() == 0


def test_a_bulk_change_is_held_and_told_once(small: Stage) -> None:
    """Six of five: none goes out, staff get one text, however long it lasts."""
    cancel_orders(small, 6)

    sweep(small)
    sweep(small, minutes=10)
    cancel_orders(small, 3, first=7)
    sweep(small, seconds=10)
    sweep(small, minutes=10)

    assert counts() == {("held", "storm"): 9}
    told = "Acme: 6 x order_cancelled within an hour, far more than usual. Their texts are held."
    assert alerts() == [(STAFF, f"{told} See sms_release and sms_cancel.")]
    assert small.bodies == [alerts()[0][1]]
    assert list(Storm.objects.values_list("channel_id", "name", "count", "allowed", "until")) == [
        (CHANNEL, "order_cancelled", 6, 5, None)
    ]


def test_texts_that_were_planned_already_are_held(small: Stage) -> None:
    """What was planned before the storm was noticed, and not sent yet, is the storm's, too."""
    cancel_orders(small, 6)
    small.clock.move(minutes=10)
    plan.run(small.ports, small.clock.now() + dt.timedelta(seconds=5))
    assert counts() == {("queued", ""): 6}

    storm.watch(small.ports)

    assert counts() == {("held", "storm"): 6}


def test_ten_times_the_busiest_hour_of_14_days(small: Stage) -> None:
    """An hour with 3 allows 30; after 14 days it says nothing any more."""
    cancel_orders(small, 3)
    sweep(small, hours=1)
    assert list(BusyHour.objects.values_list("name", "hour", "count")) == [
        ("order_cancelled", NOON, 3)
    ]
    cancel_orders(small, 30, first=100)
    sweep(small)
    assert Storm.objects.count() == 0

    cancel_orders(small, 1, first=200)
    sweep(small)
    assert Storm.objects.get().allowed == 30

    sweep(small, days=15)
    small.clock.move(seconds=1)
    cancel_orders(small, 6, first=300)
    sweep(small)
    assert Storm.objects.get(until=None).allowed == 5


def test_what_a_storm_held_is_not_usual(small: Stage) -> None:
    """Else the next storm of the size would pass."""
    cancel_orders(small, 6)
    storm.watch(small.ports)
    small.clock.move(hours=2)

    storm.watch(small.ports)

    assert BusyHour.objects.count() == 0
    assert Storm.objects.get().until == NOON + dt.timedelta(hours=2)


@pytest.mark.parametrize("hours", [0, 3])
def test_what_staff_let_go_is_usual(small: Stage, hours: int) -> None:
    """At once or in the morning: the next bulk of that size is not held, also its textless ones."""
    nobody = small.order("o99", billing=None, shipping=None)
    cancel_orders(small, 5)
    assert small.happen("order_cancelled", nobody)
    sweep(small)
    sweep(small, minutes=10)
    assert counts() == {("held", "storm"): 5, ("suppressed", "no_phone"): 1}
    sweep(small, hours=hours)

    assert storm.release(small.ports).texts == 5
    sweep(small, hours=2)

    assert list(BusyHour.objects.values_list("hour", "count")) == [(NOON, 6)]
    assert ShopEvent.objects.filter(held=True).count() == 0
    cancel_orders(small, 60, first=200)
    sweep(small)
    assert Storm.objects.filter(until=None).count() == 0


def test_what_staff_ended_never_is(small: Stage) -> None:
    """Not even when the next storm is let go."""
    cancel_orders(small, 6)
    sweep(small)
    storm.cancel(small.ports)
    sweep(small, hours=2)
    cancel_orders(small, 7, first=10)
    sweep(small)

    storm.release(small.ports)
    sweep(small, hours=1)

    later = NOON + dt.timedelta(hours=2)
    assert list(BusyHour.objects.values_list("hour", "count")) == [(later, 7)]


def test_a_bulk_that_settles_within_seconds_is_held(small: Stage) -> None:
    """The periodic run comes too late for it: planning watches before it plans."""
    configure(small, "tracking_updated")
    sweep(small)
    for number in range(6):
        order = small.order(f"o{number}")
        small.track(order, f"p{number}", f"N{number}")

    small.later(seconds=10)

    assert counts() == {("held", "storm"): 6}


def test_many_orders_of_customers_are_no_storm(small: Stage) -> None:
    """However many customers order within an hour: their hooks are never held."""
    for number in range(40):
        small.happen("order_created", small.order(f"o{number}"))

    sweep(small)

    assert counts() == {("sent", ""): 40}


def test_what_the_reconciler_finds_is_held_before_it_is_planned(small: Stage) -> None:
    """Six orders that no hook told of: none is texted, also where nothing settles."""
    for number in range(6):
        order = small.order(f"o{number}")
        small.shop.leave("order", number + 1, Trace(
            name="order_created", channel_id=CHANNEL, order_id=order.id,
            occurred_at=small.clock.now(),
        ))  # fmt: skip
    small.happen("order_created", small.order("o9"))
    small.clock.move(minutes=1)

    assert reconcile.run(small.ports, small.clock.now() + dt.timedelta(seconds=5)) == 6
    small.run()

    assert counts() == {("held", "storm"): 6, ("sent", ""): 1}
    assert set(ShopEvent.objects.values_list("found", "held")) == {(True, True), (False, False)}


@pytest.mark.parametrize("settle", [0, 300])
def test_failed_payments_that_waited_for_a_worker_are_held(small: Stage, settle: int) -> None:
    """Nobody knew their channel until a worker came, and by then their grace is over."""
    advanced = f"{QUIET}storm = 10x 5\nsettle.payment_failed = {settle}"
    small.configure("payment_failed", advanced=advanced, staff_numbers=STAFF)
    for number in range(1, 7):
        failure = PaymentFailure(
            reference=f"transaction_event:{number}", kind=FailureKind.DECLINED,
            amount=Decimal(10), channel_id=CHANNEL, order_id=small.order(f"o{number}").id,
        )  # fmt: skip
        row = small.shop.fail("transaction_event", failure, small.clock.now())
        assert record(failures.happening(row), small.ports)
    small.clock.move(minutes=10)

    working.keep_house(small.ports)
    small.run()

    assert counts() == {("held", "storm"): 6}


def test_off_holds_nothing(small: Stage) -> None:
    """``storm = off``."""
    configure(small, "order_cancelled", storm="off")
    cancel_orders(small, 300)

    sweep(small)

    assert Storm.objects.count() == 0


def test_channels_are_apart(small: Stage) -> None:
    """Each has its own usual; a storm in one holds nothing of the other."""
    small.configure("order_cancelled", channel_id=2, advanced=f"{QUIET}storm = 10x 5")
    cancel_orders(small, 6)
    cancel_orders(small, 4, first=50, channel_id=2)

    sweep(small)
    sweep(small, minutes=10)

    assert counts() == {("held", "storm"): 6, ("sent", ""): 4}


def test_held_texts_end_when_they_are_too_late(small: Stage) -> None:
    """Nobody answers: a day later each is expired, and none was sent."""
    cancel_orders(small, 6)
    sweep(small)
    sweep(small, minutes=10)

    small.later(hours=24)

    assert counts() == {("expired", "expired"): 6}


def test_release_lets_them_go(small: Stage) -> None:
    """What was decided goes out, what was not is decided as usual; the next is no storm."""
    cancel_orders(small, 6)
    sweep(small)
    sweep(small, minutes=10)
    cancel_orders(small, 2, first=7)
    sweep(small)

    said = run_command("sms_release")
    assert said == {"texts": 6, "undecided": 2, "by_event": {"order_cancelled": 6}}
    small.run()
    assert counts() == {("sent", ""): 6}
    sweep(small, minutes=10)

    assert counts() == {("sent", ""): 8}
    assert Storm.objects.filter(until__isnull=True).count() == 0
    assert run_command("sms_release") == {"texts": 0, "undecided": 0, "by_event": {}}


def test_cancel_ends_them(small: Stage) -> None:
    """What was decided is cancelled, what was not is never decided; other texts go on."""
    cancel_orders(small, 6)
    sweep(small)
    sweep(small, minutes=10)
    cancel_orders(small, 2, first=7)
    sweep(small)
    small.happen("order_created", small.order("o99"))

    assert run_command("sms_cancel") == {
        "texts": 6, "undecided": 2, "by_event": {"order_cancelled": 6},
    }  # fmt: skip
    sweep(small, minutes=10)

    assert counts() == {("cancelled", "cancelled_by_staff"): 6, ("sent", ""): 1}
    assert ShopEvent.objects.filter(plan_at__isnull=False).count() == 0


def test_of_one_channel_or_event(small: Stage) -> None:
    """``--channel`` and ``--event`` narrow it; nothing else is touched."""
    small.configure("order_cancelled", channel_id=2, advanced=f"{QUIET}storm = 10x 5")
    cancel_orders(small, 6)
    cancel_orders(small, 7, first=50, channel_id=2)
    sweep(small)
    sweep(small, minutes=10)

    assert run_command("sms_cancel", "--event", "order_refunded")["texts"] == 0
    assert run_command("sms_cancel", "--channel", "channel-2")["texts"] == 7
    assert run_command("sms_release", "--event", "order_cancelled")["texts"] == 6
    with pytest.raises(CommandError, match="'nowhere' has no settings"):
        call_command("sms_release", "--channel", "nowhere")


def test_cancel_of_one_order(small: Stage) -> None:
    """``--order`` ends what waits for one order, storm or not."""
    cancel_orders(small, 2)
    small.run()

    said = run_command("sms_cancel", "--order", "1")
    sweep(small, minutes=10)

    assert said == {"texts": 0, "undecided": 1, "by_event": {}}
    assert [m.order_number for m in Message.objects.filter(status="sent")] == ["2"]
    (why,) = explain(small.order_of("o1"), small.ports)
    assert (why.event, why.status, why.why) == (
        "order_cancelled", "cancelled", "Staff ended it (sms_cancel).",
    )  # fmt: skip
    with pytest.raises(CommandError, match="leave out --channel"):
        call_command("sms_cancel", "--order", "2", "--event", "order_cancelled")


def test_the_commands_say_what_they_did(small: Stage) -> None:
    """In words, with counts."""
    cancel_orders(small, 6)
    sweep(small)
    sweep(small, minutes=10)
    out = StringIO()

    call_command("sms_release", stdout=out)

    assert out.getvalue() == (
        "6 texts go out now (6 order_cancelled). 0 events are decided as usual.\n"
    )


def test_check_and_status_say_it(small: Stage) -> None:
    """sms.W006 while a storm holds texts, and a line in the dashboard."""
    assert checks.check_storm(databases=["default"]) == []
    cancel_orders(small, 6)
    sweep(small)
    sweep(small, minutes=10)

    (warning,) = checks.check_storm(databases=["default"])
    assert (warning.id, warning.msg) == (
        "sms.W006", "Far more than usual happened at once: 6 texts are held.",
    )  # fmt: skip
    assert "6 held: Far more than usual happened at once" in status_of(CHANNEL, small.ports)
    assert checks.check_storm(databases=None) == []

    call_command("sms_cancel", stdout=StringIO())
    assert checks.check_storm(databases=["default"]) == []


@pytest.mark.parametrize("language", STORM)
def test_the_alert_is_cheap_in_every_language(language: str) -> None:
    """GSM-7, in at most two segments."""
    body = STORM[language].format(shop="A" * 20, count=10_000, event="order_fully_refunded")

    measured = segments.measure(body)

    assert (measured.encoding, measured.segment_count <= 2) == ("gsm7", True)


def test_without_staff_numbers_the_log_and_the_check_say_it(small: Stage) -> None:
    """Nobody to text: it is held all the same."""
    small.configure("order_cancelled", advanced=f"{QUIET}storm = 10x 5")
    cancel_orders(small, 6)

    sweep(small)
    sweep(small, minutes=10)

    assert counts() == {("held", "storm"): 6}
    assert alerts() == []
