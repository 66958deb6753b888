"""The servers around what is measured: PostgreSQL with fsync on, Redis, and Vonage's stand-in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

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


@contextmanager
def vonage_server() -> Iterator[str]:
    """The URL of a Vonage server in a process of its own, answering at once."""
    with ExitStack() as stack:
        directory = stack.enter_context(scratch())
        server = Child(
            "vonage",
            [sys.executable, "-m", "saleor_sms_plugin.testing.vonage_server"],
            directory=directory,
            cwd=ROOT,
            ready=lambda: "http://" in server.output(),
        )
        stack.enter_context(running(server))
        yield server.output().split()[-1]
