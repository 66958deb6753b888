"""What came of the texts in a line: taken as the answers come, and stored together."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..ports import Ports
from .calls import Answered, Begun, Ending, Ready, begin, end, take_back
from .claims import BATCH
from .lease import Lease
from .line import Answer, Line

STORE_WITHIN = 0.1  #: seconds an outcome waits for others to be stored with


class Outcomes:
    """The answers of a line: each text's outcome is stored, and the account learns from it.

    At most a batch is kept. Where texts begin meanwhile it is stored with their attempts: one
    statement waits for the disk, and the calls in the line go on meanwhile.
    """

    def __init__(self, line: Line, lease: Lease, ports: Ports) -> None:
        self._line, self._lease, self._ports = line, lease, ports
        self._kept: list[Answer] = []
        self._oldest_kept = 0.0
        self._unlearnt: list[Ending] = []

    def take(self, within: float | None = None) -> None:
        """At most ``within`` seconds pass until an answer is taken; what is old, or a batch, is
        stored."""
        if len(self._kept) >= BATCH:
            self._store()
        if self._kept:
            left = max(0.0, self._oldest_kept + STORE_WITHIN - time.monotonic())
            within = left if within is None else min(within, left)
        self._keep(self._line.answer(within))
        is_old = bool(self._kept) and time.monotonic() - self._oldest_kept >= STORE_WITHIN
        if is_old or len(self._kept) >= BATCH:
            self._store()

    def take_all(self) -> bool:
        """Every answer that came is stored; False where the account is closed, or no more ours."""
        while self._line.has_answers:
            self.take(0)
        self._await_certainty()
        return self._store()

    def may_begin(self) -> bool:
        """What the answers that came say: False where the account is closed, or no more ours. At
        most a batch of them is taken, for ``begin``."""
        while self._line.has_answers and len(self._kept) < BATCH:
            self._keep(self._line.answer(0))
        self._await_certainty()
        return self._learn()

    def begin(self, batch: Sequence[Ready]) -> list[Begun]:
        """``calls.begin``; with the attempts the outcomes kept are stored."""
        answered, uncalled = _parted(self._kept)
        take_back(uncalled, self._ports)
        begun = begin(batch, self._ports, answered)
        self._kept = []  # not before: where it fails, they are stored without it
        return begun

    def finish(self) -> bool:
        """Every call has ended, and its outcome is stored; but one that never ends. True where
        texts came back without a call, and are due again."""
        called = self._line.called
        while self._line.in_flight and not self._line.is_stuck:
            self.take()
        if self._kept:
            self._store()
        return self._line.called < called

    def _keep(self, answer: Answer | None) -> None:
        if answer is None:
            return
        if not self._kept:
            self._oldest_kept = time.monotonic()
        self._kept.append(answer)
        if (ending := answer[1]) is not None:
            self._unlearnt.append(ending)

    def _await_certainty(self) -> None:
        """While the account is in doubt calls in flight are waited for: their answers decide."""
        line = self._line
        while self._is_in_doubt and line.in_flight and not line.is_stuck:
            self.take()
        if not line.in_flight:
            line.in_doubt = False

    @property
    def _is_in_doubt(self) -> bool:
        throttle = self._lease.throttle
        return self._line.in_doubt or throttle.is_probing or throttle.failures > 0

    def _store(self) -> bool:
        """Answers taken so far are stored; False where the account is closed, or no more ours."""
        answers, self._kept = self._kept, []
        answered, uncalled = _parted(answers)
        end(answered, self._ports)
        take_back(uncalled, self._ports)
        return self._learn()

    def _learn(self) -> bool:
        endings, self._unlearnt = self._unlearnt, []
        return self._lease.learn(endings)


def _parted(answers: Sequence[Answer]) -> tuple[list[Answered], list[Begun]]:
    """What was answered, and whom nobody called."""
    answered = [(begun, ending) for begun, ending in answers if ending is not None]
    return answered, [begun for begun, ending in answers if ending is None]
