"""What carriers and ERPs report of a parcel."""

from __future__ import annotations

import datetime as dt
from typing import Any

import graphene

from ...callers import Permission
from ...events.catalogue import STAGES
from ...models import ShopEvent
from ...services import shipping
from ...services.record import OLDEST
from .context import Context
from .events import EventType
from .mutations import ErrorCode, Mutation, refused, shop_id

StageEnum = graphene.Enum(
    "SmsShipmentStageEnum",
    [(spec.name.removeprefix("shipment_").upper(), spec.name) for spec in STAGES],
)


class ShipmentStageReport(Mutation):
    """A parcel has reached a stage. Each stage of a parcel is an event once; it causes a text
    where that event is switched on and no later stage was reported. Requires MANAGE_ORDERS."""

    class Meta:
        permission = Permission.MANAGE_ORDERS

    class Arguments:
        fulfillment = graphene.ID(required=True, description="The parcel.")
        stage = graphene.Argument(StageEnum, required=True, description="Where it is.")
        occurred_at = graphene.DateTime(
            description=(
                f"Since when, with its offset: at most {OLDEST.days} days ago; now without it."
            )
        )

    event = graphene.Field(EventType, description="The event.")
    recorded = graphene.Boolean(description="Whether it is news: false where it was told before.")

    @classmethod
    def perform(
        cls, context: Context, fulfillment: str, stage: str, occurred_at: dt.datetime | None = None
    ) -> dict[str, Any]:
        parcel = shop_id(fulfillment, "Fulfillment", "fulfillment")
        order = context.ports.shop.order_of_parcel(parcel)
        if order is None or not context.caller.sees(order.channel_id):
            raise refused("fulfillment", "There is no such fulfillment.", ErrorCode.NOT_FOUND)
        if occurred_at is not None and occurred_at.tzinfo is None:
            raise refused("occurredAt", "Say the offset, too: 2026-03-02T12:00:00+00:00.")
        if occurred_at is not None and occurred_at < context.ports.clock.now() - OLDEST:
            raise refused("occurredAt", f"Only stages of the last {OLDEST.days} days are taken.")
        recorded = shipping.report(parcel, stage, order, context.ports, occurred_at)
        event = ShopEvent.objects.get(key=shipping.key_of(parcel, stage))
        return {"event": event, "recorded": recorded}


class StageMutations(graphene.ObjectType):
    """Reports of carriers."""

    shipment_stage_report = ShipmentStageReport.Field()
