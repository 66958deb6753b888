"""The nudge: asks a worker to look now, and never makes the shop wait for a broker (law 1).

Celery's own publishing waits 0.7 s for a dead broker and more than 25 s for a silent one. So
the nudge has a connection of its own with short timeouts and no retry, and after a failure it
is left out for a while; the periodic task brings what it did not.
"""

from __future__ import annotations

import logging
import threading
import time

from celery import Celery, current_app
from kombu import Connection

logger = logging.getLogger(__name__)

TASK = "saleor_sms_plugin.tasks.run"
TIMEOUT = 0.3  #: seconds to connect, and for each answer of the broker
PAUSE = 30.0  #: seconds without a nudge after a failure
GAP = 0.1  #: seconds between the nudges of one process
LINGER = 0.15  #: seconds after which a run looks once more: longer than ``GAP``
#: A nudge that nobody took within this is pointless: the periodic task has run since.
EXPIRES = 120

_TRANSPORT = {
    "socket_timeout": TIMEOUT,
    "socket_connect_timeout": TIMEOUT,
    "retry_on_timeout": False,
    "max_retries": 0,
    # SQS, by botocore's names
    "client-config": {"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT},
}


class _NoResult:
    """What comes of a nudge: nobody asks.

    Celery's own opens the result backend, and each thread's first one reads the metadata of
    every installed package, 15 ms: an ASGI server gives each request a thread of its own.
    """

    def __init__(self, task_id: str) -> None:
        self.id = task_id


class CeleryWake:
    """Implements ``ports.Wake`` on the project's Celery app."""

    def __init__(self) -> None:
        self._lock, self._alarms = threading.Lock(), threading.Lock()
        self._connection: Connection | None = None
        self._silent_until = 0.0
        self._last = float("-inf")
        self._alarm: threading.Timer | None = None
        self._alarm_at = float("inf")

    def nudge_in(self, seconds: float) -> None:
        app = current_app._get_current_object()
        at = time.monotonic() + seconds
        with self._alarms:
            if self._alarm and self._alarm.is_alive():
                if self._alarm_at <= at:
                    return
                self._alarm.cancel()
            self._alarm = threading.Timer(seconds, self._nudge, [app])
            self._alarm.daemon = True
            self._alarm_at = at
            try:
                self._alarm.start()
            except RuntimeError as error:  # too many threads, or the interpreter is ending
                logger.warning(
                    "No nudge in %.1f s (%s); texts wait for the periodic task.", seconds, error,
                    extra={"action": "nudge_failed"},
                )  # fmt: skip

    def nudge(self) -> None:
        self._nudge(current_app._get_current_object())

    def _nudge(self, app: Celery) -> None:
        if app.conf.task_always_eager or time.monotonic() < self._silent_until:
            return
        # In a burst one nudge serves all: a run looks again after ``LINGER``.
        if time.monotonic() < self._last + GAP:
            return
        # Another thread is nudging: its worker will see this row too.
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._publish(app)
            self._last = time.monotonic()
        except Exception as error:
            self._silent_until = time.monotonic() + PAUSE
            self._drop_connection()
            logger.warning(
                "The broker did not take the nudge (%s); texts wait for the periodic task, "
                "no nudge for %d s.", type(error).__name__, PAUSE,
                extra={"action": "nudge_failed"},
            )  # fmt: skip
        finally:
            self._lock.release()

    def _publish(self, app: Celery) -> None:
        if self._connection is None:
            self._connection = app.connection_for_write(
                connect_timeout=TIMEOUT,
                transport_options={**app.conf.broker_transport_options, **_TRANSPORT},
            )
        with app.amqp.Producer(self._connection) as producer:
            app.send_task(
                TASK, producer=producer, retry=False, ignore_result=True, expires=EXPIRES,
                result_cls=_NoResult, add_to_parent=False,
            )  # fmt: skip

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.release()
            except Exception:
                logger.debug("The broken broker connection did not close", exc_info=True)
