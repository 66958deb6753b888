"""The running shop with the plugin switched on, its texts caught by a local Vonage server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import pytest

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live import LiveSaleor
from tests.saleor.live.broker import BrokerDoor
from tests.saleor.live.shop import LiveShop
from tests.servers import wait_until

API_SECRET = "only-for-tests"

#: Nothing waits for the morning, and what settles does so within seconds.
AT_ONCE = """
night = off
staff_night = off
flood = off
settle.order_cancelled = 2
settle.order_refunded = 2
settle.order_fully_refunded = 2
settle.fulfillment_created = 2
settle.tracking_updated = 2
"""


@pytest.fixture(scope="session")
def vonage() -> Iterator[VonageServer]:
    with VonageServer(key="key", secret=API_SECRET) as server:
        yield server


@pytest.fixture(scope="session")
def broker() -> Iterator[BrokerDoor]:
    with BrokerDoor(os.environ["CELERY_BROKER_URL"]) as door:
        yield door


@pytest.fixture(scope="session")
def live_environment(vonage: VonageServer, broker: BrokerDoor) -> Mapping[str, str]:
    return {
        "SALEOR_SMS_VONAGE_BASE_URL": vonage.url,
        "SALEOR_SMS_TEST_SECRET": API_SECRET,
        "CELERY_BROKER_URL": broker.url,
    }


@pytest.fixture
def shop(live_saleor: LiveSaleor, vonage: VonageServer) -> Iterator[LiveShop]:
    """The plugin is switched on for the time of one test, and nothing has been sent."""
    shop = LiveShop(live_saleor)
    shop.save(api_secret="env:SALEOR_SMS_TEST_SECRET")  # the dashboard saves a secret alone
    shop.save(
        active=True,
        provider="vonage",
        api_key="key",
        sender_id="Example",
        shop_name="Example",
        default_country="PL",
        allowed_countries="PL, GB",
        advanced=AT_ONCE,
    )
    vonage.requests.clear()
    yield shop
    shop.save(active=False)
    wait_until(lambda: not shop.waiting(), 60, "what was left to be decided")
