"""The Celery application of the test project, in the tests and in their workers."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

app = Celery("tests", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def open_the_shop(**_: object) -> None:
    """A worker of the tests serves the shop that every process can make for itself."""
    from tests.open_shop import OpenShop

    OpenShop().install()
