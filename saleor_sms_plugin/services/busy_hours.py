"""How many of each event a channel has in an hour: its busiest hour of 14 days is usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncHour

from ..domain.spans import AN_HOUR
from ..events.catalogue import SOURCES
from ..models import BusyHour, ShopEvent

USUAL_OVER = dt.timedelta(days=14)


def count(now: dt.datetime) -> None:
    """Every whole hour that has passed is counted; what a storm holds, or held when staff ended
    it, is not usual."""
    this = _begin(now)
    last = BusyHour.objects.aggregate(hour=Max("hour"))["hour"]
    first = max(last + AN_HOUR if last else this - USUAL_OVER, this - USUAL_OVER)
    if first >= this:
        return
    recorded = ShopEvent.objects.filter(recorded_at__gte=first, recorded_at__lt=this)
    BusyHour.objects.bulk_create(_hours(recorded), ignore_conflicts=True)
    BusyHour.objects.filter(hour__lt=this - USUAL_OVER).delete()


def count_again(events: QuerySet[ShopEvent], since: dt.datetime, now: dt.datetime) -> None:
    """The whole hours from that of ``since`` on are counted anew, of these events."""
    mine = events.filter(recorded_at__gte=_begin(since), recorded_at__lt=_begin(now))
    BusyHour.objects.bulk_create(
        _hours(mine), update_conflicts=True, update_fields=["count"],
        unique_fields=["hour", "channel_id", "name"],
    )  # fmt: skip


def busiest(channel_ids: Collection[int]) -> Mapping[tuple[int, str], int]:
    """By channel and event, the count of the busiest hour."""
    rows = BusyHour.objects.filter(channel_id__in=channel_ids)
    most = rows.values_list("channel_id", "name").annotate(most=Max("count")).order_by()
    return {(channel_id, name): count for channel_id, name, count in most}


def _hours(recorded: QuerySet[ShopEvent]) -> list[BusyHour]:
    rows = (
        recorded.filter(held=False, name__in=SOURCES)
        .annotate(hour=TruncHour("recorded_at", tzinfo=dt.UTC))
        .values("channel_id", "name", "hour").annotate(count=Count("pk")).order_by()
    )  # fmt: skip
    return [BusyHour(**row) for row in rows]


def _begin(at: dt.datetime) -> dt.datetime:
    return at.replace(minute=0, second=0, microsecond=0)
