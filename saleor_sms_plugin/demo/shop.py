"""The demo's shop: two channels as their owner filled them in, and the orders of one day.

Every number is invented.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..config import fields
from ..ports import Address, Order
from ..testing.shop import MemoryShop

ZONE = ZoneInfo("Europe/Warsaw")
DAY = dt.date(2026, 5, 12)

EUROPE, USA = 1, 2
SLUGS = {EUROPE: "europe", USA: "usa"}
_COUNTRIES = {
    # Canada is among them, though its networks take no texts from a name.
    EUROPE: frozenset({"PL", "IT", "DE", "FR", "ES", "CA"}),
    USA: frozenset({"US"}),
}
_ACCOUNT = {
    "provider": "vonage",
    "api_key": "demo1234",
    "api_secret": "invented-secret",
    "shop_name": "Example Store",
    "contact": "help@example.com",
}
_SETTINGS = {
    EUROPE: {
        "sender_id": "ExampleShop",
        "default_country": "PL",
        "text_tracking_updated": (
            "{{ shop.name }}: {{ customer.first_name }}, nowy numer Twojej paczki to "
            "{{ fulfillment.tracking_number }}. {{ fulfillment.tracking_url }}"
        ),
    },
    USA: {
        "sender_id": "+1 212 555 2368",
        "default_country": "US",
        "staff_numbers": "+48 601 234 567",
        "advanced": "staff_timezone = Europe/Warsaw",
    },
}


def open_shop() -> MemoryShop:
    """A shop with its two channels configured, and no order yet."""
    shop = MemoryShop()
    defaults = {field.name: field.default for field in fields()}
    for channel_id, slug in SLUGS.items():
        shop.zones[channel_id] = _COUNTRIES[channel_id]
        shop.configure(channel_id, slug, {**defaults, **_ACCOUNT, **_SETTINGS[channel_id]})
    return shop


def _order(
    number: str,
    name: str,
    phone: str,
    country: str,
    language: str,
    total: str,
    currency: str = "EUR",
    channel: int = EUROPE,
    **more: Any,
) -> Order:
    first, _, last = name.partition(" ")
    address = Address(phone=phone, country=country, first_name=first, last_name=last)
    return Order(
        id=f"order-{number}",
        number=number,
        channel_id=channel,
        channel_slug=SLUGS[channel],
        status="unfulfilled",
        language=language,
        created_at=dt.datetime.combine(DAY, dt.time(), tzinfo=ZONE),
        currency=currency,
        total=Decimal(total),
        billing=address,
        **{"origin": "checkout", "item_count": 2, "shipping": address, **more},
    )


def _person(name: str, phone: str, country: str) -> Address:
    first, _, last = name.partition(" ")
    return Address(phone=phone, country=country, first_name=first, last_name=last)


ORDERS: dict[str, Order] = {
    order.number: order
    for order in (
        _order("1001", "Łucja Żak", "512 345 678", "PL", "pl", "129.90", "PLN",
               shipping_method_name="InPost Paczkomat"),
        _order("1002", "Giulia Rossi", "340 123 4567", "IT", "it", "89.00"),
        _order("1003", "Jürgen Groß", "0151 23456789", "DE", "de", "1249.00"),
        _order("1004", "Élodie Martin", "", "FR", "fr", "35.50"),
        _order("1005", "José García", "91 123 45 67", "ES", "es", "64.90"),
        _order("1006", "Emma Hill", "+44 7400 123456", "GB", "en", "42.00"),
        _order("1007", "Liam Roy", "416 555 0123", "CA", "en", "58.00"),
        _order("1008", "Paul Durand", "06 12 34 56 78", "FR", "fr", "19.90"),
        _order("1009", "Lucía Pérez", "612 34 56 78", "ES", "es", "210.00"),
        _order("1010", "Marco Bianchi", "347 765 4321", "IT", "it", "75.00",
               collection_point_name="Libreria Centrale"),
        _order("1011", "Heike Schulz", "0171 3920001", "DE", "de", "99.80"),
        _order("1012", "Old Customer", "+48 511 222 333", "PL", "pl", "12.00", "PLN",
               origin="bulk_create"),
        _order("1013", "Anna Nowak", "+48 602 111 222", "PL", "pl", "320.00", "PLN",
               shipping=_person("Jan Nowak", "+48 603 333 444", "PL"),
               shipping_method_name="DPD"),
        _order("2001", "Sam Lee", "(212) 555-0123", "US", "en", "49.00", "USD", USA),
        _order("2002", "Ana Cruz", "(212) 555-0144", "US", "es", "25.00", "USD", USA),
        _order("2003", "Joe King", "(212) 555-0177", "US", "en", "110.00", "USD", USA),
    )
}  # fmt: skip
