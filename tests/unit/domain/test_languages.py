"""Languages: several texts in one field."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.domain.languages import Section, choose_language, split_languages
from saleor_sms_plugin.exceptions import TemplateError


def test_a_field_without_headers_is_one_text() -> None:
    """A text without headers has the key ""."""
    assert split_languages("\n Hello\nthere \n\n") == {"": Section("", " Hello\nthere", 2)}


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_blank_field_has_no_text(text: str) -> None:
    """Blank means the built-in text."""
    assert split_languages(text) == {}


def test_headers_start_languages() -> None:
    """A line holding only a code in brackets starts that language; lines are the field's."""
    field = "Hello [pl]\n[pl]\nCzesc\n[x] y\n\n [ pt_BR ] \r\n\r\nOla\r\n[zh-hans]\n\u4f60\u597d"
    assert split_languages(field) == {
        "": Section("", "Hello [pl]", 1),
        "pl": Section("pl", "Czesc\n[x] y", 3),
        "pt-br": Section("pt-br", "Ola", 8),
        "zh-hans": Section("zh-hans", "\u4f60\u597d", 10),
    }
    assert list(split_languages(field)) == ["", "pl", "pt-br", "zh-hans"]


def test_a_field_may_start_with_a_header() -> None:
    """Then there is no "" text, and the first language is the first text."""
    sections = split_languages("[pl]\nCzesc\n[en]\nHello")
    assert list(sections) == ["pl", "en"]
    assert choose_language("de", sections) == "pl"


def test_brackets_that_hold_no_code_are_text() -> None:
    """Only two or three letters, with parts behind hyphens, make a code."""
    text = "[order 5]\n[]\n[p]\n[polski]\n{{ shop.name }} [pl]"
    assert split_languages(text) == {"": Section("", text, 1)}


def test_a_language_twice_is_an_error_with_its_line() -> None:
    """Two texts for one language: the second header is named, and where the first text is."""
    with pytest.raises(TemplateError, match=r"\[pt-br\] has a text already, on line 3") as error:
        split_languages("Hi\n[pt-br]\nOla\n[PT_BR]\nOi")
    assert (error.value.line, error.value.column) == (4, 1)


def test_a_language_without_a_text_is_an_error_with_its_line() -> None:
    """A header alone would silently send nothing."""
    with pytest.raises(TemplateError, match=r"no text under \[pl\]") as error:
        split_languages("Hi\n[pl]\n \n[de]\nHallo")
    assert error.value.line == 2


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("pl", ["", "pl"], "pl"),
        ("pt-br", ["", "pt", "pt-br"], "pt-br"),
        ("PT_BR", ["", "pt", "pt-br"], "pt-br"),
        ("pt-br", ["", "pt"], "pt"),
        ("zh-hant-tw", ["", "zh-hant"], "zh-hant"),
        ("de", ["", "pl"], ""),
        ("pt", ["", "pt-br"], ""),
        ("de", ["pl", "en"], "pl"),
        ("", ["", "pl"], ""),
        ("pl", [], None),
    ],
)
def test_choose_language(wanted: str, available: list[str], chosen: str | None) -> None:
    """Exact, then base, then the first text."""
    assert choose_language(wanted, dict.fromkeys(available, "text")) == chosen
