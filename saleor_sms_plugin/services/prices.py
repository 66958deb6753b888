"""What a segment cost lately: what a text may cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from ..models import DailyCount
from ..ports import Ports

LATELY = dt.timedelta(days=30)
_CENTS = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The average price of a segment to one country."""

    country: str
    currency: str
    per_segment: Decimal

    def of(self, segment_count: int) -> Decimal:
        """The price of so many segments, to four places."""
        return (self.per_segment * segment_count).quantize(_CENTS)


def rates(channel_id: int, ports: Ports) -> Mapping[str, Rate]:
    """By country, where the provider told prices lately; one statement, over the days' counters.

    A country with prices in several currencies has the one of most segments.
    """
    since = (ports.clock.now() - LATELY).date()
    told = DailyCount.objects.filter(
        channel_id=channel_id, day__gte=since, cost__gt=0, segment_count__gt=0
    ).exclude(currency="")
    rows = told.values_list("country", "currency").annotate(Sum("cost"), Sum("segment_count"))
    return {
        country: Rate(country=country, currency=currency, per_segment=cost / count)
        for country, currency, cost, count in sorted(rows, key=lambda row: row[3])
    }
