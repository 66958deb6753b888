"""A usual text, rendered and measured, against Django's template engine rendering the same."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Mapping

from django.template import Context, Engine

from benchmarks.figures import Figure, median_of, seconds_of
from saleor_sms_plugin.config import sample_context
from saleor_sms_plugin.domain import rendering, segments
from saleor_sms_plugin.events.catalogue import EVENTS
from saleor_sms_plugin.events.texts import built_in

NAME = "texts"
#: (event, language): short and plain, with a branch, and longer with two
TEXTS = (("order_created", "en"), ("order_created", "pl"), ("fulfillment_created", "en"))
TARGET_MICROSECONDS = 300.0


def run(scale: float = 1.0) -> tuple[list[Figure], dict[str, str]]:
    """In each of 25 rounds every text 200 times with ours and with Django's engine."""
    figures = []
    rounds, calls = max(3, round(25 * scale)), 200
    for event, language in TEXTS:
        _, source = built_in(event, language)
        ours, djangos = _ours(source, event, language), _djangos(source, event)
        seconds_of(ours, calls)  # warm up
        seconds_of(djangos, calls)
        pairs = [(seconds_of(ours, calls), seconds_of(djangos, calls)) for _ in range(rounds)]
        theirs = statistics.median(their for _, their in pairs)
        label = f"{event} ({language})"
        figures += [
            median_of(
                NAME, f"{label}: render and measure", [own * 1e6 for own, _ in pairs], "µs",
                at_most=TARGET_MICROSECONDS, details={"django_render_us": theirs * 1e6},
            ),
            median_of(
                NAME, f"{label}: over Django's render alone",
                [own / their for own, their in pairs], "x",
            ),
        ]  # fmt: skip
    return figures, {}


def _orders(event: str) -> Iterator[Mapping[str, Mapping[str, object]]]:
    """The event's usual values, without end, each time with another order's number."""
    usual = sample_context(EVENTS[event])
    numbered = [usual | {"order": {**usual["order"], "number": str(n)}} for n in range(1000, 2000)]
    return itertools.cycle(numbered)


def _ours(source: str, event: str, language: str) -> Callable[[], object]:
    orders = _orders(event)

    def work() -> object:
        text = rendering.compile(source).render(next(orders), locale=language)
        return segments.measure(text)

    return work


def _djangos(source: str, event: str) -> Callable[[], object]:
    orders = _orders(event)
    template = Engine().from_string(source.replace("elsif", "elif"))
    return lambda: template.render(Context(next(orders), autoescape=False))
