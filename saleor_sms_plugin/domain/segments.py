"""What a text costs: its alphabet, its units, its segments, and how to make it cheaper.

A text in the GSM 7-bit alphabet (3GPP TS 23.038, §6.2.1) has 160 septets in one segment and
153 in each of several; one letter outside it makes the whole text UCS-2, with 70 and 67
UTF-16 code units. A character of two units is never split between segments.
https://www.3gpp.org/ftp/Specs/archive/23_series/23.038/
"""

# The letters of the tables look alike on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"  #: each is two septets: the escape, and a letter of the second table

ELLIPSIS = "..."

_ESCAPE = "\ud800"  # in front of each two-unit character; no valid text holds it


class Encoding(StrEnum):
    """The alphabet a text is sent in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


#: encoding → (units of a single segment, units of each of several)
CAPACITY = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}

_gsm = re.escape(BASIC + EXTENSION)
_BASIC_ONLY = re.compile(f"[{re.escape(BASIC)}]*")
_GSM_ONLY = re.compile(f"[{_gsm}]*")
_NOT_GSM = re.compile(f"[^{_gsm}]")
_TWO_UNITS = {
    Encoding.GSM7: re.compile(f"[{re.escape(EXTENSION)}]"),
    Encoding.UCS2: re.compile("[\U00010000-\U0010ffff]"),
}


@dataclass(frozen=True)
class Segments:
    """What a text costs."""

    encoding: Encoding
    units: int  #: septets of GSM-7, UTF-16 code units of UCS-2
    segment_count: int  #: 0 for the empty text
    forcing: tuple[str, ...] = ()  #: the characters that forced UCS-2, once each, in order


def is_gsm7(text: str) -> bool:
    """Whether every character is in the GSM 7-bit alphabet or its extension table."""
    return _GSM_ONLY.fullmatch(text) is not None


def measure(text: str) -> Segments:
    """The encoding, units and segments of *text*, exactly as a phone counts them."""
    if _BASIC_ONLY.fullmatch(text):
        return Segments(Encoding.GSM7, len(text), _count(text, Encoding.GSM7))
    forcing = tuple(dict.fromkeys(_NOT_GSM.findall(text)))
    encoding = Encoding.UCS2 if forcing else Encoding.GSM7
    units = _TWO_UNITS[encoding].sub(_ESCAPE + r"\g<0>", text)
    return Segments(encoding, len(units), _count(units, encoding), forcing)


def _count(units: str, encoding: Encoding) -> int:
    """The segments of a text in which each character is one unit."""
    single, several = CAPACITY[encoding]
    if len(units) <= single:
        return 1 if units else 0
    if _ESCAPE not in units:
        return -(-len(units) // several)
    count = position = 0
    while position < len(units):
        position += several
        if units[position - 1 : position] == _ESCAPE:
            position -= 1
        count += 1
    return count


# ---------------------------------------------------------------------------------- cleaning

_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_REMOVED = (
    *range(0x00, 0x20),
    *range(0x7F, 0xA0),
    0xAD,  # soft hyphen
    0x61C,
    *(0x200B, 0x200E, 0x200F),
    *range(0x202A, 0x202F),  # bidi embeddings and overrides
    *range(0x2060, 0x2065),
    *range(0x2066, 0x2070),  # bidi isolates
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xD800, 0xE000),  # half a surrogate pair is no character
)
_NEUTRAL: dict[int, str] = dict.fromkeys(_REMOVED, "") | dict.fromkeys(map(ord, _SPACES), " ")


def clean(text: str) -> str:
    """*text* on one line: every kind of space is " ", no control or bidi characters.

    What reads as letters stays, also the joiners inside emoji and Persian words.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_NEUTRAL)


# ----------------------------------------------------------------------------------- folding

_LETTERS = {
    **dict.fromkeys("‘’‚‛′´`ʹʻʼʽˈ", "'"),
    **dict.fromkeys("“”„‟″«»〝〞", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **{"…": "...", "‹": "<", "›": ">", "•": "-", "·": ".", "⁄": "/", "×": "x", "÷": "/"},
    **{"©": "(c)", "®": "(R)", "¦": "|", "¢": "c", "°": "o", "µ": "u"},
    **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"},
    **{"ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ĸ": "k"},
    **{"œ": "oe", "Œ": "OE", "ẞ": "SS", "ə": "e", "Ə": "E", "ƒ": "f"},
}
_TABLE = str.maketrans(_LETTERS)
_MARKS = re.compile("[\u0300-\u036f]")
#: a letter outside the alphabet, or one in it that carries marks no composed letter has
_CLUSTER = re.compile(f"[{_gsm}][\u0300-\u036f]+|[^{_gsm}][\u0300-\u036f]*")
_JOINERS = re.compile("[\u200c\u200d\ufe0e\ufe0f]")


def fold(text: str) -> str:
    """*text* in GSM-7 as far as its letters have a Latin form: ł → l, ą → a, “ → ".

    Cleans as ``clean`` does. Letters of the alphabet stay (ß ä ö ü ñ à è é ù ì ò Å Æ Ø).
    Whatever has no GSM-7 form (emoji, Cyrillic, Chinese) stays as it is: folding never
    removes or mangles a word. Folding twice changes nothing more.
    """
    text = clean(text)
    if _GSM_ONLY.fullmatch(text):
        return text
    folded = _CLUSTER.sub(_fold_match, unicodedata.normalize("NFC", text))
    if _GSM_ONLY.fullmatch(folded):
        return folded
    without_joiners = _JOINERS.sub("", folded)
    return without_joiners if _GSM_ONLY.fullmatch(without_joiners) else folded


def _fold_match(match: re.Match[str]) -> str:
    return _fold_cluster(match.group())


@lru_cache(maxsize=2048)
def _fold_cluster(cluster: str) -> str:
    plain = cluster.translate(_TABLE)
    if not _GSM_ONLY.fullmatch(plain):
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", cluster)).translate(_TABLE)
    return plain if plain and _GSM_ONLY.fullmatch(plain) else cluster


# -------------------------------------------------------------------------------- shortening


def shorten(text: str, units: int) -> str:
    """*text* in at most *units* of its own encoding, cut at a word's end with "...".

    A word too long to fit is cut inside, between characters. ``ValueError`` below 0.
    """
    if units < 0:
        raise ValueError(f"A text cannot be shortened to {units} units; give 0 or more.")
    size = measure(text)
    if size.units <= units:
        return text
    room = units - len(ELLIPSIS)
    if room <= 0:
        return _prefix(text, units)
    head = _prefix(text, room)
    if not text[len(head)].isspace():
        head = _until_word_end(head)
    return head.rstrip(" \n\r,;:.-") + ELLIPSIS


def fit(text: str, segment_count: int) -> str:
    """*text* in at most *segment_count* segments, shortened as ``shorten`` does.

    ``ValueError`` below 1.
    """
    if segment_count < 1:
        raise ValueError(f"A text needs at least 1 segment, not {segment_count}.")
    size = measure(text)
    if size.segment_count <= segment_count:
        return text
    single, several = CAPACITY[size.encoding]
    units = single if segment_count == 1 else several * segment_count
    # A pair kept whole at a segment's end wastes a unit, so the first try may not do.
    while measure(shortened := shorten(text, units)).segment_count > segment_count:
        units -= 1
    return shortened


def _prefix(text: str, units: int) -> str:
    """The beginning of *text* that has at most *units* in either encoding.

    In either, because cutting off the one emoji at the end turns UCS-2 into GSM-7.
    """
    used = 0
    for index, character in enumerate(text):
        used += 2 if character in EXTENSION or character > "\uffff" else 1
        if used > units:
            return text[:index].rstrip("\u200c\u200d")
    return text


def _until_word_end(head: str) -> str:
    words = head.rsplit(None, 1)
    return words[0] if len(words) > 1 else head
