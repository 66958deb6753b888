"""Celery tasks: each is one service call of a few seconds. Celery finds them beside ``plugin``."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.db import InterfaceError, OperationalError

from . import wiring
from .exceptions import SmsError, kind_and_place, log_fault
from .ports import Ports
from .services import turns, working
from .wake import LINGER

RUN_SECONDS = 5.0
LEAST_WAIT = 1.0  #: seconds until a run comes back for what falls due soon

logger = logging.getLogger(__name__)


@contextmanager
def _without_words() -> Iterator[None]:
    """A task that fails still fails, but Celery, which logs what an error says, is told its kind
    and place only: the words may hold a row of the database (law 10)."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise  # the database is away, and speaks of itself
    except Exception as error:
        log_fault(logger, "A task failed")
        raise SmsError(f"The task failed: {kind_and_place(error)}") from None


@worker_init.connect
def count_slots(sender: Any, **_: object) -> None:
    """Before a worker makes its processes: they know how many they are."""
    turns.of_worker(sender.concurrency)


@shared_task(name="saleor_sms_plugin.tasks.run", ignore_result=True)
@_without_words()
def run() -> None:
    """What is due is planned and sent; nudges itself while there is more."""
    _in_turn(_until_nothing_is_left)


@shared_task(name="saleor_sms_plugin.tasks.periodic", ignore_result=True)
@_without_words()
def periodic() -> None:
    """Beat's run: housekeeping first, then the same work. It makes certain what a nudge makes
    prompt."""
    working.keep_house(wiring.ports_of_run())
    _in_turn(_once)


def _in_turn(work: Callable[[Ports], bool]) -> None:
    """Where the plugin's share of the worker is taken, those who have it do the work."""
    ports = wiring.ports_of_run()
    with turns.one(ports) as ours:
        more = ours and work(ports)
    # A run that came while ours ended found no turn; what it came for is looked for here.
    if more or (ours and working.has_news(ports)):
        ports.wake.nudge()
    elif ours and (seconds := working.next_in(ports)) is not None:
        ports.wake.nudge_in(max(seconds, LEAST_WAIT))


def _until_nothing_is_left(ports: Ports) -> bool:
    began = ports.clock.now()
    until = began + dt.timedelta(seconds=RUN_SECONDS)
    if working.work(ports, until):
        return True
    # What was recorded just after the nudge that started this run made no nudge of its own.
    time.sleep(LINGER)
    return working.is_due(ports, since=began) and working.work(ports, until)


def _once(ports: Ports) -> bool:
    return working.work(ports, ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS))


@shared_task(name="saleor_sms_plugin.tasks.forget", ignore_result=True)
@_without_words()
def forget() -> None:
    """Once a day: personal data past its time is erased, in bounded steps (law 10)."""
    ports = wiring.ports_of_run()
    working.forget(ports, ports.clock.now() + dt.timedelta(seconds=RUN_SECONDS * 4))
