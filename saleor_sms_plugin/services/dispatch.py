"""Dispatch: each provider account has its run in turn, and slots that come soon are waited for."""

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
from ..ports import Ports
from . import claims, installation
from .account_run import AccountRun
from .accounts import Account, accounts_of, provider_of
from .channels import Channel, load
from .endings import finish

ORPHANS_SHARE = dt.timedelta(seconds=0.5)  #: of a run, at most, for texts of a channel that is gone
SHORTEST = dt.timedelta(seconds=0.25)  #: of the time left, whatever others wait for
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
        accounts = accounts_of(channels.values())
        _open_providers(accounts)
        if not claims.has_due(ports):
            return 0
        _end_orphans(channels, ports, min(until, ports.clock.now() + ORPHANS_SHARE))
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
    """What takes long the first time in a process is done in its first run, whether or not a text
    is due, and before anybody waits for a lease."""
    for account in accounts:
        for channel in account.channels:
            with suppress(ConfigurationError):
                provider_of(channel)


def _end_orphans(channels: Mapping[int, Channel], ports: Ports, until: dt.datetime) -> None:
    """Texts of channels that are gone end, with the reason, until then."""
    while orphans := claims.take_orphans(uuid.uuid4(), ports, channels):
        for message in orphans:
            finish(message, MessageStatus.SUPPRESSED, Reason.CHANNEL_GONE, now=ports.clock.now())
        if ports.clock.now() >= until:
            break
