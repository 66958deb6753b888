"""The Celery application of the benchmarks' workers."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from celery import Celery, shared_task
from celery.signals import worker_init

from benchmarks.dials import clock_of

#: The worker whose clock this process has, where that may be wrong: a fault run's do, and jump.
CLOCK = "SMS_BENCH_CLOCK"
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
    """Whatever of the plugin and of Django asks for the time here gets the dial's, before the
    worker's processes are made.

    Celery's own clock stays right: it would drop each nudge as expired, and the plugin would never
    run by a clock that is ahead.
    """
    if not (worker := os.environ.get(CLOCK)):
        return
    import time

    from django.utils import timezone

    from saleor_sms_plugin import wiring
    from saleor_sms_plugin.providers import answer

    clock, real = clock_of(worker), time.time

    class Wrong(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return dt.datetime.now(tz) + dt.timedelta(seconds=clock.read())

    def now(*_: object) -> Any:
        return Wrong.now(dt.UTC)

    wiring.SystemClock.now = now  # type: ignore[assignment,method-assign]
    timezone.now = now
    answer.datetime = Wrong  # type: ignore[attr-defined]
    time.time = lambda: real() + clock.read()
