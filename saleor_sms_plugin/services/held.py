"""What storms hold, for the staff who let it go or end it (``storm.release``, ``storm.cancel``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from ..domain.reasons import Reason
from ..domain.transitions import MessageStatus
from ..events.catalogue import EVENTS, SOURCES
from ..exceptions import InvalidInput
from ..models import Message, ShopEvent, Storm
from ..ports import Ports
from . import storm
from .storm import Key

MOST_SAMPLES = 3  #: texts shown of one storm


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one source brought far too much of in one channel."""

    channel_id: int
    source: str  #: of the catalogue's events
    texts: Mapping[str, int]  #: how many are held, by event
    undecided: int  #: recorded events whose texts are not decided yet
    storm: Storm | None  #: None where it ended more than 14 days ago
    samples: tuple[Message, ...]  #: the first of the texts

    @property
    def count(self) -> int:
        return sum(self.texts.values()) + self.undecided


def held(ports: Ports, channel_ids: Collection[int] | None = None) -> list[Held]:
    """What storms hold in these channels, in all where None, the most first; four statements."""
    only = {} if channel_ids is None else {"channel_id__in": channel_ids}
    with ports.shop.writer():
        messages = Message.objects.filter(
            **only, status=MessageStatus.HELD, reason=Reason.STORM, channel_id__isnull=False
        )
        events = ShopEvent.objects.filter(**only, held=True, plan_at__isnull=False)
        texts: dict[Key, dict[str, int]] = {}
        rows = messages.values_list("channel_id", "event_name").annotate(count=Count("pk"))
        for channel_id, name, count in rows.order_by("event_name"):
            texts.setdefault((channel_id, _source(name)), {})[name] = count
        counted = events.values_list("channel_id", "name").annotate(count=Count("pk")).order_by()
        undecided = {(channel_id, name): count for channel_id, name, count in counted}
        storms = {(s.channel_id, s.name): s for s in Storm.objects.filter(**only).order_by("since")}
        samples: dict[Key, list[Message]] = {}
        for message in _first(messages):
            key = (message.channel_id or 0, _source(message.event_name))
            samples.setdefault(key, []).append(message)
    found = [
        Held(
            channel_id=key[0], source=key[1], texts=texts.get(key, {}),
            undecided=undecided.get(key, 0), storm=storms.get(key),
            samples=tuple(samples.get(key, ())[:MOST_SAMPLES]),
        )
        for key in texts.keys() | undecided.keys()
    ]  # fmt: skip
    return sorted(found, key=lambda each: (-each.count, each.channel_id, each.source))


def answer(channel_id: int, source: str, say: Callable[..., storm.Answered], ports: Ports) -> int:
    """What the storm of this source holds in the channel went its way, or ended, as
    ``storm.release`` or ``storm.cancel`` says; how many texts and undecided events.

    Raises InvalidInput for a source that the catalogue does not have.
    """
    if source not in SOURCES:
        raise InvalidInput(f"There is no event “{source[:60]}”.")
    with ports.shop.writer(), transaction.atomic():
        said = [say(ports, channels=[channel_id], event=spec.name) for spec in SOURCES[source]]
    return sum(each.texts + each.undecided for each in said)


def _source(event_name: str) -> str:
    return EVENTS[event_name].source if event_name in EVENTS else event_name


def _first(messages: QuerySet[Message]) -> QuerySet[Message]:
    """The first of each event in each channel."""
    kind = [F("channel_id"), F("event_name")]
    place = Window(RowNumber(), partition_by=kind, order_by=F("pk").asc())
    return messages.annotate(place=place).filter(place__lte=MOST_SAMPLES).order_by("pk")
