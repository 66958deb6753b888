"""The Celery application of the benchmarks' workers."""

from __future__ import annotations

import os

from celery import Celery, shared_task
from celery.signals import worker_init

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
