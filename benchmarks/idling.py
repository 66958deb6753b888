"""What a worker costs with nothing to send: nothing due, an account paused, an account closed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from benchmarks import engine
from benchmarks.figures import Figure
from benchmarks.machine import postgres, processor_seconds
from benchmarks.servers import running

NAME = "idle"
SECONDS, PROCESSES, WAITING = 30, 2, 200
MOST_PERCENT = 5.0  #: of one core
NUDGE_EACH = 1.0  #: seconds: a shop whose events come all the time


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Half a minute of each state, with beat's runs and a nudge each second.

    Also what their PostgreSQL was.
    """
    seconds = max(5.0, SECONDS * scale)
    with engine.opened() as site:
        figures = []
        for state, (rate, prepare) in _STATES.items():
            os.environ[engine.RATE] = str(rate)
            prepare()
            with running(site.worker(PROCESSES)) as worker:
                _runs(site, 3.0)  # each process has run once
                before = processor_seconds(worker.pid)
                _runs(site, seconds)
                percent = (processor_seconds(worker.pid) - before) / seconds * 100
            if sent := len(site.provider.arrivals()):
                raise RuntimeError(f"{sent} texts were sent while the account was {state}.")
            figures.append(
                Figure(
                    benchmark=NAME, name=f"processor time, {state}", measured=percent, unit="%",
                    low=percent, high=percent, samples=1, at_most=MOST_PERCENT,
                    note=f"of a core; {PROCESSES} processes, a nudge each second",
                )
            )  # fmt: skip
        return figures, postgres(site.postgres.url())


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


def _runs(site: engine.Site, seconds: float) -> None:
    """What beat and a shop's events start, for so long."""
    from saleor_sms_plugin.schedule import PERIOD

    started = time.monotonic()
    beat_at = started
    while (now := time.monotonic()) < started + seconds:
        if now >= beat_at:
            beat_at += PERIOD.total_seconds()
            site.celery.send_task("saleor_sms_plugin.tasks.periodic", ignore_result=True)
        site.nudge()
        time.sleep(NUDGE_EACH)
