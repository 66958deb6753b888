"""What an owner should know although nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from ..domain import segments, sender_ids
from ..events.answers import ANSWERS
from ..events.catalogue import CATALOGUE
from ..exceptions import TemplateError
from .fields import text_field
from .memory import longer_memory
from .opt_outs import longest, too_long
from .parsing import SmsConfig
from .texts import because, known_values, letters, outcomes, price


def notices(config: SmsConfig, shipping_countries: frozenset[str]) -> tuple[str, ...]:
    """Sentences for the Status field: senders that need registration or cannot be used, prices.

    It renders every text the owner wrote, so it is for when the form is shown.
    """
    return (
        *_test_mode(config),
        *_unsigned(config),
        *_senders(config, shipping_countries),
        *_shop_name(config),
        *longer_memory(config),
        *_prices(config, config.countries(shipping_countries)),
    )


def _test_mode(config: SmsConfig) -> Iterator[str]:
    if config.test_numbers:
        yield (
            f"Test mode: only {len(config.test_numbers)} number(s) in “Only text these numbers” "
            "get texts."
        )


def _unsigned(config: SmsConfig) -> Iterator[str]:
    settings = config.provider_settings
    if config.provider == "vonage" and settings["api_key"] and not settings["signature_secret"]:
        yield (
            "Signature secret (signature_secret) is empty: whoever knows the webhook address can "
            "forge delivery receipts and replies."
        )


def _senders(config: SmsConfig, shipping: frozenset[str]) -> Iterator[str]:
    stated = config.allowed_countries
    for code in sorted(shipping if stated is None else stated):
        sender = config.sender_for(code)
        if not sender:
            continue
        if why := sender_ids.refusal(sender, code) or sender_ids.notice(sender, code):
            yield why


def _shop_name(config: SmsConfig) -> Iterator[str]:
    forcing = segments.measure(segments.fold(config.shop_name)).forcing
    if forcing:
        yield (
            f"Shop name (shop_name): because of {letters(forcing)} a segment of every text holds "
            "70 characters instead of 160."
        )


def _prices(config: SmsConfig, countries: frozenset[str]) -> Iterator[str]:
    known = known_values(config.shop_name, config.contact, config.storefront_url)
    for spec in (*CATALOGUE, *ANSWERS.values()):
        for code, section in config.texts[spec.name].items():
            try:
                way_out = longest(config, spec, code, countries)
                cost = price(outcomes(spec, section.text, code, known, way_out))
            except TemplateError:
                continue  # a problem, told as such when the text is saved
            if cost.segment_count > 1:
                name = text_field(spec.name) + (f" [{code}]" if code else "")
                yield f"{name}: up to {cost.segment_count} segments{because(cost)}."
                if short := too_long(config, spec, section, known, countries):
                    yield (
                        f"{name}: networks of {', '.join(short)} take a link only in a text of one "
                        "segment, so a longer one is not sent there. Shorten it, or set "
                        "opt_out_number (Advanced)."
                    )
