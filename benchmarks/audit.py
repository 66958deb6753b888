"""What the provider's server counted beside what our tables say: every difference, by text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.provider import Request

SENT = ("sent", "delivered", "undelivered")
UNKNOWN = "outcome_unknown"


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text as our tables have it, and the requests that bore its reference."""

    id: int
    order: str
    status: str
    reason: str
    is_claimed: bool
    attempts: Sequence[str]  #: outcomes, oldest first
    requests: Sequence[Request]

    @property
    def arrived(self) -> int:
        """How often a phone would get it."""
        return sum(request.accepted for request in self.requests)


@dataclass(frozen=True)
class Violation:
    """A rule that does not hold, and where."""

    rule: str
    order: str
    texts: Sequence[Text] = ()


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The counts of both sides, and what is wrong."""

    statuses: Mapping[str, int]
    reasons: Mapping[str, int]  #: of texts that were not sent
    requests: int
    faults: Mapping[str, int]  #: that requests met
    accepted: int  #: requests
    sent: int  #: texts
    unknown_arrived: int  #: texts of unknown outcome that a phone would have
    unknown_lost: int  #: and that none would have
    violations: Sequence[Violation]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _has_tries_left(text: Text) -> bool:
    from saleor_sms_plugin.domain.retry import DEFAULT

    return text.attempts.count("retryable") < DEFAULT.max_attempts


def _is_ended(text: Text) -> bool:
    from saleor_sms_plugin.domain.transitions import FINAL

    return text.status in (*FINAL, *SENT, UNKNOWN)


#: rule → whether a text breaks it
RULES: Mapping[str, Callable[[Text], bool]] = {
    "has not ended": lambda text: not _is_ended(text),
    "expired, and nobody was late": lambda text: text.status == "expired",
    "failed, with tries left": lambda text: text.status == "failed" and _has_tries_left(text),
    "is still claimed": lambda text: text.is_claimed,
    "was accepted twice": lambda text: text.arrived > 1,
    "is sent, but was never accepted": lambda text: text.status in SENT and not text.arrived,
    "was accepted, but is not sent": lambda text: (
        bool(text.arrived) and text.status not in (*SENT, UNKNOWN)
    ),
    "was called without an attempt row": lambda text: len(text.requests) > len(text.attempts),
    "has an attempt without an end": lambda text: "pending" in text.attempts,
    "was not sent, without a reason": lambda text: text.status not in SENT and not text.reason,
}


def audit(orders: Collection[str], requests: Sequence[Request]) -> Audit:
    """Each of *orders* must have one text, in order by ``RULES``, and nobody a lease.

    To be called once nobody works any more.
    """
    texts = _texts(requests)
    by_order: dict[str, list[Text]] = defaultdict(list)
    for text in texts:
        by_order[text.order].append(text)
    known = {request.reference for text in texts for request in text.requests}
    wrong = [
        *(Violation("has no text", order) for order in orders if order not in by_order),
        *(
            Violation("has more than one text", order, its)
            for order, its in by_order.items()
            if len(its) > 1
        ),
        *(
            Violation(rule, text.order, [text])
            for text in texts
            for rule, is_broken in RULES.items()
            if is_broken(text)
        ),
        *(
            Violation("request for a text that is in no table", request.to)
            for request in requests
            if request.reference not in known
        ),
        *(
            Violation("got two texts", to)
            for to, count in Counter(each.to for each in requests if each.accepted).items()
            if count > 1
        ),
        *(Violation("lease that nobody holds any more", key) for key in leases()),
    ]
    unknown = [text for text in texts if text.status == UNKNOWN]
    return Audit(
        statuses=dict(Counter(text.status for text in texts)),
        reasons=dict(Counter(text.reason for text in texts if text.status not in SENT)),
        requests=len(requests),
        faults=dict(Counter(request.fault for request in requests if request.fault)),
        accepted=sum(request.accepted for request in requests),
        sent=sum(text.status in SENT for text in texts),
        unknown_arrived=sum(bool(text.arrived) for text in unknown),
        unknown_lost=sum(not text.arrived for text in unknown),
        violations=wrong,
    )


def _texts(requests: Sequence[Request]) -> list[Text]:
    from saleor_sms_plugin.models import Message, SendAttempt

    called: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        called[request.reference].append(request)
    tried: dict[int, list[str]] = defaultdict(list)
    for message, outcome in (
        SendAttempt.objects.order_by("number").values_list("message_id", "outcome")
    ):  # fmt: skip
        tried[message].append(outcome)
    return [
        Text(
            id=message.pk, order=message.order_id, status=message.status, reason=message.reason,
            is_claimed=message.claim is not None, attempts=tried[message.pk],
            requests=called[str(message.reference)],
        )
        for message in Message.objects.order_by("pk")
    ]  # fmt: skip


def leases() -> list[str]:
    """Accounts and turns that somebody still has by the database's clock."""
    from django.db.models.functions import Now

    from saleor_sms_plugin.models import Throttle

    held = Throttle.objects.filter(run__isnull=False, run_until__gt=Now())
    return list(held.values_list("key", flat=True))
