"""Which text each event and answer has in a channel and language now, and what it costs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from ..config.opt_outs import longest
from ..config.texts import Price, known_values, outcomes, price
from ..domain import segments
from ..events.answers import ANSWERS
from ..events.catalogue import CATALOGUE, EventSpec, TextSpec
from ..events.texts import BUILT_IN
from ..events.variables import names_of
from ..exceptions import TemplateError
from .channels import Channel


@dataclass(frozen=True)
class EffectiveText:
    """The text of one event or answer, as a customer of this language gets it."""

    spec: TextSpec
    channel: Channel
    asked: str  #: the language that was asked for

    @cached_property
    def _text(self) -> tuple[str, str, bool]:
        found = self.channel.config.text(self.spec.name, self.asked)
        return found.language, found.source, found.built_in

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def language(self) -> str:
        """The one that was found for the one that was asked for."""
        return self._text[0]

    @property
    def source(self) -> str:
        """The template."""
        return self._text[1]

    @property
    def is_built_in(self) -> bool:
        return self._text[2]

    @property
    def is_event(self) -> bool:
        """Else it is an answer to what a customer wrote."""
        return isinstance(self.spec, EventSpec)

    @property
    def is_on(self) -> bool:
        """The channel sends it; answers go out wherever somebody writes."""
        return not self.is_event or self.channel.sends(self.spec.name)

    @property
    def variables(self) -> tuple[str, ...]:
        """What it may name."""
        return names_of(self.spec)

    @property
    def languages(self) -> tuple[str, ...]:
        """In which the owner wrote it, then the other built-in ones; "" names none."""
        own = self.channel.config.texts.get(self.spec.name, {})
        return tuple(dict.fromkeys((*own, *BUILT_IN)))

    @cached_property
    def _cost(self) -> tuple[Price | None, str]:
        config = self.channel.config
        known = known_values(self.channel.shop_name, config.contact, config.storefront_url)
        way_out = longest(config, self.spec, self.language, self.channel.allowed_countries)
        try:
            texts = list(outcomes(self.spec, self.source, self.language, known, way_out))
        except TemplateError as error:
            return None, str(error)
        return price(texts), ""

    @property
    def problem(self) -> str:
        """Why it cannot be rendered, "" where it can."""
        return self._cost[1]

    @property
    def segment_count(self) -> int | None:
        """Of the longest usual outcome; None where it cannot be rendered."""
        return self._cost[0].segment_count if self._cost[0] else None

    @property
    def encoding(self) -> str:
        """Of that outcome; "" where it cannot be rendered."""
        cost = self._cost[0]
        if cost is None:
            return ""
        return segments.Encoding.UCS2 if cost.forcing else segments.Encoding.GSM7

    @property
    def forcing(self) -> tuple[str, ...]:
        """The characters outside GSM-7 in it, once each."""
        return self._cost[0].forcing if self._cost[0] else ()


def effective_texts(
    channel: Channel, language: str, names: Collection[str] | None = None
) -> list[EffectiveText]:
    """The texts of these names, all where None, in the catalogue's order."""
    return [
        EffectiveText(spec, channel, language)
        for spec in (*CATALOGUE, *ANSWERS.values())
        if names is None or spec.name in names
    ]
