"""The pytest plugin that gives the tests their PostgreSQL and Redis (loaded by ``-p``).

``DATABASE_URL`` and ``REDIS_URL`` name servers to use; where one is missing, a private server
is started by the first test that needs it and ends with the run. It must be loaded before
pytest-django, which reads the settings, and so the two variables, very early.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.servers import PostgresServer, RedisServer, scratch_directory

_scratch: list[Path] = []
_servers: dict[str, PostgresServer | RedisServer] = {}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    _scratch.append(scratch_directory("sms-tests-"))
    for variable, kind in (("DATABASE_URL", PostgresServer), ("REDIS_URL", RedisServer)):
        if not os.environ.get(variable):
            _servers[variable] = kind(_scratch[0] / kind.__name__)
            os.environ[variable] = _servers[variable].url()
    return (yield)


def pytest_unconfigure() -> None:
    for server in _servers.values():
        server.stop()
    for directory in _scratch:
        shutil.rmtree(directory, ignore_errors=True)


def pytest_report_header() -> list[str]:
    return [
        f"{variable}: {'an embedded server' if variable in _servers else 'from the environment'}"
        for variable in ("DATABASE_URL", "REDIS_URL")
    ]


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of a running PostgreSQL server."""
    return _started("DATABASE_URL")


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The URL of a running Redis, the broker of the test settings."""
    return _started("REDIS_URL")


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for one test alone, which it may restart or kill."""
    directory = scratch_directory("sms-own-")
    server = PostgresServer(directory / "postgres")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis for one test alone, which it may pause, restart or kill."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


def _started(variable: str) -> str:
    if variable in _servers:
        _servers[variable].start()
    return os.environ[variable]
