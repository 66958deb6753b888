"""One send is one POST, and its error says truly whether anything was accepted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from saleor_sms_plugin.exceptions import (
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
    RetryableProviderError,
)
from saleor_sms_plugin.providers import OutboundMessage
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import AnswerWith, Connect

FAULTS: dict[str, type[ProviderError]] = {
    "throttle": ProviderThrottled,
    "http:429": ProviderThrottled,
    "http:400": ProviderRejected,
    "http:408": ProviderUnavailable,
    "http:503:5": ProviderUnavailable,
    "http:500": OutcomeUnknown,
    "http:502": OutcomeUnknown,
    "http:504": OutcomeUnknown,
    "http:307": OutcomeUnknown,
    "html": OutcomeUnknown,
    "empty": OutcomeUnknown,
    "truncated": OutcomeUnknown,
    "drop_before_reading": OutcomeUnknown,
    "drop_after_reading": OutcomeUnknown,
    "drop_mid_response": OutcomeUnknown,
    "slow:5": OutcomeUnknown,
    "silent": OutcomeUnknown,
}


@pytest.mark.parametrize("api", ["sms", "messages"])
@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_a_fault_costs_one_post_and_has_one_meaning(
    fault: str,
    expected: type[ProviderError],
    api: str,
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
) -> None:
    """Whatever the server does to a request, it is sent once and judged by what may be true."""
    vonage.script(fault)

    with pytest.raises(ProviderError) as raised:
        connect(api, timeout=(2.0, 0.3)).send(message)

    assert type(raised.value) is expected
    assert raised.value.provider == "vonage"
    assert len(vonage.requests) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_that_is_called_retryable_was_accepted(
    fault: str, vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """A retry after a retryable error never makes a second message."""
    vonage.script(fault)

    with pytest.raises(ProviderError) as raised:
        connect(timeout=(2.0, 0.3)).send(message)

    assert not (isinstance(raised.value, RetryableProviderError) and vonage.accepted)


@pytest.mark.parametrize("fault", ["drop_after_reading", "drop_mid_response", "html", "http:500"])
def test_the_next_message_is_sent_after_a_fault(
    fault: str, vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """A broken exchange leaves nothing behind that the next message could meet."""
    vonage.script(fault)
    provider = connect()
    with pytest.raises(ProviderError):
        provider.send(message)

    result = provider.send(message)

    assert len(result.provider_message_ids) == 1
    assert len(vonage.requests) == 2


def test_a_redirect_is_not_followed(
    vonage: VonageServer, answer_with: AnswerWith, connect: Connect, message: OutboundMessage
) -> None:
    """A 307 with a Location, which requests would follow with a second POST, is not followed."""
    head = f"HTTP/1.1 307 Moved\r\nLocation: {vonage.url}/sms/json\r\nContent-Length: 0\r\n\r\n"
    provider = connect(base_url=answer_with(head.encode()))

    with pytest.raises(OutcomeUnknown) as raised:
        provider.send(message)

    assert raised.value.http_status == 307
    assert vonage.requests == []


def test_an_early_hint_is_not_the_last_word_on_its_connection(
    connect: Connect, message: OutboundMessage
) -> None:
    """What follows a 103 answers that message; the next one has a connection of its own."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        connections: list[int] = []
        threading.Thread(target=_hint, args=(listener, connections), daemon=True).start()
        provider = connect(base_url=_url(listener))

        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                provider.send(message)

    assert connections == [1, 1]


def test_a_refused_connection_sent_nothing(connect: Connect, message: OutboundMessage) -> None:
    """Where nobody listens, nothing was accepted."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = _url(listener)

    with pytest.raises(ProviderUnavailable):
        connect(base_url=url).send(message)


def test_an_unknown_host_sent_nothing(
    connect: Connect, message: OutboundMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the name does not resolve, nothing was accepted."""

    def no_such_name(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

    with pytest.raises(ProviderUnavailable):
        connect(base_url="https://sms.invalid").send(message)


def test_a_broken_tls_handshake_sent_nothing(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """A server that answers the handshake with something else has seen no message."""
    with pytest.raises(ProviderUnavailable):
        connect(base_url=vonage.url.replace("http:", "https:")).send(message)


def test_a_hanging_tls_handshake_sent_nothing(
    silent_listener: socket.socket, connect: Connect, message: OutboundMessage
) -> None:
    """A handshake that times out is a read timeout to Python, and yet nothing was accepted."""
    provider = connect(
        base_url=_url(silent_listener).replace("http:", "https:"), timeout=(0.2, 0.2)
    )

    with pytest.raises(ProviderUnavailable):
        provider.send(message)


def test_a_server_that_takes_the_connection_and_hangs_may_have_the_message(
    silent_listener: socket.socket, connect: Connect, message: OutboundMessage
) -> None:
    """Once the message has been written, a timeout says nothing about it."""
    provider = connect(base_url=_url(silent_listener), timeout=(0.2, 0.2))

    with pytest.raises(OutcomeUnknown):
        provider.send(message)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"recipient": "+0000"}, id="no number"),
        pytest.param({"body": "a" * 3201}, id="too long"),
    ],
)
def test_what_the_sdk_dislikes_is_rejected_unsent(
    wrong: dict[str, str], vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """The SDK's own checks are a refusal of this message; its text is not repeated."""
    refused = replace(message, **wrong)

    with pytest.raises(ProviderRejected) as raised:
        connect("messages").send(refused)

    assert vonage.requests == []
    assert vonage.connections == 0
    assert raised.value.__cause__ is None
    assert refused.recipient not in str(raised.value)


def test_a_refusal_of_the_sdk_is_not_taken_for_the_last_messages_success(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """The answer to one message is never read as the answer to the next."""
    provider = connect("messages")
    provider.send(message)

    with pytest.raises(ProviderRejected):
        provider.send(replace(message, body="a" * 3201))

    assert len(vonage.requests) == 1


def test_half_a_surrogate_pair_is_rejected_unsent(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """A text that no encoding can write is a refusal, not a crash."""
    with pytest.raises(ProviderRejected):
        connect().send(replace(message, body="half \ud83d"))

    assert vonage.requests == []


@pytest.fixture
def silent_listener() -> Iterator[socket.socket]:
    """Takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener


def _hint(listener: socket.socket, connections: list[int]) -> None:
    """Each request is answered with a 103 alone; counts the requests of each connection."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connections.append(0)
        with connection:
            while received := connection.recv(65536):
                if b"client-ref" in received:
                    connections[-1] += 1
                    connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
