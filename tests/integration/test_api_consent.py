"""Consent through the API: by staff, by customers for their own numbers, by a text's link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from saleor_sms_plugin.domain.consent import Act, Scope
from saleor_sms_plugin.models import ConsentEntry, Link, Message, OptInAsk
from saleor_sms_plugin.services import storefront
from saleor_sms_plugin.services.channels import load

from .api import CALLERS, ask, data
from .stage import BUYER, CHANNEL, RECEIVER, Stage

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
    """As the storefront's own form would; the wording that their client sends is no proof, and
    what is said already is not put down again."""
    for act in ("GIVEN", "GIVEN", "WITHDRAWN", "WITHDRAWN"):
        update(shop, "customer", act, scopes=["OFFERS", "OFFERS"], wording="I agree.")
        shop.clock.move(minutes=1)
    assert acts() == [
        ("offers", "given", "storefront", "express", ""),
        ("offers", "withdrawn", "storefront", "express", ""),
    ]


def test_a_customer_says_only_so_much_in_an_hour(shop: Stage) -> None:
    """Whoever they are."""
    answers = [update(shop, "customer", ("GIVEN", "WITHDRAWN")[n % 2]) for n in range(11)]
    assert [each["errors"] for each in answers[:10]] == [[]] * 10
    assert answers[10]["errors"] == [{"field": None, "code": "LIMIT_REACHED"}]


def test_a_customer_undoes_no_stop_without_the_phone(shop: Stage) -> None:
    """Nor an app, whatever it is called: both know a number only."""
    update(shop, "staff", "WITHDRAWN", scopes=["SERVICE", "OFFERS"])
    for token in ("customer", "app"):
        shop.clock.move(minutes=1)
        found = update(shop, token, scopes=["SERVICE", "OFFERS"])
        assert {each["may"] for each in found["consent"]["standings"]} == {False}


def test_an_app_is_no_staff(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it has no name."""
    monkeypatch.setitem(CALLERS, "app", replace(CALLERS["app"], name=""))
    update(shop, "app")
    assert acts() == [("offers", "given", "storefront", "express", "")]


def test_a_customer_reads_what_they_said_and_no_more(shop: Stage) -> None:
    """Not what staff put down, what was read, why not, nor what another account said."""
    update(shop, "staff", "WITHDRAWN", wording="She called us.")
    shop.clock.move(minutes=1)
    update(shop, "customer", wording="I agree.")
    query = (
        "{ consent { refused { why } standings { scope may reason words }"
        " acts(first: 9) { edges { node { act source wording staff } } } } }"
    )
    found = data(shop, query, "customer")
    assert found["refused"] == []
    assert {(each["reason"], each["words"]) for each in found["standings"]} == {(None, "")}
    own = {"act": "GIVEN", "source": "STOREFRONT", "wording": None, "staff": None}
    assert [edge["node"] for edge in found["acts"]["edges"]] == [own]


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1:1024", "192.0.2.2:1024", False),
        ("192.0.2.1:1024", "192.0.2.1:1025", True),
        ("[2001:db8::1]:80", "[2001:db8:0:1::1]:80", False),
        ("", "", True),
    ],
)
def test_customers_of_one_place_are_one_visitor(
    shop: Stage, one: str, other: str, is_one: bool
) -> None:
    """A /64 of IPv6, one address of IPv4 however it is written, and all without an address."""
    channel = load(shop.ports)[CHANNEL]
    sayings = [
        storefront.Saying(
            number=f"+4851234567{n % 10}", scopes=[Scope.OFFERS], channel=channel,
            address=other if n == 10 else one, account=str(n),
        )
        for n in range(11)
    ]  # fmt: skip
    answers = [storefront.request(each, shop.ports) for each in sayings]
    assert answers == [True] * 10 + [not is_one]


def test_the_ledger_keeps_the_visitors_address_alone(shop: Stage) -> None:
    """Without the port that a proxy wrote, IPv4 as IPv4; what is no address is left out."""
    channel = load(shop.ports)[CHANNEL]
    for address in ("192.0.2.1:1024", "::ffff:192.0.2.2", "[2001:db8::1]:443", "fe80::1%eth0", "x"):
        saying = storefront.Saying(
            number=BUYER.phone, scopes=[Scope.OFFERS], channel=channel, address=address
        )
        assert storefront.put(saying, Act.GIVEN, shop.ports)
    kept = ConsentEntry.objects.order_by("pk").values_list("ip", flat=True)
    assert list(kept) == ["192.0.2.1", "192.0.2.2", "2001:db8::1", "fe80::1", None]


@pytest.mark.parametrize(
    ("token", "given", "fault"),
    [
        ("customer", {"number": RECEIVER.phone}, ("number", "NOT_FOUND")),
        ("customer", {"act": "WITHDRAWN", "scopes": ["SERVICE"]}, ("scopes", "INVALID")),
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
    assert OptInAsk.objects.count() == 3
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


def test_what_was_stopped_since_is_no_longer_confirmed(shop: Stage) -> None:
    """The same link says so, and changes nothing."""
    request(shop)
    shop.run()
    token = Link.objects.get().token
    assert data(shop, CONFIRM, None, key=token) == {"confirmed": True, "errors": []}
    shop.clock.move(minutes=1)
    update(shop, "customer", "WITHDRAWN")

    answer = data(shop, CONFIRM, None, key=token)

    assert answer == {"confirmed": None, "errors": [{"field": "token", "code": "INVALID"}]}
    assert [act for _, act, *_ in acts()] == ["given", "confirmed", "withdrawn"]
