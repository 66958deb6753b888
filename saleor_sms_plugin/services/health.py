"""How an account is: its answers slow it down, close it, and open it again."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.core.mail import mail_admins
from django.db import transaction

from ..domain.reasons import Reason
from ..events.texts.alerts import ACCOUNT
from ..exceptions import (
    OutcomeUnknown,
    ProviderAccountError,
    ProviderThrottled,
    ProviderUnavailable,
    log_fault,
)
from ..models import Throttle
from ..models import throttle as throttles
from ..ports import Ports
from .accounts import UNUSABLE, accounts_of, key_of
from .alerts import alert
from .calls import Ending
from .channels import Channel, load
from .mailing import mail_server

logger = logging.getLogger(__name__)

FAILURES_TO_CLOSE = 5  #: unavailable or without an answer, in a row
CLOSED = dt.timedelta(seconds=30)  #: the first time; twice as long each time after
CLOSED_AT_MOST = dt.timedelta(minutes=5)
CLOCKS_DIFFER = dt.timedelta(minutes=1)  #: at most, among workers; one that differs more jumped
REFUSED_FOR = dt.timedelta(minutes=5)  #: an account without credit or with a wrong key
#: The interval's factor per wave of "too fast" and per accepted answer.
SLOWER, FASTER = 1.3, 0.99
SLOWEST = 30.0
TOLD_AGAIN = dt.timedelta(days=1)  #: an account that comes and goes is told again after this
LONGEST_ASKED = 60.0  #: seconds a provider may ask the whole account to wait
#: What nobody but the owner can mend.
REFUSED = (Reason.OUT_OF_CREDIT, Reason.PROVIDER_ACCOUNT)
TOO_SLOW = 7.0  #: seconds, close to where a call is given up: an answer that takes so long fails
SMOOTHING = 0.2  #: weight of the newest answer time


def learn(throttle: Throttle, run: UUID, endings: Sequence[Ending], ports: Ports) -> bool:
    """The account's row says what these answers taught; False where it is closed now.

    False, too, where the run has the account no more: a save opened it, or the run's lease ended.
    Then nothing is stored.
    """
    now = ports.clock.now()
    before = _columns(throttle)
    was_refused = is_refused(throttle) and opens_in(throttle, now) > 0
    for ending in endings:
        _learn_one(throttle, ending, now)
    learnt = dict(_columns(throttle).items() - before.items())
    if learnt:
        with ports.shop.writer():
            if not throttles.learn(throttle.key, run, learnt):
                return False
    # Calls that began before the account was closed tell nobody again.
    if not was_refused and any(isinstance(each.error, ProviderAccountError) for each in endings):
        _tell_once(throttle, ports)
    return opens_in(throttle, now) == 0


def is_at_ease(throttle: Throttle, endings: Sequence[Ending]) -> bool:
    """There is nothing to store of what these answers taught: all was well, and is."""
    was_well = throttle.slowdown == 1 and not throttle.failures and not throttle.is_probing
    return was_well and all(each.error is None and each.seconds < TOO_SLOW for each in endings)


#: The answer time changes with each answer: it is stored with the lease.
_LEARNT = (
    "slowdown", "failures", "closed_until", "closed_for", "closed_since", "detail", "told_at",
)  # fmt: skip


def _columns(throttle: Throttle) -> dict[str, Any]:
    return {name: getattr(throttle, name) for name in _LEARNT}


def _learn_one(throttle: Throttle, ending: Ending, now: dt.datetime) -> None:
    error = ending.error
    throttle.answer_seconds += SMOOTHING * (ending.seconds - throttle.answer_seconds)
    if isinstance(error, ProviderAccountError):
        _close(throttle, ending, now, REFUSED_FOR)
    elif opens_in(throttle, now) > 0:
        return  # the call began before the account was closed
    elif isinstance(error, ProviderThrottled):
        _slow_down(throttle, ending)
        if error.retry_after:
            asked = dt.timedelta(seconds=min(error.retry_after, LONGEST_ASKED))
            _close(throttle, ending, now, asked)
    elif isinstance(error, ProviderUnavailable | OutcomeUnknown) or ending.seconds >= TOO_SLOW:
        throttle.failures += 1
        if throttle.is_probing or throttle.failures >= FAILURES_TO_CLOSE:
            probes = max(0, throttle.failures - FAILURES_TO_CLOSE)
            _close(throttle, ending, now, CLOSED * 2 ** min(probes, 4))
    else:
        _open(throttle, now)


def _slow_down(throttle: Throttle, ending: Ending) -> None:
    """Once for all calls that were at their old pace: they all say the same."""
    if ending.began < throttle.slowed_at:
        return
    before = throttle.slowdown
    throttle.slowdown = min(SLOWEST, before * SLOWER)
    throttle.slowed_at = time.monotonic()
    if throttle.slowdown > before:
        logger.info(
            "Provider account slowed down %.2f times: the provider says too fast",
            throttle.slowdown,
            extra={
                "action": "account_slowed", "account": throttle.key,
                "slowdown": round(throttle.slowdown, 2),
            },
        )  # fmt: skip


def _close(throttle: Throttle, ending: Ending, now: dt.datetime, span: dt.timedelta) -> None:
    span = min(span, CLOSED_AT_MOST)
    reason = (
        ending.reason if ending.reason in REFUSED
        else Reason.PROVIDER_BUSY if isinstance(ending.error, ProviderThrottled)
        else Reason.PROVIDER_DOWN
    )  # fmt: skip
    slow = f"An answer took {ending.seconds:.0f} s."
    throttle.detail = ending.detail if ending.error else slow
    throttle.closed_until = now + span
    throttle.closed_since = throttle.closed_since or now
    if throttle.closed_for != reason:
        throttle.closed_for = reason
        logger.error(
            "Provider account closed for %d s: %s %s", span.total_seconds(),
            Reason(reason).sentence, throttle.detail,
            extra={"action": "account_closed", "account": throttle.key, "reason": reason},
        )  # fmt: skip


def _open(throttle: Throttle, now: dt.datetime) -> None:
    """Accepted, or refused for the message's own sake: the account works."""
    throttle.failures = 0
    throttle.slowdown = max(1.0, throttle.slowdown * FASTER)
    if throttle.closed_since is not None:
        logger.warning(
            "Provider account open again after %d s", (now - throttle.closed_since).total_seconds(),
            extra={"action": "account_opened", "account": throttle.key},
        )  # fmt: skip
    throttle.closed_until = throttle.closed_since = throttle.told_at = None
    throttle.closed_for = throttle.detail = ""


def opens_in(throttle: Throttle, now: dt.datetime) -> float:
    """Seconds until the account may be called; 0 where it may be now, if only as a probe.

    A closing that ends further ahead than any lasts was written by a clock that jumped: it is over.
    """
    ahead = (throttle.closed_until or now) - now
    if ahead > CLOSED_AT_MOST + CLOCKS_DIFFER:
        return 0.0
    return max(0.0, ahead.total_seconds())


def is_refused(throttle: Throttle) -> bool:
    """The provider refuses the account: it waits for credit, or for the right key."""
    return throttle.closed_for in REFUSED


def refused_accounts() -> list[Throttle]:
    """The accounts that their providers refuse."""
    return list(Throttle.objects.filter(closed_for__in=REFUSED).order_by("key"))


def _tell_once(throttle: Throttle, ports: Ports) -> None:
    """Once until the account is open again, or saved, however many calls find it refused.

    By a text, not again within ``TOLD_AGAIN``, that is stored together with ``told_at``; else
    ADMINS by e-mail, outside any transaction. Who is killed after the mail sends it again with
    the next probe rather than never, and so does who could not send it.
    """
    if not is_refused(throttle) or throttle.told_at is not None:
        return
    now = ports.clock.now()
    with ports.shop.writer():
        channels = load(ports).values()
        held = ", ".join(each.slug for each in channels if key_of(each) == throttle.key)
        teller = _teller(channels, throttle)
    if teller is None and not _mail(throttle, held):
        return
    with ports.shop.writer(), transaction.atomic():
        if throttles.tell(throttle.key, now) and teller:
            alert(ACCOUNT, teller, ports, once_since=now - TOLD_AGAIN, channels=held)
    throttle.told_at = now


def _teller(channels: Collection[Channel], throttle: Throttle) -> Channel | None:
    """A channel that can still text its staff."""
    stopped = (each.key for each in accounts_of(channels) if each.rate == 0)
    unable = {UNUSABLE, throttle.key, *(row.key for row in refused_accounts()), *stopped}
    for channel in channels:
        able = channel.stored.active and not channel.config.blocking
        if able and channel.config.staff_numbers and key_of(channel) not in unable:
            return channel
    return None


def _mail(throttle: Throttle, held: str) -> bool:
    """ADMINS got the e-mail, where there are any; False where it failed."""
    why = f"{Reason(throttle.closed_for).sentence} {throttle.detail}"
    title, words = "SMS: the provider refuses the account", f"Texts of {held} are held. {why}"
    try:
        mail_admins(title, words, connection=mail_server())
    except Exception:
        log_fault(logger, "No account can text the staff, and the e-mail to ADMINS failed, too")
        return False
    return True


def reopen(keys: Sequence[str]) -> None:
    """A staff member saved: these accounts are tried again at once, and told of again."""
    throttles.reopen(keys)


def state_of(throttle: Throttle, now: dt.datetime) -> dict[str, Any]:
    """The account for people and programs."""
    closed = opens_in(throttle, now) > 0
    return {
        "account": throttle.key,
        "state": "closed" if closed else "probing" if throttle.is_probing else "open",
        "reason": throttle.closed_for,
        "why": Reason(throttle.closed_for).sentence if throttle.closed_for else "",
        "detail": throttle.detail,
        "closed_since": throttle.closed_since,
        "closed_until": throttle.closed_until if closed else None,
        "slowdown": round(throttle.slowdown, 2),
        "answer_seconds": round(throttle.answer_seconds, 3),
        "failures_in_a_row": throttle.failures,
    }
