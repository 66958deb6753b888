"""The pace of an account: how far apart its calls are, and the slots of its slow senders."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

from ..exceptions import ConfigurationError
from ..models import Throttle
from ..models import throttle as throttles
from .accounts import Account
from .calls import Ready
from .channels import Channel

SOON = 0.6  #: seconds a slot may be away to be reserved; a run wakes up for it sooner than that
ROUND_OF_SENDERS = 0.35  #: seconds of texts claimed at once where a sender is slow
FEWEST_THREADS, MOST_THREADS = 4, 64
QUICKEST = 0.05  #: seconds: no answer is counted as quicker; the next one may be slower
FASTEST = 250.0  #: texts a second that a run is laid out for at first, whatever is allowed
MOST_AT_ONCE = 500  #: texts claimed together, however many more a second can take
SPARE = 1.2  #: threads for each one that is in a call on average: answers vary
NEVER = float("inf")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast one run may send for its account now."""

    rate: float  #: calls a second, ``FASTEST`` at most
    interval: float  #: seconds between two calls
    at_once: int  #: texts claimed together; what cannot be sent soon stays free for others

    @classmethod
    def of(cls, account: Account, throttle: Throttle, lately: float, left: float) -> Pace:
        """What the account's rate, which is not 0, and its slow-down make of it.

        ``lately``: texts a second that the run has sent; ``left``: seconds it still has.
        """
        interval = throttle.slowdown / account.rate if account.rate else 0.0
        allowed = 1 / interval if interval else NEVER
        expected = min(allowed, max(FASTEST, lately))
        span = min(ROUND_OF_SENDERS if account.sender_rates else 1.0, left)
        at_once = 1 if throttle.is_probing else max(1, min(int(span * expected), MOST_AT_ONCE))
        return cls(rate=min(allowed, FASTEST), interval=interval, at_once=at_once)


def threads_for(rate: float, answer_seconds: float) -> int:
    """How many calls are in progress at once, so that so many a second are answered."""
    wanted = ceil(SPARE * max(answer_seconds, QUICKEST) * rate) + 1
    return max(FEWEST_THREADS, min(MOST_THREADS, wanted))


def take_slots(key: str, count: int, interval: float, late: float = 0.0) -> list[float]:
    """The next slots of an account, or of a sender, are ours: when they come, by this process's
    stopwatch. None of them where the first one does not come soon."""
    wait = throttles.reserve(key, count, interval, SOON, late)
    if wait is None:
        return []
    first = time.monotonic() + wait
    return [first + place * interval for place in range(count)]


class SenderSlots:
    """The slots of an account's slow senders, beside the account's own."""

    def __init__(self, account: Account) -> None:
        limit = NEVER if account.rate is None else account.rate
        self._rates = {s: rate for s, rate in account.sender_rates.items() if rate < limit}
        self._keys = {sender: account.sender_key(sender) for sender in self._rates}

    @property
    def intervals(self) -> dict[str, float]:
        """By sender: seconds between two of its calls, of those that are not stopped."""
        return {sender: 1 / rate for sender, rate in self._rates.items() if rate}

    def free(self, slot_in: float) -> dict[str, int]:
        """By sender: how many texts find a slot among those of the account's next round, whose
        first one comes in so many seconds."""
        ends = slot_in + ROUND_OF_SENDERS
        return {
            sender: max(0, 1 + floor((ends - wait) * self._rates[sender])) if wait < NEVER else 0
            for sender, wait in self.waits(self._rates).items()
        }

    def waits(self, senders: Collection[str]) -> dict[str, float]:
        """In how many seconds each sender's next slot comes; never, for one that is stopped."""
        if not senders:
            return {}
        waits = throttles.waits([self._keys[sender] for sender in senders])
        return {
            sender: waits[self._keys[sender]] if self._rates[sender] else NEVER
            for sender in senders
        }

    def reserve(self, ready: Sequence[Ready]) -> dict[int, float]:
        """By message: from when on, by this process's stopwatch, its slow sender may send it.

        ``inf`` where there was no slot.
        """
        return {
            each.message.pk: at
            for sender, texts in self._of(ready).items()
            for each, at in zip(texts, self._take(sender, len(texts)), strict=True)
        }

    def give_back(self, unused: Sequence[Ready]) -> None:
        """The slots of texts that are not called are free again."""
        for sender, texts in self._of(unused).items():
            if rate := self._rates[sender]:
                throttles.unreserve(self._keys[sender], None, len(texts), 1 / rate)

    def _take(self, sender: str, count: int) -> list[float]:
        never = [NEVER] * count
        if not (rate := self._rates[sender]):
            return never
        throttles.ensure(self._keys[sender])
        return take_slots(self._keys[sender], count, 1 / rate) or never

    def _of(self, ready: Sequence[Ready]) -> dict[str, list[Ready]]:
        texts: dict[str, list[Ready]] = defaultdict(list)
        for each in ready:
            if each.text.sender_id in self._rates:
                texts[each.text.sender_id].append(each)
        return texts


def slot_of(
    accounts: Iterable[Account], channel: Channel, sender_id: str, within: float
) -> float | None:
    """One slot of the channel's account, and of its sender, is taken: in how many seconds it
    comes. None, and none is taken, where it would come later than ``within`` seconds from now.

    Raises ConfigurationError where account or sender is stopped.
    """
    account = next(each for each in accounts if channel.id in each.channel_ids)
    limits = (
        (f"sender_rate.{sender_id}", account.sender_key(sender_id),
         account.sender_rates.get(sender_id)),
        ("rate", account.key, account.rate),
    )  # fmt: skip
    rates: dict[str, float] = {}
    for name, key, rate in limits:
        if rate == 0:
            raise ConfigurationError(f"Nothing is sent: {name} = 0 in Advanced.")
        if rate is not None:
            rates[key] = rate
    waits = [0.0]
    taken: dict[str, float] = {}
    for key, rate in rates.items():
        throttles.ensure(key)
        interval = Throttle.objects.get(key=key).slowdown / rate
        wait = throttles.reserve(key, 1, interval, within)
        if wait is None:
            for each, length in taken.items():
                throttles.unreserve(each, None, 1, length)
            return None
        waits.append(wait)
        taken[key] = interval
    return max(waits)
