"""Surveys: when they ask, what ends them, which answers are scores, and what they come to."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.models import InboundMessage, Link, Message, ProviderAccount, SurveyScore
from saleor_sms_plugin.services import surveys
from tests.integration.stage import BUYER, CHANNEL, NOON, RECEIVER, Stage

SURVEY, FULFILLED = "survey", "order_fulfilled"
SENDER = "48732000000"
WEEK = dt.timedelta(days=7)


def configure(stage: Stage, *events: str, **values: Any) -> None:
    """Surveys are on; Anna has consented by being a tester, and can reply."""
    stage.configure(
        *(events or (SURVEY,)),
        **({"sender_id": f"+{SENDER}", "test_numbers": BUYER.phone} | values),
    )


def ask(stage: Stage, name: str = "o1", after: dt.timedelta = WEEK) -> Message:
    """The order was sent now, the clock is *after* that; returns the survey."""
    stage.happen(FULFILLED, stage.order(name))
    stage.run()
    stage.at(stage.clock.now() + after)
    return Message.objects.get(event_name=SURVEY, order_id=name)


def reply(stage: Stage, score: int, sender: str = BUYER.phone, recipient: str = SENDER) -> bool:
    """A phone answers now; True where it is taken as a score."""
    account, _ = ProviderAccount.objects.get_or_create(
        provider="memory", key="k", defaults={"created_at": NOON}
    )
    inbound = InboundMessage.objects.create(
        account=account, sender=sender, recipient=recipient, body=str(score),
        received_at=stage.clock.now(), provider_message_id=f"{InboundMessage.objects.count()}",
    )  # fmt: skip
    return surveys.take_score(inbound, score, stage.ports)


def scores() -> list[tuple[str, int, str]]:
    """Of each score its order's number, the score and where it came from."""
    rows = SurveyScore.objects.order_by("pk")
    return list(rows.values_list("order_number", "score", "source"))


def test_a_survey_asks_a_week_after_everything_was_sent(stage: Stage) -> None:
    """Nothing for seven days, then one text to the buyer, as marketing."""
    configure(stage)
    stage.happen(FULFILLED, stage.order())
    stage.run()
    stage.at(NOON + WEEK - dt.timedelta(seconds=1))
    assert not Message.objects.filter(event_name=SURVEY).exists()
    stage.at(NOON + WEEK)
    message = Message.objects.get(event_name=SURVEY)
    assert (message.status, message.purpose, message.recipient) == (
        "sent", "marketing", BUYER.phone,
    )  # fmt: skip
    assert message.body.startswith("Acme: how was your order 1? Reply 1 (bad) to 5 (great).")
    for _ in range(3):
        stage.later(days=7)
    assert len(stage.bodies) == 1


def test_the_days_are_the_owners(stage: Stage) -> None:
    """survey.days = 2 asks on the second day."""
    configure(stage, advanced="survey.days = 2")
    message = ask(stage, after=dt.timedelta(days=2))
    assert (message.status, message.sent_at) == ("sent", NOON + dt.timedelta(days=2))


def test_off_is_no_decision(stage: Stage) -> None:
    """Without surveys an order that was sent leaves no row about one."""
    configure(stage, FULFILLED)
    stage.happen(FULFILLED, stage.order())
    stage.later(minutes=1)
    stage.later(days=8)
    assert stage.rows == [(FULFILLED, "sent", "")]


def test_switched_off_meanwhile_is_one(stage: Stage) -> None:
    """On when the order was sent, off when the survey was due: ended, with the reason."""
    configure(stage)
    stage.happen(FULFILLED, stage.order())
    stage.later(days=1)
    configure(stage, "order_created")
    stage.at(NOON + WEEK)
    assert (SURVEY, "suppressed", "switched_off") in stage.rows
    assert stage.bodies == []


def test_an_order_sent_before_surveys_is_not_asked_about(stage: Stage) -> None:
    """Nothing for the past (law 7)."""
    stage.happen(FULFILLED, stage.order())
    stage.clock.move(seconds=1)
    configure(stage)
    stage.later(days=7)
    assert (SURVEY, "suppressed", "before_activation") in stage.rows


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "canceled"}, "order_cancelled"),
        ({"refunded": Decimal("99.90")}, "refunded"),
        ({"refunded": Decimal("99.89")}, ""),  # some of it was good
    ],
)
def test_what_became_of_the_order_ends_it(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    """Cancelled or refunded in full meanwhile: nobody is asked how it was."""
    configure(stage)
    order = stage.order()
    stage.happen(FULFILLED, order)
    stage.run()
    stage.change(order, **change)
    stage.at(NOON + WEEK)
    found = Message.objects.get(event_name=SURVEY)
    assert (found.status, found.reason) == (("suppressed" if reason else "sent"), reason)


def test_once_per_order(stage: Stage) -> None:
    """Fulfilled again after a parcel was stopped: the same event, one survey."""
    configure(stage)
    order = stage.order()
    assert stage.happen(FULFILLED, order)
    stage.later(days=1)
    assert not stage.happen(FULFILLED, order)
    stage.later(days=10)
    assert Message.objects.filter(event_name=SURVEY).count() == 1


def test_a_name_asks_by_link(stage: Stage) -> None:
    """Nobody can reply to a name: the text has the address of the survey's page."""
    configure(stage, sender_id="Acme", advanced="link_base = https://shop.example.com/s")
    message = ask(stage)
    link = Link.objects.get(kind="survey")
    assert message.body.startswith(
        f"Acme: how was your order 1? Tell us: https://shop.example.com/s/{link.token}"
    )
    assert (message.status, link.order_id, link.expires_at) == ("sent", "o1", NOON + 2 * WEEK)


def test_a_number_has_no_link(stage: Stage) -> None:
    """Who can reply needs no page."""
    configure(stage)
    ask(stage)
    assert not Link.objects.filter(kind="survey").exists()


def test_a_survey_that_nobody_could_answer_is_not_sent(stage: Stage) -> None:
    """The owner's words have no link, and the sender is a name."""
    configure(
        stage, sender_id="Acme", text_survey="{{ shop.name }}: how was it? 1 to 5",
        advanced="link_base = https://shop.example.com/s",
    )  # fmt: skip
    message = ask(stage)
    assert (message.status, message.reason) == ("suppressed", "no_answer_path")
    assert stage.bodies == []


# Scores by reply


def test_a_reply_is_a_score(stage: Stage) -> None:
    """A digit to the survey's sender, from the phone that got it, within the window."""
    configure(stage)
    message = ask(stage)
    stage.clock.move(days=6, hours=23)
    assert reply(stage, 4)
    assert scores() == [("1", 4, "reply")]
    row = SurveyScore.objects.get()
    assert (row.message_id, row.order_id, row.channel_id, row.answered_at) == (
        message.pk, "o1", CHANNEL, stage.clock.now(),
    )  # fmt: skip


def test_the_first_answer_counts(stage: Stage) -> None:
    """A later one within the window is understood, and changes nothing."""
    configure(stage)
    ask(stage)
    assert [reply(stage, 2), reply(stage, 5)] == [True, True]
    assert scores() == [("1", 2, "reply")]


@pytest.mark.parametrize(
    ("late", "sender", "recipient", "score"),
    [
        (dt.timedelta(0), RECEIVER.phone, SENDER, 5),  # another phone
        (dt.timedelta(0), BUYER.phone, "48732999999", 5),  # another number of the shop
        (WEEK, BUYER.phone, SENDER, 5),  # the window is over
        (dt.timedelta(0), BUYER.phone, SENDER, 0),
        (dt.timedelta(0), BUYER.phone, SENDER, 6),
    ],
)
def test_a_digit_that_answers_no_survey(
    stage: Stage, late: dt.timedelta, sender: str, recipient: str, score: int
) -> None:
    """It is an ordinary reply."""
    configure(stage)
    ask(stage)
    stage.clock.move(seconds=late.total_seconds())
    assert not reply(stage, score, sender, recipient)
    assert scores() == []


def test_a_digit_before_any_survey(stage: Stage) -> None:
    """Nothing was asked yet: the survey waits, or another text was the last one."""
    configure(stage, SURVEY, "order_created")
    stage.happen("order_created", stage.order())
    stage.happen(FULFILLED, stage.order_of("o1"))
    stage.run()
    assert not reply(stage, 5)


def test_a_reply_answers_the_latest_survey(stage: Stage) -> None:
    """Two orders, two surveys: the digit belongs to the newer one."""
    configure(stage)
    ask(stage)
    stage.happen(FULFILLED, stage.order("o2"))
    stage.later(days=6)
    stage.later(days=1)
    assert reply(stage, 3)
    assert scores() == [("2", 3, "reply")]


def test_an_unknown_outcome_may_be_answered(stage: Stage) -> None:
    """The provider said nothing, the customer answers: they got it."""
    configure(stage)
    message = ask(stage)
    Message.objects.filter(pk=message.pk).update(status="outcome_unknown", sent_at=None)
    assert reply(stage, 1)


# Scores by link


def test_the_page_takes_a_score(stage: Stage) -> None:
    """Once, while the link works."""
    configure(stage, sender_id="Acme")
    ask(stage)
    link = Link.objects.get(kind="survey")
    assert surveys.score_of(link) is None
    stage.clock.move(days=6)
    assert [surveys.take_score_link(link, score, stage.ports) for score in (5, 1)] == [True, True]
    assert (scores(), surveys.score_of(link)) == ([("1", 5, "page")], 5)


@pytest.mark.parametrize(
    ("late", "kind", "score"), [(7, "survey", 5), (0, "order", 5), (0, "survey", 6)]
)
def test_a_page_that_takes_none(stage: Stage, late: int, kind: str, score: int) -> None:
    """After the window, behind a link of another kind, or no score at all."""
    configure(stage, sender_id="Acme")
    ask(stage)
    Link.objects.filter(kind="survey").update(kind=kind)
    stage.clock.move(days=late)
    assert not surveys.take_score_link(Link.objects.get(kind=kind), score, stage.ports)
    assert scores() == []


# What they come to


def test_sms_report_prints_surveys(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sent, answered and average, by the week of sending and by channel."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    configure(stage)
    call_command("sms_report")
    assert capsys.readouterr().out == "No reminder about a cart was sent.\n"

    for name in ("o1", "o2"):
        stage.happen(FULFILLED, stage.order(name))
    stage.run()
    stage.at(NOON + WEEK)  # Monday, 9 March: the eleventh week
    reply(stage, 4)
    stage.happen(FULFILLED, stage.order("o3"))
    stage.later(days=7)
    reply(stage, 1)

    call_command("sms_report")
    assert capsys.readouterr().out.splitlines()[2:] == [
        "week      channel                  surveys answered    average",
        "2026-W12  channel-1                      1        1       1.00",
        "2026-W11  channel-1                      2        1       4.00",
    ]
    call_command("sms_report", "--json", "--channel", "channel-1")
    assert json.loads(capsys.readouterr().out) == {
        "reminders": [],
        "surveys": [
            {"week": "2026-W12", "channel": "channel-1", "sent": 1, "answered": 1, "average": 1.0},
            {"week": "2026-W11", "channel": "channel-1", "sent": 2, "answered": 1, "average": 4.0},
        ],
    }
