"""Who talks to whom in a reply: the person, the text they answer, the channel and its sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from ..domain import phone_numbers
from ..domain.consent import EVERYTHING, MARKETING, Scope
from ..domain.languages import language_code
from ..domain.law import Rule, StopScope, law_at
from ..domain.places import Place
from ..events.answers import ANSWERS
from ..events.catalogue import Purpose
from ..models import InboundMessage, Message, ProviderAccount
from ..ports import Ports
from .accounts import key_of
from .answers import languages_of
from .channels import Channel, load
from .inbound import sent_from, texts_to
from .reach import Reach, reach_of

#: These answer a person; what a STOP is about, the text before them says.
_ASIDES = [name for name, answer in ANSWERS.items() if answer.topic is None]


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A reply and what is known of it."""

    inbound: InboundMessage
    last: Message | None  #: the text it answers, None where none is known
    channel: Channel | None  #: that text's, else one of the account's; None without any
    speaks_for: Channel | None  #: the same, where it surely is the one that was written to
    reach: Reach  #: of a STOP
    sender_id: str  #: what the shop's texts to this person come from, as channels name it

    @property
    def number(self) -> str:
        """The person's, E.164; "" where it is none or was erased."""
        return self.inbound.sender

    @property
    def country(self) -> str:
        return phone_numbers.country_of(self.number) if self.number else ""

    @cached_property
    def rule(self) -> Rule:
        place = Place(number=self.number)
        return self.channel.config.law_at(place) if self.channel else law_at(place)

    @property
    def languages(self) -> set[str]:
        """What the person may write: the country's languages, and that of the text they answer."""
        answered = language_code(self.last.language).partition("-")[0] if self.last else ""
        return {answered, *languages_of(self.country)}

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What a STOP ends by the law of the place."""
        if self.rule.stop_scope is StopScope.EVERYTHING or self.last is None:
            return EVERYTHING
        return MARKETING if _is_offer(self.last) else EVERYTHING


def _is_offer(message: Message) -> bool:
    answer = ANSWERS.get(message.event_name)
    topic = answer.topic if answer else None
    return (topic or message.purpose) == Purpose.MARKETING


def talk_of(inbound: InboundMessage, ports: Ports) -> Talk:
    """What is known of this reply now. Call it under writer access."""
    channels = load(ports)
    ours = _of_account(inbound.account, channels)
    receiving = [channel for channel in ours if _receives_at(channel, inbound)]
    last = _answered(inbound, receiving)
    known = channels.get((last.channel_id if last else inbound.channel_id) or 0)
    speaks_for = known or next(iter(receiving), None)
    sender_id = _sender(inbound, last, speaks_for)
    return Talk(
        inbound=inbound,
        last=last,
        channel=speaks_for or next(iter(ours), None),
        speaks_for=speaks_for,
        reach=reach_of(
            inbound.sender, speaks_for, [sender_id, *_written_to(inbound, channels)], channels
        ),
        sender_id=sender_id,
    )


def _answered(inbound: InboundMessage, receiving: Sequence[Channel]) -> Message | None:
    """The last text from the number that was written to, or of a channel that names it."""
    if not inbound.sender:
        return None
    texts = texts_to(inbound.sender, inbound.received_at).filter(to_staff=False)
    from_there = sent_from(inbound.recipient, inbound.account.provider)
    named = Q(channel_id__in=[channel.id for channel in receiving])
    return texts.filter(from_there | named).exclude(event_name__in=_ASIDES).first()


def _of_account(account: ProviderAccount, channels: Mapping[int, Channel]) -> list[Channel]:
    """The account's channels, those that are switched on first."""
    ours: Iterable[Channel] = (
        channel
        for channel in channels.values()
        if channel.config.provider == account.provider and key_of(channel) == account.key
    )
    return sorted(ours, key=lambda channel: (not channel.stored.active, channel.id))


def _receives_at(channel: Channel, inbound: InboundMessage) -> bool:
    """The number that was written to is the channel's sender, or where it asks to write STOP."""
    country = phone_numbers.country_of(inbound.sender) if inbound.sender else ""
    numbers = channel.config.opt_out_numbers
    mine = {channel.config.sender_for(country), numbers.get(country, numbers.get("", ""))}
    return inbound.recipient.removeprefix("+") in {each.removeprefix("+") for each in mine if each}


def _written_to(inbound: InboundMessage, channels: Mapping[int, Channel]) -> list[str]:
    """The number that was written to, where some channel's texts come from there now: the last
    text may have come from another one before."""
    country = phone_numbers.country_of(inbound.sender) if inbound.sender else ""
    number = inbound.recipient.removeprefix("+")
    senders = {channel.config.sender_for(country) for channel in channels.values()}
    return [number] if number in senders else []


def _sender(inbound: InboundMessage, last: Message | None, channel: Channel | None) -> str:
    if last is not None:
        return last.sender_id.removeprefix("+")
    if channel is not None and inbound.sender:
        return channel.config.sender_for(phone_numbers.country_of(inbound.sender))
    return inbound.recipient.removeprefix("+")
