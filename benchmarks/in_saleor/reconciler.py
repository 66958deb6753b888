"""What a run of the reconciler costs among few and among many rows of the shop's history."""

from __future__ import annotations

import datetime as dt
import json
import sys
from itertools import islice
from time import perf_counter

import django

FEW = 10_000
MISSED = 100  #: orders that no hook told of, per run


def main(many: int, rounds: int) -> dict[str, object]:
    """Milliseconds of each run, by rows of ``OrderEvent``: with 100 missed, and with none."""
    from django.utils import timezone
    from saleor.order.models import OrderEvent

    from benchmarks.in_saleor.orders import new_orders, switch_plugin
    from saleor_sms_plugin.host.shop import SaleorShop
    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services import reconcile
    from saleor_sms_plugin.testing.shop import CountingWake, FixedClock

    clock = FixedClock(timezone.now())
    ports = Ports(shop=SaleorShop(), wake=CountingWake(), clock=clock)
    orders = new_orders()

    def run(expected: int) -> float:
        clock.move(minutes=11)  # what was read before is complete: each run reads its own
        started = perf_counter()
        found = reconcile.run(ports, clock.now() + dt.timedelta(seconds=5))
        taken = (perf_counter() - started) * 1000
        if found != expected:
            raise RuntimeError(f"The reconciler found {found} events, {expected} were missed.")
        return taken

    def missed() -> float:
        OrderEvent.objects.bulk_create(
            OrderEvent(order=order, type="placed") for order in islice(orders, MISSED)
        )
        return run(MISSED)

    history = next(orders)
    switch_plugin(advanced="storm = off")
    seen: dict[str, object] = {}
    for rows in (FEW, many):
        _fill(rows, str(history.pk))
        reconcile.begin(ports)
        run(0)  # past the history just written, and warm
        seen[str(rows)] = {
            "missed": [missed() for _ in range(rounds)],
            "nothing": [run(0) for _ in range(rounds)],
        }
    return seen


def _fill(rows: int, order_id: str) -> None:
    """The shop has so many rows of history, of orders long told."""
    from django.db import connection
    from saleor.order.models import OrderEvent

    from saleor_sms_plugin.models import Position

    new = rows - OrderEvent.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO order_orderevent (date, type, order_id, parameters)
               SELECT now() - interval '30 days', (array['placed', 'confirmed', 'email_sent',
                   'order_fully_paid', 'fulfillment_fulfilled_items'])[1 + n %% 5], %s, '{}'
               FROM generate_series(1, %s) AS n""",
            [order_id, max(0, new)],
        )
        cursor.execute("VACUUM ANALYZE order_orderevent")
    Position.objects.all().delete()


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
