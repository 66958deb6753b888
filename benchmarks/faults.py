"""``python -m benchmarks faults``: a shop under fire, and then every text is accounted for.

Eight Celery workers and beat start on a backlog while orders go on coming, each told of once or
twice. Requests meet the provider's faults, workers are killed every few seconds and have clocks
that differ, PostgreSQL and Redis restart, fall silent, write nothing. Then everything is set
right, what waits goes out, and ``audit`` compares the provider's count with the tables.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import engine
from benchmarks.audit import Audit, audit, leases
from benchmarks.mishaps import Crew, crew

RATE = 200  #: requests a second that the account takes, and that the plugin is told of
#: the share of requests that meets each fault
CHANCES = {
    "throttle": 0.01, "http:429": 0.005, "http:429:2": 0.002, "http:500": 0.01,
    "http:503": 0.01, "html": 0.005, "partial": 0.005, "empty": 0.003, "truncated": 0.003,
    "drop_before_reading": 0.005, "drop_after_reading": 0.005, "drop_mid_response": 0.003,
    "slow:30": 0.001, "silent": 0.0005,
}  # fmt: skip
BACKLOG = 0.25  #: of the texts wait before the workers start
TWICE = 0.1  #: of the events are told of twice
ANSWER_SECONDS = 0.2  #: what is killed has calls in progress then
MISHAP_EACH = 4.0  #: seconds, on average
BOOT = 60.0  #: seconds in which the first request must come
FIRST_ORDER = 100_000
PROGRESS_EACH = 5.0  #: seconds
DRAIN = 1_800.0  #: seconds until what waits must have ended
LEASES = 60.0  #: seconds in which every lease ends

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, how many, how many workers, and which mishaps."""

    minutes: float
    texts: int
    workers: int
    seed: int


class Orders:
    """Orders come, and the shop's hook tells of them; a web process that has troubles, too."""

    def __init__(self, texts: int, chance: random.Random) -> None:
        from saleor_sms_plugin.ports import Ports
        from saleor_sms_plugin.wake import CeleryWake
        from saleor_sms_plugin.wiring import SystemClock

        self.names = [str(FIRST_ORDER + number) for number in range(texts)]
        self.come = 0
        self._ports = Ports(shop=engine.shop(), wake=CeleryWake(), clock=SystemClock())
        self._chance = chance

    def come_to(self, count: int) -> None:
        """So many have come so far."""
        for name in self.names[self.come : count]:
            for _ in range(1 + (self._chance.random() < TWICE)):
                self._tell(name)
        self.come = max(self.come, min(count, len(self.names)))

    def tell_of_the_missed(self) -> int:
        """What was not recorded while the database was away is told again, as a reconciler does;
        how many."""
        from saleor_sms_plugin.models import ShopEvent

        missed = set(self.names) - set(ShopEvent.objects.values_list("order_id", flat=True))
        for name in missed:
            self._tell(name)
        return len(missed)

    def _tell(self, name: str) -> None:
        from django.db import close_old_connections

        from saleor_sms_plugin.services.record import Happening, hear
        from tests.open_shop import CHANNEL

        close_old_connections()  # as each request to a shop's web process does
        hear(
            partial(Happening, name="order_created", channel_id=CHANNEL, order_id=name),
            self._ports,
        )


def run(plan: Plan, say: Say) -> tuple[Audit, Mapping[str, Any]]:
    """The audit, and what happened before it."""
    chance = random.Random(plan.seed)  # noqa: S311 (mishaps, not secrets)
    with engine.opened(rate=RATE) as site, crew(site, plan.workers, chance) as people:
        # What hooks log while the database is away is theirs to log, and not for this screen.
        logging.basicConfig(filename=site.directory / "shop.log")
        orders = Orders(plan.texts, chance)
        orders.come_to(round(plan.texts * BACKLOG))
        say(f"{orders.come:,} orders wait; {plan.workers} workers start at once.")
        site.provider.behave(delay=ANSWER_SECONDS, rate=RATE, chances=CHANCES, seed=plan.seed)
        people.keep_alive()
        site.provider.await_texts(1, BOOT)
        started = time.monotonic()
        _under_fire(plan, site, people, orders, say)
        fired = time.monotonic()
        people.set_right()
        site.provider.behave()
        missed = orders.tell_of_the_missed()
        say(f"All is right again; {missed} orders that were missed are told of.")
        _drain(site, people, orders, say)
        people.stop()
        _await_leases()
        drained = time.monotonic()
        happened = {
            "mishaps": dict(people.happened), "missed": missed,
            "seconds_under_fire": round(fired - started),
            "seconds_to_drain": round(drained - fired),
        }  # fmt: skip
        return audit(orders.names, site.provider.requests()), happened


def _under_fire(plan: Plan, site: engine.Site, people: Crew, orders: Orders, say: Say) -> None:
    seconds = plan.minutes * 60
    started = time.monotonic()
    mishap_at, progress_at = started, started + PROGRESS_EACH
    backlog = orders.come
    while (now := time.monotonic()) < started + seconds:
        people.keep_alive()
        share = (now - started) / seconds
        orders.come_to(backlog + round((len(orders.names) - backlog) * share))
        if now >= mishap_at:
            mishap_at = now + people.chance.uniform(0.5, 1.5) * MISHAP_EACH
            last = people.meet()
        if now >= progress_at:
            progress_at += PROGRESS_EACH
            say(f"{_progress(now - started, site, people, orders)}, the last: {last}")
        time.sleep(0.05)
    orders.come_to(len(orders.names))


def _drain(site: engine.Site, people: Crew, orders: Orders, say: Say) -> None:
    """Nothing waits or is under way, or ``DRAIN`` is over and the audit will tell."""
    started = progress_at = time.monotonic()
    while (left := _left()) and (now := time.monotonic()) < started + DRAIN:
        people.keep_alive()
        if now >= progress_at:
            progress_at += PROGRESS_EACH
            say(f"{_progress(now - started, site, people, orders)}, {left} to end")
        time.sleep(0.5)


def _left() -> int:
    from django.db import close_old_connections

    from saleor_sms_plugin.models import Message, ShopEvent

    close_old_connections()
    under_way = Message.objects.filter(status__in=("queued", "held", "sending"))
    return under_way.count() + ShopEvent.objects.filter(plan_at__isnull=False).count()


def _await_leases() -> None:
    deadline = time.monotonic() + LEASES
    while leases() and time.monotonic() < deadline:
        time.sleep(0.5)


def _progress(seconds: float, site: engine.Site, people: Crew, orders: Orders) -> str:
    return (
        f"{seconds:5.0f} s: {orders.come:,} orders, {len(site.provider.arrivals()):,} requests,"
        f" {people.happened.total()} mishaps"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """1 where a rule was broken; each text of it is printed with its attempts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="under fire")
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seed", type=int, help="of the mishaps; a random one, and printed")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    given = parser.parse_args(arguments)
    plan = Plan(
        minutes=given.minutes, texts=given.texts, workers=given.workers,
        seed=random.randrange(10**6) if given.seed is None else given.seed,  # noqa: S311
    )  # fmt: skip
    _say(f"Seed {plan.seed}.")
    found, happened = run(plan, _say)
    if given.json:
        print(json.dumps({"seed": plan.seed, **happened, **found.as_json()}, indent=2))
    else:
        _show(plan, found, happened)
    return int(bool(found.violations))


def _show(plan: Plan, found: Audit, happened: Mapping[str, Any]) -> None:
    for name, value in happened.items():
        print(f"{name.replace('_', ' ')}: {_counted(value)}")
    print(f"texts: {_counted(found.statuses)}")
    print(f"reasons: {_counted(found.reasons)}")
    print(f"requests: {found.requests}; faults: {_counted(found.faults)}")
    print(
        f"accepted at the provider: {found.accepted} = {found.sent} sent"
        f" + {found.unknown_arrived} of unknown outcome that arrived"
        f" ({found.unknown_lost} others did not)"
    )
    for wrong in found.violations:
        print(f"VIOLATION (seed {plan.seed}): {wrong.order} {wrong.rule}")
        for text in wrong.texts:
            met = [f"{r.fault or 'none'}{'' if r.accepted else ', refused'}" for r in text.requests]
            print(
                f"    text {text.id}: {text.status} {text.reason}; attempts"
                f" {', '.join(text.attempts)}; requests met: {'; '.join(met)}"
            )
    print(f"{len(found.violations)} violations")


def _counted(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return ", ".join(f"{name} {count}" for name, count in sorted(value.items()))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
