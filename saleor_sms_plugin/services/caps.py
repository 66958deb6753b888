"""How many texts may go out: offers to one person, and texts of a channel in a day.

Asked as an attempt begins, in its transaction and under locks, so that workers together keep to
it. A text counts from its attempt on, unless it is certain that nobody got it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..config import ALL_COUNTRIES
from ..domain import phone_numbers
from ..domain.reasons import Reason
from ..domain.spans import AN_HOUR
from ..domain.transitions import WENT_OUT, MessageStatus
from ..events.answers import REQUESTS
from ..events.catalogue import CATALOGUE, DAY, Purpose
from ..events.texts.alerts import BUDGET
from ..models import Message, SendAttempt, locks
from ..models.message import TEST
from ..ports import Order, Ports
from . import recipients
from .alerts import alert
from .channels import Channel

#: Anyone can have the shop ask a stranger's phone; nobody has it ask thousands.
REQUESTS_AN_HOUR = 60
#: A text begins so long after it was planned at most, with the days of its retries.
OLDEST = dt.timedelta(seconds=max(spec.expires_seconds for spec in CATALOGUE) + DAY)
_CALLED = Exists(
    SendAttempt.objects.filter(message=OuterRef("pk"), outcome=SendAttempt.Outcome.PENDING)
)
#: What was claimed counts once its call begins: a run may end before it.
_COUNTS = Q(status__in=WENT_OUT) & (~Q(status=MessageStatus.SENDING) | _CALLED)


@dataclass(frozen=True, kw_only=True)
class Cap:
    """At most ``count`` offers to one number within ``seconds``."""

    count: int
    seconds: int
    says: str  #: where the limit comes from, for people


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most ``count`` texts of a channel in a day of the shop, to a country or to all."""

    count: int
    country: str  #: ISO alpha-2, or ``ALL_COUNTRIES``
    channel: Channel
    requests: bool = False  #: at most so many requests to confirm a consent, within an hour


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What bounds one text."""

    caps: tuple[Cap, ...] = ()
    budgets: tuple[Budget, ...] = ()


NONE = Bounds()

Bounded = tuple[Message, Bounds]
Refusals = dict[int, tuple[Reason, str]]  #: by message


def bounds_of(message: Message, channel: Channel, order: Order | None) -> Bounds:
    """The limits of the shop and of the law that hold for this text. Texts to staff have none."""
    if message.to_staff:
        return NONE
    number = phone_numbers.country_of(message.recipient) if channel.config.budget else ""
    budgets = tuple(
        Budget(count=channel.config.budget[country], country=country, channel=channel)
        for country in (ALL_COUNTRIES, number)
        if country in channel.config.budget
    )
    if message.event_name in REQUESTS:
        hourly = Budget(
            count=REQUESTS_AN_HOUR, country=ALL_COUNTRIES, channel=channel, requests=True
        )
        return Bounds(budgets=(*budgets, hourly))
    if message.purpose != Purpose.MARKETING:
        return Bounds(budgets=budgets)
    caps = [
        Cap(count=limit.count, seconds=limit.seconds, says="advanced: offers_cap")
        for limit in channel.config.offers_cap
    ]
    place = recipients.place_of(order, message.recipient, message.country, channel)
    rule = channel.config.law_at(place)
    if rule.cap is not None:
        caps.append(Cap(count=rule.cap, seconds=DAY, says=f"sms_rules {rule.place}"))
    return Bounds(caps=tuple(caps), budgets=budgets)


def refusals(texts: Sequence[Bounded], ports: Ports) -> Refusals:
    """Which of these texts, about to begin, are over a limit, and why; only offers, and requests
    to confirm a consent, are refused.

    Call it in the transaction that stores their attempts: it holds the locks until then. Staff
    are told once a day of a budget that a text found used up.
    """
    bounded = [(message, bounds) for message, bounds in texts if bounds != NONE]
    if not bounded:
        return {}
    locks.lock(_locks(bounded))
    now = ports.clock.now()
    sent, used = _Sent(bounded, now), _Used(bounded, now)
    over: Refusals = {}
    for message, bounds in bounded:
        refusal = sent.refusal(message, bounds.caps) or used.refusal(message, bounds.budgets)
        if refusal:
            over[message.pk] = refusal
            continue
        sent.add(message)
        used.add(bounds.budgets)
    for budget in used.up:
        _tell_staff(budget, ports)
    return over


def _locks(bounded: Iterable[Bounded]) -> set[str]:
    numbers = {f"sms-number:{message.recipient}" for message, bounds in bounded if bounds.caps}
    days = {f"sms-day:{each.channel.id}" for _, bounds in bounded for each in bounds.budgets}
    return numbers | days


class _Sent:
    """When each of some numbers got its offers, newest first."""

    def __init__(self, bounded: Sequence[Bounded], now: dt.datetime) -> None:
        self._now = now
        self._times: dict[str, list[dt.datetime]] = {
            message.recipient: [] for message, bounds in bounded if bounds.caps
        }
        longest = max((cap.seconds for _, each in bounded for cap in each.caps), default=0)
        rows = Message.objects.filter(
            _COUNTS, recipient__in=self._times, to_staff=False, purpose=Purpose.MARKETING,
            taken_at__gt=now - dt.timedelta(seconds=longest),
        )  # fmt: skip
        rows = rows.exclude(pk__in=[message.pk for message, _ in bounded]).order_by("-taken_at")
        for number, at in rows.values_list("recipient", "taken_at") if self._times else ():
            if at is not None:
                self._times[number].append(at)

    def refusal(self, message: Message, caps: Iterable[Cap]) -> tuple[Reason, str] | None:
        for cap in caps:
            since = self._now - dt.timedelta(seconds=cap.seconds)
            had = sum(at > since for at in self._times[message.recipient])
            if had >= cap.count:
                detail = f"{had} in {_span(cap.seconds)}; at most {cap.count} ({cap.says})."
                return Reason.FREQUENCY_CAP, detail
        return None

    def add(self, message: Message) -> None:
        if message.recipient in self._times and message.purpose == Purpose.MARKETING:
            self._times[message.recipient].insert(0, self._now)


def _span(seconds: int) -> str:
    """ "24 hours", "30 days": the largest unit that is whole, a single day in hours."""
    units = ((DAY, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
    size, unit = next(each for each in units if seconds % each[0] == 0 and seconds > each[0])
    return f"{seconds // size} {unit}"


class _Used:
    """How many texts each budget has given today, and which were found used up."""

    def __init__(self, bounded: Sequence[Bounded], now: dt.datetime) -> None:
        these = [message.pk for message, _ in bounded]
        budgets = {_key(each): each for _, bounds in bounded for each in bounds.budgets}
        self._counts = {key: _count(each, these, now) for key, each in budgets.items()}
        self.up: list[Budget] = []

    def refusal(self, message: Message, budgets: Iterable[Budget]) -> tuple[Reason, str] | None:
        spent = [each for each in budgets if self._counts[_key(each)] >= each.count]
        self.up += [each for each in spent if each not in self.up and not each.requests]
        if not spent or not (
            message.purpose == Purpose.MARKETING or message.event_name in REQUESTS
        ):
            return None
        budget, everywhere = spent[0], spent[0].country == ALL_COUNTRIES
        if budget.requests:
            return Reason.REQUEST_FLOOD, f"At most {budget.count} an hour in a channel."
        return (
            Reason.DAILY_BUDGET if everywhere else Reason.COUNTRY_BUDGET,
            f"At most {budget.count} a day (advanced: budget.{budget.country}).",
        )

    def add(self, budgets: Iterable[Budget]) -> None:
        for each in budgets:
            self._counts[_key(each)] += 1


def _key(budget: Budget) -> tuple[int, str, bool]:
    return budget.channel.id, budget.country, budget.requests


def _count(budget: Budget, without: Sequence[int], now: dt.datetime) -> int:
    """Texts to customers since the shop's midnight; the number says the country. Requests to
    confirm a consent within an hour."""
    since, lives = budget.channel.midnight(now), OLDEST
    if budget.requests:
        since, lives = now - AN_HOUR, AN_HOUR
    today = Message.objects.filter(
        _COUNTS, channel_id=budget.channel.id, to_staff=False, taken_at__gte=since,
        created_at__gte=since - lives,
    ).exclude(event_name=TEST).exclude(pk__in=without)  # fmt: skip
    if budget.requests:
        return today.filter(event_name__in=REQUESTS).count()
    if budget.country == ALL_COUNTRIES:
        return today.count()
    prefix, is_shared = phone_numbers.dial_prefix(budget.country)
    alike = today.filter(recipient__startswith=prefix)
    if (most := alike.count()) < budget.count or not is_shared:
        return most  # fewer than the limit even with its neighbours', such as Canada's +1
    return _of_country(alike, budget.country)


def _of_country(texts: QuerySet[Message], country: str) -> int:
    numbers = texts.values_list("recipient", flat=True)
    return sum(phone_numbers.country_of(number) == country for number in numbers.iterator(2000))


def _tell_staff(budget: Budget, ports: Ports) -> None:
    everywhere = budget.country == ALL_COUNTRIES
    place = budget.channel.slug + ("" if everywhere else f", {budget.country}")
    midnight = budget.channel.midnight(ports.clock.now())
    alert(BUDGET, budget.channel, ports, once_since=midnight, count=budget.count, place=place)
