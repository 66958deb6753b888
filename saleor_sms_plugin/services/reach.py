"""How far a stop reaches: where it is put down, and where what it ended can hold again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from ..domain import phone_numbers
from ..domain.consent import Act, Entry, Scope, ended_by, standing
from ..domain.law import StopScope
from ..domain.places import Place
from ..ports import Ports
from .channels import Channel, load
from .ledger import Deed


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where a stop is put down: in each of these channels, for each of these senders."""

    channels: Sequence[Channel | None]  #: None stands for everywhere
    senders: Sequence[str]  #: that it was told to, as channels name them
    everywhere: Collection[int] = ()  #: ids of all channels, where one of those is None

    def put_down(self, deed: Deed) -> list[Deed]:
        """The stop in each channel, for each sender."""
        return [
            replace(deed, channel=channel, sender_id=sender, key=_numbered(deed.key, number))
            for number, (sender, channel) in enumerate(product(self.senders, self.channels))
        ]

    def stopped(self, entries: Collection[Entry], acts: Collection[Act]) -> frozenset[Scope]:
        """The scopes that one of these acts stops in every place that this reaches."""
        named = {channel.id if channel else None for channel in self.channels}
        places = list(product(named.union(self.everywhere), self.senders))

        def is_stopped(scope: Scope, channel_id: int | None, sender: str) -> bool:
            stop = standing(entries, scope, channel_id, sender).stopped
            return stop is not None and stop.act in acts

        return frozenset(s for s in Scope if all(is_stopped(s, *place) for place in places))


def reach_of(
    number: str, channel: Channel | None, senders: Iterable[str], channels: Mapping[int, Channel]
) -> Reach:
    """How far a stop goes that this person told to these senders of the channel.

    To every channel that sends from there to this person now, so that it goes on holding where
    one of them changes its sender; the channel itself is the first. Everywhere by the law of the
    place, or where nobody knows the channel.
    """
    told = tuple(dict.fromkeys(sender.removeprefix("+") for sender in senders))
    place = Place(number=number)
    if channel is None or channel.config.law_at(place).stop_scope is StopScope.EVERYTHING:
        return Reach(channels=[None], senders=told, everywhere=channels.keys())
    country = phone_numbers.country_of(number)
    sharing = (
        each for each in channels.values()
        if each.id != channel.id and each.config.sender_for(country) in told
    )  # fmt: skip
    return Reach(channels=[channel, *sharing], senders=told)


def taken_back(
    deed: Deed, acts: Collection[int], entries: Sequence[Entry], ports: Ports
) -> list[Deed]:
    """The deed wherever these acts, named by their ids, are the only ones that stop something.

    Channels that are gone are left out.
    """
    found = load(ports)
    others = [entry for entry in entries if entry.id not in acts]
    deeds = []
    places = dict.fromkeys((each.channel_id, each.sender_id) for each in entries if each.id in acts)
    for number, (channel_id, sender_id) in enumerate(places):
        scopes = ended_by(acts, entries, channel_id, sender_id)
        if scopes and (channel_id is None or channel_id in found):
            # For its sender it would hold in each channel that has it: none may have another stop.
            alone = not any(
                standing(others, scope, each, sender_id).stopped
                for scope, each in product(scopes, found)
            )
            key, channel = _numbered(deed.key, number), found.get(channel_id or 0)
            sender = sender_id if alone else ""
            deeds.append(replace(deed, scopes=scopes, channel=channel, sender_id=sender, key=key))
    return deeds


def _numbered(key: str, number: int) -> str:
    """Each act of one deed is stored once; the first one by the key alone."""
    return f"{key}:{number}" if key and number else key
