"""What a save refuses, and what it must let through."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from saleor_sms_plugin.config import check
from saleor_sms_plugin.exceptions import ConfigurationError

GOOD: dict[str, object] = {
    "provider": "vonage",
    "api_key": "abcd1234",
    "api_secret": "invented-secret",
    "api": "sms",
    "sender_id": "MyShop",
    "shop_name": "Example",
    "default_country": "PL",
    "send_order_created": True,
}
TEXT = "Text “Order received” (text_order_created)"


def _missing(provider: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    needed = ("api_key", "api_secret") if provider == "vonage" else ()
    return tuple(name for name in needed if not settings[name])


def _messages(
    new: Mapping[str, object],
    old: Mapping[str, object] | None = None,
    *,
    active: bool = True,
    shipping: str = "PL IT",
) -> list[str]:
    problems = check(
        new,
        {} if old is None else old,
        active=active,
        missing=_missing,
        known_providers=("console", "memory", "vonage"),
        shipping_countries=frozenset(shipping.split()),
        environ={},
    )
    return [problem.message for problem in problems]


def _text(text: str, **more: object) -> list[str]:
    return _messages({**GOOD, "text_order_created": text, **more})


def test_a_complete_configuration_is_accepted() -> None:
    """Nothing is refused where nothing is wrong."""
    assert _messages(GOOD) == []
    assert _messages({**GOOD, "provider": "console", "api_key": ""}) == []


def test_switching_on_asks_for_what_is_missing_in_the_forms_order() -> None:
    """Each empty field is named once, with what to do."""
    assert _messages({"provider": "vonage"}) == [
        "API key (api_key): is empty, and vonage needs it. Fill it in, then switch on.",
        "API secret (api_secret): is empty, and vonage needs it. Fill it in, then switch on.",
        "Sender (sender_id): is empty. Write the name or number that customers see as the sender.",
    ]


def test_a_half_filled_form_can_be_saved_while_off() -> None:
    """Completeness is asked for only when the channel is switched on."""
    assert _messages({"provider": "vonage"}, active=False) == []
    assert _messages({}, active=False) == []


def test_switching_off_always_works() -> None:
    """What was stored wrong and did not change is not held against it."""
    broken: dict[str, object] = {
        "provider": "vonagee",
        "sender_id": "far too long a name",
        "shop_name": "x" * 51,
        "api": ["sms"],
        "text_order_created": "{{ order.numbr }}",
        "test_numbers": "nobody",
        "advanced": "nigth = off",
        "allowed_countries": "US",
        "send_order_created": {"value": True},
    }
    assert len({message.partition(":")[0] for message in _messages(broken)}) >= 8
    assert _messages(broken, broken, active=False) == []


def test_a_wrong_change_is_refused_while_off() -> None:
    """Only the changed field is told."""
    old = {"provider": "vonagee", "contact": "x"}
    assert _messages({**old, "provider": "vonagee", "api": "smtp"}, old, active=False) == [
        "API (api): “smtp” is not known. Write sms or messages."
    ]


@pytest.mark.parametrize(
    ("advanced", "said"),
    [
        ("retention_days = 30", ""),
        ("retention_days = 7\noffers_cap = off\nflood = off", ""),
        (
            "retention_days = 29",
            "29 days are too few: offers_cap counts the texts of a number for 30 days. "
            "Write retention_days = 30 or more, or a shorter offers_cap.",
        ),
        (
            "flood = 9/100day",
            "90 days are too few: flood counts the texts of a number for 100 days. "
            "Write retention_days = 100 or more, or a shorter flood.",
        ),
        (
            "retention_days = 6\noffers_cap = 2/day",
            "6 days are too few: requests and surveys are answered for 7 days. "
            "Write retention_days = 7 or more.",
        ),
        (
            "offers_cap = 2/401day",
            "90 days are too few: offers_cap counts the texts of a number for 401 days. "
            "Write offers_cap of at most 400day, and retention_days as long.",
        ),
    ],
)
def test_numbers_are_kept_for_as_long_as_they_are_needed(advanced: str, said: str) -> None:
    """What counts, or is answered, by number is named, and how to mend it."""
    expected = [f"Advanced (advanced): retention_days: {said}"] if said else []
    assert _messages({**GOOD, "advanced": advanced}) == expected


def test_an_unknown_provider_is_told_with_the_nearest() -> None:
    """The message lists what can be written."""
    assert _messages({**GOOD, "provider": "vonagee"}) == [
        "Provider (provider): “vonagee” is not known. Did you mean “vonage”? Write one of: "
        "console, memory, vonage."
    ]


def test_an_account_given_to_the_console_is_refused() -> None:
    """An owner who filled in a key expects texts to go out."""
    assert _messages({**GOOD, "provider": "console"}) == [
        "Provider (provider): console sends nothing, but API key is filled in. Write vonage to "
        "send texts, or empty API key (api_key) to keep trying out."
    ]
    assert _messages({**GOOD, "api_key": "", "application_id": "a", "provider": "memory"}) == [
        "Provider (provider): memory sends nothing, but Application ID is filled in. Write vonage "
        "to send texts, or empty Application ID (application_id) to keep trying out."
    ]
    assert _messages({**GOOD, "provider": "console"}, active=False) == []


def test_a_refused_secret_is_told_once() -> None:
    """A reference that cannot be read is one problem, not also a missing value."""
    (message,) = _messages({**GOOD, "api_secret": "env:SECRET_KEY"})
    assert message.startswith("API secret (api_secret): only environment variables whose names")


def test_a_provider_with_settings_of_its_own_is_told_without_a_field() -> None:
    """What the form does not have is named as the provider's need."""
    problems = check(
        GOOD,
        {},
        active=True,
        missing=lambda provider, settings: ("token",),
        known_providers=("vonage",),
        shipping_countries=frozenset(),
        environ={},
    )
    assert [problem.message for problem in problems] == [
        "Provider (provider): vonage also needs “token”, which is not set on the server."
    ]


def test_a_provider_that_cannot_say_is_a_problem_not_an_error() -> None:
    """Configuration errors of a provider reach the owner as a message."""

    def broken(provider: str, settings: Mapping[str, str]) -> tuple[str, ...]:
        raise ConfigurationError("The provider's package is not installed.")

    problems = check(
        GOOD,
        {},
        active=True,
        missing=broken,
        known_providers=("vonage",),
        shipping_countries=frozenset(),
        environ={},
    )
    assert [problem.message for problem in problems] == [
        "Provider (provider): The provider's package is not installed."
    ]


def test_a_name_towards_a_listed_country_that_refuses_names_is_refused() -> None:
    """The country and both ways out are named."""
    (message,) = _messages({**GOOD, "allowed_countries": "PL, US"})
    assert message.startswith("Sender (sender_id): ")
    assert "Take US out of Allowed countries (allowed_countries)" in message
    assert "sender.US = +…" in message


def test_a_sender_of_its_own_mends_the_country() -> None:
    """A number for the country in Advanced is all that is needed."""
    row = {**GOOD, "allowed_countries": "PL, US", "advanced": "sender.US = +12125552368"}
    assert _messages(row) == []


def test_a_sender_of_its_own_is_checked_too() -> None:
    """A name for the USA is refused where it is written."""
    (message,) = _messages({**GOOD, "advanced": "sender.US = MyShop"})
    assert message.startswith("Advanced (advanced): ")
    assert message.endswith("Change sender.US.")


def test_shipping_zones_refuse_a_sender_only_together() -> None:
    """A shop that also ships to the USA keeps its name; one that ships only there cannot."""
    assert _messages(GOOD, shipping="PL US CA") == []
    messages = _messages(GOOD, shipping="US CA")
    assert [message.partition(" Take ")[2][:2] for message in messages] == ["CA", "US"]
    assert "the shipping zones" in messages[0]
    assert _messages(GOOD, shipping="") == []


def test_a_sender_is_refused_while_off_only_when_it_changes() -> None:
    """Sender, countries and their exceptions are looked at together, when one of them changed."""
    old = {**GOOD, "allowed_countries": "US"}
    assert _messages({**old, "contact": "x"}, old, active=False) == []
    assert len(_messages({**old, "sender_id": "Shop2"}, old, active=False)) == 1


def test_an_unknown_variable_is_told_with_its_place() -> None:
    """Field, language, line of the field, column, and the nearest name."""
    text = "{{ shop.name }}\n[pl]\n\n\n{{ shop.name }}: {{ order.numbr }}"
    (message,) = _text(text)
    assert message.startswith(f"{TEXT}, language pl, line 5, column 21: ")
    assert "“order.numbr”" in message
    assert "Did you mean" in message
    assert "order.number" in message


def test_a_variable_of_another_event_is_unknown() -> None:
    """A refund's amount means nothing in the text for a new order."""
    (message,) = _text("{{ refund.amount }}")
    assert message.startswith(f"{TEXT}, line 1, column 4: ")


@pytest.mark.parametrize(
    "text",
    [
        "{{ order.number", "{% if %}x{% endif %}", "{% if order.number %}", "{% for x in %}",
        "{{ order.number | no_such_filter }}", "{% include 'x' %}", "{% nonsense %}",
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{{ order.number | append: order.number | divided_by: 0 }}",
    ],
)  # fmt: skip
def test_a_text_that_is_no_template_is_refused(text: str) -> None:
    """Python's and the template engine's errors reach the owner as one message of ours."""
    (message,) = _text(text)
    assert message.startswith(TEXT)
    assert "Traceback" not in message
    assert "liquid." not in message


def test_every_language_of_every_text_is_checked() -> None:
    """One problem per text, in the form's order."""
    messages = _messages(
        {
            **GOOD,
            "text_order_created": "{{ a.b }}\n[pl]\n{{ a.b }}",
            "text_order_cancelled": "{{ a.b }}",
        }
    )
    assert [message.partition(", line")[0] for message in messages] == [
        TEXT,
        f"{TEXT}, language pl",
        "Text “Order cancelled” (text_order_cancelled)",
    ]


def test_a_text_longer_than_allowed_is_refused_with_its_price() -> None:
    """Segments are counted with long samples; special letters are named."""
    assert _text("a" * 612) == []
    assert _text("a" * 613) == [
        f"{TEXT}: takes 5 segments with long values; at most 4 are allowed. Shorten it, or raise "
        "max_segments in Advanced."
    ]
    assert _text("[pl]\n" + "a" * 268 + "ł") == [
        f"{TEXT}, language pl: takes 5 segments with long values because of \u2018ł\u2019; "
        "without such letters 2; at most 4 are allowed. Shorten it, or raise max_segments in "
        "Advanced."
    ]
    assert _text("a" * 613, advanced="max_segments = 5") == []


def test_the_length_is_that_of_the_longest_outcome() -> None:
    """A branch taken only where a value is absent counts as well."""
    text = "{% if order.pickup_point %}x{% else %}" + "a" * 613 + "{% endif %}"
    (message,) = _text(text)
    assert "takes 5 segments" in message


def test_a_text_that_can_come_out_empty_is_refused() -> None:
    """An empty text is never sent; the owner hears of it at the save."""
    (message,) = _text("{% if order.pickup_point %}x{% endif %}")
    assert message == (
        f"{TEXT}: comes out empty for some orders. Write words that do not depend on an if, or "
        "untick the event."
    )


def test_a_text_of_100_kb_is_refused_by_its_length() -> None:
    """It is not even looked at."""
    assert _text("{{ order.number }}" * 5_700) == [
        f"{TEXT}: is 102600 characters long. At most 20000 are allowed."
    ]


def test_a_test_number_to_send_to_is_checked() -> None:
    """A save that asks for a test text needs a number that can get it."""
    (message,) = _messages({**GOOD, "send_test_to": "+48221234567"})
    assert message.startswith("Send a test to (send_test_to): ")


def test_of_many_mistakes_in_a_field_five_are_told() -> None:
    """A notification stays readable, and other fields are still heard."""
    row = {**GOOD, "advanced": "oops = 1\n" * 500, "staff_numbers": "1," * 400}
    messages = _messages(row)
    assert [message.partition(",")[0] for message in messages] == [
        *["Staff numbers (staff_numbers)"] * 5,
        *["Advanced (advanced)"] * 5,
    ]
    texts = "\n".join(f"[{letter}a]\n{{{{ a.b }}}}" for letter in "abcdefghij")
    assert len(_text(texts)) == 5


def test_more_than_twenty_languages_are_refused() -> None:
    """Each language is rendered many times at a save; a field has room for twenty."""
    languages = [f"[{a}{b}]\nx" for a in "abc" for b in "abcdefg"]
    assert _text("\n".join(languages[:20])) == []
    assert _text("\n".join(languages)) == [f"{TEXT}: has 21 languages. At most 20 are allowed."]
