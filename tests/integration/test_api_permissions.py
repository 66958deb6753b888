"""Who may ask what: every field of the API by every kind of caller, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

from .api import CALLERS, STAFF, ask
from .stage import CHANNEL, NOON, Stage

#: What each kind of caller gets: all of it, nothing of another channel's, or a refusal.
ALL, NOTHING, DENIED = "all", "nothing", "denied"
USUAL: Mapping[str | None, str] = {
    None: DENIED, "customer": DENIED, "no-rights": DENIED, "app-no-rights": DENIED,
    "other-channel": NOTHING, "staff": ALL, "app": ALL,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One field, and what asking for it gives whom."""

    permission: Permission | None  #: None: whoever has the token that it takes
    query: str  #: "{message}", "{event}" … stand for ids of this channel's, see ``ids``
    but: Mapping[str | None, str] = field(default_factory=dict)  #: other than ``USUAL``

    @property
    def gives(self) -> Mapping[str | None, str]:
        return {**USUAL, **self.but}


ORDERS, PLUGINS, USERS = Permission
READING = {
    "message": Row(ORDERS, '{ message(id: "{message}") { event } }'),
    "messages": Row(ORDERS, "{ messages(first: 1) { edges { node { id } } } }"),
    "event": Row(ORDERS, '{ event(id: "{event}") { name } }'),
    "events": Row(ORDERS, "{ events(first: 1) { edges { node { id } } } }"),
    "inboundMessage": Row(ORDERS, '{ inboundMessage(id: "{reply}") { body } }'),
    "inboundMessages": Row(ORDERS, "{ inboundMessages(first: 1) { edges { node { id } } } }"),
    "statistics": Row(
        ORDERS, '{ statistics(since: "2026-03-02", until: "2026-03-02") { decided } }'
    ),
    "consent": Row(
        USERS, '{ consent(number: "+48512345678") { standings { may } } }', {"customer": ALL}
    ),
    "templates": Row(
        PLUGINS, '{ templates(channel: "channel-1", events: ["order_created"]) { event } }'
    ),
    "rule": Row(PLUGINS, '{ rule(channel: "channel-1", country: "PL") { place } }'),
    "health": Row(PLUGINS, "{ health { accounts { provider } } }"),
}
_PHONE = 'number: "+48512345678", channel: "channel-1", scopes: [OFFERS]'
WRITING = {
    "shipmentStageReport": Row(
        ORDERS,
        'mutation { shipmentStageReport(fulfillment: "{parcel}", stage: DELIVERED)'
        " { event { name } } }",
    ),
    "smsMessageSend": Row(
        ORDERS,
        'mutation { smsMessageSend(input: {channel: "channel-1", recipient: "+48512345678",'
        ' text: "Hi", purpose: TRANSACTIONAL, key: "k"}) { message { id } } }',
    ),
    "smsMessageRetry": Row(
        ORDERS, 'mutation { smsMessageRetry(id: "{failed}") { message { id } } }'
    ),
    "smsMessageCancel": Row(
        ORDERS, 'mutation { smsMessageCancel(id: "{waiting}") { message { id } } }'
    ),
    "smsTestSend": Row(
        PLUGINS,
        'mutation { smsTestSend(channel: "channel-1", recipient: "+48512345678") { outcome } }',
    ),
    "smsTemplatePreview": Row(
        PLUGINS,
        'mutation { smsTemplatePreview(input: {channel: "channel-1", event: "order_created"})'
        " { texts { body } } }",
    ),
    "smsTemplateDryRun": Row(
        PLUGINS,
        'mutation { smsTemplateDryRun(input: {channel: "channel-1", event: "order_created",'
        " days: 1}) { dryRun { orders } } }",
    ),
    "smsConsentUpdate": Row(
        USERS,
        f"mutation {{ smsConsentUpdate({_PHONE}, act: GIVEN) {{ consent {{ numbers }} }} }}",
        {"customer": ALL},
    ),
    "smsOptInRequest": Row(
        USERS, f"mutation {{ smsOptInRequest({_PHONE}) {{ accepted }} }}", {"customer": ALL}
    ),
    "smsOptInConfirm": Row(
        None,
        'mutation { smsOptInConfirm(token: "{token}") { confirmed } }',
        dict.fromkeys(USUAL, ALL),
    ),
    "smsInboundMessageResolve": Row(
        ORDERS,
        'mutation { smsInboundMessageResolve(id: "{reply}", resolution: KEEP)'
        " { inboundMessage { body } } }",
    ),
    "smsStormRelease": Row(
        ORDERS, 'mutation { smsStormRelease(channel: "channel-1") { messages } }'
    ),
    "smsStormCancel": Row(ORDERS, 'mutation { smsStormCancel(channel: "channel-1") { messages } }'),
}
TABLE = {**READING, **WRITING}


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
