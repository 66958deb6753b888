"""The field “Advanced”: rare settings as lines ``name = value``, one table row per name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..domain import sender_ids, storefront_patterns
from ..domain.languages import language_code
from ..domain.quiet_hours import parse_night
from ..events.catalogue import EVENTS, HOUR, MINUTE
from ..exceptions import InvalidInput
from .overrides import override, place_and_column
from .values import country, did_you_mean, excerpt, https_url, items, one_of, word


class PhoneSource(StrEnum):
    """Which of the order's phones is texted."""

    AUTO = "auto"  #: as the event's row in the catalogue says
    BILLING = "billing"
    SHIPPING = "shipping"


@dataclass(frozen=True)
class FloodLimit:
    """At most ``count`` texts to one number within ``seconds``."""

    count: int
    seconds: int


@dataclass(frozen=True)
class StormLimit:
    """More than ``times`` the busiest hour, and than ``at_least``, in an hour is a storm."""

    times: int
    at_least: int


ALL_COUNTRIES = "all"  #: subject of ``budget`` beside the single countries
_UNITS = {"min": MINUTE, "h": HOUR, "hour": HOUR, "day": 24 * HOUR}
MOST_MINUTES = 7 * 24 * 60
MIN_RATE, MAX_RATE = 0.01, 10_000.0
_LIMIT = re.compile(r"(\d{1,4})/(\d{0,4})(min|hour|h|day)s?")


def _limits(example: str) -> Callable[[str], tuple[FloodLimit, ...]]:
    def parse(text: str) -> tuple[FloodLimit, ...]:
        if word(text) == "off":
            return ()
        limits = []
        for part in text.lower().replace(",", " ").split():
            found = _LIMIT.fullmatch(part)
            count, many = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
            if not found or not count or not many:
                raise ValueError(f"{excerpt(part)} is not a limit. Write {example}, or off.")
            limits.append(FloodLimit(count, many * _UNITS[found[3]]))
        return tuple(limits)

    return parse


def _on_off(text: str) -> bool:
    return one_of("on", "off")(text) == "on"


def _storm(text: str) -> StormLimit | None:
    if word(text) == "off":
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,3})x[ ,]+([1-9][0-9]{0,6})", text.lower())
    if not found:
        raise ValueError(
            f"{excerpt(text)} will not do. Write how many times the busiest hour, and at least "
            "how many an hour, such as 10x 200, or off."
        )
    return StormLimit(int(found[1]), int(found[2]))


def _whole(lowest: int, highest: int, unit: str) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
        if not lowest <= number <= highest:
            raise ValueError(
                f"{excerpt(text)} will not do. Write a whole number of {unit} from {lowest} "
                f"to {highest}."
            )
        return number

    return parse


def _rate(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text):
        raise ValueError(f"{excerpt(text)} is not a rate. Write requests a second, such as 30.")
    rate = float(text)
    if not (rate == 0 or MIN_RATE <= rate <= MAX_RATE):
        raise ValueError(f"{excerpt(text)} will not do. Write 0, or from 0.01 to 10000.")
    return rate


def _timezone(text: str) -> str:
    try:
        if text:
            ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{excerpt(text)} is not a time zone. Write one such as Europe/Warsaw."
        ) from None
    return text


def _language(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z]{2})?", text):
        raise ValueError(f"{excerpt(text)} is not a language. Write a code such as pl or pt-br.")
    return language_code(text)


def _pattern(text: str) -> str:
    if text.count("{number}") != 1:
        raise ValueError(
            f"{excerpt(text)} does not say where the tracking number goes. Write {{number}} "
            "there, once, such as https://carrier.example.com/parcel/{number}"
        )
    if re.search(r"\s", text):
        raise ValueError(f"{excerpt(text)} has a space in it. Take the space out.")
    # The host must end before the number, or whoever types numbers could choose the host.
    if not re.match(r"[^/]*//[^/?#{]+[/?#]", text):
        raise ValueError(
            f"{excerpt(text)} must have the number after the host name. Write it such as "
            "https://carrier.example.com/parcel/{number}"
        )
    https_url(re.split(r"[?#]", text.replace("{number}", "0"))[0])
    return text


def _storefront(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        unknown = sorted(storefront_patterns.variables_of(text) - set(allowed))
        if unknown:
            raise ValueError(
                f"there is no variable {excerpt(unknown[0])} in this address."
                f"{did_you_mean(unknown[0], allowed)} There are {', '.join(allowed)}."
            )
        filled = storefront_patterns.fill(text, dict.fromkeys(allowed, "0"))
        if re.search(r"\s", filled):
            raise ValueError(f"{excerpt(text)} has a space in it. Take the space out.")
        https_url(re.split(r"[?#]", filled)[0])
        if text and not storefront_patterns.has_fixed_host(text):
            raise ValueError(
                f"{excerpt(text)} must have its variables after the host name. Write it such as "
                f"https://shop.example.com/?cart={{{{ {allowed[0]} }}}}"
            )
        return text

    return parse


def _steps(text: str) -> tuple[int, ...]:
    found = re.fullmatch(r"([0-9]{1,5})[ ,]+([0-9]{1,5})", text)
    second, third = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= second < third <= MOST_MINUTES:
        raise ValueError(
            f"{excerpt(text)} will not do. Write two numbers of minutes, the second larger, at "
            f"most {MOST_MINUTES}, such as 1440 4320."
        )
    return second, third


def _voucher(text: str) -> str:
    if not re.fullmatch(r"[!-~]{0,40}", text):
        raise ValueError(f"{excerpt(text)} is not a voucher code. Write it as the dashboard does.")
    return text


def _link(text: str) -> str:
    """An https address; what stands behind its host may be anything."""
    base, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", text.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    if re.search(r"[^!-~]", rest):
        raise ValueError(f"{excerpt(text)} has a character that no address has. Take it out.")
    return https_url(base) + mark + rest


def _origins(text: str) -> tuple[str, ...]:
    """What browsers call a page's origin, of each address; every one is safe in a header."""
    return tuple(dict.fromkeys(_origin(item) for item in items(text)))


def _origin(text: str) -> str:
    if found := re.fullmatch(r"(http://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?)/?", text):
        return found[1]
    url = urlsplit(https_url(re.split(r"[?#]", text)[0]))
    host = (url.hostname or "").encode("idna").decode("ascii")
    return f"https://{host}:{url.port}" if url.port not in (None, 443) else f"https://{host}"


def _event(text: str) -> str:
    if (name := word(text)) not in EVENTS:
        raise ValueError(
            f"there is no event {excerpt(text)}.{did_you_mean(name, EVENTS)} "
            f"The events are {', '.join(EVENTS)}."
        )
    return name


def _country_code(text: str) -> str:
    if code := country(text):
        return code
    raise ValueError("a country is missing. Write for example sender.US = +12125552368")


def _opt_out_numbers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items(text):
        prefix = re.match(r"[A-Za-z]{2}(?=[\s:=])", item)
        code = _country_code(prefix[0]) if prefix else ""
        written = item[2:].lstrip(" :=") if prefix else item
        number = sender_ids.check(written)
        if sender_ids.is_name(number):
            raise ValueError(f"{excerpt(item)} is not a number. Write one such as +48512345678.")
        short = len(number) <= sender_ids.MAX_SHORT_CODE and not written.startswith("+")
        if short and not code:
            raise ValueError(
                f"{excerpt(item)} is a short code, which works in one country only. Write the "
                f"country before it, such as FR {number}."
            )
        if code in found:
            raise ValueError(f"{excerpt(item)} is the second number there. Keep one of the two.")
        found[code] = number if short else f"+{number}"
    return found


def _forward(text: str) -> str:
    """ "staff", an e-mail address, or "" for nobody."""
    said = word(text)
    if said in ("off", "staff"):
        return "" if said == "off" else said
    if not re.fullmatch(r"[^@\s,;:<>()\"\\]{1,64}@([a-z0-9-]{1,63}\.)+[a-z]{2,63}", said):
        raise ValueError(
            f"{excerpt(text)} is not an e-mail address. Write one such as help@example.com, or "
            "staff, or off."
        )
    return said


def _budget_of(text: str) -> str:
    return ALL_COUNTRIES if word(text) == ALL_COUNTRIES else _country_code(text)


def _method(text: str) -> str:
    return " ".join(text.lower().split())


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One name of the field: how its value is read, and what holds without it."""

    name: str  #: as an owner writes it; ``settle.<event>`` has a subject after the point
    attribute: str  #: of ``SmsConfig``; with a subject, that is a mapping
    value: Callable[..., Any]  #: of the text, or of the subject and the text
    default: str = ""  #: written as an owner would; "" for settings with a subject
    example: str
    meaning: str
    subject: Callable[[str], str] | None = None
    value_needs_subject: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="night", attribute="night", value=parse_night, default="21:00-08:00",
        example="night = 21:00-08:00",
        meaning="when texts that can wait are held, in the customer's time; or off",
    ),
    Setting(
        name="settle.<event>", attribute="settle", value=_whole(0, HOUR, "seconds"),
        subject=_event, example="settle.order_cancelled = 600",
        meaning="seconds an event waits for a stronger one that says it too",
    ),
    Setting(
        name="phone", attribute="phone_source",
        value=lambda text: PhoneSource(one_of(*PhoneSource)(text)), default="auto",
        example="phone = auto",
        meaning="whose phone is texted: billing, shipping, or auto for what suits the event",
    ),
    Setting(
        name="sender.<country>", attribute="senders", value=sender_ids.check,
        subject=_country_code, example="sender.US = +12125552368",
        meaning="another sender for one country",
    ),
    Setting(
        name="tracking_url.<shipping method>", attribute="tracking_patterns", value=_pattern,
        subject=_method, example="tracking_url.* = https://carrier.example.com/parcel/{number}",
        meaning="the carrier's page; * stands for methods that name no carrier we know",
    ),
    Setting(
        name="rate", attribute="rate", value=_rate, example="rate = 30",
        meaning="most requests a second to the provider's account; 0 stops it; without it, what "
        "the provider allows",
    ),
    Setting(
        name="sender_rate.<sender>", attribute="sender_rates", value=_rate,
        subject=sender_ids.check, example="sender_rate.+12125552368 = 1",
        meaning="most requests a second with this sender",
    ),
    Setting(
        name="flood", attribute="flood", value=_limits("3/10min 10/day"), default="3/10min 10/day",
        example="flood = 3/10min 10/day",
        meaning="most texts one number gets in a time; or off",
    ),
    Setting(
        name="offers_cap", attribute="offers_cap", value=_limits("2/day 8/30day"),
        default="2/day 8/30day", example="offers_cap = 2/day 8/30day",
        meaning="most offers and reminders of carts that one number gets in a time, from all "
        "channels together; or off; the law's cap of the place holds beside it (sms_rules)",
    ),
    Setting(
        name="budget.<country>", attribute="budget", value=_whole(0, 1_000_000, "texts"),
        subject=_budget_of, example="budget.US = 50",
        meaning="texts to customers' numbers of a country in a day of the shop (budget.all: of "
        "all countries) after which offers end and staff are told; order texts go on",
    ),
    Setting(
        name="storm", attribute="storm", value=_storm, default="10x 200",
        example="storm = 10x 200",
        meaning="more of one event within an hour than so many times the busiest hour of 14 days, "
        "and than so many, is held until staff decide; or off",
    ),
    Setting(
        name="usual_hour", attribute="usual_hour", value=_on_off, default="on",
        example="usual_hour = on",
        meaning="offers wait for the hour in which the customer usually orders, where there are "
        "three orders or more; or off",
    ),
    Setting(
        name="retention_days", attribute="retention_days", value=_whole(1, 400, "days"),
        default="90", example="retention_days = 90",
        meaning="days until numbers and texts are erased",
    ),
    Setting(
        name="staff_night", attribute="staff_night", value=parse_night, default="22:00-07:00",
        example="staff_night = 22:00-07:00",
        meaning="when texts to staff wait and become one in the morning; or off",
    ),
    Setting(
        name="staff_timezone", attribute="staff_timezone", value=_timezone,
        example="staff_timezone = Europe/Warsaw",
        meaning="whose night that is; without it, the time of the channel's country",
    ),
    Setting(
        name="staff_language", attribute="staff_language", value=_language,
        example="staff_language = pl",
        meaning="the language of texts to staff; without it, the channel's country's",
    ),
    Setting(
        name="max_segments", attribute="max_segments", value=_whole(1, 10, "segments"),
        default="4", example="max_segments = 4",
        meaning="the longest text, in segments of 160 characters (70 with special letters)",
    ),
    Setting(
        name="link_base", attribute="link_base", value=https_url,
        example="link_base = https://shop.example.com/s",
        meaning="what links in texts begin with; without it, the plugin's own address",
    ),
    Setting(
        name="opt_out_number", attribute="opt_out_numbers", value=_opt_out_numbers,
        example="opt_out_number = +48512345678, FR 36180",
        meaning="where customers write STOP when the sender is a name: a number that receives for "
        "your shop, or a country's short code; without it, offers carry a link to a page of ours",
    ),
    Setting(
        name="stop_confirmation", attribute="stop_confirmation", value=_on_off, default="on",
        example="stop_confirmation = off",
        meaning="whether STOP gets an answer; off where the provider or the carriers give one",
    ),
    Setting(
        name="forward_replies", attribute="forward_replies", value=_forward, default="off",
        example="forward_replies = staff",
        meaning="who reads what customers write besides keywords: staff (the staff numbers), an "
        "e-mail address, or off",
    ),
    Setting(
        name="recovery_url", attribute="recovery_url",
        value=_storefront("checkout.token", "checkout.id"),
        example="recovery_url = https://shop.example.com/cart/{{ checkout.token }}",
        meaning="the storefront's page of a cart; without it, texts have no link to it",
    ),
    Setting(
        name="retry_url", attribute="retry_url",
        value=_storefront("order.id", "order.token", "checkout.token", "checkout.id"),
        example="retry_url = https://shop.example.com/pay/{{ order.id }}",
        meaning="where a customer pays again; without it, or with variables of an order for a "
        "cart, recovery_url or order_url",
    ),
    Setting(
        name="order_url", attribute="order_url", value=_storefront("order.id", "order.token"),
        example="order_url = https://shop.example.com/order/{{ order.id }}",
        meaning="the storefront's page of an order; without it, texts have no link to it",
    ),
    Setting(
        name="abandoned.delay", attribute="abandoned_delay", value=_whole(5, 1380, "minutes"),
        default="60", example="abandoned.delay = 60",
        meaning="minutes without a change after which a cart counts as left behind",
    ),
    Setting(
        name="abandoned.steps", attribute="abandoned_steps", value=_steps, default="1440 4320",
        example="abandoned.steps = 1440 4320",
        meaning="minutes without a change until the second and the third reminder, where they "
        "are switched on",
    ),
    Setting(
        name="abandoned.voucher", attribute="abandoned_voucher", value=_voucher,
        example="abandoned.voucher = WELCOME",
        meaning="a voucher code of the shop for texts about carts",
    ),
    Setting(
        name="abandoned.daily_budget", attribute="abandoned_daily_budget",
        value=_whole(0, 1_000_000, "texts"), default="500",
        example="abandoned.daily_budget = 500",
        meaning="most texts about carts in a day of the shop",
    ),
    Setting(
        name="double_opt_in", attribute="double_opt_in", value=one_of("auto", "on", "off"),
        default="auto", example="double_opt_in = auto",
        meaning="whether consent counts only once it was confirmed from the phone: on, off, or "
        "auto for what the law of the customer's country says; off never lowers what it requires",
    ),
    Setting(
        name="opt_in.reward", attribute="opt_in_reward", value=_voucher,
        example="opt_in.reward = WELCOME10",
        meaning="a voucher code of the shop for who confirms a consent",
    ),
    Setting(
        name="opt_in.reward_url", attribute="opt_in_reward_url", value=_link,
        example="opt_in.reward_url = https://shop.example.com/guide.pdf",
        meaning="an address, of a file for instance, for who confirms a consent",
    ),
    Setting(
        name="survey.days", attribute="survey_days", value=_whole(1, 60, "days"), default="7",
        example="survey.days = 7",
        meaning="days after everything was sent until a survey asks how it was",
    ),
    Setting(
        name="dashboard_url", attribute="dashboard_origins", value=_origins,
        example="dashboard_url = https://dashboard.example.com",
        meaning="where your Saleor dashboard is, so that it may show the plugin's pages; several "
        "with commas between",
    ),
    Setting(
        name="rule.<place>.<column>", attribute="overrides", value=override,
        value_needs_subject=True, subject=place_and_column,
        example="rule.DE.hours = 10:00-18:00",
        meaning="another rule for offers than the table's (sms_rules shows it): a stricter one, "
        "or one that ends “, signed off by Anna Nowak 2026-11-20”",
    ),
)  # fmt: skip

_BY_NAME = {setting.name.partition(".<")[0]: setting for setting in SETTINGS}


def advanced_help() -> str:
    """What the dashboard says under the field: each name with an example and its meaning."""
    lines = "; ".join(f"{setting.example} ({setting.meaning})" for setting in SETTINGS)
    return f"Rare settings, one to a line; a line that starts with # is a note. {lines}."


def parse_advanced(text: str) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """The values by attribute of ``SmsConfig``, and what is wrong as (line, what).

    A line that is wrong counts as absent; every attribute is there. Never raises.
    """
    values: dict[str, Any] = {
        setting.attribute: {} if setting.subject else setting.value(setting.default)
        for setting in SETTINGS
    }
    faults: list[tuple[int, str]] = []
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        setting_line = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if not setting_line:
            continue
        try:
            setting, subject, value = _read(setting_line)
            if first := seen.get((setting.name, subject)):
                raise ValueError(f"says again what line {first} sets. Keep one of the two lines.")
        except (ValueError, InvalidInput) as error:
            faults.append((number, str(error)))
            continue
        seen[setting.name, subject] = number
        if setting.subject:
            values[setting.attribute][subject] = value
        else:
            values[setting.attribute] = value
    return values, faults


def _read(line: str) -> tuple[Setting, str, Any]:
    left, equals, right = (part.strip() for part in line.partition("="))
    head, _, tail = left.partition(".")
    if word(left) in _BY_NAME:
        head, tail = left, ""  # a name with a point of its own
    setting = _BY_NAME.get(word(head))
    if setting is None or bool(tail.strip()) != bool(setting.subject):
        raise ValueError(_unknown(left))
    if not equals or not right:
        raise ValueError(f"{excerpt(left)} has no value. Write for example {setting.example}")
    subject = setting.subject(tail.strip()) if setting.subject else ""
    written = (subject, right) if setting.value_needs_subject else (right,)
    return setting, subject, setting.value(*written)


def _unknown(name: str) -> str:
    setting = _BY_NAME.get(word(name.partition(".")[0]))
    if setting:
        return f"{excerpt(name)} is not written in full. Write for example {setting.example}"
    return (
        f"unknown name {excerpt(name)}.{did_you_mean(name, _BY_NAME)} "
        f"The names are {', '.join(setting.name for setting in SETTINGS)}."
    )
