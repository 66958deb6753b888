"""What a worker costs with nothing to send: nothing due, an account paused, an account closed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from celery import Celery

from benchmarks import engine
from benchmarks.figures import Figure
from benchmarks.machine import postgres
from benchmarks.servers import postgres_server, provider_server, redis_server, scratch

NAME = "idle"
SECONDS, PROCESSES, WAITING = 30, 2, 200
MOST_PERCENT = 5.0  #: of one core
NUDGE_EACH = 1.0  #: seconds: a shop whose events come all the time


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Half a minute of each state, with beat's runs and a nudge each second.

    Also what their PostgreSQL was.
    """
    seconds = max(5.0, SECONDS * scale)
    with (
        provider_server() as provider,
        postgres_server() as url,
        redis_server() as redis_url,
        engine.project(provider.url, url),
        scratch() as directory,
    ):
        os.environ["REDIS_URL"] = f"{redis_url}/0"
        figures = []
        for state, (rate, prepare) in _STATES.items():
            os.environ[engine.RATE] = str(rate)
            prepare()
            with engine.celery_worker(
                directory, redis_url, "benchmarks.celery_app", PROCESSES
            ) as worker:
                _runs(redis_url, 3.0)  # each process has run once
                before = _computed(worker.pid)
                _runs(redis_url, seconds)
                percent = (_computed(worker.pid) - before) / seconds * 100
            if sent := len(provider.arrivals()):
                raise RuntimeError(f"{sent} texts were sent while the account was {state}.")
            figures.append(
                Figure(
                    benchmark=NAME, name=f"processor time, {state}", measured=percent, unit="%",
                    low=percent, high=percent, samples=1, at_most=MOST_PERCENT,
                    note=f"of a core; {PROCESSES} processes, a nudge each second",
                )
            )  # fmt: skip
        return figures, postgres(url)


def _wait_for_nothing() -> None:
    pass


def _wait_for_a_rate() -> None:
    engine.queue(WAITING)


def _wait_for_the_account() -> None:
    from django.utils import timezone

    from saleor_sms_plugin.domain.reasons import Reason
    from saleor_sms_plugin.models import Throttle

    now = timezone.now()
    Throttle.objects.exclude(key__startswith="turn:").update(
        closed_since=now, closed_until=now + timedelta(hours=1), closed_for=Reason.PROVIDER_DOWN
    )


#: state → the account's rate, and how the tables come to it
_STATES: Mapping[str, tuple[float, Callable[[], None]]] = {
    "nothing due": (engine.UNLIMITED, _wait_for_nothing),
    "paused": (0.0, _wait_for_a_rate),
    "closed": (engine.UNLIMITED, _wait_for_the_account),
}


def _runs(redis_url: str, seconds: float) -> None:
    """What beat and a shop's events start, for so long."""
    from saleor_sms_plugin.schedule import PERIOD

    broker = Celery(broker=f"{redis_url}/0", set_as_current=False)
    started = time.monotonic()
    beat_at = started
    while (now := time.monotonic()) < started + seconds:
        if now >= beat_at:
            beat_at += PERIOD.total_seconds()
            broker.send_task("saleor_sms_plugin.tasks.periodic", ignore_result=True)
        broker.send_task("saleor_sms_plugin.tasks.run", ignore_result=True)
        time.sleep(NUDGE_EACH)


def _computed(pid: int) -> float:
    """Seconds of processor time of this process and its children. Linux only."""
    # https://docs.kernel.org/filesystems/proc.html: utime and stime, in clock ticks
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_computed(int(child)) for child in children)
