"""Personal data is a liability (law 10): bodies and numbers go first, decisions later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..domain.boxes import IP, PHONE
from ..domain.consent import STOPS
from ..domain.transitions import OPEN
from ..models import (
    ConsentBox,
    ConsentEntry,
    DeliveryReceipt,
    InboundMessage,
    Link,
    Message,
    ShopEvent,
    WebhookRequest,
)
from ..models.keyed_hash import keyed_hash
from ..models.many import update_many
from ..ports import Ports
from . import webhooks
from .channels import load
from .erasing import ERASED, ERASED_RECEIPT, erase, erase_replies

DECISIONS = dt.timedelta(days=400)
#: Raw requests, and receipts of no message of ours: long enough to mend and replay, and longer
#: than a signed request stays valid, as they hold the nonces that were used.
WEBHOOKS = dt.timedelta(days=14)
#: Proof of consent and opt-outs names its person for this long after their last text.
#: https://docs.bird.com/applications/help-and-reference/deliverability-and-compliance/united-states-sms-mms-compliance/us-state-level-laws-and-regulations
LEDGER = dt.timedelta(days=4 * 365 + 1)
STEP = 1000  #: rows per statement

#: Replies that nobody has acted on, or that staff have to read: each may be a stop.
_OPEN = (
    Q(answer_at__isnull=False)
    | Q(completed_at__isnull=True)
    | Q(review_by__isnull=False, resolved_at__isnull=True)
)

#: One bounded step: what is older than this instant is taken out; returns the rows touched.
Step = Callable[[dt.datetime], int]


def run(ports: Ports, until: dt.datetime) -> int:
    """Ended texts older than their channel's ``retention_days`` have no body and no number, and
    so have replies that were acted on and boxes that are in the ledger; requests of providers
    that were processed are gone after 14 days, events and decisions after 400; acts of consent
    name nobody 4 years after the person's last one and last text. What may be a stop and had no
    effect yet stays. Returns the rows touched; bounded by ``until``, the next run goes on.
    """
    touched = 0
    for step, before in _steps(ports):
        while ports.clock.now() < until:
            with ports.shop.writer():
                rows = step(before)
            if not rows:
                break
            touched += rows
    return touched


def _steps(ports: Ports) -> list[tuple[Step, dt.datetime]]:
    now = ports.clock.now()
    with ports.shop.writer():
        channels = load(ports)
    # Limits count the texts of all channels together.
    needed = max((c.config.days_needed[0] for c in channels.values()), default=0)
    days = {c.id: max(c.config.retention_days, needed) for c in channels.values()}
    shortest = now - dt.timedelta(days=min(days.values(), default=90))
    texts = [
        (_texts(Q(channel_id=channel_id)), now - dt.timedelta(days=each))
        for channel_id, each in days.items()
    ]
    return [
        *texts,
        (_texts(~Q(channel_id__in=days)), shortest),
        (_late_receipts, shortest),
        (_replies, shortest),
        (_boxes, shortest),
        (_link_readers, now),
        (_webhooks, now - WEBHOOKS),
        (_decisions, now - DECISIONS),
        (_ledger, now - LEDGER),
    ]


def _texts(where: Q) -> Step:
    def erase_texts(before: dt.datetime) -> int:
        old = (
            Message.objects.filter(where, created_at__lt=before)
            .exclude(status__in=OPEN)
            .exclude(**ERASED)
            .order_by("created_at")
        )
        return erase(_first(old))

    return erase_texts


def _late_receipts(before: dt.datetime) -> int:
    """Those that came when their text's own were erased already."""
    late = DeliveryReceipt.objects.filter(received_at__lt=before, message__recipient="")
    ids = _first(late.exclude(**ERASED_RECEIPT).order_by("received_at"))
    return DeliveryReceipt.objects.filter(pk__in=ids).update(**ERASED_RECEIPT)


def _replies(before: dt.datetime) -> int:
    old = InboundMessage.objects.filter(received_at__lt=before).exclude(sender="", body="")
    return erase_replies(_first(old.exclude(_OPEN).order_by("received_at")))


def _boxes(before: dt.datetime) -> int:
    """What was ticked stays; whose number and address it was, the ledger holds as the proof."""
    phone, ip = (Q(values__has_key=name) & ~Q(**{f"values__{name}": ""}) for name in (PHONE, IP))
    old = ConsentBox.objects.filter(phone | ip, seen_at__lt=before, process_at__isnull=True)
    rows = list(old.order_by("seen_at")[:STEP])
    for row in rows:
        row.values |= {name: "" for name in (PHONE, IP) if name in row.values}
    update_many(rows, ["values"])
    return len(rows)


def _link_readers(now: dt.datetime) -> int:
    over = Link.objects.filter(Q(expires_at__lt=now) | Q(ended_at__lt=now)).exclude(recipient="")
    return Link.objects.filter(pk__in=_first(over)).update(recipient="")


def _webhooks(before: dt.datetime) -> int:
    receipts = DeliveryReceipt.objects.filter(message__isnull=True, received_at__lt=before)
    done = WebhookRequest.objects.filter(received_at__lt=before, process_at__isnull=True)
    requests = done.exclude(webhooks.LOST)
    return _delete(receipts.order_by("received_at")) + _delete(requests.order_by("received_at"))


def _decisions(before: dt.datetime) -> int:
    replies = InboundMessage.objects.filter(received_at__lt=before).exclude(_OPEN)
    boxes = ConsentBox.objects.filter(seen_at__lt=before, process_at__isnull=True)
    events = ShopEvent.objects.filter(recorded_at__lt=before, plan_at__isnull=True)
    return (
        _delete(Message.objects.filter(created_at__lt=before).order_by("created_at"))
        + _delete(events.order_by("recorded_at"))
        + _delete(replies.order_by("received_at"))
        + _delete(boxes.order_by("seen_at"))
    )


def _ledger(before: dt.datetime) -> int:
    """Acts name nobody any more where the last one, and every text, is from before then.

    They are kept under a keyed hash, so that a stop holds for ever. A permission that stands
    keeps its whole proof: texts may have gone out on it whose rows are gone by now.
    """
    same = {"number": OuterRef("number")}
    stops = ConsentEntry.objects.filter(
        Q(channel_id=None) | Q(channel_id=OuterRef("channel_id")), **same, act__in=STOPS,
        scope=OuterRef("scope"), occurred_at__gte=OuterRef("occurred_at"),
    )  # fmt: skip
    standing = ConsentEntry.objects.filter(~Exists(stops), **same).exclude(act__in=STOPS)
    quiet = (
        ConsentEntry.objects.filter(recorded_at__lt=before)
        .exclude(number="")
        .exclude(Exists(ConsentEntry.objects.filter(**same, recorded_at__gte=before)))
        .exclude(Exists(standing))
        .exclude(Exists(Message.objects.filter(recipient=OuterRef("number"))))
    )
    numbers = quiet.order_by().values_list("number", flat=True).distinct()
    return sum(
        ConsentEntry.objects.filter(number=number).forget(keyed_hash(number))
        for number in list(numbers[:STEP])
    )


def _first(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:STEP])


def _delete(rows: QuerySet[Any]) -> int:
    """The first of them are gone."""
    gone: int
    gone, _ = rows.model._base_manager.filter(pk__in=_first(rows)).delete()
    return gone
