"""Which way out a text offers."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.domain.law import law_of
from saleor_sms_plugin.domain.opt_outs import OptOut, Way, opt_out_of, with_opt_out
from saleor_sms_plugin.domain.segments import is_gsm7
from saleor_sms_plugin.events.texts import BUILT_IN
from saleor_sms_plugin.events.texts.opt_out import TEXTS, opt_out_words
from saleor_sms_plugin.events.texts.pages import WORDS, words_language

NUMBER, NAME, STOP_AT = "447700900123", "Acme", "+48512345678"


@pytest.mark.parametrize(
    ("sender", "number", "country", "expected"),
    [
        (NUMBER, "", "GB", OptOut(Way.REPLY)),
        (NUMBER, STOP_AT, "GB", OptOut(Way.REPLY)),
        ("61234", "", "GB", OptOut(Way.REPLY)),
        (NAME, STOP_AT, "PL", OptOut(Way.NUMBER, STOP_AT)),
        (NAME, "", "DE", OptOut(Way.LINK)),
        (NAME, "", "PL", OptOut(Way.LINK, one_segment=True)),
        (NAME, "", "BE", None),
        (NAME, "", "MY", None),
        (NAME, STOP_AT, "BE", OptOut(Way.NUMBER, STOP_AT)),
        (NUMBER, "", "MY", OptOut(Way.REPLY)),
    ],
)
def test_reply_before_number_before_link(
    sender: str, number: str, country: str, expected: OptOut | None
) -> None:
    """The first that works: a sender that receives, a number set for it, a link that passes."""
    assert opt_out_of(sender, number, law_of(country)) == expected


def test_france_takes_nothing_but_the_providers_code() -> None:
    """Neither a link nor a reply to a sender stands for STOP 36xxx."""
    assert opt_out_of(NAME, "", law_of("FR")) is None
    assert opt_out_of(NUMBER, "", law_of("FR")) is None
    assert opt_out_of(NUMBER, "36180", law_of("FR")) == OptOut(Way.NUMBER, "36180")


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("language", list(BUILT_IN))
def test_the_words_are_gsm7_and_short(language: str, way: Way) -> None:
    """They never make a text UCS-2, and leave it room."""
    words = opt_out_words(OptOut(way, "+48512345678"), language)
    assert is_gsm7(words)
    assert len(words) <= 31
    assert words.endswith("+48512345678") is (way is not Way.REPLY)


def test_languages_fall_back_to_their_base_then_english() -> None:
    """As texts of events do."""
    assert list(TEXTS) == list(BUILT_IN) == list(WORDS)
    assert opt_out_words(OptOut(Way.REPLY), "pl-PL") == "Aby zrezygnowac, odpisz STOP"
    assert opt_out_words(OptOut(Way.REPLY), "nl") == "Reply STOP to opt out"
    assert words_language("nl", "de-at", "pl") == "de"
    assert words_language("", "nl") == "en"


def test_every_language_has_every_word_of_the_pages() -> None:
    """And fills in the same names."""
    for words in WORDS.values():
        assert list(words) == list(WORDS["en"])
        assert "{number}" in words["number"]
        assert "{order}" in words["survey"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Sale!", "Sale! Reply STOP to opt out"),
        ("Sale! Reply STOP to opt out", "Sale! Reply STOP to opt out"),
        ("Reply STOP to opt out. Sale!", "Reply STOP to opt out. Sale!"),
    ],
)
def test_the_words_stand_once(body: str, expected: str) -> None:
    """Behind the text on its line, unless its template placed them."""
    assert with_opt_out(body, "Reply STOP to opt out") == expected
