"""The API's rooms: events, replies, consent, texts, rules, health, statistics."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql_relay import to_global_id

from saleor_sms_plugin.domain import law
from saleor_sms_plugin.domain.consent import Act, Scope
from saleor_sms_plugin.models import (
    InboundMessage,
    Link,
    Message,
    ProviderAccount,
    Recovery,
    ShopEvent,
    Throttle,
    WebhookRequest,
)
from saleor_sms_plugin.services import balances, ledger, person, statistics
from saleor_sms_plugin.services.accounts import key_of
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.testing.vonage_server import VonageServer

from .api import ask, data
from .stage import CHANNEL, NOON, Stage, only

NUMBER = "+48512345678"  # of the stage's buyer, and of the customer who asks


@pytest.fixture
def shop(stage: Stage) -> Stage:
    stage.configure("order_created")
    return stage


def sent(shop: Stage, count: int = 1) -> None:
    first = Message.objects.count()
    for number in range(count):
        shop.happen("order_created", shop.order(f"o{first + number + 1}"))
        shop.clock.move(seconds=1)
    shop.run()


def reply(shop: Stage, body: str, **columns: Any) -> InboundMessage:
    account, _ = ProviderAccount.objects.get_or_create(
        provider="memory", key="memory", defaults={"created_at": NOON}
    )
    values: dict[str, Any] = {
        "sender": NUMBER, "recipient": "+48732000000", "channel_id": CHANNEL,
        "received_at": shop.clock.now(), "body": body, "meaning": "other",
    }  # fmt: skip
    return InboundMessage.objects.create(account=account, **(values | columns))


def agreed(shop: Stage, act: Act = Act.GIVEN, **changes: Any) -> None:
    channel = load(shop.ports, [CHANNEL])[CHANNEL]
    values: dict[str, Any] = {
        "number": NUMBER, "scopes": [Scope.OFFERS], "act": act, "source": Source.STAFF,
        "channel": channel, "wording": "Yes, texts.", "staff": "anna@example.com",
        "ip": "192.0.2.1",
    }  # fmt: skip
    ledger.put([Deed(**(values | changes))], shop.ports)


# ------------------------------------------------------------------------- messages, events


def test_a_timeline_tells_event_decision_call_and_click(shop: Stage) -> None:
    """In the order in which they happened."""
    sent(shop)
    text = only("order_created")
    Link.objects.create(
        kind="order", message=text, channel_id=CHANNEL, created_at=NOON,
        expires_at=NOON + dt.timedelta(days=1), clicked_at=shop.clock.now(),
    )  # fmt: skip
    found = data(
        shop,
        "query ($id: ID!) { message(id: $id) { happenedAt timeline { what detail }"
        " links { kind clickedAt previewCount } } }",
        id=to_global_id("SmsMessage", text.pk),
    )
    assert [(each["what"], each["detail"]) for each in found["timeline"]] == [
        ("HAPPENED", "Order received"),
        ("RECORDED", ""),
        ("DECIDED", "transactional, in en, from Acme"),
        ("CALLED", "memory"),
        ("ANSWERED", "accepted"),
        ("CLICKED", "order"),
    ]
    assert dt.datetime.fromisoformat(found["happenedAt"]) == NOON
    assert found["links"] == [
        {"kind": "order", "clickedAt": shop.clock.now().isoformat(), "previewCount": 0}
    ]


def test_a_text_that_was_not_sent_says_so_in_its_timeline(shop: Stage) -> None:
    """The decision is the last word."""
    shop.happen("order_created", shop.order(billing=None, shipping=None))
    shop.run()
    moments = data(shop, "{ messages(first: 1) { edges { node { timeline { what detail } } } } }")[
        "edges"
    ][0]["node"]["timeline"]
    assert moments[-1] == {
        "what": "DECIDED", "detail": "suppressed: The order has no phone number.",
    }  # fmt: skip


def test_an_event_has_the_texts_that_came_of_it(shop: Stage) -> None:
    """With what became of them, by its order."""
    sent(shop, 2)
    query = (
        "query ($order: ID) { events(first: 9, filter: {order: $order}) { edges { node {"
        " id name channel orderId isFound isHeld ended messages { event status } } } } }"
    )
    order = to_global_id("Order", "o1")
    (edge,) = data(shop, query, order=order)["edges"]
    assert edge["node"] | {"id": ""} == {
        "id": "", "name": "order_created", "channel": "channel-1", "orderId": order,
        "isFound": False, "isHeld": False, "ended": None,
        "messages": [{"event": "order_created", "status": "SENT"}],
    }  # fmt: skip
    one = "query ($id: ID!) { event(id: $id) { name messages { attempts { number } } } }"
    assert data(shop, one, id=edge["node"]["id"])["messages"] == [{"attempts": [{"number": 1}]}]


def test_events_are_filtered(shop: Stage) -> None:
    """By channel, name, and whether everything is decided."""
    sent(shop)
    ShopEvent.objects.create(
        key="other", name="order_cancelled", channel_id=CHANNEL + 1, subject_id="x", held=True,
        occurred_at=NOON, recorded_at=NOON, plan_at=NOON,
    )  # fmt: skip

    def names(given: str) -> list[str]:
        query = f"{{ events(first: 9, filter: {{{given}}}) {{ edges {{ node {{ name }} }} }} }}"
        return [edge["node"]["name"] for edge in data(shop, query)["edges"]]

    assert names('channels: ["channel-1"]') == ["order_created"]
    assert names('names: ["order_cancelled"]') == ["order_cancelled"]
    assert names("isDecided: false") == names("isHeld: true") == ["order_cancelled"]
    assert names("isFound: true") == []


# --------------------------------------------------------------------------------- replies


def test_replies_are_filtered_by_review_meaning_and_sender(shop: Stage) -> None:
    """What waits for staff is asked for by one word."""
    reply(shop, "thanks")
    shop.clock.move(minutes=1)
    unclear = reply(
        shop, "no more please", meaning="unclear_stop", sender="+48601234567",
        review_by=NOON + dt.timedelta(days=5),
    )  # fmt: skip
    reply(
        shop, "leave me", meaning="unclear_stop", review_by=NOON, resolved_at=NOON,
        resolution="keep", received_at=NOON - dt.timedelta(days=1),
    )  # fmt: skip

    def bodies(given: str) -> list[str]:
        query = f"{{ inboundMessages(first: 9, {given}) {{ edges {{ node {{ body }} }} }} }}"
        return [edge["node"]["body"] for edge in data(shop, query)["edges"]]

    assert bodies("filter: {review: WAITING}") == ["no more please"]
    assert bodies("filter: {review: DECIDED}") == ["leave me"]
    assert bodies("filter: {meanings: [OTHER]}") == ["thanks"]
    assert bodies('filter: {sender: "+48 601 234 567"}') == ["no more please"]
    assert bodies('filter: {receivedSince: "2026-03-02T12:00:00Z"}') == ["no more please", "thanks"]
    assert bodies("sortBy: {field: RECEIVED_AT, direction: ASC}") == [
        "leave me", "thanks", "no more please",
    ]  # fmt: skip

    one = "query ($id: ID!) { inboundMessage(id: $id) { channel review resolution meaning } }"
    assert data(shop, one, id=to_global_id("SmsInboundMessage", unclear.pk)) == {
        "channel": "channel-1", "review": "WAITING", "resolution": None,
        "meaning": "UNCLEAR_STOP",
    }  # fmt: skip


# --------------------------------------------------------------------------------- consent

CONSENT = (
    "query ($number: String, $email: String) { consent(number: $number, email: $email) {"
    " numbers refused { number reason } standings { number channel scope may reason words }"
    " acts(first: 9) { totalCount edges { node { number scope act channel source wording ip staff }"
    " } } } }"
)


def test_consent_tells_where_a_number_stands_and_why(shop: Stage) -> None:
    """Per channel and kind of texts, with the ledger behind it."""
    agreed(shop)
    agreed(shop, Act.WITHDRAWN, scopes=[Scope.SERVICE], at=NOON)

    found = data(shop, CONSENT, number=NUMBER)

    assert found["numbers"] == [NUMBER]
    by_scope = {each["scope"]: (each["may"], each["reason"]) for each in found["standings"]}
    assert by_scope == {
        "OFFERS": (True, None), "CART_REMINDERS": (False, "no_consent"),
        "SERVICE": (False, "opted_out"),
    }  # fmt: skip
    assert found["acts"]["totalCount"] == 2
    assert found["acts"]["edges"][1]["node"] == {
        "number": NUMBER, "scope": "OFFERS", "act": "GIVEN", "channel": "channel-1",
        "source": "STAFF", "wording": "Yes, texts.", "ip": "192.0.2.1",
        "staff": "anna@example.com",
    }  # fmt: skip


def test_consent_by_email_takes_every_number_of_the_person(shop: Stage) -> None:
    """In the same statements, however many there are."""
    agreed(shop)
    counts = []
    for phones in (["+48512345678"], ["+48512345678", "+48601234567", "+48602345678", "12"]):
        shop.shop.phones["eva@example.com"] = [(phone, "PL") for phone in phones]
        with CaptureQueriesContext(connection) as asked:
            found = data(shop, CONSENT, email="Eva@example.com")
        counts.append(len(asked))
    assert found["numbers"] == ["+48512345678", "+48601234567", "+48602345678"]
    assert len(found["standings"]) == 9
    assert counts[0] == counts[1]


def test_a_forgotten_number_keeps_its_acts_without_a_name(shop: Stage) -> None:
    """Who knows the number still finds the proof."""
    agreed(shop)
    person.forget_number(NUMBER, shop.ports)
    found = data(shop, CONSENT, number=NUMBER)
    assert found["refused"] == [{"number": NUMBER, "reason": "number_erased"}]
    assert [edge["node"]["number"] for edge in found["acts"]["edges"]] == [None]


def test_a_customer_reads_their_own_consent_only(shop: Stage) -> None:
    """By one of their numbers or none; not who entered it, nor from where; nobody else's."""
    agreed(shop)
    agreed(shop, number="+48601234567")
    mine = data(shop, CONSENT, "customer")
    assert mine["numbers"] == [NUMBER]
    assert (mine["acts"]["edges"], mine["refused"]) == ([], [])
    assert data(shop, CONSENT, "customer", number="+48 512 345 678")["numbers"] == [NUMBER]

    for asked in ({"number": "+48601234567"}, {"email": "eva@example.com"}):
        answer = ask(shop, CONSENT, "customer", **asked)
        assert answer["data"] == {"consent": None}
        assert answer["errors"][0]["extensions"]["exception"]["code"] == "PermissionDenied"


def test_staff_of_another_channel_see_no_consent_of_this_one(shop: Stage) -> None:
    """Neither standings nor acts, but what holds in every channel."""
    agreed(shop)
    agreed(shop, Act.WITHDRAWN, channel=None)
    found = data(shop, CONSENT, "other-channel", number=NUMBER)
    assert found["standings"] == []
    assert [edge["node"]["act"] for edge in found["acts"]["edges"]] == ["WITHDRAWN"]


# ---------------------------------------------------------------------------- texts, rules


def test_templates_say_whose_they_are_and_what_they_cost(shop: Stage) -> None:
    """The shop's own in its language, else the built-in one."""
    own = "Zamówienie {{ order.number }}\n[it]\nOrdine {{ order.number }}"
    shop.configure("order_created", text_order_created=own)
    query = (
        'query ($language: String) { templates(channel: "channel-1", language: $language,'
        ' events: ["order_created", "order_cancelled", "help"]) { event isOn isBuiltIn isAnswer'
        " language languages text segments encoding forcingCharacters problem variables } }"
    )
    created, cancelled, *_ = data(shop, query, language="pl")
    assert created | {"variables": []} == {
        "event": "order_created", "isOn": True, "isBuiltIn": False, "isAnswer": False,
        "language": "pl", "languages": ["it", "en", "pl", "de", "fr", "es"],
        "text": "Zamówienie {{ order.number }}", "segments": 2, "encoding": "UCS2",
        "forcingCharacters": ["ó"], "problem": None, "variables": [],
    }  # fmt: skip
    assert "order.number" in created["variables"]
    assert (cancelled["isOn"], cancelled["isBuiltIn"], cancelled["encoding"]) == (
        False, True, "GSM7",
    )  # fmt: skip
    assert data(shop, query, language="it-CH")[0]["text"] == "Ordine {{ order.number }}"


def test_every_template_in_effect_can_be_read(shop: Stage) -> None:
    """All events and answers, in each language, without a problem."""
    query = (
        'query ($language: String) { templates(channel: "channel-1", language: $language) {'
        " event segments problem } }"
    )
    for language in ("en", "pl"):
        found = data(shop, query, language=language)
        assert len(found) > 20
        assert [each for each in found if each["problem"] or not each["segments"]] == []


def test_the_rule_for_a_number_now(shop: Stage) -> None:
    """Law, hours, consent, sender."""
    query = (
        'query ($number: String, $country: String) { rule(channel: "channel-1", number: $number,'
        " country: $country) { place country timeZones isHoliday nextOffer nextServiceText"
        " consents { scope basis isConfirmed } isAllowed sender senderProblem optOut"
        " columns { name value } checked } }"
    )
    found = data(shop, query, number=NUMBER)
    assert (found["place"], found["country"], found["timeZones"]) == (
        "PL", "PL", ["Europe/Warsaw"],
    )  # fmt: skip
    assert (found["isAllowed"], found["sender"], found["optOut"]) == (True, "Acme", "LINK")
    assert dt.datetime.fromisoformat(found["nextOffer"]) == NOON
    assert {each["scope"] for each in found["consents"]} == {"OFFERS", "CART_REMINDERS"}
    assert len(found["columns"]) == len(law.COLUMNS)

    shop.clock.move(hours=10)  # 23:00 in Warsaw
    later = data(shop, query, number=NUMBER)
    assert later["nextOffer"] > later["nextServiceText"] > shop.clock.now().isoformat()

    abroad = data(shop, query, country="us")
    assert "needs a number" in abroad["senderProblem"]


def test_a_rule_of_nowhere_is_refused(shop: Stage) -> None:
    """In words."""
    for given, said in (("", "Give a `number`"), ('country: "XY"', "country: “XY”"),
                        ('number: "12"', "number: ")):  # fmt: skip
        answer = ask(shop, f'{{ rule(channel: "channel-1" {given}) {{ place }} }}')
        assert said in answer["errors"][0]["message"]


@pytest.mark.parametrize("query", ["templates(%s) { event }", "rule(%s) { place }"])
def test_a_channel_without_settings_has_neither(shop: Stage, query: str) -> None:
    """Nor one that the caller does not see."""
    given = 'channel: "%s"' + (', country: "PL"' if "rule" in query else "")
    assert data(shop, f"{{ {query % (given % 'nowhere')} }}") is None
    assert data(shop, f"{{ {query % (given % 'channel-1')} }}", "other-channel") is None
    assert data(shop, f"{{ {query % (given % 'channel-1')} }}", "app") is not None


# ---------------------------------------------------------------------------------- health

HEALTH = (
    "{ health { isLive machinery workerAt beatAt"
    " queue { toPlan due oldestDueSeconds waiting sending toReview }"
    " accounts { provider label channels state reason why rate slowdown failuresInARow"
    " webhookSeenAt refusedWebhooks balance { amount currency } balanceProblem } } }"
)


def test_health_tells_what_waits_and_how_the_account_is(shop: Stage) -> None:
    """Queue age, breaker, webhooks."""
    sent(shop)
    shop.happen("order_created", shop.order("o9"))
    Message.objects.update(status="queued", not_before=shop.clock.now(), finished_at=None)
    shop.clock.move(seconds=90)
    channel = load(shop.ports, [CHANNEL])[CHANNEL]
    key = key_of(channel)
    Throttle.objects.update_or_create(
        key=key,
        defaults={
            "next_slot_at": NOON, "closed_for": "out_of_credit", "closed_since": NOON,
            "closed_until": shop.clock.now() + dt.timedelta(minutes=1), "failures": 3,
        },
    )  # fmt: skip
    account = ProviderAccount.objects.create(provider="memory", key=key, created_at=NOON)
    for digest, status in (("1", "processed"), ("2", "refused"), ("3", "refused")):
        WebhookRequest.objects.create(
            account=account, method="GET", body=b"", digest=digest, status=status,
            received_at=NOON,
        )  # fmt: skip
    reply(shop, "no more", review_by=NOON)

    found = data(shop, HEALTH)

    assert found["isLive"] is True
    assert found["queue"] == {
        "toPlan": 1, "due": 1, "oldestDueSeconds": 90.0, "waiting": 1, "sending": 0,
        "toReview": 1,
    }  # fmt: skip
    (account_now,) = found["accounts"]
    assert account_now | {"webhookSeenAt": ""} == {
        "provider": "memory", "label": "Memory (for tests)", "channels": ["channel-1"],
        "state": "CLOSED", "reason": "out_of_credit",
        "why": "The provider account has no credit: top it up.", "rate": None, "slowdown": 1.0,
        "failuresInARow": 3, "webhookSeenAt": "", "refusedWebhooks": 2, "balance": None,
        "balanceProblem": None,
    }  # fmt: skip
    assert dt.datetime.fromisoformat(account_now["webhookSeenAt"]) == NOON

    hidden = data(shop, HEALTH, "other-channel")
    assert hidden["accounts"] == []
    assert set(hidden["queue"].values()) == {0}


def test_the_balance_is_asked_for_seldom(
    shop: Stage, vonage: VonageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes old at most; only where somebody asks for it."""
    monkeypatch.setattr(balances, "_known", {})
    vonage.balance = Decimal("12.5")
    shop.configure("order_created", provider="vonage", api_key="key", api_secret="secret")
    data(shop, "{ health { accounts { provider } } }")
    assert vonage.connections == 0
    for minutes, amount in ((0, 12.5), (9, 12.5), (1, 7.25)):
        shop.clock.move(minutes=minutes)
        (account,) = data(shop, HEALTH)["accounts"]
        assert (float(account["balance"]["amount"]), account["balance"]["currency"]) == (
            amount, "EUR",
        )  # fmt: skip
        vonage.balance = Decimal("7.25")
    assert vonage.connections == 2


def test_a_provider_that_refuses_says_why(
    shop: Stage, vonage: VonageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows it; another secret is asked with at once."""
    monkeypatch.setattr(balances, "_known", {})
    shop.configure("order_created", provider="vonage", api_key="key", api_secret="wrong")
    (account,) = data(shop, HEALTH)["accounts"]
    assert account["balance"] is None
    assert "credentials" in account["balanceProblem"]
    shop.configure("order_created", provider="vonage", api_key="key", api_secret="secret")
    (account,) = data(shop, HEALTH)["accounts"]
    assert account["balance"] is not None


# ------------------------------------------------------------------------------ statistics


def test_statistics_by_day_and_event(shop: Stage) -> None:
    """Sent, suppressed by reason, cost, and what reminders brought."""
    sent(shop, 2)
    shop.happen("order_created", shop.order("o3", billing=None, shipping=None))
    shop.run()
    Message.objects.filter(status="sent").update(price=Decimal("0.05"), currency="EUR")
    Recovery.objects.create(
        order_id="o9", message=Message.objects.filter(status="sent")[0], how="same_cart",
        amount=Decimal("99.9"), currency="EUR", ordered_at=NOON,
    )  # fmt: skip
    shop.clock.move(minutes=1)
    statistics.roll_up(shop.ports)
    query = (
        '{ statistics(since: "2026-03-01", until: "2026-03-02", groupBy: [DAY, EVENT]) { day event'
        " channel decided sent delivered segments failed { count } suppressed { reason count why }"
        " costs { amount currency } recovered { orders amount currency } } }"
    )
    assert data(shop, query) == [
        {
            "day": "2026-03-02", "event": "order_created", "channel": None, "decided": 3,
            "sent": 2, "delivered": 0, "segments": 2, "failed": [],
            "suppressed": [
                {"reason": "no_phone", "count": 1, "why": "The order has no phone number."}
            ],
            "costs": [{"amount": "0.100000", "currency": "EUR"}],
            "recovered": [{"orders": 1, "amount": "99.900", "currency": "EUR"}],
        }
    ]  # fmt: skip
    assert data(shop, query, "other-channel") == []
    answer = ask(shop, query.replace("2026-03-01", "2025-03-01"))
    assert "at most 90 by day" in answer["errors"][0]["message"]


# ------------------------------------------------------------------------------ statements


def _many_replies(shop: Stage, count: int) -> None:
    for _ in range(count):
        reply(shop, "thanks")


def _many_acts(shop: Stage, count: int) -> None:
    for _ in range(count):
        agreed(shop)


LISTS = {
    "messages(first: 50) { totalCount edges { node { id happenedAt attempts { number }"
    " receipts { status } links { kind } timeline { what } } } }": (sent, 5),
    "events(first: 50) { edges { node { channel messages { status timeline { what } links { kind }"
    " } } } }": (sent, 5),
    "inboundMessages(first: 50) { edges { node { body channel } } }": (_many_replies, 1),
    f'consent(number: "{NUMBER}") {{ standings {{ may }} acts(first: 50) {{ edges {{ node {{ act }}'
    " } } }": (_many_acts, 2),
}


@pytest.mark.parametrize("query", LISTS)
def test_a_list_takes_the_same_statements_whatever_its_length(shop: Stage, query: str) -> None:
    """With everything below its rows asked for."""
    make, expected = LISTS[query]
    counts = []
    for count in (2, 12):
        make(shop, count)
        with CaptureQueriesContext(connection) as asked:
            data(shop, f"{{ {query} }}")
        counts.append(len(asked))
    assert counts == [expected, expected]


def test_lists_without_pages_cost_their_rows(shop: Stage) -> None:
    """Many of them in one query are refused before anything is rendered."""
    fields = "event label text segments encoding problem variables"
    many = " ".join(f'a{n}: templates(channel: "channel-1") {{ {fields} }}' for n in range(19))
    rest = " ".join(f"f{n}: {each}" for n, each in enumerate(fields.split() * 2))
    assert "errors" not in ask(shop, f'{{ templates(channel: "channel-1") {{ {fields} }} }}')
    asked = f"{{ {many} }}".replace(fields, f"{fields} {rest}")
    assert "The query costs" in ask(shop, asked)["errors"][0]["message"]
