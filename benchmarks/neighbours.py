"""Another task of the shop's worker while dispatch runs at full speed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from statistics import median

from celery import Celery
from redis import Redis

from benchmarks import engine
from benchmarks.figures import Figure
from benchmarks.machine import postgres
from benchmarks.servers import postgres_server, provider_server, redis_server, scratch

NAME = "neighbour"
PROCESSES, SAMPLES, NUDGES = 2, 20, 50
MOST_SECONDS = 6.0


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Twenty small tasks, half a second apart, behind fifty nudges at once; texts never end.

    Also what their PostgreSQL was.
    """
    samples = max(4, round(SAMPLES * scale))
    with (
        provider_server() as provider,
        postgres_server() as url,
        redis_server() as redis_url,
        engine.project(provider.url, url),
        scratch() as directory,
    ):
        os.environ["REDIS_URL"] = f"{redis_url}/0"
        engine.queue(samples * 300)
        with engine.celery_worker(directory, redis_url, "benchmarks.celery_app", PROCESSES):
            broker = Celery(broker=f"{redis_url}/0", set_as_current=False)
            for _ in range(NUDGES):
                broker.send_task("saleor_sms_plugin.tasks.run", ignore_result=True)
            provider.await_texts(1, 60)
            sent = {}
            for number in range(samples):
                sent[f"note-{number}"] = time.time()
                broker.send_task("benchmarks.note", [f"note-{number}"], ignore_result=True)
                time.sleep(0.5)
            redis = Redis.from_url(f"{redis_url}/0")
            waits = [_started(redis, key) - at for key, at in sent.items()]
            texts = len(provider.arrivals())
        worst = max(waits)
        return [
            Figure(
                benchmark=NAME, name="another task starts within", measured=worst, unit="s",
                low=min(waits), high=worst, samples=samples, at_most=MOST_SECONDS,
                details={"median_s": median(waits), "texts_meanwhile": texts},
                note=f"the slowest; {PROCESSES} processes, {NUDGES} nudges before it",
            )
        ], postgres(url)  # fmt: skip


def _started(redis: Redis, key: str) -> float:
    deadline = time.monotonic() + 60
    while (found := redis.get(key)) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The task {key} did not start within a minute.")
        time.sleep(0.1)
    return float(found)  # type: ignore[arg-type]
