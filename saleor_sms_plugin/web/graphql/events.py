"""What happened in the shop, and the texts that came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from django.db.models import Prefetch, Q, QuerySet

from ...callers import Permission
from ...models import Message, ShopEvent
from .connections import ARGUMENTS, Page, connection, page
from .context import Context, needs, visible
from .ids import global_id, local_id, row_id
from .messages import MessageType, OrderDirection, read
from .rows import Filters, narrowed, sort_of
from .selection import asks_for

NODE = "SmsEvent"

EventSortField = graphene.Enum("SmsEventSortField", [("RECORDED_AT", "recorded_at")])


class EventType(graphene.ObjectType):
    """Something that happened in the shop, recorded once."""

    class Meta:
        name = NODE

    id = graphene.ID(required=True, description="The event.")
    name = graphene.String(required=True, description="What it was, such as order_created.")
    channel = graphene.String(description="The channel's slug; null where it has no settings.")
    order_id = graphene.ID(description="The order it is about, as the shop's API names it.")
    checkout_id = graphene.ID(description="The checkout it began with, where there was no order.")
    occurred_at = graphene.DateTime(required=True, description="When it happened.")
    recorded_at = graphene.DateTime(required=True, description="When it was put down here.")
    plan_at = graphene.DateTime(
        description="When it is decided what comes of it; null where all is decided."
    )
    is_found = graphene.Boolean(
        required=True, description="It was found later; no hook of the shop told of it."
    )
    is_held = graphene.Boolean(
        required=True, description="Far more than usual came at once: it waits for staff."
    )
    ended = graphene.String(description="Why it ended before anything was decided: one word.")
    messages = graphene.List(
        graphene.NonNull(MessageType),
        required=True,
        description="The texts, and the decisions not to send one, that came of it.",
    )

    @staticmethod
    def resolve_id(root: ShopEvent, info: Any) -> str | None:
        return global_id(NODE, root.pk)

    @staticmethod
    def resolve_channel(root: ShopEvent, info: Any) -> str | None:
        context: Context = info.context
        return context.slugs.get(root.channel_id)

    @staticmethod
    def resolve_order_id(root: ShopEvent, info: Any) -> str | None:
        return global_id("Order", root.order_id)

    @staticmethod
    def resolve_checkout_id(root: ShopEvent, info: Any) -> str | None:
        return global_id("Checkout", root.checkout_id)

    @staticmethod
    def resolve_is_found(root: ShopEvent, info: Any) -> bool:
        return root.found

    @staticmethod
    def resolve_is_held(root: ShopEvent, info: Any) -> bool:
        return root.held

    @staticmethod
    def resolve_ended(root: ShopEvent, info: Any) -> str | None:
        return root.facts.get("ended")

    @staticmethod
    def resolve_messages(root: ShopEvent, info: Any) -> Any:
        return root.messages.all()


EventConnection = connection(EventType, NODE)


class EventFilterInput(graphene.InputObjectType):
    """Which events; what is left out does not matter, what is given must all hold."""

    class Meta:
        name = "SmsEventFilterInput"

    order = graphene.ID(description="About this order.")
    checkout = graphene.ID(description="About this checkout.")
    names = graphene.List(graphene.NonNull(graphene.String), description="What they were.")
    channels = graphene.List(graphene.NonNull(graphene.String), description="Slugs of channels.")
    is_found = graphene.Boolean(description="Whether they were found later.")
    is_held = graphene.Boolean(description="Whether they wait for staff.")
    is_decided = graphene.Boolean(description="Whether everything about them is decided.")
    recorded_since = graphene.DateTime(description="Put down at this instant or later.")
    recorded_until = graphene.DateTime(description="Put down before this instant.")


class EventSortingInput(graphene.InputObjectType):
    """In which order."""

    class Meta:
        name = "SmsEventSortingInput"

    field = graphene.Argument(EventSortField, required=True, description="By what.")
    direction = graphene.Argument(OrderDirection, required=True, description="Which way.")


def _filters(context: Context) -> Filters:
    return {
        "order": lambda given: Q(order_id=local_id(given, "Order")),
        "checkout": lambda given: Q(checkout_id=local_id(given, "Checkout")),
        "names": lambda names: Q(name__in=names),
        "channels": lambda slugs: Q(channel_id__in=context.channel_ids(slugs)),
        "is_found": lambda found: Q(found=found),
        "is_held": lambda held: Q(held=held),
        "is_decided": lambda decided: Q(plan_at__isnull=decided),
        "recorded_since": lambda instant: Q(recorded_at__gte=instant),
        "recorded_until": lambda instant: Q(recorded_at__lt=instant),
    }


def _read(rows: QuerySet[ShopEvent], info: Any, *path: str) -> QuerySet[ShopEvent]:
    if not asks_for(info, *path, "messages"):
        return rows
    texts = visible(Message.objects.order_by("pk"), info.context.caller)
    return rows.prefetch_related(Prefetch("messages", read(texts, info, *path, "messages")))


class EventQueries(graphene.ObjectType):
    """Reading events."""

    event = graphene.Field(
        EventType,
        id=graphene.ID(required=True, description="The event."),
        description="One event. Requires MANAGE_ORDERS.",
    )
    events = graphene.Field(
        EventConnection,
        filter=EventFilterInput(description="Which ones."),
        sort_by=EventSortingInput(description="In which order; the newest first without it."),
        **ARGUMENTS,
        description="What happened in the shop. Requires MANAGE_ORDERS.",
    )

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_event(root: Any, info: Any, id: str) -> ShopEvent | None:
        rows = visible(ShopEvent.objects.all(), info.context.caller)
        return _read(rows, info).filter(pk=row_id(id, NODE)).first()

    @staticmethod
    @needs(Permission.MANAGE_ORDERS)
    def resolve_events(
        root: Any,
        info: Any,
        filter: Mapping[str, Any] | None = None,
        sort_by: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Page:
        rows = visible(ShopEvent.objects.all(), info.context.caller)
        rows = _read(narrowed(rows, filter, _filters(info.context)), info, "edges", "node")
        return page(rows, sort_of(sort_by, "-recorded_at"), arguments, "events")
