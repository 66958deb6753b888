"""Phone numbers: what a customer typed, as an E.164 number that can be texted, or why not.

Rules and numbering plans are those of libphonenumber (``phonenumberslite``), loaded at the
first use. No message of this module holds a whole number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from ..exceptions import InvalidRecipient
from .reasons import Reason

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_RECOGNISABLE = 7  #: digits; fewer end many numbers
MAX_LENGTH = 40  #: characters; the longest number, with every separator, has about 30

#: Country code → how its networks also write a mobile number, and how it was before
_RESPELT: Mapping[str, tuple[tuple[str, str], ...]] = {
    # a 1 before the area code until 2019, https://www.twilio.com/en-us/guidelines/mx/sms
    "+52": ((r"1(\d{10})", r"\1"), (r"(\d{10})", r"1\1")),
    # a ninth digit, put before the eight by 2016,
    # https://en.wikipedia.org/wiki/Telephone_numbers_in_Brazil
    "+55": ((r"(\d\d)([6-9]\d{7})", r"\g<1>9\2"), (r"(\d\d)9([6-9]\d{7})", r"\1\2")),
    # a 9 from abroad alone, https://en.wikipedia.org/wiki/Telephone_numbers_in_Argentina
    "+54": ((r"([1-8]\d{9})", r"9\1"), (r"9(\d{10})", r"\1")),
}


def parse(raw: str | None, region: str | None) -> str:
    """The E.164 form ("+48512345678") of a mobile number.

    A number in international form ("+48…", "0048…") brings its own country; any other is
    read as dialled in *region* (ISO 3166-1 alpha-2; "" or None accepts only international
    form). Digits of every script count.

    Raises ``InvalidRecipient`` with the reason no_phone, invalid_number, landline,
    premium_rate (also shared cost, toll-free, pager, voicemail, company-wide numbers) or
    not_mobile. Where a country does not tell mobile from fixed numbers (US), both pass.
    """
    text = (raw or "").strip()
    if not text:
        raise InvalidRecipient("There is no phone number.", reason=Reason.NO_PHONE)
    if len(text) > MAX_LENGTH:
        raise _invalid(f"This is {len(text)} characters long; no phone number is.")
    number = _read(text, region.strip().upper() if region else "")
    _check_type(number)
    return _e164(number)


def _read(text: str, region: str) -> PhoneNumber:
    """The first reading of *text* that is a number somebody can have."""
    import phonenumbers

    readings = [(text, region)]
    if _digits(text).startswith("00") and "+" not in text:
        # "00" stands for "+" in most countries; a region may write it otherwise (US: 011).
        readings.append(("+" + _digits(text)[2:], ""))
    international = len(readings) > 1 or text[0] in "+\uff0b"
    if not (international or is_valid_region(region)):
        raise _invalid(
            f"{_masked(text)} has no country. Write it with + and the country code "
            "(+48 …), or set a default country."
        )
    for written, country in readings:
        try:
            number = phonenumbers.parse(written, country or None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    where = "" if international else f" in {region}"
    raise _invalid(f"{_masked(text)} is not a phone number{where}. Check the digits.")


def _check_type(number: PhoneNumber) -> None:
    import phonenumbers

    if number.extension:
        raise InvalidRecipient(
            f"{mask(_e164(number))} has an extension; an extension cannot receive texts.",
            reason=Reason.NOT_MOBILE,
        )
    verdict = _verdicts().get(phonenumbers.number_type(number), Reason.NOT_MOBILE)
    if verdict is not None:
        raise InvalidRecipient(f"{mask(_e164(number))}: {verdict.sentence}", reason=verdict)


@cache
def _verdicts() -> dict[int, Reason | None]:
    """Number type → why it cannot be texted, None where it can; not_mobile for all others."""
    from phonenumbers import PhoneNumberType as Type

    return {
        Type.MOBILE: None,
        Type.FIXED_LINE_OR_MOBILE: None,
        Type.FIXED_LINE: Reason.LANDLINE,
        Type.PREMIUM_RATE: Reason.PREMIUM_RATE,
        Type.SHARED_COST: Reason.PREMIUM_RATE,
        Type.TOLL_FREE: Reason.PREMIUM_RATE,
        Type.UAN: Reason.PREMIUM_RATE,
        Type.PAGER: Reason.PREMIUM_RATE,
        Type.VOICEMAIL: Reason.PREMIUM_RATE,
    }


@lru_cache(maxsize=1024)
def country_of(e164: str) -> str:
    """The ISO country of a number in E.164 form, "" where it has none or is unreadable."""
    import phonenumbers

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(_parts(e164)[0], ())
    if len(regions) == 1:
        region: str | None = regions[0]
    else:
        number = _parsed(e164)
        region = phonenumbers.region_code_for_number(number) if number else None
    return region if region and region.isalpha() else ""


def respelt(e164: str) -> str:
    """The same mobile number as networks of its country also write it, "" where they do not.

    One of the two is what ``parse`` gives.
    """
    code, rest = e164[:3], e164[3:]
    for pattern, spelling in _RESPELT.get(code, ()):
        if found := re.fullmatch(pattern, rest):
            return code + found.expand(spelling)
    return ""


def may_mean(raw: str, e164: str) -> bool:
    """Whether *raw*, wherever it is dialled from and however it is written, may be this number."""
    import phonenumbers
    from phonenumbers import MatchType

    digits = _digits(raw).lstrip("0")
    if len(digits) >= _RECOGNISABLE and e164.endswith(digits):
        return True
    match = phonenumbers.is_number_match(raw[:MAX_LENGTH], e164)
    return match in (MatchType.NSN_MATCH, MatchType.EXACT_MATCH)


def dial_prefix(country: str) -> tuple[str, bool]:
    """What E.164 numbers of an ISO country begin with ("+1"), and whether other countries' do."""
    import phonenumbers

    code = phonenumbers.country_code_for_valid_region(country)
    return f"+{code}", len(phonenumbers.region_codes_for_country_code(code)) > 1


def is_valid_region(region: str | None) -> bool:
    """Whether *region* is an upper-case ISO country code that has a numbering plan."""
    from phonenumbers import SUPPORTED_REGIONS

    return region in SUPPORTED_REGIONS


def mask(e164: str) -> str:
    """The number as it may be logged: "+48*****123", country code and last three digits.

    Shows less of a short number and nothing of a text that is no number. Always five stars.
    """
    code, national = _parts(e164)
    if not code:
        return "*****"
    shown = max(0, min(3, len(national) - 4))
    return f"+{code}*****{national[len(national) - shown :]}"


def conceal(words: str, e164: str) -> str:
    """What somebody said of this number, as it may be logged: the number is masked in it."""
    if not e164:
        return words
    return words.replace(e164, mask(e164)).replace(e164.removeprefix("+"), mask(e164))


def _parts(e164: str) -> tuple[int, str]:
    """The country code of a number and what follows it, (0, "") where it has none.

    What is stored is in E.164 form, which tells without the rules of its country.
    """
    import phonenumbers

    if _E164.fullmatch(e164):
        for length in (1, 2, 3):  # no code begins another one
            if (code := int(e164[1 : 1 + length])) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
                return code, e164[1 + length :]
    if (number := _parsed(e164)) is None:
        return 0, ""
    return number.country_code or 0, phonenumbers.national_significant_number(number)


def _parsed(e164: str) -> PhoneNumber | None:
    """The number's parts by the rules of its country, None where it has none."""
    import phonenumbers

    try:
        return phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None


def _masked(text: str) -> str:
    """What was typed, recognisable to its writer only: its first two characters."""
    return f"“{text[:2]}…”" if text[:2].isprintable() else "The text"


def _digits(text: str) -> str:
    """The decimal digits of *text*, whatever their script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


def _e164(number: PhoneNumber) -> str:
    import phonenumbers

    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _invalid(message: str) -> InvalidRecipient:
    return InvalidRecipient(message, reason=Reason.INVALID_NUMBER)
