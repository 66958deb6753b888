"""A payment app on loopback: answers Saleor's synchronous webhooks as a test scripts them."""

from __future__ import annotations

import json
import uuid
from collections import deque
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from saleor.app.models import App
from saleor.webhook.event_types import WebhookEventSyncType
from saleor.webhook.models import WebhookEvent

_EVENTS = (
    WebhookEventSyncType.TRANSACTION_INITIALIZE_SESSION,
    WebhookEventSyncType.TRANSACTION_PROCESS_SESSION,
    WebhookEventSyncType.TRANSACTION_CHARGE_REQUESTED,
    WebhookEventSyncType.TRANSACTION_REFUND_REQUESTED,
    WebhookEventSyncType.TRANSACTION_CANCELATION_REQUESTED,
)


class PaymentApp:
    """Installed in Saleor as *app*; without a scripted answer it drops the connection."""

    IDENTIFIER = "payments.example.com"

    def __init__(self, permission: Any) -> None:
        self._answers: deque[dict[str, Any]] = deque()
        self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.app = App.objects.create(name="Payments", is_active=True, identifier=self.IDENTIFIER)
        self.app.permissions.add(permission)
        webhook = self.app.webhooks.create(
            name="Payments", is_active=True,
            target_url=f"http://127.0.0.1:{self._server.server_port}/",
            subscription_query="subscription { event { __typename } }",
        )  # fmt: skip
        WebhookEvent.objects.bulk_create(
            WebhookEvent(webhook=webhook, event_type=each) for each in _EVENTS
        )

    def __enter__(self) -> PaymentApp:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def will_answer(self, result: str, amount: Decimal | None = None, **more: object) -> None:
        """The next webhook is answered with this result."""
        answer: dict[str, Any] = {"result": result, "pspReference": uuid.uuid4().hex, **more}
        if amount is not None:
            answer["amount"] = str(amount)
        self._answers.append(answer)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                owner.asked += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                if not owner._answers:
                    self.close_connection = True
                    return
                body = json.dumps(owner._answers.popleft()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Not to the test's output."""

        return Handler
