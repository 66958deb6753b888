"""Senders: what providers take, and where each may be used."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.domain import sender_ids
from saleor_sms_plugin.domain.phone_numbers import is_valid_region
from saleor_sms_plugin.domain.sender_ids import check, notice, refusal
from saleor_sms_plugin.exceptions import InvalidSenderId


@pytest.mark.parametrize(
    ("sender", "checked"),
    [
        ("Example", "Example"),
        (" Example24 ", "Example24"),
        ("E", "E"),
        ("1234567890a", "1234567890a"),
        ("+48 512 345 678", "48512345678"),
        ("48512345678", "48512345678"),
        ("+1 (212) 555-2368", "12125552368"),
        ("123456789012345", "123456789012345"),
        ("12345", "12345"),
        ("123", "123"),
    ],
)
def test_senders(sender: str, checked: str) -> None:
    """A name keeps its letters; a number is digits with its country code."""
    assert check(sender) == checked


@pytest.mark.parametrize(
    ("sender", "message"),
    [
        ("", "There is no sender"),
        ("   ", "There is no sender"),
        ("My Shop", "Write for example MyShop."),
        ("Łąka i Synowie", "Write for example LakaiSynowi."),
        ("Shop-24", "Write for example Shop24."),
        ("ABCDEFGHIJKL", "at most 11"),
        ("!!!", "without spaces.$"),
        ("0512345678", "starts with 0"),
        ("0048512345678", "starts with 0"),
        ("1234567890123456", "has 16 digits"),
        ("12", "has 2 digits"),
        ("+12345", "has 5 digits"),
        ("\u0665\u0661\u0662", "no sender"),
    ],
)
def test_what_is_no_sender(sender: str, message: str) -> None:
    """The message says what was wrong and what to write."""
    with pytest.raises(InvalidSenderId, match=message):
        check(sender)


@pytest.mark.parametrize(
    ("sender", "country", "words"),
    [
        ("Example", "US", "needs a number"),
        ("Example", "CA", "needs a number"),
        ("Example", "PR", "needs a number"),
        ("Example", "PL", None),
        ("Example", "", None),
        ("InfoSMS", "GB", "could be anybody's"),
        ("VERIFY", "PL", "could be anybody's"),
        ("Test", "PL", "could be anybody's"),
        ("Info", "DE", None),
        ("InfoBooks", "GB", None),
        ("Orange", "PL", "for the operator"),
        ("Orange", "DE", None),
        ("48512345678", "GB", "foreign numbers"),
        ("447400123456", "GB", None),
        ("60123", "GB", None),
        ("12345", "GB", "short code"),
        ("48512345678", "PL", None),
        ("12125552368", "US", None),
    ],
)
def test_refusals(sender: str, country: str, words: str | None) -> None:
    """A sender whose texts do not arrive in a country is refused with a sentence."""
    sentence = refusal(sender, country)
    assert sentence is None if words is None else words in (sentence or "")


@pytest.mark.parametrize(
    ("sender", "country", "words"),
    [
        ("Example", "IT", "AGCOM"),
        ("Example", "SG", "Registry"),
        ("Example", "IE", "ComReg"),
        ("Example", "ES", "CNMC"),
        ("Example", "AU", "Register"),
        ("Example", "IN", "DLT"),
        ("Example", "BR", "show a number"),
        ("Example", "PL", None),
        ("12125552368", "US", "10DLC"),
        ("12125552368", "CA", None),
        ("48512345678", "IT", "a number of PL"),
        ("48512345678", "PL", None),
        ("12345", "IT", None),
        ("48512345678", "", None),
    ],
)
def test_notices(sender: str, country: str, words: str | None) -> None:
    """What must be registered first, and where the phone shows another sender."""
    sentence = notice(sender, country)
    assert sentence is None if words is None else words in (sentence or "")


def test_the_tables_name_countries_and_sources() -> None:
    """Every row has a country that exists and a page to check it on."""
    tables: list[dict[str, str]] = [
        {country: rule.source for country, rule in sender_ids.NAMES_REFUSED.items()},
        {country: rule.source for country, rule in sender_ids.REGISTRATION.items()},
        sender_ids.NAMES_REPLACED,
        sender_ids.GENERIC_REFUSED,
    ]
    for table in tables:
        assert all(map(is_valid_region, table))
        assert all(source.startswith("https://") for source in table.values())
    assert all(name == name.lower() for name in sender_ids.GENERIC_NAMES)
