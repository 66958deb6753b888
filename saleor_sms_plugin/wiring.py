"""Chooses host or testing and hands it to services: the only place that knows both."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from functools import lru_cache

from django.apps import apps
from django.http import HttpRequest

from .callers import Caller
from .models.instant import database_now
from .ports import Ports
from .wake import CeleryWake


class SystemClock:
    """Implements ``ports.Clock``."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class Stopwatch:
    """Implements ``ports.Clock`` for one run: the time since it began goes on evenly, however any
    clock is set meanwhile."""

    def __init__(self, began: dt.datetime) -> None:
        self._began, self._at = began, time.monotonic()

    def now(self) -> dt.datetime:
        return self._began + dt.timedelta(seconds=time.monotonic() - self._at)


@lru_cache(maxsize=1)
def ports() -> Ports:
    """The ports of this process: Saleor's where it is installed, the memory shop elsewhere."""
    if apps.is_installed("saleor.plugins"):
        from .host.shop import SaleorShop

        return Ports(shop=SaleorShop(), wake=CeleryWake(), clock=SystemClock())
    from .testing.shop import MemoryShop

    return Ports(shop=MemoryShop.current(), wake=CeleryWake(), clock=SystemClock())


def ports_of_run() -> Ports:
    """The ports of this process with the database's clock, which all workers share: a machine's
    own may be wrong, and what one worker writes of time the others act on."""
    found = ports()
    began = found.clock.now()
    if isinstance(found.clock, SystemClock):
        with found.shop.writer():
            began = database_now()
    return replace(found, clock=Stopwatch(began))


def caller_of(request: HttpRequest) -> Caller:
    """Who the request is from. Raises InvalidToken."""
    if apps.is_installed("saleor.plugins"):
        from .host import identity

        return identity.caller_of(request)
    from .testing.shop import MemoryShop

    token = request.headers.get("Authorization-Bearer")  # as Saleor reads it: before the other
    given = f"Bearer {token}" if token else request.headers.get("Authorization", "")
    return MemoryShop.current().caller_of(given)


def listen() -> None:
    """From now on every failed payment that this process writes is recorded."""
    if not apps.is_installed("saleor.plugins"):
        return
    from .host import payments
    from .services import failures
    from .services.record import hear

    payments.listen(lambda row: hear(lambda: failures.happening(row), ports()))
