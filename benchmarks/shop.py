"""The benchmarks that need a real Saleor: its hook, its imports, and from an event to a request."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks import checkouts, receiving
from benchmarks.figures import Figure, median_of, percentile
from benchmarks.machine import postgres
from benchmarks.servers import redis_server, scratch
from saleor_sms_plugin.testing.vonage_server import RecordedRequest, VonageServer
from tests.saleor.live.processes import DATABASE, LiveSaleor
from tests.saleor.run import cache_directory, exclusive, install, private_postgres, rsa_key
from tests.saleor.shop_databases import ShopDatabases, environment

HOOK_MS, HOOK_OVER_EMAIL, STATEMENTS = 5.0, 0.2, 1
LATENCY_SECONDS = 1.0
IMPORT_MS, IMPORT_MB = 150.0, 10.0
SWEEP_OVER_FEW, DETECTOR_OVER_FEW, SWEEP_MB = 1.5, 1.5, 50.0
RECONCILER_MS, RECONCILER_OVER_FEW = 300.0, 1.5
FEW, HISTORY = 10_000, 1_000_000


class Arrivals(VonageServer):
    """Notes when the first request for each number came."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        super().__init__()

    def record(self, request: RecordedRequest) -> None:
        self.times.setdefault(str(request.body.get("to", "")), time.time())
        super().record(request)


@dataclass(frozen=True)
class Shop:
    """A Saleor with the sample shop on its own servers; nothing of it runs yet."""

    home: Path
    environ: Mapping[str, str]
    live: LiveSaleor
    postgres: Mapping[str, str]
    databases: ShopDatabases

    def live_with(self, vonage_url: str) -> LiveSaleor:
        """The same shop, sending elsewhere."""
        environ = {**self.environ, "SALEOR_SMS_VONAGE_BASE_URL": vonage_url}
        return LiveSaleor(self.home, self.databases, environ, directory=self.live.directory)

    def run(self, module: str, *arguments: object, settings: str = "saleor.settings") -> Any:
        """What ``benchmarks.in_saleor.<module>`` printed, in a fresh process of Saleor's."""
        done = subprocess.run(  # noqa: S603 (our own module)
            [
                f"{self.home}/.venv/bin/python",
                *("-m", f"benchmarks.in_saleor.{module}", *map(str, arguments)),
            ],
            cwd=self.home,
            env={**self.environ, "DJANGO_SETTINGS_MODULE": settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"in_saleor.{module} failed:\n{done.stderr[-4000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def is_missing(home: Path) -> str:
    """Why there is no Saleor at *home*, "" where there is one."""
    python = home / ".venv" / "bin" / "python"
    return "" if python.exists() else f"no Saleor at {home} ({python} is missing)"


@contextmanager
def opened(home: Path, vonage_url: str) -> Iterator[Shop]:
    """The shop's PostgreSQL and Redis run inside; its plugin sends to *vonage_url*."""
    cache = cache_directory()
    with ExitStack() as stack:
        stack.enter_context(exclusive(cache))
        install(home / ".venv" / "bin" / "python")
        directory = stack.enter_context(scratch())
        redis_url = stack.enter_context(redis_server())
        server_url = stack.enter_context(private_postgres(cache / "postgres"))
        environ = {
            **environment(home, redis_url, rsa_key()),
            "SALEOR_SMS_VONAGE_BASE_URL": vonage_url,
        }
        databases = ShopDatabases(home, server_url, environ)
        databases.copy(databases.populated(), DATABASE)
        databases.manage(DATABASE, "migrate", "saleor_sms_plugin")
        environ["DATABASE_URL"] = databases.url(DATABASE)
        live = LiveSaleor(home, databases, environ, directory=directory)
        stack.callback(live.stop)
        environ["PUBLIC_URL"] = f"{live.url}/"  # web and worker are one installation
        yield Shop(home, environ, live, postgres(environ["DATABASE_URL"]), databases)


def imports(shop: Shop, _: Arrivals, scale: float) -> list[Figure]:
    """The plugin's import in fresh processes."""
    settings = "tests.saleor.bare_settings"
    shop.run("imports", settings=settings)  # byte code is written once
    runs = [shop.run("imports", settings=settings) for _ in range(max(3, round(7 * scale)))]
    held = shop.run("imports", "traced", settings=settings)["held_mb"]
    if loaded := runs[-1]["sdks"]:
        raise RuntimeError(f"Importing the plugin loaded the providers' SDKs: {loaded}")
    details = {
        "saleor_ms": statistics.median(run["saleor_milliseconds"] for run in runs),
        "modules": runs[-1]["modules"],
    }
    return [
        median_of(
            "import", "importing the plugin adds", [run["milliseconds"] for run in runs], "ms",
            at_most=IMPORT_MS, details=details, note="no provider SDK loaded",
        ),
        Figure(
            benchmark="import", name="objects the import holds", measured=held, unit="MB",
            low=held, high=held, samples=1, at_most=IMPORT_MB,
            details={"resident_mb": statistics.median(run["resident_mb"] for run in runs)},
        ),
    ]  # fmt: skip


def hook(shop: Shop, _: Arrivals, scale: float) -> list[Figure]:
    """`order_created` with the plugin on over off, beside Saleor's e-mail."""
    seen = shop.run("hook", round(200 * scale))
    added = _added(seen["sms"])
    email = statistics.median(_added(seen["email"]))
    statements = seen["statements"]
    return [
        median_of(
            "hook", "order_created takes longer by", added, "ms", at_most=HOOK_MS,
            details={
                "inactive_ms": statistics.median(seen["sms"]["inactive"]),
                "cpu_ms": statistics.median(seen["sms"]["active_cpu"]),
                "record_ms": statistics.median(seen["record"]),
                "nudge_ms": statistics.median(seen["nudge"]),
                "email_added_ms": email,
            },
        ),
        median_of(
            "hook", "share of the e-mail plugin's time", [each / email for each in added], "x",
            at_most=HOOK_OVER_EMAIL, note=f"its order confirmation adds {email:.2f} ms",
        ),
        Figure(
            benchmark="hook", name="statements executed", measured=len(statements), unit="",
            low=len(statements), high=len(statements), samples=1, at_most=STATEMENTS,
            note="; ".join(statement[:40] for statement in statements),
        ),
    ]  # fmt: skip


def latency(shop: Shop, vonage: Arrivals, scale: float) -> list[Figure]:
    """From just before the hook to the request at the provider, the worker idle before."""
    Redis.from_url(shop.environ["CELERY_BROKER_URL"]).flushdb()
    shop.live.worker.start()
    try:
        heard = shop.run("latency", max(5, round(60 * scale)))
    except RuntimeError as problem:
        log = shop.live.worker.output()[-2000:]
        raise RuntimeError(f"{problem}\nThe end of the worker's log:\n{log}") from None
    finally:
        shop.live.worker.stop()
    seconds = [vonage.times[each["to"].lstrip("+")] - each["at"] for each in heard]
    return [
        Figure(
            benchmark="latency", name="event to provider request, p95",
            measured=percentile(seconds, 95), unit="s", low=min(seconds), high=max(seconds),
            samples=len(seconds), at_most=LATENCY_SECONDS,
            details={"median_s": statistics.median(seconds)},
            note="real Celery worker, no beat (each nudge sweeps)",
        ),
    ]  # fmt: skip


def reconciler(shop: Shop, _: Arrivals, scale: float) -> list[Figure]:
    """A run that finds 100 missed orders, among 10,000 and among 1,000,000 rows of history."""
    rows = max(20_000, round(HISTORY * scale))
    seen = shop.run("reconciler", rows, max(5, round(9 * scale)))
    few, many = (seen[count] for count in seen)
    usual = statistics.median(few["missed"])
    return [
        median_of(
            "reconciler", f"100 missed among {rows:,} rows", many["missed"], "ms",
            at_most=RECONCILER_MS,
            details={"nothing_missed_ms": statistics.median(many["nothing"])},
        ),
        median_of(
            "reconciler", "the same over 10,000 rows", [each / usual for each in many["missed"]],
            "x", at_most=RECONCILER_OVER_FEW, note=f"{usual:.0f} ms there",
        ),
    ]  # fmt: skip


def detector(shop: Shop, _: Arrivals, scale: float) -> list[Figure]:
    """A run that finds 100 failed payments, among 10,000 rows of each table, and among more."""
    seen = shop.run("detector", max(5, round(9 * scale)), *_sizes(scale))
    runs = {
        int(rows): (each["missed"], statistics.median(each["nothing"]))
        for rows, each in seen["runs"].items()
    }
    return [
        *_by_size(
            "detector",
            "100 missed among {:,} rows",
            {rows: missed for rows, (missed, _) in runs.items()},
            DETECTOR_OVER_FEW,
            {rows: {"nothing_missed_ms": nothing} for rows, (_, nothing) in runs.items()},
        ),
        _peak("detector", "memory of a run at its peak", seen["peak_mb"], SWEEP_MB),
    ]


def abandoned(shop: Shop, _: Arrivals, scale: float) -> list[Figure]:
    """A sweep that finds 100 carts left behind, among 10,000 carts, and among more."""
    seen = shop.run("abandoned", max(5, round(9 * scale)), *_sizes(scale))
    sweeps = {int(carts): sweeps for carts, sweeps in seen["sweeps"].items()}
    return [
        *_by_size("abandoned", "100 due among {:,} carts", sweeps, SWEEP_OVER_FEW),
        _peak("abandoned", "memory of a sweep at its peak", seen["peak_mb"], SWEEP_MB),
    ]


def _sizes(scale: float) -> list[int]:
    """10,000 rows, 100,000 and 1,000,000; of the larger ones a share."""
    most = max(2 * FEW, round(HISTORY * scale))
    return [FEW, *(size for size in (most // 10, most) if size > FEW)]


def _by_size(
    benchmark: str,
    name: str,
    milliseconds: Mapping[int, list[float]],
    at_most: float,
    details: Mapping[int, Mapping[str, float]] | None = None,
) -> list[Figure]:
    """What each size takes, and its ratio to the smallest one's median."""
    usual = statistics.median(milliseconds[FEW])
    details = details or {}
    return [
        median_of(
            benchmark, name.format(FEW), milliseconds[FEW], "ms", details=details.get(FEW, {})
        ),
        *(
            median_of(
                benchmark, f"{name.format(size)}, over {FEW:,}", [each / usual for each in taken],
                "x", at_most=at_most, note=f"{statistics.median(taken):.0f} ms",
                details=details.get(size, {}),
            )
            for size, taken in milliseconds.items()
            if size != FEW
        ),
    ]  # fmt: skip


def _peak(benchmark: str, name: str, megabytes: float, at_most: float) -> Figure:
    return Figure(
        benchmark=benchmark, name=name, measured=megabytes, unit="MB", low=megabytes,
        high=megabytes, samples=1, at_most=at_most,
    )  # fmt: skip


BENCHMARKS: Mapping[str, Callable[[Shop, Arrivals, float], list[Figure]]] = {
    "import": imports,
    "hook": hook,
    "latency": latency,
    "reconciler": reconciler,
    "detector": detector,
    "abandoned": abandoned,
    checkouts.NAME: lambda shop, _, scale: checkouts.measure(shop.live_with, scale),
    receiving.NAME: lambda shop, _, scale: receiving.measure(shop.live_with, scale),
}


def run(
    home: Path, names: Collection[str], scale: float = 1.0
) -> Iterator[tuple[list[Figure], Mapping[str, str]]]:
    """Per benchmark, as soon as it ends: its figures, and what their PostgreSQL is."""
    with Arrivals() as vonage, opened(home, vonage.url) as shop:
        for name, measure in BENCHMARKS.items():
            if name in names:
                yield measure(shop, vonage, scale), shop.postgres


def _added(milliseconds: Mapping[str, list[float]]) -> list[float]:
    """What each active call took more than the median inactive one."""
    without = statistics.median(milliseconds["inactive"])
    return [each - without for each in milliseconds["active"]]
