"""System checks, by stable ids. They never touch the database unless asked for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning
from django.core.checks import register as register_check
from django.db import DatabaseError

from . import wiring
from .domain.reasons import Reason
from .models import Installation
from .services import health, installation, status, storm

BEAT_MISSED = dt.timedelta(minutes=10)


def register() -> None:
    register_check(check_broker)
    register_check(check_phone_library)
    register_check(check_beat, Tags.database)
    register_check(check_accounts, Tags.database)
    register_check(check_storm, Tags.database)
    register_check(check_secret_key, Tags.database)


def check_broker(**kwargs: Any) -> list[CheckMessage]:
    """sms.W001"""
    if not getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False):
        return []
    return [
        Warning(
            "Celery tasks run inside the request: texts are sent only by a worker.",
            hint="Set CELERY_BROKER_URL and run a Celery worker and beat.",
            id="sms.W001",
        )
    ]


def check_phone_library(**kwargs: Any) -> list[CheckMessage]:
    """sms.W002"""
    try:
        version("phonenumbers"), version("phonenumberslite")
    except PackageNotFoundError:
        return []
    return [
        Warning(
            "Both phonenumbers and phonenumberslite are installed; they overwrite each other.",
            hint="pip uninstall phonenumbers, then reinstall phonenumberslite.",
            id="sms.W002",
        )
    ]


def check_beat(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """sms.W003, with ``check --database default``: since when no periodic run was seen."""
    if not databases:
        return []
    ports = wiring.ports()
    try:
        with ports.shop.writer():
            row = Installation.objects.filter(pk=Installation.ONLY).first()
    except DatabaseError:
        return [
            Warning(
                "The plugin's tables are missing.",
                hint="Run: python manage.py migrate saleor_sms_plugin",
                id="sms.W004",
            )
        ]
    if row is None or row.worker_at is None:
        return []
    seen = row.periodic_at
    if seen is not None and ports.clock.now() - seen <= BEAT_MISSED:
        return []
    when = f"was last seen {status.ago(ports.clock.now() - seen)} ago" if seen else "was never seen"
    return [
        Warning(
            f"Celery beat {when}: texts that wait for a time go out late.",
            hint="Run: celery --app saleor.celeryconf:app beat (with Saleor's scheduler).",
            id="sms.W003",
        )
    ]


def check_accounts(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """sms.W005, with ``check --database default``: accounts that their provider refuses."""
    if not databases:
        return []
    try:
        with wiring.ports().shop.writer():
            refused = health.refused_accounts()
    except DatabaseError:
        return []  # sms.W004 says it
    return [
        Warning(
            f"The provider refuses the account {row.key}: {Reason(row.closed_for).sentence}",
            hint="Top it up, or save the right key: texts wait and go out by themselves then.",
            id="sms.W005",
        )
        for row in refused
    ]


def check_storm(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """sms.W006, with ``check --database default``: texts that a storm holds wait for staff."""
    if not databases:
        return []
    try:
        with wiring.ports().shop.writer():
            held = storm.held_now()
    except DatabaseError:
        return []  # sms.W004 says it
    if not held:
        return []
    return [
        Warning(
            f"Far more than usual happened at once: {held} texts are held.",
            hint="Let them go with python manage.py sms_release, or end them with sms_cancel.",
            id="sms.W006",
        )
    ]


def check_secret_key(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """sms.W007, with ``check --database default``: numbers are not recognised by their hashes."""
    if not databases:
        return []
    try:
        with wiring.ports().shop.writer():
            lost = installation.has_lost_numbers()
    except DatabaseError:
        return []  # sms.W004 says it
    if not lost:
        return []
    return [
        Warning(
            "SECRET_KEY has changed: people who opted out long ago, or asked to be forgotten, are "
            "known by hashes made with the former key, and would be texted again.",
            hint="Put the former key into SECRET_KEY_FALLBACKS, and leave it there.",
            id="sms.W007",
        )
    ]
