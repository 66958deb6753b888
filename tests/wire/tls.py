"""A certificate of our own, a server that speaks TLS before a plain one, and a tunnel to it."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.wire.keys import pem

NAMES = x509.SubjectAlternativeName(
    [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("rest.nexmo.com")]
)


def certificate(key: rsa.RSAPrivateKey, directory: Path) -> tuple[Path, Path]:
    """The files of a self-signed certificate for 127.0.0.1 and Vonage's host, and of its key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a company's own")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(NAMES, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = directory / "company.pem", directory / "key.pem"
    chain.write_bytes(signed.public_bytes(Encoding.PEM))
    private.write_text(pem(key))
    return chain, private


@contextmanager
def tls_before(port: int, chain: Path, private: Path) -> Iterator[int]:
    """The port of a server that speaks TLS, and passes on what it hears to this port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)

    def meet(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as spoken, _to(port) as plain:
            _relay(spoken, plain)

    with _listening(meet) as own:
        yield own


@contextmanager
def tunnel_to(port: int, asked: list[str]) -> Iterator[int]:
    """The port of a proxy whose tunnels all end here; ``asked`` holds where they should."""

    def meet(client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        asked.append(head.split(b" ")[1].decode())
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with client, _to(port) as server:
            _relay(client, server)

    with _listening(meet) as own:
        yield own


def _to(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


@contextmanager
def _listening(meet: Callable[[socket.socket], None]) -> Iterator[int]:
    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=quietly, args=(client,), daemon=True).start()

    def quietly(client: socket.socket) -> None:
        with client, suppress(OSError):
            meet(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Until one of them ends, each hears what the other says."""
    back = threading.Thread(target=_copy, args=(other, one), daemon=True)
    back.start()
    _copy(one, other)
    back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
