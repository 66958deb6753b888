"""The pages of a memory shop over HTTP, where whoever signs in is staff, for a real browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIRequest
from django.db import connections

from saleor_sms_plugin.web import router

from .pages import BASE
from .stage import Stage


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class ServedPages:
    """Answers at ``url`` while it is entered; ``asked`` are the paths that were asked for."""

    def __init__(self, stage: Stage) -> None:
        self.asked: list[str] = []
        self.signs_in_as = "staff"  #: the token that whoever signs in gets
        self._stage = stage
        self._server = make_server("127.0.0.1", 0, self._answer, _Server, _Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def page(self, path: str = "") -> str:
        return f"{self.url}{BASE}/{path}"

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        self.asked.append(path)
        if not path.startswith(BASE):  # Saleor's own API
            start("200 OK", [("Content-Type", "application/json")])
            token = {"token": self.signs_in_as, "refreshToken": "more", "errors": []}
            return [json.dumps({"data": {"tokenCreate": token}}).encode()]
        try:
            inside = path.removeprefix(BASE)
            response = router.answer(WSGIRequest(environ), inside, self._stage.ports)
        finally:
            connections.close_all()
        start(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content]
