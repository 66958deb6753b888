"""A server on this machine that speaks as Vonage does, and misbehaves when told to.

In a test::

    with VonageServer(faults=["throttle", "drop_after_reading"]) as vonage:
        provider = get_provider("vonage", {..., "base_url": vonage.url})
        ...
        assert [request.accepted for request in vonage.requests] == [False, True]

In a process of its own, scripted over HTTP::

    python -m saleor_sms_plugin.testing.vonage_server --port 8025 --log requests.jsonl
    curl -d '{"faults": ["http:429:30"], "delay": 0.1, "rate": 30}' http://127.0.0.1:8025/_control
    curl http://127.0.0.1:8025/_requests

What Vonage calls back with is made by a ``Caller`` and sent to a URL, or by the server itself
for every message it takes, once ``call_back`` says where to::

    vonage.call_back("https://shop.example.com/plugins/…", Caller(secret="…"))

It answers ``POST /sms/json`` (https://developer.vonage.com/en/api/sms),
``POST /v1/messages`` (https://developer.vonage.com/en/api/messages) and
``GET /account/get-balance`` (https://developer.vonage.com/en/api/account), and keeps connections
alive. Each fault of the script (``faults.FAULTS``) is used up by one request.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .apis import Credentials, Reply
from .callbacks import Callback, Caller
from .faults import Fault, Limit, RecordedRequest
from .http import Server

__all__ = ["Callback", "Caller", "RecordedRequest", "VonageServer"]


class VonageServer:
    """Serves from construction to ``close()``; all attributes may be set while it runs.

    ``key`` and ``secret`` are demanded when given. ``rate`` is requests per second, 0 for no
    limit; ``delay`` is seconds before every answer.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "",
        secret: str = "",
        faults: Iterable[str] = (),
        delay: float = 0.0,
        rate: int = 0,
        balance: Decimal = Decimal(1000),
        log: Path | None = None,
    ) -> None:
        self.credentials = Credentials(key, secret)
        self.delay, self.balance = delay, balance
        self.requests: list[RecordedRequest] = []
        self.stopping = threading.Event()
        self._faults = deque(map(Fault.parse, faults))
        self._limit = Limit(rate)
        self._lock = threading.Lock()
        self._calls_back: tuple[str, Caller] | None = None
        #: HTTP statuses of the receipts sent by itself, oldest first
        self.answers: list[int] = []
        self._log = log.open("a", encoding="utf-8") if log else None
        self._server = Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="vonage-server", daemon=True
        ).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def rate(self) -> int:
        """Requests a second, 0 for no limit."""
        return self._limit.rate

    @rate.setter
    def rate(self, rate: int) -> None:
        self._limit.rate = rate

    @property
    def connections(self) -> int:
        """TCP connections taken so far."""
        return self._server.taken

    @property
    def accepted(self) -> list[RecordedRequest]:
        """The requests whose message a phone would get, oldest first."""
        return [request for request in list(self.requests) if request.accepted]

    def script(self, *faults: str) -> None:
        """The next requests meet these faults, after those still waiting."""
        parsed = [Fault.parse(fault) for fault in faults]
        with self._lock:
            self._faults.extend(parsed)

    def call_back(self, url: str, caller: Caller | None = None) -> None:
        """Every part of a message taken from now on gets a receipt “delivered” at this URL."""
        self._calls_back = (url, caller or Caller()) if url else None

    def hang_up(self) -> None:
        """Every open connection ends, as idle ones do after a while; new ones are taken."""
        self._server.hang_up()

    def close(self) -> None:
        """Nothing listens, and every connection is closed."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        if self._log:
            self._log.close()

    def next_fault(self, *, only: str = "") -> Fault:
        """The fault for this request, used up; with ``only``, no other one is taken."""
        with self._lock:
            if self._faults and only in ("", self._faults[0].name):
                return self._faults.popleft()
        return Fault()

    def too_fast(self) -> bool:
        """More than ``rate`` requests came within the last second, this one counted."""
        with self._lock:
            return self._limit.is_reached()

    def charge(self, price: Decimal) -> Decimal | None:
        """What is left of the balance, None (and nothing is taken) when it is too small."""
        with self._lock:
            if price > self.balance:
                return None
            self.balance -= price
            return self.balance

    def account(self) -> Reply:
        """What the account holds, as ``GET /account/get-balance`` says it."""
        return Reply(200, {"value": float(self.balance), "autoReload": False})

    def after_answer(self, request: RecordedRequest) -> None:
        """The receipts of a message that was taken are on their way."""
        if self._calls_back and request.accepted:
            threading.Thread(
                target=self._report, args=(*self._calls_back, request), daemon=True
            ).start()

    def _report(self, url: str, caller: Caller, request: RecordedRequest) -> None:
        for part in range(len(request.message_ids)):
            self.answers.append(caller.receipt(request, part=part).post(url))

    def record(self, request: RecordedRequest) -> None:
        with self._lock:
            self.requests.append(request)
            if self._log:
                self._log.write(json.dumps(asdict(request)) + "\n")
                self._log.flush()

    def control(self, order: Mapping[str, Any]) -> None:
        """What ``POST /_control`` says; raises ValueError for what cannot be done."""
        known = {"faults", "delay", "rate", "balance", "reset"}
        if unknown := set(order) - known:
            raise ValueError(f"Unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}.")
        if order.get("reset"):
            with self._lock:
                self.requests.clear()
                self._faults.clear()
        self.script(*order.get("faults", ()))
        self.delay = float(order.get("delay", self.delay))
        self.rate = int(order.get("rate", self.rate))
        self.balance = Decimal(str(order.get("balance", self.balance)))
