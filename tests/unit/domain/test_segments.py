"""Segments: what a text costs, folding, and shortening."""
# The letters look alike on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_sms_plugin.domain.segments import (
    Encoding,
    Segments,
    clean,
    fit,
    fold,
    is_gsm7,
    measure,
    shorten,
)

GSM, UCS = Encoding.GSM7, Encoding.UCS2

#: 3GPP TS 23.038 §6.2.1, row by row, and the extension table
ALPHABET = (
    "@Δ 0¡P¿p£_!1AQaq$Φ\"2BRbr¥Γ#3CScsèΛ¤4DTdtéΩ%5EUeuùΠ&6FVfvìΨ'7GWgwòΣ(8HXhxÇΘ)9IYiy"
    "\nΞ*:JZjzØ+;KÄkäøÆ,<LÖlö\ræ-=MÑmñÅß.>NÜnüåÉ/?O§oà"
)
EXTENSION = "\f^{}\\[~]|€"


def reference(text: str) -> tuple[Encoding, int, int]:
    """Encoding, units and segments, one character at a time, in the slowest plain way."""
    gsm = all(c in ALPHABET + EXTENSION for c in text)
    sizes = [(2 if c in EXTENSION else 1) if gsm else len(c.encode("utf-16-be")) // 2 for c in text]
    single, several = (160, 153) if gsm else (70, 67)
    if sum(sizes) <= single:
        return (GSM if gsm else UCS, sum(sizes), 1 if text else 0)
    segments, used = 1, 0
    for size in sizes:
        if used + size > several:
            segments, used = segments + 1, 0
        used += size
    return (GSM if gsm else UCS, sum(sizes), segments)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", GSM, 0, 0),
        ("a", GSM, 1, 1),
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("a" * 459, GSM, 459, 3),
        ("a" * 460, GSM, 460, 4),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        ("a" * 158 + "€", GSM, 160, 1),
        ("a" * 159 + "€", GSM, 161, 2),
        ("a" * 151 + "€" + "a" * 153, GSM, 306, 2),
        ("a" * 152 + "€" + "a" * 152, GSM, 306, 3),
        ("€" * 153, GSM, 306, 3),
        ("ę", UCS, 1, 1),
        ("ę" * 70, UCS, 70, 1),
        ("ę" * 71, UCS, 71, 2),
        ("ę" * 134, UCS, 134, 2),
        ("ę" * 135, UCS, 135, 3),
        ("😀" * 35, UCS, 70, 1),
        ("😀" * 36, UCS, 72, 2),
        ("ę" * 65 + "😀" + "ę" * 67, UCS, 134, 2),
        ("ę" * 66 + "😀" + "ę" * 66, UCS, 134, 3),
        ("a" * 69 + "ę", UCS, 70, 1),
        ("€" * 69 + "ę", UCS, 70, 1),
        ("\f", GSM, 2, 1),
        ("`", UCS, 1, 1),
        ("\x1b", UCS, 1, 1),
        ("ç", UCS, 1, 1),
        ("Ç", GSM, 1, 1),
    ],
)
def test_golden_boundaries(text: str, encoding: Encoding, units: int, segments: int) -> None:
    """160/153 septets and 70/67 code units, and no pair is split between segments."""
    size = measure(text)
    assert (size.encoding, size.units, size.segment_count) == (encoding, units, segments)


def test_forcing_characters_are_named_once_in_order() -> None:
    """The owner is told which characters made the text expensive."""
    assert measure("Łódź, źle: Łąka 😀").forcing == ("Ł", "ó", "ź", "ą", "😀")
    assert measure("cheap €") == Segments(GSM, 8, 1, ())


def test_the_alphabet_is_the_standards() -> None:
    """Exactly the 127 letters of the table (without the escape) and its ten extensions."""
    every = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, 0x11000)))
    assert {c for c in every if is_gsm7(c)} == set(ALPHABET + EXTENSION)
    assert len(set(ALPHABET)) == 127


mixed = st.text(
    st.one_of(
        st.sampled_from("ab €[]^~ąę😀🇵🇱 \n"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=200,
)
near_boundaries = st.builds(
    lambda filler, n, tail: filler * n + tail,
    st.sampled_from(["a", "ę", "€", "😀"]),
    st.integers(60, 320),
    mixed,
)


@given(st.one_of(mixed, near_boundaries))
def test_measure_agrees_with_the_slow_reference(text: str) -> None:
    """Counting by patterns gives what counting by characters gives."""
    size = measure(text)
    assert (size.encoding, size.units, size.segment_count) == reference(text)
    assert bool(size.forcing) == (size.encoding is UCS)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Łucja Żółć", "Lucja Zolc"),
        ("1\u00a0299,90\u00a0zł", "1 299,90 zl"),
        ("1\u202f299 €", "1 299 €"),
        ("“quoted” – it’s…", '"quoted" - it\'s...'),
        ("ß ä ö ü ñ à è é ù ì ò Ä Ö Ü Ñ Å Æ Ø Ç", "ß ä ö ü ñ à è é ù ì ò Ä Ö Ü Ñ Å Æ Ø Ç"),
        ("È Á á ç ê ő ș ț Đ ð Þ œ ẞ", "E A a c e o s t D d Th oe SS"),
        ("e\u0301 a\u0328 x\u030c", "é a x"),
        ("İstanbul ığ", "Istanbul ig"),
        ("½ ﬁ № 5™", "1/2 fi No 5TM"),
        ("a\nb\r\nc\td", "a b  c d"),
        ("\u202eevil\u202c \u2066x\u2069\u200f\x00\x1b", "evil x"),
        ("soft\u00adhyphen zero\u200bwidth \ufeff", "softhyphen zerowidth "),
        ("Ali\u200cce", "Alice"),
        ("Привет, Łucja", "Привет, Lucja"),
        ("й и\u0306", "й й"),
        ("東京 한글 हिन्दी", "東京 한글 हिन्दी"),
        ("👩\u200d👧 ❤\ufe0f", "👩\u200d👧 ❤\ufe0f"),
        ("\ud83d", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    """Latin letters lose what GSM-7 has not; other scripts and emoji stay whole."""
    assert fold(text) == folded


@given(mixed)
def test_folding_is_stable_and_never_costs_an_alphabet(text: str) -> None:
    """Folding twice is folding once, and a GSM-7 text stays GSM-7."""
    folded = fold(text)
    assert fold(folded) == folded
    assert is_gsm7(folded) or not is_gsm7(clean(text))


def test_clean_keeps_letters_and_neutralises_the_rest() -> None:
    """A value is one line without control or bidi characters; its letters stay."""
    assert clean("Zoë\u00a0Łuk\n\u202eX\u2028y\x7f") == "Zoë Łuk X y"


@pytest.mark.parametrize(
    ("text", "units", "shortened"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two..."),
        ("one two three", 10, "one two..."),
        ("one two three", 9, "one..."),
        ("one, two", 7, "one..."),
        ("incomprehensible", 8, "incom..."),
        ("incomprehensible", 3, "inc"),
        ("incomprehensible", 0, ""),
        ("€€€€€€", 9, "€€€..."),
        ("ę ęęę ęęę", 8, "ę ęęę..."),
        ("😀😀😀😀", 7, "😀😀..."),
    ],
)
def test_shorten(text: str, units: int, shortened: str) -> None:
    """A text is cut at a word's end, counts extension letters and emoji as two units."""
    assert shorten(text, units) == shortened


@given(mixed, st.integers(0, 80))
def test_a_shortened_text_fits(text: str, units: int) -> None:
    """Whatever the text, the result has at most the units asked for."""
    assert measure(shorten(text, units)).units <= units


@given(st.one_of(mixed, near_boundaries), st.integers(1, 3))
def test_a_fitted_text_fits(text: str, segments: int) -> None:
    """Whatever the text, the result has at most the segments asked for, and no fewer words."""
    fitted = fit(text, segments)
    assert measure(fitted).segment_count <= segments
    assert fitted == text or measure(text).segment_count > segments


def test_fit_uses_the_room_it_has() -> None:
    """160 septets in one segment, 306 in two, less only what a whole word needs."""
    assert fit("a" * 200, 1) == "a" * 157 + "..."
    assert fit("a" * 400, 2) == "a" * 303 + "..."
    assert fit("ę" * 100, 1) == "ę" * 67 + "..."
    assert fit("a" * 152 + "€" + "a" * 160, 2) == "a" * 152 + "€" + "a" * 148 + "..."


@pytest.mark.parametrize("call", [lambda: shorten("a", -1), lambda: fit("a", 0)])
def test_impossible_lengths_are_errors(call: object) -> None:
    """A length no text can have is a mistake of the caller."""
    with pytest.raises(ValueError, match=r"give 0 or more|at least 1 segment"):
        call()  # type: ignore[operator]
