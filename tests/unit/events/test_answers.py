"""The built-in answers keep their rules in every language."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from saleor_sms_plugin.config import sample_context
from saleor_sms_plugin.domain import rendering
from saleor_sms_plugin.domain.segments import Encoding, measure
from saleor_sms_plugin.events.answers import ANSWERS, Answer, answer_for
from saleor_sms_plugin.events.catalogue import EVENTS, Purpose
from saleor_sms_plugin.events.texts import BUILT_IN, answers, built_in
from saleor_sms_plugin.events.variables import names_of, optional_names

ALL = [(language, answer) for language in BUILT_IN for answer in ANSWERS.values()]
IDS = [f"{language}-{answer.name}" for language, answer in ALL]
#: what an answer that confirms a stop must not do
PROMOTION = re.compile(
    r"\bcode\b|voucher|discount|rabat|sconto|remise|descuento|http|order|bestell|zamow|ordin",
    re.IGNORECASE,
)


def _outcomes(language: str, answer: Answer, *, long: bool) -> Iterator[str]:
    source = answers.TEXTS[language][answer.name]
    optional = [name for name in optional_names(answer) if name in source]
    for size in range(len(optional) + 1):
        for absent in itertools.combinations(optional, size):
            context = sample_context(answer, long=long, absent=frozenset(absent))
            yield rendering.compile(source).render(context, locale=language)


def test_every_language_has_every_answer() -> None:
    """The same answers, in the same order, in the languages that events have."""
    assert list(answers.TEXTS) == list(BUILT_IN)
    for texts in answers.TEXTS.values():
        assert list(texts) == list(ANSWERS)


def test_no_answer_is_called_as_an_event() -> None:
    """One name is one text and one field of the form."""
    assert ANSWERS.keys() & EVENTS.keys() == set()


@pytest.mark.parametrize(("language", "answer"), ALL, ids=IDS)
def test_is_one_gsm7_segment_whatever_is_absent(language: str, answer: Answer) -> None:
    """Every outcome with long values is one segment of GSM-7 and uses only its own variables."""
    rendering.validate(answers.TEXTS[language][answer.name], names_of(answer))
    for text in _outcomes(language, answer, long=True):
        found = measure(text)
        assert (found.encoding, found.segment_count) == (Encoding.GSM7, 1), (found.units, text)


@pytest.mark.parametrize(("language", "answer"), ALL, ids=IDS)
def test_reads_well_whatever_is_absent(language: str, answer: Answer) -> None:
    """The shop first, no double space, no label without its value, a proper end."""
    ends = (".", "!", "/welcome", "help@example.com", "https://example.com")
    for text in _outcomes(language, answer, long=False):
        assert text.startswith("Example Store : " if language == "fr" else "Example Store: ")
        assert "  " not in text
        assert not re.search(r"[:,] ?([.,]|$)|\s\.", text), text
        assert text.endswith(ends), text


@pytest.mark.parametrize("language", list(BUILT_IN))
def test_a_stops_confirmation_names_its_scope_and_sells_nothing(language: str) -> None:
    """Two texts that differ, without an offer, an order or a link."""
    offers, everything = (
        next(_outcomes(language, ANSWERS[name], long=False)) for name in ("stop_offers", "stop_all")
    )
    assert offers != everything
    assert "START" in everything
    assert not PROMOTION.search(offers)
    assert not PROMOTION.search(everything)


@pytest.mark.parametrize("language", list(BUILT_IN))
@pytest.mark.parametrize("name", ["help_us", "opt_in_request_us"])
def test_us_carriers_find_all_they_ask_for(language: str, name: str) -> None:
    """HELP and the request name STOP, frequency and cost; in the words of each language."""
    text = answers.TEXTS[language][name]
    assert "STOP" in text
    assert text.count(".") >= 3
    if language == "en":
        assert "Msg freq varies." in text
        assert "Msg&data rates may apply." in text


def test_the_confirmation_of_a_stop_in_english() -> None:
    """The whole sentence."""
    assert list(_outcomes("en", ANSWERS["stop_all"], long=False)) == [
        "Example Store: you are unsubscribed and will get no more texts from us. Reply START to "
        "undo."
    ]


def test_a_request_names_the_page_or_the_word_to_reply() -> None:
    """Where the sender receives, YES; else a link."""
    with_page, without = _outcomes("en", ANSWERS["opt_in_request"], long=False)
    assert with_page == (
        "Example Store: please confirm you want our offers by SMS: "
        "https://example.com/s/5hTq8RnW3c Not you? Ignore this."
    )
    assert without == (
        "Example Store: please confirm you want our offers by SMS: reply YES. Not you? Ignore this."
    )


@pytest.mark.parametrize(
    ("name", "country", "sent"),
    [
        ("help", "US", "help_us"), ("help", "CA", "help_us"), ("help", "PL", "help"),
        ("opt_in_request", "US", "opt_in_request_us"), ("opt_in_request", "IT", "opt_in_request"),
        ("stop_all", "US", "stop_all"), ("returns", "", "returns"),
        *(("help", country, "help_us") for country in ("PR", "VI", "GU", "AS", "MP")),
        ("opt_in_request", "PR", "opt_in_request_us"), ("help", "RE", "help"),
    ],
)  # fmt: skip
def test_a_country_may_want_other_words(name: str, country: str, sent: str) -> None:
    """The USA with its territories, and Canada, have texts of their own for their carriers."""
    assert answer_for(name, country) == sent


def test_only_the_reward_is_marketing() -> None:
    """It is refused to who opted out; every other answer was asked for."""
    marketing = [name for name, each in ANSWERS.items() if each.purpose is Purpose.MARKETING]
    assert marketing == ["opt_in_reward"]


def test_an_answer_falls_back_from_exact_to_base_to_english() -> None:
    """As an event's text does."""
    assert built_in("help", "pl-pl") == ("pl", answers.TEXTS["pl"]["help"])
    assert built_in("help", "nl") == ("en", answers.TEXTS["en"]["help"])
