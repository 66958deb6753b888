"""Why a text whose time has come has not gone out yet: what staff are told meanwhile."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.exceptions import OutOfCredit, ProviderThrottled, ProviderUnavailable
from saleor_sms_plugin.models import Message, Throttle
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services.explain import Decision, explain
from tests.integration.pages import callers, get
from tests.integration.stage import NOON, Stage

CREATED = "order_created"
DOWN = ProviderUnavailable("No answer", provider="memory")


@pytest.fixture
def shop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    stage.configure(CREATED, advanced="flood = off")
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    return stage


def told(shop: Stage, order: str) -> Decision:
    (decision,) = explain(shop.order_of(order), shop.ports)
    return decision


def close(shop: Stage) -> None:
    """Five texts, o000 to o004, find no answer; o005 is planned after them."""
    MemoryProvider.script(*[DOWN] * 5)
    shop.queue(5)
    shop.run()
    shop.queue(1)


def test_a_text_of_a_closed_account_says_why_and_until_when(shop: Stage) -> None:
    """The account's reason, what the provider said, and when it is tried again."""
    close(shop)

    found = told(shop, "o005")

    assert (found.status, found.reason) == ("queued", "provider_down")
    assert found.detail == "Until 2026-03-02 12:00:30 UTC. No answer"
    assert found.why == (
        "The provider does not answer properly; it is tried again soon. "
        "Until 2026-03-02 12:00:30 UTC. No answer"
    )


def test_a_text_of_an_account_that_is_being_tried_says_so(shop: Stage) -> None:
    """The pause is over, and no text has been accepted since."""
    close(shop)
    shop.clock.move(seconds=31)

    found = told(shop, "o005")

    assert found.reason == "provider_down"
    assert found.detail == "One text is tried now. No answer"


def test_a_text_of_a_provider_that_asked_for_a_pause_says_so(shop: Stage) -> None:
    """It is not told that something is broken."""
    MemoryProvider.script(ProviderThrottled("slow", provider="memory", retry_after=40))
    shop.queue(1)
    shop.run()
    shop.queue(1)

    found = told(shop, "o001")

    assert found.reason == "provider_busy"
    assert found.detail == "Until 2026-03-02 12:00:40 UTC. slow"


def test_a_text_of_a_stopped_account_says_where_it_is_stopped(shop: Stage) -> None:
    """Also where another channel stopped the account."""
    shop.configure(CREATED, channel_id=2, advanced="rate = 0")
    shop.queue(1)

    found = told(shop, "o000")

    assert found.reason == "stopped"
    assert found.why == (
        "Nothing is sent: rate = 0 in Advanced. Set a rate above 0, or take the line out. "
        "Channel: channel-2."
    )


def test_a_text_in_a_long_queue_says_how_many_are_before_it(shop: Stage) -> None:
    """Those of its account that go first: stronger ones, and of equal ones the older."""
    shop.queue(3)
    shop.configure(CREATED, channel_id=2, advanced="flood = off")
    shop.queue(1, channel_id=2)
    Message.objects.filter(order_id="o000").update(priority=20)
    Message.objects.filter(order_id="o001").update(not_before=NOON + dt.timedelta(minutes=1))

    assert [told(shop, f"o00{number}").detail for number in (0, 2, 3)] == [
        "Texts before it: 2.", "Texts before it: 0.", "Texts before it: 1.",
    ]  # fmt: skip
    assert {told(shop, "o000").reason, told(shop, "o002").reason} == {"queue"}


def test_a_text_that_waits_for_its_sender_is_before_nobody(shop: Stage) -> None:
    """Others pass it meanwhile."""
    shop.queue(3)
    Message.objects.filter(order_id="o000").update(status="held", reason="sender_rate")

    assert told(shop, "o002").detail == "Texts before it: 1."
    assert told(shop, "o000").reason == "sender_rate"


def test_a_text_whose_time_has_not_come_keeps_its_own_reason(shop: Stage) -> None:
    """A retry, or the night, waits for its hour; the account is not what holds it."""
    close(shop)

    found = told(shop, "o000")

    assert (found.reason, found.why) == (
        "retry", "The provider could not take it; it will be tried again. No answer",
    )  # fmt: skip


def test_a_retry_whose_time_has_come_waits_for_the_account(shop: Stage) -> None:
    """What held it before is over."""
    close(shop)
    shop.clock.move(seconds=29)

    assert told(shop, "o000").detail == "Until 2026-03-02 12:00:30 UTC. No answer"

    Throttle.objects.update(closed_until=None, closed_since=None, closed_for="", detail="")
    assert told(shop, "o000").reason == "retry"


@pytest.mark.parametrize("reason", ["configuration", "template", "other_installation", "storm"])
def test_what_somebody_must_mend_first_stays_the_reason(shop: Stage, reason: str) -> None:
    """A text that is held for itself would not go out if the account were open."""
    close(shop)
    Message.objects.filter(order_id="o005").update(status="held", reason=reason, detail="")

    assert told(shop, "o005").reason == reason


def test_what_was_decided_is_told_as_before(shop: Stage) -> None:
    """A sent text waits for nothing, and neither does one of a channel that is gone."""
    shop.queue(1)
    shop.run()
    assert (told(shop, "o000").status, told(shop, "o000").reason) == ("sent", "")

    shop.queue(1)
    Message.objects.filter(order_id="o001").update(channel_id=99)
    assert (told(shop, "o001").status, told(shop, "o001").reason) == ("queued", "")


def test_the_command_tells_it(shop: Stage) -> None:
    """For people and for programs."""
    close(shop)
    words, data = StringIO(), StringIO()

    call_command("sms_explain", "o005", stdout=words)
    call_command("sms_explain", "o005", "--json", stdout=data)

    assert (
        "  why: The provider does not answer properly; it is tried again soon. "
        "Until 2026-03-02 12:00:30 UTC. No answer"
    ) in words.getvalue().splitlines()
    (decision,) = json.loads(data.getvalue())["decisions"]
    assert decision["reason"] == "provider_down"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Your account at the provider has no credit. Top it up."),
        ("pl", "Na koncie u dostawcy brakuje środków. Doładuj je."),
        ("it", "Il tuo account presso il fornitore non ha credito. Ricaricalo."),
    ],
)
def test_the_pages_tell_it_in_their_language(shop: Stage, language: str, said: str) -> None:
    """The page of an order, and that of a text."""
    MemoryProvider.script(OutOfCredit("no money", provider="memory"))
    shop.queue(1)
    shop.run()
    shop.queue(1)
    shop.shop.install()
    shop.shop.tokens = callers()
    message = Message.objects.get(order_id="o001")
    for path in ("/order?number=001", f"/messages/{message.pk}"):
        html = get(shop, path, **{"Accept-Language": language})[1]
        assert said in html, path
        assert "Until 2026-03-02 12:05:00 UTC. no money" in html, path
