"""How far a stop reaches: where it is put down, and where what it ended can hold again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ..domain import phone_numbers
from ..domain.consent import Entry, ended_by
from ..domain.law import StopScope
from ..domain.places import Place
from ..ports import Ports
from .channels import Channel, load
from .ledger import Deed


def channels_reached(
    number: str, channel: Channel | None, sender_id: str, channels: Iterable[Channel]
) -> list[Channel | None]:
    """Where a stop that was told to this sender of the channel is put down.

    In every channel that sends from there to this person now, so that it goes on holding where
    one of them changes its sender; the channel itself is the first. None stands for everywhere:
    by the law of the place, or where nobody knows the channel.
    """
    if channel is None:
        return [None]
    if channel.config.law_at(Place(number=number)).stop_scope is StopScope.EVERYTHING:
        return [None]
    country, sender = phone_numbers.country_of(number), sender_id.removeprefix("+")
    sharing = (
        each for each in channels
        if each.id != channel.id and each.config.sender_for(country) == sender
    )  # fmt: skip
    return [channel, *sharing]


def put_down(deed: Deed, channels: Sequence[Channel | None]) -> list[Deed]:
    """The stop in each of these channels."""
    return [
        replace(deed, channel=channel, key=_numbered(deed.key, number))
        for number, channel in enumerate(channels)
    ]


def taken_back(
    deed: Deed, acts: Collection[int], entries: Sequence[Entry], ports: Ports
) -> list[Deed]:
    """The deed wherever these acts, named by their ids, are the only ones that stop something.

    Channels that are gone are left out.
    """
    found = load(ports)
    deeds = []
    places = dict.fromkeys((each.channel_id, each.sender_id) for each in entries if each.id in acts)
    for number, (channel_id, sender_id) in enumerate(places):
        scopes = ended_by(acts, entries, channel_id, sender_id)
        if scopes and (channel_id is None or channel_id in found):
            key, channel = _numbered(deed.key, number), found.get(channel_id or 0)
            deeds.append(
                replace(deed, scopes=scopes, channel=channel, sender_id=sender_id, key=key)
            )
    return deeds


def _numbered(key: str, number: int) -> str:
    """Each act of one deed is stored once; the first one by the key alone."""
    return f"{key}:{number}" if key and number else key
