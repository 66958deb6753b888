"""What staff decide: about replies that may be a wish to stop, and about storms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import graphene

from ...callers import Permission
from ...events.catalogue import EVENTS
from ...models import InboundMessage
from ...services import reviews, storm
from .context import Context, visible
from .mutations import ErrorCode, Mutation, blaming, channel_of, own_id, refused
from .replies import NODE, InboundMessageType, ResolutionEnum


class InboundMessageResolve(Mutation):
    """A reply that waited for staff is decided: it was an opt-out, or it was none. Requires
    MANAGE_ORDERS."""

    class Meta:
        name = "SmsInboundMessageResolve"
        permission = Permission.MANAGE_ORDERS

    class Arguments:
        id = graphene.ID(required=True, description="The reply.")
        resolution = graphene.Argument(ResolutionEnum, required=True, description="What it was.")

    inbound_message = graphene.Field(InboundMessageType, description="The reply.")

    @classmethod
    def perform(cls, context: Context, id: str, resolution: str) -> dict[str, Any]:
        rows = visible(InboundMessage.objects.all(), context.caller)
        found = rows.filter(pk=own_id(id, NODE)).first()
        if found is None:
            raise refused("id", "There is no such reply.", ErrorCode.NOT_FOUND)
        if found.resolution != resolution:
            with blaming("id"):
                reviews.resolve(
                    found.pk, reviews.Resolution(resolution), context.caller.name, context.ports
                )
            found.refresh_from_db()
        return {"inbound_message": found}


class StormCountType(graphene.ObjectType):
    """How many texts of one event."""

    class Meta:
        name = "SmsStormCount"

    event = graphene.String(required=True, description="The event.")
    messages = graphene.Int(required=True, description="Its texts.")


class StormMutation(Mutation):
    """What storms hold, in one channel and of one event, or in all that the caller sees."""

    class Meta:
        abstract = True

    class Arguments:
        channel = graphene.String(description="In this channel, by its slug; else in all.")
        event = graphene.String(description="Of this event of the catalogue; else of all.")

    messages = graphene.Int(description="Texts that were held.")
    undecided = graphene.Int(description="Events whose texts were not decided yet.")
    by_event = graphene.List(graphene.NonNull(StormCountType), description="Of which events.")
    answer: Callable[..., storm.Answered]

    @classmethod
    def perform(
        cls, context: Context, channel: str | None = None, event: str | None = None
    ) -> dict[str, Any]:
        if event and event not in EVENTS:
            raise refused("event", f"There is no event “{event[:60]}”.", ErrorCode.NOT_FOUND)
        where = [channel_of(channel, context).id] if channel else context.caller.channel_ids
        done = cls.answer(context.ports, channels=where, event=event or "")
        by_event = [{"event": name, "messages": count} for name, count in done.by_event.items()]
        return {"messages": done.texts, "undecided": done.undecided, "by_event": by_event}


class StormRelease(StormMutation):
    """What storms hold goes its way; what became too late ends. Requires MANAGE_ORDERS."""

    class Meta:
        name = "SmsStormRelease"
        permission = Permission.MANAGE_ORDERS

    answer = staticmethod(storm.release)


class StormCancel(StormMutation):
    """What storms hold has ended. Requires MANAGE_ORDERS."""

    class Meta:
        name = "SmsStormCancel"
        permission = Permission.MANAGE_ORDERS

    answer = staticmethod(storm.cancel)


class ResolvingMutations(graphene.ObjectType):
    """Decisions of staff."""

    sms_inbound_message_resolve = InboundMessageResolve.Field()
    sms_storm_release = StormRelease.Field()
    sms_storm_cancel = StormCancel.Field()
