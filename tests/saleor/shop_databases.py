"""Saleor's databases on one PostgreSQL server, migrated once and copied for every run.

Migrating Saleor from nothing takes minutes, so the result is kept as a template, named after
the migrations it holds. The templates know nothing of this package: its migrations are applied
to the copies, so a changed migration is never hidden by an old database.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers import wait_until

PREFIX = "saleor_sms_tests"


class ShopDatabases:
    """*server_url* is a database URL whose user may create databases; its path is ignored."""

    def __init__(self, home: Path, server_url: str, environment: Mapping[str, str]) -> None:
        self._home = home
        self._server = server_url.rpartition("/")[0]
        self._environment = dict(environment)
        self._key = _migrations_key(home)

    def url(self, name: str) -> str:
        return f"{self._server}/{name}"

    def migrated(self) -> str:
        """The name of a template: Saleor's migrations, no rows but what they write."""
        return self._template(f"{PREFIX}_{self._key}", "template1", ("migrate",))

    def populated(self) -> str:
        """The name of a template: also Saleor's sample shop and admin@example.com / admin."""
        return self._template(
            f"{PREFIX}_{self._key}_populated", self.migrated(), ("populatedb", "--createsuperuser")
        )

    def copy(self, template: str, name: str) -> str:
        """*name* is a fresh copy of *template*; its URL."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def _template(self, name: str, source: str, command: tuple[str, ...]) -> str:
        if not self._exists(name):
            print(f"==> {' '.join(command)}: making {name}, once; this takes minutes", flush=True)
            unfinished = f"{name}_unfinished"
            self.copy(source, unfinished)
            self.manage(unfinished, *command, settings="tests.saleor.bare_settings")
            wait_until(lambda: not self._sessions(unfinished), 30, f"{unfinished} to be closed")
            self._execute("ALTER DATABASE {} RENAME TO {}", unfinished, name)
        return name

    def manage(self, database: str, *command: str, settings: str = "saleor.settings") -> None:
        """``manage.py <command>`` has succeeded on *database*; RuntimeError with its output."""
        # Without a broker Saleor runs its tasks inline, so that nothing is left to be done.
        environment = {k: v for k, v in self._environment.items() if k != "CELERY_BROKER_URL"}
        ran = subprocess.run(
            [f"{self._home}/.venv/bin/python", "manage.py", *command],
            cwd=self._home,
            env={
                **environment,
                "DATABASE_URL": self.url(database),
                "DJANGO_SETTINGS_MODULE": settings,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ran.returncode:
            raise RuntimeError(
                f"manage.py {' '.join(command)} on {database} failed:\n{ran.stdout[-4000:]}"
            )

    def _exists(self, name: str) -> bool:
        return self._count("SELECT count(*) FROM pg_database WHERE datname = %s", name) > 0

    def _sessions(self, name: str) -> int:
        return self._count("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", name)

    def _count(self, query: str, value: str) -> int:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            row = connection.execute(query, [value]).fetchone()
        return int(row[0]) if row else 0

    def _execute(self, statement: str, *names: str) -> None:
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(composed)


def environment(home: Path, redis_url: str, private_key: str) -> dict[str, str]:
    """The environment of a local Saleor, but for DATABASE_URL."""
    redis = redis_url.rstrip("/").removesuffix("/0")
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "SALEOR_HOME": str(home),
        "SECRET_KEY": "only-for-tests",
        "DEBUG": "False",
        "ALLOWED_HOSTS": "*",
        "ALLOWED_CLIENT_HOSTS": "localhost,127.0.0.1",
        "CACHE_URL": f"{redis}/0",
        "CELERY_BROKER_URL": f"{redis}/1",
        "DEFAULT_FROM_EMAIL": "noreply@example.com",
        "EMAIL_URL": "consolemail://",
        "PUBLIC_URL": "http://localhost:8000/",
        "DEFAULT_CHANNEL_SLUG": "default-channel",
        "RSA_PRIVATE_KEY": private_key,
        "HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS": "True",
        "SEND_USAGE_TELEMETRY": "False",
    }


def _migrations_key(home: Path) -> str:
    paths = sorted(str(path.relative_to(home)) for path in home.glob("saleor/**/migrations/*.py"))
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:8]
