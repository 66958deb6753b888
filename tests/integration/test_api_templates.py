"""Texts tried through the API: on a sample, on an order, on the orders of the last days."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from graphql_relay import to_global_id

from saleor_sms_plugin.models import DailyCount, Message
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.services import dry_run, suppression

from .api import ask, data
from .stage import BUYER, CHANNEL, NOON, RECEIVER, Stage

pytestmark = pytest.mark.django_db(transaction=True)

PREVIEW = (
    "mutation ($input: SmsTemplatePreviewInput!) { smsTemplatePreview(input: $input) {"
    " texts { language isBuiltIn body encoding units segments mostSegments forcingCharacters"
    " plainSegments warnings estimates { country price currency } }"
    " errors { field code language line column message } } }"
)
DRY_RUN = (
    "mutation ($input: SmsTemplateDryRunInput!) { smsTemplateDryRun(input: $input) {"
    " dryRun { orders events isCut messages segments"
    " countries { country messages segments cost currency } suppressed { reason messages } }"
    " errors { field code language line column message } } }"
)


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """Segments to Poland cost 0.03 EUR lately, on average."""
    stage.configure("order_created", "survey", sender_id="+48700100200")
    for cost, segments in (("0.02", 1), ("0.10", 3)):
        DailyCount.objects.create(
            day=NOON.date() - dt.timedelta(days=segments), channel_id=CHANNEL, country="PL",
            event_name="order_created", status="sent", currency="EUR", message_count=1,
            sent_count=1, segment_count=segments, cost=Decimal(cost),
        )  # fmt: skip
    return stage


def preview(stage: Stage, **given: Any) -> dict[str, Any]:
    values = {"channel": "channel-1", "event": "order_created"} | given
    found: dict[str, Any] = data(stage, PREVIEW, input=values)
    return found


def run(stage: Stage, **given: Any) -> dict[str, Any]:
    values = {"channel": "channel-1", "event": "order_created", "days": 30} | given
    found: dict[str, Any] = data(stage, DRY_RUN, input=values)
    return found


def places(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        tuple(each[name] for name in ("field", "code", "language", "line", "column"))
        for each in answer["errors"]
    ]


# --------------------------------------------------------------------------------- previews


def test_a_sample_shows_words_size_and_price(shop: Stage) -> None:
    """Each language of the text, with the letters that make it dear."""
    [english, polish] = preview(shop, text="Hi <b>{{ order.number }}</b>\n[pl]\nDziękuję")["texts"]
    assert english == {
        "language": None, "isBuiltIn": False, "body": "Hi <b>123456</b>", "encoding": "GSM7",
        "units": 16, "segments": 1, "mostSegments": 1, "forcingCharacters": [],
        "plainSegments": 1, "warnings": [],
        "estimates": [{"country": "PL", "price": "0.0300", "currency": "EUR"}],
    }  # fmt: skip
    assert (polish["encoding"], polish["forcingCharacters"]) == ("UCS2", ["ę"])


def test_an_empty_text_shows_the_built_in_ones(shop: Stage) -> None:
    """In every language, or in the reader's."""
    texts = preview(shop, text="")["texts"]
    assert [each["language"] for each in texts] == ["en", "pl", "it", "de", "fr", "es"]
    [one] = preview(shop, language="pl-pl")["texts"]
    assert (one["language"], one["isBuiltIn"]) == ("pl", True)
    assert one["body"].startswith("Acme: otrzymalismy Twoje zamowienie 123456")


def test_an_order_is_read_as_it_is(shop: Stage) -> None:
    """Its number, its total, its parcel; nothing is stored."""
    order = shop.order("o7")
    shop.parcel(order, "f1", "XY1")
    given = {"event": "fulfillment_created", "order": to_global_id("Order", "o7")}
    text = "{{ order.number }} {{ order.total }} {{ fulfillment.tracking_number }}"
    [found] = preview(shop, text=text, **given)["texts"]
    assert found["body"] == "7 €99.90 XY1"
    assert found["warnings"] == ["The event is switched off in this channel."]
    assert not Message.objects.exists()


def test_a_dear_text_is_warned_of(shop: Stage) -> None:
    """With what makes it so, and the price of all its segments."""
    [found] = preview(shop, text="ł" + "x" * 75)["texts"]
    assert (found["segments"], found["plainSegments"]) == (2, 1)
    assert found["estimates"] == [{"country": "PL", "price": "0.0600", "currency": "EUR"}]
    [warning] = found["warnings"]
    assert warning.startswith("Up to 2 segments with long values because of \u2018ł\u2019")


def test_an_offer_is_shown_with_its_way_out(shop: Stage) -> None:
    """As it is sent."""
    [found] = preview(shop, event="survey", text="Well?", language="en")["texts"]
    assert found["body"].startswith("Well? ")
    assert "STOP" in found["body"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{{ order.numbr }}", ("text", "INVALID", None, 1, 4)),
        ("Hi\n[pl]\nCzesc\n{{ oops", ("text", "INVALID", "pl", 4, 1)),
        ("[pl]\n[it]\nCiao", ("text", "INVALID", None, 1, 1)),
        ("x" * 2000, ("text", "INVALID", None, 1, None)),
        ("x" * 6000, ("text", "INVALID", None, 1, None)),
        ("{% if order.url %}x{% endif %}", ("text", "INVALID", None, 1, None)),
    ],
)
def test_a_mistake_has_its_place(shop: Stage, text: str, place: tuple[Any, ...]) -> None:
    """Language, line and column of the field."""
    answer = preview(shop, text=text)
    assert answer["texts"] is None
    assert places(answer) == [place]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"event": "<script>"}, ("event", "NOT_FOUND")),
        ({"channel": "nowhere"}, ("channel", "NOT_FOUND")),
        ({"order": to_global_id("User", 1)}, ("order", "GRAPHQL_ERROR")),
        ({"order": to_global_id("Order", "o9")}, ("order", "NOT_FOUND")),
    ],
)
def test_bad_input_of_a_preview(shop: Stage, given: dict[str, Any], fault: tuple[str, str]) -> None:
    """Is told as an error of its field."""
    assert [place[:2] for place in places(preview(shop, **given))] == [fault]


# --------------------------------------------------------------------------------- dry runs


def test_a_dry_run_counts_what_would_have_gone(shop: Stage) -> None:
    """To where, for how much, and why not; nothing is sent or stored."""
    italian = Address(phone="+393471234567", country="IT")
    for name, billing, more in (
        ("o1", BUYER, {}), ("o2", italian, {}), ("o3", BUYER, {"origin": "bulk_create"}),
        ("o4", Address(country="PL"), {"shipping": None}), ("o5", RECEIVER, {}),
        ("o6", BUYER, {"status": "draft"}),
        ("o7", BUYER, {"created_at": NOON - dt.timedelta(days=31)}),
    ):  # fmt: skip
        shop.order(name, billing=billing, **more)
    suppression.add(RECEIVER.phone, shop.ports)
    assert run(shop, text="Hi {{ order.number }}") == {
        "errors": [],
        "dryRun": {
            "orders": 5, "events": 5, "isCut": False, "messages": 2, "segments": 2,
            "countries": [
                {"country": "IT", "messages": 1, "segments": 1, "cost": None, "currency": None},
                {"country": "PL", "messages": 1, "segments": 1, "cost": "0.0300",
                 "currency": "EUR"},
            ],
            "suppressed": [
                {"reason": "imported", "messages": 1}, {"reason": "no_phone", "messages": 1},
                {"reason": "number_suppressed", "messages": 1},
            ],
        },
    }  # fmt: skip
    assert not Message.objects.exists()


def test_a_dry_run_of_an_event_that_some_orders_had(shop: Stage) -> None:
    """Of those with it; without consent there is no offer."""
    shop.order("o1")
    shop.order("o2", status="fulfilled")
    found = run(shop, event="survey")["dryRun"]
    assert (found["orders"], found["events"], found["messages"]) == (2, 1, 0)
    assert found["suppressed"] == [{"reason": "no_consent", "messages": 1}]


def test_a_dry_run_to_staff(stage: Stage) -> None:
    """One text per number of theirs."""
    stage.configure("order_created", staff_numbers=f"{BUYER.phone}, {RECEIVER.phone}")
    stage.order()
    found = run(stage, event="staff_order_created")["dryRun"]
    assert (found["events"], found["messages"]) == (1, 2)


def test_a_dry_run_is_bounded(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest orders are looked at, and it says that there are more."""
    monkeypatch.setattr(dry_run, "MOST_ORDERS", 3)
    monkeypatch.setattr(dry_run, "STEP", 2)
    for number in range(5):
        shop.order(f"o{number}", created_at=NOON - dt.timedelta(days=number))
    found = run(shop)["dryRun"]
    assert (found["orders"], found["messages"], found["isCut"]) == (3, 3, True)


def test_a_dry_run_stops_in_time(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is."""
    monkeypatch.setattr(dry_run, "SECONDS", -1)
    shop.order()
    found = run(shop)["dryRun"]
    assert (found["orders"], found["isCut"]) == (0, True)


def test_a_dry_run_reads_its_clock_at_each_order(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that takes long stops it between two orders."""
    seconds = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(seconds))  # each order takes a second
    monkeypatch.setattr(dry_run, "time", clock)
    monkeypatch.setattr(dry_run, "SECONDS", 3)
    for number in range(5):
        shop.order(f"o{number}")
    found = run(shop)["dryRun"]
    assert (found["orders"], found["messages"], found["isCut"]) == (3, 3, True)


def test_a_text_that_would_keep_a_worker_busy_is_refused(shop: Stage) -> None:
    """Where it is tried, as at a save."""
    body = "{% if a == b or a > b or a == 4 %}{% assign x = a %}{% endif %}" * 60
    fat = "{% for a in (1..10) %}{% for b in (1..99) %}" + body + "{% endfor %}{% endfor %}hi"
    for answer in (preview(shop, text=fat), run(shop, text=fat)):
        (error,) = answer["errors"]
        assert (error["field"], "the text has too much to do" in error["message"]) == ("text", True)


def test_few_previews_fit_into_one_request(shop: Stage) -> None:
    """Each renders in several languages."""
    call = 'smsTemplatePreview(input: {channel: "channel-1", event: "order_created"})'
    calls = " ".join(f"a{n}: {call} {{ errors {{ code }} }}" for n in range(10))
    query = f"mutation {{ {calls} }}"
    assert "The query costs" in ask(shop, query)["errors"][0]["message"]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"days": 0}, ("days", "INVALID")),
        ({"days": 91}, ("days", "INVALID")),
        ({"event": "payment_failed"}, ("event", "INVALID")),
        ({"event": "nothing"}, ("event", "NOT_FOUND")),
        ({"channel": "nowhere"}, ("channel", "NOT_FOUND")),
        ({"text": "{{ oops"}, ("text", "INVALID")),
    ],
)
def test_bad_input_of_a_dry_run(shop: Stage, given: dict[str, Any], fault: tuple[str, str]) -> None:
    """Is told as an error of its field."""
    answer = run(shop, **given)
    assert answer["dryRun"] is None
    assert [(each["field"], each["code"]) for each in answer["errors"]] == [fault]
