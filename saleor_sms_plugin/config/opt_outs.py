"""What a save says about the way out that every offer must have (law 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ..domain.languages import Section
from ..domain.law import CountsAs
from ..domain.opt_outs import OptOut, Way
from ..domain.places import Place
from ..events.catalogue import CATALOGUE, EventSpec, Purpose, RecipientRule, TextSpec
from ..events.texts.opt_out import opt_out_words
from ..events.variables import Value
from .parsing import SmsConfig
from .problems import Problem, problem
from .texts import outcomes, price
from .values import excerpt

#: what a link looks like where the owner sets no ``link_base``
_PLUGINS_OWN = "https://api.shop.example.com/plugins/saleor_sms_plugin/s"
#: variables that a text does without where they make it too long
_LINKS = ("checkout.recovery_url", "payment.retry_url", "order.url", "survey.url")
_TOKEN = "7pWq3NcD8h"  # noqa: S105 (a sample)


def longest(config: SmsConfig, spec: TextSpec, language: str, countries: Collection[str]) -> str:
    """The longest opt-out that the text may carry to one of these countries, "" for none."""
    words = (
        opt_out_words(_sample(found, config), language)
        for country in countries
        if may_carry(spec, config, country) and (found := config.opt_out(country))
    )
    return max(words, key=len, default="")


def too_long(
    config: SmsConfig,
    spec: TextSpec,
    section: Section,
    known: Mapping[str, Value],
    countries: Collection[str],
) -> list[str]:
    """Those of these countries to which the offer's way out is a link that passes in one
    segment only, where the offer without its other links is longer.

    Raises ``TemplateError`` where it cannot be rendered.
    """
    if spec.purpose is not Purpose.MARKETING:
        return []
    ways = {code: config.opt_out(code) for code in sorted(countries)}
    found = [code for code, way in ways.items() if way and way.one_segment]
    words = longest(config, spec, section.language, found)
    bare = {**known, **dict.fromkeys(_LINKS)}
    rendered = outcomes(spec, section.text, section.language, bare, words)
    return found if found and price(rendered).segment_count > 1 else []


def may_carry(spec: TextSpec, config: SmsConfig, country: str) -> bool:
    """Whether such a text to this country must say how to opt out, for some readers at least."""
    if spec.purpose is Purpose.MARKETING:
        return True
    if not isinstance(spec, EventSpec) or spec.recipient is RecipientRule.STAFF:
        return False
    rule = config.law_at(Place(country))
    unfinished = spec.marketing_on_checkout
    return rule.footer_first_text or (
        unfinished and rule.checkout_payment_failed is CountsAs.MARKETING
    )


def _sample(opt_out: OptOut, config: SmsConfig) -> OptOut:
    if opt_out.way is not Way.LINK:
        return opt_out
    return replace(opt_out, to=f"{config.link_base or _PLUGINS_OWN}/{_TOKEN}")


def no_way_out(config: SmsConfig, shipping: frozenset[str]) -> Iterator[Problem]:
    """Offers to countries where nobody could end them.

    As with senders: countries that come only from shipping zones count when it is all of them.
    """
    offers = [
        spec for spec in CATALOGUE if spec.purpose is Purpose.MARKETING and config.sends(spec.name)
    ]
    countries = config.countries(shipping)
    without = sorted(code for code in countries if config.opt_out(code) is None)
    if not offers or not config.sender_id or not without:
        return
    stated = config.allowed_countries is not None
    if not stated and len(without) < len(countries):
        return
    where = ", ".join(without)
    origin = "Allowed countries (allowed_countries)" if stated else "the shipping zones"
    yield problem(
        "advanced",
        f"“{offers[0].label}” to {where} would carry no way to opt out: neither the sender "
        f"{excerpt(config.sender_id)} nor a link serves there. Write opt_out_number = "
        f"{without[0]} … with the number or the provider's code that takes STOP there, take "
        f"{where} out of {origin}, or untick the event.",
    )
