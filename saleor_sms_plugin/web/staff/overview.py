"""The overview: what the texts of the last days came to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ...domain.formatting import format_money
from ...services.statistics import Group, Line, read
from .charts import stacked
from .labels import country_label, event_label
from .visit import Part, Visit
from .words.reasons import why

SPANS = (7, 30, 90)
USUAL = 30
MOST_REASONS = 8
NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of the page, or several in one table row."""

    label: str
    values: tuple[str, ...]


def show(visit: Visit) -> Part:
    """The sums, a chart by day, and tables by event, country and reason."""
    words = visit.words
    days = next((each for each in SPANS if str(each) == visit.text("days")), USUAL)
    until = visit.ports.clock.now().date()
    since = until - dt.timedelta(days=days - 1)
    slug = visit.text("channel")

    def lines(*groups: Group) -> list[Line]:
        return read(
            since, until, groups, channels=[slug] if slug else None,
            channel_ids=visit.caller.channel_ids,
        )  # fmt: skip

    total = next(iter(lines()), Line(of={}))
    by_day = {line.of[Group.DAY]: line for line in lines(Group.DAY)}
    dates = [since + dt.timedelta(days=each) for each in range(days)]
    chart = stacked([_bar(day, by_day.get(day, Line(of={})), words) for day in dates])
    return Part(
        template="overview.html",
        context={
            "days": days,
            "spans": SPANS,
            "channel": slug,
            "channels": [each.slug for each in visit.channels.values()],
            "figures": _figures(total, visit),
            "chart": chart,
            "first": dates[0],
            "last": dates[-1],
            "tables": [
                (words["by_event"], _table(lines(Group.EVENT), Group.EVENT, visit)),
                (words["by_country"], _table(lines(Group.COUNTRY), Group.COUNTRY, visit)),
            ],
            "columns": _COLUMNS,
            "reasons": _reasons(total, visit.language),
        },
    )


def _failed(line: Line) -> int:
    return sum(line.failed.values())


def _suppressed(line: Line) -> int:
    return sum(line.suppressed.values())


def _bar(
    day: dt.date, line: Line, words: Mapping[str, str]
) -> tuple[str, str, list[tuple[str, int]]]:
    failed = _failed(line)
    open_ones = max(0, line.sent - line.delivered - failed)
    counts = [("delivered", line.delivered), ("sent", open_ones), ("failed", failed)]
    said = ", ".join(f"{words[f'count_{kind}']}: {count}" for kind, count in counts)
    return f"{day:%d}", f"{day}: {said}", counts


def _figures(total: Line, visit: Visit) -> list[Figure]:
    words = visit.words
    numbers = {
        "sent": total.sent, "delivered": total.delivered, "failed": _failed(total),
        "suppressed": _suppressed(total), "waiting": total.waiting, "segments": total.segments,
    }  # fmt: skip
    figures = [
        Figure(label=words[f"count_{name}"], values=(str(number),))
        for name, number in numbers.items()
    ]
    figures.append(Figure(label=words["cost"], values=_money(total.costs, visit) or (NOTHING,)))
    for currency, found in total.recovered.items():
        amount = format_money(found.amount, currency, visit.language)
        figures.append(Figure(label=words["recovered"], values=(f"{found.orders} · {amount}",)))
    return figures


def _money(costs: Mapping[str, Decimal], visit: Visit) -> tuple[str, ...]:
    return tuple(format_money(cost, code, visit.language) for code, cost in costs.items())


_COLUMNS = ("sent", "delivered", "failed", "suppressed", "segments", "cost")


def _table(lines: list[Line], group: Group, visit: Visit) -> list[Figure]:
    return [
        Figure(
            label=_label(line.of[group], group, visit),
            values=(
                *map(str, (line.sent, line.delivered, _failed(line), _suppressed(line))),
                str(line.segments),
                " + ".join(_money(line.costs, visit)) or NOTHING,
            ),
        )
        for line in sorted(lines, key=lambda each: -each.decided)
    ]


def _label(value: str, group: Group, visit: Visit) -> str:
    label = event_label if group is Group.EVENT else country_label
    return label(value, visit.language)


def _reasons(total: Line, language: str) -> list[tuple[str, int]]:
    """Why texts failed or were not sent, the most frequent first."""
    counts: dict[str, int] = {}
    for reason, count in (*total.failed.items(), *total.suppressed.items()):
        counts[reason] = counts.get(reason, 0) + count
    found = sorted(counts.items(), key=lambda each: -each[1])[:MOST_REASONS]
    return [(why(reason, language), count) for reason, count in found]
