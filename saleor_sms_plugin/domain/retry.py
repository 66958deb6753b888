"""When a message that the provider did not take is tried again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often, and how long apart. Times are seconds."""

    base: float = 5.0  #: before the second attempt
    factor: float = 3.0  #: 5 s, 15 s, 45 s … : an outage of an hour is outlived
    cap: float = 1800.0
    max_attempts: int = 8
    retry_after_cap: float = 3600.0  #: a provider that asks for more is not believed


DEFAULT = RetryPolicy()


def next_try(
    attempt_number: int,
    now: dt.datetime,
    expires_at: dt.datetime | None,
    retry_after: float | None,
    random: float,
    policy: RetryPolicy = DEFAULT,
) -> dt.datetime | None:
    """The instant of the next attempt, or None where there is none.

    *attempt_number* counts the attempts made, from 1; *random* is in [0, 1) and spreads the
    wait over its upper half, so that messages that failed together do not return together.
    The provider's *retry_after* (seconds) is obeyed where it is longer. None where the
    attempts are used up, or the next one would not come before *expires_at*.
    """
    if attempt_number >= policy.max_attempts:
        return None
    wait = min(policy.base * policy.factor ** (attempt_number - 1), policy.cap)
    wait *= 0.5 + random / 2
    if retry_after is not None and retry_after > wait:
        wait = min(retry_after, max(wait, policy.retry_after_cap))
    at = now + dt.timedelta(seconds=wait)
    if expires_at is not None and at >= expires_at:
        return None
    return at
