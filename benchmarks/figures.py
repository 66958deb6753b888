"""A measured figure with its target, and how samples become one."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value; ``low`` and ``high`` are the spread over rounds or samples."""

    benchmark: str
    name: str
    measured: float
    unit: str
    low: float
    high: float
    samples: int
    #: the target; None for both where the figure only informs
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""
    details: Mapping[str, float] = field(default_factory=dict)  #: what it was computed from

    @property
    def verdict(self) -> str:
        """``ok``, ``over`` or ``under``; "" without a target."""
        if self.at_most is not None and self.measured > self.at_most:
            return "over"
        if self.at_least is not None and self.measured < self.at_least:
            return "under"
        return "" if self.at_most is None and self.at_least is None else "ok"

    @property
    def target(self) -> str:
        """As it is printed, "" without one."""
        bounds = (("≤", self.at_most), ("≥", self.at_least))
        return " ".join(f"{sign} {value:g}" for sign, value in bounds if value is not None)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class Skipped:
    """A benchmark that could not run here, and why."""

    benchmark: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def median_of(benchmark: str, name: str, values: Sequence[float], unit: str, **rest: Any) -> Figure:
    """The median of *values*, with their first and last decile as the spread."""
    return Figure(
        benchmark=benchmark,
        name=name,
        measured=statistics.median(values),
        unit=unit,
        low=percentile(values, 10),
        high=percentile(values, 90),
        samples=len(values),
        **rest,
    )


def percentile(values: Sequence[float], rank: float) -> float:
    """The value that *rank* percent of *values* do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -int(-rank * len(ordered) // 100) - 1)]


def seconds_of(work: Callable[[], object], repeat: int = 1) -> float:
    """Wall-clock seconds of one ``work()``, the mean of *repeat* in a row."""
    started = perf_counter()
    for _ in range(repeat):
        work()
    return (perf_counter() - started) / repeat
