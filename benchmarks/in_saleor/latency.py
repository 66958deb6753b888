"""Orders one by one, each heard by the hook while the worker is idle: when, and for whom."""

from __future__ import annotations

import json
import sys
import time

import django

WARM_UP = 10
PATIENCE = 30.0  #: seconds until a text that was not sent ends the run


def main(samples: int) -> list[dict[str, object]]:
    """The number texted and the instant (seconds since 1970) just before the hook, per order."""
    from saleor.plugins.manager import get_plugins_manager

    from benchmarks.in_saleor.orders import new_orders, switch_plugin
    from saleor_sms_plugin.models import Message

    switch_plugin()
    manager, orders = get_plugins_manager(allow_replica=False), new_orders()
    heard: list[dict[str, object]] = []
    for _ in range(WARM_UP + samples):
        order = next(orders)
        time.sleep(0.1)  # the worker is idle again
        at = time.time()
        manager.order_created(order, webhooks=set())
        heard.append({"to": str(order.billing_address.phone.as_e164), "at": at})
        texts = Message.objects.filter(order_id=str(order.pk))
        while not texts.filter(status="sent").exists():
            if time.time() - at > PATIENCE:
                found = [f"{text} ({text.why})" for text in texts]
                raise RuntimeError(f"No text was sent for order {order.number}: {found}")
            time.sleep(0.02)
    return heard[WARM_UP:]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(int(sys.argv[1]))))
