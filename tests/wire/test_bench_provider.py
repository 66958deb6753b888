"""The benchmarks' provider answers as Vonage does: the vendor's own SDK reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.servers import Provider, provider_server
from saleor_sms_plugin.exceptions import ProviderRejected
from saleor_sms_plugin.providers import OutboundMessage, get_provider

LONG = "Your order is on its way. " * 8  # 208 characters: two segments


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with provider_server() as provider:
        yield provider


@pytest.mark.parametrize("api", ["sms", "messages"])
def test_the_sdk_is_accepted_on_a_kept_connection(server: Provider, api: str) -> None:
    """Both APIs: ids come back, by part where parts are counted, and arrivals are listed."""
    server.reset()
    settings = {"api": api, "api_key": "key", "api_secret": "secret", "base_url": server.url}
    provider = get_provider("vonage", settings)

    sent = [
        provider.send(OutboundMessage("+48512345678", "Acme", body, "r1"))
        for body in ("short", LONG)
    ]

    assert [len(each.provider_message_ids) for each in sent] == [1, 2 if api == "sms" else 1]
    assert [to for _, to in server.arrivals()] == ["48512345678"] * 2


def test_the_sdk_is_refused_by_the_same_rules(server: Provider) -> None:
    """A number that is none gets status 3, as from the real one."""
    settings = {"api_key": "key", "api_secret": "secret", "base_url": server.url}
    provider = get_provider("vonage", settings)

    with pytest.raises(ProviderRejected) as refused:
        provider.send(OutboundMessage("+0123", "Acme", "hello", "r1"))

    assert refused.value.code == "3"
