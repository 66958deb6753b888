"""A running Saleor: web, Celery worker and beat as three processes on one database."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg.rows import dict_row

from tests.saleor.shop_databases import PREFIX, ShopDatabases
from tests.servers import Child, free_port

DATABASE = f"{PREFIX}_live"
STAFF = {"email": "admin@example.com", "password": "admin"}  # what populatedb creates


class LiveSaleor:
    """``start`` gives a fresh sample shop that answers at ``url``; ``stop`` ends it.

    ``web``, ``worker`` and ``beat`` can each be stopped, killed, paused and started again.
    Their output is in *directory*. The commands are those of Saleor's Dockerfile and
    pyproject.toml (https://github.com/saleor/saleor), with one web process and two worker
    processes.
    """

    def __init__(
        self,
        home: Path,
        databases: ShopDatabases,
        environ: Mapping[str, str],
        *,
        directory: Path,
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.directory = directory
        self._databases = databases
        self._home = home
        self._python = home / ".venv" / "bin" / "python"
        self._environ = {
            **environ,
            "DATABASE_URL": databases.url(DATABASE),
            "DJANGO_SETTINGS_MODULE": "saleor.settings",
            "PUBLIC_URL": f"{self.url}/",
        }
        celery = ("celery", "--app", "saleor.celeryconf:app")
        self._serve = (
            *("uvicorn", "saleor.asgi:application", "--host", "127.0.0.1"),
            *("--port", f"{port}", "--no-access-log"),
        )
        self.web: Child = self._child("web", self._serve, self._healthy)
        self.worker: Child = self._child(
            "worker",
            (*celery, "worker", "-E", "--pool", "prefork", "--concurrency", "2", "-l", "INFO"),
            lambda: " ready." in self.worker.output(),
        )
        self.beat: Child = self._child(
            "beat",
            (
                *(*celery, "beat", "-l", "INFO", "--pidfile", ""),
                *("--scheduler", "saleor.schedulers.schedulers.DatabaseScheduler"),
            ),
            lambda: "beat: Starting" in self.beat.output(),
        )

    def start(self) -> None:
        """A copy of the sample shop with this package's migrations; all processes answer."""
        self._databases.copy(self._databases.populated(), DATABASE)
        self._databases.manage(DATABASE, "migrate", "saleor_sms_plugin")
        self.run()

    def run(self) -> None:
        """All processes answer, on the shop's database as it is."""
        for process in (self.web, self.worker, self.beat):
            process.start()

    @contextmanager
    def web_with(self, **environ: str) -> Iterator[None]:
        """The web process runs with these environment variables as well, and then as before."""
        usual = self.web
        more = {**self._environ, **environ}
        self.web = self._child("web", self._serve, self._healthy, more)
        usual.stop()
        self.web.start()
        try:
            yield
        finally:
            self.web.stop()
            self.web = usual
            self.web.start()

    def stop(self) -> None:
        for process in (self.beat, self.worker, self.web):
            process.stop()

    def graphql(
        self, query: str, variables: Mapping[str, object] | None = None, token: str = ""
    ) -> dict[str, Any]:
        """The ``data`` of the answer; RuntimeError where it or a mutation in it has errors."""
        answer = requests.post(
            f"{self.url}/graphql/",
            json={"query": query, "variables": dict(variables or {})},
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
        )
        body = answer.json()
        problems = [error["message"] for error in body.get("errors", [])]
        for name, result in (body.get("data") or {}).items():
            if isinstance(result, dict) and result.get("errors"):
                problems.append(f"{name}: {result['errors']}")
        if problems:
            raise RuntimeError(f"HTTP {answer.status_code}: {'; '.join(problems)}")
        data: dict[str, Any] = body["data"]
        return data

    def staff_token(self) -> str:
        """An access token of the sample shop's superuser, good for five minutes."""
        made = self.graphql(
            """mutation ($email: String!, $password: String!) {
                tokenCreate(email: $email, password: $password) {
                    token
                    errors { field message }
                }
            }""",
            STAFF,
        )
        return str(made["tokenCreate"]["token"])

    def manage(self, *command: str) -> str:
        """What ``manage.py <command>`` printed; RuntimeError with its output where it failed."""
        ran = subprocess.run(
            [f"{self._python}", "manage.py", *command],
            cwd=self._home,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            raise RuntimeError(f"manage.py {' '.join(command)} failed:\n{ran.stderr[-4000:]}")
        return ran.stdout

    def plugin_url(self, channel: str, path: str = "") -> str:
        """What this plugin answers under, in one channel."""
        return f"{self.url}/plugins/channel/{channel}/saleor_sms_plugin/{path}"

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """The rows of one SQL statement on the shop's database, which is committed."""
        url = self._databases.url(DATABASE)
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def _child(
        self,
        name: str,
        command: tuple[str, ...],
        ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
    ) -> Child:
        return Child(
            name,
            [f"{self._python}", "-m", *command],
            directory=self.directory,
            cwd=self._home,
            env=env or self._environ,
            ready=ready,
            start_seconds=180,
        )

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/", timeout=2).ok
        except requests.ConnectionError:
            return False
