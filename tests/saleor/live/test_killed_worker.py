"""The worker is killed again and again while orders come in: none lost, none doubled."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.shop import LiveShop
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ORDERS = 200
AT_ONCE = 4  #: customers who order at the same time
KILLS = 5
IN_FLIGHT = 2  #: texts that two worker processes can be sending in one moment


def _phone(number: int) -> str:
    return f"+48512{number:06d}"


def _wait_for(orders: list[str], count: int) -> None:
    wait_until(lambda: len(orders) >= count, 300, f"{count} orders")


def test_no_text_is_lost_or_doubled(shop: LiveShop, vonage: VonageServer) -> None:
    """Each of 200 orders has one text: sent once, or `outcome_unknown` and never tried again.

    A killed process leaves at most the text it was sending of unknown outcome.
    """
    # given
    chance = random.Random(200)
    worker = shop.saleor.worker
    numbers: list[str] = []
    lock = threading.Lock()

    def order(each: int) -> None:
        placed = shop.place(_phone(each), "PL" if each % 2 else "EN")
        with lock:
            numbers.append(placed["number"])

    # when
    vonage.delay = 0.2  # so that a kill meets texts on their way
    try:
        with ThreadPoolExecutor(AT_ONCE) as customers:
            placing: list[Future[None]] = [customers.submit(order, n) for n in range(ORDERS)]
            for kill in range(1, KILLS + 1):
                _wait_for(numbers, kill * ORDERS // (KILLS + 1))
                time.sleep(chance.uniform(0.1, 3.0))
                worker.kill()
                time.sleep(chance.uniform(0.1, 3.0))
                worker.start()
            for each in placing:
                each.result()
        wait_until(lambda: not shop.waiting(), 180, "every text to end")
    finally:
        vonage.delay = 0.0
        worker.start()

    # then
    rows = shop.saleor.rows(
        """SELECT order_number, recipient, status FROM saleor_sms_plugin_message
           WHERE event_name = 'order_created' AND order_number = ANY(%s)""",
        numbers,
    )
    assert len(numbers) == ORDERS
    assert sorted(row["order_number"] for row in rows) == sorted(numbers)
    taken = Counter(f"+{request.body['to']}" for request in vonage.requests)
    assert [phone for phone, count in taken.items() if count > 1] == []
    statuses = Counter(row["status"] for row in rows)
    assert statuses.keys() <= {"sent", "outcome_unknown"}
    assert statuses["outcome_unknown"] <= KILLS * IN_FLIGHT
    assert {row["recipient"] for row in rows if row["status"] == "sent"} <= taken.keys()
    print(f"{ORDERS} orders, {KILLS} kills: {dict(statuses)}")
