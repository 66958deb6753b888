"""Keeps messages in memory: for a shop's own tests, and for ours."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import ClassVar

from ..domain.segments import measure
from ..exceptions import ProviderError
from .base import OutboundMessage, Provider, SendResult


class MemoryProvider(Provider):
    """Accepts every message into ``outbox``, unless the script says otherwise.

    Outbox and script belong to the class, as the code under test makes its own instances.
    """

    name = "memory"
    label = "Memory (for tests)"
    is_real = False

    #: what was accepted, oldest first
    outbox: ClassVar[list[OutboundMessage]] = []
    #: what was asked, accepted or not
    attempts: ClassVar[list[OutboundMessage]] = []
    _script: ClassVar[deque[ProviderError | SendResult]] = deque()
    _lock: ClassVar[Lock] = Lock()

    @classmethod
    def script(cls, *outcomes: ProviderError | SendResult) -> None:
        """The next sends raise or return these, in order; after them, all is accepted."""
        with cls._lock:
            cls._script.extend(outcomes)

    @classmethod
    def reset(cls) -> None:
        """Outbox, attempts and script are empty."""
        with cls._lock:
            cls.outbox.clear()
            cls.attempts.clear()
            cls._script.clear()

    def send(self, message: OutboundMessage) -> SendResult:
        with self._lock:
            self.attempts.append(message)
            outcome = self._script.popleft() if self._script else _accepted(message)
            if isinstance(outcome, ProviderError):
                raise outcome
            self.outbox.append(message)
            return outcome


def _accepted(message: OutboundMessage) -> SendResult:
    return SendResult((message.reference,), segment_count=measure(message.body).segment_count)
