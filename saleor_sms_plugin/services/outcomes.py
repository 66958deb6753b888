"""What came of the texts in a line: taken as the answers come, and stored together."""

from __future__ import annotations

import time

from ..ports import Ports
from .calls import end, take_back
from .claims import BATCH
from .lease import Lease
from .line import Answer, Line

STORE_WITHIN = 0.1  #: seconds an outcome waits for others to be stored with


class Outcomes:
    """The answers of a line: each text's outcome is stored, and the account learns from it."""

    def __init__(self, line: Line, lease: Lease, ports: Ports) -> None:
        self._line, self._lease, self._ports = line, lease, ports
        self._kept: list[Answer] = []
        self._oldest_kept = 0.0

    def take(self, within: float | None = None) -> None:
        """At most ``within`` seconds pass until an answer is taken; what is old, or a batch, is
        stored."""
        if self._kept:
            left = max(0.0, self._oldest_kept + STORE_WITHIN - time.monotonic())
            within = left if within is None else min(within, left)
        if answer := self._line.answer(within):
            if not self._kept:
                self._oldest_kept = time.monotonic()
            self._kept.append(answer)
        is_old = bool(self._kept) and time.monotonic() - self._oldest_kept >= STORE_WITHIN
        if is_old or len(self._kept) >= BATCH:
            self._store()

    def take_all(self) -> bool:
        """Every answer that came is stored; False where the account is closed, or no more ours.

        While the account is in doubt the calls in flight are waited for: their answers decide.
        """
        line = self._line
        while line.has_answers:
            self.take(0)
        while self._is_in_doubt and line.in_flight and not line.is_stuck:
            self.take()
        if not line.in_flight:
            line.in_doubt = False
        return self._store()

    def finish(self) -> bool:
        """Every call has ended, and its outcome is stored; but one that never ends. True where
        texts came back without a call, and are due again."""
        called = self._line.called
        while self._line.in_flight and not self._line.is_stuck:
            self.take()
        if self._kept:
            self._store()
        return self._line.called < called

    @property
    def _is_in_doubt(self) -> bool:
        throttle = self._lease.throttle
        return self._line.in_doubt or throttle.is_probing or throttle.failures > 0

    def _store(self) -> bool:
        """Answers taken so far are stored; False where the account is closed, or no more ours."""
        answers, self._kept = self._kept, []
        answered = [(begun, ending) for begun, ending in answers if ending is not None]
        end(answered, self._ports)
        take_back([begun for begun, ending in answers if ending is None], self._ports)
        return self._lease.learn([ending for _, ending in answered])
