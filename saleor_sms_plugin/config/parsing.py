"""``SmsConfig``: one channel's settings, parsed from the stored row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeVar

from ..domain import law, phone_numbers, sender_ids
from ..domain.languages import Section, choose_language, split_languages
from ..domain.opt_outs import OptOut, opt_out_of
from ..domain.places import Place
from ..domain.quiet_hours import Night
from ..domain.storefront_patterns import host_of
from ..events.answers import ANSWERS
from ..events.catalogue import CATALOGUE, DAY, EVENTS, EventSpec
from ..events.texts import built_in
from ..exceptions import InvalidInput, TemplateError
from .advanced import PhoneSource
from .advanced_lines import parse_advanced
from .fields import send_field, text_field
from .limits import FloodLimit, StormLimit
from .problems import Problem, in_form_order, problem
from .rows import Row, read
from .texts import Text
from .values import country, env_name, from_environment, https_url, items, line_of, one_of, word

T = TypeVar("T")

#: what a provider is made from; each may be written as ``env:SALEOR_SMS_…``
PROVIDER_FIELDS = ("api_key", "api_secret", "application_id", "private_key", "signature_secret")

#: A wrong value here means the wrong account or the wrong people: nothing is sent.
BLOCKING_FIELDS = frozenset(
    {"provider", "api", "sender_id", "shop_name", "allowed_countries", "test_numbers"}
    | set(PROVIDER_FIELDS)
)

#: of one field; a save renders each of them several times
MOST_LANGUAGES = 20

#: without these no text can be made or sent, whoever the provider is
NEEDED = {
    "sender_id": "is empty. Write the name or number that customers see as the sender.",
}


DAYS_TO_ANSWER = 7  #: of a request to confirm a consent, and of a survey


@dataclass(frozen=True, kw_only=True)
class SmsConfig:
    """One channel's settings; what could not be read has its default and a problem."""

    provider: str
    #: what ``get_provider`` takes, with ``env:`` references replaced
    provider_settings: Mapping[str, str] = field(repr=False)
    sender_id: str  #: a name, or the digits of a number without +; as ``sender_ids.check`` gives it
    senders: Mapping[str, str]  #: country → sender, where another than ``sender_id``
    shop_name: str
    contact: str
    default_country: str  #: "" stands for the channel's
    allowed_countries: frozenset[str] | None  #: None stands for the channel's shipping zones
    test_numbers: tuple[str, ...]  #: E.164; while there are any, nobody else is texted
    send_test_to: str  #: E.164 or ""
    staff_numbers: tuple[str, ...]  #: E.164
    storefront_url: str  #: https, without a slash at its end, or ""
    night: Night | None
    staff_night: Night | None
    staff_timezone: str  #: "" stands for the zone of the channel's country
    staff_language: str  #: "" stands for the main language of the channel's country
    settle: Mapping[str, int]  #: event → seconds, where the owner set them
    phone_source: PhoneSource
    rate: float | None  #: requests a second, None stands for the provider's own
    sender_rates: Mapping[str, float]  #: sender → requests a second
    flood: tuple[FloodLimit, ...]
    offers_cap: tuple[FloodLimit, ...]
    budget: Mapping[str, int]  #: country, or ``advanced.ALL_COUNTRIES`` → texts a day
    usual_hour: bool
    stop_confirmation: bool
    forward_replies: str  #: "staff", an e-mail address, or "" for nobody
    storm: StormLimit | None  #: None: nothing is ever held for its number
    retention_days: int
    tracking_patterns: Mapping[str, str]  #: lower-case shipping method or ``*`` → address
    max_segments: int
    link_base: str  #: https, without a slash at its end, or "" for the plugin's own address
    opt_out_numbers: Mapping[str, str]  #: country, "" for the others → where to write STOP
    recovery_url: str  #: patterns of ``domain.storefront_patterns``, "" where there is none
    retry_url: str
    order_url: str
    abandoned_delay: int  #: minutes
    abandoned_steps: tuple[int, ...]  #: minutes until the second and the third reminder
    abandoned_voucher: str
    abandoned_daily_budget: int
    survey_days: int
    dashboard_origins: tuple[str, ...]  #: "https://dashboard.example.com": may show our pages
    double_opt_in: str  #: auto, on or off
    opt_in_reward: str  #: a voucher code
    opt_in_reward_url: str
    overrides: Mapping[str, law.Override]  #: "<place>.<column>" → in the place of the table's
    events_on: frozenset[str]
    texts: Mapping[str, Mapping[str, Section]] = field(repr=False)  #: by name and language
    problems: tuple[Problem, ...]

    def sends(self, event: str) -> bool:
        """The owner ticked the event."""
        return event in self.events_on

    def settle_seconds(self, event: str) -> int:
        """How long the event settles; raises ``KeyError`` for one not in the catalogue."""
        return self.settle.get(event, EVENTS[event].settle_seconds)

    def reminder_delay(self, step: int) -> int:
        """Seconds without a change until this reminder about a cart; 0 for step 0."""
        return 60 * (0, self.abandoned_delay, *self.abandoned_steps)[step]

    def delay_seconds(self, spec: EventSpec) -> int:
        """Seconds after the event until its text is due: of reminders and surveys, else 0."""
        return self.survey_days * DAY if spec.asks else self.reminder_delay(spec.step)

    @property
    def days_needed(self) -> tuple[int, str]:
        """How many days a number has to be known for, and the setting that needs it; "" for what
        people can answer."""
        windows = [(DAYS_TO_ANSWER, "")]
        for name in ("offers_cap", "flood"):
            longest = max((limit.seconds for limit in getattr(self, name)), default=0)
            windows.append((-(-longest // DAY), name))
        return max(windows, key=itemgetter(0))

    def leads_to(self, name: str) -> str:
        """The pattern of ``recovery_url``, ``retry_url`` or ``order_url``; "" where there is
        none, or where it does not lead to the storefront's own host."""
        pattern: str = getattr(self, name)
        mine = host_of(self.storefront_url)
        return pattern if mine and host_of(pattern) == mine else ""

    def sender_for(self, country_code: str) -> str:
        """The sender towards a country (ISO alpha-2)."""
        return self.senders.get(country_code, self.sender_id)

    def countries(self, shipping: frozenset[str]) -> frozenset[str]:
        """Where texts go: the owner's list, else the countries of the shipping zones."""
        return shipping if self.allowed_countries is None else self.allowed_countries

    def opt_out(self, country_code: str) -> OptOut | None:
        """How a text to a country (ISO alpha-2) can offer a way out; None where it cannot."""
        numbers = self.opt_out_numbers
        return opt_out_of(
            self.sender_for(country_code),
            numbers.get(country_code, numbers.get("", "")),
            self.law_at(Place(country_code)),
        )

    def law_at(self, place: Place) -> law.Rule:
        """The rule for a person, with what the owner changed in the table."""
        return law.law_at(place, self.overrides)

    def text(self, name: str, language: str) -> Text:
        """The owner's text in the language (exact, base, the field's first), else the built-in.

        Raises ``KeyError`` for a name that is no event and no answer.
        """
        own = self.texts.get(name, {})
        if own and (code := choose_language(language, own)) is not None:
            return Text(code or language or "en", own[code].text, text_field(name), False)
        found, source = built_in(name, language)
        return Text(found, source, text_field(name), True)

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """Why this channel cannot send, apart from what its provider needs."""
        found = [fault for fault in self.problems if fault.blocking]
        return in_form_order([*found, *missing_values(self)])

    @property
    def ready(self) -> bool:
        return not self.blocking


def missing_values(config: SmsConfig) -> tuple[Problem, ...]:
    """A problem for each needed field that is empty, unless its value was already refused."""
    refused = {fault.field for fault in config.problems}
    return tuple(
        problem(name, why, blocking=True)
        for name, why in NEEDED.items()
        if not getattr(config, name) and name not in refused
    )


def parse(
    values: Mapping[str, object], *, environ: Mapping[str, str], channel_country: str = ""
) -> SmsConfig:
    """The settings of a stored row: field name → raw value, nothing filled in.

    Never raises: what is missing, of the wrong type or from another version has its default,
    and ``problems`` says so. An event whose ``send_`` field was never stored is off, so that an
    upgrade switches nothing on. Of ``environ`` only what ``env:SALEOR_SMS_…`` names is read.
    ``channel_country`` is where numbers without a country code belong when the owner names no
    default country. Equal rows give one cached value.
    """
    row = read(values)
    named = filter(None, (env_name(row[name]) for name in PROVIDER_FIELDS))
    return _parse(row, tuple((name, environ.get(name, "")) for name in named), channel_country)


class _Reader:
    """Takes values out of a row and notes what was wrong."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.problems = [self._problem(name, what) for name, what in row.faults]

    def _problem(self, name: str, what: str, where: str = "") -> Problem:
        return problem(name, what, where=where, blocking=name in BLOCKING_FIELDS)

    def one(self, name: str, parser: Callable[[str], T], default: T) -> T:
        """The field's value; the default where it is empty or wrong."""
        if not self.row[name]:
            return default
        try:
            return parser(self.row[name])
        except (ValueError, InvalidInput) as error:
            self.problems.append(self._problem(name, str(error)))
            return default

    def many(self, name: str, parser: Callable[[str], T]) -> tuple[T, ...]:
        """The entries of a list; those that are wrong are left out."""
        found: dict[T, None] = {}
        for place, item in enumerate(items(self.row[name]), start=1):
            try:
                found[parser(item)] = None
            except (ValueError, InvalidInput) as error:
                self.problems.append(self._problem(name, str(error), f"entry {place}"))
        return tuple(found)

    def text(self, of: str) -> Mapping[str, Section]:
        """The owner's texts of an event or answer; none where they cannot be told apart."""
        name = text_field(of)
        try:
            sections = split_languages(self.row[name])
            if len(sections) > MOST_LANGUAGES:
                raise TemplateError(
                    f"has {len(sections)} languages. At most {MOST_LANGUAGES} are allowed."
                )
            return MappingProxyType(sections)
        except TemplateError as error:
            where = f"line {error.line}" if error.line is not None else ""
            self.problems.append(self._problem(name, str(error), where))
            return MappingProxyType({})

    def advanced(self) -> dict[str, Any]:
        """The values of the field “Advanced” by attribute of ``SmsConfig``."""
        values, faults = parse_advanced(self.row["advanced"])
        self.problems += [self._problem("advanced", what, f"line {line}") for line, what in faults]
        return {
            name: MappingProxyType(value) if isinstance(value, dict) else value
            for name, value in values.items()
        }


@lru_cache(maxsize=256)
def _parse(row: Row, environ: tuple[tuple[str, str], ...], channel_country: str) -> SmsConfig:
    reader = _Reader(row)
    resolve = from_environment(dict(environ))
    region = reader.one("default_country", country, "")
    api = reader.one("api", one_of("sms", "messages"), "sms")
    settings = {name: reader.one(name, resolve, "") for name in PROVIDER_FIELDS} | {"api": api}

    def phone(text: str) -> str:
        return phone_numbers.parse(text, region or channel_country)

    countries = reader.many("allowed_countries", country)
    stated = bool(row["allowed_countries"]) or "allowed_countries" in dict(row.faults)
    simple: dict[str, Any] = {
        "provider": reader.one("provider", word, "console"),
        "sender_id": reader.one("sender_id", sender_ids.check, ""),
        "shop_name": reader.one("shop_name", line_of(50), ""),
        "contact": reader.one("contact", line_of(60), ""),
        "test_numbers": reader.many("test_numbers", phone),
        "send_test_to": reader.one("send_test_to", phone, ""),
        "staff_numbers": reader.many("staff_numbers", phone),
        "storefront_url": reader.one("storefront_url", https_url, ""),
        "texts": MappingProxyType({name: reader.text(name) for name in (*EVENTS, *ANSWERS)}),
        **reader.advanced(),
    }
    return SmsConfig(
        **simple,
        provider_settings=MappingProxyType(settings),
        default_country=region,
        # A list of which nothing could be read allows nobody; it never means everybody.
        allowed_countries=frozenset(countries) if stated else None,
        events_on=frozenset(
            spec.name for spec in CATALOGUE if row[send_field(spec.name)] == "true"
        ),
        problems=in_form_order(reader.problems),
    )
