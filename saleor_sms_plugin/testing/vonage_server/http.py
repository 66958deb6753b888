"""The connections: how requests come in, and how answers leave or fail to."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .apis import APIS, Refusal, Reply
from .faults import Answer, Fault, RecordedRequest

if TYPE_CHECKING:
    from . import VonageServer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], vonage: VonageServer) -> None:
        self.vonage = vonage
        self.taken = 0
        self._open: dict[socket.socket, int] = {}
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.taken += 1
        self._open[request] = self.taken
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.pop(request, None)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Every connection is told to end; its own thread closes it."""
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def number(self, request: socket.socket) -> int:
        return self._open.get(request, 0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the play."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet per answer

    def setup(self) -> None:
        super().setup()
        self.number = self.server.number(self.connection)

    def handle_one_request(self) -> None:
        vonage = self.server.vonage
        if self._peek().startswith((b"POST /sms/", b"POST /v1/")):
            fault = vonage.next_fault(only="drop_before_reading")
            if fault.name:
                vonage.record(RecordedRequest("", {}, {}, fault.name, False, self.number))
                self.close_connection = True
                return
        super().handle_one_request()

    def do_GET(self) -> None:
        vonage = self.server.vonage
        if self.path == "/_requests":
            self._say(Reply(200, [asdict(request) for request in vonage.requests]))
        elif self.path == "/account/get-balance":
            refusal = vonage.credentials.refusal(dict(self.headers), {})
            vonage.stopping.wait(vonage.delay)
            self._say(refusal.problem() if refusal else vonage.account())
        else:
            self._say(Reply(404, {"title": "Not Found"}))

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/_control":
            self._control(body)
        elif self.path in APIS:
            self._serve(body)
        else:
            self._say(Reply(404, {"title": "Not Found"}))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded, not printed."""

    def _control(self, body: dict[str, Any]) -> None:
        try:
            self.server.vonage.control(body)
        except (ValueError, TypeError, ArithmeticError) as error:
            self._say(Reply(400, {"error": str(error)}))
        else:
            self._say(Reply(200, {"ok": True}))

    def _serve(self, body: dict[str, Any]) -> None:
        vonage, api = self.server.vonage, APIS[self.path]
        headers = {name.title(): value for name, value in self.headers.items()}
        fault = vonage.next_fault()
        refusal = (
            fault.refusal()
            or (Refusal.THROTTLED if vonage.too_fast() else None)
            or vonage.credentials.refusal(headers, body)
            or api.refusal(body)
        )
        partial = fault.name == "partial"
        left = None if refusal else vonage.charge(api.price(body, partial=partial))
        if refusal is None and left is None:
            refusal = Refusal.NO_CREDIT
        reply = api.refuse(refusal) if refusal else api.accept(body, left, partial=partial)
        request = RecordedRequest(
            self.path, headers, body, fault.name, refusal is None, self.number,
            () if refusal else api.ids(reply),
        )  # fmt: skip
        vonage.record(request)
        vonage.stopping.wait(vonage.delay + fault.seconds)
        self._answer(reply, fault)
        vonage.after_answer(request)

    def _answer(self, reply: Reply, fault: Fault) -> None:
        answer = fault.answer(reply)
        if answer is not None:
            self._write(answer)
        elif fault.name == "silent":
            self._peek()  # until the client, or close(), hangs up
        self.close_connection |= answer is None or answer.is_cut

    def _say(self, reply: Reply) -> None:
        self._answer(reply, Fault())

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.reply.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(answer.length))
        for name, value in answer.reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.payload)

    def _body(self) -> dict[str, Any]:
        """The fields as the Content-Type labels them; empty when they do not match it."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/_control" and "json" not in self.headers.get("Content-Type", ""):
            return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            body = json.loads(raw)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def _peek(self) -> bytes:
        """What has arrived and was not read, after waiting for it; empty when they hung up."""
        try:
            return bytes(self.connection.recv(16, socket.MSG_PEEK))
        except OSError:
            return b""
