"""Law 11: whatever comes from outside ends in a stored reason or a plain text, and stops no other.

What a provider's bytes mean is proved at the wire; here is what the engine makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from saleor_sms_plugin.models import Message, SendAttempt
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import activation, working
from saleor_sms_plugin.services.record import Happening, record
from saleor_sms_plugin.testing.shop import CountingWake, FixedClock
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.integration.stage import BUYER, CHANNEL, NOON, RECEIVER, RUN, Stage, only
from tests.open_shop import VALUES, OpenShop

CREATED = "order_created"
TEXT = "text_order_created"

BOMBS = {
    "endless loop": "{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}",
    "append": "{% assign a = 'aaaaaaaaaa' %}"
    + "{% assign a = a | append: a %}" * 40
    + "{{ a | size }}",
    "replace": "{% assign a = 'aaaaaaaaaa' %}"
    + "{% assign a = a | replace: 'a', 'aaaaaaaaaa' %}" * 12
    + "{{ a | size }}",
    "100 KB": "x" * 100_000,
    "Python": "{{ order.__class__.__mro__ }}",
    "include": "{% include 'settings' %}",
    "unclosed": "{{ order.number",
    "unknown tag": "{% load static %}",
    "unknown filter": "{{ order.number | shell }}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_hostile_template_holds_its_text_and_no_other(stage: Stage, text: str) -> None:
    """A template stored past the form's checks: a text with its reason; others go out."""
    stage.configure(CREATED, "order_fully_paid", text_order_created=text)
    stage.happen(CREATED, stage.order("o1"))
    stage.happen("order_fully_paid", stage.order("o2"))

    stage.run()

    message = only(CREATED)
    assert stage.bodies == [
        "Acme: we have received your payment of €99.90 for order 2. Thank you!"
    ] or message.body.startswith("Acme: we have received your order 1")
    assert only("order_fully_paid").status == "sent"
    if message.status != "sent":  # 100 KB is no text: the built-in one is sent instead
        assert (message.status, message.reason) == ("held", "template")
        assert TEXT in message.detail


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("{{ shop.name }}", "Hi {{ shop.name }}!"),
        ("{% if %}", "Hi {% if %}!"),
        ('O\'Brien "Bo" <b>', 'Hi O\'Brien "Bo" <b>!'),
        ("a\\b", "Hi a\\b!"),
    ],
)
def test_a_name_is_only_a_name(stage: Stage, name: str, expected: str) -> None:
    """A customer's name is never a template, and nothing is escaped."""
    stage.configure(CREATED, text_order_created="Hi {{ customer.first_name }}!")
    stage.happen(CREATED, stage.order(billing=replace(BUYER, first_name=name)))

    stage.run()

    assert stage.bodies == [expected]


@pytest.mark.parametrize("name", ["Anna\u202egnp.exe", "An\u200fna", "An\u0000na", "A\r\nB\tC"])
def test_a_name_cannot_turn_or_break_the_text(stage: Stage, name: str) -> None:
    """Direction marks, NUL and line breaks of a name do not reach the phone."""
    stage.configure(CREATED, text_order_created="Hi {{ customer.first_name }}!")
    stage.happen(CREATED, stage.order(billing=replace(BUYER, first_name=name)))

    stage.run()

    (body,) = stage.bodies
    assert body.startswith("Hi A")
    assert body.endswith("!")
    assert body.isprintable()


def test_a_name_of_a_thousand_letters_is_no_long_text(stage: Stage) -> None:
    """What would cost more than allowed is not sent, and says its length."""
    stage.configure(CREATED, text_order_created="Hi {{ customer.first_name }}!")
    stage.happen(CREATED, stage.order(billing=replace(BUYER, first_name="a" * 1000)))

    stage.run()

    assert stage.rows == [(CREATED, "failed", "too_long")]


# Stored configurations

ROWS: dict[str, dict[str, object]] = {
    "nothing stored": {},
    "half filled in": {"send_order_created": True},
    "no provider": {"send_order_created": True, "sender_id": "Acme", "provider": ""},
    "wrong types": {
        "send_order_created": True, "provider": 7, "sender_id": ["Acme"], "advanced": {"a": 1},
        "staff_numbers": 12.5, "allowed_countries": None, TEXT: False,
    },
    "nonsense": {
        "send_order_created": "perhaps", "provider": "\x00", "sender_id": "\u202e",
        "advanced": "night = yesterday\nflood\n= = =", "allowed_countries": "Atlantis",
    },
    "a novel as provider": {"send_order_created": True, "provider": "x" * 999, "sender_id": "A"},
    "older": {"active": True, "username": "x", "text": "Hello", "send_order_created": True},
}  # fmt: skip


@pytest.mark.parametrize("values", ROWS.values(), ids=ROWS.keys())
def test_any_stored_row_ends_in_a_decision(stage: Stage, values: dict[str, object]) -> None:
    """A row of any content: nothing real is sent, and the decision is stored in words."""
    stage.shop.configure(CHANNEL, "channel-1", values, default_country="PL")
    activation.stamp(stage.ports)
    stage.happen(CREATED, stage.order())

    stage.run()

    message = only(CREATED)
    assert (message.status, message.reason) in {
        ("suppressed", "switched_off"),
        ("suppressed", "country_not_allowed"),
        ("held", "configuration"),
        ("sent", ""),  # by the console, which is no phone
    }
    assert message.status == "held" or message.provider in ("", "console")
    assert MemoryProvider.attempts == []


def test_one_broken_channel_stops_no_other(stage: Stage) -> None:
    """The texts of a channel that cannot send do not stand in the way."""
    stage.configure(CREATED)
    stage.configure(CREATED, channel_id=2, sender_id="", advanced="flood = off")
    for number in range(30):
        stage.happen(CREATED, stage.order(f"o{number}", channel_id=2))
    stage.clock.move(seconds=1)
    stage.happen(CREATED, stage.order("o99", billing=RECEIVER))

    stage.run()

    assert stage.recipients == [RECEIVER.phone]
    assert Message.objects.filter(status="held", reason="configuration").count() == 30


def test_an_order_without_anything(stage: Stage) -> None:
    """No addresses, no language, no pieces: decided, and said why."""
    stage.configure(CREATED, "fulfillment_created")
    order = stage.order(billing=None, shipping=None, language="", number="", item_count=0)
    stage.happen(CREATED, order)

    stage.run()

    assert stage.rows == [(CREATED, "suppressed", "no_phone")]


@pytest.mark.parametrize(
    "facts",
    [
        {"notify": "perhaps", "number": None},
        {"refunded": "much"},
        {"refunded": None},
        {"number": ["A1"]},
    ],
)
@pytest.mark.parametrize("event", ["order_refunded", "tracking_updated"])
def test_odd_facts_stop_no_other_order(stage: Stage, event: str, facts: dict[str, Any]) -> None:
    """A stored event that another version wrote differently does not hold up the rest."""
    stage.configure(event, CREATED)
    odd = stage.order("o1", refunded=5)
    stage.parcel(odd, "p1", "A1")
    stage.happen(event, odd, "p1" if event == "tracking_updated" else "", **facts)
    stage.later(minutes=10)
    stage.happen(CREATED, stage.order("o2"))

    stage.run()

    assert Message.objects.get(event_name=CREATED).status == "sent"


# A provider's answers


@pytest.fixture
def vonage(monkeypatch: pytest.MonkeyPatch) -> Iterator[VonageServer]:
    with VonageServer(key=str(VALUES["api_key"]), secret=str(VALUES["api_secret"])) as server:
        monkeypatch.setenv("SALEOR_SMS_VONAGE_BASE_URL", server.url)
        yield server


@pytest.mark.parametrize(
    ("fault", "status", "reason", "accepted"),
    [
        ("empty", "outcome_unknown", "no_answer", 1),
        ("html", "outcome_unknown", "no_answer", 1),
        ("truncated", "outcome_unknown", "no_answer", 1),
        ("drop_after_reading", "outcome_unknown", "no_answer", 1),
        ("drop_mid_response", "outcome_unknown", "no_answer", 1),
        ("status:6", "rejected", "rejected", 0),
        ("throttle", "queued", "retry", 0),
        ("slow:0.2", "sent", "", 1),
    ],
)
def test_every_answer_of_vonage_has_its_status(
    vonage: VonageServer, db: None, fault: str, status: str, reason: str, accepted: int
) -> None:
    """Through the real provider: one POST, one attempt, the right row; the next text is sent."""
    clock = FixedClock(NOON)
    ports = open_for_business(clock)
    vonage.script(fault)
    for number in (1, 2):
        place(ports, number)

    first, second = Message.objects.order_by("pk")
    assert (first.status, first.reason) == (status, reason)
    assert second.status == "sent"
    assert len(vonage.requests) == 2
    assert len(vonage.accepted) == accepted + 1
    assert SendAttempt.objects.count() == 2


@pytest.mark.parametrize(
    ("fault", "reason"), [("status:4", "provider_account"), ("status:9", "out_of_credit")]
)
def test_a_refused_account_waits_with_its_texts(
    vonage: VonageServer, db: None, fault: str, reason: str
) -> None:
    """One refusal is asked for, not one for each text; all go out when the account is mended."""
    clock = FixedClock(NOON)
    ports = open_for_business(clock)
    vonage.script(fault)
    for number in (1, 2, 3):
        place(ports, number)
    first = Message.objects.order_by("pk")[0]
    assert (first.status, first.reason) == ("held", reason)
    assert len(vonage.requests) == 1

    clock.move(minutes=5, seconds=1)
    working.work(ports, clock.now() + RUN)

    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
    assert len(vonage.requests) == 4


def open_for_business(clock: FixedClock) -> Ports:
    ports = Ports(shop=OpenShop(), wake=CountingWake(), clock=clock)
    activation.stamp(ports)
    return ports


def place(ports: Ports, number: int) -> None:
    record(Happening(name=CREATED, channel_id=CHANNEL, order_id=str(number)), ports)
    working.work(ports, ports.clock.now() + RUN)
