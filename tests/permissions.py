"""Who may ask what: every field of the API, and what asking for it gives each kind of caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from saleor_sms_plugin.callers import Permission

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
