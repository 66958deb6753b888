"""The Celery application of the benchmarks' workers."""

from __future__ import annotations

import datetime as dt
import os

from celery import Celery, shared_task
from celery.signals import worker_init

#: Seconds by which this worker's clock is wrong: a fault run's workers differ.
CLOCK_OFF = "SMS_BENCH_CLOCK_OFF"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

app = Celery("benchmarks", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@shared_task(name="benchmarks.note", ignore_result=True)  # type: ignore[untyped-decorator]
def note(key: str) -> None:
    """When it started is in Redis: a task of the shop's own, which wants its turn."""
    import time

    from redis import Redis

    Redis.from_url(os.environ["REDIS_URL"]).set(key, time.time())


@worker_init.connect  # type: ignore[untyped-decorator]
def open_the_shop(**_: object) -> None:
    """A worker serves the shop that every process can make for itself."""
    from benchmarks.engine import shop

    shop().install()


@worker_init.connect  # type: ignore[untyped-decorator]
def set_the_clock(**_: object) -> None:
    """Before its processes are made."""
    from saleor_sms_plugin.wiring import SystemClock

    off = dt.timedelta(seconds=float(os.environ.get(CLOCK_OFF) or 0))
    if off:
        SystemClock.now = lambda _: dt.datetime.now(dt.UTC) + off  # type: ignore[assignment,method-assign]
