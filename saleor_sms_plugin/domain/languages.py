"""One field, several languages: a line holding only "[pl]" starts the Polish text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..exceptions import TemplateError

_HEADER = re.compile(r"\s*\[\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\s*\]\s*")


@dataclass(frozen=True)
class Section:
    """One language's text in a field."""

    language: str  #: "" for the text above the first header, else as ``language_code`` writes it
    text: str  #: without blank lines around it
    line: int  #: the line of the field, from 1, on which the text starts


def language_code(code: str) -> str:
    """A language code in the one form used here: lower case, with hyphens ("pt-br")."""
    return code.strip().replace("_", "-").lower()


def split_languages(text: str) -> dict[str, Section]:
    """The texts of a field by language, in the field's order; no key for a blank field.

    The text above the first header has the key "" and exists only where it is not blank.
    ``TemplateError``, with the line, for a language given twice or without a text.
    """
    sections: dict[str, Section] = {}
    for code, header_line, lines in _blocks(text):
        first = next((i for i, line in enumerate(lines) if line.strip()), None)
        if first is None:
            if not code:
                continue
            raise TemplateError(
                f"There is no text under [{code}]. Write one, or remove the line.",
                line=header_line,
                column=1,
            )
        if code in sections:
            raise TemplateError(
                f"The language [{code}] has a text already, on line {sections[code].line}. "
                "Keep one of the two.",
                line=header_line,
                column=1,
            )
        body = "\n".join(lines[first:]).rstrip()
        sections[code] = Section(code, body, header_line + 1 + first)
    return sections


def _blocks(text: str) -> Iterator[tuple[str, int, list[str]]]:
    """(code, line of the header, lines below it) for each block; the first has code "", line 0."""
    code, header_line = "", 0
    lines: list[str] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if header := _HEADER.fullmatch(line):
            yield code, header_line, lines
            code, header_line, lines = language_code(header[1]), number, []
        else:
            lines.append(line)
    yield code, header_line, lines


def choose_language(wanted: str, available: Mapping[str, object]) -> str | None:
    """The key of *available* for a reader of *wanted*; None only where there is no text.

    Exact ("pt-br"), then its base ("pt"), then the first text.
    """
    code = language_code(wanted)
    while code:
        if code in available:
            return code
        code = code.rpartition("-")[0]
    return next(iter(available), None)
