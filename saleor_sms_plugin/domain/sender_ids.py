"""Who a text comes from: a name or a number, and where in the world either can be used.

The tables are what operators and registries said when they were last read (November 2026);
each row names its source. A refusal means that such a text does not arrive; a notice, that
something has to be done first, or that the phone shows something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..exceptions import InvalidSenderId
from .phone_numbers import country_of
from .segments import fold

MAX_NAME = 11  #: characters of a name; 3GPP TS 23.040 §9.1.2.5 gives it 7-bit room for 11
MAX_DIGITS = 15  #: of a number in E.164
MAX_SHORT_CODE = 8

_SEPARATORS = re.compile(r"[\s().\-/]")


@dataclass(frozen=True)
class Rule:
    """One country's word on a kind of sender, in a sentence, and who says so."""

    sentence: str
    source: str


_TELNYX = "https://developers.telnyx.com/docs/messaging/messages/alphanumeric-sender-id"
_AWS = (
    "https://docs.aws.amazon.com/end-user-messaging/latest/userguide/"
    "nx-supported-countries-south-america.md"
)
_AWS_NORTH = (
    "https://docs.aws.amazon.com/end-user-messaging/latest/userguide/"
    "nx-supported-countries-north-america.md"
)
_UK = "https://support.messagemedia.com/hc/en-us/articles/7060182992271-UK-Sender-ID-requirements"
_POLAND = "https://suresms.com/en/reglas-por-pais/poland"

#: countries whose networks take no text from a name
NAMES_REFUSED = {
    country: Rule("needs a number: its networks take no texts from a name", _TELNYX)
    for country in ("US", "CA", "PR")
}

#: countries whose networks put a number in the name's place
NAMES_REPLACED = {
    **dict.fromkeys(("AR", "BR", "CL", "CO", "EC", "PE", "UY"), _AWS),
    **dict.fromkeys(("CR", "DO"), _AWS_NORTH),
}

#: countries whose operators block names that could be anybody's
GENERIC_REFUSED = {"GB": _UK, "PL": _POLAND}

GENERIC_NAMES = frozenset(
    {
        *("2fa", "access", "account", "alert", "alerts", "app", "approve", "auth", "authmsg"),
        *("bank", "card", "check", "code", "collect", "confirm", "contact", "courier"),
        *("deliver", "delivery", "discount", "help", "info", "infosms", "login", "message"),
        *("mobile", "msg", "network", "noreply", "notice", "notify", "order", "otp", "package"),
        *("parcel", "pay", "payment", "pin", "pincode", "post", "receipt", "refund"),
        *("reminder", "reply", "secure", "security", "service", "shipping", "sms"),
        *("smsinfo", "support", "system", "test", "text", "track", "tracking", "txt"),
        *("update", "updates", "validate", "verify", "verifysms", "warning", "winner"),
    }
)

#: what only an operator may call itself
OPERATOR_NAMES = {"PL": frozenset({"orange", "play", "plus", "tmobile", "heyah", "nju"})}

#: countries where a name must be registered before it is used
REGISTRATION = {
    "AU": Rule(
        "names that are not in the SMS Sender ID Register are shown as Unverified or blocked "
        "since 1 July 2026",
        "https://www.bandwidth.com/support/en/articles/12823112",
    ),
    "ES": Rule(
        "names that are not in the CNMC's register are blocked since 15 September 2026; how long "
        "the register takes is said nowhere, so begin early",
        "https://www.telecomregistration.com/cnmc-alias-registration-spain.html",
    ),
    "IE": Rule(
        "names must be in ComReg's SMS Sender ID Registry since 3 October 2025, which takes 5 to "
        "10 working days",
        "https://4notify.net/ie/en/annals/comreg-numbering-sender-id",
    ),
    "IN": Rule(
        "every name and every text must be registered on a DLT platform",
        "https://docs.fyno.io/docs/dlt-sms-templates",
    ),
    "IT": Rule(
        "names must be registered with AGCOM by the provider, which takes up to 7 working days",
        "https://www.agcom.it/node/1149",
    ),
    "SG": Rule(
        "names that are not in the SMS Sender ID Registry are blocked",
        "https://messagemedia.com/nz/legal/international-sending-policy/",
    ),
}


def check(sender: str) -> str:
    """The sender as providers take it: digits of an E.164 number, a short code, or a name.

    A number loses its + and separators; a name keeps its letters' case. A name has at most
    11 letters and digits and at least one letter (Vonage takes nothing else,
    https://github.com/Nexmo/api-specification).
    Raises ``InvalidSenderId``.
    """
    text = sender.strip()
    if not text:
        raise InvalidSenderId(
            "There is no sender. Write your shop's name (at most 11 letters and digits) or "
            "your number with its country code."
        )
    digits = _SEPARATORS.sub("", text).removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return _checked_number(text, digits)
    if len(text) > MAX_NAME or not (text.isascii() and text.isalnum()):
        near = suggestion(text)
        hint = f" Write for example {near}." if near else ""
        raise InvalidSenderId(
            f"“{text[:40]}” is no sender: a name has at most {MAX_NAME} letters A to Z and "
            f"digits, without spaces.{hint}"
        )
    return text


def suggestion(name: str) -> str:
    """The sender nearest to a shop's name, "" where none of its letters can be sent."""
    near = re.sub("[^A-Za-z0-9]", "", fold(name))[:MAX_NAME]
    return near if re.search("[A-Za-z]", near) else ""


def _checked_number(text: str, digits: str) -> str:
    if digits.startswith("0"):
        raise InvalidSenderId(
            f"The sender “{text[:40]}” starts with 0. Write the number with its country code, "
            "such as +48 512 345 678."
        )
    shortest = 7 if text.startswith("+") else 3
    if not shortest <= len(digits) <= MAX_DIGITS:
        raise InvalidSenderId(
            f"The sender “{text[:40]}” has {len(digits)} digits. A number with its country code "
            f"has 7 to {MAX_DIGITS}, a short code 3 to {MAX_SHORT_CODE}."
        )
    return digits


def is_name(sender: str) -> bool:
    """Whether a checked sender is a name, to which nobody can reply."""
    return not sender.isdigit()


def refusal(sender: str, country: str) -> str | None:
    """Why a text from *sender* (checked) does not arrive in *country* (ISO); None where it may."""
    if not is_name(sender):
        return _number_refusal(sender, country)
    if rule := NAMES_REFUSED.get(country):
        return f"{country} {rule.sentence} such as “{sender}”."
    name = sender.lower()
    if country in GENERIC_REFUSED and name in GENERIC_NAMES:
        return f"{country} blocks names that could be anybody's, such as “{sender}”."
    if name in OPERATOR_NAMES.get(country, ()):
        return f"{country} keeps the name “{sender}” for the operator."
    return None


def _number_refusal(sender: str, country: str) -> str | None:
    """https://support.messagemedia.com/hc/en-us/articles/7060182992271-UK-Sender-ID-requirements"""
    if country != "GB":
        return None
    if len(sender) > MAX_SHORT_CODE:
        if sender.startswith("44"):
            return None
        return "GB blocks texts from foreign numbers. Use a name, or a number that starts with +44."
    if len(sender) == 5 and sender[0] in "678":
        return None
    return f"GB blocks the short code {sender}: its own have five digits and start with 6, 7 or 8."


def notice(sender: str, country: str) -> str | None:
    """What to do or know before texting *country* (ISO) from *sender* (checked), or None."""
    if is_name(sender):
        if rule := REGISTRATION.get(country):
            return f"{country}: {rule.sentence}. Register “{sender}” with your provider first."
        if country in NAMES_REPLACED:
            return f"{country}: networks usually show a number in the place of “{sender}”."
        return None
    if country == "US" and len(sender) > MAX_SHORT_CODE:
        # https://api.support.vonage.com/hc/en-us/articles/7990660170908
        return (
            "US: the number must be registered first (10DLC, or toll-free verification), which "
            "takes days or weeks."
        )
    home = country_of(f"+{sender}") if len(sender) > MAX_SHORT_CODE else ""
    # One plan: a Canadian number texts the United States, and the other way round.
    if home and country and home != country and {home, country} != {"US", "CA"}:
        return (
            f"{country}: a number of {home} may be replaced or blocked; a name, or a number of "
            f"{country}, is safer."
        )
    return None
