"""Over TLS, as to every true provider: verified, kept alive, and through a proxy where one is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from saleor_sms_plugin.exceptions import ProviderUnavailable
from saleor_sms_plugin.providers import OutboundMessage, get_provider
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import KEY, SECRET, Connect
from tests.wire.tls import certificate, tls_before, tunnel_to


@pytest.fixture
def trusted(
    rsa_key: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """A certificate that the environment trusts, and its key."""
    chain, private = certificate(rsa_key, tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))
    return chain, private


@pytest.fixture
def port(vonage: VonageServer, trusted: tuple[Path, Path]) -> Iterator[int]:
    """Of a server that speaks TLS before ``vonage``."""
    with tls_before(int(vonage.url.rsplit(":", 1)[1]), *trusted) as port:
        yield port


def test_many_sends_use_one_connection(
    port: int, vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """The tickets that TLS 1.3 sends after its handshake are no sign of an end."""
    provider = connect(base_url=f"https://127.0.0.1:{port}")

    for _ in range(5):
        provider.send(message)
        time.sleep(0.02)

    assert len(vonage.accepted) == 5
    assert vonage.connections == 1


def test_a_certificate_that_nobody_trusts_sent_nothing(
    port: int,
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only who Vonage is may have the text."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    with pytest.raises(ProviderUnavailable):
        connect(base_url=f"https://127.0.0.1:{port}").send(message)

    assert vonage.requests == []


def test_texts_go_through_the_tunnel_of_a_proxy(
    port: int, vonage: VonageServer, message: OutboundMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tunnel for many texts; the certificate is the vendor's, not the proxy's."""
    asked: list[str] = []
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with tunnel_to(port, asked) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy}")
        provider = get_provider("vonage", {"api_key": KEY, "api_secret": SECRET})
        for _ in range(3):
            provider.send(message)
        provider.close()

    assert asked == ["rest.nexmo.com:443"]
    assert len(vonage.accepted) == 3
    assert [request.headers["Host"] for request in vonage.requests] == ["rest.nexmo.com"] * 3
