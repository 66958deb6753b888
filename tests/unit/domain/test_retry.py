"""Retries: when, how often, and when no more."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.domain.retry import RetryPolicy, next_try

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def wait(attempt: int, *, retry_after: float | None = None, random: float = 0.0) -> float | None:
    at = next_try(attempt, NOW, None, retry_after, random)
    return None if at is None else (at - NOW).total_seconds()


def test_waits_grow_to_the_cap_and_end() -> None:
    """5 s, three times longer each time, at most 30 min, seven retries of eight attempts."""
    waits = [wait(n, random=1.0) for n in range(1, 10)]
    assert waits == [5, 15, 45, 135, 405, 1215, 1800, None, None]


def test_jitter_spreads_over_the_upper_half() -> None:
    """Messages that failed together come back apart, none sooner than half the wait."""
    assert [wait(3, random=r) for r in (0.0, 0.5, 1.0)] == [22.5, 33.75, 45]


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, 2.5), (0, 2.5), (-5, 2.5), (60, 60), (86_400, 3600), (float("inf"), 3600),
     (float("nan"), 2.5)],
)  # fmt: skip
def test_retry_after_is_obeyed_where_it_is_longer(
    retry_after: float | None, seconds: float
) -> None:
    """The provider may ask for more, up to an hour; nonsense is ignored."""
    assert wait(1, retry_after=retry_after) == seconds


@pytest.mark.parametrize(("left", "tried"), [(2.6, True), (2.5, False), (1, False), (-1, False)])
def test_no_try_at_or_after_expiry(left: float, tried: bool) -> None:
    """A text that would come too late is not tried again."""
    at = next_try(1, NOW, NOW + dt.timedelta(seconds=left), None, 0.0)
    assert (at is not None) is tried


def test_a_policy_is_a_value() -> None:
    """Another policy gives other waits."""
    policy = RetryPolicy(base=1, factor=2, cap=3, max_attempts=3)
    waits = [next_try(n, NOW, None, None, 1.0, policy) for n in (1, 2, 3)]
    assert waits == [NOW + dt.timedelta(seconds=1), NOW + dt.timedelta(seconds=2), None]
