"""What customers wrote to the shop's numbers, and what staff have to decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from django.db.models import Q

from ...callers import Permission
from ...domain.keywords import Meaning
from ...models import InboundMessage
from ...services.reviews import Resolution
from .connections import ARGUMENTS, Page, connection, page
from .context import Context, needs, visible
from .ids import global_id, row_id
from .messages import OrderDirection
from .rows import Filters, narrowed, null_where_empty, number_of, sort_of

NODE = "SmsInboundMessage"

MeaningEnum = graphene.Enum("SmsMeaningEnum", [(each.name, each.value) for each in Meaning])
ReviewEnum = graphene.Enum(
    "SmsReviewEnum", [("NOT_NEEDED", "not_needed"), ("WAITING", "waiting"), ("DECIDED", "decided")]
)
ResolutionEnum = graphene.Enum(
    "SmsResolutionEnum", [(each.name, each.value) for each in Resolution]
)
InboundSortField = graphene.Enum("SmsInboundMessageSortField", [("RECEIVED_AT", "received_at")])

_REVIEWS = {
    "not_needed": Q(review_by__isnull=True),
    "waiting": Q(review_by__isnull=False, resolved_at__isnull=True),
    "decided": Q(resolved_at__isnull=False),
}


class InboundMessageType(graphene.ObjectType):
    """One text from a phone to one of the shop's numbers."""

    class Meta:
        name = NODE

    id = graphene.ID(required=True, description="The reply.")
    sender = graphene.String(description="Who wrote; null once it was erased.")
    recipient = graphene.String(description="The shop's number.")
    channel = graphene.String(
        description="The slug of the channel whose text it answers; null where none is known."
    )
    body = graphene.String(description="What they wrote; null once it was erased.")
    meaning = graphene.Field(
        MeaningEnum, description="What it is taken for; null before it was read."
    )
    received_at = graphene.DateTime(required=True, description="When it came.")
    review = graphene.Field(
        ReviewEnum, required=True, description="Whether staff have to decide about it."
    )
    review_by = graphene.DateTime(description="Until when they have to.")
    resolution = graphene.Field(ResolutionEnum, description="What they decided.")
    resolved_at = graphene.DateTime(description="When they did.")

    @staticmethod
    def resolve_id(root: InboundMessage, info: Any) -> str | None:
        return global_id(NODE, root.pk)

    @staticmethod
    def resolve_channel(root: InboundMessage, info: Any) -> str | None:
        context: Context = info.context
        return context.slugs.get(root.channel_id) if root.channel_id is not None else None

    @staticmethod
    def resolve_review(root: InboundMessage, info: Any) -> str:
        if root.resolved_at is not None:
            return "decided"
        return "waiting" if root.review_by is not None else "not_needed"


null_where_empty(InboundMessageType, "sender", "recipient", "body", "meaning", "resolution")

InboundMessageConnection = connection(InboundMessageType, NODE)


class InboundMessageFilterInput(graphene.InputObjectType):
    """Which replies; what is left out does not matter, what is given must all hold."""

    class Meta:
        name = "SmsInboundMessageFilterInput"

    review = graphene.InputField(ReviewEnum, description="Whether staff have to decide about them.")
    meanings = graphene.List(graphene.NonNull(MeaningEnum), description="What they are taken for.")
    sender = graphene.String(description="From this phone number, with its country code.")
    channels = graphene.List(graphene.NonNull(graphene.String), description="Slugs of channels.")
    received_since = graphene.DateTime(description="That came at this instant or later.")
    received_until = graphene.DateTime(description="That came before this instant.")


class InboundMessageSortingInput(graphene.InputObjectType):
    """In which order."""

    class Meta:
        name = "SmsInboundMessageSortingInput"

    field = graphene.Argument(InboundSortField, required=True, description="By what.")
    direction = graphene.Argument(OrderDirection, required=True, description="Which way.")


def _filters(context: Context) -> Filters:
    return {
        "review": _REVIEWS.__getitem__,
        "meanings": lambda meanings: Q(meaning__in=meanings),
        "sender": lambda number: Q(sender=number_of(number, "sender")),
        "channels": lambda slugs: Q(channel_id__in=context.channel_ids(slugs)),
        "received_since": lambda instant: Q(received_at__gte=instant),
        "received_until": lambda instant: Q(received_at__lt=instant),
    }


class InboundMessageQueries(graphene.ObjectType):
    """Reading replies."""

    inbound_message = graphene.Field(
        InboundMessageType,
        id=graphene.ID(required=True, description="The reply."),
        description="One reply. Requires MANAGE_ORDERS.",
    )
    inbound_messages = graphene.Field(
        InboundMessageConnection,
        filter=InboundMessageFilterInput(description="Which ones."),
        sort_by=InboundMessageSortingInput(
            description="In which order; the newest first without it."
        ),
        **ARGUMENTS,
        description="What customers wrote. Requires MANAGE_ORDERS.",
    )

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_inbound_message(root: Any, info: Any, id: str) -> InboundMessage | None:
        rows = visible(InboundMessage.objects.all(), info.context.caller)
        return rows.filter(pk=row_id(id, NODE)).first()

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_inbound_messages(
        root: Any,
        info: Any,
        filter: Mapping[str, Any] | None = None,
        sort_by: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Page:
        rows = visible(InboundMessage.objects.all(), info.context.caller)
        rows = narrowed(rows, filter, _filters(info.context))
        return page(rows, sort_of(sort_by, "-received_at"), arguments, "inboundMessages")
