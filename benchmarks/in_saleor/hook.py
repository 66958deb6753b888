"""What `order_created` costs with the plugin on and off, and the user-email plugin's share.

Both are measured as the difference an active plugin makes to the same call of Saleor's plugin
manager; every call has an order of its own, and active and inactive calls take turns.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from time import thread_time
from typing import Any

import django

from benchmarks.figures import seconds_of

EMAIL, SMS = "mirumee.notifications.user_email", "saleor_sms_plugin"


def main(samples: int) -> dict[str, object]:
    """Milliseconds of each call and of the hook's two parts alone, and the statements it adds."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from saleor.order.fetch import fetch_order_info
    from saleor.order.notifications import send_order_confirmation
    from saleor.plugins.manager import get_plugins_manager

    from benchmarks.in_saleor.orders import CHANNEL, new_orders, switch_plugin
    from saleor_sms_plugin import wiring
    from saleor_sms_plugin.models import Message, ShopEvent
    from saleor_sms_plugin.services.record import Happening, record

    def happening(serial: int) -> Happening:
        return Happening(name="order_created", channel_id=1, order_id=f"measured-alone-{serial}")

    ports = wiring.ports()
    switch_plugin()
    orders = new_orders()
    manager = get_plugins_manager(allow_replica=False)

    def hook(order: Any) -> None:
        manager.order_created(order, webhooks=set())

    def confirmation(order_info: Any) -> None:
        send_order_confirmation(order_info, "https://shop.example.com/order", manager)

    def timed(
        plugin_id: str, call: Callable[[Any], None], arguments: Iterator[Any]
    ) -> dict[str, list[float]]:
        plugin = manager.get_plugin(plugin_id, channel_slug=CHANNEL)
        milliseconds: dict[str, list[float]] = defaultdict(list)
        for turn in range(samples + 10):
            for active in (turn % 2 == 0, turn % 2 == 1):
                plugin.active = active
                argument = next(arguments)
                before = thread_time()
                taken = seconds_of(partial(call, argument)) * 1000
                busy = (thread_time() - before) * 1000
                if turn >= 10:  # warmed up
                    state = "active" if active else "inactive"
                    milliseconds[state].append(taken)
                    milliseconds[f"{state}_cpu"].append(busy)
        plugin.active = True
        return milliseconds

    def statements(active: bool) -> list[str]:
        manager.get_plugin(SMS, channel_slug=CHANNEL).active = active
        order = next(orders)
        with CaptureQueriesContext(connection) as captured:
            hook(order)
        return [query["sql"] for query in captured]

    sms = timed(SMS, hook, orders)
    recorded = ShopEvent.objects.count()
    if recorded != samples + 10:
        raise RuntimeError(f"{samples + 10} active hooks recorded {recorded} events.")
    email = timed(EMAIL, confirmation, map(fetch_order_info, orders))
    without, added = statements(False), statements(True)
    parts = {
        "record": lambda n: record(happening(n), ports),
        "nudge": lambda n: ports.wake.nudge(),
    }
    alone = {
        name: [seconds_of(partial(part, n)) * 1000 for n in range(samples)]
        for name, part in parts.items()
    }
    ShopEvent.objects.all().delete()
    if Message.objects.exists():
        raise RuntimeError("A worker was running: the hook was not measured alone.")
    return {
        "sms": sms,
        "email": email,
        **alone,
        "statements": added[len(without) :] if added[: len(without)] == without else added,
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(int(sys.argv[1]))))
