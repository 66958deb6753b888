"""“Why did order 1234 get, or not get, its texts?”"""

from __future__ import annotations

from dataclasses import dataclass

from ...ports import Order
from ...services.explain import SETTLING, Decision, explain
from ..graphql.ids import local_id
from .labels import event_label, status_label
from .visit import Part, Visit
from .words.reasons import why


@dataclass(frozen=True, kw_only=True)
class Story:
    """One decision, with what it is called on the page."""

    decision: Decision
    label: str
    status: str
    why: str


def show(visit: Visit) -> Part:
    """Every decision about the order of this number or id, or why there is none."""
    asked = visit.text("number").lstrip("#") or _of_dashboard(visit.text("orderId"))
    found = visit.ports.shop.find_orders(asked) if asked else []
    orders = [order for order in found if visit.caller.sees(order.channel_id)]
    return Part(
        template="order.html",
        context={
            "asked": asked,
            "unknown": bool(asked) and not orders,
            "orders": [(order, _told(order, visit), _silence(order, visit)) for order in orders],
        },
    )


def _of_dashboard(given: str) -> str:
    """The order's id, as the dashboard hands it to what is opened from an order's page."""
    return local_id(given, "Order") if given else ""


def _told(order: Order, visit: Visit) -> list[Story]:
    return [
        Story(
            decision=each,
            label=event_label(each.event, visit.language),
            status=status_label(each.status, visit.language),
            why=visit.words["settling"]
            if each.status == SETTLING
            else why(each.reason, visit.language),
        )
        for each in explain(order, visit.ports)
    ]


def _silence(order: Order, visit: Visit) -> str:
    """What may explain that nothing at all is known of an order."""
    channel = visit.channels.get(order.channel_id)
    if channel is None or not channel.stored.active:
        return visit.words["silence_inactive"].format(channel=order.channel_slug)
    return visit.words["silence"].format(channel=order.channel_slug)
