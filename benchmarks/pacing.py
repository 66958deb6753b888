"""An account of 30 texts a second and four worker processes, as the provider sees them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import engine
from benchmarks.figures import Figure
from benchmarks.machine import postgres, processor_seconds
from benchmarks.servers import running

NAME = "pace"
RATE, PROCESSES, SECONDS = 30, 4, 60
ANSWER_SECONDS = 0.05
WINDOW = 10.0  #: seconds: the spread is that of such parts of the minute
WARM_UP = 20.0  #: seconds, of which each run takes five
LEAST_PER_SECOND, MOST_IN_A_SECOND, MOST_IN_A_TENTH = 29, 31, 6


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """A minute of it, once every process has had its first run; more waits than can be sent.

    Also what their PostgreSQL was.
    """
    seconds = max(5.0, SECONDS * scale)
    with engine.opened(rate=RATE) as site:
        site.provider.reset(ANSWER_SECONDS)
        engine.queue(round(RATE * (WARM_UP + seconds + 10)))
        with running(site.worker(PROCESSES)) as worker:
            for _ in range(PROCESSES):
                site.nudge()
            site.provider.await_texts(round(RATE * (WARM_UP + seconds)), seconds * 2 + 90)
            cores = processor_seconds(worker.pid) / (WARM_UP + seconds)
            every = [at for at, _ in site.provider.arrivals()]
            arrivals = every[bisect_left(every, every[0] + WARM_UP) :]
        return _figures(arrivals, seconds, cores), postgres(site.postgres.url())


def _figures(arrivals: Sequence[float], seconds: float, cores: float) -> list[Figure]:
    within = arrivals[: bisect_left(arrivals, arrivals[0] + seconds)]
    about = (
        f"{len(within)} texts in {seconds:.0f} s, {PROCESSES} processes; bounded by the rate:"
        f" {cores:.2f} cores computed, with the workers' start"
    )
    windows = [
        within[bisect_left(within, start) : bisect_left(within, start + WINDOW)]
        for start in (arrivals[0] + number * WINDOW for number in range(int(seconds / WINDOW)))
    ]

    measures: Sequence[tuple[str, Callable[[Sequence[float], float], float], dict[str, Any]]] = (
        (
            "texts a second", lambda texts, span: len(texts) / span,
            {"unit": "/s", "at_least": LEAST_PER_SECOND},
        ),
        (
            "most in any second", lambda texts, _: most_within(texts, 1.0),
            {"unit": "", "at_most": MOST_IN_A_SECOND},
        ),
        (
            "most in any 100 ms", lambda texts, _: most_within(texts, 0.1),
            {"unit": "", "at_most": MOST_IN_A_TENTH},
        ),
    )  # fmt: skip
    figures = []
    for name, measure, rest in measures:
        spread = [measure(window, WINDOW) for window in windows] or [measure(within, seconds)]
        figures.append(
            Figure(
                benchmark=NAME, name=f"limit {RATE}/s: {name}", measured=measure(within, seconds),
                low=min(spread), high=max(spread), samples=len(spread), note=about, **rest,
            )
        )  # fmt: skip
    return figures


def most_within(instants: Sequence[float], span: float) -> int:
    """How many of these rising instants fall into any window of *span* seconds at most."""
    return max(bisect_left(instants, start + span) - place for place, start in enumerate(instants))
