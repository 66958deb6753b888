"""What the provider accounts hold: asked for seldom, and never waited for long."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from ..exceptions import ConfigurationError, SmsError
from ..ports import Ports
from ..providers import Balance, Provider, provider_class
from .accounts import Account, provider_of
from .channels import Channel

KEPT, FAILURE_KEPT = dt.timedelta(minutes=10), dt.timedelta(minutes=1)
TIMEOUT = (0.7, 0.7)  #: seconds to connect and to wait: somebody looks at a page
PATIENCE = 0.6  #: seconds; no account is asked later, so a page waits for 2 s at most


@dataclass(frozen=True)
class KnownBalance:
    """What an account held, or why that is not known."""

    balance: Balance | None  #: None where nobody can ask, or where ``problem`` says why not
    problem: str
    at: dt.datetime

    def is_fresh(self, now: dt.datetime) -> bool:
        """Nobody needs to ask again yet."""
        return now - (FAILURE_KEPT if self.problem else KEPT) < self.at <= now


_Key = tuple[str, tuple[tuple[str, str], ...]]  #: another secret is asked with at once
_known: dict[_Key, KnownBalance] = {}
_lock = Lock()


def balances(accounts: Iterable[Account], ports: Ports) -> dict[str, KnownBalance]:
    """By the account's key, no older than ``KEPT``; within 2 seconds for all.

    An account that could not be asked in that time is left out. Remembered per process; a failure,
    too, for a shorter time, so that not every page waits for the same silence.
    """
    began, now = time.monotonic(), ports.clock.now()
    found = {}
    for account in accounts:
        channel = next((c for c in account.channels if c.stored.active), account.channels[0])
        key = (account.key, tuple(sorted(channel.config.provider_settings.items())))
        with _lock:
            known = _known.get(key)
        if known is None or not known.is_fresh(now):
            if time.monotonic() - began > PATIENCE:
                continue
            known = _ask(channel, now)
            with _lock:
                _known[key] = known
        found[account.key] = known
    return found


def _ask(channel: Channel, now: dt.datetime) -> KnownBalance:
    try:
        if provider_class(channel.config.provider).balance is Provider.balance:
            return KnownBalance(None, "", now)
        return KnownBalance(provider_of(channel, timeout=TIMEOUT).balance(), "", now)
    except (ConfigurationError, SmsError) as error:
        return KnownBalance(None, str(error), now)
