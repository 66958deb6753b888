"""The GraphQL API over HTTP: who sees what, in how many statements, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from graphql import introspection_query

from saleor_sms_plugin.callers import Caller, CallerKind
from saleor_sms_plugin.models import Message
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.web import router

from .stage import CHANNEL, Stage

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = Caller(
    kind=CallerKind.STAFF, id="1", name="anna@example.com",
    permissions=frozenset({"MANAGE_ORDERS", "MANAGE_PLUGINS", "MANAGE_USERS"}),
)  # fmt: skip
MESSAGES = (
    "{ messages(first: 10) { edges { node {"
    " id event status attempts { number } receipts { status } } } } }"
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    MemoryProvider.reset()
    stage = Stage()
    stage.configure("order_created")
    stage.shop.install()
    stage.shop.tokens = {
        "staff": STAFF,
        "other-channel": Caller(**{**vars(STAFF), "channel_ids": frozenset({CHANNEL + 1})}),
        "customer": Caller(
            kind=CallerKind.CUSTOMER, id="2", permissions=frozenset({"MANAGE_ORDERS"})
        ),
        "no-rights": Caller(kind=CallerKind.APP, id="3"),
    }
    yield stage
    MemoryProvider.reset()


def ask(
    stage: Stage, query: str, token: str | None = "staff", **variables: object
) -> dict[str, Any]:
    """The API's answer, with its HTTP status."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = RequestFactory().post(
        "/", json.dumps({"query": query, "variables": variables}), "application/json",
        headers=headers,
    )  # fmt: skip
    response = router.answer(request, "/graphql/", stage.ports)
    return {"status": response.status_code, **json.loads(response.content)}


def texts(stage: Stage, count: int) -> None:
    for number in range(count):
        stage.happen("order_created", stage.order(f"o{number + 1}"))
        stage.clock.move(seconds=1)
    stage.run()


def events(answer: Mapping[str, Any]) -> list[str]:
    return [edge["node"]["event"] for edge in answer["data"]["messages"]["edges"]]


def test_staff_see_messages_with_attempts_and_receipts(stage: Stage) -> None:
    """Each with what became of it."""
    texts(stage, 1)
    [edge] = ask(stage, MESSAGES)["data"]["messages"]["edges"]
    assert edge["node"] | {"id": ""} == {
        "id": "", "event": "order_created", "status": "SENT", "attempts": [{"number": 1}],
        "receipts": [],
    }  # fmt: skip


@pytest.mark.parametrize("token", ["customer", "no-rights", None])
def test_nobody_else_sees_any(stage: Stage, token: str | None) -> None:
    """A customer's token allows nothing here, whatever it claims."""
    texts(stage, 1)
    answer = ask(stage, MESSAGES, token)
    assert answer["data"] == {"messages": None}
    assert answer["errors"][0]["extensions"]["exception"]["code"] == "PermissionDenied"


def test_staff_of_another_channel_see_none_of_this_one(stage: Stage) -> None:
    """Restricted staff see their channels only, by list and by id."""
    texts(stage, 1)
    [edge] = ask(stage, MESSAGES)["data"]["messages"]["edges"]
    assert events(ask(stage, MESSAGES, "other-channel")) == []
    one = "query ($id: ID!) { message(id: $id) { event } }"
    assert ask(stage, one, id=edge["node"]["id"])["data"]["message"] == {"event": "order_created"}
    assert ask(stage, one, "other-channel", id=edge["node"]["id"])["data"]["message"] is None


def test_a_wrong_token_is_refused(stage: Stage) -> None:
    """401, and nothing else."""
    answer = ask(stage, MESSAGES, "forged")
    assert (answer["status"], answer["errors"][0]["message"]) == (401, "The token is not valid.")


def test_a_list_takes_the_same_statements_whatever_its_length(stage: Stage) -> None:
    """Rows, attempts, receipts: three."""
    counts = []
    for count in (1, 5):
        Message.objects.all().delete()
        texts(stage, count)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert ask(stage, MESSAGES)["status"] == 200
        counts.append(len(asked))
    assert counts == [3, 3]


def test_pages_meet_without_gap_or_overlap(stage: Stage) -> None:
    """Forwards and backwards, by cursors."""
    texts(stage, 5)
    query = (
        "query ($first: Int, $after: String, $last: Int, $before: String) {"
        " messages(first: $first, after: $after, last: $last, before: $before) {"
        " totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        " edges { node { orderNumber } } } }"
    )

    def page(**arguments: Any) -> tuple[list[str], dict[str, Any]]:
        found = ask(stage, query, **arguments)["data"]["messages"]
        assert found["totalCount"] == 5
        return [e["node"]["orderNumber"] for e in found["edges"]], found["pageInfo"]

    first, info = page(first=2)
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == (["5", "4"], True, False)
    second, info = page(first=2, after=info["endCursor"])
    assert (second, info["hasNextPage"], info["hasPreviousPage"]) == (["3", "2"], True, True)
    back, _ = page(last=2, before=info["startCursor"])
    assert back == ["5", "4"]
    third, info = page(first=2, after=info["endCursor"])
    assert (third, info["hasNextPage"]) == (["1"], False)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ messages { totalCount } }", "Give either `first` or `last` to page"),
        ("{ messages(first: 101) { totalCount } }", "from 1 to 100 rows"),
        ("{ messages(first: 1, last: 1) { totalCount } }", "Give either"),
        ('{ messages(first: 1, after: "x") { totalCount } }', "no cursor of this list"),
        ('{ message(id: "T3JkZXI6MQ==") { event } }', "Expected: SmsMessage, received: Order."),
        ('{ message(id: "17") { event } }', "Invalid ID: 17. Expected: SmsMessage."),
        ('{ messages(first: 1, filter: {recipient: "12"}) { totalCount } }', "recipient: "),
        ("{ nothing }", 'Cannot query field "nothing" on type "Query".'),
        ("{ messages(first: 1) {", "Syntax Error"),
        ("query A { __typename } query B { __typename }", "operationName"),
        ("{" * 10_000, "too deep"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(1000)) + " }", "At most 20 fields"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(5000)) + " }", "too long"),
        (
            "{ messages(first: 100) { edges { node { "
            + " ".join(f"a{n}: event" for n in range(120)) + " } } } }",
            "The query costs",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_words(stage: Stage, query: str, said: str) -> None:
    """With what was wrong and nothing of what is within."""
    answer = ask(stage, query)
    assert said in answer["errors"][0]["message"]


def test_a_fault_within_tells_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log knows its kind and place; what it says may be a row of the database."""

    def broken(*_: object) -> object:
        raise RuntimeError("DETAIL: Key (number)=(+48512345678) already exists.")

    monkeypatch.setattr("saleor_sms_plugin.web.graphql.messages.visible", broken)
    answer = ask(stage, MESSAGES)
    assert answer["errors"] == [
        {
            "message": "Internal Server Error",
            "extensions": {"exception": {"code": "InternalServerError"}},
        }
    ]
    # graphql-core's own loggers are silent in Saleor.
    (ours,) = [each for each in caplog.records if each.name.startswith("saleor_sms_plugin")]
    assert ours.getMessage().startswith("The API failed: RuntimeError in broken, line ")
    assert ours.exc_info is None


def test_only_post_of_json(stage: Stage) -> None:
    """A link or a form of another page does nothing here."""
    factory = RequestFactory()
    got = router.answer(factory.get("/", {"query": "{ __typename }"}), "/graphql/", stage.ports)
    assert (got.status_code, got["Allow"]) == (405, "POST, OPTIONS")
    form = router.answer(factory.post("/", {"query": "{ __typename }"}), "/graphql/", stage.ports)
    assert form.status_code == 400
    large = factory.post("/", "x" * 300_000, "application/json")
    assert router.answer(large, "/graphql/", stage.ports).status_code == 400


DOUBLING = "{...f0} " + "".join(
    f"fragment f{n} on Query {{...f{n + 1} ...f{n + 1}}} " for n in range(60)
) + "fragment f60 on Query {__typename}"  # fmt: skip
DEEP = "{__schema{types{...f0}}} " + "".join(
    f"fragment f{n} on __Type {{ofType{{...f{n + 1}}} ofType{{...f{n + 1}}}}} " for n in range(60)
) + "fragment f60 on __Type {name}"  # fmt: skip
ALIASES = (
    "{__schema{" + " ".join(f"a{n}: types{{...t}}" for n in range(150)) + "}} fragment t on __Type "
    "{name fields{name args{name type{name}}} enumValues{name} inputFields{name}}"
)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (DOUBLING, "At most 20 fields may stand at the top"),
        (DEEP, "The query costs"),
        (ALIASES, "The query costs"),
        ("{__schema{types{" + "name " * 1200 + "}}}", "At most 200 fields may stand side by side"),
        ("{...f} fragment f on Query {...f}", "Cannot spread fragment"),
        ("{...nowhere}", "Unknown fragment"),
        ("{messages(first: 1) {" + " ".join(f"a{n}: totalCount" for n in range(60)) + "}}",
         "costs"),
        ("query ($n: Int = 100) {" + " ".join(
            f"a{n}: messages(first: $n) {{edges{{node{{id event status why}}}}}}" for n in range(20)
         ) + "}", "costs"),
    ],
)  # fmt: skip
def test_a_query_that_grows_when_it_is_read_is_refused(stage: Stage, query: str, said: str) -> None:
    """Before anything of it is validated at length or executed, whoever asks."""
    assert said in ask(stage, query, None)["errors"][0]["message"]


def test_programs_may_learn_the_schema(stage: Stage) -> None:
    """The query that every client library makes."""
    answer = ask(stage, introspection_query, None)
    assert answer["status"] == 200
    assert answer["data"]["__schema"]["queryType"] == {"name": "Query"}


@pytest.mark.parametrize("place", ['["x", 1]', "[null, 1]", "[{}, 1]", '["2026-03-02", 1e999]'])
def test_a_cursor_of_nowhere_is_refused_in_words(stage: Stage, place: str) -> None:
    """Whatever stands in it."""
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    answer = ask(stage, "query ($c: String) {messages(first: 1, after: $c) {totalCount}}", c=cursor)
    assert "no cursor of this list" in answer["errors"][0]["message"]


def test_half_a_character_is_refused(stage: Stage) -> None:
    """PostgreSQL cannot store it."""
    answer = ask(stage, '{messages(first: 1, filter: {orderNumber: "\ud800"}) {totalCount}}')
    assert answer["status"] == 400


def test_who_asks_what_is_allowed_hears_it(stage: Stage) -> None:
    """A browser of another origin asks first."""
    answer = router.answer(RequestFactory().options("/"), "/graphql/", stage.ports)
    assert (answer.status_code, answer["Allow"]) == (204, "POST, OPTIONS")
