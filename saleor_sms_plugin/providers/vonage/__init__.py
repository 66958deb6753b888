"""Vonage, through its SMS API or its Messages API."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...exceptions import (
    ConfigurationError,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from ..answer import Answer
from ..base import (
    Balance,
    OutboundMessage,
    ParsedInbound,
    ParsedReceipt,
    Provider,
    SendResult,
    Setting,
    WebhookData,
)
from ..wire import TIMEOUT, Wire, check_base_url
from . import signatures, webhooks
from .answers import LABEL, PROVIDER, read_balance, read_messages, read_sms
from .private_key import load_private_key

if TYPE_CHECKING:
    from .sdk import Post

_READERS: dict[str, Callable[[Answer], SendResult]] = {
    "sms": read_sms,
    "messages": read_messages,
}
_KEY = ("api_key", "api_secret")
_APPLICATION = ("application_id", "private_key")


class VonageProvider(Provider):
    """Sends through Vonage with its official SDK; each send is one POST.

    The SMS API signs in with key and secret. The Messages API signs in as an application
    where one is given, else with key and secret. Requests are never signed with the
    signature secret, which is for webhooks: the SDK signs fields that it does not send.
    """

    name = PROVIDER
    label = LABEL
    #: https://api.support.vonage.com/hc/en-us/articles/203993598
    rate = 30.0
    settings = (
        Setting("api_key", "API key"),
        Setting("api_secret", "API secret", secret=True),
        Setting("application_id", "Application ID"),
        Setting("private_key", "Private key", secret=True),
        Setting("signature_secret", "Signature secret", secret=True),
        Setting("api", "API"),
    )

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        timeout: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(settings, timeout=timeout or TIMEOUT)
        self._api = _api(self._settings)
        if self._api not in _READERS:
            raise ConfigurationError(
                f"API (api) must be one of {', '.join(_READERS)}, not “{self._api}”."
            )
        self._base_url = check_base_url(self._settings.get("base_url", ""))
        self._private_key = (
            load_private_key(self._settings["private_key"]) if self._is_application else None
        )
        self._auth: Any = None
        self._lock = threading.Lock()
        self._wires: weakref.WeakSet[Wire] = weakref.WeakSet()
        self._local = threading.local()

    @classmethod
    def missing(cls, settings: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(name for name in _needed(settings) if not settings.get(name, "").strip())

    @classmethod
    def account_id(cls, settings: Mapping[str, str]) -> str:
        return settings.get("api_key", "").strip() or settings.get("application_id", "").strip()

    @classmethod
    def verify_webhook(cls, request: WebhookData, settings: Mapping[str, str]) -> str:
        return signatures.verify(request, settings)

    @classmethod
    def parse_webhook(cls, request: WebhookData) -> tuple[ParsedReceipt | ParsedInbound, ...]:
        return webhooks.parse(request)

    def warm_up(self) -> None:
        # A second of importing would bunch the calls that wait for it.
        import_module(f"{__name__}.sdk")

    def send(self, message: OutboundMessage) -> SendResult:
        wire, post = self._line()
        wire.answer = None
        post(message)
        if wire.answer is None:
            raise ProviderRejected(
                f"{LABEL}'s SDK refuses the message, which was not sent: check that recipient and "
                f"sender are valid and that the text has at most 3,200 characters.",
                provider=PROVIDER,
            )
        return _READERS[self._api](wire.answer)

    def balance(self) -> Balance | None:
        """Asked for with key and secret; an application alone has no way to."""
        if not all(map(self._settings.get, _KEY)):
            return None
        from . import sdk

        wire = self._wire()
        try:
            with suppress(OutcomeUnknown):  # a question may be asked again
                sdk.ask_balance(sdk.key_auth(*(self._settings[name] for name in _KEY)), wire)
            if wire.answer is None:
                raise ProviderUnavailable(f"{LABEL} did not answer.", provider=PROVIDER)
            return read_balance(wire.answer)
        finally:
            wire.close()

    def close(self) -> None:
        with self._lock:
            for wire in self._wires:
                wire.close()

    @property
    def _is_application(self) -> bool:
        return _needed(self._settings) == _APPLICATION

    def _line(self) -> tuple[Wire, Post]:
        """This thread's own wire and the SDK's client on it."""
        line: tuple[Wire, Post] | None = getattr(self._local, "line", None)
        if line is None:
            line = self._local.line = self._connect()
        return line

    def _connect(self) -> tuple[Wire, Post]:
        from . import sdk

        wire = self._wire()
        with self._lock:
            self._wires.add(wire)
            if self._auth is None:
                self._auth = (
                    sdk.ApplicationAuth(self._settings["application_id"], self._private_key)
                    if self._private_key
                    else sdk.key_auth(self._settings["api_key"], self._settings["api_secret"])
                )
        return wire, sdk.connect(self._api, self._auth, wire)

    def _wire(self) -> Wire:
        return Wire(
            provider=PROVIDER,
            label=LABEL,
            timeout=self._timeout or TIMEOUT,
            base_url=self._base_url,
        )


def _api(settings: Mapping[str, str]) -> str:
    return settings.get("api", "").strip() or "sms"


def _needed(settings: Mapping[str, str]) -> tuple[str, ...]:
    application = _api(settings) == "messages" and any(map(settings.get, _APPLICATION))
    return _APPLICATION if application else _KEY
