"""What came of the texts in a line: taken as the answers come, and stored together."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..ports import Ports
from . import health
from .calls import Answered, Begun, Ready, begin, end, take_back, tell
from .caps import NONE
from .claims import BATCH
from .lease import Lease
from .line import Answer, Line

STORE_WITHIN = 0.1  #: seconds an outcome waits for others to be stored with


class Outcomes:
    """The answers of a line: each text's outcome is stored, and the account learns from it.

    At most a batch is kept. Where all is well it is stored with the attempts of the texts that
    begin next: one statement waits for the disk, and the calls in the line go on meanwhile.
    """

    def __init__(self, line: Line, lease: Lease, ports: Ports) -> None:
        self._line, self._lease, self._ports = line, lease, ports
        self._kept: list[Answer] = []
        self._oldest_kept = 0.0

    def take(self, within: float | None = None) -> None:
        """A batch is stored; else at most ``within`` seconds pass until an answer is taken, and
        what is old is stored."""
        if len(self._kept) >= BATCH:
            self._store()
            return
        if self._kept:
            left = max(0.0, self._oldest_kept + STORE_WITHIN - time.monotonic())
            within = left if within is None else min(within, left)
        if answer := self._line.answer(within):
            if not self._kept:
                self._oldest_kept = time.monotonic()
            self._kept.append(answer)
        if self._kept and time.monotonic() - self._oldest_kept >= STORE_WITHIN:
            self._store()

    def take_all(self) -> bool:
        """Every answer that came is stored; False where the account is closed, or no more ours."""
        self._take_what_came()
        return self._store()

    def may_begin(self) -> bool:
        """Every answer that came is stored, but those that ``begin`` may store as well; False
        where the account is closed, or no more ours."""
        self._take_what_came()
        answered, uncalled = _parted(self._kept)
        endings = [ending for _, ending in answered]
        if not uncalled and health.is_at_ease(self._lease.throttle, endings):
            return self._lease.learn([])
        return self._store()

    def begin(self, batch: Sequence[Ready]) -> list[Begun]:
        """``calls.begin``; with the attempts the outcomes kept are stored."""
        if any(ready.bounds != NONE for ready in batch):
            self._store()  # they count against bounds; and other workers may hold these for long
        answered, _ = _parted(self._kept)
        begun = begin(batch, self._ports, answered)
        self._kept = []  # not before: where it fails, they are stored without it
        tell(answered)
        self._lease.learn([ending for _, ending in answered])
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

    def _take_what_came(self) -> None:
        """While the account is in doubt calls in flight are waited for: their answers decide."""
        line = self._line
        while line.has_answers:
            self.take(0)
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
        return self._lease.learn([ending for _, ending in answered])


def _parted(answers: Sequence[Answer]) -> tuple[list[Answered], list[Begun]]:
    """What was answered, and whom nobody called."""
    answered = [(begun, ending) for begun, ending in answers if ending is not None]
    return answered, [begun for begun, ending in answers if ending is None]
