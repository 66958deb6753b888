"""What a provider is: one message in, one result or one error out.

A provider is one module with one class. It reads its own settings, sends, and turns
whatever the vendor says into a ``SendResult`` or an error of ``..exceptions``; nothing
else in the package knows a vendor's words.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from ..domain.transitions import MessageStatus
from ..exceptions import ConfigurationError, InvalidSignature, MalformedPayload


@dataclass(frozen=True)
class OutboundMessage:
    """One SMS to one recipient, ready to be sent."""

    recipient: str  #: E.164 with its ``+``
    sender_id: str  #: a name of at most 11 characters, or a number
    body: str
    reference: str  #: our own id (a UUID), which receipts bring back


@dataclass(frozen=True)
class SendResult:
    """The provider has accepted the whole message; it says nothing about delivery."""

    provider_message_ids: tuple[str, ...]  #: one per part where the vendor counts parts
    price: Decimal | None = None  #: of all parts together, None when the vendor did not say
    currency: str = ""  #: ISO 4217, of price and balance
    balance: Decimal | None = None  #: what the account holds afterwards
    segment_count: int | None = None  #: parts that the vendor made of it
    network: str = ""  #: the recipient's network, MCC and MNC


@dataclass(frozen=True)
class Balance:
    """What an account holds."""

    amount: Decimal
    currency: str = ""  #: ISO 4217, "" where the vendor does not say it


@dataclass(frozen=True)
class Setting:
    """One value that a provider reads from its settings."""

    name: str
    label: str  #: as the shop owner sees it
    secret: bool = False


@dataclass(frozen=True, kw_only=True)
class WebhookData:
    """One HTTP request to a webhook address, as it came; nothing in it is trusted."""

    method: str
    query: str  #: percent-encoded, without the question mark
    headers: Mapping[str, str]  #: lower-case names; those of ``WEBHOOK_HEADERS`` that came
    body: bytes
    received_at: dt.datetime


#: what verifying and reading a webhook may look at
WEBHOOK_HEADERS = ("authorization", "content-type")


@dataclass(frozen=True, kw_only=True)
class ParsedReceipt:
    """What became of one part of a message, or of all of it."""

    reference: str  #: ours, "" where the vendor did not give it back
    provider_message_id: str
    recipient: str  #: E.164, "" where it is none
    is_whole_message: bool  #: False: about the part that ``provider_message_id`` names
    status: MessageStatus | None  #: sent, delivered, or how it failed; None: says nothing
    provider_status: str  #: the vendor's word
    code: str = ""  #: the vendor's error code, "" where there was no error
    detail: str = ""  #: the error for people
    is_number_unusable: bool = False  #: no text can ever reach the number
    price: Decimal | None = None
    currency: str = ""  #: ISO 4217
    network: str = ""  #: MCC and MNC
    occurred_at: dt.datetime | None = None  #: aware, by the vendor's clock


@dataclass(frozen=True, kw_only=True)
class ParsedInbound:
    """A text that somebody sent to one of the shop's numbers, or one part of it."""

    provider_message_id: str
    sender: str  #: E.164
    recipient: str  #: the shop's number, E.164 or a short code
    text: str
    part: int = 1  #: from 1
    part_count: int = 1
    part_reference: str = ""  #: shared by the parts of one message
    network: str = ""
    occurred_at: dt.datetime | None = None


class Provider(ABC):
    """Sends messages through one account; one instance may be used by many threads.

    An instance holds connections: keep it for as long as there is something to send,
    then ``close()`` it.
    """

    name: ClassVar[str]  #: as stored and configured
    label: ClassVar[str]  #: as the vendor writes it
    settings: ClassVar[tuple[Setting, ...]] = ()  #: in the order an owner fills them in
    is_real: ClassVar[bool] = True  #: messages reach phones and cost money
    #: requests a second that an account takes by default, None where there is no limit
    rate: ClassVar[float | None] = None

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        timeout: tuple[float, float] | None = None,
    ) -> None:
        """Holds usable settings, or raises ConfigurationError that names field and fix.

        ``timeout`` is (connect, read) in seconds, None for the provider's own.
        """
        self._timeout = timeout
        self._settings = {name: value.strip() for name, value in (settings or {}).items()}
        if needed := self.missing(self._settings):
            labels = {setting.name: setting.label for setting in self.settings}
            fields = ", ".join(f"{labels.get(name, name)} ({name})" for name in needed)
            raise ConfigurationError(f"{self.label} needs more settings: fill in {fields}.")

    @classmethod
    def missing(cls, settings: Mapping[str, str]) -> tuple[str, ...]:
        """Names of the settings still to be filled in, in the order of ``cls.settings``."""
        return ()

    @classmethod
    def account_id(cls, settings: Mapping[str, str]) -> str:
        """What names the account at the vendor; "" where it has none, and so no webhooks."""
        return ""

    @classmethod
    def verify_webhook(cls, request: WebhookData, settings: Mapping[str, str]) -> str:
        """The request is the vendor's; returns what may be used only once, "" for nothing.

        Without a signature secret in the settings the secret address is all the proof there is.
        Raises InvalidSignature (Unsigned, StaleTimestamp) or MalformedPayload.
        """
        raise InvalidSignature(f"{cls.label} sends no webhooks.")

    @classmethod
    def parse_webhook(cls, request: WebhookData) -> tuple[ParsedReceipt | ParsedInbound, ...]:
        """What a verified request tells; raises MalformedPayload."""
        raise MalformedPayload(f"{cls.label} sends no webhooks.")

    @abstractmethod
    def send(self, message: OutboundMessage) -> SendResult:
        """The message is accepted by the provider, which was asked exactly once.

        Raises RetryableProviderError (nothing was accepted), TerminalProviderError
        (refused for good) or OutcomeUnknown (it may have been accepted: never send again).
        """

    def balance(self) -> Balance | None:
        """What the account holds; None where these settings are no way to ask for it.

        Raises ProviderError where there was no answer, or none that says it.
        """
        return None

    def warm_up(self) -> None:
        """What the first send would load is loaded; a process that never sends does not pay."""
        return

    def close(self) -> None:
        """No connection is open; a later ``send`` opens new ones."""
        return
