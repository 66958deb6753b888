"""A text tried before it is saved: what is wrong in it, how it reads, what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from ..config import sample_context, text_field
from ..config.opt_outs import longest, too_long
from ..config.texts import Context as Sample
from ..config.texts import because, check_section, known_values, money_samples, outcomes, price
from ..domain import rendering, segments
from ..domain.languages import Section, split_languages
from ..domain.opt_outs import with_opt_out
from ..events.catalogue import EventSpec, Purpose, TextSpec
from ..events.texts import BUILT_IN
from ..events.variables import VARIABLES, Value
from ..exceptions import TemplateError
from ..ports import Order, Ports
from . import links
from .channels import Channel, as_if_saved
from .context import Context, build_context
from .prices import Rate, rates


@dataclass(frozen=True, kw_only=True)
class TextFault:
    """Why a text cannot be saved."""

    message: str
    language: str = ""  #: "" where the text names none
    line: int | None = None  #: of the whole text, from 1
    column: int | None = None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What one such text may cost to a country."""

    country: str
    currency: str
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The text of one language."""

    language: str  #: "" where the text names none
    is_built_in: bool
    body: str
    measured: segments.Segments
    plain_segment_count: int  #: of the same text without the characters that force UCS-2
    most_segments: int  #: with long values
    warnings: tuple[str, ...]
    estimates: tuple[Estimate, ...]


def draft(spec: TextSpec, text: str, channel: Channel) -> Channel:
    """The channel as if the text were saved; "" stands for the built-in one."""
    return as_if_saved(channel, {text_field(spec.name): text})


def faults(spec: TextSpec, text: str, channel: Channel) -> list[TextFault]:
    """What a save would refuse in the text; ``channel`` is ``draft`` of it."""
    try:
        sections = split_languages(text)
    except TemplateError as error:
        return [TextFault(message=str(error), line=error.line, column=error.column)]
    problems = [
        TextFault(message=problem.message)
        for problem in channel.config.problems
        if problem.field == text_field(spec.name)
    ]
    checked = (_fault(spec, section, channel) for section in sections.values())
    return problems or [fault for fault in checked if fault]


def _fault(spec: TextSpec, section: Section, channel: Channel) -> TextFault | None:
    words = longest(channel.config, spec, section.language, channel.allowed_countries)
    line, column = section.line, None
    try:
        what = check_section(
            spec, section, max_segments=channel.config.max_segments, known=_known(channel),
            opt_out=words,
        )  # fmt: skip
        message = f"The text {what}" if what else ""
    except TemplateError as error:
        message, column = str(error), error.column
        line += (error.line or 1) - 1
    if not message:
        return None
    return TextFault(message=message, language=section.language, line=line, column=column)


def previews(
    spec: TextSpec, channel: Channel, ports: Ports, *, order: Order | None, language: str = ""
) -> list[Preview]:
    """The text in each of its languages, or in the one for a reader of ``language``, about a
    sample or a real order; ``channel`` is ``draft`` of a text without faults.

    Raises TemplateError where it cannot be rendered for the order.
    """
    costs = rates(channel.id, ports)
    usable = [rate for code, rate in costs.items() if code in channel.allowed_countries]
    return [
        _preview(spec, section, built_in, channel, order, usable)
        for section, built_in in _texts(spec, channel, language)
    ]


def _texts(spec: TextSpec, channel: Channel, language: str) -> Iterator[tuple[Section, bool]]:
    own = channel.config.texts.get(spec.name, {})
    if language:
        chosen = channel.config.text(spec.name, language)
        yield Section(chosen.language, chosen.source, 1), chosen.built_in
    elif own:
        yield from ((section, False) for section in own.values())
    else:
        yield from ((Section(code, texts[spec.name], 1), True) for code, texts in BUILT_IN.items())


def _preview(
    spec: TextSpec,
    section: Section,
    is_built_in: bool,
    channel: Channel,
    order: Order | None,
    costs: Iterable[Rate],
) -> Preview:
    reader = order.language if order else channel.staff_language
    locale = section.language or reader
    words = ""
    if spec.purpose is Purpose.MARKETING:
        words = longest(channel.config, spec, locale, channel.allowed_countries)
    template = rendering.compile(section.text)
    context: Sample | Context = (
        _of_order(template, channel, order, locale, words)
        if order
        else _of_sample(spec, template, channel, locale, words)
    )
    body = template.render(context, locale=locale)
    body = with_opt_out(body, words) if words else body
    measured = segments.measure(body)
    most, warnings = _warned(spec, section, channel)
    return Preview(
        language=section.language, is_built_in=is_built_in, body=body, measured=measured,
        plain_segment_count=segments.measure(segments.fold(body)).segment_count,
        most_segments=most, warnings=warnings,
        estimates=tuple(
            Estimate(
                country=rate.country, currency=rate.currency, price=rate.of(measured.segment_count)
            )
            for rate in costs
        ),
    )  # fmt: skip


def _known(channel: Channel) -> dict[str, Value]:
    config = channel.config
    return known_values(channel.shop_name, config.contact, config.storefront_url)


def _of_sample(
    spec: TextSpec, template: rendering.Template, channel: Channel, locale: str, words: str
) -> Sample:
    rare = frozenset(n for n in template.variables if n in VARIABLES and VARIABLES[n].rare)
    money = money_samples(channel.stored.currency or "EUR", locale)
    known = {**money, **_known(channel), "opt_out.text": words or None}
    return sample_context(spec, absent=rare, known=known)


def _of_order(
    template: rendering.Template, channel: Channel, order: Order, locale: str, words: str
) -> Context:
    urls = {
        name: str(VARIABLES[name].usual) for name in links.VARIABLES if name in template.variables
    }
    return build_context(channel, order, locale, says_of(order), urls, None, words)


def says_of(order: Order) -> dict[str, object]:
    """What a text about the order as it is now would say of parcels and refunds."""
    return {
        "parcels": dict.fromkeys(parcel.id for parcel in order.fulfillments),
        "refund": str(order.refunded),
    }


def _warned(spec: TextSpec, section: Section, channel: Channel) -> tuple[int, tuple[str, ...]]:
    """The segments with long values, and what an owner should know although nothing is wrong."""
    known, config = _known(channel), channel.config
    countries = channel.allowed_countries
    words = longest(config, spec, section.language, countries)
    cost = price(outcomes(spec, section.text, section.language, known, words))
    found = []
    if cost.segment_count > 1:
        found.append(f"Up to {cost.segment_count} segments with long values{because(cost)}.")
        if short := too_long(config, spec, section, known, countries):
            found.append(
                f"Networks of {', '.join(short)} take a link only in a text of one segment, so a "
                "longer one is not sent there."
            )
    if isinstance(spec, EventSpec) and not channel.sends(spec.name):
        found.append("The event is switched off in this channel.")
    return cost.segment_count, tuple(found)
