"""The texts of events and answers: the owner's by language, else the built-in one; and what is
wrong in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..domain import rendering, segments
from ..domain.languages import Section
from ..domain.opt_outs import with_opt_out
from ..events.catalogue import TextSpec
from ..events.variables import VARIABLES, Value, names_of, optional_names
from ..exceptions import TemplateError

Context = dict[str, dict[str, Value]]

#: how the catalogue writes a sample of money
_MONEY = re.compile(r"([\d,]+\.\d\d) EUR")


@dataclass(frozen=True)
class Text:
    """The template chosen for one event or answer and language."""

    language: str  #: of the text, to write money and dates in; where it names none, as asked for
    source: str
    field: str  #: the form's field it comes from, or would come from
    built_in: bool


@dataclass(frozen=True)
class Price:
    """What the longest usual outcome of a text costs."""

    segment_count: int
    forcing: tuple[str, ...]  #: the characters outside GSM-7
    plain_segment_count: int  #: the same text written without them


def sample_context(
    spec: TextSpec,
    *,
    long: bool = False,
    absent: frozenset[str] = frozenset(),
    known: Mapping[str, Value] | None = None,
) -> Context:
    """Every variable of the event with its usual or long sample, ``absent`` ones as nil.

    ``known`` values (the shop's own name, say) stand instead of their samples.
    """
    context: Context = {}
    for name in names_of(spec):
        variable = VARIABLES[name]
        value = variable.long if long else variable.usual
        value = (known or {}).get(name, value)
        group, _, key = name.partition(".")
        context.setdefault(group, {})[key] = None if name in absent else value
    return context


def money_samples(currency: str, language: str, *, long: bool = False) -> dict[str, Value]:
    """The samples that are money, as they are written for this language and currency."""
    money: dict[str, Value] = {"order.currency": currency}
    for name, variable in VARIABLES.items():
        if found := _MONEY.fullmatch(str(variable.long if long else variable.usual)):
            amount = Decimal(found[1].replace(",", ""))
            money[name] = rendering.format_money(amount, currency, language)
    return money


def known_values(shop_name: str, contact: str, storefront_url: str) -> dict[str, Value]:
    """The samples that the configuration itself gives; empty ones are left to the catalogue."""
    given = {"shop.name": shop_name, "shop.contact": contact, "shop.url": storefront_url}
    return {name: value for name, value in given.items() if value}


def _absences(spec: TextSpec, source: str) -> Iterator[frozenset[str]]:
    """Nothing absent, each optional value that the text uses absent alone, all of them."""
    optional = [name for name in optional_names(spec) if name in source]
    yield frozenset()
    yield from (frozenset({name}) for name in optional)
    yield frozenset(optional)


def outcomes(
    spec: TextSpec,
    source: str,
    language: str,
    known: Mapping[str, Value] | None = None,
    opt_out: str = "",
) -> Iterator[str]:
    """The text rendered with long samples, with optional values present and absent, and with
    the words of its opt-out where it has one.

    Raises ``TemplateError`` where it cannot be rendered.
    """
    template = rendering.compile(source)
    known = {**(known or {}), "opt_out.text": opt_out or None}
    for absent in dict.fromkeys(_absences(spec, source)):
        context = sample_context(spec, long=True, absent=absent, known=known)
        body = template.render(context, locale=language or "en")
        yield with_opt_out(body, opt_out) if opt_out and body else body


def price(rendered: Iterable[str]) -> Price:
    """The cost of the dearest of the rendered texts; there must be one."""
    dearest = max(rendered, key=lambda text: (segments.measure(text).segment_count, len(text)))
    found = segments.measure(dearest)
    plain = segments.measure(segments.fold(dearest)).segment_count
    return Price(found.segment_count, found.forcing, plain)


def check_section(
    spec: TextSpec,
    section: Section,
    *,
    max_segments: int,
    known: Mapping[str, Value],
    opt_out: str = "",
) -> str:
    """What is wrong with the text, "" when nothing is.

    Raises ``TemplateError`` with line and column inside the section.
    """
    rendering.validate(section.text, names_of(spec))
    for rendered in outcomes(spec, section.text, section.language, known, opt_out):
        if not rendered:
            return (
                "comes out empty for some orders. Write words that do not depend on an if, or "
                "untick the event."
            )
        cost = price([rendered])
        if cost.segment_count > max_segments:
            return (
                f"takes {cost.segment_count} segments with long values{because(cost)}; at most "
                f"{max_segments} are allowed. Shorten it, or raise max_segments in Advanced."
            )
    return ""


def because(cost: Price) -> str:
    """Why a text costs what it costs, "" when it is only long."""
    if not cost.forcing:
        return ""
    return f" because of {letters(cost.forcing)}; without such letters {cost.plain_segment_count}"


def letters(found: tuple[str, ...]) -> str:
    """At most five characters, quoted."""
    return ", ".join(f"\u2018{char}\u2019" for char in found[:5])


def place_of(section: Section, error: TemplateError | None = None) -> str:
    """Where in the field the text, or the error in it, is, in the owner's words."""
    parts = [f"language {section.language}"] if section.language else []
    if error and error.line is not None:
        parts.append(f"line {section.line + error.line - 1}")
        if error.column is not None:
            parts.append(f"column {error.column}")
    return ", ".join(parts)
