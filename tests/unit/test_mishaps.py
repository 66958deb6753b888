"""What a fault run turns while its workers run: their rate and their clocks."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import dials, engine
from benchmarks.mishaps import MISHAPS, Crew
from benchmarks.servers import ROOT

NAMES = ("worker0", "worker1", "worker2")


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the dials stand."""
    monkeypatch.setenv(dials.DIRECTORY, str(tmp_path))
    return tmp_path


@pytest.fixture
def crew(directory: Path) -> Crew:
    """Three workers of which none is started."""
    site: Any = SimpleNamespace(worker=lambda *_: SimpleNamespace(), directory=directory)
    made = Crew(site, len(NAMES), random.Random(1))
    for name in NAMES:
        dials.clock_of(name).turn(0)
    dials.RATE.turn(200)
    return made


def test_a_dial_is_read_as_it_was_turned_last() -> None:
    """Its default until then, and in a process that has no dials."""
    assert dials.RATE.read() == 10_000
    dials.RATE.turn(0.1)
    assert dials.RATE.read() == 0.1
    del os.environ[dials.DIRECTORY]
    assert dials.RATE.read() == 10_000


@pytest.mark.parametrize("rate", [0, 0.1, 10_000])
def test_a_shop_that_is_at_work_sees_another_rate(rate: float) -> None:
    """Its settings are read anew, as each batch reads them."""
    shop = engine.shop()
    shop.configurations()

    dials.RATE.turn(rate)

    (found,) = shop.configurations()
    assert found.values["advanced"] == f"rate = {float(rate)}"


@pytest.mark.parametrize(
    ("mishap", "rate", "clocks"),
    [
        ("rate set to 0", 0, {0}),
        ("rate set to 0.1", 0.1, {0}),
        ("rate set to 10,000", 10_000, {0}),
        ("clock back an hour", 200, {0, -3_600}),
        ("clock ahead three hours", 200, {0, 10_800}),
    ],
)
def test_a_mishap_turns_a_dial_until_it_is_set_right(
    crew: Crew, mishap: str, rate: float, clocks: set[float]
) -> None:
    """One clock at most is wrong."""
    _, happen = MISHAPS[mishap]

    happen(crew)
    assert dials.RATE.read() == rate
    assert {dials.clock_of(name).read() for name in NAMES} == clocks

    crew.set_right()
    assert dials.RATE.read() == 200
    assert {dials.clock_of(name).read() for name in NAMES} == {0}


CLOCKS = """
import json, time
from datetime import UTC, datetime

import django
from benchmarks import celery_app, dials

django.setup()
celery_app.set_the_clock()

from django.utils import timezone
from saleor_sms_plugin.providers import answer
from saleor_sms_plugin.wiring import SystemClock

def ahead():
    now = datetime.now(UTC)
    clocks = (
        SystemClock().now(), timezone.now(), answer.datetime.now(UTC),
        datetime.fromtimestamp(time.time(), UTC),
    )
    return [round((clock - now).total_seconds() / 60) for clock in clocks]

found = [ahead()]
dials.clock_of("worker1").turn(-3600)
found.append(ahead())
dials.clock_of("worker1").turn(10800)
print(json.dumps([*found, ahead()]))
"""


def test_a_workers_clock_jumps_while_it_runs() -> None:
    """Whoever asks in it for the time gets the dial's at once: in minutes, of four clocks."""
    done = subprocess.run(
        [sys.executable, "-c", CLOCKS],
        cwd=ROOT,
        env={**os.environ, "SMS_BENCH_CLOCK": "worker1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert json.loads(done.stdout) == [[0] * 4, [-60] * 4, [180] * 4]
