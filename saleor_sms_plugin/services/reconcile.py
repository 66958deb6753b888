"""The reconciler: what the shop's own tables say has happened, and no hook told of, is recorded.

A hook is lost where its process is killed between commit and hook, where it failed, or while
the plugin was being deployed. What is found has the key that the hook would have given it and
the row's own time, so a text that came too late is a stored ``expired``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from ..events.catalogue import SOURCES
from ..models import ShopEvent
from ..ports import TRACE_TABLES, Ports, Shop, Trace
from . import storm
from .channels import activations, load
from .following import Follower
from .record import Happening, record_many

#: A row is left to its hook for so long: only the hook knows whether staff wish the customer told.
LEFT_TO_HOOKS = dt.timedelta(minutes=1)
REFUNDS = ("order_refunded", "order_fully_refunded")


def begin(ports: Ports) -> bool:
    """Whether the plugin is on in a channel; then every table has a position."""
    return _orders.begin(ports)


def run(ports: Ports, until: dt.datetime) -> int:
    """What the hooks missed is recorded; returns how many events."""
    return _orders.run(ports, until)


def _ends(shop: Shop) -> dict[str, int]:
    return dict(shop.trace_positions())


def _wanted(ports: Ports) -> bool:
    return any(channel.stored.active for channel in load(ports).values())


def _take(table: str, after: int, up_to: int, ports: Ports) -> int:
    until = ports.clock.now() - LEFT_TO_HOOKS
    missed = _missed(ports.shop.traces(table, after, up_to, until), ports)
    if missed:
        coming = Counter((each.channel_id, each.name) for each in missed)
        record_many(missed, ports, storm.watch(ports, coming))
    return len(missed)


_orders = Follower(tables=TRACE_TABLES, ends=_ends, wanted=_wanted, take=_take)


def _missed(traces: Collection[Trace], ports: Ports) -> list[Happening]:
    """Of these what is news to a channel and not recorded."""
    if not traces:
        return []
    told = _since(traces, ports)
    happenings = {
        each.key: each
        for trace in traces
        if (trace.channel_id, trace.name) in told
        and trace.occurred_at >= told[trace.channel_id, trace.name]
        for each in [_happening(trace)]
    }
    known = set(ShopEvent.objects.filter(key__in=happenings).values_list("key", flat=True))
    return _without_told_refunds([each for key, each in happenings.items() if key not in known])


def _happening(trace: Trace) -> Happening:
    return Happening(
        name=trace.name, channel_id=trace.channel_id, order_id=trace.order_id,
        subject_id=trace.subject_id, transition=trace.transition, facts=trace.facts,
        occurred_at=trace.occurred_at, found=True,
    )  # fmt: skip


def _since(traces: Iterable[Trace], ports: Ports) -> Mapping[tuple[int, str], dt.datetime]:
    """By (channel, source) since when any of its texts is on (law 7); none where none is."""
    channels = load(ports, {trace.channel_id for trace in traces})
    since = {key: row.active_since for key, row in activations(channels).items()}
    found: dict[tuple[int, str], dt.datetime] = {}
    for channel in channels.values():
        for source, specs in SOURCES.items():
            times = [
                since[channel.id, spec.name]
                for spec in specs
                if channel.sends(spec.name) and (channel.id, spec.name) in since
            ]
            if times:
                found[channel.id, source] = min(times)
    return found


def _without_told_refunds(missed: list[Happening]) -> list[Happening]:
    """A refund is missed only where the order's sum is above all that were recorded.

    Each text tells the sum that is new, so a later hook's has said what an earlier one missed;
    and a sum that has gone down is no refund.
    """
    refunded = {each.order_id for each in missed if each.name in REFUNDS}
    if not refunded:
        return missed
    highest: dict[tuple[str, str], Decimal] = {}
    rows = ShopEvent.objects.filter(order_id__in=refunded, name__in=REFUNDS)
    for name, order_id, facts in rows.values_list("name", "order_id", "facts"):
        amount = Decimal(str(facts.get("refunded") or 0))
        highest[name, order_id] = max(amount, highest.get((name, order_id), amount))
    return [
        each
        for each in missed
        if each.name not in REFUNDS
        or Decimal(each.transition) > highest.get((each.name, each.order_id), Decimal(0))
    ]
