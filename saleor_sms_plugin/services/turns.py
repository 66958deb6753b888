"""How many runs may be at work at once: at most half of a worker's slots, for the shop's sake."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from ..models import throttle as throttles
from ..ports import Ports

#: longer than a run (5 s) and the call it may be in (13 s)
LEASED = 20.0
_most = 1


def of_worker(concurrency: int) -> None:
    """This process belongs to a worker with so many slots."""
    global _most
    _most = max(1, concurrency // 2)


@contextmanager
def one(ports: Ports) -> Iterator[bool]:
    """Inside, one of the turns is ours; False where others have them all, and so look already."""
    run = uuid.uuid4()
    with ports.shop.writer():
        keys = (f"turn:{number}" for number in range(1, _most + 1))
        key = next((key for key in keys if throttles.lease(key, run, LEASED)), None)
    try:
        yield key is not None
    finally:
        if key is not None:
            with ports.shop.writer():
                throttles.release(key, run)
