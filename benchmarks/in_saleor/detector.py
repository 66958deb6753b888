"""What a run of the payment detector costs among few and among many rows of payments."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tracemalloc
from time import perf_counter
from typing import Any

import django

from benchmarks.in_saleor.rows import insert, rest

MISSED = 100  #: failures that no signal told of, per run; half of them in each table


def main(rounds: int, *sizes: int) -> dict[str, object]:
    """Milliseconds of each run by rows of each table: with 100 missed, and with none; and MB at
    the peak of one among the most."""
    from django.utils import timezone
    from saleor.payment.models import Payment, Transaction, TransactionEvent, TransactionItem

    from benchmarks.in_saleor.orders import new_orders, switch_plugin
    from saleor_sms_plugin.host.shop import SaleorShop
    from saleor_sms_plugin.models import ShopEvent
    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services import detect, failures
    from saleor_sms_plugin.testing.shop import CountingWake, FixedClock

    clock = FixedClock(timezone.now())
    ports = Ports(shop=SaleorShop(), wake=CountingWake(), clock=clock)
    order = next(new_orders())
    item = TransactionItem.objects.create(order=order, currency="USD")
    payment = Payment.objects.create(order=order, gateway="old", currency="USD")

    def run(expected: int) -> float:
        clock.move(minutes=11)  # what was read before is complete: each run reads its own
        started = perf_counter()
        found = detect.run(ports, clock.now() + dt.timedelta(seconds=5))
        taken = (perf_counter() - started) * 1000
        if found != expected:
            raise RuntimeError(f"The detector found {found} failures, {expected} were missed.")
        return taken

    def missed() -> float:
        half = range(MISSED // 2)
        TransactionEvent.objects.bulk_create(
            TransactionEvent(
                transaction=item, type="charge_failure", amount_value=10, currency="USD",
                include_in_calculations=True,
            )
            for _ in half
        )  # fmt: skip
        Transaction.objects.bulk_create(
            Transaction(
                payment=payment, kind="capture", is_success=False, amount=10, currency="USD",
                gateway_response={},
            )
            for _ in half
        )  # fmt: skip
        return run(MISSED)

    switch_plugin(advanced="storm = off")
    seen: dict[str, Any] = {}
    for rows in sizes:
        _fill(rows, item.pk, payment.pk)
        detect.begin(ports)
        run(0)  # past the history just written, and warm
        seen[str(rows)] = {
            "missed": [missed() for _ in range(rounds)],
            "nothing": [run(0) for _ in range(rounds)],
        }
    tracemalloc.start()
    missed()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    ShopEvent.objects.filter(name=failures.SOURCE).delete()
    return {"runs": seen, "peak_mb": peak}


def _fill(rows: int, item_id: int, payment_id: int) -> None:
    """Each table has so many rows of a month ago; of every ten one says that a payment failed."""
    from django.db import connection
    from saleor.payment.models import Transaction, TransactionEvent

    from saleor_sms_plugin.models import Position
    from saleor_sms_plugin.ports import PAYMENT_TABLES

    past = "now() - interval '30 days'"
    tables: tuple[tuple[Any, dict[str, str], int], ...] = (
        (
            TransactionEvent,
            {
                "type": "CASE WHEN n %% 10 = 0 THEN 'charge_failure' ELSE 'charge_success' END",
                "transaction_id": "%(of)s", "created_at": past, "amount_value": "10",
                "include_in_calculations": "true",
            },
            item_id,
        ),
        (
            Transaction,
            {
                "kind": "'capture'", "is_success": "n %% 10 <> 0", "payment_id": "%(of)s",
                "created_at": past, "amount": "10", "gateway_response": "'{}'",
            },
            payment_id,
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:
        for model, columns, of in tables:
            new = max(0, rows - model.objects.count())
            insert(
                cursor, model, columns, {"of": of, "new": new}, "generate_series(1, %(new)s) AS n"
            )
        rest(cursor, TransactionEvent, Transaction)
    Position.objects.filter(name__in=PAYMENT_TABLES).delete()


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*map(int, sys.argv[1:]))))
