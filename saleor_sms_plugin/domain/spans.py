"""Spans of time that rules of several kinds count in."""

from __future__ import annotations

import datetime as dt

AN_HOUR = dt.timedelta(hours=1)
A_DAY = dt.timedelta(days=1)
