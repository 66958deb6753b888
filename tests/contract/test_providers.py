"""What every provider keeps, whoever wrote it: one suite, one subclass per provider."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest

from saleor_sms_plugin import providers
from saleor_sms_plugin.domain.segments import measure
from saleor_sms_plugin.exceptions import (
    ConfigurationError,
    OutcomeUnknown,
    OutOfCredit,
    ProviderAccountError,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)
from saleor_sms_plugin.providers import (
    OutboundMessage,
    Provider,
    SendResult,
    get_provider,
    known_providers,
    provider_class,
)
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.testing.vonage_server import VonageServer

FAILURES: tuple[type[ProviderError], ...] = (
    ProviderUnavailable,
    ProviderThrottled,
    ProviderRejected,
    ProviderAccountError,
    OutOfCredit,
    OutcomeUnknown,
)
TEXTS = {
    "short": "Your order 42 is on its way.",
    "extension": "Total: 10 € [paid] {ok} ~ \\ ^ |",
    "unicode": "Zamówienie 42 zostało wysłane 📦",
    "lines": "First line\nSecond & third = 100%+",
    "long": "a" * 400,
}


def a_message(body: str = "Your order 42 is on its way.") -> OutboundMessage:
    return OutboundMessage("+447700900123", "Acme", body, str(uuid.uuid4()))


class ProviderContract:
    """Subclasses say how to make one, and what reached the other side."""

    name: ClassVar[str]
    settings: ClassVar[dict[str, str]] = {}

    def received(self) -> list[OutboundMessage]:
        """The messages that were accepted at the other side."""
        raise NotImplementedError

    def visible(self, message: OutboundMessage) -> OutboundMessage:
        """What of a message the other side gets to see."""
        return message

    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        made = get_provider(self.name, self.settings)
        yield made
        made.close()

    def test_it_is_known_by_its_name(self, provider: Provider) -> None:
        """The registry finds the class by the name that the class itself gives."""
        assert self.name in known_providers()
        assert type(provider) is provider_class(self.name)
        assert provider.name == self.name
        assert provider.label

    def test_it_says_which_settings_are_missing(self) -> None:
        """Nothing is missing from complete settings; each missing one is one that it declares."""
        kind = provider_class(self.name)
        declared = [setting.name for setting in kind.settings]

        assert kind.missing(self.settings) == ()
        missing = kind.missing({})
        assert list(missing) == [name for name in declared if name in missing]

    def test_it_is_not_made_without_its_settings(self) -> None:
        """A provider that lacks settings refuses to exist, and names it."""
        for name in provider_class(self.name).missing({}):
            with pytest.raises(ConfigurationError, match=rf"\({name}\)"):
                get_provider(self.name, {**self.settings, name: " "})

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_a_message_arrives_unchanged(self, text: str, provider: Provider) -> None:
        """Recipient, sender, text and reference reach the other side once, as they were."""
        message = a_message(text)

        provider.send(message)

        assert self.received() == [self.visible(message)]

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_an_acceptance_is_a_result(self, text: str, provider: Provider) -> None:
        """Ids are texts that differ; money is Decimal or None; parts are counted right or not."""
        result = provider.send(a_message(text))

        assert isinstance(result, SendResult)
        assert result.provider_message_ids
        assert all(isinstance(each, str) and each for each in result.provider_message_ids)
        assert len(set(result.provider_message_ids)) == len(result.provider_message_ids)
        assert result.segment_count in (None, measure(text).segment_count)
        for amount in (result.price, result.balance):
            assert amount is None or (isinstance(amount, Decimal) and amount > 0)
        assert result.price is None or len(result.currency) == 3

    def test_threads_may_share_it(self, provider: Provider) -> None:
        """Four threads, ten messages each: forty arrive, each once."""
        messages = [a_message(f"Message {number}") for number in range(40)]
        threads = [
            threading.Thread(target=lambda part=part: [provider.send(each) for each in part])
            for part in (messages[start::4] for start in range(4))
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(each.body for each in self.received()) == sorted(
            each.body for each in messages
        )

    def test_it_may_be_closed_and_used_again(self, provider: Provider) -> None:
        """Closing lets go of connections and of nothing else; twice is once."""
        provider.send(a_message())

        provider.close()
        provider.close()
        provider.send(a_message())

        assert len(self.received()) == 2

    def test_it_shows_no_secret(self, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
        """Neither its repr nor a log line at DEBUG holds a setting or a whole number."""
        caplog.set_level(logging.DEBUG)
        message = a_message()

        provider.send(message)

        shown = repr(provider) + caplog.text
        secrets = [setting.name for setting in provider.settings if setting.secret]
        for secret in filter(None, map(self.settings.get, secrets)):
            assert secret not in shown
        assert message.recipient.removeprefix("+") not in shown


class FailingProviderContract(ProviderContract):
    """For providers that call somebody, and so can fail."""

    def fail(self, kind: type[ProviderError]) -> None:
        """The next send meets this failure."""
        raise NotImplementedError

    @pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
    def test_a_failure_is_one_of_the_error_tree(
        self, kind: type[ProviderError], provider: Provider
    ) -> None:
        """The error says what to do, whose it is, and repeats nothing personal."""
        self.fail(kind)
        message = a_message()

        with pytest.raises(ProviderError) as raised:
            provider.send(message)

        assert type(raised.value) is kind
        assert raised.value.provider == provider.name
        assert message.recipient not in str(raised.value)
        assert message.body not in str(raised.value)

    def test_it_goes_on_after_a_failure(self, provider: Provider) -> None:
        """One refused message does not spoil the next."""
        self.fail(ProviderRejected)
        with pytest.raises(ProviderRejected):
            provider.send(a_message())
        message = a_message()

        provider.send(message)

        assert self.received() == [message]


class TestConsole(ProviderContract):
    name = "console"

    @pytest.fixture(autouse=True)
    def _log(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "saleor_sms_plugin.console")
        self.caplog = caplog

    def received(self) -> list[OutboundMessage]:
        return [
            OutboundMessage(str(record.args[0]), str(record.args[1]), str(record.args[3]), "")
            for record in self.caplog.records
            if record.name == "saleor_sms_plugin.console" and isinstance(record.args, tuple)
        ]

    def visible(self, message: OutboundMessage) -> OutboundMessage:
        """A log line has the text; number and reference are not its business."""
        return replace(message, recipient="+44*****123", reference="")

    def test_a_message_is_one_line_with_a_masked_number(self) -> None:
        """Whatever the text holds, it makes one line, and the number is not whole."""
        get_provider("console", {}).send(a_message("one\ntwo"))

        assert [record.getMessage() for record in self.caplog.records] == [
            "SMS to +44*****123 from Acme, 1 segment(s): 'one\\ntwo'"
        ]
        assert [record.levelname for record in self.caplog.records] == ["INFO"]


class TestMemory(FailingProviderContract):
    name = "memory"

    @pytest.fixture(autouse=True)
    def _reset(self) -> Iterator[None]:
        MemoryProvider.reset()
        yield
        MemoryProvider.reset()

    def received(self) -> list[OutboundMessage]:
        return list(MemoryProvider.outbox)

    def fail(self, kind: type[ProviderError]) -> None:
        MemoryProvider.script(kind("scripted", provider="memory"))

    def test_the_script_is_met_in_order_and_then_ends(self) -> None:
        """Errors are raised, results are returned, and every attempt is kept."""
        result = SendResult(("mine",), price=Decimal("0.05"), currency="EUR")
        MemoryProvider.script(OutcomeUnknown(provider="memory"), result)
        messages = [a_message() for _ in range(3)]
        provider = get_provider("memory", {})

        with pytest.raises(OutcomeUnknown):
            provider.send(messages[0])
        assert provider.send(messages[1]) == result
        provider.send(messages[2])

        assert MemoryProvider.attempts == messages
        assert MemoryProvider.outbox == messages[1:]


class VonageContract(FailingProviderContract):
    name = "vonage"
    api: ClassVar[str]
    reference: ClassVar[str]
    faults: ClassVar[dict[type[ProviderError], str]]

    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        keys = {"api_key": "abcd1234", "api_secret": "abcdef0123456789", "api": self.api}
        with VonageServer(key=keys["api_key"], secret=keys["api_secret"]) as self.server:
            self.settings = {**keys, "base_url": self.server.url}  # type: ignore[misc]
            yield

    def received(self) -> list[OutboundMessage]:
        return [
            OutboundMessage(
                f"+{request.body['to']}",
                request.body["from"],
                request.body["text"],
                request.body[self.reference],
            )
            for request in self.server.accepted
        ]

    def fail(self, kind: type[ProviderError]) -> None:
        self.server.script(self.faults[kind])


class TestVonageSms(VonageContract):
    api = "sms"
    reference = "client-ref"
    faults: ClassVar = {
        ProviderUnavailable: "status:5",
        ProviderThrottled: "throttle",
        ProviderRejected: "status:7",
        ProviderAccountError: "status:8",
        OutOfCredit: "status:9",
        OutcomeUnknown: "drop_after_reading",
    }


class TestVonageMessages(VonageContract):
    api = "messages"
    reference = "client_ref"
    faults: ClassVar = {
        ProviderUnavailable: "http:503",
        ProviderThrottled: "throttle",
        ProviderRejected: "status:1120",
        ProviderAccountError: "http:403",
        OutOfCredit: "http:402",
        OutcomeUnknown: "http:500",
    }


# --------------------------------------------------------------------------------- registry


def test_the_registry_lists_the_names_when_one_is_unknown() -> None:
    """The error shows what was asked for and every name that would do."""
    with pytest.raises(ConfigurationError, match=r"“pigeon”.*console, vonage, memory"):
        get_provider("pigeon", {})


@pytest.fixture
def entry_point(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Providers that other packages announce: name → ``module:attribute``."""
    announced: dict[str, str] = {}
    monkeypatch.setattr(
        providers,
        "entry_points",
        lambda group: [EntryPoint(name, value, group) for name, value in announced.items()],
    )
    providers._third_party.cache_clear()
    yield announced
    providers._third_party.cache_clear()


def test_another_package_brings_a_provider(entry_point: dict[str, str]) -> None:
    """An entry point is all it takes; the built-in names are nobody else's."""
    entry_point["pigeon"] = "saleor_sms_plugin.providers.memory:MemoryProvider"
    entry_point["console"] = "saleor_sms_plugin.providers.memory:MemoryProvider"

    assert known_providers() == ("console", "vonage", "memory", "pigeon")
    assert provider_class("pigeon") is MemoryProvider
    assert provider_class("console") is not MemoryProvider


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("no_such_module_anywhere:Pigeon", "could not be imported"),
        ("saleor_sms_plugin.providers.memory:Pigeon", "could not be imported"),
        ("saleor_sms_plugin.providers:get_provider", "not a subclass"),
        ("decimal:Decimal", "not a subclass"),
    ],
)
def test_a_broken_entry_point_is_a_configuration_error(
    value: str, fault: str, entry_point: dict[str, str]
) -> None:
    """The error names the provider and what is wrong with it; others are not affected."""
    entry_point["pigeon"] = value

    with pytest.raises(ConfigurationError, match=f"“pigeon”.*{fault}"):
        get_provider("pigeon", {})
    assert provider_class("console").name == "console"


@pytest.mark.parametrize(
    ("use", "spared"),
    [
        ("get_provider('console', {})", {"requests", "vonage_http_client", "cryptography"}),
        (
            "get_provider('vonage', {'api_key': 'k', 'api_secret': 's'})",
            {"vonage_http_client", "vonage_sms", "vonage_messages", "pydantic", "cryptography"},
        ),
    ],
)
def test_nobody_pays_for_a_provider_that_is_not_used(use: str, spared: set[str]) -> None:
    """A vendor's libraries are imported at the first send, and for that vendor only."""
    program = (
        "import sys; from saleor_sms_plugin.providers import get_provider; "
        f"{use}; print(*sys.modules)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert spared & set(shown.stdout.split()) == set()
