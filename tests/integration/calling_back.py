"""A shop that sends through a Vonage of our own, and a provider that knocks at its address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.test import RequestFactory

from saleor_sms_plugin.models import Message, ProviderAccount
from saleor_sms_plugin.ports import Order
from saleor_sms_plugin.services import addresses
from saleor_sms_plugin.testing.shop import FixedClock
from saleor_sms_plugin.testing.vonage_server import Callback, Caller, VonageServer
from saleor_sms_plugin.web import router
from tests.integration.stage import CHANNEL, Stage

SECRET = "abcdefghijklmnopqrstuvwxyz012345"
ACCOUNT = {"provider": "vonage", "api_key": "key", "api_secret": "secret"}


class CalledBack(Stage):
    """A stage on today's clock, as signatures carry a time; nothing waits for the morning."""

    def __init__(self, vonage: VonageServer) -> None:
        super().__init__(FixedClock(dt.datetime.now(dt.UTC)))
        self.vonage = vonage
        self.caller = Caller(secret=SECRET)
        self.account(signature_secret=SECRET)

    def account(self, **values: Any) -> None:
        """A staff member saves these settings of the account."""
        self.configure("order_created", **{**ACCOUNT, "advanced": "night = off", **values})

    def send(self, name: str = "o1", **changes: Any) -> Message:
        """One text was sent about a new order."""
        order: Order = self.order(name, **changes)
        self.happen("order_created", order)
        self.run()
        return Message.objects.get(order_id=name)

    @property
    def path(self) -> str:
        """Of the channel's webhook address, after the plugin's id."""
        return addresses.path_of(CHANNEL, self.ports).partition("saleor_sms_plugin")[2]

    def knock(self, callback: Callback, path: str = "") -> HttpResponse:
        """The request arrives at the web process."""
        target = "/plugins/saleor_sms_plugin" + (path or self.path)
        headers = {**callback.headers}
        kind = headers.pop("Content-Type", "")
        request = RequestFactory().generic(
            callback.method, quote(target), callback.body, kind,
            QUERY_STRING=callback.query, headers=headers,
        )  # fmt: skip
        return router.answer(request, path or self.path, self.ports)

    def report(
        self,
        status: str = "delivered",
        *,
        code: str = "0",
        part: int = 0,
        fields: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Vonage reports about the last text that it took; *fields* stand in place of its own."""
        taken = self.vonage.accepted[-1]
        return self.knock(self.caller.receipt(taken, status, code, part, **(fields or {})))

    def status_of(self, message: Message) -> tuple[str, str]:
        message.refresh_from_db()
        return message.status, message.reason


def account() -> ProviderAccount:
    return ProviderAccount.objects.get()
