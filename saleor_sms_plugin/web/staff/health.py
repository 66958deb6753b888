"""Whether texts go out: worker and beat, what waits, and each account at a provider."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ...domain.formatting import format_money
from ...models import Installation
from ...services import installation, metrics
from ...services.account_health import AccountHealth, account_healths, balances_of
from ...services.balances import KnownBalance
from ...services.first_steps import ALIVE
from .visit import Part, Visit
from .words.reasons import why

NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Card:
    """One account as it is shown."""

    it: AccountHealth
    state: str  #: open, closed, probing or stopped, in words
    why: str  #: why it is not open, "" where it is
    balance: str
    rate: str


def show(visit: Visit) -> Part:
    """The machinery, the queue and the accounts of the caller's channels."""
    ids, words = visit.caller.channel_ids, visit.words
    row = Installation.objects.filter(pk=Installation.ONLY).first() or Installation()
    queue = metrics.queue_of(visit.ports, ids)
    share = metrics.sent_of(visit.ports, ids).prompt_share
    accounts = account_healths(visit.ports, ids)
    known = balances_of(accounts, visit.ports)
    numbers = {
        "waiting": queue.waiting, "due": queue.due, "sending": queue.sending,
        "to_plan": queue.to_plan,
    }  # fmt: skip
    return Part(
        template="health.html",
        context={
            "copied": ""
            if installation.is_same(visit.ports)
            else why("other_installation", visit.language),
            "seen": [
                (words["worker"], row.worker_at, _is_alive(row.worker_at, visit)),
                (words["beat"], row.periodic_at, _is_alive(row.periodic_at, visit)),
            ],
            "figures": [
                *((words[f"queue_{name}"], str(number)) for name, number in numbers.items()),
                (words["oldest_due"], _span(queue.oldest_due_seconds)),
                (words["prompt_share"], NOTHING if share is None else f"{share:.0%}"),
            ],
            "cards": [_card(each, known.get(each.account.key), visit) for each in accounts],
        },
    )


def _is_alive(at: dt.datetime | None, visit: Visit) -> bool:
    return at is not None and visit.ports.clock.now() - at < ALIVE


def _span(seconds: float) -> str:
    """ "42 s", "3 min", "2 h"."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _card(it: AccountHealth, known: KnownBalance | None, visit: Visit) -> Card:
    words, state = visit.words, it.state
    rate = it.account.rate
    return Card(
        it=it,
        state=words[f"account_{state['state']}"],
        why=why(state["reason"], visit.language),
        balance=_balance(known, visit),
        rate=words["no_limit"] if rate is None else words["a_second"].format(rate=f"{rate:g}"),
    )


def _balance(known: KnownBalance | None, visit: Visit) -> str:
    if known is None:
        return visit.words["no_balance"]
    if known.balance is None:
        return known.problem or NOTHING
    amount, currency = known.balance.amount, known.balance.currency
    return format_money(amount, currency, visit.language) if currency else f"{amount:f}"
