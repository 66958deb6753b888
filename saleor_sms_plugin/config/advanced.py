"""The field “Advanced”: rare settings, one table row per name; ``advanced_lines`` reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..domain import sender_ids
from ..domain.quiet_hours import parse_night
from ..events.catalogue import EVENTS, HOUR
from .addresses import (
    link,
    opt_out_numbers,
    origins,
    shop_page,
    staff_or_email,
    tracking_page,
)
from .limits import limits, rate, storm_limit, two_steps
from .overrides import override, place_and_column
from .values import (
    country_code,
    did_you_mean,
    excerpt,
    https_url,
    language,
    on_off,
    one_of,
    time_zone,
    whole,
    word,
)

LONGEST_MEMORY = 400  #: days; decisions themselves go then


class PhoneSource(StrEnum):
    """Which of the order's phones is texted."""

    AUTO = "auto"  #: as the event's row in the catalogue says
    BILLING = "billing"
    SHIPPING = "shipping"


ALL_COUNTRIES = "all"  #: subject of ``budget`` beside the single countries


def _voucher(text: str) -> str:
    if not re.fullmatch(r"[!-~]{0,40}", text):
        raise ValueError(f"{excerpt(text)} is not a voucher code. Write it as the dashboard does.")
    return text


def _event(text: str) -> str:
    if (name := word(text)) not in EVENTS:
        raise ValueError(
            f"there is no event {excerpt(text)}.{did_you_mean(name, EVENTS)} "
            f"The events are {', '.join(EVENTS)}."
        )
    return name


def _budget_of(text: str) -> str:
    return ALL_COUNTRIES if word(text) == ALL_COUNTRIES else country_code(text)


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
        name="settle.<event>", attribute="settle", value=whole(0, HOUR, "seconds"),
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
        subject=country_code, example="sender.US = +12125552368",
        meaning="another sender for one country",
    ),
    Setting(
        name="tracking_url.<shipping method>", attribute="tracking_patterns", value=tracking_page,
        subject=_method, example="tracking_url.* = https://carrier.example.com/parcel/{number}",
        meaning="the carrier's page; * stands for methods that name no carrier we know",
    ),
    Setting(
        name="rate", attribute="rate", value=rate, example="rate = 30",
        meaning="most requests a second to the provider's account; 0 stops it; without it, what "
        "the provider allows",
    ),
    Setting(
        name="sender_rate.<sender>", attribute="sender_rates", value=rate,
        subject=sender_ids.check, example="sender_rate.+12125552368 = 1",
        meaning="most requests a second with this sender",
    ),
    Setting(
        name="flood", attribute="flood", value=limits("3/10min 10/day"), default="3/10min 10/day",
        example="flood = 3/10min 10/day",
        meaning="most texts one number gets in a time; or off",
    ),
    Setting(
        name="offers_cap", attribute="offers_cap", value=limits("2/day 8/30day"),
        default="2/day 8/30day", example="offers_cap = 2/day 8/30day",
        meaning="most offers and reminders of carts that one number gets in a time, from all "
        "channels together; or off; the law's cap of the place holds beside it (sms_rules)",
    ),
    Setting(
        name="budget.<country>", attribute="budget", value=whole(0, 1_000_000, "texts"),
        subject=_budget_of, example="budget.US = 50",
        meaning="texts to customers' numbers of a country in a day of the shop (budget.all: of "
        "all countries) after which offers end and staff are told; order texts go on",
    ),
    Setting(
        name="storm", attribute="storm", value=storm_limit, default="10x 200",
        example="storm = 10x 200",
        meaning="more of one event within an hour than so many times the busiest hour of 14 days, "
        "and than so many, is held until staff decide; or off",
    ),
    Setting(
        name="usual_hour", attribute="usual_hour", value=on_off, default="on",
        example="usual_hour = on",
        meaning="offers wait for the hour in which the customer usually orders, where there are "
        "three orders or more; or off",
    ),
    Setting(
        name="retention_days", attribute="retention_days", value=whole(1, LONGEST_MEMORY, "days"),
        default="90", example="retention_days = 90",
        meaning="days until numbers and texts are erased; at least 7, and as many as offers_cap "
        "and flood count",
    ),
    Setting(
        name="staff_night", attribute="staff_night", value=parse_night, default="22:00-07:00",
        example="staff_night = 22:00-07:00",
        meaning="when texts to staff wait and become one in the morning; or off",
    ),
    Setting(
        name="staff_timezone", attribute="staff_timezone", value=time_zone,
        example="staff_timezone = Europe/Warsaw",
        meaning="whose night that is; without it, the time of the channel's country",
    ),
    Setting(
        name="staff_language", attribute="staff_language", value=language,
        example="staff_language = pl",
        meaning="the language of texts to staff; without it, the channel's country's",
    ),
    Setting(
        name="max_segments", attribute="max_segments", value=whole(1, 10, "segments"),
        default="4", example="max_segments = 4",
        meaning="the longest text, in segments of 160 characters (70 with special letters)",
    ),
    Setting(
        name="link_base", attribute="link_base", value=https_url,
        example="link_base = https://shop.example.com/s",
        meaning="what links in texts begin with; without it, the plugin's own address",
    ),
    Setting(
        name="opt_out_number", attribute="opt_out_numbers", value=opt_out_numbers,
        example="opt_out_number = +48512345678, FR 36180",
        meaning="where customers write STOP when the sender is a name: a number that receives for "
        "your shop, or a country's short code; without it, offers carry a link to a page of ours",
    ),
    Setting(
        name="stop_confirmation", attribute="stop_confirmation", value=on_off, default="on",
        example="stop_confirmation = off",
        meaning="whether STOP gets an answer; off where the provider or the carriers give one",
    ),
    Setting(
        name="forward_replies", attribute="forward_replies", value=staff_or_email, default="off",
        example="forward_replies = staff",
        meaning="who reads what customers write besides keywords: staff (the staff numbers), an "
        "e-mail address, or off",
    ),
    Setting(
        name="recovery_url", attribute="recovery_url",
        value=shop_page("checkout.token", "checkout.id"),
        example="recovery_url = https://shop.example.com/cart/{{ checkout.token }}",
        meaning="the storefront's page of a cart; without it, texts have no link to it",
    ),
    Setting(
        name="retry_url", attribute="retry_url",
        value=shop_page("order.id", "order.token", "checkout.token", "checkout.id"),
        example="retry_url = https://shop.example.com/pay/{{ order.id }}",
        meaning="where a customer pays again; without it, or with variables of an order for a "
        "cart, recovery_url or order_url",
    ),
    Setting(
        name="order_url", attribute="order_url", value=shop_page("order.id", "order.token"),
        example="order_url = https://shop.example.com/order/{{ order.id }}",
        meaning="the storefront's page of an order; without it, texts have no link to it",
    ),
    Setting(
        name="abandoned.delay", attribute="abandoned_delay", value=whole(5, 1380, "minutes"),
        default="60", example="abandoned.delay = 60",
        meaning="minutes without a change after which a cart counts as left behind",
    ),
    Setting(
        name="abandoned.steps", attribute="abandoned_steps", value=two_steps, default="1440 4320",
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
        value=whole(0, 1_000_000, "texts"), default="500",
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
        name="opt_in.reward_url", attribute="opt_in_reward_url", value=link,
        example="opt_in.reward_url = https://shop.example.com/guide.pdf",
        meaning="an address, of a file for instance, for who confirms a consent",
    ),
    Setting(
        name="survey.days", attribute="survey_days", value=whole(1, 60, "days"), default="7",
        example="survey.days = 7",
        meaning="days after everything was sent until a survey asks how it was",
    ),
    Setting(
        name="dashboard_url", attribute="dashboard_origins", value=origins,
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


def advanced_help() -> str:
    """What the dashboard says under the field: each name with an example and its meaning."""
    lines = "; ".join(f"{setting.example} ({setting.meaning})" for setting in SETTINGS)
    return f"Rare settings, one to a line; a line that starts with # is a note. {lines}."
