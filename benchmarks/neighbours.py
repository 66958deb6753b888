"""Another task of the shop's worker while dispatch runs at full speed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median

from redis import Redis

from benchmarks import engine
from benchmarks.figures import Figure
from benchmarks.machine import postgres, processor_seconds
from benchmarks.servers import running

NAME = "neighbour"
PROCESSES, SAMPLES, NUDGES = 2, 30, 50
TEXTS = 500  #: that wait for each sample of half a second, so that they never end
MOST_SECONDS = 6.0


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Thirty small tasks, half a second apart, behind fifty nudges at once and beat's runs; texts
    never end.

    Also what their PostgreSQL was.
    """
    samples = max(4, round(SAMPLES * scale))
    with engine.opened() as site:
        engine.queue(samples * TEXTS)
        with running(site.worker(PROCESSES)) as worker:
            for _ in range(NUDGES):
                site.nudge()
            site.provider.await_texts(1, 60)
            before, started = processor_seconds(worker.pid), time.monotonic()
            sent, beat = {}, engine.Beat(site)
            for number in range(samples):
                beat.tick()
                sent[f"note-{number}"] = time.time()
                site.celery.send_task("benchmarks.note", [f"note-{number}"], ignore_result=True)
                time.sleep(0.5)
            spent = processor_seconds(worker.pid) - before
            cores = spent / (time.monotonic() - started)
            redis = Redis.from_url(site.redis.url())
            waits = [_started(redis, key) - at for key, at in sent.items()]
            if (texts := len(site.provider.arrivals())) == samples * TEXTS:
                raise RuntimeError(f"All {texts} texts were sent before the last task started.")
        worst = max(waits)
        return [
            Figure(
                benchmark=NAME, name="another task starts within", measured=worst, unit="s",
                low=min(waits), high=worst, samples=samples, at_most=MOST_SECONDS,
                details={"median_s": median(waits), "texts": texts, "worker_cores": cores},
                note=(
                    f"the slowest; {PROCESSES} processes, {NUDGES} nudges before it, beat's runs"
                ),
            )
        ], postgres(site.postgres.url())  # fmt: skip


def _started(redis: Redis, key: str) -> float:
    deadline = time.monotonic() + 60
    while (found := redis.get(key)) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The task {key} did not start within a minute.")
        time.sleep(0.1)
    return float(found)  # type: ignore[arg-type]
