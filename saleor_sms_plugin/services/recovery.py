"""Which orders followed a reminder about a cart, and what the reminders of each week brought."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Exists, OuterRef

from ..domain.transitions import TOLD
from ..events.catalogue import EVENTS
from ..models import Link, Message, Recovery
from ..ports import Ports, Purchase, Reminded
from . import abandoned

WINDOW = dt.timedelta(days=7)  #: an order that comes later is not the reminder's
STEP = 200
#: by a person, on the link to the cart
_CLICKED = Link.objects.filter(
    message=OuterRef("pk"), kind=Link.Kind.RECOVERY, clicked_at__isnull=False
)
_OF_SAME_CART = Recovery.objects.filter(message__checkout_id=OuterRef("checkout_id"))


def run(ports: Ports, until: dt.datetime) -> int:
    """Orders that followed reminders of the last days are counted, each once; returns how many.

    The last reminder before the order has it. Each run reads every reminder whose window is
    open and whose cart has none yet.
    """
    counted, after = 0, 0
    while ports.clock.now() < until:
        with ports.shop.writer():
            texts = list(
                Message.objects.filter(
                    purpose="marketing", created_at__gt=ports.clock.now() - 2 * WINDOW,
                    sent_at__gt=ports.clock.now() - WINDOW, event_name__in=abandoned.NAMES,
                    status__in=TOLD, pk__gt=after,
                )
                .exclude(Exists(_OF_SAME_CART))
                .order_by("pk")[:STEP]
            )  # fmt: skip
            counted += _count(texts, ports)
        if len(texts) < STEP:
            break
        after = texts[-1].pk
    return counted


def _count(texts: list[Message], ports: Ports) -> int:
    """A cart's reminders are asked for together, so the last one before the order has it."""
    if not texts:
        return 0
    by_cart: dict[str, list[Message]] = defaultdict(list)
    for text in texts:
        by_cart[text.checkout_id].append(text)
    found = ports.shop.purchases(
        [
            Reminded(checkout_id=key, phone=rows[0].recipient, since=_sent(rows[0]))
            for key, rows in by_cart.items()
        ]
    )
    known = set(
        Recovery.objects.filter(order_id__in=[each.order_id for each in found]).values_list(
            "order_id", flat=True
        )
    )
    new: dict[str, Recovery] = {}
    taken: set[int] = set()
    # An order made from the cart itself is told before one by the same person.
    for purchase in sorted(found, key=lambda each: (not each.same_cart, each.created_at)):
        before = [
            row for row in by_cart[purchase.checkout_id]
            if _sent(row) <= purchase.created_at <= _sent(row) + WINDOW and row.pk not in taken
        ]  # fmt: skip
        if before and purchase.order_id not in known and purchase.order_id not in new:
            new[purchase.order_id] = _recovery(before[-1], purchase)
            taken.update(row.pk for row in by_cart[purchase.checkout_id])
    Recovery.objects.bulk_create(new.values(), ignore_conflicts=True)
    return len(new)


def _sent(text: Message) -> dt.datetime:
    assert text.sent_at is not None  # noqa: S101 (asked for)
    return text.sent_at


def _recovery(text: Message, purchase: Purchase) -> Recovery:
    how = Recovery.How.SAME_CART if purchase.same_cart else Recovery.How.SAME_PERSON
    return Recovery(
        order_id=purchase.order_id, message=text, how=how, amount=purchase.total,
        currency=purchase.currency, ordered_at=purchase.created_at,
    )  # fmt: skip


@dataclass(kw_only=True)
class Line:
    """What one step of a channel's reminders brought in one week."""

    week: str  #: ISO year and week of sending, "2026-W10"
    channel: str
    step: int
    sent: int = 0
    clicked: int = 0
    recovered: int = 0
    amount: dict[str, Decimal] = field(default_factory=dict)  #: by currency


def report(ports: Ports, weeks: int) -> list[Line]:
    """The reminders sent in these weeks, newest week first, then by channel and step."""
    lines: dict[tuple[str, str, int], Line] = {}
    with ports.shop.writer():
        since = ports.clock.now() - dt.timedelta(weeks=weeks)
        texts = Message.objects.filter(
            purpose="marketing", created_at__gt=since - WINDOW, sent_at__gt=since,
            event_name__in=abandoned.NAMES,
        )  # fmt: skip
        rows = texts.order_by().values_list(
            "sent_at", "channel_slug", "event_name", Exists(_CLICKED),
            "recovery__amount", "recovery__currency",
        )  # fmt: skip
        for sent_at, channel, name, clicked, amount, currency in rows.iterator(2000):
            if sent_at is None:
                continue
            year, week, _ = sent_at.isocalendar()
            key = (f"{year}-W{week:02}", channel, EVENTS[name].step)
            line = lines.setdefault(key, Line(week=key[0], channel=channel, step=key[2]))
            line.sent += 1
            line.clicked += clicked
            if amount is not None:
                line.recovered += 1
                line.amount[currency] = line.amount.get(currency, Decimal(0)) + amount
    ordered = sorted(lines.values(), key=lambda line: (line.channel, line.step))
    return sorted(ordered, key=lambda line: line.week, reverse=True)
