"""Dispatch against a bare loop of the same concurrency, and against one Celery task per text.

The bare loop is what no outbox can beat: the same POST on kept-alive connections, nothing read
and nothing written anywhere. The usual way writes nothing either, and so forgets what it sent;
beside it stands one that reads its text and stores that it was sent.
All rates are the provider's, from the first text's arrival to the last one's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import requests

from benchmarks import engine
from benchmarks.figures import Figure, median_of
from benchmarks.machine import postgres
from benchmarks.parts import parts
from benchmarks.servers import Provider, rate_of, running

NAME = "dispatch"
TEXTS, ROUNDS = 5_000, 3
#: answer time → the least share of the bare loop's rate, the least multiple of the usual way's
TARGETS = {0.0: (0.5, 1.5), 0.05: (0.9, 5.0)}
USUAL = "benchmarks.usual"
PATIENCE = 600.0  #: seconds; a run that takes longer is broken


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """5,000 texts at each answer time: as three rounds in turn with the bare loop, then by a
    Celery worker of one process in turn with the usual way. Also what their PostgreSQL was."""
    count = max(60, round(TEXTS * scale))
    with engine.opened() as site:
        _own(60, site.provider, site.ports)  # warm up
        figures = [
            figure
            for delay in TARGETS
            for figure in (
                *_against_bare(count, delay, site.provider, site.ports),
                _against_usual(count, delay, site),
            )
        ]
        figures.append(_against_storing(count, site))
        return figures, postgres(site.postgres.url())


def _against_bare(count: int, delay: float, provider: Provider, ports: Any) -> list[Figure]:
    from saleor_sms_plugin.services.pace import FASTEST, threads_for

    connections = threads_for(FASTEST, max(TARGETS))  # as many as dispatch has for the slow answer

    pairs = []
    for _ in range(ROUNDS):
        provider.reset(delay)
        own = _own(count // ROUNDS, provider, ports)
        provider.reset(delay)
        pairs.append((own, _bare(count // ROUNDS, provider, connections)))
    provider.reset(delay)
    with parts() as shares:
        _own(count // ROUNDS, provider, ports)
    after = _after(delay)
    bare = [their for _, their in pairs]
    return [
        median_of(
            NAME, f"texts of one worker, answered {after}", [own for own, _ in pairs], "/s",
            details=shares, note="where its threads are in a round of their own",
        ),
        median_of(
            NAME, f"share of a bare loop, answered {after}", [own / each for own, each in pairs],
            "x", at_least=TARGETS[delay][0], note=f"{connections} connections each",
            details={"bare_per_second": sorted(bare)[len(bare) // 2]},
        ),
    ]  # fmt: skip


def _own(count: int, provider: Provider, ports: Any) -> float:
    from saleor_sms_plugin.services import dispatch

    engine.queue(count)
    dispatch.run(ports, ports.clock.now() + timedelta(hours=1))
    engine.all_sent(count)
    return rate_of(provider.arrivals())


def _bare(count: int, provider: Provider, threads: int) -> float:
    """The POSTs that the SDK makes for these texts, and their answers read as JSON."""
    own = threading.local()
    fields = {
        "from": "Acme", "text": _text(7), "type": "text",
        "api_key": "key", "api_secret": "secret",
    }  # fmt: skip

    def post(number: int) -> None:
        if not hasattr(own, "session"):
            own.session = requests.Session()
        each = {"to": _to(number), "client-ref": str(uuid4())}
        answer = own.session.post(
            f"{provider.url}/sms/json", data=fields | each, timeout=(5, 8)
        ).json()
        if answer["messages"][0]["status"] != "0":
            raise RuntimeError(f"The bare loop's text was refused: {answer}")

    with ThreadPoolExecutor(threads) as loop:
        list(loop.map(post, range(count)))
    return rate_of(provider.arrivals())


def _against_usual(count: int, delay: float, site: engine.Site) -> Figure:
    count = count if not delay else max(40, count // 5)
    pairs = []
    for _ in range(1 if delay else ROUNDS):
        site.provider.reset(delay)
        engine.queue(count)
        own = _by_worker(engine.APPLICATION, count, site)
        site.provider.reset(delay)
        pairs.append((own, _by_worker(USUAL, count, site)))
    own, their = (sum(rates) / len(pairs) for rates in zip(*pairs, strict=True))
    return median_of(
        NAME, f"times the usual way, answered {_after(delay)}", [o / t for o, t in pairs], "x",
        at_least=TARGETS[delay][1], note="one Celery process each",
        details={"own_per_second": own, "usual_per_second": their},
    )  # fmt: skip


def _against_storing(count: int, site: engine.Site) -> Figure:
    pairs = []
    for _ in range(2):
        site.provider.reset()
        engine.queue(count)
        own = _by_worker(engine.APPLICATION, count, site)
        site.provider.reset()
        pairs.append((own, _by_worker(USUAL, count, site, engine.queue(count))))
    return median_of(
        NAME, "times the usual way that stores what it sent, answered at once",
        [own / their for own, their in pairs], "x", note="one Celery process each",
        details={"usual_per_second": sum(their for _, their in pairs) / len(pairs)},
    )  # fmt: skip


def _by_worker(application: str, count: int, site: engine.Site, keys: Sequence[int] = ()) -> float:
    """Everything waits before the worker starts; its rate, as the provider saw it. ``keys`` are
    of the texts that the usual way stores."""
    from redis import Redis

    from benchmarks import usual

    Redis.from_url(site.redis.url()).flushdb()
    if application == USUAL:
        usual.app.conf.broker_url = site.redis.url()
        for key in keys:
            usual.send_stored.delay(key)
        for number in range(count - len(keys)):
            usual.send.delay(_to(number), _text(number), str(uuid4()))
    with running(site.worker(1, application=application)):
        if application != USUAL:
            site.nudge()
        return rate_of(site.provider.await_texts(count, PATIENCE))


def _to(number: int) -> str:
    return f"48512{number:06}"


def _text(number: int) -> str:
    return f"Acme: we have received your order {number} for \u20ac99.90. Thank you!"


def _after(delay: float) -> str:
    return f"after {delay * 1000:.0f} ms" if delay else "at once"
