"""Laws 6, 7 and 12: the world moves on while a text waits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from saleor_sms_plugin.models import Activation, Installation, Message, ShopEvent
from saleor_sms_plugin.services import activation, plan, working
from tests.integration.stage import CHANNEL, NOON, RUN, Stage, only

CREATED, PAID, CANCELLED = "order_created", "order_fully_paid", "order_cancelled"
NIGHT = {"hours": 8}  # 21:00 in Warsaw
MORNING = NOON + dt.timedelta(hours=19)


def wait_for_the_morning(stage: Stage, event: str = PAID, **configuration: Any) -> None:
    """A text of order o1 is held till 08:00."""
    stage.clock.move(**NIGHT)
    stage.configure(event, **configuration)
    stage.happen(event, stage.order())
    stage.run()
    assert stage.rows == [(event, "held", "night")]


# Nothing for the past


def test_nothing_from_before_the_switch_is_texted(stage: Stage) -> None:
    """An order placed a second before the event was switched on is never texted."""
    stage.configure()
    stage.happen(CREATED, stage.order("o1"))
    stage.clock.move(seconds=1)
    stage.configure(CREATED)
    stage.happen(CREATED, stage.order("o2"))

    stage.run()

    assert stage.rows == [(CREATED, "suppressed", "before_activation"), (CREATED, "sent", "")]


def test_the_plugin_switched_on_texts_nothing_of_the_past(stage: Stage) -> None:
    """The same for the whole channel: Active ticked later than the event happened."""
    stage.configure(CREATED, active=False)
    stage.happen(CREATED, stage.order())
    stage.clock.move(seconds=1)
    stage.configure(CREATED)

    stage.run()

    assert stage.rows == [(CREATED, "suppressed", "before_activation")]


def test_an_instant_is_kept_while_the_event_stays_on(stage: Stage) -> None:
    """Saving again does not make what waits old."""
    stage.configure(CREATED)
    stage.clock.move(hours=1)

    stage.configure(CREATED, PAID)

    since = {a.event_name: a.active_since for a in Activation.objects.all()}
    assert since == {CREATED: NOON, PAID: NOON + dt.timedelta(hours=1)}


def test_each_channel_has_its_own_instants(stage: Stage) -> None:
    """Saving one channel stamps no other."""
    stage.configure(CREATED)
    stage.clock.move(hours=1)
    stage.configure(CREATED, channel_id=2)

    assert list(Activation.objects.order_by("channel_id").values_list("active_since")) == [
        (NOON,),
        (NOON + dt.timedelta(hours=1),),
    ]


def test_off_ends_what_waits(stage: Stage) -> None:
    """An event switched off while its text waits for the morning: not sent, and told why."""
    wait_for_the_morning(stage)
    stage.configure()

    stage.at(MORNING)

    assert stage.rows == [(PAID, "suppressed", "switched_off")]
    assert stage.bodies == []


def test_off_and_on_again_ends_what_waited(stage: Stage) -> None:
    """The owner who switches off and on starts anew."""
    wait_for_the_morning(stage)
    stage.configure()
    stage.clock.move(hours=1)
    stage.configure(PAID)

    stage.at(MORNING)

    assert stage.rows == [(PAID, "suppressed", "before_activation")]
    assert stage.bodies == []


def test_an_event_that_the_stored_row_does_not_know_is_off(stage: Stage) -> None:
    """A row stored by an older version gains nothing by an upgrade."""
    stage.configure(CREATED)
    values = dict(stage.shop.channels[CHANNEL].values)
    del values["send_order_cancelled"]
    stage.shop.configure(CHANNEL, "channel-1", values)
    activation.stamp(stage.ports)
    stage.happen(CANCELLED, stage.order())

    stage.later(minutes=10)

    assert stage.rows == [(CANCELLED, "suppressed", "switched_off")]
    assert not Activation.objects.filter(event_name=CANCELLED).exists()


def test_what_was_changed_past_the_dashboard_is_stamped_by_the_periodic_run(stage: Stage) -> None:
    """On without an instant means on from now; off loses its instant."""
    stage.configure(CREATED)
    values = dict(stage.shop.channels[CHANNEL].values)
    stage.shop.configure(
        CHANNEL, "channel-1", values | {"send_order_created": False, "send_order_cancelled": True}
    )
    stage.clock.move(minutes=1)

    working.keep_house(stage.ports)

    assert list(Activation.objects.values_list("event_name", "active_since")) == [
        (CANCELLED, NOON + dt.timedelta(minutes=1))
    ]


# The door


def test_an_order_cancelled_while_it_waits_is_not_told_as_paid(stage: Stage) -> None:
    """The payment's text ends; the cancellation's own text survives the cancelled order."""
    wait_for_the_morning(stage)
    stage.configure(PAID, CANCELLED)
    order = stage.change(stage.order_of("o1"), status="canceled")
    stage.happen(CANCELLED, order)

    stage.later(minutes=10)
    stage.at(MORNING)

    assert stage.rows == [(PAID, "suppressed", "order_cancelled"), (CANCELLED, "sent", "")]


def test_an_order_deleted_before_planning(stage: Stage) -> None:
    """The row says so; nothing fails."""
    stage.configure(CREATED)
    stage.happen(CREATED, stage.order())
    stage.shop.stored_orders.clear()

    stage.run()

    assert stage.rows == [(CREATED, "suppressed", "order_gone")]
    assert ShopEvent.objects.filter(plan_at__isnull=False).count() == 0


def test_an_order_deleted_while_its_text_waits(stage: Stage) -> None:
    """The door finds no order: suppressed."""
    wait_for_the_morning(stage)
    stage.shop.stored_orders.clear()

    stage.at(MORNING)

    assert stage.rows == [(PAID, "suppressed", "order_gone")]


def test_a_channel_deleted_before_planning(stage: Stage) -> None:
    """No settings, no text, one reason."""
    stage.configure(CREATED)
    stage.happen(CREATED, stage.order())
    stage.shop.channels.clear()

    stage.run()

    assert stage.rows == [(CREATED, "suppressed", "channel_gone")]


def test_a_channel_deleted_while_its_text_waits(stage: Stage) -> None:
    """The door finds no channel: suppressed."""
    wait_for_the_morning(stage)
    stage.shop.channels.clear()

    stage.at(MORNING)

    assert stage.rows == [(PAID, "suppressed", "channel_gone")]


def test_allowed_countries_are_asked_again_at_the_door(stage: Stage) -> None:
    """A country taken out overnight gets nothing in the morning."""
    wait_for_the_morning(stage)
    stage.configure(PAID, allowed_countries="DE")

    stage.at(MORNING)

    assert stage.rows == [(PAID, "suppressed", "country_not_allowed")]


def test_a_text_goes_out_with_the_words_and_settings_of_the_day(stage: Stage) -> None:
    """Template and sender are read when the text is sent."""
    wait_for_the_morning(stage)
    stage.configure(PAID, text_order_fully_paid="Paid: {{ order.number }}", sender_id="Shop")

    stage.at(MORNING)

    assert stage.bodies == ["Paid: 1"]
    assert only(PAID).sender_id == "Shop"


@pytest.mark.parametrize(
    ("values", "reason", "says"),
    [
        ({"text_order_created": "{{ order.nmber }}"}, "template", "order.nmber"),
        ({"text_order_created": "{% if %}"}, "template", "text_order_created"),
        ({"sender_id": ""}, "configuration", "sender_id"),
        ({"provider": "nobody"}, "configuration", "provider"),
        ({"api_key": "env:SECRET_KEY", "provider": "vonage"}, "configuration", "SALEOR_SMS_"),
    ],
)
def test_a_broken_setting_holds_the_text_until_it_is_mended(
    stage: Stage, values: dict[str, Any], reason: str, says: str
) -> None:
    """Held with field and cause in words; it goes out after the owner mended it."""
    stage.configure(CREATED, **values)
    stage.happen(CREATED, stage.order())
    stage.run()

    message = only(CREATED)
    assert (message.status, message.reason) == ("held", reason)
    assert says in message.why
    assert message.attempts.count() == 0

    stage.configure(CREATED)
    stage.later(minutes=5)
    assert stage.rows == [(CREATED, "sent", "")]


# One installation is live


def copied(stage: Stage) -> None:
    """The database is now under another installation."""
    stage.shop.name = "staging"


def test_a_copied_database_sends_nothing(stage: Stage) -> None:
    """Waiting texts and new ones are held, whatever is due."""
    wait_for_the_morning(stage)
    copied(stage)
    stage.happen(PAID, stage.order("o2"))

    stage.at(MORNING)
    stage.later(hours=1)

    assert stage.rows == [(PAID, "held", "other_installation")] * 2
    assert stage.bodies == []


def test_a_save_makes_the_copy_live(stage: Stage) -> None:
    """What came along ends, as it is the other installation's; what is new is sent."""
    stage.configure(CREATED, PAID, advanced="night = off\nflood = off")
    stage.happen(CREATED, stage.order("o1"))
    stage.run()
    came_along = stage.order("o2")
    stage.happen(CREATED, came_along)
    plan.run(stage.ports, NOON + RUN)
    stage.clock.move(minutes=1)
    copied(stage)
    stage.happen(CREATED, stage.order("o3"))
    stage.run()
    assert [row[1:] for row in stage.rows] == [
        ("sent", ""),
        ("held", "other_installation"),
        ("held", "other_installation"),
    ]

    stage.configure(CREATED, PAID, advanced="night = off\nflood = off")
    stage.run()

    assert [row[1:] for row in stage.rows] == [
        ("sent", ""),
        ("cancelled", "other_installation"),
        ("sent", ""),
    ]
    assert Installation.objects.get().identity == "staging"


def test_what_settled_during_the_copy_is_the_others_to_send(stage: Stage) -> None:
    """An event recorded before the copy and planned after it came along too."""
    stage.configure(CANCELLED)
    stage.happen(CANCELLED, stage.order())
    stage.later(minutes=5)
    copied(stage)
    stage.later(minutes=5)
    assert stage.rows == [(CANCELLED, "held", "other_installation")]

    stage.configure(CANCELLED)
    stage.run()

    assert stage.rows == [(CANCELLED, "cancelled", "other_installation")]
    assert stage.bodies == []


def test_what_the_copy_released_still_keeps_the_night(stage: Stage) -> None:
    """A save at night does not wake customers."""
    stage.configure(PAID)
    stage.run()
    stage.clock.move(hours=8)
    copied(stage)
    stage.happen(PAID, stage.order())
    stage.run()
    assert stage.rows == [(PAID, "held", "other_installation")]

    stage.configure(PAID)
    stage.run()

    assert stage.rows == [(PAID, "held", "night")]


def test_the_original_goes_on(stage: Stage) -> None:
    """The same identity at every save: nothing is held or ended."""
    wait_for_the_morning(stage)
    stage.configure(PAID)

    stage.at(MORNING)

    assert stage.rows == [(PAID, "sent", "")]


def test_a_reason_is_a_decision_for_every_event(stage: Stage) -> None:
    """Law 3: after all is said every recorded event has its rows, and none is due."""
    stage.configure(CREATED, "staff_order_created", staff_numbers="+48501000001")
    order = stage.order()
    for name in (CREATED, "order_confirmed", PAID, "order_fulfilled"):
        stage.happen(name, order)

    stage.run()

    assert ShopEvent.objects.filter(plan_at__isnull=False).count() == 0
    assert Message.objects.values("event").distinct().count() == 4
    assert Message.objects.filter(status="suppressed", reason="").count() == 0
