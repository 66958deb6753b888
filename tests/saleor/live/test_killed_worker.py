"""The worker is killed again and again while orders come in: none lost, none doubled."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from saleor_sms_plugin.services import claims
from saleor_sms_plugin.services.pace import threads_for
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.shop import LiveShop
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ORDERS = 33  #: between two kills
AT_ONCE = 4  #: customers who order at the same time
KILLS = 5
IN_FLIGHT = 2  #: texts that two worker processes can be sending in one moment
ANSWER = 0.2  #: seconds, so that a kill meets texts on their way

BACKLOG = 60
RATE = 30.0  #: texts a second, as the account allows
#: what one killed worker may leave: the texts of one beginning, and one in each thread
LEFT_BY_ONE = claims.BATCH + threads_for(RATE, ANSWER)


def _phone(number: int) -> str:
    return f"+48512{number:06d}"


class Customers:
    """They order at the same time, each one text's worth, until told to stop."""

    def __init__(self, shop: LiveShop) -> None:
        self.numbers: list[str] = []
        self._shop = shop
        self._lock = threading.Lock()
        self._next = itertools.count()

    def order(self) -> None:
        with self._lock:
            each = next(self._next)
        placed = self._shop.place(_phone(each), "PL" if each % 2 else "EN")
        with self._lock:
            self.numbers.append(placed["number"])

    def order_until(self, over: threading.Event) -> None:
        while not over.is_set():
            self.order()


def _ended(shop: LiveShop, vonage: VonageServer, numbers: Sequence[str]) -> Counter[str]:
    """Each order has one text, whose number was texted at most once; by status."""
    wait_until(lambda: not shop.waiting(), 180, "every text to end")
    rows: list[dict[str, Any]] = shop.saleor.rows(
        """SELECT order_number, recipient, status FROM saleor_sms_plugin_message
           WHERE event_name = 'order_created' AND order_number = ANY(%s)""",
        list(numbers),
    )
    assert sorted(row["order_number"] for row in rows) == sorted(numbers)
    taken = Counter(f"+{request.body['to']}" for request in vonage.requests)
    assert [phone for phone, count in taken.items() if count > 1] == []
    assert {row["recipient"] for row in rows if row["status"] == "sent"} <= taken.keys()
    statuses = Counter(row["status"] for row in rows)
    assert statuses.keys() <= {"sent", "outcome_unknown"}
    print(f"{len(numbers)} orders: {dict(statuses)}")
    return statuses


def test_no_text_is_lost_or_doubled(shop: LiveShop, vonage: VonageServer) -> None:
    """Each of some 200 orders has one text: sent once, or `outcome_unknown` and never tried again.

    A process that keeps up and is killed leaves at most the text it was sending of unknown
    outcome.
    """
    # given
    chance = random.Random(200)
    worker = shop.saleor.worker
    customers = Customers(shop)
    over = threading.Event()

    # when
    vonage.delay = ANSWER
    try:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            ordering = [threads.submit(customers.order_until, over) for _ in range(AT_ONCE)]
            try:
                for _ in range(KILLS):
                    count = len(customers.numbers) + ORDERS
                    wait_until(lambda: len(customers.numbers) >= count, 300, f"{count} orders")  # noqa: B023 (asked at once)
                    wait_until(shop.keeps_up, 120, "the worker to keep up")
                    time.sleep(chance.uniform(0.1, 3.0))
                    worker.kill()
                    time.sleep(chance.uniform(0.1, 3.0))
                    worker.start()
            finally:
                over.set()
            for each in ordering:
                each.result()
        statuses = _ended(shop, vonage, customers.numbers)
    finally:
        vonage.delay = 0.0
        worker.start()

    # then
    assert statuses["outcome_unknown"] <= KILLS * IN_FLIGHT


def test_a_worker_killed_in_a_backlog(shop: LiveShop, vonage: VonageServer) -> None:
    """It leaves at most the texts that had begun; the others go out once, by the next worker."""
    # given
    worker = shop.saleor.worker
    customers = Customers(shop)
    worker.kill()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for each in [threads.submit(customers.order) for _ in range(BACKLOG)]:
            each.result()

    # when
    vonage.delay = ANSWER
    try:
        worker.start()
        wait_until(lambda: len(vonage.requests) >= BACKLOG // 4, 120, "a part of the backlog")
        worker.kill()
        worker.start()
        statuses = _ended(shop, vonage, customers.numbers)
    finally:
        vonage.delay = 0.0
        worker.start()

    # then
    assert statuses["sent"] + statuses["outcome_unknown"] == BACKLOG
    assert 0 < statuses["outcome_unknown"] <= LEFT_BY_ONE
