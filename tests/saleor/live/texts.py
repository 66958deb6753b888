"""What phones got of a running shop."""

from __future__ import annotations

from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.servers import wait_until

from .shop import LiveShop


def settled(shop: LiveShop) -> None:
    """Every event is decided, and every text that may go out now is sent."""
    wait_until(lambda: not shop.waiting(), 60, "every event to be decided and every text sent")


def texts(vonage: VonageServer) -> list[tuple[str, str]]:
    """(recipient, text) of everything a phone would get since the last call."""
    caught = [(f"+{each.body['to']}", str(each.body["text"])) for each in vonage.accepted]
    assert len(caught) == len(vonage.requests)  # nothing was refused, nothing was tried twice
    vonage.requests.clear()
    return caught
