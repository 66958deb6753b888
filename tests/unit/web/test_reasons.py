"""Every reason is told in each language of the pages, and in its own words."""

from __future__ import annotations

import re

import pytest

from saleor_sms_plugin.domain.reasons import SENTENCES, Reason
from saleor_sms_plugin.web.staff.words import WORDS
from saleor_sms_plugin.web.staff.words.reasons import REASONS, why


@pytest.mark.parametrize("language", WORDS)
def test_every_reason_has_a_sentence(language: str) -> None:
    """No language lacks one; each is a sentence, and short enough for a phone."""
    assert REASONS[language].keys() == {reason.value for reason in Reason}
    for said in REASONS[language].values():
        assert re.fullmatch(r"[A-ZÈ].{10,169}\.", said), said


@pytest.mark.parametrize("language", sorted(set(WORDS) - {"en"}))
def test_no_reason_is_left_in_english(language: str) -> None:
    """Neither the pages' English sentence nor the engine's."""
    english = {*REASONS["en"].values(), *SENTENCES.values()}
    assert [said for said in REASONS[language].values() if said in english] == []


@pytest.mark.parametrize("language", WORDS)
def test_no_two_reasons_read_the_same(language: str) -> None:
    """Whoever reads one knows which it is."""
    said = list(REASONS[language].values())
    assert sorted(said) == sorted(set(said))


@pytest.mark.parametrize("language", WORDS)
def test_no_reason_sends_a_shop_owner_to_a_command(language: str) -> None:
    """Commands are for developers; the pages have a button."""
    assert [said for said in REASONS[language].values() if "sms_" in said] == []


def test_a_reason_of_another_version_is_told_as_it_is() -> None:
    """Better than nothing; without a reason there is nothing to say."""
    assert why("of_tomorrow", "pl") == "of_tomorrow"
    assert why("", "pl") == ""
