"""A text against the orders of the last days: what would have gone, to where, for how much."""

from __future__ import annotations

from ...config import text_field
from ...domain.formatting import format_money
from ...events.catalogue import EVENTS, EventSpec, TextSpec
from ...exceptions import InvalidInput
from ...services import dry_run
from ...services.dry_run import DryRun, Tally
from ...services.previewing import draft, faults
from .labels import country_label, fault_words
from .visit import Part, Visit
from .words.reasons import why

SPANS = (7, 30, dry_run.LONGEST)  #: days
USUAL = 30
NOTHING = "-"


def is_shown_by_orders(spec: TextSpec) -> bool:
    """Whether orders show that the text's event happened to them."""
    return isinstance(spec, EventSpec) and spec.source in dry_run.HAPPENED


def show(visit: Visit, name: str) -> Part:
    """What would have come of the text as it stands in the editor. Nothing is sent or stored.

    Raises InvalidInput for an event that orders do not show, or another span than ``SPANS``.
    """
    spec = EVENTS.get(name)
    if spec is None:
        raise InvalidInput(visit.words["no_text"].format(name=name))
    days = next((each for each in SPANS if str(each) == visit.text("days")), None)
    if days is None:
        raise InvalidInput(visit.words["no_span"].format(spans=", ".join(map(str, SPANS))))
    text = visit.asked.get(text_field(name), "").replace("\r\n", "\n")
    channel = draft(spec, text, visit.channel)
    if wrong := faults(spec, text, channel):
        said = [fault_words(fault, visit.language) for fault in wrong]
        return Part(template="dry_run.html", context={"faults": said})
    return Part(
        template="dry_run.html",
        context=_context(dry_run.run(spec, channel, days, visit.ports), visit),
    )


def _context(run: DryRun, visit: Visit) -> dict[str, object]:
    words = visit.words
    tallies = sorted(run.by_country.values(), key=lambda each: (-each.message_count, each.country))
    suppressed = sorted(run.suppressed.items(), key=lambda each: (-each[1], each[0]))
    return {
        "run": run,
        "said": words["tried"].format(
            orders=run.order_count, events=run.event_count, since=f"{run.since:%Y-%m-%d}",
            texts=run.message_count, suppressed=sum(run.suppressed.values()),
        ),
        "lines": [
            (country_label(each.country, visit.language), each.message_count, each.segment_count,
             _cost(each, visit))
            for each in tallies
        ],
        "reasons": [(why(reason, visit.language), count) for reason, count in suppressed],
    }  # fmt: skip


def _cost(tally: Tally, visit: Visit) -> str:
    if tally.cost is None:
        return NOTHING
    return format_money(tally.cost, tally.currency, visit.language)
