"""Fixtures for every test outside Saleor; the servers' are in `tests/embedded.py`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from hypothesis import settings
from redis import Redis

from tests.celery_app import app
from tests.servers import Child

ROOT = Path(__file__).parents[1]


# Tests time nothing: an example that is slow on a busy machine is no failure.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_url: str) -> None:
    """The server is up before pytest-django makes its database (its hook for this)."""


@pytest.fixture
def celery_worker(transactional_db: None, redis_url: str, tmp_path: Path) -> Iterator[Child]:
    """A real prefork worker of two processes on the test database and an emptied broker.

    It sees committed rows only, so a test with it is transactional. ``kill()`` is `kill -9`
    for the worker and both its processes, ``start()`` brings it back, ``output()`` is its log.
    """
    Redis.from_url(redis_url).flushdb()
    worker = Child(
        "worker",
        [
            *(sys.executable, "-m", "celery", "--app", "tests.celery_app", "worker"),
            *("--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),
        ],
        directory=tmp_path,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _test_database_url()},
        ready=lambda: " ready." in worker.output(),
    )
    worker.start()
    yield worker
    worker.stop()


def _test_database_url() -> str:
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


__all__ = ["app"]
