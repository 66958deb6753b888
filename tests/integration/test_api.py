"""The GraphQL API over HTTP: who sees what, in how many statements, and what is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from graphql import introspection_query
from graphql_relay import to_global_id

from saleor_sms_plugin.models import Message
from saleor_sms_plugin.web import router

from .api import ask, data
from .stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGES = (
    "{ messages(first: 10) { edges { node {"
    " id event status attempts { number } receipts { status } } } } }"
)


def texts(stage: Stage, count: int) -> None:
    stage.configure("order_created")
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


@pytest.mark.parametrize("token", ["customer", "no-rights", "app-no-rights", None])
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
        ("{messages" * 10_000 + "}" * 10_000, "too deep"),
        ("{messages(filter: " + "{ids: [" * 10_000 + "]}" * 10_000 + ")}", "too deep"),
        ("query ($a: " + "[" * 10_000 + "Int" + "]" * 10_000 + ") {__typename}", "too deep"),
        ("mutation { " + " ".join(
            f'm{n}: smsOptInConfirm(token: "x") {{ confirmed }}' for n in range(1000)
         ) + " }", "too long"),
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


def sent(stage: Stage, body: object, content_type: str = "application/json") -> Any:
    """The API's raw answer to what is no usual request."""
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    request = RequestFactory().post("/?query={__typename}", raw, content_type)
    return router.answer(request, "/graphql/", stage.ports)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_post(stage: Stage, method: str) -> None:
    """A link of another page does nothing here, whatever its address says."""
    request = RequestFactory().generic(method, "/?query={__typename}")
    got = router.answer(request, "/graphql/", stage.ports)
    assert (got.status_code, got["Allow"], got.content) == (405, "POST, OPTIONS", b"")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded",
     "multipart/form-data; boundary=x", "application/jsonp", "text/json"],
)  # fmt: skip
def test_only_json(stage: Stage, content_type: str) -> None:
    """What a form of another page can send is refused before it is read."""
    refused = sent(stage, {"query": "{__typename}"}, content_type)
    assert refused.status_code == 400
    assert "Content-Type: application/json" in json.loads(refused.content)["errors"][0]["message"]


def test_json_may_name_its_charset(stage: Stage) -> None:
    """As client libraries do."""
    got = sent(stage, {"query": "{__typename}"}, "application/json; charset=utf-8")
    assert json.loads(got.content) == {"data": {"__typename": "Query"}}


QUERY = {"query": "{__typename}"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([QUERY, QUERY], "Must provide a query string."),  # a batch
        ([QUERY] * 5000, "Must provide a query string."),
        (QUERY["query"], "not JSON"),
        (json.dumps(QUERY["query"]), "Must provide a query string."),
        ({"query": ["{__typename}"]}, "Must provide a query string."),
        ({"query": ""}, "Must provide a query string."),
        ({"id": "q1"}, "Must provide a query string."),  # a stored query
        (" ", "not JSON"),
        ("null", "Must provide a query string."),
        ("[" * 10_000, "not JSON"),
        ('{"query":"{__typename}","variables":' + '{"a":' * 10_000 + "1" + "}" * 10_001,
         "not JSON"),
        (b'{"query":"\xff"}', "not JSON"),
        ("x" * 300_000, "too large"),
        (json.dumps({"query": "{__typename}" + " " * 300_000}), "too large"),
    ],
)  # fmt: skip
def test_one_query_in_one_request(stage: Stage, body: object, said: str) -> None:
    """Batches, stored queries and what is no query are refused in words."""
    refused = sent(stage, body)
    assert refused.status_code == 400
    assert said in json.loads(refused.content)["errors"][0]["message"]


IDS = (
    "T3JkZXI6MQ==",  # Order:1
    "U21zRXZlbnQ6MQ==",  # SmsEvent:1
    "U21zTWVzc2FnZTo=",  # SmsMessage:
    "U21zTWVzc2FnZTox\u0000",
    "U21zTWVzc2FnZTotMQ==",  # SmsMessage:-1
    "U21zTWVzc2FnZTo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",  # SmsMessage: 25 nines
    "U21zTWVzc2FnZTox' OR 1=1 --",
    "1",
    "",
    "A" * 10_000,
)


@pytest.mark.parametrize(
    "query",
    [
        "query ($id: ID!) { message(id: $id) { event } }",
        "query ($id: ID!) { messages(first: 1, filter: {ids: [$id]}) { edges { cursor } } }",
        "mutation ($id: ID!) { smsMessageCancel(id: $id) { errors { field code } } }",
        "mutation ($id: ID!) { smsMessageRetry(id: $id) { errors { field code } } }",
    ],
)
def test_an_id_of_another_type_finds_nothing(stage: Stage, query: str) -> None:
    """A refusal or nothing, never a fault within."""
    texts(stage, 1)
    for id in IDS:
        answer = ask(stage, query, id=id)
        assert answer["status"] in (200, 400)
        told = json.dumps(answer)
        assert "InternalServerError" not in told
        assert "order_created" not in told
    assert Message.objects.get().status == "sent"


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


@pytest.mark.parametrize(
    "place",
    ['["x", 1]', "[null, 1]", "[{}, 1]", '["2026-03-02", 1e999]', '["2026-03-02", 1]',
     '["0001-01-01T00:00:00+23:00", 1]', '["9999-12-31T23:59:59-23:00", 1]', "[" * 60_000,
     '["2026-03-02T12:00:00+00:00", 1' + "0" * 30 + "]"],
    ids=range(9),
)  # fmt: skip
def test_a_cursor_of_nowhere_is_refused_in_words(stage: Stage, place: str) -> None:
    """Whatever stands in it."""
    cursor = base64.urlsafe_b64encode(place.encode()).decode()
    answer = ask(stage, "query ($c: String) {messages(first: 1, after: $c) {totalCount}}", c=cursor)
    assert "no cursor of this list" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("query ($id: ID) {messages(first: 1, filter: {order: $id}) {totalCount}}", "Order"),
        ("query ($id: ID) {events(first: 1, filter: {order: $id}) {totalCount}}", "Order"),
        ("query ($id: ID) {events(first: 1, filter: {checkout: $id}) {totalCount}}", "Checkout"),
    ],
)
def test_an_id_that_no_database_stores_is_no_id(stage: Stage, query: str, kind: str) -> None:
    """U+0000 within its base64."""
    answer = ask(stage, query, id=to_global_id(kind, "a\0b"))
    assert "Invalid ID" in answer["errors"][0]["message"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_first_and_the_last_day_have_statistics(stage: Stage, day: str) -> None:
    """None, of texts that there are not."""
    query = "query ($day: Date!) {statistics(since: $day, until: $day) {decided}}"
    assert data(stage, query, day=day) == []


def test_half_a_character_is_refused(stage: Stage) -> None:
    """PostgreSQL cannot store it."""
    answer = ask(stage, '{messages(first: 1, filter: {orderNumber: "\ud800"}) {totalCount}}')
    assert answer["status"] == 400


def test_who_asks_what_is_allowed_hears_it(stage: Stage) -> None:
    """A browser of another origin asks first."""
    answer = router.answer(RequestFactory().options("/"), "/graphql/", stage.ports)
    assert (answer.status_code, answer["Allow"]) == (204, "POST, OPTIONS")
