"""Law 1's last part: the nudge wakes a worker, and never makes the shop wait for a broker."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from saleor_sms_plugin import tasks, wiring
from saleor_sms_plugin.wake import GAP, LINGER, PAUSE, TASK, CeleryWake
from tests.celery_app import app
from tests.integration.stage import Stage
from tests.servers import RedisServer, free_port

LAW = 1.0  #: seconds; the law says 0.5, a busy machine may take a little longer


@pytest.fixture
def wake() -> Iterator[CeleryWake]:
    app.set_current()  # importing the benchmarks' makes that one current
    one = CeleryWake()
    yield one
    one._drop_connection()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Publishing goes to this address."""
    return lambda url: monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def seconds(wake: CeleryWake) -> float:
    """How long one nudge takes."""
    start = time.monotonic()
    wake.nudge()
    return time.monotonic() - start


def queued(url: str) -> list[dict[str, object]]:
    tasks: Any = Redis.from_url(url).lrange("celery", 0, -1)
    return [json.loads(task) for task in tasks]


def connections_taken(url: str) -> int:
    """By this server so far, this question's own included."""
    info: Any = Redis.from_url(url).info()
    return int(info["total_connections_received"])


def test_a_burst_is_one_nudge(
    wake: CeleryWake, broker: Callable[[str], None], own_redis: RedisServer
) -> None:
    """Within a tenth of a second one task serves all; the next burst has its own."""
    broker(own_redis.url())

    for _ in range(50):
        wake.nudge()
    wake._last -= GAP
    wake.nudge()

    assert len(queued(own_redis.url())) == 2


def test_a_run_looks_again_for_what_made_no_nudge(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event recorded in the shadow of another one's nudge is texted by the same run."""
    assert LINGER > GAP
    stage.configure("order_created")
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    monkeypatch.setattr(time, "sleep", lambda seconds: stage.happen("order_created", stage.order()))

    tasks.run()

    assert len(stage.bodies) == 1


def test_a_nudge_is_one_task(
    wake: CeleryWake, broker: Callable[[str], None], own_redis: RedisServer
) -> None:
    """The broker holds exactly one task: ours, with nothing in it, and it expires."""
    broker(own_redis.url())

    wake.nudge()

    (task,) = queued(own_redis.url())
    headers = task["headers"]
    assert isinstance(headers, dict)
    assert headers["task"] == TASK
    assert headers["expires"] is not None
    assert headers["eta"] is None
    args, kwargs, _ = json.loads(base64.b64decode(str(task["body"])))
    assert (args, kwargs) == ([], {})


def test_nudges_share_one_connection(
    wake: CeleryWake, broker: Callable[[str], None], own_redis: RedisServer
) -> None:
    """Ten nudges apart are ten tasks, over the connection of the first."""
    broker(own_redis.url())
    wake.nudge()
    before = connections_taken(own_redis.url())

    for _ in range(9):
        wake._last -= GAP
        wake.nudge()

    assert connections_taken(own_redis.url()) == before + 1
    assert len(queued(own_redis.url())) == 10


def test_a_nudge_opens_no_result_backend(
    wake: CeleryWake,
    broker: Callable[[str], None],
    own_redis: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread's first backend reads what every installed package says of itself: 15 ms."""
    opened: list[str] = []
    monkeypatch.setattr(type(app), "_get_backend", lambda _: opened.append("a backend"))
    broker(own_redis.url())
    thread = threading.Thread(target=wake.nudge)

    thread.start()
    thread.join()

    assert len(queued(own_redis.url())) == 1
    assert opened == []


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_a_dead_broker_does_not_delay_the_shop(
    wake: CeleryWake,
    broker: Callable[[str], None],
    silent_url: str,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody listens, or nobody answers: the nudge gives up, says so once, and stays away."""
    broker(silent_url if kind == "silent" else f"redis://127.0.0.1:{free_port()}/0")

    assert seconds(wake) < LAW
    assert [r.getMessage() for r in caplog.records if "nudge" in r.getMessage()] != []

    caplog.clear()
    for _ in range(100):
        wake.nudge()
    assert caplog.records == []


def test_a_broker_that_falls_silent_does_not_delay_the_shop(
    wake: CeleryWake, broker: Callable[[str], None], own_redis: RedisServer
) -> None:
    """The open connection answers no more: the same bound."""
    broker(own_redis.url())
    wake.nudge()
    own_redis.pause()

    took = seconds(wake)
    own_redis.resume()

    assert took < LAW


def test_after_the_pause_the_broker_is_tried_again(
    wake: CeleryWake,
    broker: Callable[[str], None],
    own_redis: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No nudge for 30 seconds after a failure; the next one reaches the broker that is back."""
    broker(f"redis://127.0.0.1:{free_port()}/0")
    wake.nudge()
    broker(own_redis.url())
    honest = time.monotonic

    monkeypatch.setattr("saleor_sms_plugin.wake.time.monotonic", lambda: honest() + PAUSE - 5)
    wake.nudge()
    assert queued(own_redis.url()) == []

    monkeypatch.setattr("saleor_sms_plugin.wake.time.monotonic", lambda: honest() + PAUSE + 1)
    wake.nudge()
    monkeypatch.undo()
    assert len(queued(own_redis.url())) == 1


def test_a_restarted_broker_is_found_again(
    wake: CeleryWake,
    broker: Callable[[str], None],
    own_redis: RedisServer,
) -> None:
    """The first nudge after a restart may be lost, and is not the end of nudging."""
    broker(own_redis.url())
    wake.nudge()
    own_redis.restart()
    wake._last = float("-inf")  # it may be back within ``GAP``

    wake.nudge()
    wake._silent_until = 0.0
    wake.nudge()

    assert len(queued(own_redis.url())) >= 1


def test_eager_tasks_are_not_nudged(wake: CeleryWake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tasks run in the caller's process, a nudge would send texts inside checkout."""
    published: list[object] = []
    monkeypatch.setattr(wake, "_publish", published.append)
    monkeypatch.setitem(app.conf, "CELERY_TASK_ALWAYS_EAGER", True)

    wake.nudge()

    assert published == []


def test_an_unusable_broker_url_never_raises(
    wake: CeleryWake, broker: Callable[[str], None]
) -> None:
    """A transport that does not exist is a failure like any other."""
    broker("nonsense://nowhere")

    wake.nudge()

    assert wake._silent_until > 0


def test_a_process_that_can_start_no_thread_nudges_nobody_and_goes_on(
    wake: CeleryWake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A receipt is stored by then: the periodic task brings it, and its provider is told so. The
    next one is nudged for, where threads are to be had again."""

    def start(alarm: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    nudged: list[object] = []
    monkeypatch.setattr(wake, "_nudge", nudged.append)
    with monkeypatch.context() as full:
        full.setattr(threading.Timer, "start", start)
        wake.nudge_in(0)
    assert "can't start new thread" in caplog.text

    wake.nudge_in(0)
    assert wake._alarm is not None
    wake._alarm.join(5)
    assert len(nudged) == 1
