"""The API's mutations for texts by hand, carriers' reports, replies and storms."""

from __future__ import annotations

from typing import Any

import pytest
from graphql_relay import to_global_id

from saleor_sms_plugin.domain.consent import Act, Scope
from saleor_sms_plugin.domain.reasons import Reason
from saleor_sms_plugin.exceptions import OutcomeUnknown, ProviderRejected
from saleor_sms_plugin.models import InboundMessage, Message, ProviderAccount, ShopEvent, Storm
from saleor_sms_plugin.ports import Customer
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import channels, ledger, suppression
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.services.opting import opt_out

from .api import ask, data
from .stage import BUYER, CHANNEL, NOON, RECEIVER, Stage

pytestmark = pytest.mark.django_db(transaction=True)

SEND = (
    "mutation ($input: SmsMessageSendInput!) { smsMessageSend(input: $input) {"
    " message { id status reason recipient event orderNumber } errors { field code message } } }"
)
RETRY = (
    "mutation ($id: ID!, $recipient: String, $accept: Boolean) {"
    " smsMessageRetry(id: $id, recipient: $recipient, acceptDuplicate: $accept) {"
    " message { id status reason recipient retryOf } errors { field code message } } }"
)
CANCEL = (
    "mutation ($id: ID!) { smsMessageCancel(id: $id) {"
    " message { status reason } errors { field code message } } }"
)
REPORT = (
    "mutation ($id: ID!, $name: SmsShipmentStageEnum!, $at: DateTime) {"
    " shipmentStageReport(fulfillment: $id, stage: $name, occurredAt: $at) {"
    " recorded event { name } errors { field code message } } }"
)
STAGES = ("in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "delayed")


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """Order texts and every stage are on."""
    stage.configure("order_created", *(f"shipment_{each}" for each in STAGES))
    return stage


def send(stage: Stage, token: str = "staff", **given: Any) -> dict[str, Any]:
    values = {"channel": "channel-1", "text": "Hello", "purpose": "TRANSACTIONAL", "key": "k1"}
    found: dict[str, Any] = data(stage, SEND, token, input=values | given)
    return found


def faults(answer: dict[str, Any]) -> list[tuple[str | None, str]]:
    return [(each["field"], each["code"]) for each in answer["errors"]]


def key(message: Message) -> str:
    return str(to_global_id("SmsMessage", message.pk))


# ---------------------------------------------------------------------------------- sending


def test_staff_write_to_a_number(shop: Stage) -> None:
    """Word for word, markup and all: nobody reads it as a template or as a page."""
    words = "<b>Hi</b> {{ order.number }}\r\n<script>alert(1)</script>"
    answer = send(shop, recipient="512 345 678", text=f"  {words} ")
    assert answer["errors"] == []
    assert answer["message"] | {"id": ""} == {
        "id": "", "status": "QUEUED", "reason": None, "recipient": BUYER.phone,
        "event": "manual", "orderNumber": None,
    }  # fmt: skip
    shop.run()
    assert shop.bodies == ["<b>Hi</b> {{ order.number }}\n<script>alert(1)</script>"]
    says = Message.objects.get().says
    assert (says.pop("by"), list(says)) == ("anna@example.com", ["act"])


def test_a_double_click_sends_once(shop: Stage) -> None:
    """By its key; another key, and another person's, is another text."""
    first, again = (send(shop, recipient=BUYER.phone)["message"]["id"] for _ in range(2))
    other = send(shop, recipient=BUYER.phone, key="k2")["message"]["id"]
    apps = send(shop, "app", recipient=BUYER.phone)["message"]["id"]
    assert (first == again, len({first, other, apps})) == (True, 3)
    shop.run()
    assert len(shop.bodies) == 3


@pytest.mark.parametrize("other", [{"text": "Bye"}, {"recipient": RECEIVER.phone}])
def test_a_key_is_of_one_text_to_one_person(shop: Stage, other: dict[str, str]) -> None:
    """Used again for anything else it is an error; the first text is as it was."""
    given = {"recipient": BUYER.phone, "text": "Hello"}
    send(shop, **given)
    again = send(shop, **(given | other))
    assert (again["message"], faults(again)) == (None, [("key", "INVALID")])
    shop.run()
    assert (shop.bodies, shop.recipients) == (["Hello"], [BUYER.phone])
    assert send(shop, **given)["message"]["status"] == "SENT"


def test_staff_write_to_the_customer_of_an_order(shop: Stage) -> None:
    """To who placed it; the text is found with the order's."""
    order = shop.order("o7")
    answer = send(shop, order=to_global_id("Order", "o7"))
    assert (answer["message"]["recipient"], answer["message"]["orderNumber"]) == (BUYER.phone, "7")
    assert Message.objects.get().order_id == order.id


def test_staff_write_to_a_customer(shop: Stage) -> None:
    """At the first usable phone of their default addresses."""
    shop.shop.customer_accounts["5"] = Customer(id="5", language="pl", shipping=RECEIVER)
    answer = send(shop, user=to_global_id("User", "5"))
    assert answer["message"]["recipient"] == RECEIVER.phone


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, (None, "REQUIRED")),
        ({"recipient": BUYER.phone, "order": "x"}, (None, "REQUIRED")),
        ({"recipient": "12"}, ("recipient", "INVALID")),
        ({"recipient": BUYER.phone, "text": " \n "}, ("text", "INVALID")),
        ({"recipient": BUYER.phone, "text": "x" * 2000}, ("text", "INVALID")),
        ({"recipient": BUYER.phone, "key": " "}, ("key", "INVALID")),
        ({"recipient": BUYER.phone, "channel": "nowhere"}, ("channel", "NOT_FOUND")),
        ({"order": to_global_id("SmsMessage", 1)}, ("order", "GRAPHQL_ERROR")),
        ({"order": to_global_id("Order", "o9")}, ("order", "NOT_FOUND")),
        ({"user": to_global_id("Order", "1")}, ("user", "GRAPHQL_ERROR")),
        ({"user": to_global_id("User", "9")}, ("user", "NOT_FOUND")),
    ],
)
def test_what_cannot_be_sent_is_an_error(
    shop: Stage, given: dict[str, Any], fault: tuple[str | None, str]
) -> None:
    """Of the input that is wrong; nothing is stored."""
    answer = send(shop, **given)
    assert (answer["message"], faults(answer)) == (None, [fault])
    assert not Message.objects.exists()


def test_a_character_that_no_database_stores_is_refused(shop: Stage) -> None:
    """Before anything is executed."""
    values = {"channel": "channel-1", "text": "a\0", "purpose": "TRANSACTIONAL", "key": "k",
              "recipient": BUYER.phone}  # fmt: skip
    answer = ask(shop, SEND, input=values)
    assert (answer["status"], "U+0000" in answer["errors"][0]["message"]) == (400, True)


def test_one_request_runs_few_of_what_takes_seconds(shop: Stage) -> None:
    """Dry runs are dear, and test texts."""
    dear = 'smsTestSend(channel: "channel-1", recipient: "12") { outcome }'
    many = " ".join(f"a{number}: {dear}" for number in range(4))
    assert "The query costs" in ask(shop, f"mutation {{ {many} }}")["errors"][0]["message"]


def test_an_order_of_another_channel_is_not_there(shop: Stage) -> None:
    """Neither is the channel, for staff who do not see it."""
    shop.order("o1", channel_id=CHANNEL + 1)
    assert faults(send(shop, order=to_global_id("Order", "o1"))) == [("order", "NOT_FOUND")]
    other = send(shop, "other-channel", recipient=BUYER.phone)
    assert faults(other) == [("channel", "NOT_FOUND")]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"recipient": "+33612345678"}, "country_not_allowed"),
        ({"recipient": BUYER.phone, "purpose": "MARKETING"}, "no_consent"),
        ({"recipient": RECEIVER.phone}, "number_suppressed"),
    ],
)
def test_what_may_not_be_sent_is_a_decision(
    shop: Stage, given: dict[str, Any], reason: str
) -> None:
    """The row says why, at once."""
    suppression.add(RECEIVER.phone, shop.ports)
    answer = send(shop, **given)["message"]
    assert (answer["status"], answer["reason"]) == ("SUPPRESSED", reason)


def test_test_mode_holds_for_texts_by_hand(stage: Stage) -> None:
    """Only the numbers of the list."""
    stage.configure("order_created", test_numbers=RECEIVER.phone)
    assert send(stage, recipient=BUYER.phone)["message"]["reason"] == "not_a_test_number"
    assert send(stage, recipient=RECEIVER.phone, key="k2")["message"]["status"] == "QUEUED"


def agreed(stage: Stage) -> None:
    channel = channels.load(stage.ports, [CHANNEL])[CHANNEL]
    deed = Deed(number=BUYER.phone, scopes=[Scope.OFFERS], act=Act.GIVEN, source=Source.STAFF,
                channel=channel)  # fmt: skip
    ledger.put([deed], stage.ports)


def test_an_offer_carries_its_way_out_and_waits_for_the_hour(stage: Stage) -> None:
    """With consent; at night it is held, a service text is not."""
    stage.configure("order_created", advanced="double_opt_in = off", sender_id="+48700100200")
    agreed(stage)
    stage.at(NOON.replace(hour=22))
    send(stage, recipient=BUYER.phone, text="Sale", purpose="MARKETING")
    send(stage, recipient=BUYER.phone, text="Parcel", key="k2")
    stage.run()
    assert stage.bodies == ["Parcel"]
    assert (Message.objects.get(purpose="marketing").status) == "held"
    stage.at(NOON.replace(day=3))
    [_, offer] = stage.bodies
    assert offer.startswith("Sale ")
    assert "STOP" in offer


def test_an_opt_out_ends_an_offer_that_waits(stage: Stage) -> None:
    """As any other one."""
    stage.configure("order_created", advanced="double_opt_in = off", sender_id="+48700100200")
    agreed(stage)
    send(stage, recipient=BUYER.phone, purpose="MARKETING")
    stop = Deed(number=BUYER.phone, scopes=[Scope.OFFERS], act=Act.WITHDRAWN, source=Source.REPLY)
    opt_out([stop], stage.ports)
    assert stage.rows == [("manual", "suppressed", "opted_out")]


# ----------------------------------------------------------------------- anew, and no more


def rejected(stage: Stage) -> Message:
    """The text of an order that the provider refused."""
    MemoryProvider.script(ProviderRejected("no such phone"))
    stage.happen("order_created", stage.order())
    stage.run()
    message = Message.objects.get()
    assert message.status == "rejected"
    return message


def test_a_text_that_failed_is_sent_anew_to_the_right_number(shop: Stage) -> None:
    """As a message of its own, linked to the first; asked again, nothing more is sent."""
    old = rejected(shop)
    answers = [data(shop, RETRY, id=key(old), recipient=RECEIVER.phone) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["message"] | {"id": ""} == {
        "id": "", "status": "QUEUED", "reason": None, "recipient": RECEIVER.phone,
        "retryOf": key(old),
    }  # fmt: skip
    shop.run()
    assert shop.recipients == [RECEIVER.phone]
    assert shop.bodies == ["Acme: we have received your order 1 for €99.90. Thank you!"]


def test_an_unknown_outcome_is_never_sent_again_unasked(shop: Stage) -> None:
    """Who asks for it says that a duplicate is accepted."""
    MemoryProvider.script(OutcomeUnknown("silence"))
    shop.happen("order_created", shop.order())
    shop.run()
    old = Message.objects.get()
    refusal = data(shop, RETRY, id=key(old))
    assert (refusal["message"], faults(refusal)) == (None, [("id", "INVALID")])
    assert "acceptDuplicate" in refusal["errors"][0]["message"]
    assert data(shop, RETRY, id=key(old), accept=True)["message"]["status"] == "QUEUED"


def test_a_text_that_arrived_is_not_sent_anew(shop: Stage) -> None:
    """Nor one that waits, nor one whose number is wrong."""
    shop.happen("order_created", shop.order())
    shop.run()
    sent = Message.objects.get()
    assert faults(data(shop, RETRY, id=key(sent))) == [("id", "INVALID")]
    Message.objects.update(status="failed")
    assert faults(data(shop, RETRY, id=key(sent), recipient="12")) == [("recipient", "INVALID")]
    assert faults(data(shop, RETRY, "other-channel", id=key(sent))) == [("id", "NOT_FOUND")]
    assert Message.objects.count() == 1


def test_a_cancelled_order_has_no_text_sent_anew(shop: Stage) -> None:
    """The door is asked again."""
    old = rejected(shop)
    shop.change(shop.order_of("o1"), status="canceled")
    data(shop, RETRY, id=key(old))
    shop.run()
    assert shop.rows[1] == ("order_created", "suppressed", "order_cancelled")


def test_staffs_own_words_are_sent_anew(shop: Stage) -> None:
    """Word for word."""
    MemoryProvider.script(ProviderRejected("no"))
    send(shop, recipient=BUYER.phone)
    shop.run()
    data(shop, RETRY, id=key(Message.objects.get()))
    shop.run()
    assert shop.bodies == ["Hello"]


def test_what_waits_is_cancelled(shop: Stage) -> None:
    """Asked again it answers the same; what went out is no longer ended."""
    send(shop, recipient=BUYER.phone)
    message = Message.objects.get()
    ended = {"message": {"status": "CANCELLED", "reason": "cancelled_by_staff"}, "errors": []}
    assert [data(shop, CANCEL, id=key(message)) for _ in range(2)] == [ended, ended]
    shop.run()
    assert shop.bodies == []
    send(shop, recipient=BUYER.phone, key="k2")
    shop.run()
    sent = Message.objects.get(status="sent")
    assert faults(data(shop, CANCEL, id=key(sent))) == [("id", "INVALID")]


@pytest.mark.parametrize("query", [RETRY, CANCEL])
@pytest.mark.parametrize(
    ("given", "code"),
    [("17", "GRAPHQL_ERROR"), (to_global_id("Order", "1"), "GRAPHQL_ERROR"),
     (to_global_id("SmsMessage", "x"), "GRAPHQL_ERROR"),
     (to_global_id("SmsMessage", 999), "NOT_FOUND")],
)  # fmt: skip
def test_an_id_of_something_else_is_an_error(
    shop: Stage, query: str, given: str, code: str
) -> None:
    """Told as data, not as a fault of the query."""
    assert faults(data(shop, query, id=given)) == [("id", code)]


def test_a_test_text_says_what_became_of_it(shop: Stage) -> None:
    """At once, in a sentence; a number that is none is an error."""
    query = (
        'mutation ($to: String!) { smsTestSend(channel: "channel-1", recipient: $to) {'
        " outcome message { event status } errors { field code } } }"
    )
    sent = data(shop, query, to=BUYER.phone)
    assert sent["message"] == {"event": "test", "status": "SENT"}
    assert "memory accepted the text to +48*****678." in sent["outcome"]
    assert faults(data(shop, query, to="12")) == [("recipient", "INVALID")]


# ----------------------------------------------------------------------------------- stages


def report(stage: Stage, name: str, parcel: str = "f1", **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = data(
        stage, REPORT, "app", id=to_global_id("Fulfillment", parcel), name=name, **given
    )
    return found


def test_each_stage_of_a_parcel_is_told_once(shop: Stage) -> None:
    """A carrier that repeats itself is heard once; the receiver reads it."""
    shop.parcel(shop.order(), "f1", "123")
    first, again = (report(shop, "OUT_FOR_DELIVERY") for _ in range(2))
    assert first == {
        "recorded": True, "event": {"name": "shipment_out_for_delivery"}, "errors": []
    }  # fmt: skip
    assert again == {**first, "recorded": False}
    shop.run()
    assert shop.recipients == [RECEIVER.phone]
    assert shop.bodies == ["Acme: the parcel for order 1 is out for delivery. Parcel: 123"]


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:00", "2025-01-26T11:59:59+00:00"]
)
def test_a_stage_of_long_ago_is_refused(shop: Stage, at: str) -> None:
    """Nothing is stored of what is older than decisions are kept: 400 days."""
    shop.parcel(shop.order(), "f1")
    answer = report(shop, "DELIVERED", at=at)
    assert (answer["event"], faults(answer)) == (None, [("occurredAt", "INVALID")])
    assert ShopEvent.objects.count() == 0
    assert report(shop, "DELIVERED", at="2025-01-26T12:00:00+00:00")["recorded"] is True


def test_an_older_stage_after_a_newer_one_is_no_news(shop: Stage) -> None:
    """Reports come out of order; what waits ends, what comes late is not told."""
    shop.parcel(shop.order(), "f1")
    shop.at(NOON.replace(hour=22))
    report(shop, "OUT_FOR_DELIVERY")
    shop.run()
    assert shop.rows == [("shipment_out_for_delivery", "held", "night")]
    report(shop, "DELIVERED")
    report(shop, "IN_TRANSIT")
    shop.run()
    assert sorted(shop.rows) == [
        ("shipment_delivered", "held", "night"),
        ("shipment_in_transit", "suppressed", "stage_passed"),
        ("shipment_out_for_delivery", "suppressed", "stage_passed"),
    ]


def test_stages_of_two_parcels_do_not_meet(shop: Stage) -> None:
    """Each has its own."""
    order = shop.order()
    shop.parcel(order, "f1")
    shop.parcel(order, "f2")
    report(shop, "DELIVERED", "f1")
    report(shop, "IN_TRANSIT", "f2")
    shop.run()
    assert [status for _, status, _ in shop.rows] == ["sent", "sent"]


def test_a_cancelled_parcel_has_no_stages(shop: Stage) -> None:
    """Whatever its carrier says."""
    shop.parcel(shop.order(), "f1", status="canceled")
    report(shop, "DELAYED")
    shop.run()
    assert shop.rows == [("shipment_delayed", "suppressed", "parcel_cancelled")]


def test_stages_are_off_until_somebody_ticks_them(stage: Stage) -> None:
    """Carriers text, too."""
    stage.configure("order_created")
    stage.parcel(stage.order(), "f1")
    assert report(stage, "DELIVERED")["recorded"] is True
    stage.run()
    assert stage.rows == [("shipment_delivered", "suppressed", "switched_off")]


def test_a_report_of_no_parcel_is_an_error(shop: Stage) -> None:
    """Nor is one of another channel there; an instant needs its offset."""
    shop.parcel(shop.order(), "f1")
    assert faults(report(shop, "DELIVERED", "f9")) == [("fulfillment", "NOT_FOUND")]
    at = report(shop, "DELIVERED", at="2026-03-02T10:00:00")
    assert faults(at) == [("occurredAt", "INVALID")]
    wrong = data(shop, REPORT, "app", id=to_global_id("Order", "1"), name="DELIVERED")
    assert faults(wrong) == [("fulfillment", "GRAPHQL_ERROR")]
    foreign = data(
        shop, REPORT, "other-channel", id=to_global_id("Fulfillment", "f1"), name="DELIVERED"
    )
    assert faults(foreign) == [("fulfillment", "NOT_FOUND")]
    assert not ShopEvent.objects.exists()
    assert "errors" in ask(shop, REPORT, id="x", name="LOST")


# ------------------------------------------------------------------------ replies and storms


def test_staff_decide_about_a_reply(shop: Stage) -> None:
    """Once: the same again answers the same, the opposite is an error."""
    account = ProviderAccount.objects.create(provider="memory", key="memory", created_at=NOON)
    row = InboundMessage.objects.create(
        account=account, sender=BUYER.phone, channel_id=CHANNEL, body="<i>enough</i>",
        received_at=NOON, review_by=NOON,
    )  # fmt: skip
    query = (
        "mutation ($id: ID!, $it: SmsResolutionEnum!) {"
        " smsInboundMessageResolve(id: $id, resolution: $it) {"
        " inboundMessage { resolution body } errors { field code } } }"
    )
    reply = to_global_id("SmsInboundMessage", row.pk)
    other = data(shop, query, "other-channel", id=reply, it="KEEP")
    assert faults(other) == [("id", "NOT_FOUND")]
    done = {"inboundMessage": {"resolution": "KEEP", "body": "<i>enough</i>"}, "errors": []}
    assert [data(shop, query, id=reply, it="KEEP") for _ in range(2)] == [done, done]
    assert faults(data(shop, query, id=reply, it="OPT_OUT")) == [("id", "INVALID")]


@pytest.mark.parametrize(("verb", "status"), [("Release", "queued"), ("Cancel", "cancelled")])
def test_staff_answer_a_storm(shop: Stage, verb: str, status: str) -> None:
    """Of their channels only."""
    send(shop, recipient=BUYER.phone)
    Message.objects.update(event_name="order_created", status="held", reason=Reason.STORM)
    Storm.objects.create(channel_id=CHANNEL, name="order_created", since=NOON, count=9, allowed=1)
    query = (
        f"mutation ($channel: String, $event: String) {{ smsStorm{verb}(channel: $channel,"
        " event: $event) { messages undecided byEvent { event messages } errors { field code } } }"
    )
    assert data(shop, query, "other-channel")["messages"] == 0
    assert faults(data(shop, query, channel="nowhere")) == [("channel", "NOT_FOUND")]
    assert faults(data(shop, query, event="<b>")) == [("event", "NOT_FOUND")]
    assert data(shop, query, channel="channel-1", event="order_created") == {
        "messages": 1, "undecided": 0, "errors": [],
        "byEvent": [{"event": "order_created", "messages": 1}],
    }  # fmt: skip
    assert Message.objects.get().status == status
    assert Storm.objects.get().until == NOON
