"""Texts by hand: one to a customer or a number, one sent anew, one ended, one to try it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from ...callers import Permission
from ...events.catalogue import Purpose
from ...ports import Order
from ...services import manual, recipients, test_text
from ...services.channels import Channel
from ...services.recipients import Recipient
from .context import Context
from .messages import MessageType
from .mutations import (
    ErrorCode,
    Mutation,
    blaming,
    channel_of,
    message_of,
    order_of,
    refused,
    shop_id,
)

LONGEST_KEY = 200

PurposeEnum = graphene.Enum("SmsPurposeEnum", [(each.name, each.value) for each in Purpose])


class MessageSendInput(graphene.InputObjectType):
    """One text, to one of ``order``, ``user`` and ``recipient``."""

    class Meta:
        name = "SmsMessageSendInput"

    channel = graphene.String(required=True, description="The slug of the channel that sends it.")
    order = graphene.ID(description="To the customer of this order; the text belongs to it.")
    user = graphene.ID(description="To this customer, at the phone of their default addresses.")
    recipient = graphene.String(description="To this phone number.")
    text = graphene.String(required=True, description="Word for word; no template.")
    purpose = graphene.InputField(
        PurposeEnum,
        required=True,
        description=(
            "MARKETING needs the person's consent, carries a way to opt out and keeps to the hours "
            "for offers; TRANSACTIONAL goes out at once, and must not sell anything."
        ),
    )
    key = graphene.String(
        required=True,
        description=(
            "Names this act of sending, such as a UUID made when the form was opened: the same "
            "key sends once, however often it is asked for, and belongs to one text and reader."
        ),
    )


class MessageSend(Mutation):
    """A text that staff wrote waits to be sent, or says in `status` and `why` why it does not go
    out. Requires MANAGE_ORDERS."""

    class Meta:
        name = "SmsMessageSend"
        permission = Permission.MANAGE_ORDERS

    class Arguments:
        input = MessageSendInput(required=True, description="The text.")

    message = graphene.Field(MessageType, description="The text.")

    @classmethod
    def perform(cls, context: Context, input: Mapping[str, Any]) -> dict[str, Any]:
        channel = channel_of(input["channel"], context)
        field, to, order, language = _reader(input, channel, context)
        key = input["key"].strip()
        if not 0 < len(key) <= LONGEST_KEY:
            raise refused("key", f"Give a key of 1 to {LONGEST_KEY} characters.")
        draft = manual.Draft(
            text=input["text"], purpose=Purpose(input["purpose"]), channel=channel, to=to,
            key=f"{context.caller.kind}:{context.caller.id}:{key}", by=context.caller.name,
            order=order, language=language,
        )  # fmt: skip
        with blaming("text", number=field):
            try:
                return {"message": manual.send(draft, context.ports)}
            except manual.KeyIsTaken as error:
                raise refused("key", str(error)) from None


def _reader(
    input: Mapping[str, Any], channel: Channel, context: Context
) -> tuple[str, Recipient, Order | None, str]:
    """Which input named them, their number, their order and their language."""
    given = [name for name in ("order", "user", "recipient") if input.get(name)]
    if len(given) != 1:
        raise refused(None, "Give one of `order`, `user` and `recipient`.", ErrorCode.REQUIRED)
    [field] = given
    if field == "order":
        order = order_of(input["order"], channel, context)
        return field, recipients.of_buyer(order, channel), order, order.language
    if field == "user":
        key = shop_id(input["user"], "User", "user")
        customer = context.ports.shop.customers([key]).get(key)
        if customer is None:
            raise refused("user", "There is no such customer.", ErrorCode.NOT_FOUND)
        return field, recipients.of_customer(customer, channel), None, customer.language
    return field, recipients.of_number(input["recipient"], channel), None, ""


class MessageRetry(Mutation):
    """A text that did not arrive is sent anew as a message of its own, once; asked again it
    answers with the same message. Requires MANAGE_ORDERS."""

    class Meta:
        name = "SmsMessageRetry"
        permission = Permission.MANAGE_ORDERS

    class Arguments:
        id = graphene.ID(required=True, description="The message that did not arrive.")
        recipient = graphene.String(description="The right phone number, where it was wrong.")
        accept_duplicate = graphene.Boolean(
            description="Send also a text whose outcome is unknown: the person may read it twice."
        )

    message = graphene.Field(MessageType, description="The new message.")

    @classmethod
    def perform(
        cls, context: Context, id: str, recipient: str = "", accept_duplicate: bool = False
    ) -> dict[str, Any]:
        old = message_of(id, context)
        with blaming("id"):
            new = manual.retry(
                old.pk, context.ports, by=context.caller.name, recipient=recipient or "",
                accept_duplicate=bool(accept_duplicate),
            )  # fmt: skip
        return {"message": new}


class MessageCancel(Mutation):
    """A text that waits has ended. Requires MANAGE_ORDERS."""

    class Meta:
        name = "SmsMessageCancel"
        permission = Permission.MANAGE_ORDERS

    class Arguments:
        id = graphene.ID(required=True, description="The message that waits.")

    message = graphene.Field(MessageType, description="The message.")

    @classmethod
    def perform(cls, context: Context, id: str) -> dict[str, Any]:
        waiting = message_of(id, context)
        with blaming("id"):
            return {"message": manual.cancel(waiting.pk, context.ports)}


class TestSend(Mutation):
    """A test text was tried here and now. Requires MANAGE_PLUGINS."""

    class Meta:
        name = "SmsTestSend"
        permission = Permission.MANAGE_PLUGINS

    class Arguments:
        channel = graphene.String(required=True, description="The slug of the channel.")
        recipient = graphene.String(required=True, description="The phone that it goes to.")

    message = graphene.Field(MessageType, description="The test text.")
    outcome = graphene.String(description="What became of it, in a sentence.")

    @classmethod
    def perform(cls, context: Context, channel: str, recipient: str) -> dict[str, Any]:
        where = channel_of(channel, context)
        with blaming("channel"):
            message = test_text.send_test(recipient, where.id, context.ports)
        return {"message": message, "outcome": test_text.outcome_of(message)}


class SendingMutations(graphene.ObjectType):
    """Texts by hand."""

    sms_message_send = MessageSend.Field()
    sms_message_retry = MessageRetry.Field()
    sms_message_cancel = MessageCancel.Field()
    sms_test_send = TestSend.Field()
