"""What storms hold: why, how much, an example, and the buttons that let it go or end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...events.catalogue import EVENTS, SOURCES
from ...exceptions import InvalidInput, TemplateError
from ...models import Message
from ...services import storm
from ...services.held import Held, answer, held
from ...services.previewing import previews
from .labels import event_label
from .visit import Part, Visit

#: button → what it does, the word that then says so
_ANSWERS = {
    "release": (storm.release, "storm_released"),
    "cancel": (storm.cancel, "storm_cancelled"),
}


@dataclass(frozen=True, kw_only=True)
class Card:
    """One storm as it is shown."""

    it: Held
    label: str
    channel: str
    why: str  #: how many there were, and how many are usual
    counts: tuple[tuple[str, int], ...]  #: what is held, by what it is called
    example: str  #: the text of the first sample


def show(visit: Visit) -> Part:
    """Every storm that holds something in the caller's channels, the largest first."""
    return _shown(visit, "")


def decide(visit: Visit) -> Part:
    """What the storm holds went its way, or ended; the page without it.

    Raises InvalidInput for a channel, an event or an answer that is none.
    """
    say, word = _ANSWERS.get(visit.text("answer"), (None, ""))
    channel = next((c for c in visit.channels.values() if c.slug == visit.text("channel")), None)
    if say is None or channel is None:
        raise InvalidInput(visit.words["no_storm"])
    count = answer(channel.id, visit.text("source"), say, visit.ports)
    return _shown(visit, visit.words[word].format(count=count))


def _shown(visit: Visit, done: str) -> Part:
    found = held(visit.ports, visit.caller.channel_ids)
    return Part(
        template="held.html",
        context={
            "done": done,
            "cards": [_card(each, visit) for each in found if each.channel_id in visit.channels],
        },
    )


def _card(it: Held, visit: Visit) -> Card:
    usual = "" if it.storm is None else visit.words["storm_usual"]
    return Card(
        it=it,
        label=_label(it.source, visit),
        channel=visit.channels[it.channel_id].slug,
        why=usual.format(**_numbers(it)) if usual else "",
        counts=tuple(_counts(it, visit)),
        example=_example(it.samples[0], visit) if it.samples else "",
    )


def _numbers(it: Held) -> Mapping[str, int]:
    return {"count": it.storm.count, "allowed": it.storm.allowed} if it.storm else {}


def _counts(it: Held, visit: Visit) -> list[tuple[str, int]]:
    texts = [(event_label(name, visit.language), count) for name, count in it.texts.items()]
    return [*texts, (visit.words["undecided"], it.undecided)] if it.undecided else texts


def _label(source: str, visit: Visit) -> str:
    """That of the first event that comes from it."""
    specs = SOURCES.get(source, ())
    return event_label(specs[0].name, visit.language) if specs else source


def _example(message: Message, visit: Visit) -> str:
    """The text as it would read now; "" where it cannot be made."""
    spec, channel = EVENTS.get(message.event_name), visit.channels[message.channel_id or 0]
    if spec is None:
        return message.body
    order = visit.ports.shop.orders([message.order_id]).get(message.order_id)
    try:
        found = previews(spec, channel, visit.ports, order=order, language=message.language)
    except TemplateError:
        return ""
    return found[0].body
