"""A text tried out: written with sample values as the worker writes it, and counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import get_territory_currencies

from ..config import parse, sample_context, text_field
from ..config.opt_outs import longest
from ..config.texts import Context, money_samples
from ..config.values import country, did_you_mean
from ..domain import rendering, segments
from ..domain.law import SenderNames, law_of
from ..domain.opt_outs import with_opt_out
from ..events.catalogue import EVENTS, EventSpec, Purpose
from ..events.variables import VARIABLES, Value, names_of
from ..exceptions import TemplateError

_NUMBER = "+12125550100"  #: a sender, where a name is none
_STOP_NUMBER = "opt_out_number = FR 36180"  #: without one there are no offers to France
_ALPHABETS = {segments.Encoding.GSM7: "GSM-7", segments.Encoding.UCS2: "UCS-2"}


class Refusal(Exception):
    """What was asked cannot be done; the message says how to mend it, ``facts`` the same."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A finished text and what it costs."""

    text: str
    encoding: str  #: "gsm7" or "ucs2"
    units: int
    segments: int
    forcing: tuple[str, ...]  #: the characters that made it UCS-2
    segments_without_forcing: int

    @property
    def cost(self) -> str:
        """In words, with the price without special letters where there are any."""
        alphabet = _ALPHABETS[segments.Encoding(self.encoding)]
        words = f"{alphabet}, {self.units} units, {_count(self.segments)}"
        if not self.forcing:
            return words
        return (
            f"{words}\nbecause of: {' '.join(self.forcing)}  (written with plain letters: "
            f"{_count(self.segments_without_forcing)})"
        )


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One event's text in one language."""

    event: str
    label: str
    language: str  #: that was found for the one asked for
    built_in: bool
    samples: Mapping[str, Sample]

    @property
    def words(self) -> str:
        origin = "built-in text" if self.built_in else "your text"
        lines = [f"{self.label} ({self.event}), language {self.language}, {origin}"]
        for name, sample in self.samples.items():
            lines += ["", f"{name}: {sample.cost}", sample.text]
        return "\n".join(lines)


def measure(text: str) -> Sample:
    """The text counted as it stands."""
    found = segments.measure(text)
    return Sample(
        text=text,
        encoding=found.encoding.value,
        units=found.units,
        segments=found.segment_count,
        forcing=found.forcing,
        segments_without_forcing=segments.measure(segments.fold(text)).segment_count,
    )


def preview(event: str, language: str, own_text: str = "", country_code: str = "") -> Preview:
    """The event's text as the worker would write it, the owner's text ("": the built-in one) in
    the language that is chosen for ``language``, money in the country's currency.

    Raises Refusal for an unknown event or country, and for a text with a mistake, with the line
    and column of the owner's text.
    """
    if event not in EVENTS:
        raise Refusal(
            f"there is no event “{event}”.{did_you_mean(event, EVENTS)} "
            f"The events are {', '.join(EVENTS)}.",
            events=list(EVENTS),
        )
    spec = EVENTS[event]
    try:
        region = country(country_code)
    except ValueError as error:
        raise Refusal(str(error)) from error
    needs_number = law_of(region).sender_names is SenderNames.NO
    values = {text_field(event): own_text, "sender_id": _NUMBER if needs_number else ""}
    config = parse({**values, "advanced": _STOP_NUMBER}, environ={})
    for problem in config.problems:
        raise Refusal(problem.message)
    chosen = config.text(event, language)
    sections = config.texts[event].values()
    way_out = longest(config, spec, chosen.language, [region]) if _is_offer(spec) else ""
    first_line = next((each.line for each in sections if each.text == chosen.source), 1)
    try:
        rendering.validate(chosen.source, names_of(spec), first_line=first_line)
        template = rendering.compile(chosen.source, first_line=first_line)
        samples = {
            name: measure(_rendered(template, context, chosen.language, way_out))
            for name, context in _contexts(spec, template, region, chosen.language, way_out)
        }
    except TemplateError as error:
        where = f"line {error.line}, column {error.column}: " if error.line is not None else ""
        facts = {"event": event, "line": error.line, "column": error.column}
        raise Refusal(f"{where}{error}", **facts) from error
    return Preview(
        event=event,
        label=spec.label,
        language=chosen.language,
        built_in=chosen.built_in,
        samples=samples,
    )


def _is_offer(spec: EventSpec) -> bool:
    return spec.purpose is Purpose.MARKETING


def _rendered(template: rendering.Template, context: Context, language: str, way_out: str) -> str:
    body = template.render(context, locale=language)
    return with_opt_out(body, way_out) if way_out else body


def _contexts(
    spec: EventSpec, template: rendering.Template, region: str, language: str, way_out: str
) -> Iterator[tuple[str, Context]]:
    """Usual values, long ones, those of a rarer order, and of one that lacks what it may lack."""
    usual, long = (
        _money(region, language, long=each) | {"opt_out.text": way_out or None}
        for each in (False, True)
    )
    names = template.variables & VARIABLES.keys()
    rare = frozenset(name for name in names if VARIABLES[name].rare)
    yield "usual values", sample_context(spec, absent=rare, known=usual)
    yield "long values", sample_context(spec, long=True, absent=rare, known=long)
    if rare:
        yield f"with {', '.join(sorted(rare))}", sample_context(spec, known=usual)
    if lacking := frozenset(name for name in names if VARIABLES[name].optional):
        yield "without what may be absent", sample_context(spec, absent=lacking, known=usual)


def _money(region: str, language: str, *, long: bool) -> dict[str, Value]:
    """The samples that are money, in the region's currency."""
    currency = (get_territory_currencies(region) or ["EUR"])[-1] if region else "EUR"
    return money_samples(currency, language, long=long)


def _count(number: int) -> str:
    return f"{number} segment{'s' * (number != 1)}"
