"""The servers under the tests are real, and may be ended and started by a test."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from tests.celery_app import app
from tests.servers import Child, PostgresServer, RedisServer, wait_until


@pytest.mark.django_db
def test_the_database_is_postgresql() -> None:
    """The tests run on PostgreSQL, where a commit reaches the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        assert cursor.fetchone() == ("on",)
    assert connection.vendor == "postgresql"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_committed_rows_survive_the_end_of_the_database(
    own_postgres: PostgresServer, end: str
) -> None:
    """What was committed is there after a restart, tidy or not; an open client has lost."""
    with psycopg.connect(own_postgres.url(), autocommit=True) as client:
        client.execute("CREATE TABLE kept AS SELECT 7 AS number")

        getattr(own_postgres, end)()
        own_postgres.start()

        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    with psycopg.connect(own_postgres.url()) as client:
        assert client.execute("SELECT number FROM kept").fetchone() == (7,)


def test_two_servers_do_not_meet(own_postgres: PostgresServer, postgres_url: str) -> None:
    """A test's own server is not the one that the other tests use."""
    assert own_postgres.url() != postgres_url


def test_a_paused_broker_is_silent(own_redis: RedisServer) -> None:
    """A paused Redis accepts connections and answers nothing until it is resumed."""
    from redis import Redis
    from redis.exceptions import TimeoutError as NoAnswer

    client = Redis(port=own_redis.port, socket_timeout=0.2, socket_connect_timeout=0.2)
    own_redis.pause()
    with pytest.raises(NoAnswer):
        client.ping()

    own_redis.resume()

    assert client.ping() is True


@pytest.mark.slow
def test_a_killed_worker_is_gone_until_started(celery_worker: Child) -> None:
    """One worker answers; none after `kill -9`; one again after its start."""
    assert len(app.control.ping(timeout=2)) == 1

    celery_worker.kill()
    assert app.control.ping(timeout=0.5) == []

    celery_worker.start()
    wait_until(lambda: len(app.control.ping(timeout=2)) == 1, 20, "the worker to answer")
