"""The web process is killed right after commits: the reconciler brings what its hooks did not."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.shop import LiveShop
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ORDERS = 100
AT_ONCE = 3  #: customers who order at the same time
KILLS = 6


def test_no_order_is_missed_or_told_twice(shop: LiveShop, vonage: VonageServer) -> None:
    """Each order that was committed has one text, sent once, also where no hook was called.

    The web process is killed as soon as an order is seen in the database: Saleor calls the
    hooks after the commit, and for some orders it does not come to it.
    """
    # given
    saleor = shop.saleor
    (newest,) = saleor.rows("SELECT max(number) AS number FROM order_order")
    phones = itertools.count()
    lock = threading.Lock()

    def placed() -> list[str]:
        rows = saleor.rows(
            "SELECT number FROM order_order WHERE number > %s AND origin = 'checkout'",
            newest["number"],
        )
        return [str(row["number"]) for row in rows]

    def buy() -> None:
        while len(placed()) < ORDERS:
            with lock:
                phone = f"+48513{next(phones):06d}"
            try:
                shop.place(phone)
            except requests.RequestException:
                time.sleep(0.5)  # the shop is away; nobody asks for the same order again

    # when
    assert shop.variant_id
    with ThreadPoolExecutor(AT_ONCE) as customers:
        buying = [customers.submit(buy) for _ in range(AT_ONCE)]
        try:
            for kill in range(1, KILLS + 1):
                seen = len(placed())
                goal = max(seen + 1, kill * ORDERS // (KILLS + 1))
                wait_until(lambda goal=goal: len(placed()) >= goal, 300, f"{goal} orders")  # type: ignore[misc]
                saleor.web.kill()
                saleor.web.start()
        finally:
            if not saleor.web.running:
                saleor.web.start()
        for each in buying:
            each.result()
    numbers = placed()

    def told() -> dict[str, str]:
        rows = saleor.rows(
            """SELECT order_number, status FROM saleor_sms_plugin_message
               WHERE event_name = 'order_created' AND order_number = ANY(%s)""",
            numbers,
        )
        assert len(rows) == len({row["order_number"] for row in rows})
        return {row["order_number"]: row["status"] for row in rows}

    wait_until(lambda: len(told()) == len(numbers), 300, "a decision about each order")
    wait_until(lambda: not shop.waiting(), 180, "every text to end")

    # then
    assert len(numbers) >= ORDERS
    assert told() == dict.fromkeys(numbers, "sent")
    taken = Counter(request.body["to"] for request in vonage.requests)
    assert (len(taken), set(taken.values())) == (len(numbers), {1})
    (found,) = saleor.rows(
        """SELECT count(*) AS count FROM saleor_sms_plugin_shopevent AS event
           JOIN order_order ON order_order.id::text = event.order_id
           WHERE event.name = 'order_created' AND event.found
           AND order_order.number::text = ANY(%s)""",
        numbers,
    )
    print(f"{len(numbers)} orders, {KILLS} kills: {found['count']} orders without their hook")
    assert found["count"] > 0
