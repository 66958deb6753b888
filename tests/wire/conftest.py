"""A fake Vonage on loopback, and providers that talk to it."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from saleor_sms_plugin.providers import OutboundMessage
from saleor_sms_plugin.providers.vonage import VonageProvider
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.keys import pem

KEY, SECRET, APPLICATION = "abcd1234", "abcdef0123456789", "app-0001"

Connect = Callable[..., VonageProvider]
AnswerWith = Callable[[bytes], str]


@pytest.fixture
def vonage() -> Iterator[VonageServer]:
    with VonageServer(key=KEY, secret=SECRET) as server:
        yield server


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def private_key(rsa_key: rsa.RSAPrivateKey) -> str:
    """PEM text, PKCS#8."""
    return pem(rsa_key)


@pytest.fixture
def connect(vonage: VonageServer) -> Iterator[Connect]:
    """Makes a provider of one API that talks to ``vonage``; settings may be replaced."""
    providers: list[VonageProvider] = []

    def make(
        api: str = "sms", *, timeout: tuple[float, float] = (2.0, 2.0), **settings: str
    ) -> VonageProvider:
        defaults = {"api_key": KEY, "api_secret": SECRET, "api": api, "base_url": vonage.url}
        providers.append(VonageProvider({**defaults, **settings}, timeout=timeout))
        return providers[-1]

    yield make
    for provider in providers:
        provider.close()


@pytest.fixture
def message() -> OutboundMessage:
    return OutboundMessage(
        recipient="+447700900123",
        sender_id="Acme",
        body="Your order 42 is on its way.",
        reference=str(uuid.uuid4()),
    )


@pytest.fixture
def answer_with() -> Iterator[AnswerWith]:
    """Starts a server that answers one SMS with exactly these bytes; gives its URL."""
    listeners: list[socket.socket] = []

    def start(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_answer_once, args=(listener, answer), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        received = b""
        while b"client-ref" not in received:
            received += connection.recv(65536)
        connection.sendall(answer)
