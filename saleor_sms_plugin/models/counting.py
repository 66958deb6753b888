"""Rows that count how often somebody did something within a span of time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import F

from .once import insert_once


def span_of(now: dt.datetime, length: dt.timedelta) -> dt.datetime:
    """When the span of this length began that *now* is in; spans are the same for everybody."""
    seconds = length.total_seconds()
    return dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, dt.UTC)


def count_one(model: type[models.Model], most: int, **row: Any) -> bool:
    """One more is counted in the row with these unique columns, which begins with one.

    False where ``most`` are counted already, also of many who count at once.
    """
    if insert_once(model(**row)):
        return True
    room = model._default_manager.filter(**row, count__lt=most)
    return bool(room.update(count=F("count") + 1))
