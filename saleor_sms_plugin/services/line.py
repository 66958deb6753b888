"""The line of texts to a provider: each is called at its slot, by as many threads as it takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Lock

from django.db import connections

from ..exceptions import (
    OutcomeUnknown,
    ProviderAccountError,
    ProviderError,
    ProviderThrottled,
    ProviderUnavailable,
)
from ..ports import Ports
from .calls import Begun, Ending, ask
from .pace import MOST_THREADS, Pace

SPACING = 0.98  #: calls never come closer than this part of the interval
CALL_AT_MOST = 20.0  #: seconds past its end that the line waits for a call

_ANYBODY = ""  #: whose calls the account's own interval keeps apart

#: A text and what came of it; None where nobody was called.
Answer = tuple[Begun, Ending | None]


class Line:
    """Texts whose attempt rows are durable go in, answers come out.

    Its threads, kept with their connections for the next run, each take a text with its slot, wait
    for it, and call. Nobody is called once the line is ``in_doubt``, or over.
    """

    def __init__(self, key: str, ports: Ports, over: float) -> None:
        """``over``: when nobody is called any more, by this process's stopwatch."""
        self._key, self._ports, self._over = key, ports, over
        self.called = 0  #: texts handed over, but those that came back without a call
        self.in_flight = 0  #: texts handed over whose answer was not taken
        self.in_doubt = False  #: the provider was silent, asked for a pause, or refused us
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._texts: deque[tuple[Begun, float]] = deque()
        self._callers = 0  # threads at work
        self._hands, self._turn = Lock(), Lock()
        self._spacing: Mapping[str, float] = {}
        self._last_calls: dict[str, float] = {}

    def keep(self, pace: Pace, senders: Mapping[str, float]) -> None:
        """From now on calls are this far apart, those of texts in the line as well; and those of
        each slow sender so many seconds."""
        self._spacing = {**senders, _ANYBODY: pace.interval}

    def hand_over(self, begun: Sequence[Begun], slots: Sequence[float], threads: int) -> None:
        """The texts are called in this order, none before its slot, by as many threads as it takes
        and no more: each thread that computes makes the others wait."""
        self.called += len(begun)
        self.in_flight += len(begun)
        with self._hands:
            self._texts.extend(zip(begun, slots, strict=True))
            more = max(0, min(threads - self._callers, len(self._texts)))
            self._callers += more
        for _ in range(more):
            threads_of(self._key).submit(self._call)

    @property
    def answered(self) -> int:
        """Texts that were called and whose answer was taken."""
        return self.called - self.in_flight

    @property
    def has_answers(self) -> bool:
        return not self._answers.empty()

    @property
    def is_stuck(self) -> bool:
        """A call never ends, whatever its timeouts: the worker goes on, and once its claim is
        over the text's outcome is unknown."""
        return time.monotonic() > self._over + CALL_AT_MOST

    def answer(self, within: float | None = None) -> Answer | None:
        """The next answer, None where none came ``within`` so many seconds or the line is stuck."""
        left = max(0.0, self._over + CALL_AT_MOST - time.monotonic())
        with suppress(Empty):
            answer = self._answers.get(timeout=left if within is None else max(0.0, within))
            self.in_flight -= 1
            if answer[1] is None:
                self.called -= 1
            return answer
        return None

    def _call(self) -> None:
        """In a thread: the texts handed over are called, until there are none."""
        while begun := self._next():
            self._ask(begun)

    def _next(self) -> Begun | None:
        """The next text, when it is time; whoever takes one lets nobody pass meanwhile."""
        with self._turn:
            with self._hands:
                if not self._texts:
                    self._callers -= 1
                    return None
                begun, slot = self._texts.popleft()
            self._await(slot, begun.ready.text.sender_id)
            return begun

    def _await(self, slot: float, sender: str) -> None:
        if self.in_doubt:
            return
        last, spacing = self._last_calls, self._spacing  # a save may bring other ones meanwhile
        limits = [who for who in (_ANYBODY, sender) if who in spacing]
        free = [last[who] + spacing[who] * SPACING for who in limits if who in last]
        # A rate lowered to one in minutes would keep all that is in the line past its claim.
        at = min(max([slot, *free]), self._over)
        if (early := at - time.monotonic()) > 0:
            time.sleep(early)
        last |= dict.fromkeys(limits, time.monotonic())

    def _ask(self, begun: Begun) -> None:
        try:
            if self.in_doubt or time.monotonic() >= self._over:
                self._answers.put((begun, None))
                return
            ending = ask(begun, self._ports)
            # A provider that is silent once, asks for a pause, or refuses the account, is not asked
            # for the whole batch.
            if _raises_doubt(ending.error):
                self.in_doubt = True
            self._answers.put((begun, ending))
        finally:
            # A provider of another package may have read a database: this thread lives on.
            for connection in connections.all(initialized_only=True):
                connection.close()


def _raises_doubt(error: ProviderError | None) -> bool:
    if isinstance(error, ProviderThrottled):
        return bool(error.retry_after)
    return isinstance(error, OutcomeUnknown | ProviderUnavailable | ProviderAccountError)


@lru_cache(maxsize=64)
def threads_of(key: str) -> ThreadPoolExecutor:
    """The threads of an account in this process; each keeps its connection."""
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="sms")
