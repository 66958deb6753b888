"""The field “Advanced”: one line, one setting."""

from __future__ import annotations

import datetime as dt

import pytest

from saleor_sms_plugin.config.advanced import SETTINGS, PhoneSource, advanced_help
from saleor_sms_plugin.config.advanced_lines import parse_advanced
from saleor_sms_plugin.config.limits import FloodLimit, StormLimit
from saleor_sms_plugin.domain.law import Override, SoftOptIn
from saleor_sms_plugin.domain.quiet_hours import Night

DEFAULTS = {
    "night": Night(dt.time(21), dt.time(8)),
    "settle": {},
    "phone_source": PhoneSource.AUTO,
    "senders": {},
    "tracking_patterns": {},
    "flood": (FloodLimit(3, 600), FloodLimit(10, 86400)),
    "offers_cap": (FloodLimit(2, 86400), FloodLimit(8, 2592000)),
    "budget": {},
    "storm": StormLimit(10, 200),
    "usual_hour": True,
    "retention_days": 90,
    "staff_night": Night(dt.time(22), dt.time(7)),
    "staff_timezone": "",
    "staff_language": "",
    "rate": None,
    "sender_rates": {},
    "max_segments": 4,
    "link_base": "",
    "opt_out_numbers": {},
    "stop_confirmation": True,
    "forward_replies": "",
    "recovery_url": "",
    "retry_url": "",
    "order_url": "",
    "abandoned_delay": 60,
    "abandoned_steps": (1440, 4320),
    "abandoned_voucher": "",
    "abandoned_daily_budget": 500,
    "survey_days": 7,
    "double_opt_in": "auto",
    "opt_in_reward": "",
    "opt_in_reward_url": "",
    "dashboard_origins": (),
    "overrides": {},
}


def test_nothing_written_gives_the_defaults() -> None:
    """Every setting has a value without a line."""
    assert parse_advanced("") == (DEFAULTS, [])


def test_every_setting_is_read() -> None:
    """Lines in any order, notes and blank lines between, spaces and capitals as people type."""
    values, faults = parse_advanced(
        "# our rules\r\n"
        "\r\n"
        "night = 20:30-09:00\r\n"
        "  Settle.Order_Cancelled=30  \r\n"
        "settle.order_created = 0   # at once\r\n"
        "phone = Shipping\r\n"
        "sender.us = +12125552368\r\n"
        "sender.UK = MyShop\r\n"
        "tracking_url.DHL  Express = https://example.com/t?n={number}#top\r\n"
        "tracking_url.* = https://example.com/{number}\r\n"
        "flood = 2/5min, 6/h 20/2days\r\n"
        "storm = 5X, 1000\r\n"
        "offers_cap = 1/day 4/30days\r\n"
        "budget.ALL = 500\r\n"
        "budget.uk = 0\r\n"
        "usual_hour = OFF\r\n"
        "survey.days = 14\r\n"
        "retention_days = 30\r\n"
        "staff_night = off\r\n"
        "staff_timezone = Europe/Warsaw\r\n"
        "staff_language = PT_br\n"
        "rate = 12.5\r\n"
        "sender_rate.+12125552368 = 1\r\n"
        "max_segments = 2\n"
        "link_base = https://shop.example.com/s/\n"
        "opt_out_number = +48 512 345 678, fr 36180\n"
        "stop_confirmation = OFF\n"
        "forward_replies = Help@Example.com\n"
        "recovery_url = https://shop.example.com/cart?c={{ checkout.token }}#top\n"
        "retry_url = https://shop.example.com/pay/{{order.id}}\n"
        "order_url = https://shop.example.com/o/{{ order.token }}\n"
        "Abandoned.Delay = 30\n"
        "abandoned.steps = 60, 120\n"
        "abandoned.voucher = WELCOME-10\n"
        "abandoned.daily_budget = 7\n"
        "double_opt_in = ON\n"
        "opt_in.reward = WELCOME10\n"
        "Opt_In.Reward_URL = https://shop.example.com/guide.pdf?v=1#top\n"
        "Dashboard_URL = https://SHOP.example.com/dashboard/, http://localhost:9000/\n"
        "rule.us-texas.Cap = 2/day\n"
        "rule.DE.soft_opt_in = yes, signed off by Anna Nowak 2026-11-20"
    )
    assert faults == []
    assert values == {
        "night": Night(dt.time(20, 30), dt.time(9)),
        "settle": {"order_cancelled": 30, "order_created": 0},
        "phone_source": PhoneSource.SHIPPING,
        "senders": {"US": "12125552368", "GB": "MyShop"},
        "tracking_patterns": {
            "dhl express": "https://example.com/t?n={number}#top",
            "*": "https://example.com/{number}",
        },
        "flood": (FloodLimit(2, 300), FloodLimit(6, 3600), FloodLimit(20, 172800)),
        "storm": StormLimit(5, 1000),
        "offers_cap": (FloodLimit(1, 86400), FloodLimit(4, 2592000)),
        "budget": {"all": 500, "GB": 0},
        "usual_hour": False,
        "survey_days": 14,
        "retention_days": 30,
        "staff_night": None,
        "staff_timezone": "Europe/Warsaw",
        "staff_language": "pt-br",
        "rate": 12.5,
        "sender_rates": {"12125552368": 1.0},
        "max_segments": 2,
        "link_base": "https://shop.example.com/s",
        "opt_out_numbers": {"": "+48512345678", "FR": "36180"},
        "stop_confirmation": False,
        "forward_replies": "help@example.com",
        "recovery_url": "https://shop.example.com/cart?c={{ checkout.token }}#top",
        "retry_url": "https://shop.example.com/pay/{{order.id}}",
        "order_url": "https://shop.example.com/o/{{ order.token }}",
        "abandoned_delay": 30,
        "abandoned_steps": (60, 120),
        "abandoned_voucher": "WELCOME-10",
        "abandoned_daily_budget": 7,
        "double_opt_in": "on",
        "opt_in_reward": "WELCOME10",
        "opt_in_reward_url": "https://shop.example.com/guide.pdf?v=1#top",
        "dashboard_origins": ("https://shop.example.com", "http://localhost:9000"),
        "overrides": {
            "US-TX.cap": Override(2),
            "DE.soft_opt_in": Override(SoftOptIn.SIGNED_OFF, "Anna Nowak", dt.date(2026, 11, 20)),
        },
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nigth = off", "unknown name “nigth”. Did you mean “night”?"),
        ("sender_US = MyShop", "unknown name “sender_US”. Did you mean “sender”?"),
        ("just words", "unknown name “just words”."),
        ("night", "“night” has no value. Write for example night = 21:00-08:00"),
        ("night =", "“night” has no value. Write for example night = 21:00-08:00"),
        ("night.late = off", "“night.late” is not written in full."),
        ("settle = 30", "“settle” is not written in full. Write for example settle.order_canc"),
        (
            "settle.order_canceled = 30",
            "no event “order_canceled”. Did you mean “order_cancelled”?",
        ),
        (
            "settle.order_created = soon",
            "“soon” will not do. Write a whole number of seconds from 0",
        ),
        ("settle.order_created = -1", "“-1” will not do."),
        ("settle.order_created = 3601", "from 0 to 3600."),
        ("settle.order_created = ٣", "“٣” will not do."),
        ("phone = fax", "“fax” is not known. Write auto or billing or shipping."),
        ("sender.XX = MyShop", "“XX” is not a country code."),
        ("flood = often", "“often” is not a limit. Write 3/10min 10/day, or off."),
        ("flood = 0/day", "“0/day” is not a limit."),
        ("offers_cap = 2", "“2” is not a limit. Write 2/day 8/30day, or off."),
        ("budget = 50", "“budget” is not written in full. Write for example budget.US = 50"),
        ("budget.XX = 50", "“XX” is not a country code."),
        ("budget.US = -1", "Write a whole number of texts from 0 to 1000000."),
        ("usual_hour = always", "“always” is not known. Write on or off."),
        ("survey.days = 0", "from 1 to 60."),
        ("retention_days = 0", "from 1 to 400."),
        ("max_segments = 11", "from 1 to 10."),
        (
            "staff_timezone = Warsaw",
            "“Warsaw” is not a time zone. Write one such as Europe/Warsaw.",
        ),
        ("staff_timezone = ../../etc/passwd", "is not a time zone."),
        ("staff_timezone = Europe", "is not a time zone."),
        ("staff_language = Polish", "is not a language."),
        ("double_opt_in = maybe", "“maybe” is not known. Write auto or on or off."),
        ("opt_in.reward = ŁUCJA", "is not a voucher code."),
        ("opt_in.reward_url = http://example.com/a", "does not start with https://."),
        ("opt_in.reward_url = https://example.com/?a b", "has a character that no address has."),
        ("dashboard_url = http://dash.example.com", "does not start with https://."),
        ("dashboard_url = https://dash.example.com script-src", "has a character that no address"),
        ("dashboard_url = http://localhost:9000@evil.example", "does not start with https://."),
        ("stop_confirmation = perhaps", "Write on or off."),
        ("forward_replies = customers", "“customers” is not an e-mail address."),
        ("forward_replies = a@example.com, b@example.com", "is not an e-mail address."),
        ("forward_replies = a@localhost", "Write one such as help@example.com, or staff, or off."),
        ("rate = fast", "“fast” is not a rate. Write requests a second, such as 30."),
        ("rate = -1", "“-1” is not a rate."),
        ("rate = 0.001", "“0.001” will not do. Write 0, or from 0.01 to 10000."),
        ("rate = 99999", "“99999” will not do."),
        ("sender_rate.A/B = 1", "sender"),
        ("tracking_url.* = https://example.com/", "does not say where the tracking number goes."),
        ("tracking_url.* = http://example.com/{number}", "does not start with https://."),
        ("tracking_url.* = https://{number}.example.com/", "must have the number after the host"),
        ("tracking_url.* = https://example.com{number}/", "must have the number after the host"),
        ("tracking_url.* = https://localhost/{number}", "has no valid host name."),
        ("tracking_url.* = javascript:alert({number})", "must have the number after the host"),
        ("tracking_url.* = https://example.com/a b/{number}", "has a space in it."),
        ("link_base = http://example.com/s", "does not start with https://."),
        ("abandoned.dely = 5", "Did you mean “abandoned.delay”?"),
        ("abandoned.delay = 4", "from 5 to 1380."),
        ("abandoned.steps = 1440", "Write two numbers of minutes"),
        ("abandoned.steps = 4320 1440", "Write two numbers of minutes"),
        ("abandoned.voucher = ŁUCJA", "is not a voucher code."),
        ("recovery_url = https://example.com/{{ checkout.tokn }}", "“checkout.tokn”"),
        ("recovery_url = https://example.com/{{ order.id }}", "no variable “order.id”"),
        ("recovery_url = https://example.com/{{ checkout.token | upcase }}", "a space in it."),
        ("recovery_url = javascript:alert(1)", "does not start with https://."),
        ("recovery_url = //example.com/", "does not start with https://."),
        ("recovery_url = https://{{ checkout.token }}.example.com/", "after the host name."),
        ("retry_url = https://example.com{{ order.id }}/", "after the host name."),
        ("order_url = https://a@example.com/{{ order.id }}", "has no valid host name."),
        ("rule = 2/day", "“rule” is not written in full. Write for example rule.DE.hours ="),
        ("rule.DE = 2/day", "there is no column “de”."),
        ("rule.DE.hour = 10-18", "there is no column “hour”. Did you mean “hours”?"),
        ("rule.hours = 10-18", "a place is missing. Write for example rule.DE.hours ="),
        ("rule.XX.hours = 10-18", "“XX” is not a country code."),
        ("rule.US-XX.hours = 10-18", "“XX” is no state of US that is known here. There are AL,"),
        ("rule.DE-BY.hours = 10-18", "“BY” is no state of DE that is known here."),
        ("rule.DE.hours = all day", "“all day” are no hours. Write for example 10:00-18:00"),
        ("rule.DE.hours = 8-20", "Offers go out between 09:00 and 20:00 only"),
        ("rule.DE.hours = Sun 10-18", "laxer than the rule of DE (Mon-Sat 09:00-20:00)."),
        ("rule.US-FL.cap = 4/day", "“4/day” is laxer than the rule of US-FL (3/day)."),
        ("rule.US.cart_texts = off", "“off” is laxer than the rule of US (1)."),
        ("rule.DE.cap = often", "“often” will not do. Write at most so many a day, such as 2/day"),
        ("rule.DE.soft_opt_in = yes", "signs: yes, signed off by Anna Nowak 2026-11-20."),
        ("rule.DE.soft_opt_in = yes, signed off by me", "does not say who signed it off, and when"),
        ("rule.DE.soft_opt_in = yes, signed off by Anna 2026-02-30", "does not say who signed it"),
        (
            "rule.IT.soft_opt_in = yes, signed off by Anna 2026-11-20",
            "no soft opt-in in IT; nobody",
        ),
        (
            "rule.PL.soft_opt_in = yes, signed off by Anna 2026-11-20",
            "no soft opt-in in PL; nobody",
        ),
        ("rule.DE.cart_soft_opt_in = yes, signed off by Anna 2026-11-20", "there is no column"),
        (
            "rule.DE.cart_consent = soft_opt_in, signed off by Anna 2026-11-20",
            "“soft_opt_in” will not do. Write express or express_written.",
        ),
        ("rule.FR.requires_opt_out_code = perhaps", "Write yes or no."),
        ("rule.default.holidays = yes", "the holidays of default are not known."),
    ],
)
def test_a_wrong_line_is_told_and_counts_as_absent(line: str, said: str) -> None:
    """The message says what is wrong in that line; every other line still holds."""
    values, faults = parse_advanced(f"# a note\nsender.IT = MyShop\n{line}")
    assert [number for number, _ in faults] == [3]
    assert said in faults[0][1]
    assert values == {**DEFAULTS, "senders": {"IT": "MyShop"}}


def test_a_wrong_sender_is_told() -> None:
    """A sender for one country is checked like the sender."""
    values, faults = parse_advanced("sender.PL = a name that is far too long")
    assert values == DEFAULTS
    assert [number for number, _ in faults] == [1]


def test_a_setting_given_twice_is_refused_and_the_first_holds() -> None:
    """Two lines that say the same are a slip of the owner's; neither wins silently."""
    values, faults = parse_advanced("max_segments = 2\nnight = off\nmax_segments = 3")
    assert values["max_segments"] == 2
    assert faults == [(3, "says again what line 1 sets. Keep one of the two lines.")]


def test_two_subjects_are_two_settings() -> None:
    """The same name for two countries is no repetition."""
    values, faults = parse_advanced("sender.PL = MyShop\nsender.IT = MyShop")
    assert (values["senders"], faults) == ({"PL": "MyShop", "IT": "MyShop"}, [])


def test_values_do_not_leak_into_the_next_parse() -> None:
    """The defaults are not shared."""
    parse_advanced("settle.order_created = 5")[0]["settle"]["order_paid"] = 1
    assert parse_advanced("") == (DEFAULTS, [])


def test_the_help_shows_every_setting_with_an_example_that_works() -> None:
    """What the dashboard shows can be copied into the field."""
    values, faults = parse_advanced("\n".join(setting.example for setting in SETTINGS))
    assert faults == []
    assert set(values) == {setting.attribute for setting in SETTINGS}
    assert all(setting.example in advanced_help() for setting in SETTINGS)
