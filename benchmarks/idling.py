"""What a worker costs with nothing to send: nothing due, an account paused, an account closed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from benchmarks import engine
from benchmarks.dials import RATE
from benchmarks.figures import Figure, median_of
from benchmarks.machine import postgres, processor_seconds
from benchmarks.servers import running

NAME = "idle"
SECONDS, ROUNDS, PROCESSES, WAITING = 30, 3, 2, 200
MOST_PERCENT = 5.0  #: of one core
NUDGE_EACH = 1.0  #: seconds: a shop whose events come all the time


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Three rounds of ten seconds in each state, with beat's runs and a nudge each second.

    Also what their PostgreSQL was.
    """
    seconds = max(2.0, SECONDS / ROUNDS * scale)
    with engine.opened() as site:
        figures = []
        for state, (rate, prepare) in _STATES.items():
            RATE.turn(rate)
            prepare()
            with running(site.worker(PROCESSES)) as worker:
                beat = engine.Beat(site)
                _runs(site, beat, 3.0)  # each process has run once
                rounds = [_percent(site, beat, worker.pid, seconds) for _ in range(ROUNDS)]
            if sent := len(site.provider.arrivals()):
                raise RuntimeError(f"{sent} texts were sent while the account was {state}.")
            figures.append(
                median_of(
                    NAME, f"processor time, {state}", rounds, "%", at_most=MOST_PERCENT,
                    note=f"of a core; {PROCESSES} processes, a nudge each second",
                )
            )  # fmt: skip
        return figures, postgres(site.postgres.url())


def _percent(site: engine.Site, beat: engine.Beat, pid: int, seconds: float) -> float:
    """Of one core, that the worker computed for so long."""
    before, started = processor_seconds(pid), time.monotonic()
    _runs(site, beat, seconds)
    return (processor_seconds(pid) - before) / (time.monotonic() - started) * 100


def _wait_for_nothing() -> None:
    pass


def _wait_for_a_rate() -> None:
    engine.queue(WAITING)


def _wait_for_the_account() -> None:
    from django.utils import timezone

    from saleor_sms_plugin.domain.reasons import Reason
    from saleor_sms_plugin.models import Throttle
    from saleor_sms_plugin.services import health

    now = timezone.now()
    Throttle.objects.exclude(key__startswith="turn:").update(
        closed_since=now, closed_until=now + health.CLOSED_AT_MOST, closed_for=Reason.PROVIDER_DOWN
    )


#: state → the account's rate, and how the tables come to it
_STATES: Mapping[str, tuple[float, Callable[[], None]]] = {
    "nothing due": (RATE.default, _wait_for_nothing),
    "paused": (0.0, _wait_for_a_rate),
    "closed": (RATE.default, _wait_for_the_account),
}


def _runs(site: engine.Site, beat: engine.Beat, seconds: float) -> None:
    """What beat and a shop's events start, for so long."""
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        beat.tick()
        site.nudge()
        time.sleep(NUDGE_EACH)
