"""Personal data is a liability (law 10): bodies and numbers go first, decisions later."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from ..domain.transitions import MessageStatus
from ..models import DeliveryReceipt, InboundMessage, Message, ShopEvent, WebhookRequest
from ..models.message import WAITING
from ..ports import Ports
from .channels import load
from .erasing import ERASED, erase

DECISIONS = dt.timedelta(days=400)
#: Raw requests, and receipts of no message of ours: long enough to mend and replay, and longer
#: than a signed request stays valid, as they hold the nonces that were used.
WEBHOOKS = dt.timedelta(days=14)
STEP = 1000  #: rows per statement


def run(ports: Ports, until: dt.datetime) -> int:
    """Ended texts older than their channel's ``retention_days`` have no body and no number;
    events and decisions older than 400 days are gone. Returns the rows touched; bounded by
    ``until``, the next run goes on.
    """
    touched = 0
    now = ports.clock.now()
    with ports.shop.writer():
        days = {c.id: c.config.retention_days for c in load(ports).values()}
    shortest = min(days.values(), default=90)
    kept = [
        (Q(channel_id=channel_id), now - dt.timedelta(days=each))
        for channel_id, each in days.items()
    ]
    kept.append((~Q(channel_id__in=days), now - dt.timedelta(days=shortest)))
    for where, before in kept:
        while ports.clock.now() < until and (rows := _erase(ports, where, before)):
            touched += rows
    replies_before = now - dt.timedelta(days=shortest)
    while ports.clock.now() < until and (rows := _erase_replies(ports, replies_before)):
        touched += rows
    for delete, before in ((_delete_webhooks, now - WEBHOOKS), (_delete, now - DECISIONS)):
        while ports.clock.now() < until and (rows := delete(ports, before)):
            touched += rows
    return touched


def _erase(ports: Ports, where: Q, before: dt.datetime) -> int:
    with ports.shop.writer():
        old = (
            Message.objects.filter(where, created_at__lt=before)
            .exclude(status__in=[*WAITING, MessageStatus.SENDING])
            .exclude(**ERASED)
            .order_by("created_at")
            .values_list("pk", flat=True)[:STEP]
        )
        return erase(list(old))


def _erase_replies(ports: Ports, before: dt.datetime) -> int:
    with ports.shop.writer():
        old = InboundMessage.objects.filter(received_at__lt=before).exclude(sender="", body="")
        ids = list(old.order_by("received_at").values_list("pk", flat=True)[:STEP])
        return InboundMessage.objects.filter(pk__in=ids).update(sender="", body="", parts={})


def _delete_webhooks(ports: Ports, before: dt.datetime) -> int:
    with ports.shop.writer():
        receipts = DeliveryReceipt.objects.filter(message__isnull=True, received_at__lt=before)
        ids = list(receipts.order_by("received_at").values_list("pk", flat=True)[:STEP])
        gone, _ = DeliveryReceipt.objects.filter(pk__in=ids).delete()
        requests = WebhookRequest.objects.filter(received_at__lt=before).order_by("received_at")
        ids = list(requests.values_list("pk", flat=True)[:STEP])
        also_gone, _ = WebhookRequest.objects.filter(pk__in=ids).delete()
        return gone + also_gone


def _delete(ports: Ports, before: dt.datetime) -> int:
    with ports.shop.writer():
        messages = Message.objects.filter(created_at__lt=before).order_by("created_at")
        ids = list(messages.values_list("pk", flat=True)[:STEP])
        gone, _ = Message.objects.filter(pk__in=ids).delete()
        events = ShopEvent.objects.filter(recorded_at__lt=before, plan_at__isnull=True)
        ids = list(events.order_by("recorded_at").values_list("pk", flat=True)[:STEP])
        also_gone, _ = ShopEvent.objects.filter(pk__in=ids).delete()
        return gone + also_gone
