"""A run's lease of a provider account: at most one run has it, in all workers together."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from ..models import Throttle
from ..models import throttle as throttles
from ..ports import Ports
from . import health
from .calls import Ending

LEASED = 15.0  #: seconds a run has its account, and a dead one keeps it; renewed meanwhile
RENEWED_EACH = 1.0  #: seconds


class Lease:
    """What one run has of its account, and what it knows of it by ``throttle``, its row."""

    throttle: Throttle

    def __init__(self, key: str, ports: Ports) -> None:
        self.key, self._ports = key, ports
        self.run = uuid.uuid4()
        self._renew_at = 0.0
        self._has_answers = False

    def take(self) -> bool:
        """The account is this run's; False where another one has it."""
        if not throttles.lease(self.key, self.run, LEASED):
            return False
        self.throttle = Throttle.objects.get(key=self.key)
        self._renew_at = time.monotonic() + RENEWED_EACH
        return True

    def renew(self) -> bool:
        """The account stays ours, and its row is fresh; asked of the database once in a while.

        False where it is another run's by now, or a save has taken it from this one.
        """
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = 0.0
        self._keep_answer_seconds()
        if not throttles.renew(self.key, self.run, LEASED):
            return False
        self._renew_at = time.monotonic() + RENEWED_EACH
        self.throttle.refresh_from_db()
        return True

    def learn(self, endings: Sequence[Ending]) -> bool:
        """The row says what these answers taught; False, until it is renewed, where the account is
        closed, or no more ours."""
        self._has_answers |= bool(endings)
        if health.learn(self.throttle, self.run, endings, self._ports) and self._renew_at:
            return True
        self._renew_at = 0.0  # it may be somebody else's
        return False

    def release(self) -> None:
        """The account is free for the next run."""
        self._keep_answer_seconds()
        throttles.release(self.key, self.run)

    def _keep_answer_seconds(self) -> None:
        if self._has_answers:
            seen = {"answer_seconds": self.throttle.answer_seconds}
            throttles.learn(self.key, self.run, seen)
