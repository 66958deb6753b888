"""What was sent, what was not and why, and what it cost, from counters of each day.

A day is a UTC day, and a text belongs to the day of its decision. The counters name nobody and
are kept when the texts are gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Count, DateField, DecimalField, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, TruncDate

from ..domain.spans import A_DAY
from ..domain.transitions import MessageStatus
from ..exceptions import InvalidInput
from ..models import CountedDay, DailyCount, Message, Recovery
from ..ports import Ports

LONGEST = 400  #: days that can be asked for at once
LONGEST_DAILY = 90  #: where each day has rows of its own
MOST_ROWS = 2_000
_MOST_CELLS = 40_000  #: counters behind them
_MOST_DAYS = 10  #: counted in one run
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# --------------------------------------------------------------------------------- counting


def roll_up(ports: Ports) -> int:
    """The counters of each day are what its texts were a moment ago; returns the days counted.

    Today and yesterday are counted each minute, days of the last five each hour, an older one
    once: whatever changed a text, its day is right again by then. A bounded number per run.
    """
    now = ports.clock.now()
    with ports.shop.writer():
        minute_ago = now - dt.timedelta(minutes=1)
        if CountedDay.objects.filter(day=now.date(), counted_at__gt=minute_ago).exists():
            return 0
        due = list(_due(now))[:_MOST_DAYS]
        CountedDay.objects.bulk_create(
            [CountedDay(day=day, counted_at=_NEVER) for day, _ in due], ignore_conflicts=True
        )
        return sum(_count(day, before, now) for day, before in due)


def _due(now: dt.datetime) -> Iterator[tuple[dt.date, dt.datetime]]:
    """The days to be counted, the newest first, each with the instant since when it was not."""
    today = now.date()
    first = Message.objects.aggregate(at=Min("created_at"))["at"]
    known = dict(CountedDay.objects.values_list("day", "counted_at"))
    for age in range(min(LONGEST, max(0, (today - first.date()).days if first else 0)) + 1):
        day = today - age * A_DAY
        before = _stale(day, age, now)
        if known.get(day, _NEVER) <= before:
            yield day, before


def _stale(day: dt.date, age: int, now: dt.datetime) -> dt.datetime:
    """Counted at this instant or before, the day has to be counted again."""
    if age <= 1:
        return now - dt.timedelta(minutes=1)
    if age <= 5:
        return now - dt.timedelta(hours=1)
    return _midnight(day + 6 * A_DAY) - dt.timedelta(microseconds=1)


def _count(day: dt.date, before: dt.datetime, now: dt.datetime) -> bool:
    """The day's counters are new, unless another worker was faster."""
    with transaction.atomic():
        mine = CountedDay.objects.filter(day=day, counted_at__lte=before)
        if not mine.update(counted_at=now):
            return False
        DailyCount.objects.filter(day=day).delete()
        _insert(day)
        return True


_SAME = ("channel_slug", "event_name", "country", "provider", "status", "reason", "currency")
_COUNTED = ("day", "channel_id", "message_count", "sent_count", "segment_count", "cost")


def _insert(day: dt.date) -> None:
    """One INSERT … SELECT: the day's texts never come here."""
    start = _midnight(day)
    rows = (
        Message.objects.filter(created_at__gte=start, created_at__lt=start + A_DAY)
        .order_by()
        .annotate(on=Value(day, DateField()), of=Coalesce("channel_id", 0))
        .values(*_SAME, "on", "of")
        .annotate(
            texts=Count("pk"),
            sent=Count("sent_at"),
            segments=Coalesce(Sum("segment_count", filter=Q(sent_at__isnull=False)), 0),
            paid=Coalesce(Sum("price"), Decimal(0), output_field=DecimalField()),
        )
    )
    connection = connections[router.db_for_write(DailyCount)]
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, (*_SAME, *_COUNTED)))
    select, parameters = rows.query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(DailyCount._meta.db_table)} ({columns}) {select}",
            parameters,
        )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


# ---------------------------------------------------------------------------------- reading


class Group(StrEnum):
    """What a line may be about, by the counters' column."""

    DAY = "day"
    EVENT = "event_name"
    CHANNEL = "channel_slug"
    COUNTRY = "country"
    PROVIDER = "provider"


@dataclass(kw_only=True)
class Recovered:
    """Orders that followed reminders about carts, in one currency."""

    orders: int = 0
    amount: Decimal = Decimal(0)


@dataclass(kw_only=True)
class Line:
    """What the texts of one group came to."""

    of: Mapping[Group, Any]  #: the value of each group that was asked for
    decided: int = 0  #: texts, and decisions not to send one
    waiting: int = 0
    sent: int = 0  #: that a provider took, whatever came of them
    delivered: int = 0
    unknown: int = 0  #: nobody knows whether the provider took them
    cancelled: int = 0
    failed: dict[str, int] = field(default_factory=dict)  #: by reason
    suppressed: dict[str, int] = field(default_factory=dict)  #: by reason
    segments: int = 0
    costs: dict[str, Decimal] = field(default_factory=dict)  #: by currency
    recovered: dict[str, Recovered] = field(default_factory=dict)  #: by currency


_S = MessageStatus
#: status → the attribute of ``Line`` that counts it; ``sent`` has a counter of its own
_COLUMN = {
    _S.QUEUED: "waiting", _S.HELD: "waiting", _S.SENDING: "waiting",
    _S.DELIVERED: "delivered", _S.OUTCOME_UNKNOWN: "unknown", _S.CANCELLED: "cancelled",
    **dict.fromkeys((_S.UNDELIVERED, _S.EXPIRED, _S.REJECTED, _S.FAILED), "failed"),
    _S.SUPPRESSED: "suppressed",
}  # fmt: skip
_BY_REASON = ("failed", "suppressed")


def read(
    since: dt.date,
    until: dt.date,
    groups: Sequence[Group] = (),
    *,
    channels: Collection[str] | None = None,
    channel_ids: Collection[int] | None = None,
) -> list[Line]:
    """The lines of these days, both included, ordered by their groups; two statements.

    Only of channels with these slugs and of these ids, where they are given. Raises InvalidInput
    where it would be too much to read.
    """
    _check(since, until, groups)
    groups = tuple(dict.fromkeys(groups))
    lines: dict[tuple[Any, ...], Line] = {}
    counts = DailyCount.objects.filter(day__gte=since, day__lte=until)
    counts = _only(counts, "", channels, channel_ids)
    cells = counts.order_by(*groups).values_list(*groups, "status", "reason", "currency")
    sums = cells.annotate(
        Sum("message_count"), Sum("sent_count"), Sum("segment_count"), Sum("cost")
    )
    found = list(sums[: _MOST_CELLS + 1])
    for *key, status, reason, currency, count, sent, segments, cost in found:
        line = _line(lines, groups, key)
        _add(line, MessageStatus(status), reason, count)
        line.decided += count
        line.sent += sent
        line.segments += segments
        if cost:
            line.costs[currency] = line.costs.get(currency, Decimal(0)) + cost
    for *key, currency, orders, amount in _recoveries(since, until, groups, channels, channel_ids):
        _line(lines, groups, key).recovered[currency] = Recovered(orders=orders, amount=amount)
    if len(lines) > MOST_ROWS or len(found) > _MOST_CELLS:
        raise InvalidInput(f"More than {MOST_ROWS} rows. Ask for fewer days or fewer groups.")
    return [lines[key] for key in sorted(lines, key=str)]


def _check(since: dt.date, until: dt.date, groups: Collection[Group]) -> None:
    days = (until - since).days + 1
    most = LONGEST_DAILY if Group.DAY in groups else LONGEST
    if days < 1:
        raise InvalidInput(f"There is no day from {since} to {until}. Give the earlier one first.")
    if days > most:
        by = " by day" if Group.DAY in groups else ""
        raise InvalidInput(f"{days} days are too many: at most {most}{by}. Ask for fewer days.")


def _line(lines: dict[tuple[Any, ...], Line], groups: Sequence[Group], key: Sequence[Any]) -> Line:
    return lines.setdefault(tuple(key), Line(of=dict(zip(groups, key, strict=True))))


def _add(line: Line, status: MessageStatus, reason: str, count: int) -> None:
    name = _COLUMN.get(status)
    if name in _BY_REASON:
        reasons: dict[str, int] = getattr(line, name)
        reasons[reason or status] = reasons.get(reason or status, 0) + count
    elif name:
        setattr(line, name, getattr(line, name) + count)


def _recoveries(
    since: dt.date,
    until: dt.date,
    groups: Sequence[Group],
    channels: Collection[str] | None,
    channel_ids: Collection[int] | None,
) -> list[tuple[Any, ...]]:
    rows = Recovery.objects.filter(
        ordered_at__gte=_midnight(since),
        ordered_at__lte=dt.datetime.combine(until, dt.time.max, tzinfo=dt.UTC),
    )
    rows = _only(rows, "message__", channels, channel_ids)
    columns = ["day" if group is Group.DAY else f"message__{group}" for group in groups]
    return list(
        rows.annotate(day=TruncDate("ordered_at", tzinfo=dt.UTC))
        .order_by(*columns)
        .values_list(*columns, "currency")
        .annotate(Count("pk"), Sum("amount"))[:_MOST_CELLS]
    )


def _only(
    rows: QuerySet[Any],
    prefix: str,
    channels: Collection[str] | None,
    channel_ids: Collection[int] | None,
) -> QuerySet[Any]:
    if channels is not None:
        rows = rows.filter(**{f"{prefix}channel_slug__in": channels})
    if channel_ids is not None:
        rows = rows.filter(**{f"{prefix}channel_id__in": channel_ids})
    return rows
