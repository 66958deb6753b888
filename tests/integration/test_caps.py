"""Offers to one person and texts of one day keep to their limits, however many workers send."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from saleor_sms_plugin.events.catalogue import CATALOGUE
from saleor_sms_plugin.exceptions import ProviderUnavailable
from saleor_sms_plugin.models import Message, SendAttempt
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import calls, caps, channels, claims, plan, preparing
from tests.integration.stage import BUYER, NOON, RUN, Stage, only, together

SURVEY, CREATED = "survey", "order_created"
OTHER = 2  #: another channel
DAY = dt.timedelta(days=1)
FLORIDAN = Address(
    phone="+13055550123", country="US", country_area="FL", postal_code="33101",
    first_name="Ann", last_name="Lee",
)  # fmt: skip
CANADIAN = Address(phone="+14165550123", country="CA", country_area="ON", postal_code="M5H 2N2")


def configure(stage: Stage, *events: str, advanced: str = "", channel_id: int = 1) -> None:
    """Surveys, a day after; Anna and the neighbours overseas have consented by being testers."""
    testers = ", ".join(each.phone for each in (BUYER, FLORIDAN, CANADIAN))
    stage.shop.zones[1] = frozenset({"PL", "US", "CA"})
    stage.configure(
        *(events or (SURVEY,)), channel_id=channel_id, sender_id="+48732000000",
        test_numbers=testers, staff_numbers="",
        advanced=f"survey.days = 1\nflood = off\nusual_hour = off\n{advanced}",
    )  # fmt: skip


def ask(stage: Stage, count: int, buyer: Address = BUYER, channel_id: int = 1) -> None:
    """So many orders of one person are fulfilled now: each asks for a survey in a day."""
    before = Message.objects.count()
    for number in range(count):
        order = stage.order(
            f"o{channel_id}{before}{number}{buyer.country}", billing=buyer, shipping=buyer,
            channel_id=channel_id,
        )  # fmt: skip
        stage.happen("order_fulfilled", order)
    stage.run()


def statuses(*, purpose: str = "marketing") -> list[tuple[str, str]]:
    rows = Message.objects.filter(to_staff=False, purpose=purpose).order_by("pk")
    rows = rows.exclude(reason="switched_off")  # “Everything sent” is not what is tried here
    return list(rows.values_list("status", "reason"))


SENT, CAPPED = ("sent", ""), ("suppressed", "frequency_cap")


def test_a_person_gets_two_offers_a_day(stage: Stage) -> None:
    """The default: the third one within 24 hours ends, and says why."""
    configure(stage)
    ask(stage, 3)
    stage.later(days=1)
    assert statuses() == [SENT, SENT, CAPPED]
    last = Message.objects.latest("pk")
    assert last.detail == "2 in 24 hours; at most 2 (advanced: offers_cap)."
    assert (last.finished_at, last.attempts.count()) == (stage.clock.now(), 0)


def test_the_window_rolls(stage: Stage) -> None:
    """24 hours after the first one there is room again, whatever the calendar says."""
    configure(stage, advanced="offers_cap = 1/day")
    ask(stage, 1)
    stage.clock.move(hours=3)
    ask(stage, 1)
    stage.clock.move(hours=21)  # 24 h after the first was fulfilled: its survey
    stage.run()
    stage.later(hours=3)
    assert statuses() == [SENT, CAPPED]
    ask(stage, 1)
    stage.later(days=1)
    assert statuses() == [SENT, CAPPED, SENT]


def test_eight_in_thirty_days(stage: Stage) -> None:
    """Both windows hold: two each day, and no ninth within thirty days."""
    configure(stage)
    for _ in range(5):
        ask(stage, 2)
        stage.later(days=1)
    assert statuses() == [SENT] * 8 + [CAPPED] * 2
    assert Message.objects.latest("pk").detail.startswith("8 in 30 days; at most 8")


def test_the_cap_counts_across_channels(stage: Stage) -> None:
    """The person is one, whichever channel writes."""
    configure(stage, advanced="offers_cap = 1/day")
    configure(stage, advanced="offers_cap = 1/day", channel_id=OTHER)
    ask(stage, 1)
    ask(stage, 1, channel_id=OTHER)
    stage.later(days=1)
    assert sorted(statuses()) == [SENT, CAPPED]


def test_other_people_have_their_own(stage: Stage) -> None:
    """A cap is a person's."""
    configure(stage, advanced="offers_cap = 1/day")
    ask(stage, 1)
    ask(stage, 1, FLORIDAN)
    stage.later(days=1, hours=4)  # 11:00 in Miami
    assert statuses() == [SENT, SENT]


def test_order_texts_have_no_cap_and_use_none_up(stage: Stage) -> None:
    """Service texts to the same person before do not keep an offer from them."""
    configure(stage, SURVEY, CREATED, advanced="offers_cap = 1/day")
    ask(stage, 1)
    stage.clock.move(days=1)
    for number in range(3):
        stage.happen(CREATED, stage.order(f"n{number}"))
    stage.run()
    assert statuses(purpose="transactional") == [SENT] * 3
    assert statuses() == [SENT]


def test_florida_takes_three_offers_in_24_hours(stage: Stage) -> None:
    """The law's cap holds where the shop has none of its own."""
    configure(stage, advanced="offers_cap = off")
    ask(stage, 4, FLORIDAN)
    stage.later(days=1, hours=4)
    assert statuses() == [SENT] * 3 + [CAPPED]
    last = Message.objects.latest("pk")
    assert last.detail == "3 in 24 hours; at most 3 (sms_rules US-FL)."


def test_the_stricter_of_shop_and_law_holds(stage: Stage) -> None:
    """One a day in Florida, where the shop says so."""
    configure(stage, advanced="offers_cap = 1/day")
    ask(stage, 2, FLORIDAN)
    stage.later(days=1, hours=4)
    assert statuses() == [SENT, CAPPED]


def test_what_nobody_got_does_not_count(stage: Stage) -> None:
    """An offer that ended at the door, or that the provider refused, leaves its room."""
    configure(stage, advanced="offers_cap = 1/day")
    ask(stage, 2)
    first, *_ = stage.shop.stored_orders.values()
    stage.change(first, status="canceled")
    stage.later(days=1)
    assert statuses() == [("suppressed", "order_cancelled"), SENT]


def test_a_retry_does_not_count_twice(stage: Stage) -> None:
    """A text that is tried again is not kept back by its own first try."""
    configure(stage, advanced="offers_cap = 1/day")
    ask(stage, 1)
    MemoryProvider.script(ProviderUnavailable("busy", provider="memory"))
    stage.later(days=1)
    assert only(SURVEY).reason == "retry"
    stage.later(minutes=30)
    assert statuses() == [SENT]
    assert SendAttempt.objects.count() == 2


# The budgets of a day


def test_at_the_budget_offers_end_and_order_texts_go_on(stage: Stage) -> None:
    """Two texts a day: the third is a service text and goes out, the survey ends."""
    configure(stage, SURVEY, CREATED, advanced="budget.all = 2")
    ask(stage, 1)
    stage.clock.move(days=1)
    for number in range(3):
        stage.happen(CREATED, stage.order(f"n{number}"))
    stage.run()
    assert statuses(purpose="transactional") == [SENT] * 3
    assert statuses() == [("suppressed", "daily_budget")]
    assert only(SURVEY).detail == "At most 2 a day (advanced: budget.all)."


def test_the_next_day_has_its_own_budget(stage: Stage) -> None:
    """The day is the shop's: it begins at midnight in Warsaw."""
    configure(stage, CREATED, SURVEY, advanced="budget.all = 1")
    stage.clock.move(hours=10, minutes=30)  # 23:30 in Warsaw
    stage.happen(CREATED, stage.order("n1"))
    ask(stage, 1)
    stage.at(NOON + DAY)  # 13:00 the next day; the survey's day is not over yet
    stage.at(NOON + 2 * DAY)
    assert statuses(purpose="transactional") == [SENT]
    assert statuses() == [SENT]


def test_a_countrys_budget_is_that_of_the_number(stage: Stage) -> None:
    """Canada shares +1 with the USA and uses nothing of its budget."""
    configure(stage, advanced="budget.US = 1\noffers_cap = off")
    ask(stage, 2, CANADIAN)
    ask(stage, 2, FLORIDAN)
    ask(stage, 1)
    stage.later(days=1, hours=4)
    found = Message.objects.filter(event_name=SURVEY)
    assert sorted(found.values_list("country", "status", "reason")) == [
        ("CA", "sent", ""), ("CA", "sent", ""), ("PL", "sent", ""), ("US", "sent", ""),
        ("US", "suppressed", "country_budget"),
    ]  # fmt: skip


def test_staff_hear_once_that_a_budget_is_used_up(stage: Stage) -> None:
    """One text a day and budget, as soon as a text finds it used up; not one for each."""
    stage.configure(CREATED, staff_numbers="+48601000000", advanced="budget.all = 2\nflood = off")
    for number in range(5):
        stage.happen(CREATED, stage.order(f"n{number}"))
        stage.run()
    assert statuses(purpose="transactional") == [SENT] * 5
    alerts = Message.objects.filter(event_name="alert")
    assert [message.body for message in alerts] == [
        "Acme: dzisiejszy budzet 2 SMS-ow (channel-1) jest wyczerpany. Oferty na dzis koniec, "
        "SMS-y o zamowieniach wychodza dalej."
    ]
    stage.clock.move(days=1)
    for number in range(5, 8):
        stage.happen(CREATED, stage.order(f"n{number}"))
    stage.run()
    assert alerts.all().count() == 2


def test_texts_to_staff_use_no_budget(stage: Stage) -> None:
    """What staff get is not what an attack makes dear."""
    stage.configure(
        CREATED, "staff_order_created", staff_numbers="+48601000000",
        advanced="budget.all = 2\nflood = off",
    )  # fmt: skip
    for number in range(2):
        stage.happen(CREATED, stage.order(f"n{number}"))
    stage.run()
    assert len(stage.bodies) == 4
    assert Message.objects.filter(event_name="alert").count() == 0


# Several workers at once


@pytest.mark.parametrize("advanced", ["offers_cap = 2/day", "offers_cap = off\nbudget.all = 2"])
def test_two_workers_keep_to_one_limit(committed_stage: Stage, advanced: str) -> None:
    """Four workers begin twelve surveys at one moment: two attempts, ten ended."""
    stage = committed_stage
    configure(stage, advanced=advanced)
    ask(stage, 12)
    stage.clock.move(days=1)
    plan.run(stage.ports, stage.clock.now() + RUN)
    known = channels.load(stage.ports)
    texts = claims.take(uuid.uuid4(), stage.ports, known)
    ready = preparing.prepare(texts, known, stage.ports)
    assert len(ready) == 12

    together(*[lambda part=part: calls.begin(ready[part::4], stage.ports) for part in range(4)])

    assert SendAttempt.objects.count() == 2
    assert Message.objects.filter(event_name=SURVEY, status="suppressed").count() == 10


def test_every_text_begins_within_the_days_that_are_counted() -> None:
    """No event lives longer than a budget looks back for what was sent today."""
    assert max(spec.expires_seconds for spec in CATALOGUE) < caps.OLDEST.total_seconds()
