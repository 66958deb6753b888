"""A door in front of the broker that can be shut, or left open with nobody behind it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.servers import free_port


class BrokerDoor:
    """Passes TCP connections on to *target_url*; ``url`` is the same broker behind this door.

    ``shut`` refuses connections, ``hush`` takes them and stays silent, ``open`` passes them on.
    Each ends the connections that were made before. ``taken`` counts connections.
    """

    def __init__(self, target_url: str) -> None:
        parts = urlsplit(target_url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._port = free_port()
        credentials = parts.netloc.rpartition("@")[0]
        at = f"{credentials}@" if credentials else ""
        self.url = parts._replace(netloc=f"{at}127.0.0.1:{self._port}").geturl()
        self.taken = 0
        self._listener: socket.socket | None = None
        self._sockets: set[socket.socket] = set()
        self._silent = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shut()

    def open(self) -> None:
        self._listen(silent=False)

    def hush(self) -> None:
        self._listen(silent=True)

    def shut(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
            listener.close()
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for each in sockets:
            _end(each)

    def _listen(self, *, silent: bool) -> None:
        self.shut()
        self._silent = silent
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.taken += 1
            self._keep(client)
            if self._silent:
                continue
            try:
                server = socket.create_connection(self._target)
            except OSError:
                _end(client)
                continue
            self._keep(server)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pour, args=(source, sink), daemon=True).start()

    def _keep(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _end(source)
    _end(sink)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
