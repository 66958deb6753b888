"""The broker refuses or is silent: orders are placed all the same, their texts come later."""

from __future__ import annotations

import time

import pytest

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.live.broker import BrokerDoor
from tests.saleor.live.shop import LiveShop
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ANN = "+447400123456"


@pytest.mark.parametrize("silent", [False, True])
def test_a_text_waits_for_the_broker(
    shop: LiveShop, vonage: VonageServer, broker: BrokerDoor, silent: bool
) -> None:
    """An order placed while the broker is away is recorded; beat brings its text afterwards."""
    # given
    checkout = shop.checkout(ANN)

    # when
    (broker.hush if silent else broker.shut)()
    try:
        began = time.monotonic()
        order = shop.complete(checkout)
        print(f"order placed in {time.monotonic() - began:.1f} s, broker silent: {silent}")
        assert vonage.requests == []
        assert shop.decisions(order) == {}
        assert shop.waiting() > 0
    finally:
        broker.open()

    # then
    wait_until(lambda: not shop.waiting(), 120, "the text to be sent after all")
    assert [request.body["to"] for request in vonage.accepted] == [ANN[1:]]
    assert shop.decisions(order)["order_created"] == ("sent", "")
