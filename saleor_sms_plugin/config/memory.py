"""Numbers are kept for as long as something is counted, or answered, by them."""

from __future__ import annotations

from collections.abc import Iterator

from .advanced import LONGEST_MEMORY
from .parsing import SmsConfig
from .problems import Problem, problem


def too_short_a_memory(config: SmsConfig) -> Iterator[Problem]:
    """Numbers would be erased while something counts, or waits, for them."""
    days, name = config.days_needed
    if config.retention_days >= days:
        return
    mend = f"Write retention_days = {days} or more" + (f", or a shorter {name}." if name else ".")
    if days > LONGEST_MEMORY:
        mend = f"Write {name} of at most {LONGEST_MEMORY}day, and retention_days as long."
    yield problem("advanced", f"retention_days: {config.retention_days} {_why(days, name)} {mend}")


def longer_memory(config: SmsConfig) -> Iterator[str]:
    """What a stored setting that is too short amounts to."""
    days, name = config.days_needed
    if config.retention_days < days:
        yield (
            f"Advanced (advanced): retention_days: {config.retention_days} {_why(days, name)} "
            "Numbers and texts are kept for as long."
        )


def _why(days: int, name: str) -> str:
    what = f"{name} counts the texts of a number" if name else "requests and surveys are answered"
    return f"days are too few: {what} for {days} days."
