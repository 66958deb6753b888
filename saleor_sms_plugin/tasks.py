"""Celery tasks: each is one service call of a few seconds. Celery finds them beside ``plugin``."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from celery import shared_task
from celery.signals import worker_init

from . import wiring
from .ports import Ports
from .services import turns, working
from .wake import LINGER

RUN_SECONDS = 5.0


@worker_init.connect
def count_slots(sender: Any, **_: object) -> None:
    """Before a worker makes its processes: they know how many they are."""
    turns.of_worker(sender.concurrency)


@shared_task(name="saleor_sms_plugin.tasks.run", ignore_result=True)
def run() -> None:
    """What is due is planned and sent; nudges itself while there is more."""
    _in_turn(_until_nothing_is_left)


@shared_task(name="saleor_sms_plugin.tasks.periodic", ignore_result=True)
def periodic() -> None:
    """Beat's run: housekeeping first, then the same work. It makes certain what a nudge makes
    prompt."""
    working.keep_house(wiring.ports())
    _in_turn(_once)


def _in_turn(work: Callable[[Ports], bool]) -> None:
    """Where the plugin's share of the worker is taken, those who have it do the work."""
    ports = wiring.ports()
    with turns.one(ports) as ours:
        more = ours and work(ports)
    # A run that came while ours ended found no turn; what it came for is looked for here.
    if more or (ours and working.has_news(ports)):
        ports.wake.nudge()


def _until_nothing_is_left(ports: Ports) -> bool:
    until = ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS)
    if working.work(ports, until):
        return True
    # What was recorded just after the nudge that started this run made no nudge of its own.
    time.sleep(LINGER)
    return working.work(ports, until)


def _once(ports: Ports) -> bool:
    return working.work(ports, ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS))


@shared_task(name="saleor_sms_plugin.tasks.forget", ignore_result=True)
def forget() -> None:
    """Once a day: personal data past its time is erased, in bounded steps (law 10)."""
    ports = wiring.ports()
    working.forget(ports, ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS * 4))
