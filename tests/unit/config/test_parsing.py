"""Parsing a stored row: everything has a value, nothing raises, problems are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_sms_plugin.config import Text, default_configuration, fields, parse, stored_values
from saleor_sms_plugin.config.advanced import PhoneSource
from saleor_sms_plugin.config.parsing import PROVIDER_FIELDS, SmsConfig
from saleor_sms_plugin.events.catalogue import CATALOGUE
from saleor_sms_plugin.events.texts import BUILT_IN

FULL: dict[str, object] = {
    "provider": " Vonage ",
    "api_key": "abcd1234",
    "api_secret": "invented-secret",
    "application_id": "",
    "private_key": "",
    "signature_secret": "env:SALEOR_SMS_SIGNATURE",
    "api": "Messages",
    "sender_id": "MyShop",
    "shop_name": "  Example \n Store ",
    "contact": "help@example.com",
    "default_country": "pl",
    "allowed_countries": "PL, it; UK",
    "test_numbers": "512 345 678,\n+39 312 345 6789, 512345678",
    "send_test_to": "512345678",
    "staff_numbers": "512345679",
    "storefront_url": "https://shop.example.com/pl/",
    "text_order_created": "Hello\n[pl]\nCzesc\n[pt_BR]\nOi",
    "advanced": "max_segments = 2\nsender.US = +12125552368",
    "send_order_created": True,
    "send_order_cancelled": "true",
    "send_order_refunded": "false",
    "send_order_fulfilled": False,
}
ENVIRON = {"SALEOR_SMS_SIGNATURE": "invented-signature", "SECRET_KEY": "never read"}


class NoOtherThan(Mapping[str, str]):
    """An environment that fails where anything but ours is read."""

    def __getitem__(self, name: str) -> str:
        assert name.startswith("SALEOR_SMS_"), name
        return {"SALEOR_SMS_KEY": "from-environment"}[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the environment is never listed")

    def __len__(self) -> int:
        return 1


def _one(name: str, value: object) -> SmsConfig:
    return parse({name: value}, environ={})


def test_a_full_row_is_parsed() -> None:
    """Every field as its owner meant it."""
    config = parse(FULL, environ=ENVIRON)
    assert config.problems == ()
    assert config.ready
    assert config.provider == "vonage"
    assert dict(config.provider_settings) == {
        "api_key": "abcd1234",
        "api_secret": "invented-secret",
        "application_id": "",
        "private_key": "",
        "signature_secret": "invented-signature",
        "api": "messages",
    }
    assert config.sender_id == "MyShop"
    assert (config.sender_for("US"), config.sender_for("PL")) == ("12125552368", "MyShop")
    assert config.shop_name == "Example Store"
    assert config.contact == "help@example.com"
    assert config.default_country == "PL"
    assert config.allowed_countries == frozenset({"PL", "IT", "GB"})
    assert config.test_numbers == ("+48512345678", "+393123456789")
    assert config.send_test_to == "+48512345678"
    assert config.staff_numbers == ("+48512345679",)
    assert config.storefront_url == "https://shop.example.com/pl"
    assert config.max_segments == 2
    assert config.events_on == frozenset({"order_created", "order_cancelled"})


def test_an_empty_row_has_the_defaults_and_sends_nothing() -> None:
    """Nothing stored: console, every event off, the channel's countries, not ready."""
    config = parse({}, environ={})
    assert config.problems == ()
    assert config.provider == "console"
    assert config.provider_settings["api"] == "sms"
    assert config.allowed_countries is None
    assert config.test_numbers == ()
    assert config.phone_source is PhoneSource.AUTO
    assert not any(config.sends(spec.name) for spec in CATALOGUE)
    assert not config.ready
    assert [fault.message for fault in config.blocking] == [
        "Sender (sender_id): is empty. Write the name or number that customers see as the sender.",
    ]


def test_the_stored_defaults_switch_on_what_the_catalogue_says() -> None:
    """The first save stores the defaults; from then on they are the owner's."""
    config = parse(stored_values(default_configuration()), environ={})
    assert config.problems == ()
    assert config.events_on == frozenset(spec.name for spec in CATALOGUE if spec.default_on)


def test_an_event_that_was_never_stored_is_off() -> None:
    """An upgrade with a new event switches nothing on in an old row."""
    stored = stored_values(default_configuration())
    del stored["send_order_created"]
    assert not parse(stored, environ={}).sends("order_created")


@pytest.mark.parametrize(
    ("stored", "sends", "problems"),
    [
        (True, True, 0), ("true", True, 0), ("True", True, 0), (" TRUE ", True, 0),
        (False, False, 0), ("false", False, 0), ("", False, 0), (None, False, 0),
        ("yes", False, 1), (1, False, 1), ([True], False, 1), ({"a": 1}, False, 1),
    ],
)  # fmt: skip
def test_boxes_as_saleor_and_others_store_them(stored: object, sends: bool, problems: int) -> None:
    """Only true is on; what is neither is off and told."""
    config = _one("send_order_created", stored)
    assert (config.sends("order_created"), len(config.problems)) == (sends, problems)


@pytest.mark.parametrize(
    ("name", "value", "message", "blocking"),
    [
        ("api", "smtp", "API (api): “smtp” is not known. Write sms or messages.", True),
        (
            "default_country",
            "Poland",
            "Default country (default_country): “Poland” is not a country code. Write the two "
            "letters of the country, such as PL or IT.",
            False,
        ),
        (
            "shop_name",
            "x" * 51,
            "Shop name (shop_name): is 51 characters long. Shorten it to at most 50.",
            True,
        ),
        (
            "contact",
            "x" * 61,
            "Contact (contact): is 61 characters long. Shorten it to at most 60.",
            False,
        ),
        (
            "advanced",
            "\nnight = late",
            "Advanced (advanced), line 2: “late” is not a night. Write its start and its end, for "
            "example 21:00-08:00, or off.",
            False,
        ),
        (
            "provider",
            ["vonage"],
            "Provider (provider): the stored value is not a text. Write it again and save.",
            True,
        ),
        (
            "text_order_created",
            "x" * 102_400,
            "Text “Order received” (text_order_created): is 102400 characters long. At most 20000 "
            "are allowed.",
            False,
        ),
    ],
)
def test_a_wrong_value_has_its_default_and_one_problem(
    name: str, value: object, message: str, blocking: bool
) -> None:
    """The message alone tells the field, what is wrong and how to mend it."""
    config = _one(name, value)
    assert [(fault.field, fault.message) for fault in config.problems] == [(name, message)]
    assert config.problems[0].blocking is blocking
    assert getattr(config, name, None) == getattr(parse({}, environ={}), name, None)


@pytest.mark.parametrize("name", ["test_numbers", "staff_numbers", "send_test_to"])
def test_a_wrong_number_is_told(name: str) -> None:
    """A number without a country and a landline are no numbers to text."""
    assert [fault.field for fault in _one(name, "512345678").problems] == [name]
    assert [fault.field for fault in _one(name, "+48221234567").problems] == [name]
    assert _one(name, "+48512345678").problems == ()


def test_the_right_entries_of_a_list_stay() -> None:
    """One wrong number is told by its place and takes nobody else's away."""
    config = parse({"staff_numbers": "+48512345678, nobody, +48512345679"}, environ={})
    assert config.staff_numbers == ("+48512345678", "+48512345679")
    assert [fault.message.partition(":")[0] for fault in config.problems] == [
        "Staff numbers (staff_numbers), entry 2"
    ]


@pytest.mark.parametrize("value", ["nobody", ["+48512345678"], "+48221234567", "1" * 1001])
def test_a_broken_test_mode_never_becomes_everybody(value: object) -> None:
    """Where test numbers cannot be read, nothing is sent at all."""
    values = {"test_numbers": value, "sender_id": "MyShop", "shop_name": "Example"}
    config = parse(values, environ={})
    assert config.test_numbers == ()
    assert not config.ready
    assert [fault.field for fault in config.blocking] == ["test_numbers"]


@pytest.mark.parametrize("value", ["Narnia", {"PL": True}, ",;"])
def test_broken_countries_never_become_every_country(value: object) -> None:
    """A list of which nothing can be read allows nobody."""
    assert _one("allowed_countries", value).allowed_countries == frozenset()


@pytest.mark.parametrize(
    "value",
    [
        "http://shop.example.com", "ftp://shop.example.com", "shop.example.com", "https://",
        "https://localhost", "https://127.0.0.1", "https://[::1]/", "https://[::1",
        "https://user:pass@shop.example.com", "https://shop.example.com:0",
        "https://shop.example.com:99999", "https://shop.example.com/a b",
        "https://shop.example.com?x=1", "https://shop.example.com#x", "https://shop..example.com",
        "https://-shop.example.com", "javascript:alert(1)", "https://shop.example.com/\u202egpj",
        'https://shop.example.com/"x',
    ],
)  # fmt: skip
def test_a_storefront_address_is_https_with_a_public_host(value: str) -> None:
    """Anything else is refused with the way to write it."""
    config = _one("storefront_url", value)
    assert config.storefront_url == ""
    (fault,) = config.problems
    assert fault.message.startswith("Storefront address (storefront_url): ")
    assert fault.message.endswith("Write the address of your shop as https://shop.example.com")


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://shop.example.com/", "https://shop.example.com"),
        (" https://shop.example.com:8443/pl ", "https://shop.example.com:8443/pl"),
        ("https://ksi\u0119garnia.example.com", "https://ksi\u0119garnia.example.com"),
    ],
)
def test_a_good_storefront_address_is_taken(value: str, url: str) -> None:
    """Spaces around and a slash at the end do not matter."""
    config = _one("storefront_url", value)
    assert (config.storefront_url, config.problems) == (url, ())


@pytest.mark.parametrize("name", PROVIDER_FIELDS)
def test_the_environment_gives_a_provider_value(name: str) -> None:
    """``env:`` with one of our names reads that variable and no other."""
    config = parse({name: " env: SALEOR_SMS_KEY "}, environ=NoOtherThan())
    assert (config.provider_settings[name], config.problems) == ("from-environment", ())


@pytest.mark.parametrize(
    "reference",
    [
        "env:SECRET_KEY",
        "ENV:SECRET_KEY",
        "env:",
        "env:saleor_sms_key",
        "env:SALEOR_SMS_",
        "env:X;Y",
    ],
)
def test_no_other_environment_variable_is_read(reference: str) -> None:
    """A form never gets at the server's own secrets."""
    config = parse({"api_secret": reference}, environ=NoOtherThan())
    assert config.provider_settings["api_secret"] == ""
    (fault,) = config.problems
    assert fault.field == "api_secret"
    assert fault.blocking
    assert "SALEOR_SMS_" in fault.message


def test_a_missing_environment_variable_is_told_and_noticed_when_it_comes() -> None:
    """The cache does not outlive the environment."""
    values = {"api_secret": "env:SALEOR_SMS_LATE"}
    assert [fault.field for fault in parse(values, environ={}).problems] == ["api_secret"]
    config = parse(values, environ={"SALEOR_SMS_LATE": "here"})
    assert (config.provider_settings["api_secret"], config.problems) == ("here", ())


def test_only_provider_fields_read_the_environment() -> None:
    """Elsewhere ``env:`` is a text like any other."""
    config = parse({"shop_name": "env:SALEOR_SMS_KEY"}, environ=NoOtherThan())
    assert config.shop_name == "env:SALEOR_SMS_KEY"


def test_equal_rows_are_parsed_once() -> None:
    """Hooks read the configuration on every request; equal rows give the same object."""
    assert parse(FULL, environ=ENVIRON) is parse(dict(reversed(FULL.items())), environ=ENVIRON)
    assert parse(FULL, environ=ENVIRON) is not parse({**FULL, "contact": ""}, environ=ENVIRON)


def test_the_cached_value_cannot_be_changed() -> None:
    """One caller cannot change another's settings."""
    config = parse(FULL, environ=ENVIRON)
    for mapping in (config.provider_settings, config.senders, config.settle, config.texts):
        with pytest.raises(TypeError):
            mapping["x"] = "y"  # type: ignore[index]


def test_a_printed_configuration_shows_no_secret() -> None:
    """Logs and tracebacks print values; secrets are left out."""
    shown = repr(parse(FULL, environ=ENVIRON))
    assert "invented" not in shown
    assert "abcd1234" not in shown


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", Text("pl", "Czesc", "text_order_created", False)),
        ("pt-br", Text("pt-br", "Oi", "text_order_created", False)),
        ("pl-pl", Text("pl", "Czesc", "text_order_created", False)),
        ("pt", Text("pt", "Hello", "text_order_created", False)),
        ("", Text("en", "Hello", "text_order_created", False)),
    ],
)
def test_the_owners_text_by_language(language: str, text: Text) -> None:
    """Exact, then base, then the field's first text, which counts as the reader's language."""
    assert parse(FULL, environ=ENVIRON).text("order_created", language) == text


def test_without_an_owners_text_the_built_in_one_is_used() -> None:
    """An empty or blank field means the built-in text of the installed version."""
    for stored in ("", " \n ", None):
        config = _one("text_order_created", stored)
        assert config.text("order_created", "it-ch") == Text(
            "it", BUILT_IN["it"]["order_created"], "text_order_created", True
        )


def test_texts_that_cannot_be_told_apart_give_the_built_in_one_and_a_problem() -> None:
    """A language given twice is told with its line."""
    config = _one("text_order_created", "Hello\n[pl]\nA\n[pl]\nB")
    assert config.text("order_created", "en").built_in
    (fault,) = config.problems
    assert fault.message.startswith("Text “Order received” (text_order_created), line 4: ")


def test_settling_is_the_catalogues_unless_the_owner_says_otherwise() -> None:
    """Seconds per event."""
    config = _one("advanced", "settle.order_cancelled = 30")
    assert config.settle_seconds("order_cancelled") == 30
    assert config.settle_seconds("order_refunded") == 600
    with pytest.raises(KeyError):
        config.settle_seconds("order_lost")


SEND_FIELDS = {f"send_{spec.name}" for spec in CATALOGUE}

HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([field.name for field in fields()]), HOSTILE))
def test_no_stored_row_raises(values: dict[str, object]) -> None:
    """Whatever an older version, a script or a restore left: a configuration and problems."""
    config = parse(values, environ={})
    assert config.events_on == {
        name.removeprefix("send_")
        for name, value in values.items()
        if name in SEND_FIELDS and str(value).strip().lower() == "true"
    }
    known = {field.name for field in fields()}
    assert {fault.field for fault in config.problems} <= known


@pytest.mark.parametrize("name", [field.name for field in fields()])
@pytest.mark.parametrize("value", [[], {}, [["x"]], {"a": {"b": 1}}, b"bytes", object()])
def test_a_value_that_is_no_text_is_told(name: str, value: object) -> None:
    """Lists and nested values are a problem of their field; computed fields are not read."""
    config = _one(name, value)
    computed = {"status", "last_test", "webhook_url"}
    assert [fault.field for fault in config.problems] == ([] if name in computed else [name])
