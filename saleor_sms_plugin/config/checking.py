"""What a save refuses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice

from ..domain import sender_ids
from ..domain.storefront_patterns import host_of
from ..events.answers import ANSWERS
from ..events.catalogue import CATALOGUE, TextSpec
from ..events.variables import Value
from ..exceptions import ConfigurationError, TemplateError
from .fields import FIELDS, text_field
from .memory import too_short_a_memory
from .opt_outs import longest, no_way_out
from .parsing import SmsConfig, missing_values, parse
from .problems import MOST_TOLD, Problem, in_form_order, problem
from .rows import Row, read
from .texts import check_section, known_values, place_of
from .values import did_you_mean, excerpt

Missing = Callable[[str, Mapping[str, str]], tuple[str, ...]]

#: providers that no phone hears of
NOT_REAL = ("console", "memory")

#: which sender goes to which country is said by these together
_LINK_FIELDS = frozenset({"storefront_url", "advanced"})
_SENDER_FIELDS = frozenset({"sender_id", "allowed_countries", "advanced"})


def check(
    new: Mapping[str, object],
    old: Mapping[str, object],
    *,
    active: bool,
    missing: Missing,
    known_providers: Collection[str],
    shipping_countries: frozenset[str],
    environ: Mapping[str, str],
    channel_country: str = "",
) -> tuple[Problem, ...]:
    """Why a save cannot be accepted, in the form's order; empty when it can.

    ``new`` and ``old`` are the raw stored values after and before the save. A channel that is
    switched on must be complete and wholly right. One that is switched off may be half filled
    in, and what did not change is never held against it: switching off always works.
    ``missing(provider, settings)`` names the settings a known provider still needs.
    """
    row = read(new)
    changed = row.changed(read(old))
    looked_at = frozenset(FIELDS) if active else changed
    config = parse(new, environ=environ, channel_country=channel_country)
    found = [*config.problems, *_unknown_provider(config, known_providers)]
    countries = config.countries(shipping_countries)
    found += _text_problems(config, looked_at, countries)
    found = [fault for fault in found if fault.field in looked_at]
    if looked_at & _LINK_FIELDS:
        found += _link_problems(config)
    if "advanced" in looked_at:
        found += too_short_a_memory(config)
    if looked_at & _SENDER_FIELDS:
        found += _sender_problems(config, shipping_countries)
    if active:
        found += no_way_out(config, shipping_countries)
        found += missing_values(config)
        found += _provider_problems(config, row, missing, known_providers, found)
    return in_form_order(found)


def no_such_voucher(code: str, setting: str = "abandoned.voucher") -> Problem:
    """The shop has no voucher of this code that the channel's customers can use."""
    return problem(
        "advanced",
        f"{setting}: {excerpt(code)} is no voucher code that customers of this channel can use "
        "now. Write one that is active, not expired and not used up, or take the line out.",
    )


def _unknown_provider(config: SmsConfig, known: Collection[str]) -> Iterator[Problem]:
    if config.provider not in known:
        yield problem(
            "provider",
            f"{excerpt(config.provider)} is not known.{did_you_mean(config.provider, known)} "
            f"Write one of: {', '.join(sorted(known))}.",
            blocking=True,
        )


def _provider_problems(
    config: SmsConfig,
    row: Row,
    missing: Missing,
    known: Collection[str],
    found: Collection[Problem],
) -> Iterator[Problem]:
    """What the provider needs, and an account given to one that has none."""
    if config.provider not in known:
        return
    filled = [name for name in ("api_key", "application_id") if row[name]]
    if config.provider in NOT_REAL and filled:
        label = FIELDS[filled[0]].label
        yield problem(
            "provider",
            f"{config.provider} sends nothing, but {label} is filled in. Write vonage to send "
            f"texts, or empty {label} ({filled[0]}) to keep trying out.",
            blocking=True,
        )
    try:
        names = missing(config.provider, config.provider_settings)
    except ConfigurationError as error:
        yield problem("provider", str(error), blocking=True)
        return
    refused = {fault.field for fault in found}
    for name in names:
        if name not in FIELDS:
            what = f"{config.provider} also needs {excerpt(name)}, which is not set on the server."
            yield problem("provider", what, blocking=True)
        elif name not in refused:
            what = f"is empty, and {config.provider} needs it. Fill it in, then switch on."
            yield problem(name, what, blocking=True)


def _sender_problems(config: SmsConfig, shipping: frozenset[str]) -> Iterator[Problem]:
    """Senders that a country refuses, where the owner asked for that country.

    Countries that come only from shipping zones count when all of them refuse: a name as
    sender is right for a shop that ships everywhere but sells mostly at home.
    """
    for code, sender in sorted(config.senders.items()):
        if why := sender_ids.refusal(sender, code):
            yield problem("advanced", f"{why} Change sender.{code}.")
    stated = config.allowed_countries
    countries = sorted(shipping if stated is None else stated)
    if not config.sender_id:
        return
    whys = {
        code: sender_ids.refusal(config.sender_id, code)
        for code in countries
        if code not in config.senders
    }
    refusing = {code: why for code, why in whys.items() if why}
    if stated is None and len(refusing) < len(countries):
        return
    origin = "Allowed countries (allowed_countries)" if stated is not None else "the shipping zones"
    for code, why in refusing.items():
        yield problem(
            "sender_id",
            f"{why} Take {code} out of {origin}, or give {code} a sender of its own: write "
            f"sender.{code} = +… with a number you rent there into Advanced (advanced).",
        )


def _link_problems(config: SmsConfig) -> Iterator[Problem]:
    """Addresses that do not lead to the shop's own storefront, and reminders out of order."""
    for name in ("recovery_url", "retry_url", "order_url"):
        if getattr(config, name) and not config.leads_to(name):
            mine = host_of(config.storefront_url)
            yield problem(
                "advanced",
                f"{name} does not lead to your storefront. "
                + (
                    f"Write an address on {mine}, or change Storefront address (storefront_url)."
                    if mine
                    else "Fill in Storefront address (storefront_url) with the same host."
                ),
            )
    if config.abandoned_steps[0] <= config.abandoned_delay:
        yield problem(
            "advanced",
            f"abandoned.steps: the second reminder, after {config.abandoned_steps[0]} minutes, "
            f"must come later than the first, after {config.abandoned_delay} (abandoned.delay).",
        )


def _text_problems(
    config: SmsConfig, looked_at: Collection[str], countries: frozenset[str]
) -> Iterator[Problem]:
    known = known_values(config.shop_name, config.contact, config.storefront_url)
    for spec in (*CATALOGUE, *ANSWERS.values()):
        if text_field(spec.name) in looked_at:
            # Lazily, so that a field full of mistakes costs no more than the few that are told.
            yield from islice(_wrong_texts(spec, config, known, countries), MOST_TOLD)


def _wrong_texts(
    spec: TextSpec, config: SmsConfig, known: Mapping[str, Value], countries: frozenset[str]
) -> Iterator[Problem]:
    for section in config.texts[spec.name].values():
        try:
            what = check_section(
                spec, section, max_segments=config.max_segments, known=known,
                opt_out=longest(config, spec, section.language, countries),
            )  # fmt: skip
            where = place_of(section)
        except TemplateError as error:
            what, where = str(error), place_of(section, error)
        if what:
            yield problem(text_field(spec.name), what, where=where)
