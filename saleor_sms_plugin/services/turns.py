"""How many runs may be at work at once: at most half of a worker's slots, for the shop's sake."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from ..models import throttle as throttles
from ..ports import Ports

#: longer than a run (5 s) and the call it may be in (13 s)
LEASED = 20.0
HOUSE_LEASED = 30.0  #: longer than every step of the housekeeping takes together
_most = 1


def of_worker(concurrency: int) -> None:
    """This process belongs to a worker with so many slots."""
    global _most
    _most = max(1, concurrency // 2)


def one(ports: Ports) -> AbstractContextManager[bool]:
    """Inside, one of the turns is ours; False where others have them all, and so look already."""
    return _first_of([f"turn:{number}" for number in range(1, _most + 1)], LEASED, ports)


def housekeeping(ports: Ports) -> AbstractContextManager[bool]:
    """Inside, nobody else in the installation keeps house; False where somebody does."""
    return _first_of(["turn:house"], HOUSE_LEASED, ports)


@contextmanager
def _first_of(keys: Sequence[str], seconds: float, ports: Ports) -> Iterator[bool]:
    run = uuid.uuid4()
    with ports.shop.writer():
        key = next((key for key in keys if throttles.lease(key, run, seconds)), None)
    try:
        yield key is not None
    finally:
        if key is not None:
            with ports.shop.writer():
                throttles.release(key, run)
