"""Dispatch against a bare loop of the same concurrency, and against one Celery task per text.

The bare loop (``benchmarks.bare``) is what no outbox can beat, over the HTTP client of the
vendor's SDK; beside it, without a target, over the plugin's own. The usual way writes nothing
either, and so forgets what it sent; beside it stands one that reads its text and stores that it
was sent.
All rates are the provider's, from the first text's arrival to the last one's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks import bare, engine
from benchmarks.figures import Figure, median_of
from benchmarks.machine import postgres
from benchmarks.parts import parts
from benchmarks.servers import Provider, rate_of, running

NAME = "dispatch"
TEXTS, ROUNDS, PAIRS = 5_000, 3, 9
#: answer time → the least share of the bare loop's rate, the least multiple of the usual way's
TARGETS = {0.0: (0.5, 1.5), 0.05: (0.9, 5.0)}
USUAL = "benchmarks.usual"
PATIENCE = 600.0  #: seconds; a run that takes longer is broken


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """5,000 texts at each answer time: as three rounds in turn with the bare loops, then by a
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
    each = count // ROUNDS
    own: list[float] = []
    rates: dict[str, list[float]] = {client: [] for client in bare.CLIENTS}
    with ExitStack() as stack:
        loops = {
            client: stack.enter_context(bare.loop(client, provider.url, connections))
            for client in bare.CLIENTS
        }
        for _ in range(ROUNDS):
            provider.reset(delay)
            own.append(_own(each, provider, ports))
            for client, loop in loops.items():
                provider.reset(delay)
                loop.send(each)
                rates[client].append(rate_of(provider.arrivals()))
    provider.reset(delay)
    with parts() as shares:
        _own(each, provider, ports)

    def share(client: str, name: str, note: str, at_least: float | None = None) -> Figure:
        return median_of(
            NAME, f"{name}, answered {_after(delay)}",
            [our / their for our, their in zip(own, rates[client], strict=True)],
            "x", at_least=at_least, note=f"{client}, {note}; {connections} connections each",
            details={"bare_per_second": median(rates[client])},
        )  # fmt: skip

    return [
        median_of(
            NAME, f"texts of one worker, answered {_after(delay)}", own, "/s",
            details=shares, note="where its threads are in a round of their own",
        ),
        share(
            "requests.Session", "share of a bare loop", "the SDK's HTTP client", TARGETS[delay][0]
        ),
        share("http.client", "share of a bare loop over http.client", "the plugin's own"),
    ]  # fmt: skip


def _own(count: int, provider: Provider, ports: Any) -> float:
    from saleor_sms_plugin.services import dispatch

    engine.queue(count)
    dispatch.run(ports, ports.clock.now() + timedelta(hours=1))
    engine.all_sent(count)
    return rate_of(provider.arrivals())


def _against_usual(count: int, delay: float, site: engine.Site) -> Figure:
    """In pairs. With slow answers of fewer texts, and the usual way has as many in all pairs
    together: it takes a minute for a thousand."""
    own_count = count if not delay else max(40, count // 5)
    their_count = count if not delay else max(40, count // 5 // PAIRS)
    pairs = []
    for _ in range(PAIRS):
        site.provider.reset(delay)
        engine.queue(own_count)
        own = _by_worker(engine.APPLICATION, own_count, site)
        site.provider.reset(delay)
        pairs.append((own, _by_worker(USUAL, their_count, site)))
    return _times(f"times the usual way, answered {_after(delay)}", pairs, TARGETS[delay][1])


def _against_storing(count: int, site: engine.Site) -> Figure:
    count = count * 2 // PAIRS
    pairs = []
    for _ in range(PAIRS):
        site.provider.reset()
        engine.queue(count)
        own = _by_worker(engine.APPLICATION, count, site)
        site.provider.reset()
        pairs.append((own, _by_worker(USUAL, count, site, engine.queue(count))))
    return _times("times the usual way that stores what it sent, answered at once", pairs)


def _times(
    name: str, pairs: Sequence[tuple[float, float]], at_least: float | None = None
) -> Figure:
    own, usual = zip(*pairs, strict=True)
    return median_of(
        NAME, name, [our / their for our, their in pairs], "x", at_least=at_least,
        note="one Celery process each",
        details={"own_per_second": median(own), "usual_per_second": median(usual)},
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
            usual.send.delay(bare.to(number), bare.text(number), str(uuid4()))
    with running(site.worker(1, application=application)):
        if application != USUAL:
            site.nudge()
        return rate_of(site.provider.await_texts(count, PATIENCE))


def _after(delay: float) -> str:
    return f"after {delay * 1000:.0f} ms" if delay else "at once"
