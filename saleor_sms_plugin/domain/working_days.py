"""Working days: Monday to Friday.

Public holidays count as working days here: whoever must act within some of them acts no later.
"""

from __future__ import annotations

import datetime as dt

SATURDAY = 5


def working_days_later(at: dt.datetime, days: int) -> dt.datetime:
    """The same time of day, so many working days after the day of *at*."""
    while days > 0:
        at += dt.timedelta(days=1)
        days -= at.weekday() < SATURDAY
    return at
