"""The dashboard form: every field of one channel's configuration, in an owner's order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..events.answers import ANSWERS, Answer
from ..events.catalogue import CATALOGUE, EventSpec, Purpose, TextSpec
from ..events.texts import built_in
from ..events.variables import names_of, optional_names
from .advanced import advanced_help


class FieldType(StrEnum):
    """Saleor's words for how a field is shown.

    https://github.com/saleor/saleor/blob/3.23/saleor/plugins/base_plugin.py
    (``ConfigurationTypeField``)
    """

    STRING = "String"
    MULTILINE = "Multiline"
    BOOLEAN = "Boolean"
    SECRET = "Secret"  # noqa: S105 - the name of a type, not a secret
    SECRET_MULTILINE = "SecretMultiline"  # noqa: S105
    OUTPUT = "OUTPUT"


SECRET_TYPES = (FieldType.SECRET, FieldType.SECRET_MULTILINE)

#: the longest stored value taken, in characters; a text of six languages fits many times
LONGEST = {
    FieldType.STRING: 1_000,
    FieldType.MULTILINE: 20_000,
    FieldType.BOOLEAN: 10,
    FieldType.SECRET: 1_000,
    FieldType.SECRET_MULTILINE: 20_000,
    FieldType.OUTPUT: 0,
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the form."""

    name: str
    type: FieldType
    label: str
    help_text: str
    default: str | bool = ""


def text_field(name: str) -> str:
    """The name of the field that holds the text of the event or answer."""
    return f"text_{name}"


def send_field(event: str) -> str:
    """The name of the field that switches the event on."""
    return f"send_{event}"


_ENV = (
    " Instead of the value you may write env:SALEOR_SMS_… with the name of an environment "
    "variable of the server."
)

_GENERAL = (
    Field(
        name="status",
        type=FieldType.OUTPUT,
        label="Status",
        help_text="What this channel sends now, and what is still missing.",
    ),
    Field(
        name="provider",
        type=FieldType.STRING,
        label="Provider",
        help_text=(
            "Who sends the texts: vonage, or console, which writes them to the server's log "
            "and sends nothing."
        ),
        default="console",
    ),
    Field(
        name="api_key",
        type=FieldType.STRING,
        label="API key",
        help_text="Vonage: the API key, on the first page of your Vonage dashboard." + _ENV,
    ),
    Field(
        name="api_secret",
        type=FieldType.SECRET,
        label="API secret",
        help_text="Vonage: the API secret, beside the API key." + _ENV,
    ),
    Field(
        name="application_id",
        type=FieldType.STRING,
        label="Application ID",
        help_text=(
            "Vonage, only when API is messages: the id of your application. Empty: key and "
            "secret are used." + _ENV
        ),
    ),
    Field(
        name="private_key",
        type=FieldType.SECRET_MULTILINE,
        label="Private key",
        help_text=(
            "Vonage, only with an Application ID: the whole text of the key file, with its "
            "BEGIN and END lines." + _ENV
        ),
    ),
    Field(
        name="signature_secret",
        type=FieldType.SECRET,
        label="Signature secret",
        help_text=(
            "Vonage: the signature secret of your account's settings. With it, forged delivery "
            "receipts and replies are refused." + _ENV
        ),
    ),
    Field(
        name="webhook_url",
        type=FieldType.OUTPUT,
        label="Webhook address",
        help_text=(
            "Copy it into your provider's settings, for delivery receipts and for inbound "
            "messages (Vonage: API settings, or the application's Messages URLs). It stays the "
            "same as long as the account does; keep it to yourself."
        ),
    ),
    Field(
        name="api",
        type=FieldType.STRING,
        label="API",
        help_text="Vonage: sms (usual) or messages.",
        default="sms",
    ),
    Field(
        name="sender_id",
        type=FieldType.STRING,
        label="Sender",
        help_text=(
            "What customers see as the sender: a name of up to 11 letters and digits, or a "
            "number you rent from the provider, such as +447700900123. The USA and Canada take "
            "only numbers."
        ),
    ),
    Field(
        name="shop_name",
        type=FieldType.STRING,
        label="Shop name",
        help_text=(
            "Every text starts with it. Keep it short: at most 50 characters. Empty: the name in "
            "Saleor's site settings."
        ),
    ),
    Field(
        name="contact",
        type=FieldType.STRING,
        label="Contact",
        help_text=(
            "A phone number or e-mail address for questions, added to some texts. Empty: the "
            "question is left out. At most 60 characters."
        ),
    ),
    Field(
        name="default_country",
        type=FieldType.STRING,
        label="Default country",
        help_text=(
            "Two letters, such as PL: the country of phone numbers written without a country "
            "code. Empty: the channel's default country."
        ),
    ),
    Field(
        name="allowed_countries",
        type=FieldType.STRING,
        label="Allowed countries",
        help_text=(
            "Only numbers of these countries get texts: two-letter codes with commas between, "
            "such as PL, IT. Empty: the countries of the channel's shipping zones."
        ),
    ),
    Field(
        name="test_numbers",
        type=FieldType.STRING,
        label="Only text these numbers",
        help_text=(
            "For trying out: while a number stands here, nobody else gets a text, staff neither. "
            "Several numbers with commas between. Empty: every customer gets texts."
        ),
    ),
    Field(
        name="send_test_to",
        type=FieldType.STRING,
        label="Send a test to",
        help_text="Write a phone number and save: it gets one test text, and the field is emptied.",
    ),
    Field(
        name="last_test",
        type=FieldType.OUTPUT,
        label="Last test",
        help_text="What became of the last test text.",
    ),
    Field(
        name="staff_numbers",
        type=FieldType.STRING,
        label="Staff numbers",
        help_text="Who gets the texts to staff: phone numbers with commas between.",
    ),
    Field(
        name="storefront_url",
        type=FieldType.STRING,
        label="Storefront address",
        help_text="Your shop's address for links in texts, such as https://shop.example.com",
    ),
)

_ADVANCED = Field(
    name="advanced",
    type=FieldType.MULTILINE,
    label="Advanced",
    help_text=advanced_help(),
)


def _text(spec: TextSpec, label: str, reader: str) -> Field:
    optional = optional_names(spec)
    words = ", ".join(
        f"{{{{ {name} }}}}" + (" (may be absent)" if name in optional else "")
        for name in names_of(spec)
    )
    return Field(
        name=text_field(spec.name),
        type=FieldType.MULTILINE,
        label=label,
        help_text=(
            f"{reader}Empty: the built-in text in the customer's language (English, Polish, "
            "Italian, German, French, Spanish). A line with only a language in brackets, such as "
            f"[pl], starts the text for that language. Built-in English text: "
            f"{built_in(spec.name, 'en')[1]} — You may use: {words}."
        ),
    )


def _answer(answer: Answer) -> Field:
    return _text(answer, f"Answer “{answer.label}”", f"Sent {answer.when}. ")


_CONSENT = (
    " It is marketing: only people whose consent to it is on record get it, as the law of their "
    "country asks for (sms_rules, sms_consent)."
)


def _send(spec: EventSpec) -> Field:
    return Field(
        name=send_field(spec.name),
        type=FieldType.BOOLEAN,
        label=f"Send “{spec.label}”",
        help_text="Events from before you switch it on are not texted."
        + (_CONSENT if spec.purpose is Purpose.MARKETING else ""),
        default=spec.default_on,
    )


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        *_GENERAL,
        *(_text(spec, f"Text “{spec.label}”", "") for spec in CATALOGUE),
        *(_answer(answer) for answer in ANSWERS.values()),
        _ADVANCED,
        *(_send(spec) for spec in CATALOGUE),
    )
}


def fields() -> tuple[Field, ...]:
    """Every field of the form, in the order the dashboard shows."""
    return tuple(FIELDS.values())


def configuration_structure() -> dict[str, dict[str, str]]:
    """Saleor's ``CONFIG_STRUCTURE``: field name → type, help text and label."""
    return {
        field.name: {
            "type": field.type.value,
            "help_text": field.help_text,
            "label": field.label,
        }
        for field in fields()
    }


def default_configuration() -> list[dict[str, str | bool]]:
    """Saleor's ``DEFAULT_CONFIGURATION``: what a channel that was never saved starts from."""
    return [{"name": field.name, "value": field.default} for field in fields()]
