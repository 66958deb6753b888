"""Dispatch: claim, prepare, call the provider at the account's pace, store what it said."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..exceptions import ConfigurationError
from ..models import Throttle
from ..models import throttle as throttles
from ..ports import Ports
from . import claims, installation
from .accounts import Account, accounts_of, provider_of
from .calls import Ready, begin, end, take_back
from .channels import Channel, load
from .endings import finish
from .health import learn
from .line import Answer, Line
from .pace import SOON, Pace, SenderSlots, threads_for
from .preparing import prepare

TURN = dt.timedelta(seconds=2.5)  #: at least, where the worker is wanted for something else too
SHORTEST = dt.timedelta(seconds=0.25)  #: of the time left, whatever others wait for
LEASED = 15.0  #: seconds a run has its account, and a dead one keeps it; renewed meanwhile
RENEWED_EACH = 1.0  #: seconds
LATE = 0.25  #: seconds after which a slot is lost; until then the run that was late makes it up
BEGIN_BEFORE = 0.02  #: seconds before its first slot a batch's attempt rows are committed
STORE_WITHIN = 0.1  #: seconds an outcome waits for others to be stored with
BEGIN_WITHIN = 0.2  #: seconds: a text whose slot is further away is not begun yet
BEGIN_AT_LEAST = 12  #: texts whose attempt rows are committed together, where so many are ready
OVERTIME = 1.0  #: seconds past a run's end for texts whose attempts have begun
AWAKE_BEFORE = 0.2  #: seconds before a slot that a run waited for; under ``SOON``
LEAST_WAIT = 0.5  #: seconds before an account that had nothing to call is looked at again
LOOKS_EACH = 1.0  #: seconds in which a run that waits for a slot asks whether it is wanted
PERIODIC = 10.0  #: seconds: what comes later than that, the periodic run is there for


def run(ports: Ports, until: dt.datetime, is_wanted: Callable[[], bool] = lambda: False) -> int:
    """Texts that are due are sent, or end, or wait with a reason; returns how many were called.

    Each provider account is sent for by one run at a time, so that a worker's other slots stay
    the shop's, and has its share of the time. Ends at ``until``, or after an account's ``TURN``
    where this worker ``is_wanted`` for something else, with the calls in progress; unfinished
    claims are given back. A slot of a slow account, or of a slow sender, that comes before then
    is waited for; for a later one a worker is nudged.
    """
    with ports.shop.writer():
        if not installation.is_live(ports):
            return 0
        channels = load(ports)
        _end_orphans(channels, ports)
        accounts = accounts_of(channels.values())
        _open_providers(accounts)
        accounts = _longest_waiting_first(accounts)
    ends = time.monotonic() + (until - ports.clock.now()).total_seconds()
    called = 0
    while True:
        soonest = float("inf")
        for place, account in enumerate(accounts):
            now = ports.clock.now()
            if now < until:
                share = max((until - now) / (len(accounts) - place), SHORTEST)
                one = AccountRun(account.key, ports, min(until, now + share), is_wanted)
                made = one.go()
                called += made
                wait = one.next_in if made else max(one.next_in, LEAST_WAIT)
                soonest = min(soonest, time.monotonic() + wait)
        if soonest >= ends or ports.clock.now() >= until:
            break
        if not _wait(soonest - AWAKE_BEFORE, is_wanted):
            return called
    if 0 < (seconds := soonest - time.monotonic()) < PERIODIC:
        ports.wake.nudge_in(max(0.0, seconds - AWAKE_BEFORE))
    return called


def _wait(at: float, is_wanted: Callable[[], bool]) -> bool:
    """It is time; False, and at once, where this worker is wanted for something else."""
    while (left := at - time.monotonic()) > 0:
        if is_wanted():
            return False
        time.sleep(min(left, LOOKS_EACH))
    return True


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


def _in_order(
    ready: Sequence[Ready], slots: Sequence[float], not_before: Mapping[int, float]
) -> list[Ready]:
    """Each slot has the first text that may take it; those that never may are left out."""
    waiting = [each for each in ready if not_before.get(each.message.pk, 0.0) < float("inf")]
    if not not_before:
        return waiting
    in_order = []
    for slot in slots[: len(waiting)]:
        times = [not_before.get(each.message.pk, slot) for each in waiting]
        place = next((n for n, at in enumerate(times) if at <= slot), times.index(min(times)))
        in_order.append(waiting.pop(place))
    return in_order


class AccountRun:
    """One run for one provider account: at most one exists at a time, in all workers together.

    It claims, prepares, reserves slots and stores outcomes, while the threads of its ``Line``
    call. A killed worker leaves unknown at most the texts of one ``begin`` and one per thread.
    Texts whose turn does not come, because the provider fell silent or the run is over, are taken
    back: nobody was called for them.
    """

    next_in = float("inf")  #: seconds from its end until another run finds something to send

    def __init__(
        self, key: str, ports: Ports, until: dt.datetime, is_wanted: Callable[[], bool]
    ) -> None:
        self.key, self.ports, self.until, self.is_wanted = key, ports, until, is_wanted
        self.id = uuid.uuid4()
        self.called = 0
        now = ports.clock.now()
        self._turn_ends = now + TURN
        self._ends = time.monotonic() + (until - now).total_seconds()
        self._line = Line(key, ports, self._ends + OVERTIME)
        self._kept: list[Answer] = []
        self._oldest_kept = 0.0
        self._renew_at = 0.0

    def go(self) -> int:
        """Returns how many calls were made; 0 where another run has the account."""
        with self.ports.shop.writer():
            if not throttles.lease(self.key, self.id, LEASED):
                return 0
            self.throttle = Throttle.objects.get(key=self.key)
            self._renew_at = time.monotonic() + RENEWED_EACH
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
            self._line.in_doubt = True
            self._finish_calls()
            raise

    def _round(self) -> bool:
        """One claim, sent; False when there is nothing more to do now."""
        now = self.ports.clock.now()
        if self._is_over():
            self.next_in = 0.0
            return False
        self._heard()
        with self.ports.shop.writer():
            if now >= self._turn_ends and self.is_wanted():
                return False
            if not self._renew():
                self.next_in = 0.0  # a save may have taken it: then it is free
                return False
            channels = load(self.ports)
            account = next((a for a in accounts_of(channels.values()) if a.key == self.key), None)
            if account is None or account.rate == 0:
                return False
            self._own = {channel.id: channel for channel in account.channels}
            if not self._is_open(now):
                return False
            self._pace = Pace.of(account, self.throttle)
            self._line.keep(self._pace)
            self._senders = SenderSlots(account)
            slots = self._senders.free(self._slot_in)
            batch = claims.take(self.id, self.ports, self._own, self._pace.at_once, slots)
            if not batch:
                self._wait_for_senders(slots)
                return False
            ready = prepare(batch, self._own, self.ports)
        return self._send(ready)

    def _is_over(self) -> bool:
        return self.ports.clock.now() >= self.until or time.monotonic() >= self._ends

    def _renew(self) -> bool:
        """The account stays ours, and its row is fresh; asked of the database once in a while.

        False where it is another run's by now, or a save has taken it from this one.
        """
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = time.monotonic() + RENEWED_EACH
        self._keep_answer_seconds()
        if not throttles.renew(self.key, self.id, LEASED):
            return False
        self.throttle.refresh_from_db()
        return True

    def _keep_answer_seconds(self) -> None:
        if self.called:
            seen = {"answer_seconds": self.throttle.answer_seconds}
            throttles.learn(self.key, self.id, seen)

    def _is_open(self, now: dt.datetime) -> bool:
        """The account may be called soon; else a run comes back when it may, for what is due."""
        closed_until = self.throttle.closed_until
        wait = (closed_until - now).total_seconds() if closed_until else 0.0
        self._slot_in = throttles.waits([self.key])[self.key]
        wait = max(wait, self._slot_in)
        if wait <= SOON and not (closed_until and closed_until > now):
            return True
        if claims.has_due(self.ports, self._own):
            self.next_in = wait
        return False

    def _wait_for_senders(self, slots: Mapping[str, int]) -> None:
        waited_for = claims.waited_for(self.ports, self._own, slots)
        self.next_in = min(self._senders.waits(waited_for).values(), default=self.next_in)

    def _send(self, ready: list[Ready]) -> bool:
        """Slots are reserved, then attempt rows committed and calls handed over, batch by batch.

        Texts left over are given back: all where no slot comes soon, the rest where the run's
        time is over, the account closed or its pace changed meanwhile. True when something was
        sent, or nothing was to be.
        """
        if not ready:
            return True
        slots = self._reserve(ready)
        if not slots:
            with self.ports.shop.writer():
                claims.give_back(self.id, [each.message.pk for each in ready])
                self._is_open(self.ports.clock.now())
            return False
        with self.ports.shop.writer():
            self._not_before = self._senders.reserve(ready)
        in_order = _in_order(ready, slots, self._not_before)
        done = self._begin(in_order, slots)
        called = {each.message.pk for each in done}
        left = [each for each in ready if each.message.pk not in called]
        if left:
            with self.ports.shop.writer():
                throttles.unreserve(self.key, self.id, len(left), self._pace.interval)
                self._senders.give_back(left)
                claims.give_back(self.id, [each.message.pk for each in left])
        return bool(done)

    def _reserve(self, ready: Sequence[Ready]) -> list[float]:
        """The account's next slots, by this process's stopwatch; none where no slot comes soon."""
        interval = self._pace.interval
        with self.ports.shop.writer():
            # What was free before this run came is nobody's to make up.
            late = LATE if self.called and interval <= LATE else 0.0
            wait = throttles.reserve(self.key, len(ready), interval, SOON, late)
        if wait is None:
            return []
        first = time.monotonic() + wait
        return [first + place * interval for place in range(len(ready))]

    def _begin(self, ready: Sequence[Ready], slots: Sequence[float]) -> list[Ready]:
        """Texts begin shortly before their slots; returns those that did."""
        done: list[Ready] = []
        from_ = self._not_before
        slowed_at = self.throttle.slowed_at
        while ready:
            count = self._room(slots[0] - BEGIN_BEFORE)
            soon = max(slots[0], time.monotonic()) + BEGIN_WITHIN
            count = sum(slot <= soon for slot in slots[:count])
            if not self._heard() or self.throttle.slowed_at != slowed_at:
                break
            begun = begin(ready[:count], self.ports)
            at = [
                max(slot, from_.get(each.ready.message.pk, slot))
                for each, slot in zip(begun, slots, strict=False)
            ]
            self._line.hand_over(begun, at, self._threads)
            self.called += len(begun)
            done += [each.ready for each in begun]
            ready, slots = ready[count:], slots[len(begun) :]
            if self._is_over():
                break
        return done

    @property
    def _threads(self) -> int:
        if self.throttle.is_probing:
            return 1
        return threads_for(self._pace.rate, self.throttle.answer_seconds)

    def _room(self, at: float) -> int:
        """It is time; returns how many texts may begin: at most a batch waits for a thread."""
        while (left := at - time.monotonic()) > 0:
            self._collect(left)
        most = self._threads + claims.BATCH
        while self._line.in_flight > most - BEGIN_AT_LEAST and not self._line.is_stuck:
            self._collect()
        return min(claims.BATCH, most - self._line.in_flight)

    def _heard(self) -> bool:
        """Every answer that came is stored; False where the account is closed, or no more ours.

        While the account is in doubt the calls in flight are waited for: their answers decide.
        """
        line = self._line
        while line.has_answers:
            self._collect(0)
        while (
            line.in_flight
            and (line.in_doubt or self.throttle.is_probing or self.throttle.failures)
            and not line.is_stuck
        ):
            self._collect()
        if not line.in_flight:
            line.in_doubt = False
        return self._store()

    def _collect(self, within: float | None = None) -> None:
        """At most ``within`` seconds pass until an answer is taken; what is old is stored."""
        if self._kept:
            left = max(0.0, self._oldest_kept + STORE_WITHIN - time.monotonic())
            within = left if within is None else min(within, left)
        if answer := self._line.answer(within):
            if not self._kept:
                self._oldest_kept = time.monotonic()
            self._kept.append(answer)
        if self._kept and time.monotonic() - self._oldest_kept >= STORE_WITHIN:
            self._store()

    def _store(self) -> bool:
        """Answers taken so far are stored; False where the account is closed, or no more ours."""
        answers, self._kept = self._kept, []
        answered = [(begun, ending) for begun, ending in answers if ending is not None]
        end(answered, self.ports)
        not_called = [begun for begun, ending in answers if ending is None]
        take_back(not_called, self.ports)
        self.called -= len(not_called)
        if learn(self.throttle, self.id, [ending for _, ending in answered], self.ports):
            return True
        self._renew_at = 0.0  # it may be somebody else's
        return False

    def _finish_calls(self) -> None:
        while self._line.in_flight and not self._line.is_stuck:
            self._collect()
        if self._kept:
            self._store()
