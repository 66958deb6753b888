"""Carts left behind in a running shop, whatever the hour and the day are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from tests.servers import wait_until

from .shop import LiveShop
from .texts import settled

LEFT = "checkout_abandoned"
_SIGNED = "Mon-Sun 09:00-20:00, signed off by Ann Lee 2026-11-20"
#: A cart counts as left behind after five minutes, and Sunday is a day as any other.
EVERY_DAY = "\n".join(
    (
        "abandoned.delay = 5",
        *(f"rule.{place}.hours = {_SIGNED}" for place in ("default", "PL", "GB", "US-TX")),
    )
)


def awake() -> str:
    """A country where it is between 10 and 19: reminders go out from 9 to 20 only."""
    hour = dt.datetime.now(dt.UTC).hour
    return "PL" if 8 <= hour < 17 else "PE" if 17 <= hour < 23 else "SB"


def cart_of(shop: LiveShop, phone: str) -> dict[str, Any]:
    """The cart of a person where it is day, who has no other one."""
    return shop.cart(phone, email=f"{phone[1:]}@example.com", country=awake())


def leave(shop: LiveShop, *carts: Mapping[str, Any], begun: str = "6 minutes") -> None:
    """These carts were changed six minutes ago, and the next periodic run reads them."""
    shop.saleor.rows(
        "UPDATE checkout_checkout SET created_at = now() - %s::interval,"
        " last_change = now() - interval '6 minutes' WHERE token = ANY(%s::uuid[])",
        begun,
        [cart["token"] for cart in carts],
    )
    shop.saleor.rows(
        "UPDATE saleor_sms_plugin_activation SET active_since = now() - interval '60 days'"
    )
    shop.saleor.rows(
        "UPDATE saleor_sms_plugin_cartsweep SET changed_at = now() - interval '7 minutes',"
        " seen_at = now() - interval '7 minutes'"
    )


def decided(shop: LiveShop, event: str, cart: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(status, reason) of the event's texts about what began as this cart."""
    rows = shop.saleor.rows(
        "SELECT status, reason FROM saleor_sms_plugin_message"
        " WHERE checkout_id = %s AND event_name = %s ORDER BY id",
        cart["token"],
        event,
    )
    return [(row["status"], row["reason"]) for row in rows]


def wait_for_decision(shop: LiveShop, event: str, cart: Mapping[str, Any]) -> None:
    """The event's text about this cart is decided, and all that may go out is sent."""
    wait_until(lambda: bool(decided(shop, event, cart)), 120, f"a decision about {event}")
    settled(shop)
