"""Celery tasks: each is one service call of a few seconds. Celery finds them beside ``plugin``."""

from __future__ import annotations

import datetime as dt
import time

from celery import shared_task

from . import wiring
from .services import working
from .wake import LINGER

RUN_SECONDS = 5.0


@shared_task(name="saleor_sms_plugin.tasks.run", ignore_result=True)
def run() -> None:
    """What is due is planned and sent; nudges itself while there is more."""
    ports = wiring.ports()
    until = ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS)
    more = working.work(ports, until)
    if not more:
        # What was recorded just after the nudge that started this run made no nudge of its own.
        time.sleep(LINGER)
        more = working.work(ports, until)
    if more:
        ports.wake.nudge()


@shared_task(name="saleor_sms_plugin.tasks.periodic", ignore_result=True)
def periodic() -> None:
    """Beat's run: housekeeping first, then the same work. It makes certain what a nudge makes
    prompt."""
    ports = wiring.ports()
    working.keep_house(ports)
    if working.work(ports, ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS)):
        ports.wake.nudge()


@shared_task(name="saleor_sms_plugin.tasks.forget", ignore_result=True)
def forget() -> None:
    """Once a day: personal data past its time is erased, in bounded steps (law 10)."""
    ports = wiring.ports()
    working.forget(ports, ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS * 4))
