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


def children_of(pid: int) -> list[int]:
    """Ids of the processes that this one made; none where it has ended. Linux only."""
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except (FileNotFoundError, ProcessLookupError):
        return []


def processor_seconds(pid: int) -> float:
    """Seconds of processor time of this process and its children; 0 where it has ended."""
    # https://docs.kernel.org/filesystems/proc.html: utime and stime, in clock ticks
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(processor_seconds, children_of(pid)))


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
