"""Working days are Monday to Friday."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.domain.working_days import working_days_later

MONDAY = dt.datetime(2026, 3, 2, 12, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("days_on", "days", "day"),
    [
        (0, 0, 2), (0, 1, 3), (0, 4, 6), (0, 5, 9), (0, 10, 16),
        (4, 1, 9),  # from Friday to Monday
        (5, 1, 9), (6, 1, 9), (5, 5, 13),  # a weekend day does not count
    ],
)  # fmt: skip
def test_weekends_are_left_out(days_on: int, days: int, day: int) -> None:
    """The same time of day, so many working days on."""
    at = MONDAY + dt.timedelta(days=days_on)
    assert working_days_later(at, days) == dt.datetime(2026, 3, day, 12, 30, tzinfo=dt.UTC)
