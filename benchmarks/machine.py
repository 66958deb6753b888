"""The machine under the figures: without it they mean little."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

#: Settings without which a commit costs nothing and proves nothing.
DURABILITY = ("server_version", "fsync", "synchronous_commit")


def machine() -> dict[str, str]:
    """Processor, cores, Python, and how busy the machine is with other things."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def postgres(url: str) -> dict[str, str]:
    """The server's version, and whether it writes to disk what it confirms."""
    with psycopg.connect(url) as connection:
        return {
            f"postgres {name.removeprefix('server_')}": connection.info.parameter_status(name)
            or str(connection.execute(f"SHOW {name}".encode()).fetchone()[0])  # type: ignore[index]
            for name in DURABILITY
        }


def resident_mb(field: str = "VmRSS") -> float:
    """This process's resident memory in MB; ``VmHWM`` for its peak. Linux only."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc/self/status has no {field}: resident memory is read on Linux only.")


@contextmanager
def peak_growth() -> Iterator[list[float]]:
    """Yields a list that afterwards holds by how many MB the peak exceeded the start."""
    grown: list[float] = []
    # https://docs.kernel.org/filesystems/proc.html: "5" resets the peak to what is resident now
    Path("/proc/self/clear_refs").write_text("5")
    before = resident_mb()
    yield grown
    grown.append(max(0.0, resident_mb("VmHWM") - before))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
