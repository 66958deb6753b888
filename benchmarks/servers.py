"""The servers around what is measured: PostgreSQL with fsync on, Redis, and the provider."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from benchmarks.provider import Request
from tests.servers import Child, PostgresServer, RedisServer, scratch_directory

ROOT = Path(__file__).parents[1]
_Server = TypeVar("_Server", bound=Child)


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory for the run, gone afterwards."""
    directory = scratch_directory("sms-bench-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running(server: _Server) -> Iterator[_Server]:
    """*server* answers inside, and has ended afterwards."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a fresh embedded PostgreSQL."""
    with scratch() as directory, running(PostgresServer(directory / "postgres")) as server:
        yield server.url()


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty Redis, without a database number."""
    with scratch() as directory, running(RedisServer(directory)) as server:
        yield server.url().removesuffix("/0")


@dataclass(frozen=True)
class Provider:
    """``benchmarks.provider`` in a process of its own."""

    url: str

    def behave(self, **behaviour: Any) -> None:
        """It answers so from now on (``benchmarks.provider.Behaviour``).

        Raises ValueError with its words where it cannot.
        """
        answer = requests.post(f"{self.url}/_control", json=behaviour, timeout=10)
        if answer.status_code == requests.codes.bad_request:
            raise ValueError(answer.json()["error"])
        answer.raise_for_status()

    def reset(self, delay: float = 0.0) -> None:
        """Nothing has arrived; answers take *delay* seconds and are honest from now on."""
        self.behave(reset=True, delay=delay)

    def arrivals(self) -> list[tuple[float, str]]:
        """When each text came (the machine's monotonic clock), to whom; in order."""
        return [(at, to) for at, to in requests.get(f"{self.url}/_arrivals", timeout=60).json()]

    def requests(self) -> list[Request]:
        """Each request with its text's reference and what became of it, in order."""
        return [Request(*each) for each in requests.get(f"{self.url}/_requests", timeout=60).json()]

    def await_texts(self, count: int, seconds: float) -> list[tuple[float, str]]:
        """*count* texts have arrived; RuntimeError after *seconds*."""
        deadline = time.monotonic() + seconds
        while len(found := self.arrivals()) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(found)} of {count} texts arrived within {seconds:g} s.")
            time.sleep(0.5)
        return found


def rate_of(arrivals: Sequence[tuple[float, str]]) -> float:
    """Texts a second, from the first arrival to the last."""
    return (len(arrivals) - 1) / (arrivals[-1][0] - arrivals[0][0])


@contextmanager
def provider_server() -> Iterator[Provider]:
    """The provider runs inside, answering at once."""
    with scratch() as directory:
        server = Child(
            "provider",
            [sys.executable, "-m", "benchmarks.provider"],
            directory=directory,
            cwd=ROOT,
            ready=lambda: "http://" in server.output(),
        )
        with running(server):
            yield Provider(server.output().split()[-1])
