"""A burst of the shop's events: what a hook costs meanwhile, and how old service texts get."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from statistics import median

from benchmarks import engine
from benchmarks.figures import Figure, percentile
from benchmarks.machine import postgres, processor_seconds
from benchmarks.servers import Provider, running

NAME = "burst"
EVENTS, SECONDS = 20_000, 60.0
MARKETING = 20_000  #: texts that wait behind all the time
SERVICE_PER_SECOND = 50  #: events whose texts must not grow old: what two busy cores allow
MOST_SLOWER, MOST_AGE = 1.5, 10.0
FIRST_NAME = 500_000  #: of orders, beyond those that ``engine.queue`` numbers


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """20,000 events at 333 a second; then service texts in front of 20,000 marketing texts.

    A fifth of the burst by default, at the same speed. Also what their PostgreSQL was.
    """
    count = max(50, round(EVENTS / 5 * scale))
    with engine.opened() as site:
        _record(50, 50.0, FIRST_NAME)  # warm up
        idle, _ = _record(200, 50.0, FIRST_NAME + 1_000)
        with running(site.worker(2)) as worker:
            site.provider.await_texts(250, 60)
            before, started = processor_seconds(worker.pid), time.monotonic()
            busy, recorded = _record(count, EVENTS / SECONDS, FIRST_NAME + 10_000)
            spent = processor_seconds(worker.pid) - before
            cores = spent / (time.monotonic() - started)
            arrived = site.provider.await_texts(250 + count, 60 + count / 20)
            lost = len(set(recorded) - {to for _, to in arrived})
            ages = _service_ages(site.provider, max(50, round(SERVICE_PER_SECOND * 20 * scale)))
        return _figures(count, lost, idle, busy, ages, cores), postgres(site.postgres.url())


def _record(count: int, per_second: float, first: int) -> tuple[list[float], dict[str, float]]:
    """Seconds of each hook (record and nudge), and when each number's event was recorded."""
    from django.db import transaction

    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services.record import Happening, hear
    from saleor_sms_plugin.wake import CeleryWake
    from saleor_sms_plugin.wiring import SystemClock
    from tests.open_shop import CHANNEL

    ports = Ports(shop=engine.shop(), wake=CeleryWake(), clock=SystemClock())
    started = time.monotonic()
    seconds, recorded = [], {}
    for place, name in enumerate(map(str, range(first, first + count))):
        time.sleep(max(0.0, started + place / per_second - time.monotonic()))
        happening = partial(
            Happening, name="order_created", channel_id=CHANNEL, order_id=name, subject_id=name
        )
        with transaction.atomic():
            pass  # the shop's own transaction
        before = time.monotonic()
        hear(happening, ports)
        seconds.append(time.monotonic() - before)
        recorded[f"48512{int(name):06}"] = before
    return seconds, recorded


def _service_ages(provider: Provider, count: int) -> list[float]:
    """From a service text's event to the provider, while marketing texts wait behind."""
    provider.reset()
    engine.queue(MARKETING, marketing=True)
    _, recorded = _record(count, SERVICE_PER_SECOND, FIRST_NAME + 100_000)
    provider.await_texts(count, 120)
    return [at - recorded[to] for at, to in provider.arrivals() if to in recorded]


def _figures(
    count: int,
    lost: int,
    idle: list[float],
    busy: list[float],
    ages: list[float],
    cores: float,
) -> list[Figure]:
    slower = median(busy) / median(idle)
    age = percentile(ages, 95)
    return [
        Figure(
            benchmark=NAME, name=f"events lost of {count:,} recorded at 333/s", measured=lost,
            unit="", low=lost, high=lost, samples=1, at_most=0,
        ),
        Figure(
            benchmark=NAME, name="hook at the burst over idle", measured=slower, unit="x",
            low=percentile(busy, 10) / median(idle), high=percentile(busy, 90) / median(idle),
            samples=len(busy), at_most=MOST_SLOWER,
            details={
                "idle_ms": median(idle) * 1e3, "burst_ms": median(busy) * 1e3, "worker_cores": cores
            },
            note="two worker processes plan and send meanwhile",
        ),
        Figure(
            benchmark=NAME, name=f"age of service texts at {SERVICE_PER_SECOND}/s, p95",
            measured=age, unit="s", low=min(ages), high=max(ages), samples=len(ages),
            at_most=MOST_AGE, note=f"{MARKETING:,} marketing texts wait behind",
        ),
    ]  # fmt: skip
