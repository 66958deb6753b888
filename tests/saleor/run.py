"""Runs `tests/saleor` inside a real Saleor: ``python -m tests.saleor.run HOME [pytest options]``.

HOME is a Saleor checkout with its environment in ``HOME/.venv``. Where there is none, this
says so and succeeds. PostgreSQL is the server of DATABASE_URL, else a private cluster made of
the system's PostgreSQL (Saleor needs its contrib modules); Redis is that of REDIS_URL, else a
private one. Both end with the run; the cluster's data is kept in SALEOR_TEST_CACHE.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.saleor.shop_databases import PREFIX, ShopDatabases, environment
from tests.servers import PostgresServer, RedisServer, system_postgres

CHECKOUT = Path(__file__).parents[2]
PACKAGE = "saleor-sms-plugin"


def main(home: Path, options: list[str]) -> int:
    python = home / ".venv" / "bin" / "python"
    if not python.exists():
        print(
            f"no Saleor at {home} ({python} is missing): tests/saleor skipped. "
            "Set SALEOR_HOME to a Saleor checkout with its environment in .venv to run them."
        )
        return 0
    cache = cache_directory()
    with ExitStack() as stack:
        stack.enter_context(exclusive(cache))
        print(f"==> installing {PACKAGE} beside {home}", flush=True)
        install(python)
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="saleor-")))
        redis_url = os.environ.get("REDIS_URL") or stack.enter_context(private_redis(scratch))
        database_url = os.environ.get("DATABASE_URL") or stack.enter_context(
            private_postgres(cache / "postgres")
        )
        env = environment(home, redis_url, rsa_key())
        databases = ShopDatabases(home, database_url, env)
        databases.copy(databases.migrated(), f"test_{PREFIX}")
        print("==> pytest tests/saleor", flush=True)
        command = [
            *(f"{python}", "-m", "pytest", "-c", "tests/saleor/saleor.ini"),
            *("--rootdir", ".", "--confcutdir", "tests/saleor"),
            *(options or ["tests/saleor"]),
        ]
        env["DATABASE_URL"] = databases.url(PREFIX)
        env["PYTHONPATH"] += f":{home}"
        return subprocess.run(command, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL).returncode


def install(python: Path) -> None:
    """This checkout is installed, editable, beside Saleor, and no other version has changed.

    Raises RuntimeError where that is impossible: every installed version is a constraint, so
    the environment is left as it was.
    """
    before = versions(python)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(sorted(before)))
        constraints.flush()
        target = (*("--constraint", constraints.name), "--editable", f"{CHECKOUT}")
        done = subprocess.run(
            [*installer(python, "install"), "--quiet", *target], capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(
            f"{PACKAGE} cannot be installed beside Saleor without changing what Saleor pins:\n"
            f"{done.stderr}"
        )
    after = versions(python)
    if changed := sorted(before - after):
        raise RuntimeError(f"installing {PACKAGE} changed what was installed: {changed}")
    for added in sorted(after - before):
        print(f"    added {added}")


def versions(python: Path) -> frozenset[str]:
    """``name==version`` of everything installed, but for editable checkouts."""
    frozen = subprocess.run(
        [*installer(python, "freeze"), "--exclude-editable"], capture_output=True, text=True
    )
    if frozen.returncode:
        raise RuntimeError(f"{python} has no pip, and there is no uv: {frozen.stderr}")
    return frozenset(line for line in frozen.stdout.splitlines() if "==" in line)


def installer(python: Path, command: str) -> list[str]:
    """``pip <command>`` for *python*; uv's where the environment was made without pip."""
    if uv := shutil.which("uv"):
        return [uv, "pip", command, "--python", f"{python}"]
    return [f"{python}", "-m", "pip", command]


@contextmanager
def private_postgres(directory: Path) -> Iterator[str]:
    """The URL of a cluster in *directory*; RuntimeError where no program can run it."""
    programs = system_postgres()
    if programs is None:
        raise RuntimeError(
            "No PostgreSQL with contrib modules for Saleor: install the system packages "
            "postgresql and postgresql-contrib, or set DATABASE_URL to a server where "
            "databases may be created."
        )
    server = PostgresServer(directory, programs)
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


@contextmanager
def private_redis(directory: Path) -> Iterator[str]:
    server = RedisServer(directory)
    server.start()
    try:
        yield server.url()
    finally:
        server.stop()


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Only one run at a time uses *directory*; the others wait."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"==> another run uses {directory}; waiting for it to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cache_directory() -> Path:
    """Where the cluster's data is kept: reachable by the user that PostgreSQL runs as."""
    if chosen := os.environ.get("SALEOR_TEST_CACHE"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/cache") / PACKAGE
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / PACKAGE


def rsa_key() -> str:
    """A throw-away private key in PEM, with which Saleor signs its tokens."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]).expanduser().resolve(), sys.argv[2:]))
    except RuntimeError as problem:
        sys.exit(f"test-saleor: {problem}")
