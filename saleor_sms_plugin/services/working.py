"""One run of a worker: plan what was recorded, send what is due."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

from ..exceptions import log_fault
from ..models import (
    ConsentBox,
    InboundMessage,
    Installation,
    ShopEvent,
    WebhookRequest,
)
from ..models.due import is_any_due, next_due
from ..ports import Ports
from . import (
    abandoned,
    activation,
    boxes,
    claims,
    detect,
    dispatch,
    forwarding,
    inbound,
    installation,
    links,
    metrics,
    plan,
    receipts,
    reconcile,
    recovery,
    replies,
    retention,
    statistics,
    storefront,
    storm,
    turns,
    webhooks,
)
from .account_run import TURN

logger = logging.getLogger(__name__)

DETECTOR_SHARE = dt.timedelta(seconds=2)  #: of a run, at most, for the payment tables
RECONCILER_SHARE = dt.timedelta(seconds=0.3)  #: of a run, at most, for what hooks missed
#: What nobody has looked at yet, by the column that says when it may be looked at.
_NEWS = (
    (ShopEvent, "plan_at"),
    (WebhookRequest, "process_at"),
    (ConsentBox, "process_at"),
    (InboundMessage, "answer_at"),
    (InboundMessage, "forward_at"),
)
#: So far back may the instant lie of a text that was not there before: the web's clocks differ,
#: transactions last.
BACKDATED = dt.timedelta(minutes=1)
#: Without a periodic run for this long a nudge does the housekeeping too.
BEAT_MISSED = dt.timedelta(minutes=1)
BOXES_SHARE = dt.timedelta(seconds=1)  #: of each turn, at most, for what storefronts wrote
REPLIES_SHARE = dt.timedelta(seconds=1)  #: of a run, at most, for what customers wrote
RECEIPTS_SHARE = dt.timedelta(seconds=2)  #: of a run, at most, for stored webhook requests


def work(ports: Ports, until: dt.datetime) -> bool:
    """What is due is planned and sent until ``until``; True when more is due now.

    One question decides whether receipts, replies, boxes, events and mails are looked for at all:
    a worker has this run often, mostly for nothing.
    """
    with ports.shop.writer():
        if _beat_is_missing(ports):
            _sweep(ports)
    news = has_news(ports)
    if news:
        # What came back first: it may end what waits. It leaves the run time to send.
        webhooks.run(ports, min(until, ports.clock.now() + RECEIPTS_SHARE))
        replies.run(ports, min(until, ports.clock.now() + REPLIES_SHARE))
    plans, busy = news, True
    while busy and ports.clock.now() < until:
        planned = _plan(ports, until) if plans else 0
        sent = dispatch.run(ports, until, lambda: has_news(ports))
        plans = busy = bool(planned or sent)
    if news:
        # Last: a mail server that is silent keeps no text waiting.
        forwarding.run(ports, until)
    with ports.shop.writer():
        return ports.clock.now() >= until and installation.is_same(ports) and is_due(ports)


def _plan(ports: Ports, until: dt.datetime) -> int:
    """In turns with sending: a burst of events does not keep texts from going out, nor the
    reverse."""
    # Before planning: what was agreed to decides what may be planned.
    boxes.run(ports, min(until, ports.clock.now() + BOXES_SHARE))
    return plan.run(ports, min(until, ports.clock.now() + TURN))


def is_due(ports: Ports, since: dt.datetime | None = None) -> bool:
    """Something could be planned, sent or processed now; of texts, one that fell due ``since``."""
    with ports.shop.writer():
        return claims.has_due(ports, since=since and since - BACKDATED) or has_news(ports)


def has_news(ports: Ports) -> bool:
    """Something was recorded that no run has looked at; texts that wait are no news."""
    with ports.shop.writer():
        return is_any_due(_NEWS, ports.clock.now())


def next_in(ports: Ports) -> float | None:
    """In how many seconds something recorded falls due; None where the periodic run comes sooner.

    What was recorded just now, by a machine whose clock is ahead of the database's, does.
    """
    now = ports.clock.now()
    until = now + dt.timedelta(seconds=dispatch.PERIODIC)
    with ports.shop.writer():
        at = next_due(_NEWS, now, until)
    return (at - now).total_seconds() if at else None


def keep_house(ports: Ports) -> None:
    """The periodic run was seen, dead workers' texts are free, activation instants are set; one
    worker at a time does this."""
    with ports.shop.writer():
        installation.is_live(ports, periodic=True)
        _sweep(ports)


def forget(ports: Ports, until: dt.datetime) -> None:
    """Erases what is past its retention period."""
    retention.run(ports, until)


def _sweep(ports: Ports) -> None:
    """Every step of the housekeeping was tried, or another worker is at it: a fault in one keeps
    no text from going out."""
    with turns.housekeeping(ports) as ours:
        if ours:
            _keep_house(ports)


def _keep_house(ports: Ports) -> None:
    for step in _HOUSEKEEPING:
        try:
            step(ports)
        except (OperationalError, InterfaceError):
            raise  # the database is away, for every step
        except Exception:
            log_fault(logger, "A step of the housekeeping failed; it is tried again next time")


_HOUSEKEEPING: tuple[Callable[[Ports], object], ...] = (
    claims.free_the_dead,
    activation.stamp,
    receipts.sweep,
    inbound.give_up_waiting,
    lambda ports: detect.run(ports, ports.clock.now() + DETECTOR_SHARE),
    lambda ports: abandoned.sweep(ports, ports.clock.now() + DETECTOR_SHARE),
    boxes.sweep,
    links.forget_guesses,
    storefront.forget_asks,
    lambda ports: recovery.run(ports, ports.clock.now() + DETECTOR_SHARE),
    lambda ports: reconcile.run(ports, ports.clock.now() + RECONCILER_SHARE),
    storm.watch,
    statistics.roll_up,
    metrics.log_queue_each_minute,
)


def _beat_is_missing(ports: Ports) -> bool:
    row = Installation.objects.filter(pk=Installation.ONLY).values_list("periodic_at").first()
    seen = row[0] if row else None
    return seen is None or ports.clock.now() - seen > BEAT_MISSED
