"""The benchmark's bare loop sends what it is compared by, over connections that stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from benchmarks import bare
from benchmarks.servers import Provider, provider_server


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with provider_server() as server:
        yield server


@pytest.mark.parametrize("client", bare.CLIENTS)
def test_every_text_is_accepted_once(provider: Provider, client: str) -> None:
    """Twenty texts to twenty people over four connections, after one of each to warm up."""
    # given
    provider.reset()

    # when
    with bare.loop(client, provider.url, 4) as loop:
        warm = provider.requests()
        loop.send(20)

    # then
    assert len(warm) == 4
    sent = provider.requests()[4:]
    assert Counter(each.to for each in sent) == {bare.to(number): 1 for number in range(20)}
    assert all(each.accepted for each in sent)


@pytest.mark.parametrize("client", bare.CLIENTS)
def test_a_refusal_ends_the_run(provider: Provider, client: str) -> None:
    """A loop that is refused is fast, and no measure of anything."""
    provider.reset()
    with bare.loop(client, provider.url, 1) as loop:
        provider.behave(faults=["throttle"])

        with pytest.raises(RuntimeError, match="was refused"):
            loop.send(1)
