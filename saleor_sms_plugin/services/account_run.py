"""One account's run: claim, prepare, call at the account's pace, store what the provider said."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence

from ..models import Message
from ..models import throttle as throttles
from ..ports import Ports
from . import claims, health
from .accounts import Account, accounts_of
from .calls import Ready
from .channels import Channel, load
from .lease import Lease
from .line import Line
from .outcomes import Outcomes
from .pace import SOON, Pace, SenderSlots, take_slots, threads_for
from .preparing import prepare

TURN = dt.timedelta(seconds=2.5)  #: at least, where the worker is wanted for something else too
LATE = 0.25  #: seconds after which a slot is lost; until then the run that was late makes it up
BEGIN_BEFORE = 0.02  #: seconds before its first slot a batch's attempt rows are committed
BEGIN_WITHIN = 0.1  #: seconds: a text whose slot is further away is not begun yet
BEGIN_AT_LEAST = 16  #: texts whose attempt rows are committed together, where so many are ready
PREPARED_AT_ONCE = 250  #: texts, in less time than an outcome may wait to be stored
OVERTIME = 1.0  #: seconds past a run's end for texts whose attempts have begun


class AccountRun:
    """One run for one provider account: at most one exists at a time, in all workers together.

    It claims, prepares, reserves slots and stores outcomes, while the threads of its ``Line``
    call. A killed worker leaves unknown at most the texts of one ``begin`` and one per thread.
    Texts whose turn does not come, because the provider fell silent or the run is over, are taken
    back: nobody was called for them.
    """

    next_in = float("inf")  #: seconds from its end until another run finds something to send

    # What a round finds.
    _account: Account
    _pace: Pace
    _slowed_at: float
    _senders: SenderSlots

    def __init__(
        self, key: str, ports: Ports, until: dt.datetime, is_wanted: Callable[[], bool]
    ) -> None:
        self.key, self.ports, self.until, self.is_wanted = key, ports, until, is_wanted
        now = ports.clock.now()
        self._turn_ends = now + TURN
        self._ends = time.monotonic() + (until - now).total_seconds()
        self._lately = 0.0  # texts a second that were answered in the last round
        self._line = Line(key, ports, self._ends + OVERTIME)
        self._lease = Lease(key, ports)
        self._outcomes = Outcomes(self._line, self._lease, ports)

    def go(self) -> int:
        """Returns how many calls were made; 0 where another run has the account."""
        with self.ports.shop.writer():
            if not self._lease.take():
                return 0
        try:
            self._send_all()
        finally:
            with self.ports.shop.writer():
                self._lease.release()
        return self._line.called

    def _send_all(self) -> None:
        try:
            while self._round() or self._outcomes.finish():
                pass
        except BaseException:
            # Nobody is called any more: the answers may not be stored.
            self._line.in_doubt = True
            self._outcomes.finish()
            raise

    def _round(self) -> bool:
        """One claim, sent; False when there is nothing more to do now."""
        now, began, answered = self.ports.clock.now(), time.monotonic(), self._line.answered
        if self._is_over():
            self.next_in = 0.0
            return False
        self._outcomes.take_all()
        with self.ports.shop.writer():
            if now >= self._turn_ends and self.is_wanted():
                return False
            if not self._lease.renew():
                self.next_in = 0.0  # a save may have taken it: then it is free
                return False
            ready = self._claim(now)
        if ready is None or not self._send(ready):
            return False
        self._lately = (self._line.answered - answered) / (time.monotonic() - began)
        return True

    def _is_over(self) -> bool:
        return self.ports.clock.now() >= self.until or time.monotonic() >= self._ends

    def _claim(self, now: dt.datetime) -> list[Ready] | None:
        """Texts of the account that may go out; None where none is due, or can be sent soon."""
        accounts = accounts_of(load(self.ports).values())
        account = next((each for each in accounts if each.key == self.key), None)
        if account is None or account.rate == 0:
            return None
        self._account = account
        slot_in = self._slot_in(now)
        if slot_in is None:
            return None
        left = self._ends - time.monotonic()
        self._slowed_at = self._lease.throttle.slowed_at
        self._pace = Pace.of(account, self._lease.throttle, self._lately, left)
        self._senders = SenderSlots(account)
        self._line.keep(self._pace, self._senders.intervals)
        slots = self._senders.free(slot_in)
        own = {channel.id: channel for channel in account.channels}
        batch = claims.take(self._lease.run, self.ports, own, self._pace.at_once, slots)
        if not batch:
            waited_for = claims.waited_for(self.ports, own, slots)
            self.next_in = min(self._senders.waits(waited_for).values(), default=self.next_in)
            return None
        return self._prepare(batch, own)

    def _prepare(self, batch: Sequence[Message], own: Mapping[int, Channel]) -> list[Ready]:
        """The texts that may go out; none, and all are given back, where the account is closed or
        its pace changed meanwhile. Answers that come wait for a part of them at most."""
        ready: list[Ready] = []
        for start in range(0, len(batch), PREPARED_AT_ONCE):
            if not self._outcomes.take_all() or self._is_slower():
                claims.give_back(self._lease.run, [message.pk for message in batch])
                return []
            ready += prepare(batch[start : start + PREPARED_AT_ONCE], own, self.ports)
        return ready

    def _slot_in(self, now: dt.datetime) -> float | None:
        """In how many seconds the account's next slot comes.

        None where that is not soon, or the account is closed: then a run comes back when it may be
        called, for what is due.
        """
        opens_in = health.opens_in(self._lease.throttle, now)
        slot_in = throttles.waits([self.key])[self.key]
        if not opens_in and slot_in <= SOON:
            return slot_in
        if claims.has_due(self.ports, self._account.channel_ids):
            self.next_in = max(opens_in, slot_in)
        return None

    def _send(self, ready: list[Ready]) -> bool:
        """Slots are reserved, then attempt rows committed and calls handed over, batch by batch.

        Texts left over are given back: all where no slot comes soon, the rest where the run's
        time is over, the account closed or its pace changed meanwhile. True when something was
        sent, or nothing was to be.
        """
        if not ready:
            return True
        slots = self._reserve(len(ready))
        if not slots:
            with self.ports.shop.writer():
                claims.give_back(self._lease.run, [each.message.pk for each in ready])
                self._slot_in(self.ports.clock.now())
            return False
        with self.ports.shop.writer():
            not_before = self._senders.reserve(ready)
        done = self._begin(_in_order(ready, slots, not_before), slots, not_before)
        called = {each.message.pk for each in done}
        left = [each for each in ready if each.message.pk not in called]
        if left:
            with self.ports.shop.writer():
                throttles.unreserve(self.key, self._lease.run, len(left), self._pace.interval)
                self._senders.give_back(left)
                claims.give_back(self._lease.run, [each.message.pk for each in left])
        return bool(done)

    def _reserve(self, count: int) -> list[float]:
        """The account's next slots, by this process's stopwatch; none where no slot comes soon."""
        interval = self._pace.interval
        # What was free before this run came is nobody's to make up.
        late = LATE if self._line.called and interval <= LATE else 0.0
        with self.ports.shop.writer():
            return take_slots(self.key, count, interval, late)

    def _begin(
        self, ready: Sequence[Ready], slots: Sequence[float], not_before: Mapping[int, float]
    ) -> list[Ready]:
        """Texts begin shortly before their slots; returns those that did."""
        done: list[Ready] = []
        while ready:
            count = self._room(slots[0] - BEGIN_BEFORE)
            if self._line.is_stuck:
                break
            soon = max(slots[0], time.monotonic()) + BEGIN_WITHIN
            count = sum(slot <= soon for slot in slots[:count])
            if not self._outcomes.may_begin() or self._is_slower():
                break
            begun = self._outcomes.begin(ready[:count])
            at = [
                max(slot, not_before.get(each.ready.message.pk, slot))
                for each, slot in zip(begun, slots, strict=False)
            ]
            self._line.hand_over(begun, at, self._threads)
            done += [each.ready for each in begun]
            ready, slots = ready[count:], slots[len(begun) :]
            if self._is_over():
                break
        return done

    def _is_slower(self) -> bool:
        """The account asked for a slower pace since this round began."""
        return self._lease.throttle.slowed_at != self._slowed_at

    @property
    def _threads(self) -> int:
        if self._lease.throttle.is_probing:
            return 1
        return threads_for(self._pace.rate, self._lease.throttle.answer_seconds)

    def _room(self, at: float) -> int:
        """It is time; returns how many texts may begin: at most a batch waits for a thread."""
        while (left := at - time.monotonic()) > 0:
            self._outcomes.take(left)
        most = self._threads + claims.BATCH
        while self._line.in_flight > most - BEGIN_AT_LEAST and not self._line.is_stuck:
            self._outcomes.take()
        return min(claims.BATCH, most - self._line.in_flight)


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
