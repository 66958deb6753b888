"""Why a text whose time has come has not gone out yet: its account, or the texts before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q

from ..domain.reasons import Reason
from ..domain.transitions import WAITING
from ..models import Message, Throttle
from ..ports import Ports
from .account_health import state_of, throttles_of
from .accounts import Account, accounts_of
from .channels import load

#: Held for itself, a text would not go out if its account could be called.
_GOES_WITH_ITS_ACCOUNT = (
    "", Reason.RETRY, Reason.SENDER_RATE, Reason.PROVIDER_ACCOUNT, Reason.OUT_OF_CREDIT,
)  # fmt: skip


class Why(NamedTuple):
    """What is told of a text while it is so; no row says it."""

    reason: Reason
    detail: str  #: for people: the particulars

    @property
    def sentence(self) -> str:
        return f"{self.reason.sentence} {self.detail}".rstrip()


def why_waiting(messages: Iterable[Message], ports: Ports) -> dict[int, Why]:
    """By message, of those whose time has come: that its account is closed, is being tried or is
    stopped, or how many texts go first. What waits for something else keeps the reason of its
    row, and is left out; a few statements, and one for each text in a queue."""
    now = ports.clock.now()
    due = [
        message for message in messages
        if message.status in WAITING and message.not_before <= now
        and message.reason in _GOES_WITH_ITS_ACCOUNT
    ]  # fmt: skip
    if not due:
        return {}
    with ports.shop.writer():
        every = accounts_of(load(ports).values())
        throttles = throttles_of(every, now)
        accounts = {channel_id: each for each in every for channel_id in each.channel_ids}
        found = {}
        for message in due:
            if account := accounts.get(message.channel_id or 0):
                closed = _of_account(account, throttles[account.key], now)
                found[message.pk] = closed or _of_queue(message, account, now)
    return {pk: why for pk, why in found.items() if why is not None}


def _of_account(account: Account, throttle: Throttle, now: dt.datetime) -> Why | None:
    state = state_of(account, throttle, now)
    if not state["reason"]:
        return None
    detail = state["detail"]
    if state["state"] == "closed":
        detail = f"Until {state['closed_until']:%Y-%m-%d %H:%M:%S} UTC. {detail}"
    elif state["state"] == "probing":
        detail = f"One text is tried now. {detail}"
    return Why(Reason(state["reason"]), detail.rstrip())


def _of_queue(message: Message, account: Account, now: dt.datetime) -> Why | None:
    if message.reason:
        return None
    older = Q(not_before__lt=message.not_before) | Q(not_before=message.not_before) & Q(
        pk__lt=message.pk
    )
    before = Message.objects.filter(
        Q(priority__lt=message.priority) | Q(priority=message.priority) & older,
        channel_id__in=account.channel_ids, status__in=WAITING, not_before__lte=now,
    )  # fmt: skip
    before = before.exclude(reason=Reason.SENDER_RATE)  # others pass it
    return Why(Reason.QUEUE, f"Texts before it: {before.count()}.")
