"""Messages: what was sent, what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from django.db.models import Q, QuerySet

from ...callers import Permission
from ...domain.transitions import MessageStatus
from ...models import Message
from ...services import timeline
from ...services.timeline import Moment
from .connections import ARGUMENTS, Page, connection, page
from .context import needs, visible
from .ids import global_id, local_id, row_id
from .rows import Filters, narrowed, null_where_empty, number_of, sort_of
from .selection import asks_for

NODE = "SmsMessage"

MessageStatusEnum = graphene.Enum(
    "SmsMessageStatusEnum", [(each.name, each.value) for each in MessageStatus]
)
MessageSortField = graphene.Enum("SmsMessageSortField", [("CREATED_AT", "created_at")])
OrderDirection = graphene.Enum("OrderDirection", [("ASC", ""), ("DESC", "-")])


class SendAttemptType(graphene.ObjectType):
    """One call to the provider."""

    class Meta:
        name = "SmsSendAttempt"

    number = graphene.Int(required=True, description="1 for the first call.")
    provider = graphene.String(required=True, description="Who was called.")
    outcome = graphene.String(required=True, description="What came of it.")
    code = graphene.String(required=True, description="The provider's own code.")
    detail = graphene.String(required=True, description="What the provider said.")
    started_at = graphene.DateTime(required=True, description="When the call began.")
    finished_at = graphene.DateTime(description="When its outcome was known.")


class DeliveryReceiptType(graphene.ObjectType):
    """One delivery receipt."""

    class Meta:
        name = "SmsDeliveryReceipt"

    status = graphene.String(required=True, description="What it means; empty: nothing new.")
    provider_status = graphene.String(required=True, description="The provider's own word.")
    code = graphene.String(required=True, description="The provider's own code.")
    detail = graphene.String(required=True, description="What the provider said.")
    occurred_at = graphene.DateTime(description="When it happened, as the provider says.")
    received_at = graphene.DateTime(required=True, description="When it came here.")


class LinkType(graphene.ObjectType):
    """One link in a text, and whether a person followed it."""

    class Meta:
        name = "SmsLink"

    kind = graphene.String(required=True, description="Where it leads: retry, recovery, order …")
    created_at = graphene.DateTime(required=True, description="When it was made.")
    expires_at = graphene.DateTime(required=True, description="How long it works.")
    ended_at = graphene.DateTime(description="When it was no longer needed: paid, bought …")
    clicked_at = graphene.DateTime(description="When a person first followed it.")
    preview_count = graphene.Int(
        required=True, description="How often programs looked ahead; no person did."
    )


WhatEnum = graphene.Enum(
    "SmsMomentEnum", [(each.name, each.value) for each in timeline.What]
)  # fmt: skip


class MomentType(graphene.ObjectType):
    """One thing that happened to a text, or will."""

    class Meta:
        name = "SmsMoment"

    at = graphene.DateTime(required=True, description="When.")
    what = graphene.Field(WhatEnum, required=True, description="What.")
    detail = graphene.String(required=True, description="The particulars, for people.")


class MessageType(graphene.ObjectType):
    """One text to one recipient, or the decision that there is none."""

    class Meta:
        name = NODE

    id = graphene.ID(required=True, description="The message.")
    event = graphene.String(required=True, description="The event it is about.")
    status = graphene.Field(MessageStatusEnum, required=True, description="Where it is.")
    reason = graphene.String(description="Why it waits, ended or was not sent: one word.")
    why = graphene.String(description="The same for people.")
    order_id = graphene.ID(description="The order it is about, as the shop's API names it.")
    order_number = graphene.String(description="The order's number.")
    channel = graphene.String(required=True, description="The channel's slug.")
    purpose = graphene.String(required=True, description="transactional or marketing.")
    recipient = graphene.String(description="The phone number; null once it was erased.")
    country = graphene.String(description="The recipient's country.")
    language = graphene.String(description="The text's language.")
    sender = graphene.String(description="What the recipient sees as the sender.")
    provider = graphene.String(description="Who it was given to.")
    body = graphene.String(description="The text; null before it was written and once erased.")
    segments = graphene.Int(description="How many segments it has.")
    price = graphene.Decimal(description="What it cost.")
    currency = graphene.String(description="The price's currency.")
    created_at = graphene.DateTime(required=True, description="When it was decided.")
    not_before = graphene.DateTime(description="When it may go out; null once it has ended.")
    sent_at = graphene.DateTime(description="When the provider took it.")
    finished_at = graphene.DateTime(description="When nothing more was to come.")
    retry_of = graphene.ID(description="The message that it is sent anew for, by hand.")
    attempts = graphene.List(
        graphene.NonNull(SendAttemptType), required=True, description="Every call, oldest first."
    )
    receipts = graphene.List(
        graphene.NonNull(DeliveryReceiptType), required=True, description="As they came."
    )
    links = graphene.List(graphene.NonNull(LinkType), required=True, description="The links in it.")
    shop_event_id = graphene.ID(description="What was recorded of the shop; see `event`.")
    happened_at = graphene.DateTime(description="When it happened in the shop.")
    timeline = graphene.List(
        graphene.NonNull(MomentType), required=True,
        description="Event, decision, calls, receipts, clicks and end, oldest first.",
    )  # fmt: skip

    @staticmethod
    def resolve_id(root: Message, info: Any) -> str | None:
        return global_id(NODE, root.pk)

    @staticmethod
    def resolve_event(root: Message, info: Any) -> str:
        return root.event_name

    @staticmethod
    def resolve_order_id(root: Message, info: Any) -> str | None:
        return global_id("Order", root.order_id)

    @staticmethod
    def resolve_channel(root: Message, info: Any) -> str:
        return root.channel_slug

    @staticmethod
    def resolve_segments(root: Message, info: Any) -> int | None:
        return root.segment_count

    @staticmethod
    def resolve_sender(root: Message, info: Any) -> str | None:
        return root.sender_id or None

    @staticmethod
    def resolve_not_before(root: Message, info: Any) -> Any:
        return None if root.finished_at else root.not_before

    @staticmethod
    def resolve_retry_of(root: Message, info: Any) -> str | None:
        return global_id(NODE, root.says.get("retry_of"))

    @staticmethod
    def resolve_attempts(root: Message, info: Any) -> Any:
        return root.attempts.all()

    @staticmethod
    def resolve_receipts(root: Message, info: Any) -> Any:
        return root.receipts.all()

    @staticmethod
    def resolve_links(root: Message, info: Any) -> Any:
        return root.links.all()

    @staticmethod
    def resolve_shop_event_id(root: Message, info: Any) -> str | None:
        return global_id("SmsEvent", root.event_id)

    @staticmethod
    def resolve_happened_at(root: Message, info: Any) -> Any:
        return root.event.occurred_at if root.event else None

    @staticmethod
    def resolve_timeline(root: Message, info: Any) -> list[Moment]:
        return timeline.timeline(root)


null_where_empty(
    MessageType, "reason", "why", "order_number", "recipient", "country", "language", "provider",
    "body", "currency",
)  # fmt: skip

MessageConnection = connection(MessageType, NODE)


class MessageFilterInput(graphene.InputObjectType):
    """Which messages; what is left out does not matter, what is given must all hold."""

    class Meta:
        name = "SmsMessageFilterInput"

    ids = graphene.List(graphene.NonNull(graphene.ID), description="These messages.")
    order = graphene.ID(description="About this order.")
    order_number = graphene.String(description="About the order of this number.")
    recipient = graphene.String(description="To this phone number, with its country code.")
    channels = graphene.List(graphene.NonNull(graphene.String), description="Slugs of channels.")
    events = graphene.List(graphene.NonNull(graphene.String), description="Names of events.")
    statuses = graphene.List(graphene.NonNull(MessageStatusEnum), description="Where they are.")
    reasons = graphene.List(graphene.NonNull(graphene.String), description="Words of reasons.")
    purpose = graphene.String(description="transactional or marketing.")
    created_since = graphene.DateTime(description="Decided at this instant or later.")
    created_until = graphene.DateTime(description="Decided before this instant.")


class MessageSortingInput(graphene.InputObjectType):
    """In which order."""

    class Meta:
        name = "SmsMessageSortingInput"

    field = graphene.Argument(MessageSortField, required=True, description="By what.")
    direction = graphene.Argument(OrderDirection, required=True, description="Which way.")


_FILTERS: Filters = {
    "ids": lambda ids: Q(pk__in=[row_id(each, NODE) for each in ids[:100]]),
    "order": lambda given: Q(order_id=local_id(given, "Order")),
    "order_number": lambda number: Q(order_number=number.strip().lstrip("#")),
    "recipient": lambda number: Q(recipient=number_of(number, "recipient")),
    "channels": lambda slugs: Q(channel_slug__in=slugs),
    "events": lambda names: Q(event_name__in=names),
    "statuses": lambda statuses: Q(status__in=statuses),
    "reasons": lambda reasons: Q(reason__in=reasons),
    "purpose": lambda purpose: Q(purpose=purpose),
    "created_since": lambda instant: Q(created_at__gte=instant),
    "created_until": lambda instant: Q(created_at__lt=instant),
}


def filtered(rows: QuerySet[Message], given: Mapping[str, Any] | None) -> QuerySet[Message]:
    """The rows for which everything that is given holds."""
    return narrowed(rows, given, _FILTERS)


def read(rows: QuerySet[Message], info: Any, *path: str) -> QuerySet[Message]:
    """The rows with what the query asks for below ``path``, each in one statement for all."""
    if asks_for(info, *path, "timeline"):
        return timeline.with_timeline(rows)
    if asks_for(info, *path, "happenedAt"):
        rows = rows.select_related("event")
    wanted = [each for name, each in _BESIDE.items() if asks_for(info, *path, name)]
    return rows.prefetch_related(*wanted)


_BESIDE = {
    "attempts": timeline.ATTEMPTS, "receipts": timeline.RECEIPTS, "links": timeline.LINKS,
}  # fmt: skip


class MessageQueries(graphene.ObjectType):
    """Reading messages."""

    message = graphene.Field(
        MessageType,
        id=graphene.ID(required=True, description="The message."),
        description="One message. Requires MANAGE_ORDERS.",
    )
    messages = graphene.Field(
        MessageConnection,
        filter=MessageFilterInput(description="Which ones."),
        sort_by=MessageSortingInput(description="In which order; the newest first without it."),
        **ARGUMENTS,
        description="Messages, and the decisions not to send one. Requires MANAGE_ORDERS.",
    )

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_message(root: Any, info: Any, id: str) -> Message | None:
        rows = visible(Message.objects.all(), info.context.caller)
        return read(rows, info).filter(pk=row_id(id, NODE)).first()

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_messages(
        root: Any,
        info: Any,
        filter: Mapping[str, Any] | None = None,
        sort_by: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Page:
        rows = filtered(visible(Message.objects.all(), info.context.caller), filter)
        sort = sort_of(sort_by, "-created_at")
        return page(read(rows, info, "edges", "node"), sort, arguments, "messages")
