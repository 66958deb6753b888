"""A shop that needs no storage: a test and its workers make the same one, each for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal

from saleor_sms_plugin.ports import Address, Order
from saleor_sms_plugin.testing.shop import MemoryShop

CHANNEL = 1
VALUES = {
    "provider": "vonage", "api_key": "abcd1234", "api_secret": "abcdef0123456789",
    "sender_id": "Acme", "shop_name": "Acme", "send_order_created": True,
}  # fmt: skip


class OpenShop(MemoryShop):
    """One channel that texts new orders through Vonage; whoever asks for an order finds it.

    Order "7" has the number 7 and belongs to the phone +48512000007.
    """

    def __init__(self) -> None:
        super().__init__()
        self.configure(
            CHANNEL, "channel-1", VALUES, currency="EUR", default_country="PL", shop_name="Acme"
        )
        self.zones[CHANNEL] = frozenset({"PL"})

    def orders(self, order_ids: Collection[str]) -> Mapping[str, Order]:
        return {each: _order(each) for each in order_ids}


def _order(name: str) -> Order:
    return Order(
        id=name, number=name, channel_id=CHANNEL, channel_slug="channel-1", status="unfulfilled",
        origin="checkout", language="en", created_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
        currency="EUR", total=Decimal("99.90"), item_count=1,
        billing=Address(phone=f"+48512{int(name):06}", country="PL"),
    )  # fmt: skip
