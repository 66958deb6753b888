"""The beat schedule installs itself: into the project's ``CELERY_BEAT_SCHEDULE``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

PERIOD = dt.timedelta(seconds=10)

SCHEDULE: dict[str, dict[str, Any]] = {
    "saleor-sms-periodic": {
        "task": "saleor_sms_plugin.tasks.periodic",
        "schedule": PERIOD,
        # A worker that was away finds one run, not hundreds.
        "options": {"expires": PERIOD.total_seconds()},
    },
    "saleor-sms-forget": {
        "task": "saleor_sms_plugin.tasks.forget",
        "schedule": dt.timedelta(hours=6),
        "options": {"expires": 3600},
    },
}


def install() -> None:
    """Beat runs the plugin's tasks; an entry the project set itself stays as it is."""
    schedule = getattr(settings, "CELERY_BEAT_SCHEDULE", None)
    if schedule is None:
        schedule = {}
        settings.CELERY_BEAT_SCHEDULE = schedule
    for name, entry in SCHEDULE.items():
        schedule.setdefault(name, entry)
