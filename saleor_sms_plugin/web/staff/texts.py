"""The texts of a channel, and the editor with its preview.

Saving is Saleor's own: the page's script calls ``pluginUpdate`` with the caller's token, so
that Saleor's permissions and this plugin's validation hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...config import send_field, text_field
from ...domain.formatting import format_money
from ...domain.segments import CAPACITY, Encoding
from ...events.answers import ANSWERS
from ...events.catalogue import CATALOGUE, EVENTS, EventSpec, Purpose, TextSpec
from ...events.texts import built_in
from ...events.variables import VARIABLES, names_of
from ...exceptions import InvalidInput
from ...services.previewing import Preview, draft, faults, previews
from ..graphql.ids import global_id
from . import dry_runs
from .labels import event_label, fault_words
from .visit import Part, Visit

_ALPHABETS = {Encoding.GSM7: "GSM-7", Encoding.UCS2: "UCS-2"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One text as it is listed."""

    name: str
    label: str
    own: str  #: the languages of the owner's text, "" where the built-in one holds
    switch: str  #: the field that switches it on, "" for an answer
    on: bool
    marketing: bool


@dataclass(frozen=True, kw_only=True)
class Phone:
    """One language's text beside what it costs."""

    it: Preview
    alphabet: str
    room: int  #: units that its segments hold
    prices: tuple[str, ...]  #: by country, where known


def show(visit: Visit) -> Part:
    """Every event and answer of the channel, and whether it is on."""
    channel = visit.channel
    return Part(
        template="texts.html",
        context={
            "channel": channel.slug,
            "channel_id": global_id("Channel", channel.id),
            "channels": [each.slug for each in visit.channels.values()],
            "active": channel.stored.active,
            "groups": [
                (visit.words["events"], [_line(spec, visit) for spec in CATALOGUE]),
                (visit.words["answers"], [_line(spec, visit) for spec in ANSWERS.values()]),
            ],
        },
    )


def _line(spec: TextSpec, visit: Visit) -> Line:
    config = visit.channel.config
    own = config.texts.get(spec.name, {})
    return Line(
        name=spec.name,
        label=event_label(spec.name, visit.language),
        own=", ".join(code or visit.words["any_language"] for code in own),
        switch=send_field(spec.name) if isinstance(spec, EventSpec) else "",
        on=config.sends(spec.name),
        marketing=spec.purpose is Purpose.MARKETING,
    )


def _spec(name: str, visit: Visit) -> TextSpec:
    spec = EVENTS.get(name) or ANSWERS.get(name)
    if spec is None:
        raise InvalidInput(visit.words["no_text"].format(name=name))
    return spec


def edit(visit: Visit, name: str) -> Part:
    """The editor of one text. Raises InvalidInput for a name that is none."""
    spec, channel = _spec(name, visit), visit.channel
    stored = str(channel.stored.values.get(text_field(name)) or "")
    return Part(
        template="text.html",
        context={
            "line": _line(spec, visit),
            "channel": channel.slug,
            "channel_id": global_id("Channel", channel.id),
            "channels": [each.slug for each in visit.channels.values()],
            "field": text_field(name),
            "text": stored,
            "built_in": built_in(name, visit.language)[1],
            "spans": dry_runs.SPANS if dry_runs.is_shown_by_orders(spec) else (),
            "span": dry_runs.USUAL,
            "variables": [(each, VARIABLES[each].meaning) for each in names_of(spec)],
            **_preview(spec, stored, visit),
        },
    )


def preview(visit: Visit, name: str) -> Part:
    """The text as it stands in the editor, in each of its languages."""
    spec = _spec(name, visit)
    text = visit.asked.get(text_field(name), "").replace("\r\n", "\n")
    return Part(template="preview.html", context=_preview(spec, text, visit))


def _preview(spec: TextSpec, text: str, visit: Visit) -> dict[str, object]:
    channel = draft(spec, text, visit.channel)
    wrong = faults(spec, text, channel)
    shown = [] if wrong else previews(spec, channel, visit.ports, order=None)
    return {
        "sender": channel.config.sender_id or channel.shop_name,
        "faults": [fault_words(fault, visit.language) for fault in wrong],
        "phones": [_phone(each, visit) for each in shown],
    }


def _phone(it: Preview, visit: Visit) -> Phone:
    single, several = CAPACITY[it.measured.encoding]
    count = it.measured.segment_count
    return Phone(
        it=it,
        alphabet=_ALPHABETS[it.measured.encoding],
        room=single if count <= 1 else several * count,
        prices=tuple(
            f"{each.country} {format_money(each.price, each.currency, visit.language)}"
            for each in it.estimates
        ),
    )
