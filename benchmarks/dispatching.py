"""One worker's dispatch against a bare loop that POSTs the same, and its memory.

The loop is what no outbox can beat: one kept-alive connection, nothing written anywhere. The
distance to it is what durable attempts, the door and the stored answers cost.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import django
import requests

from benchmarks.figures import Figure, median_of, seconds_of
from benchmarks.machine import peak_growth, postgres
from benchmarks.servers import postgres_server, vonage_server

NAME = "dispatch"
CHANNEL = 1
FIRST_NUMBER = 48512000000


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Five rounds of 300 texts by both, in turn; then the peak memory over 5,000 texts.

    Also what the PostgreSQL under them was.
    """
    rounds, messages = 5, max(10, round(300 * scale))
    memory_messages = max(20, round(5000 * scale))
    with vonage_server() as vonage, postgres_server() as url, _project(vonage, url) as ports:
        from saleor_sms_plugin.services import dispatch

        def send(count: int) -> float:
            _queue(count, ports)
            seconds = seconds_of(lambda: dispatch.run(ports, _in_an_hour()))
            _all_sent(count)
            return seconds / count

        send(messages)  # warm up, and something to copy the POST from
        post = _bare_post(vonage)
        seconds_of(post, 20)
        pairs = [(send(messages), seconds_of(post, messages)) for _ in range(rounds)]
        bare = statistics.median(each for _, each in pairs)
        _queue(memory_messages, ports)
        with peak_growth() as grown:
            dispatch.run(ports, _in_an_hour())
        _all_sent(memory_messages)
        server = postgres(url)
    figures = [
        median_of(
            NAME, "texts sent by one worker", [1 / own for own, _ in pairs], "/s",
            details={"bare_posts_per_second": 1 / bare},
        ),
        median_of(
            NAME, "one text's time over a bare POST", [own / post for own, post in pairs], "x"
        ),
        Figure(
            benchmark=NAME, name=f"memory grown over {memory_messages:,} texts",
            measured=grown[0], unit="MB", low=grown[0], high=grown[0], samples=1,
        ),
    ]  # fmt: skip
    return figures, server


@contextmanager
def _project(vonage: str, url: str) -> Iterator[Any]:
    """A plain Django project with migrated tables and one channel that sends by *vonage*."""
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SALEOR_SMS_VONAGE_BASE_URL": vonage,
    }
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services import activation
    from saleor_sms_plugin.testing.shop import CountingWake, MemoryShop
    from saleor_sms_plugin.wiring import SystemClock

    call_command("migrate", verbosity=0)
    shop = MemoryShop()
    shop.configure(
        CHANNEL, "pl", {"provider": "vonage", "api_key": "key", "api_secret": "secret",
        "sender_id": "Shop", "shop_name": "Shop", "allowed_countries": "PL",
        "send_order_created": True, "advanced": "rate = 10000"},
        default_country="PL", currency="PLN",
    )  # fmt: skip
    ports = Ports(shop=shop, wake=CountingWake(), clock=SystemClock())
    activation.stamp(ports)
    try:
        yield ports
    finally:
        connections.close_all()


def _queue(count: int, ports: Any) -> None:
    """*count* planned texts to different people wait, as ``services.plan`` leaves them."""
    from saleor_sms_plugin.domain.transitions import MessageStatus
    from saleor_sms_plugin.events.catalogue import EVENTS
    from saleor_sms_plugin.models import Message, ShopEvent
    from saleor_sms_plugin.ports import Address, Order

    spec, now, start = EVENTS["order_created"], ports.clock.now(), ShopEvent.objects.count()
    orders = [
        Order(
            id=f"order-{start + i}", number=str(1000 + start + i), channel_id=CHANNEL,
            channel_slug="pl", status="unfulfilled", origin="checkout", language="pl",
            created_at=now, currency="PLN", total=Decimal("129.90"), item_count=2,
            billing=Address(
                phone=f"+{FIRST_NUMBER + start + i}", country="PL", first_name="Łucja"
            ),
        )
        for i in range(count)
    ]  # fmt: skip
    events = ShopEvent.objects.bulk_create(
        ShopEvent(
            key=f"order_created:{o.id}", name="order_created", order_id=o.id, subject_id=o.id,
            channel_id=CHANNEL, occurred_at=now, recorded_at=now,
        )
        for o in orders
    )  # fmt: skip
    Message.objects.bulk_create(
        Message(
            event=event, event_name=spec.name, order_id=o.id, order_number=o.number,
            channel_id=CHANNEL, channel_slug="pl", purpose=spec.purpose, priority=1,
            recipient=o.billing.phone if o.billing else "", country="PL", language="pl",
            status=MessageStatus.QUEUED, not_before=now, due_at=now, created_at=now,
            expires_at=now + dt.timedelta(hours=2),
        )
        for event, o in zip(events, orders, strict=True)
    )  # fmt: skip
    ports.shop.stored_orders = {o.id: o for o in orders}


def _all_sent(count: int) -> None:
    from saleor_sms_plugin.models import Message

    sent = Message.objects.order_by("-pk")[:count]
    left = [m for m in sent if m.status != "sent"]
    if left:
        raise RuntimeError(f"{len(left)} texts were not sent; the first: {left[0]}, {left[0].why}")


def _bare_post(vonage: str) -> Any:
    """A call that repeats the POST the plugin made last, on a connection of its own."""
    made: Mapping[str, Any] = requests.get(f"{vonage}/_requests", timeout=10).json()[-1]
    kept = {k: v for k, v in made["headers"].items() if k in ("Authorization", "Content-Type")}
    session, url, fields = requests.Session(), f"{vonage}{made['path']}", made["body"]
    return lambda: session.post(url, data=fields, headers=kept, timeout=(5, 8)).json()


def _in_an_hour() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
