"""Numbers that running workers read anew each time, so that they can be turned meanwhile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: Where they stand; workers inherit it. Unset, every dial is at its default.
DIRECTORY = "SMS_BENCH_DIALS"


@dataclass(frozen=True)
class Dial:
    """One number, in a file of its own."""

    name: str
    default: float

    def read(self) -> float:
        """Where it stands now."""
        directory = os.environ.get(DIRECTORY)
        try:
            return float(Path(directory, self.name).read_text()) if directory else self.default
        except FileNotFoundError:
            return self.default

    def turn(self, value: float) -> None:
        """Whoever reads it from now on reads this; nobody ever reads a part of it."""
        path = Path(os.environ[DIRECTORY], self.name)
        new = path.with_name(f"{self.name}.new")
        new.write_text(str(value))
        new.replace(path)


#: Requests a second that the account takes, as the shop's settings say; by default far beyond
#: what anybody reaches.
RATE = Dial("rate", 10_000.0)


def clock_of(worker: str) -> Dial:
    """By how many seconds this worker's clock is ahead; below 0: late."""
    return Dial(f"clock-{worker}", 0.0)
