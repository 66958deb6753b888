"""Limits as an owner writes them: so many in a time, so often a second, so many minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..events.catalogue import HOUR, MINUTE
from .values import excerpt, word

_UNITS = {"min": MINUTE, "h": HOUR, "hour": HOUR, "day": 24 * HOUR}
MOST_MINUTES = 7 * 24 * 60
MIN_RATE, MAX_RATE = 0.01, 10_000.0
_LIMIT = re.compile(r"(\d{1,4})/(\d{0,4})(min|hour|h|day)s?")


@dataclass(frozen=True)
class FloodLimit:
    """At most ``count`` texts to one number within ``seconds``."""

    count: int
    seconds: int


@dataclass(frozen=True)
class StormLimit:
    """More than ``times`` the busiest hour, and than ``at_least``, in an hour is a storm."""

    times: int
    at_least: int


def limits(example: str) -> Callable[[str], tuple[FloodLimit, ...]]:
    """A parser of ``3/10min 10/day``, with this example where it refuses; () for off."""

    def parse(text: str) -> tuple[FloodLimit, ...]:
        if word(text) == "off":
            return ()
        parsed = []
        for part in text.lower().replace(",", " ").split():
            found = _LIMIT.fullmatch(part)
            count, many = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
            if not found or not count or not many:
                raise ValueError(f"{excerpt(part)} is not a limit. Write {example}, or off.")
            parsed.append(FloodLimit(count, many * _UNITS[found[3]]))
        return tuple(parsed)

    return parse


def storm_limit(text: str) -> StormLimit | None:
    """``10x 200``, None for off."""
    if word(text) == "off":
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,3})x[ ,]+([1-9][0-9]{0,6})", text.lower())
    if not found:
        raise ValueError(
            f"{excerpt(text)} will not do. Write how many times the busiest hour, and at least "
            "how many an hour, such as 10x 200, or off."
        )
    return StormLimit(int(found[1]), int(found[2]))


def rate(text: str) -> float | None:
    """Requests a second, 0 for none at all, None where nothing is written."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text):
        raise ValueError(f"{excerpt(text)} is not a rate. Write requests a second, such as 30.")
    rate = float(text)
    if not (rate == 0 or MIN_RATE <= rate <= MAX_RATE):
        raise ValueError(f"{excerpt(text)} will not do. Write 0, or from 0.01 to 10000.")
    return rate


def two_steps(text: str) -> tuple[int, ...]:
    """Minutes until the second and the third reminder."""
    found = re.fullmatch(r"([0-9]{1,5})[ ,]+([0-9]{1,5})", text)
    second, third = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= second < third <= MOST_MINUTES:
        raise ValueError(
            f"{excerpt(text)} will not do. Write two numbers of minutes, the second larger, at "
            f"most {MOST_MINUTES}, such as 1440 4320."
        )
    return second, third
