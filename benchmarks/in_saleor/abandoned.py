"""What a sweep for carts left behind costs among few and among many carts of the shop."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tracemalloc
from time import perf_counter
from typing import Any

import django

from benchmarks.in_saleor.rows import insert, rest

DUE = 100  #: carts whose delay has just passed, per sweep


def main(rounds: int, *sizes: int) -> dict[str, object]:
    """Milliseconds of each sweep by number of carts, 100 due each time, and MB at the peak of one
    among the most."""
    from django.utils import timezone
    from saleor.account.models import Address
    from saleor.checkout.models import Checkout, CheckoutLine
    from saleor.product.models import ProductVariant

    from benchmarks.in_saleor.orders import CHANNEL, FIRST_NUMBER, switch_plugin
    from saleor_sms_plugin.host.shop import SaleorShop
    from saleor_sms_plugin.models import Activation, CartSweep, ShopEvent
    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services import abandoned
    from saleor_sms_plugin.testing.shop import CountingWake, FixedClock

    switch_plugin(advanced="storm = off", send_checkout_abandoned="true")
    clock = FixedClock(timezone.now())
    ports = Ports(shop=SaleorShop(), wake=CountingWake(), clock=clock)
    Activation.objects.update(active_since=clock.now() - dt.timedelta(days=1))
    sample = Checkout(channel=_channel(CHANNEL), currency="USD")
    variant = ProductVariant.objects.order_by("pk").first()
    assert variant is not None  # noqa: S101 (the sample shop has products)
    address = Address.objects.create(country="PL", phone=f"+{FIRST_NUMBER}")

    def left(count: int) -> None:
        """So many carts whose delay passes now."""
        carts = Checkout.objects.bulk_create(
            Checkout(channel=sample.channel, currency="USD", billing_address=address)
            for _ in range(count)
        )
        CheckoutLine.objects.bulk_create(
            CheckoutLine(checkout=cart, variant=variant, quantity=1, currency="USD")
            for cart in carts
        )
        changed = clock.now() - dt.timedelta(hours=1)
        Checkout.objects.filter(pk__in=[cart.pk for cart in carts]).update(
            created_at=changed, last_change=changed
        )

    def sweep() -> float:
        clock.move(minutes=2)
        left(DUE)
        started = perf_counter()
        found = abandoned.sweep(ports, clock.now() + dt.timedelta(seconds=5))
        taken = (perf_counter() - started) * 1000
        if found != DUE:
            raise RuntimeError(f"The sweep found {found} carts, {DUE} were due.")
        return taken

    seen: dict[str, Any] = {}
    for carts in sizes:
        _fill(carts, str(variant.pk), sample.channel_id, address.pk, clock.now())
        CartSweep.objects.update_or_create(
            channel_id=sample.channel_id,
            defaults={
                "changed_at": clock.now() - dt.timedelta(hours=1),
                "checkout_id": "",
                "seen_at": clock.now() - dt.timedelta(hours=1),
            },
        )
        sweep()  # warm
        seen[str(carts)] = [sweep() for _ in range(rounds)]
    tracemalloc.start()
    sweep()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    ShopEvent.objects.filter(name=abandoned.SOURCE).delete()
    return {"sweeps": seen, "peak_mb": peak}


def _channel(slug: str) -> Any:
    from saleor.channel.models import Channel

    return Channel.objects.get(slug=slug)


def _fill(carts: int, variant_id: str, channel_id: int, address_id: int, now: dt.datetime) -> None:
    """The shop has so many carts, each with a line and a phone: one half left behind and told of
    before, one half changed within the last hour."""
    from django.db import connection
    from saleor.checkout.models import Checkout, CheckoutLine

    new = max(0, carts - Checkout.objects.count())
    columns = {
        "token": "gen_random_uuid()",
        "created_at": "%(now)s::timestamptz - interval '6 hours'",
        "last_change": (
            "CASE WHEN n %% 2 = 0 THEN %(now)s::timestamptz - interval '5 hours'"
            " ELSE %(now)s::timestamptz + interval '5 days' END"
        ),
        "channel_id": "%(channel)s",
        "billing_address_id": "%(address)s",
    }
    with connection.cursor() as cursor:
        insert(cursor, Checkout, columns, {
            "now": now, "channel": channel_id, "address": address_id, "new": new,
        }, "generate_series(1, %(new)s) AS n")  # fmt: skip
        insert(cursor, CheckoutLine, {
            "id": "gen_random_uuid()", "created_at": "now()", "checkout_id": "c.token",
            "variant_id": "%(variant)s",
        }, {"variant": variant_id}, (
            "checkout_checkout c WHERE NOT EXISTS"
            " (SELECT 1 FROM checkout_checkoutline l WHERE l.checkout_id = c.token)"
        ))  # fmt: skip
        rest(cursor, Checkout, CheckoutLine)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*map(int, sys.argv[1:]))))
