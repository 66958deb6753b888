"""The transport under the SDK: one host, one connection per thread, no leak, no log."""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import NewConnectionError

from saleor_sms_plugin.exceptions import ConfigurationError, OutcomeUnknown, ProviderUnavailable
from saleor_sms_plugin.providers import OutboundMessage, get_provider, wire
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import APPLICATION, KEY, SECRET, AnswerWith, Connect

BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


@pytest.fixture
def dripping() -> Iterator[str]:
    """The URL of a server whose answer comes byte by byte, for as long as somebody reads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_drip, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _drip(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, suppress(OSError):
        while b"client-ref" not in connection.recv(65536):
            pass
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)


def _in_threads(count: int, work: Any) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("api", ["sms", "messages"])
def test_many_sends_use_one_connection(
    api: str, vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """A provider keeps its connection alive from send to send."""
    provider = connect(api)

    for _ in range(20):
        provider.send(message)

    assert len(vonage.requests) == 20
    assert vonage.connections == 1


def test_each_thread_has_its_own_connection(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Four threads share a provider over four connections; no message is lost or doubled."""
    provider = connect()
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for _ in range(10):
            provider.send(message)

    _in_threads(4, work)

    assert len(vonage.requests) == 40
    assert vonage.connections == 4


def test_headers_do_not_leak_between_apis_and_threads(
    vonage: VonageServer, connect: Connect, message: OutboundMessage, private_key: str
) -> None:
    """Each request has its own API's Content-Type and credentials, whatever runs beside it."""
    sms = connect("sms")
    messages = connect("messages", application_id=APPLICATION, private_key=private_key)

    def work() -> None:
        for _ in range(10):
            messages.send(message)
            sms.send(message)

    _in_threads(4, work)

    seen = {
        (request.path, request.headers["Content-Type"], request.headers["Authorization"][:6])
        for request in vonage.requests
    }
    assert seen == {
        ("/sms/json", "application/x-www-form-urlencoded", "Basic "),
        ("/v1/messages", "application/json", "Bearer"),
    }
    assert len(vonage.accepted) == 80


def test_a_connection_that_the_server_closed_while_idle_costs_no_message(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """A close that has arrived is seen before the next request, which gets a new connection."""
    provider = connect()
    provider.send(message)

    vonage.hang_up()
    provider.send(message)

    assert len(vonage.accepted) == 2
    assert vonage.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Firewalls forget idle connections without a word, and what is written there is lost."""
    provider = connect()
    provider.send(message)
    monkeypatch.setattr(wire, "IDLE_SECONDS", -1.0)

    provider.send(message)

    assert vonage.connections == 2


def test_close_ends_the_connections_and_a_later_send_opens_one(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Closing is not an end: it may be done twice, and sending goes on."""
    provider = connect()
    provider.send(message)

    provider.close()
    provider.close()
    provider.send(message)

    assert len(vonage.accepted) == 2
    assert vonage.connections == 2


@pytest.mark.parametrize(
    ("api", "host", "path"),
    [
        ("sms", "rest.nexmo.com", "/sms/json"),
        ("messages", "api.nexmo.com", "/v1/messages"),
    ],
)
def test_without_a_base_url_vonage_itself_is_called_with_limits(
    api: str, host: str, path: str, message: OutboundMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor's hosts over verified TLS, 3.05 s to connect and 10 s to read."""
    here, there = socket.socketpair()
    there.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    connected: list[tuple[Any, ...]] = []

    def connect(self: HTTPSConnection) -> None:
        connected.append((self.host, self.port, self.timeout, self.cert_reqs, bool(self.ca_certs)))
        self.sock = here

    monkeypatch.setattr(HTTPSConnection, "connect", connect)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    provider = get_provider("vonage", {"api_key": KEY, "api_secret": SECRET, "api": api})

    with here, there:
        with pytest.raises(ProviderUnavailable):
            provider.send(message)
        asked = there.recv(65536).decode()
        assert here.gettimeout() == 10.0
    assert connected == [(host, 443, 3.05, "CERT_REQUIRED", True)]
    assert asked.startswith(f"POST {path} HTTP/1.1\r\nHost: {host}\r\n")


def test_certificates_of_the_environment_are_trusted(
    message: OutboundMessage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A company's own proxy is usual; its certificate is where requests looks for it."""
    bundle = tmp_path / "company.pem"
    bundle.write_text("")
    seen: list[str | None] = []

    def connect(self: HTTPSConnection) -> None:
        seen.append(self.ca_certs)
        raise NewConnectionError(self, "nobody is there")

    monkeypatch.setattr(HTTPSConnection, "connect", connect)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    with pytest.raises(ProviderUnavailable):
        get_provider("vonage", {"api_key": KEY, "api_secret": SECRET}).send(message)

    assert seen == [str(bundle)]


def test_a_proxy_of_the_environment_is_asked_for_a_tunnel(
    message: OutboundMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a base URL the way out is the machine's: CONNECT, and nothing of the text."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    proxy = threading.Thread(target=refuse, daemon=True)
    proxy.start()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    with listener, pytest.raises(ProviderUnavailable):
        get_provider("vonage", {"api_key": KEY, "api_secret": SECRET}).send(message)
    proxy.join(5)

    assert [first.split(b" HTTP/")[0] for first in asked] == [b"CONNECT rest.nexmo.com:443"]


def test_a_base_url_is_connected_to_past_any_proxy(
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy of the environment does not get messages that are meant for this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    connect().send(message)

    assert len(vonage.accepted) == 1


def test_a_netrc_does_not_replace_the_credentials(
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What a server's user keeps in ~/.netrc for other programs is not sent to Vonage."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    connect().send(message)

    assert [request.headers["Authorization"] for request in vonage.requests] == [BASIC]


def test_an_endless_answer_is_not_read_to_its_end(
    answer_with: AnswerWith,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer longer than any true one is cut, and says nothing."""
    monkeypatch.setattr(wire, "ANSWER_BYTES", 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    url = answer_with(head + b'{"messages": [{"status": "0"}]}'.ljust(5000))

    assert connect(base_url=url).send(message).segment_count == 1
    url = answer_with(head + b'{"messages": [{"status": "0"}]}'.rjust(5000))
    with pytest.raises(OutcomeUnknown):
        connect(base_url=url).send(message)


def test_an_answer_that_drips_holds_nobody(
    dripping: str, connect: Connect, message: OutboundMessage
) -> None:
    """Each byte comes in time, the answer never ends: after one read timeout it is unknown."""
    with pytest.raises(OutcomeUnknown):
        connect(base_url=dripping, timeout=(2.0, 0.3)).send(message)


def test_an_answer_that_breaks_the_reader_is_no_refusal_of_the_sdk(
    answer_with: AnswerWith, connect: Connect, message: OutboundMessage
) -> None:
    """A piece of negative length is a ValueError, as the SDK's opinions are; the text has left."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    url = answer_with(head + b"-5\r\n{}")

    with pytest.raises(OutcomeUnknown):
        connect(base_url=url).send(message)


def test_nothing_of_a_message_is_logged(
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    private_key: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With every logger at DEBUG no number, text, secret or token is in any line."""
    logging.getLogger("vonage").disabled = False
    logging.getLogger("vonage").setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    settings = {"application_id": APPLICATION, "private_key": private_key}
    providers = [connect("sms"), connect("messages"), connect("messages", **settings)]
    vonage.script("http:400", "http:500", "html")

    for provider in providers * 2:
        try:
            provider.send(message)
        except Exception as error:
            logging.getLogger("test").debug("%s", error)

    assert len(vonage.requests) == 6
    assert [record for record in caplog.records if record.name == "vonage"] == []
    for private in (message.recipient[1:], message.body, SECRET, BASIC[6:], "Bearer"):
        assert private not in caplog.text


@pytest.mark.parametrize(
    "base_url",
    [
        "https://sms-proxy.example.com",
        "https://sms-proxy.example.com:8443/",
        "http://127.0.0.1:8025",
        "http://127.8.9.1:1",
        "http://[::1]:8025",
        "http://localhost:8025",
    ],
)
def test_a_base_url_is_https_or_on_this_machine(base_url: str, connect: Connect) -> None:
    """Where nobody can listen in, a test server may be called."""
    assert wire.check_base_url(base_url) == base_url.rstrip("/")
    connect(base_url=base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://sms-proxy.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0:80",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.1",
        "http://[::2]",
        "https://",
        "https://user:pass@rest.nexmo.com",
        "https://127.0.0.1@evil.example",
        "https://rest.nexmo.com/path",
        "https://rest.nexmo.com?x=1",
        "https://rest.nexmo.com#x",
        "https://rest.nexmo.com:99999",
        "https://[::1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "rest.nexmo.com",
    ],
)
def test_any_other_base_url_is_refused(base_url: str, connect: Connect) -> None:
    """Credentials never cross a network in the clear; the error names the setting and the fix."""
    with pytest.raises(ConfigurationError, match=r"SALEOR_SMS_VONAGE_BASE_URL.*https://host"):
        connect(base_url=base_url)


def _wire(url: str, timeout: tuple[float, float] = (2.0, 2.0)) -> wire.Wire:
    return wire.Wire(provider="pigeon", label="Pigeon", timeout=timeout, base_url=url)


@pytest.fixture
def served() -> Iterator[Callable[..., tuple[str, list[bytes]]]]:
    """Starts a server whose connections give these answers, piece by piece with a pause between;
    gives its URL and what it was asked."""
    listeners: list[socket.socket] = []

    def start(*answers: Sequence[bytes]) -> tuple[str, list[bytes]]:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        asked: list[bytes] = []

        def serve() -> None:
            with suppress(OSError):
                for pieces in answers:
                    connection, _ = listener.accept()
                    threading.Thread(target=_say, args=(connection, pieces, asked)).start()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}", asked

    yield start
    for listener in listeners:
        listener.close()


def _say(connection: socket.socket, pieces: Sequence[bytes], asked: list[bytes]) -> None:
    with connection, suppress(OSError):
        while heard := connection.recv(65536):
            asked.append(heard)
            is_empty = b"Content-Length: 0\r\n" in heard
            if heard.startswith(b"POST") and heard.endswith(b"\r\n\r\n") and not is_empty:
                continue  # the body comes apart
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.05)
            if pieces[-1] == b"":
                return


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"


def test_an_answer_cut_short_is_no_answer(served: Any) -> None:
    """Half of an id is no id: the outcome is unknown."""
    url, _ = served([HEAD + b"OK id=12", b""])

    with pytest.raises(OutcomeUnknown):
        _wire(url).send("POST", "https://pigeon.example/send", {}, b"text")


def test_what_broke_off_a_message_answers_no_other_one(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal may come while an answer is read; the rest of it is nobody's."""
    url, _ = served([HEAD + b'{"id": 1'], [HEAD + b'{"id": "second"}    '])
    one, read = _wire(url), wire.Wire._read

    class Signal(BaseException):
        pass

    def broken(self: wire.Wire, response: Any) -> bytes:
        raise Signal

    monkeypatch.setattr(wire.Wire, "_read", broken)
    with pytest.raises(Signal):
        one.send("POST", "https://pigeon.example/send", {}, b"text")
    monkeypatch.setattr(wire.Wire, "_read", read)

    answer = one.send("POST", "https://pigeon.example/send", {}, b"text")

    assert answer.json() == {"id": "second"}


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_the_names_of_headers_are_in_any_case(served: Any, name: str) -> None:
    """Gateways write them small."""
    head = f"HTTP/1.1 429 Too Many\r\n{name}: 600\r\nContent-Length: 0\r\n\r\n"
    url, _ = served([head.encode()])

    answer = _wire(url).send("POST", "https://pigeon.example/send", {}, b"text")

    assert answer.retry_after() == 600.0


def test_a_request_without_a_body_may_have_been_heard(served: Any) -> None:
    """Some providers take a text in the address: whoever was asked may have sent it."""
    url, asked = served([b""])

    with pytest.raises(OutcomeUnknown):
        _wire(url).send("GET", "https://pigeon.example/send?text=a b\u017c#x", {}, None)

    assert asked[0].split(b"\r\n")[0] == b"GET /send?text=a%20b%C5%BC HTTP/1.1"


def test_a_header_of_the_caller_is_sent_once(served: Any) -> None:
    """Host, Accept-Encoding and User-Agent are ours only where nobody says them."""
    url, asked = served([HEAD + b"x" * 20])
    said = {"host": "other.example", "accept-encoding": "gzip", "user-agent": "pigeon/1"}

    _wire(url).send("GET", "https://pigeon.example/", said, None)

    lines = asked[0].decode().lower().split("\r\n")
    for name, value in said.items():
        assert [line for line in lines if line.startswith(f"{name}:")] == [f"{name}: {value}"]


@pytest.mark.parametrize(
    ("method", "body", "length"), [("POST", b"text", "4"), ("POST", None, "0"), ("GET", None, "")]
)
def test_the_length_of_the_body_is_said_once(
    served: Any, method: str, body: bytes | None, length: str
) -> None:
    """Whatever the caller says of it; strict servers want it of an empty one, too."""
    url, asked = served([HEAD + b"x" * 20])

    _wire(url).send(method, "https://pigeon.example/", {"content-length": "4"}, body)

    lines = asked[0].decode().lower().split("\r\n")
    said = [line.split(": ")[1] for line in lines if line.startswith("content-length")]
    assert said == [length] * bool(length)


def test_a_host_is_looked_up_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the letters of its own country, too (IDNA)."""
    asked: list[str] = []

    def no_such_name(host: str, *args: object, **kwargs: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

    with pytest.raises(ProviderUnavailable):
        _wire("").send("POST", "https://b\u00fccher.example/send", {}, b"text")

    assert asked == ["xn--bcher-kva.example"]


def test_a_request_to_another_host_is_no_request_to_the_last_one(served: Any) -> None:
    """Each host has its own connection, and its own credentials."""
    urls = [served([HEAD + text * 20])[0] for text in (b"a", b"b")]
    one = _wire("")

    answers = [one.send("GET", f"{url}/", {}, None).body for url in urls]

    assert answers == [b"a" * 20, b"b" * 20]


def test_without_tls_no_proxy_reads_along(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain address is on this machine; nobody else is asked for it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    url, _ = served([HEAD + b"x" * 20])

    assert _wire("").send("POST", f"{url}/send", {}, b"text").status == 200
