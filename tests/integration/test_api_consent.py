"""Consent through the API: by staff, by customers for their own numbers, by a text's link."""

from __future__ import annotations

from typing import Any

import pytest

from saleor_sms_plugin.models import ConsentEntry, Link, Message, OptInAsk
from saleor_sms_plugin.services import storefront

from .api import CALLERS, ask, data
from .stage import BUYER, RECEIVER, Stage

pytestmark = pytest.mark.django_db(transaction=True)

UPDATE = (
    "mutation ($number: String!, $scopes: [SmsConsentScopeEnum!]!, $channel: String,"
    " $act: SmsConsentDecisionEnum!, $wording: String) { smsConsentUpdate(number: $number,"
    ' scopes: $scopes, act: $act, channel: $channel, wording: $wording, language: "pl") {'
    " consent { numbers standings { scope may } } errors { field code } } }"
)
REQUEST = (
    "mutation ($number: String!, $channel: String!) { smsOptInRequest(number: $number,"
    ' scopes: [OFFERS], channel: $channel, wording: "Yes, offers.") {'
    " accepted errors { field code } } }"
)
CONFIRM = (
    "mutation ($key: String!) { smsOptInConfirm(token: $key) { confirmed errors { field code } } }"
)
MINE = "+48 512 345 678"
TEXTED = {"accepted": True, "errors": []}


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """Its sender is a name: a request is answered on a page."""
    stage.configure("order_created", advanced="double_opt_in = on", storefront_url="https://a.pl")
    return stage


def update(stage: Stage, token: str, act: str = "GIVEN", **given: Any) -> dict[str, Any]:
    values = {"number": MINE, "scopes": ["OFFERS"]} | given
    found: dict[str, Any] = data(stage, UPDATE, token, act=act, **values)
    return found


def request(stage: Stage, token: str = "customer", number: str = MINE) -> dict[str, Any]:
    found: dict[str, Any] = data(stage, REQUEST, token, number=number, channel="channel-1")
    return found


def acts() -> list[tuple[str, str, str, str, str]]:
    rows = ConsentEntry.objects.order_by("pk")
    return list(rows.values_list("scope", "act", "source", "basis", "staff"))


def test_staff_put_down_what_a_person_said(shop: Stage) -> None:
    """With who entered it; a wording is its proof."""
    answer = update(shop, "staff", channel="channel-1", wording=" <b>Yes</b> ")
    assert answer["errors"] == []
    assert answer["consent"]["numbers"] == [BUYER.phone]
    assert {"scope": "OFFERS", "may": False} in answer["consent"]["standings"]
    assert acts() == [("offers", "given", "staff", "express_written", "anna@example.com")]
    assert ConsentEntry.objects.get().wording == "<b>Yes</b>"


def test_a_customer_speaks_for_their_own_number(shop: Stage) -> None:
    """As the storefront's own form would; what waits ends with a withdrawal."""
    update(shop, "customer", scopes=["OFFERS", "OFFERS"])
    update(shop, "customer", "WITHDRAWN", scopes=["SERVICE"])
    assert acts() == [
        ("offers", "given", "storefront", "express", ""),
        ("service", "withdrawn", "storefront", "express", ""),
    ]
    shop.happen("order_created", shop.order())
    shop.run()
    assert shop.rows == [("order_created", "suppressed", "opted_out")]


@pytest.mark.parametrize(
    ("token", "given", "fault"),
    [
        ("customer", {"number": RECEIVER.phone}, ("number", "NOT_FOUND")),
        ("staff", {"number": "12"}, ("number", "INVALID")),
        ("staff", {"scopes": []}, ("scopes", "REQUIRED")),
        ("staff", {"channel": "nowhere"}, ("channel", "NOT_FOUND")),
        ("staff", {"wording": "x" * 2001}, ("wording", "INVALID")),
        ("other-channel", {}, ("channel", "REQUIRED")),
        ("other-channel", {"channel": "channel-1"}, ("channel", "NOT_FOUND")),
    ],
)  # fmt: skip
def test_what_nobody_said_is_not_put_down(
    shop: Stage, token: str, given: dict[str, Any], fault: tuple[str, str]
) -> None:
    """Nor what somebody says for another one."""
    answer = update(shop, token, **given)
    assert [(each["field"], each["code"]) for each in answer["errors"]] == [fault]
    assert acts() == []


@pytest.mark.parametrize("token", [None, "no-rights", "app-no-rights"])
@pytest.mark.parametrize("query", [UPDATE, REQUEST])
def test_nobody_else_may(shop: Stage, token: str | None, query: str) -> None:
    """Nothing is stored and nobody is texted."""
    given = {"number": MINE, "channel": "channel-1"}
    more = {"scopes": ["OFFERS"], "act": "GIVEN"} if query == UPDATE else {}
    answer = ask(shop, query, token, **given, **more)
    assert answer["errors"][0]["extensions"]["exception"]["code"] == "PermissionDenied"
    assert (acts(), OptInAsk.objects.count()) == ([], 0)


def test_a_customer_is_asked_and_anybody_with_the_link_confirms(shop: Stage) -> None:
    """The token is the key; it confirms once, and says so again."""
    assert request(shop) == TEXTED
    shop.run()
    token = Link.objects.get().token
    assert token in shop.bodies[0]
    done = {"confirmed": True, "errors": []}
    assert [data(shop, CONFIRM, None, key=token) for _ in range(2)] == [done, done]
    assert [act for _, act, *_ in acts()] == ["given", "confirmed"]


def test_the_answer_says_nothing_of_the_number(shop: Stage) -> None:
    """Asked once, asked again, asked too often: the same, and one text."""
    assert [request(shop) for _ in range(5)] == [TEXTED] * 5
    shop.run()
    assert len(shop.bodies) == 1
    assert len(acts()) == storefront.MOST_FOR_NUMBER
    for days, texted in ((6, 1), (2, 2)):  # one request waits for its answer for a week
        shop.later(days=days)
        assert request(shop) == TEXTED
        shop.run()
        assert len(shop.bodies) == texted


def test_a_strangers_number_is_not_texted(shop: Stage) -> None:
    """Whoever it belongs to."""
    answer = request(shop, number=RECEIVER.phone)
    assert answer == {"accepted": None, "errors": [{"field": "number", "code": "NOT_FOUND"}]}
    shop.run()
    assert shop.bodies == []


def test_one_visitor_asks_for_few(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever accounts and numbers they use; after the hour again."""
    customer = CALLERS["customer"]
    numbers = [f"+4851234567{n}" for n in range(10)] + ["+48512345680"]
    monkeypatch.setitem(CALLERS, "customer", type(customer)(
        kind=customer.kind, id="2", phones=tuple(numbers)
    ))  # fmt: skip
    answers = [request(shop, number=number) for number in numbers]
    assert answers[:10] == [TEXTED] * 10
    limit = {"accepted": None, "errors": [{"field": None, "code": "LIMIT_REACHED"}]}
    assert answers[10] == limit
    assert Message.objects.count() == 10
    shop.clock.move(hours=1)
    assert request(shop, number=numbers[10]) == TEXTED


def test_a_shops_server_asks_for_many_visitors(shop: Stage) -> None:
    """An app with MANAGE_USERS is not one visitor; people agreed in its storefront."""
    numbers = [f"+4851234567{n}" for n in range(10)] + ["+48512345680"]
    assert [request(shop, "app", number) for number in numbers] == [TEXTED] * 11
    assert set(acts()) == {("offers", "given", "storefront", "express_written", "Courier")}


def test_counts_of_days_that_are_over_are_gone(shop: Stage) -> None:
    """They name nobody before, and are nothing after."""
    request(shop)
    assert {len(row.key) for row in OptInAsk.objects.all()} == {64}
    storefront.forget_asks(shop.ports)
    assert OptInAsk.objects.count() == 2
    shop.clock.move(days=1)
    storefront.forget_asks(shop.ports)
    assert OptInAsk.objects.count() == 0


def test_a_wrong_token_confirms_nothing(shop: Stage) -> None:
    """Nor does one that ended; who guesses is stopped."""
    wrong = {"confirmed": None, "errors": [{"field": "token", "code": "NOT_FOUND"}]}
    answers = [data(shop, CONFIRM, None, key="x" * 10) for _ in range(21)]
    assert answers[:20] == [wrong] * 20
    assert answers[20]["errors"] == [{"field": None, "code": "LIMIT_REACHED"}]


def test_a_request_that_was_withdrawn_is_not_confirmed(shop: Stage) -> None:
    """The last word holds."""
    request(shop)
    shop.run()
    shop.clock.move(minutes=1)
    update(shop, "customer", "WITHDRAWN")
    answer = data(shop, CONFIRM, None, key=Link.objects.get().token)
    assert answer == {"confirmed": None, "errors": [{"field": "token", "code": "INVALID"}]}
