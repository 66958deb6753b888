"""Who may ask what: every field of the API by every kind of caller, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from graphql_relay import to_global_id

from saleor_sms_plugin.callers import CallerKind, Permission
from saleor_sms_plugin.domain.consent import Scope
from saleor_sms_plugin.models import InboundMessage, Link, Message, ProviderAccount, ShopEvent
from saleor_sms_plugin.services import statistics, storefront
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.storefront import Saying
from saleor_sms_plugin.web.graphql.schema import schema
from tests.permissions import ALL, DENIED, NOTHING, TABLE, Row

from .api import CALLERS, STAFF, ask
from .stage import CHANNEL, NOON, Stage


@pytest.fixture
def ids(stage: Stage) -> Mapping[str, str]:
    """Ids of what there is in the channel, and the token of an opt-in."""
    stage.configure("order_created", advanced="double_opt_in = on")
    order = stage.order()
    stage.parcel(order, "f1")
    stage.happen("order_created", order)
    stage.run()
    sent = Message.objects.get()
    stage.clock.move(minutes=1)
    statistics.roll_up(stage.ports)
    account = ProviderAccount.objects.create(provider="memory", key="memory", created_at=NOON)
    reply = InboundMessage.objects.create(
        account=account, sender="+48512345678", channel_id=CHANNEL, body="no", received_at=NOON,
        review_by=NOON,
    )  # fmt: skip
    saying = Saying(
        number="+48601234567", scopes=[Scope.OFFERS], channel=load(stage.ports, [CHANNEL])[CHANNEL]
    )
    assert storefront.request(saying, stage.ports)
    asked = Message.objects.get(event_name="opt_in_request")
    stage.run()
    return {
        "{message}": to_global_id("SmsMessage", sent.pk),
        "{failed}": to_global_id("SmsMessage", copy(sent, "failed").pk),
        "{waiting}": to_global_id("SmsMessage", copy(sent, "held").pk),
        "{parcel}": to_global_id("Fulfillment", "f1"),
        "{token}": Link.objects.get(message=asked).token,
        "{event}": to_global_id("SmsEvent", ShopEvent.objects.get().pk),
        "{reply}": to_global_id("SmsInboundMessage", reply.pk),
    }


def copy(message: Message, status: str) -> Message:
    """Another text like it, of this status."""
    row = {name: getattr(message, name) for name in ("event_name", "order_id", "channel_id",
           "channel_slug", "purpose", "priority", "recipient", "country", "due_at", "not_before",
           "expires_at", "created_at")}  # fmt: skip
    return Message.objects.create(**row, status=status)


def given(stage: Stage, ids: Mapping[str, str], row: Row, token: str | None) -> str:
    """In the table's words, what the caller gets."""
    query = row.query
    for name, value in ids.items():
        query = query.replace(name, value)
    answer = ask(stage, query, token)
    codes = {each["extensions"]["exception"]["code"] for each in answer.get("errors", ())}
    if codes:
        assert codes == {"PermissionDenied"}
        assert set(answer["data"].values()) == {None}
        return DENIED
    return NOTHING if empty(answer["data"]) else ALL


def empty(value: Any) -> bool:
    """There is no row in it, however it is wrapped."""
    return value in (None, []) or (
        isinstance(value, dict) and all(empty(each) for each in value.values())
    )


def test_every_field_is_in_the_table() -> None:
    """A field without an entry would be open to nobody knows whom."""
    kinds = (schema.get_query_type(), schema.get_mutation_type())
    assert set(TABLE) == {name for kind in kinds if kind for name in kind.fields}


@pytest.mark.parametrize("name", TABLE)
def test_who_gets_what(stage: Stage, ids: Mapping[str, str], name: str) -> None:
    """As the table says, for each kind of caller."""
    row = TABLE[name]
    assert {token: given(stage, ids, row, token) for token in (None, *CALLERS)} == row.gives


@pytest.mark.parametrize("name", TABLE)
def test_one_permission_opens_it(
    stage: Stage, ids: Mapping[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The field's own; no other one does, for staff as for apps."""
    row = TABLE[name]
    for kind in (CallerKind.STAFF, CallerKind.APP):
        for each in Permission:
            only = replace(STAFF, kind=kind, permissions=frozenset({each}))
            monkeypatch.setitem(CALLERS, "only", only)
            expected = ALL if row.permission in (each, None) else DENIED
            assert (each, given(stage, ids, row, "only")) == (each, expected)


@pytest.mark.parametrize("name", TABLE)
def test_a_token_of_nobody_opens_nothing(stage: Stage, name: str) -> None:
    """Not even what needs no token: 401, and no data."""
    answer = ask(stage, TABLE[name].query, "forged")
    assert (answer["status"], "data" in answer) == (401, False)
    assert answer["errors"][0]["extensions"]["exception"]["code"] == "InvalidTokenError"


def test_a_real_order_is_read_with_its_permission(
    stage: Stage, ids: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may only change texts tries them on the sample: an order tells of a customer."""
    query = (
        'mutation { smsTemplatePreview(input: {channel: "channel-1", event: "order_created",'
        f' text: "Hi {{{{ order.number }}}}!", order: "{to_global_id("Order", "o1")}"}})'
        " { texts { body } errors { message } } }"
    )
    row = Row(Permission.MANAGE_ORDERS, query)
    both = frozenset({Permission.MANAGE_PLUGINS, Permission.MANAGE_ORDERS})
    for held, expected in ((both, ALL), (both - {Permission.MANAGE_ORDERS}, DENIED)):
        monkeypatch.setitem(CALLERS, "only", replace(STAFF, permissions=held))
        assert given(stage, ids, row, "only") == expected
