"""The benchmarks' provider answers as Vonage does: the vendor's own SDK reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]
from vonage_http_client.errors import (  # type: ignore[import-untyped]
    HttpRequestError,
    RateLimitedError,
)
from vonage_sms.errors import PartialFailureError, SmsError  # type: ignore[import-untyped]

from benchmarks.servers import Provider, provider_server
from saleor_sms_plugin.exceptions import ProviderError, ProviderRejected
from saleor_sms_plugin.providers import OutboundMessage, get_provider
from tests.wire.sdk import Sdk

LONG = "Your order is on its way. " * 8  # 208 characters: two segments


@pytest.fixture(scope="module")
def started() -> Iterator[Provider]:
    with provider_server() as provider:
        yield provider


@pytest.fixture
def server(started: Provider) -> Provider:
    started.reset()
    return started


@pytest.fixture
def sdk(server: Provider) -> Iterator[Sdk]:
    client = Sdk(server.url, Auth(api_key="key", api_secret="secret"))
    yield client
    client.close()


@pytest.mark.parametrize("api", ["sms", "messages"])
def test_the_sdk_is_accepted_on_a_kept_connection(server: Provider, api: str) -> None:
    """Both APIs: ids come back, by part where parts are counted, and arrivals are listed."""
    settings = {"api": api, "api_key": "key", "api_secret": "secret", "base_url": server.url}
    provider = get_provider("vonage", settings)

    sent = [
        provider.send(OutboundMessage("+48512345678", "Acme", body, "r1"))
        for body in ("short", LONG)
    ]

    assert [len(each.provider_message_ids) for each in sent] == [1, 2 if api == "sms" else 1]
    assert [to for _, to in server.arrivals()] == ["48512345678"] * 2


def test_the_sdk_is_refused_by_the_same_rules(server: Provider) -> None:
    """A number that is none gets status 3, as from the real one."""
    settings = {"api_key": "key", "api_secret": "secret", "base_url": server.url}
    provider = get_provider("vonage", settings)

    with pytest.raises(ProviderRejected) as refused:
        provider.send(OutboundMessage("+0123", "Acme", "hello", "r1"))

    assert refused.value.code == "3"


def sms(sdk: Sdk) -> None:
    sdk.sms(client_ref="r1")


def message(sdk: Sdk) -> None:
    sdk.message(client_ref="r1")


@pytest.mark.parametrize(
    ("send", "too_fast", "error", "said", "retry_after"),
    [
        (sms, "throttle", SmsError, "error code 1:", None),
        (message, "throttle", RateLimitedError, "429", "1"),
        (sms, "http:429", RateLimitedError, "429", None),
        (sms, "http:429:7", RateLimitedError, "429", "7"),
    ],
)
def test_one_request_more_than_the_rate_is_too_fast(
    server: Provider, sdk: Sdk, send: Callable[[Sdk], None], too_fast: str,
    error: type[Exception], said: str, retry_after: str | None,
) -> None:  # fmt: skip
    """The third of two a second is refused as Vonage does, or as told; it is not accepted."""
    server.behave(rate=2, too_fast=too_fast)
    headers: list[str | None] = []
    sdk.adapter.heard = lambda answer: headers.append(answer.headers.get("Retry-After"))

    send(sdk)
    send(sdk)
    with pytest.raises(error, match=said):
        send(sdk)

    assert headers == [None, None, retry_after]
    assert [each.accepted for each in server.requests()] == [True, True, False]
    assert {each.reference for each in server.requests()} == {"r1"}


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        ("http:500", HttpRequestError, False),
        ("html", requests.JSONDecodeError, True),
        ("partial", PartialFailureError, True),
    ],
)
def test_the_sdk_meets_the_scripted_fault_once(
    server: Provider, sdk: Sdk, fault: str, error: type[Exception], accepted: bool
) -> None:
    """One request of the list meets it, the next one none."""
    server.behave(faults=[fault])

    with pytest.raises(error):
        sdk.sms()
    sdk.sms()

    assert [(e.fault, e.accepted) for e in server.requests()] == [
        (fault.partition(":")[0], accepted),
        ("", True),
    ]


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        ("drop_before_reading", False),
        ("drop_after_reading", True),
        ("drop_mid_response", True),
        ("silent", True),
        ("slow:1", True),
    ],
)
def test_no_answer_comes(server: Provider, fault: str, accepted: bool) -> None:
    """The line is cut, or nothing is said in time; whether it was accepted is on record."""
    server.behave(faults=[fault])

    with pytest.raises(requests.RequestException):
        requests.post(
            f"{server.url}/sms/json", timeout=0.2,
            data={"from": "Acme", "to": "48512345678", "text": "a"}
            | {"api_key": "k", "api_secret": "s"},
        ).json()  # fmt: skip

    assert [each.accepted for each in server.requests()] == [accepted]


def test_a_slow_answer_comes(server: Provider, sdk: Sdk) -> None:
    """So much later, and whole; the others are answered meanwhile."""
    server.behave(delay=0.01, faults=["slow:0.1"])

    assert sdk.sms().messages[0].status == "0"


def test_the_same_seed_makes_the_same_faults(server: Provider) -> None:
    """A third of the requests is refused, the same ones each time; another seed, others."""
    provider = get_provider("vonage", {"api_key": "k", "api_secret": "s", "base_url": server.url})

    def refused(seed: int) -> list[int]:
        server.behave(reset=True, chances={"status:3": 0.3, "http:429": 0.05}, seed=seed)
        for number in range(60):
            with suppress(ProviderError):
                provider.send(OutboundMessage("+48512345678", "Acme", "hi", f"r{number}"))
        return [place for place, each in enumerate(server.requests()) if each.fault]

    assert refused(7) == refused(7) != refused(8)
    assert 10 < len(refused(7)) < 35
    assert set(Counter(each.fault for each in server.requests())) == {"", "status", "http"}


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ({"faults": ["explode"]}, "“explode” is not a fault"),
        ({"too_fast": "explode"}, "“explode” is not a fault"),
        ({"chances": {"html": 0.6, "empty": 0.6}}, "must be 1 at most"),
        ({"speed": 3}, "Unknown: speed; known: delay, rate,"),
    ],
)
def test_what_it_cannot_do_is_said(
    server: Provider, behaviour: dict[str, object], said: str
) -> None:
    """And it goes on as before."""
    with pytest.raises(ValueError, match=said):
        server.behave(**behaviour)
