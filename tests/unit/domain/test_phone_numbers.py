"""Phone numbers: what customers type, and why a number cannot be texted."""

from __future__ import annotations

import phonenumbers
import pytest

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.domain.phone_numbers import country_of, is_valid_region, mask, parse
from saleor_sms_plugin.domain.reasons import Reason
from saleor_sms_plugin.exceptions import InvalidRecipient


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("512345678", "PL", "+48512345678"),
        ("512 345 678", "pl", "+48512345678"),
        (" +48 512-345-678 ", "", "+48512345678"),
        ("+48512345678", None, "+48512345678"),
        ("0048 512 345 678", "PL", "+48512345678"),
        ("0048512345678", "", "+48512345678"),
        ("0048512345678", "US", "+48512345678"),
        ("011 48 512 345 678", "US", "+48512345678"),
        ("٥١٢٣٤٥٦٧٨", "PL", "+48512345678"),
        ("٠٠٤٨٥١٢٣٤٥٦٧٨", "", "+48512345678"),
        ("５１２３４５６７８", "PL", "+48512345678"),  # noqa: RUF001
        ("＋48512345678", "", "+48512345678"),  # noqa: RUF001
        ("212-555-2368", "US", "+12125552368"),
        ("(212) 555 2368", "US", "+12125552368"),
        ("07400 123456", "GB", "+447400123456"),
        ("+44 (0)7400 123456", "", "+447400123456"),
        ("+39 312 345 6789", "PL", "+393123456789"),
        ("0491 570 156", "AU", "+61491570156"),
        ("+48512345678", "IT", "+48512345678"),
    ],
)
def test_mobile_numbers(raw: str, region: str | None, e164: str) -> None:
    """A mobile number is read in its own form and its own script, and written as E.164."""
    assert parse(raw, region) == e164


@pytest.mark.parametrize(
    ("raw", "region", "reason"),
    [
        (None, "PL", Reason.NO_PHONE),
        ("", "PL", Reason.NO_PHONE),
        (" \t\u00a0", "PL", Reason.NO_PHONE),
        ("n/a", "PL", Reason.INVALID_NUMBER),
        ("None", "PL", Reason.INVALID_NUMBER),
        ("-", "PL", Reason.INVALID_NUMBER),
        ("+", "PL", Reason.INVALID_NUMBER),
        ("📞📱", "PL", Reason.INVALID_NUMBER),
        ("0" * 300, "PL", Reason.INVALID_NUMBER),
        ("5" * 300, "PL", Reason.INVALID_NUMBER),
        ("123", "PL", Reason.INVALID_NUMBER),
        ("000000000", "PL", Reason.INVALID_NUMBER),
        ("+999512345678", "PL", Reason.INVALID_NUMBER),
        ("+447700900123", "GB", Reason.INVALID_NUMBER),  # reserved for drama: nobody's
        ("512345678", "", Reason.INVALID_NUMBER),
        ("512345678", None, Reason.INVALID_NUMBER),
        ("512345678", "ZZ", Reason.INVALID_NUMBER),
        ("\x00512345678\u202e9", "PL", Reason.INVALID_NUMBER),
        ("+48221234567", "PL", Reason.LANDLINE),
        ("22 123 45 67", "PL", Reason.LANDLINE),
        ("+390612345678", "", Reason.LANDLINE),
        ("+48701234567", "", Reason.PREMIUM_RATE),
        ("+48801234567", "", Reason.PREMIUM_RATE),  # shared cost
        ("+48800123456", "", Reason.PREMIUM_RATE),  # toll-free
        ("+448456789012", "", Reason.PREMIUM_RATE),
        ("+447640123456", "", Reason.PREMIUM_RATE),  # pager
        ("+447012345678", "", Reason.NOT_MOBILE),  # personal number
        ("+883510000000000", "", Reason.NOT_MOBILE),  # VoIP
        ("+12125552368 ext. 5", "", Reason.NOT_MOBILE),
    ],
)
def test_numbers_that_cannot_be_texted(raw: str | None, region: str | None, reason: Reason) -> None:
    """Every other number has one reason, and the message does not give the number away."""
    with pytest.raises(InvalidRecipient) as refused:
        parse(raw, region)
    assert refused.value.reason == reason
    digits = "".join(filter(str.isdigit, raw or ""))
    assert len(digits) < 4 or digits not in str(refused.value).replace(" ", "")
    assert (raw or "").strip()[:20] not in str(refused.value) or len((raw or "").strip()) < 4


def test_a_number_without_a_country_says_how_to_mend_it() -> None:
    """Without a default country only the international form can be read."""
    with pytest.raises(InvalidRecipient, match=r"with \+ and the country code"):
        parse("512345678", "")


def test_long_input_is_refused_by_its_length() -> None:
    """Input beyond any phone number never reaches the parser."""
    with pytest.raises(InvalidRecipient, match="41 characters long"):
        parse("+48512345678" + " " * 28 + "x", "PL")


@pytest.mark.parametrize(
    ("e164", "country"),
    [
        ("+48512345678", "PL"),
        ("+12125552368", "US"),
        ("+16135550123", "CA"),
        ("+447400123456", "GB"),
        ("+38344123456", "XK"),
        ("+883510000000000", ""),
        ("+999", ""),
        ("", ""),
        ("garbage", ""),
    ],
)
def test_country_of(e164: str, country: str) -> None:
    """A number belongs to one country, or to none."""
    assert country_of(e164) == country


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+48512345678", "+48*****678"),
        ("+12125552368", "+1*****368"),
        ("+447400123456", "+44*****456"),
        ("+39312345", "+39*****45"),
        ("+3906698", "+39*****8"),
        ("garbage", "*****"),
        ("", "*****"),
        ("512345678", "*****"),
    ],
)
def test_mask(e164: str, masked: str) -> None:
    """A log shows the country and at most three digits, and never all but four."""
    assert mask(e164) == masked


def test_regions() -> None:
    """A region is an upper-case country code with a numbering plan."""
    assert is_valid_region("PL")
    assert is_valid_region("XK")
    assert not any(map(is_valid_region, ("pl", "", "ZZ", "POL", "001", None)))


@pytest.mark.parametrize(
    "raw",
    ["+48512345678", "512 345 678", "0048 512-345-678", "48512345678", "٥١٢٣٤٥٦٧٨"],
)
def test_a_number_is_recognised_however_it_is_written(raw: str) -> None:
    """Its owner is found where a storefront wrote it down."""
    assert phone_numbers.may_mean(raw, "+48512345678")


def test_a_trunk_prefix_in_brackets_is_no_part_of_it() -> None:
    """As the British write it."""
    assert phone_numbers.may_mean("+44 (0)7911 123456", "+447911123456")


@pytest.mark.parametrize("raw", ["", "n/a", "678", "345678", "+48512345679", "+39512345678"])
def test_another_number_is_not_taken_for_it(raw: str) -> None:
    """Nor is what is no number."""
    assert not phone_numbers.may_mean(raw, "+48512345678")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("+48512345678 is barred", "+48*****678 is barred"),
        ("no route to 48512345678.", "no route to +48*****678."),
        ("message 0A01", "message 0A01"),
    ],
)
def test_a_number_is_masked_in_what_was_said_of_it(words: str, said: str) -> None:
    """With its plus or without."""
    assert phone_numbers.conceal(words, "+48512345678") == said
    assert phone_numbers.conceal(words, "") == words


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5511987654321", "+551187654321"),
        ("+5491123456789", "+541123456789"),
    ],
)
def test_a_number_that_networks_write_in_two_ways(ours: str, theirs: str) -> None:
    """Each spelling leads to the other; ``parse`` takes ours."""
    assert phone_numbers.respelt(ours) == theirs
    assert phone_numbers.respelt(theirs) == ours
    assert parse(ours, "") == ours


@pytest.mark.parametrize(
    "e164", ["+48512345678", "+12125552368", "+5512345", "+52123", "+551133334444"]
)
def test_other_numbers_have_one_spelling(e164: str) -> None:
    """Landlines of Brazil too; where nothing is known, nothing is guessed."""
    assert phone_numbers.respelt(e164) == ""


def test_country_and_mask_of_every_numbering_plan_are_libphonenumbers() -> None:
    """What a number in E.164 form says is read without its country's rules, and comes out alike."""
    kinds = phonenumbers.PhoneNumberType.values()
    examples = [
        number
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in kinds
        if (number := phonenumbers.example_number_for_type(region, kind))
    ]
    examples += [
        number
        for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
        if (number := phonenumbers.example_number_for_non_geo_entity(code))
    ]
    assert len(examples) > 1000

    for number in examples:
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        region = phonenumbers.region_code_for_number(number) or ""
        national = phonenumbers.national_significant_number(number)
        shown = national[-min(3, max(0, len(national) - 4)) :] if len(national) > 4 else ""
        assert country_of(e164) == (region if region.isalpha() else ""), e164
        assert mask(e164) == f"+{number.country_code}*****{shown}"
