"""What happens to a shop's processes and servers in a fault run, and who starts them again."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import psycopg

from benchmarks import engine
from benchmarks.celery_app import CLOCK
from benchmarks.dials import RATE, Dial, clock_of
from benchmarks.machine import children_of, processor_seconds
from benchmarks.servers import ROOT
from tests.servers import Child

PROCESSES = 4  #: of each worker; two of them may run at once in all workers together
#: Seconds by which the clock of a worker that starts is ahead, or late: most are right.
CLOCKS = (0, 0, 0, 0, 0, 30, -90, 3600, -3600)
BACK, AHEAD = -3_600, 3 * 3_600  #: seconds that a clock jumps; ahead by more than a text lives
#: share of the kills that meet whoever is at work; what it had leased stays leased for 20 s, so
#: with more of them nobody ever worked
AT_WORK = 0.25
_READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only = {}"
_RELOAD = "SELECT pg_reload_conf()"
#: seconds that they last, from and to
READ_ONLY, SILENT, OTHER_RATE, JUMPED = (2.0, 8.0), (1.0, 4.0), (4.0, 10.0), (4.0, 10.0)


class Crew:
    """Workers and beat on one site, which are started again whenever they have ended."""

    def __init__(self, site: engine.Site, workers: int, chance: random.Random) -> None:
        self.site, self.chance = site, chance
        self.happened: Counter[str] = Counter()
        self._workers: dict[str, Child] = {
            f"worker{n}": self._worker(f"worker{n}") for n in range(workers)
        }
        self._beat = self._new_beat()
        self._used: dict[int, float] = {}
        self._amends: list[tuple[float, Callable[[], object]]] = []
        self._deck: list[str] = []

    @property
    def workers(self) -> list[Child]:
        return list(self._workers.values())

    @property
    def names(self) -> list[str]:
        return list(self._workers)

    def keep_alive(self) -> None:
        """What has ended runs again, and what was to be set right by now is."""
        now = time.monotonic()
        for amend in [each for each in self._amends if each[0] <= now]:
            self._amends.remove(amend)
            amend[1]()
        for name, worker in self._workers.items():
            if not worker.running:
                self._workers[name] = self._worker(name)
                self._workers[name].start()
        if not self._beat.running:
            self._beat = self._new_beat()
            self._beat.start()

    def meet(self) -> str:
        """The next mishap has happened, one at a time of those that need amends; its name."""
        if not self._deck:
            self._deck = [name for name, (often, _) in MISHAPS.items() for _ in range(often)]
            self.chance.shuffle(self._deck)
        name = self._deck.pop()
        if name not in KILLS:
            self.set_right()
        MISHAPS[name][1](self)
        self.happened[name] += 1
        return name

    def set_right(self) -> None:
        """Nothing is read-only or silent any more, and the rate is the account's own."""
        for _, amend in self._amends:
            amend()
        self._amends = []

    def amend_in(self, span: tuple[float, float], amend: Callable[[], object]) -> None:
        self._amends.append((time.monotonic() + self.chance.uniform(*span), amend))

    def victim(self, of_each: Callable[[Child], list[int]]) -> int | None:
        """One of these processes of the workers that have booted, None where none has: any, or
        ``AT_WORK`` of the times the one that has computed most since it was last asked."""
        pids = [
            pid for worker in self.workers if children_of(worker.pid) for pid in of_each(worker)
        ]
        used = {pid: processor_seconds(pid) for pid in pids}
        spent = {pid: seconds - self._used.get(pid, 0.0) for pid, seconds in used.items()}
        self._used |= used
        if not pids:
            return None
        if self.chance.random() < AT_WORK:
            return max(spent, key=spent.__getitem__)
        return self.chance.choice(pids)

    def kill_beat(self) -> None:
        self._beat.kill()

    def stop(self) -> None:
        """Everybody has ended, with the work in progress done."""
        for process in (self._beat, *self.workers):
            with suppress(ProcessLookupError):
                if process.running:
                    os.kill(process.pid, signal.SIGTERM)
        for process in (self._beat, *self.workers):
            process.stop(60)

    def _worker(self, name: str) -> Child:
        clock_of(name).turn(self.chance.choice(CLOCKS))
        return self.site.worker(PROCESSES, name, lambda: True, {CLOCK: name})

    def _new_beat(self) -> Child:
        command = [
            *(sys.executable, "-m", "celery", "--app", engine.APPLICATION, "beat"),
            *("--loglevel", "WARNING", "--pidfile", ""),
            *("--schedule", f"{self.site.directory}/beat"),
        ]
        return Child(
            "beat", command, directory=self.site.directory, cwd=ROOT, env=os.environ,
            ready=lambda: True,
        )  # fmt: skip


@contextmanager
def crew(site: engine.Site, workers: int, chance: random.Random) -> Iterator[Crew]:
    """None runs yet; all have ended afterwards."""
    made = Crew(site, workers, chance)
    try:
        yield made
    finally:
        made.set_right()
        made.stop()


def _kill_worker(crew: Crew) -> None:
    """With its processes."""
    pid = crew.victim(lambda worker: [worker.pid])
    for worker in crew.workers:
        if worker.pid == pid:
            worker.kill()


def _kill_process(crew: Crew) -> None:
    """Celery's parent makes another one."""
    pid = crew.victim(lambda worker: children_of(worker.pid))
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _kill_all(crew: Crew) -> None:
    for worker in crew.workers:
        worker.kill()


def _kill_postgres(crew: Crew) -> None:
    crew.site.postgres.kill()
    crew.site.postgres.start()


def _cut_connections(crew: Crew) -> None:
    _tell_postgres(
        crew, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    )


def _read_only(crew: Crew) -> None:
    """As after a failover to a server that does not write yet."""
    _tell_postgres(crew, _READ_ONLY.format("on"), _RELOAD)
    crew.amend_in(READ_ONLY, lambda: _tell_postgres(crew, _READ_ONLY.format("off"), _RELOAD))


def _silence_redis(crew: Crew) -> None:
    crew.site.redis.pause()
    crew.amend_in(SILENT, crew.site.redis.resume)


def _set_the_rate(rate: float) -> Callable[[Crew], None]:
    """In the shop's settings; the provider's own limit stays."""
    return lambda crew: _turn(crew, RATE, rate, OTHER_RATE)


def _move_a_clock(seconds: float) -> Callable[[Crew], None]:
    """Of a worker at work, which goes back to what it was later."""

    def move(crew: Crew) -> None:
        clock = clock_of(crew.chance.choice(crew.names))
        _turn(crew, clock, clock.read() + seconds, JUMPED)

    return move


def _turn(crew: Crew, dial: Dial, value: float, span: tuple[float, float]) -> None:
    before = dial.read()
    dial.turn(value)
    crew.amend_in(span, lambda: dial.turn(before))


def _tell_postgres(crew: Crew, *statements: str) -> None:
    may_write = "-c default_transaction_read_only=off"
    url = crew.site.postgres.url()
    with psycopg.connect(url, autocommit=True, options=may_write) as connection:
        for statement in statements:
            connection.execute(statement.encode())


#: name → how often it is in the deck, and what it does
MISHAPS: Mapping[str, tuple[int, Callable[[Crew], object]]] = {
    "worker killed": (6, _kill_worker),
    "process of a worker killed": (8, _kill_process),
    "all workers killed": (1, _kill_all),
    "beat killed": (1, Crew.kill_beat),
    "PostgreSQL restarted": (1, lambda crew: crew.site.postgres.restart()),
    "PostgreSQL killed": (1, _kill_postgres),
    "PostgreSQL read-only": (1, _read_only),
    "connections cut": (1, _cut_connections),
    "Redis restarted": (1, lambda crew: crew.site.redis.restart()),
    "Redis silent": (1, _silence_redis),
    "rate set to 0": (1, _set_the_rate(0.0)),
    "rate set to 0.1": (1, _set_the_rate(0.1)),
    "rate set to 10,000": (1, _set_the_rate(10_000.0)),
    "clock back an hour": (1, _move_a_clock(BACK)),
    "clock ahead three hours": (1, _move_a_clock(AHEAD)),
}
KILLS = ("worker killed", "process of a worker killed", "all workers killed", "beat killed")
