"""What customers wrote, and what staff decide about it."""

from __future__ import annotations

from ...exceptions import InvalidInput
from ...models import InboundMessage
from ...services import reviews
from ..graphql.connections import page
from ..graphql.context import visible
from .visit import Part, Visit

PAGE = 50


def show(visit: Visit) -> Part:
    """The replies that wait for staff, the most urgent first, then the latest."""
    rows = visible(InboundMessage.objects.all(), visit.caller)
    waiting = rows.filter(review_by__isnull=False, resolved_at__isnull=True)
    asked = {"first": PAGE, "after": visit.text("after") or None}
    found = page(rows, "-received_at", asked, "replies")
    slugs = {channel.id: channel.slug for channel in visit.channels.values()}
    return Part(
        template="replies.html",
        context={
            "waiting": [
                (row, slugs.get(row.channel_id or 0, ""))
                for row in waiting.order_by("review_by", "pk")[:PAGE]
            ],
            "rows": [
                (edge.node, slugs.get(edge.node.channel_id or 0, ""), _words(edge.node, visit))
                for edge in found.edges
            ],
            "after": found.page_info.end_cursor if found.page_info.has_next_page else "",
            "opt_out": reviews.Resolution.OPT_OUT,
            "keep": reviews.Resolution.KEEP,
        },
    )


def _words(row: InboundMessage, visit: Visit) -> str:
    """What it was taken for, or what staff decided."""
    key = f"resolution_{row.resolution}" if row.resolution else f"meaning_{row.meaning}"
    return visit.words.get(key, row.resolution or row.meaning)


def resolve(visit: Visit, key: str) -> Part:
    """What the reply holds became an opt-out, or ended; the page without it.

    Raises InvalidInput for a reply that is not there or was decided already.
    """
    try:
        resolution = reviews.Resolution(visit.text("resolution"))
    except ValueError:
        raise InvalidInput(visit.words["no_resolution"]) from None
    if not visible(InboundMessage.objects.filter(pk=int(key)), visit.caller).exists():
        raise InvalidInput(visit.words["no_reply"])
    reviews.resolve(int(key), resolution, visit.caller.name, visit.ports)
    return show(visit)
