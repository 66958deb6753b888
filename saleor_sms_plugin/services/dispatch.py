"""Dispatch: claim, prepare, call the provider at the account's pace, store what it said."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from math import ceil
from queue import Empty, SimpleQueue
from threading import Lock

from django.db import connections

from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..exceptions import (
    ConfigurationError,
    OutcomeUnknown,
    ProviderError,
    ProviderThrottled,
    ProviderUnavailable,
)
from ..models import Throttle
from ..models import throttle as throttles
from ..ports import Ports
from . import claims, installation
from .accounts import Account, accounts_of, provider_of
from .calls import Begun, Ending, Ready, ask, begin, end, take_back
from .channels import Channel, load
from .endings import finish, postpone
from .health import learn
from .preparing import prepare

TURN = dt.timedelta(seconds=2.5)  #: at least, where the worker is wanted for something else too
LEASED = 15.0  #: seconds a run has its account, and a dead one keeps it; renewed meanwhile
RENEWED_EACH = 1.0  #: seconds
SOON = 1.0  #: seconds a reserved slot may be away
LATE = 0.25  #: seconds after which a slot is lost; until then the run that was late makes it up
BEGIN_BEFORE = 0.02  #: seconds before its first slot a batch's attempt rows are committed
SPACING = 0.98  #: calls of a run never come closer than this part of the interval
STORE_WITHIN = 0.1  #: seconds an outcome waits for others to be stored with
MOST_THREADS = 16
FASTEST = 1000.0  #: texts a second beyond which no process computes, whatever the account allows
BEGIN_WITHIN = 0.1  #: seconds: a text whose slot is further away is not begun yet
BEGIN_AT_LEAST = 16  #: texts whose attempt rows are committed together, where so many are ready
CLAIMED = 100  #: texts claimed and prepared at once, where the rate allows them within a second
MOST_SENDER_WAIT = 60.0  #: seconds
CALL_AT_MOST = 20.0  #: seconds past a run's end that a call is waited for
OVERTIME = 1.0  #: seconds past a run's end for texts whose attempts have begun


def run(ports: Ports, until: dt.datetime, is_wanted: Callable[[], bool] = lambda: False) -> int:
    """Texts that are due are sent, or end, or wait with a reason; returns how many were called.

    Each provider account is sent for by one run at a time, so that a worker's other slots stay
    the shop's, and has its share of the time. Ends at ``until``, or after an account's ``TURN``
    where this worker ``is_wanted`` for something else, with the calls in progress; unfinished
    claims are given back.
    """
    with ports.shop.writer():
        if not installation.is_live(ports):
            return 0
        channels = load(ports)
        _end_orphans(channels, ports)
        accounts = accounts_of(channels.values())
        _open_providers(accounts)
        accounts = _longest_waiting_first(accounts)
    called = 0
    for place, account in enumerate(accounts):
        now = ports.clock.now()
        if now < until:
            share = (until - now) / (len(accounts) - place)
            called += AccountRun(account.key, ports, now + share, is_wanted).go()
    return called


def _longest_waiting_first(accounts: Sequence[Account]) -> list[Account]:
    """However long one account keeps a run, the next run begins with another one."""
    ended = dict(Throttle.objects.values_list("key", "run_until"))
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(accounts, key=lambda account: ended.get(account.key) or never)


def _open_providers(accounts: Sequence[Account]) -> None:
    """What takes long the first time in a process is done before anybody waits for a lease."""
    for account in accounts:
        for channel in account.channels:
            with suppress(ConfigurationError):
                provider_of(channel)


def _end_orphans(channels: Mapping[int, Channel], ports: Ports) -> None:
    """Texts of a channel that is gone end, with the reason."""
    now = ports.clock.now()
    for message in claims.take_orphans(uuid.uuid4(), ports, channels):
        finish(message, MessageStatus.SUPPRESSED, Reason.CHANNEL_GONE, now=now)


class AccountRun:
    """One run for one provider account: at most one exists at a time, in all workers together.

    The main thread claims, prepares, reserves slots and stores outcomes. Threads, kept with their
    connections for the next run, each wait for a slot and call; meanwhile the next texts are
    prepared. A killed worker leaves unknown at most the texts of one ``begin`` and one per thread.
    Texts whose turn does not come, because the provider fell silent or the run is over, are taken
    back: nobody was called for them.
    """

    def __init__(
        self, key: str, ports: Ports, until: dt.datetime, is_wanted: Callable[[], bool]
    ) -> None:
        self.key, self.ports, self.until, self.is_wanted = key, ports, until, is_wanted
        self._turn_ends = ports.clock.now() + TURN
        self.id = uuid.uuid4()
        self.called = 0
        self._answers: SimpleQueue[tuple[Begun, Ending | None]] = SimpleQueue()
        self._kept: list[tuple[Begun, Ending | None]] = []  # None: not called
        self._oldest_kept = 0.0
        self._in_flight = 0
        self._turn = Lock()
        self._hands = Lock()
        self._callers = 0  # threads at work
        self._begun: deque[Begun] = deque()
        self._slots: deque[float] = deque()
        self._last_call = 0.0
        self._in_doubt = False
        self._latest = time.monotonic() + (until - ports.clock.now()).total_seconds() + OVERTIME
        self._renewed = float("-inf")

    def go(self) -> int:
        """Returns how many calls were made; 0 where another run has the account."""
        with self.ports.shop.writer():
            if not throttles.lease(self.key, self.id, LEASED):
                return 0
        try:
            self._send_all()
        finally:
            with self.ports.shop.writer():
                self._keep_answer_seconds()
                throttles.release(self.key, self.id)
        return self.called

    def _send_all(self) -> None:
        try:
            while self._round():
                pass
            self._finish_calls()
        except BaseException:
            # Nobody is called any more: the answers may not be stored.
            self._in_doubt = True
            self._finish_calls()
            raise

    def _round(self) -> bool:
        """One claim, sent; False when there is nothing more to do now."""
        now = self.ports.clock.now()
        if now >= self.until or time.monotonic() >= self._latest - OVERTIME:
            return False
        with self.ports.shop.writer():
            if now >= self._turn_ends and self.is_wanted():
                return False
            if not self._renew():
                return False
            channels = load(self.ports)
            account = next((a for a in accounts_of(channels.values()) if a.key == self.key), None)
            closed = self.throttle.closed_until is not None and self.throttle.closed_until > now
            if account is None or account.rate == 0 or closed:
                return False
            self._set_pace(account)
            own = {channel.id: channel for channel in account.channels}
            batch = claims.take(self.id, self.ports, own, self._most)
            if not batch:
                return False
            ready = self._within_sender_rates(prepare(batch, own, self.ports), account)
        if left := self._send(ready):
            with self.ports.shop.writer():
                claims.give_back(self.id, [each.message.pk for each in left])
            return False
        return True

    def _renew(self) -> bool:
        """The account stays ours, and its row is fresh; asked of the database once in a while.

        False where it is another run's by now.
        """
        if time.monotonic() < self._renewed + RENEWED_EACH:
            return True
        self._renewed = time.monotonic()
        self._keep_answer_seconds()
        if not throttles.lease(self.key, self.id, LEASED):
            return False
        self.throttle = Throttle.objects.get(key=self.key)
        return True

    def _keep_answer_seconds(self) -> None:
        if self.called:
            throttles.keep_answer_seconds(self.key, self.id, self.throttle.answer_seconds)

    def _set_pace(self, account: Account) -> None:
        self._interval = self.throttle.slowdown / account.rate if account.rate else 0.0
        in_a_second = 1 / self._interval if self._interval else CLAIMED
        # What cannot be sent within about a second stays free for others.
        self._most = 1 if self.throttle.is_probing else max(1, min(CLAIMED, int(in_a_second)))
        self._fastest = min(in_a_second, FASTEST)

    def _within_sender_rates(self, ready: list[Ready], account: Account) -> list[Ready]:
        """Texts whose sender is slower than the account wait for that sender's slots."""
        kept = []
        for each in ready:
            rate = account.sender_rates.get(each.text.sender_id)
            if rate is None:
                kept.append(each)
                continue
            key = account.sender_key(each.text.sender_id)
            throttles.ensure(key)
            wait = throttles.reserve(key, 1, 1 / rate, 0.0) if rate else None
            if wait is None:
                turn = min(1 / rate, MOST_SENDER_WAIT) if rate else MOST_SENDER_WAIT
                again = self.ports.clock.now() + dt.timedelta(seconds=turn)
                postpone(each.message, Reason.SENDER_RATE, "", again)
            else:
                kept.append(each)
        return kept

    def _send(self, ready: list[Ready]) -> list[Ready]:
        """Slots are reserved, then attempt rows committed and calls handed over, batch by batch.

        Returns the texts left over: all where no slot comes soon, the rest where the run's time
        is over or the account closed meanwhile.
        """
        if not ready or not self._heard():
            return ready
        with self.ports.shop.writer():
            # What was free before this run came is nobody's to make up.
            late = LATE if self.called and self._interval <= LATE else 0.0
            wait = throttles.reserve(self.key, len(ready), self._interval, SOON, late)
        if wait is None:
            return ready
        slots = [time.monotonic() + wait + place * self._interval for place in range(len(ready))]
        while ready:
            count = self._room(slots[0] - BEGIN_BEFORE)
            soon = max(slots[0], time.monotonic()) + BEGIN_WITHIN
            count = sum(slot <= soon for slot in slots[:count])
            if not self._heard():
                break
            begun = begin(ready[:count], self.ports)
            self._slots.extend(slots[: len(begun)])
            self._hand_over(begun)
            ready, slots = ready[count:], slots[len(begun) :]
            if self.ports.clock.now() >= self.until:
                break
        if slots:
            with self.ports.shop.writer():
                throttles.unreserve(self.key, self.id, len(slots), self._interval)
        return ready

    def _room(self, at: float) -> int:
        """It is time; returns how many texts may begin: at most a batch waits for a thread."""
        while time.monotonic() < at:
            self._collect(at - time.monotonic())
        most = self._threads + claims.BATCH
        while self._in_flight > most - BEGIN_AT_LEAST and not self._is_stuck():
            self._collect(None)
        return min(claims.BATCH, most - self._in_flight)

    def _heard(self) -> bool:
        """Every answer that came is stored; False where it closed the account.

        While the account is in doubt the calls in flight are waited for: their answers decide.
        """
        while not self._answers.empty():
            self._collect(0)
        while (
            self._in_flight
            and (self._in_doubt or self.throttle.is_probing or self.throttle.failures)
            and not self._is_stuck()
        ):
            self._collect(None)
        if not self._in_flight:
            self._in_doubt = False
        return self._store()

    def _hand_over(self, begun: Sequence[Begun]) -> None:
        """The texts are called in this order, by as many threads as it takes and no more: each
        thread that computes at the same time makes the others, and this one, wait."""
        self._in_flight += len(begun)
        self.called += len(begun)
        with self._hands:
            self._begun.extend(begun)
            more = max(0, min(self._threads - self._callers, len(self._begun)))
            self._callers += more
        for _ in range(more):
            _threads_of(self.key).submit(self._call)

    @property
    def _threads(self) -> int:
        if self.throttle.is_probing:
            return 1
        return min(MOST_THREADS, ceil(self.throttle.answer_seconds * self._fastest) + 1)

    def _call(self) -> None:
        """In a thread: the texts handed over are called, until there are none."""
        while begun := self._next():
            self._ask(begun)

    def _next(self) -> Begun | None:
        with self._hands:
            if self._begun:
                return self._begun.popleft()
            self._callers -= 1
            return None

    def _ask(self, begun: Begun) -> None:
        try:
            self._await_slot()
            if self._in_doubt or time.monotonic() >= self._latest:
                self._answers.put((begun, None))
                return
            ending = ask(begun, self.ports)
            # A provider that is silent once, or asks for a pause, is not asked for the whole batch.
            self._in_doubt |= _raises_doubt(ending.error)
            self._answers.put((begun, ending))
        finally:
            # A provider of another package may have read a database: this thread lives on.
            for connection in connections.all(initialized_only=True):
                connection.close()

    def _await_slot(self) -> None:
        """The first slot that nobody took has come; slots belong to no text."""
        with self._turn:
            at = max(self._slots.popleft(), self._last_call + self._interval * SPACING)
            if (early := at - time.monotonic()) > 0:
                time.sleep(early)
            self._last_call = time.monotonic()

    def _collect(self, timeout: float | None) -> None:
        """At most ``timeout`` seconds pass until an answer is taken; what is old is stored."""
        if timeout is None:
            timeout = self._latest + CALL_AT_MOST - time.monotonic()
        if self._kept:
            left = max(0.0, self._oldest_kept + STORE_WITHIN - time.monotonic())
            timeout = min(timeout, left)
        try:
            answer = self._answers.get(timeout=max(0.0, timeout))
        except Empty:
            pass
        else:
            self._in_flight -= 1
            if not self._kept:
                self._oldest_kept = time.monotonic()
            self._kept.append(answer)
        if self._kept and time.monotonic() - self._oldest_kept >= STORE_WITHIN:
            self._store()

    def _store(self) -> bool:
        """Answers taken so far are stored; False where the account is closed now."""
        answers, self._kept = self._kept, []
        answered = [(begun, ending) for begun, ending in answers if ending is not None]
        end(answered, self.ports)
        not_called = [begun for begun, ending in answers if ending is None]
        take_back(not_called, self.ports)
        self.called -= len(not_called)
        return learn(self.throttle, [ending for _, ending in answered], self.ports)

    def _finish_calls(self) -> None:
        while self._in_flight and not self._is_stuck():
            self._collect(None)
        if self._kept:
            self._store()

    def _is_stuck(self) -> bool:
        """A call never ends, whatever its timeouts: the worker goes on, and once its claim is
        over the text's outcome is unknown."""
        return time.monotonic() > self._latest + CALL_AT_MOST


def _raises_doubt(error: ProviderError | None) -> bool:
    if isinstance(error, ProviderThrottled):
        return bool(error.retry_after)
    return isinstance(error, OutcomeUnknown | ProviderUnavailable)


@lru_cache(maxsize=64)
def _threads_of(key: str) -> ThreadPoolExecutor:
    """The threads of an account in this process; each keeps its connection."""
    return ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="sms")
