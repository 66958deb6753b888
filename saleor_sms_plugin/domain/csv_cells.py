"""CSV as spreadsheets write and run it: encodings, delimiters, mangled numbers, formulas.

A spreadsheet runs a cell that begins like a formula, whoever wrote it
(https://owasp.org/www-community/attacks/CSV_Injection), and splits a row at a comma or a semicolon
as its user's language does, whatever the row was written with. ``guard`` puts an apostrophe where a
formula may begin, ``unguard`` takes it away again: text survives both unchanged.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, TextIO

from ..exceptions import InvalidInput

DELIMITERS = ",;\t"
BLOCK = 65_536  #: bytes, or characters, read at once
LONGEST_LINE = 500_000  #: characters; what follows is left out, and the row refused

_FORMULA = "-=+@\uff1d\uff0b\uff0d\uff20"  # full-width ones run in Japan
#: Where a formula may begin: at the start, or after what separates cells somewhere else. Such a
#: split also takes away the quotation marks that follow.
_BEGIN = rf"(?:\A(?=MARK[\"']*[{_FORMULA}\t\r\n])|(?<=[,;\t\r\n])(?=MARK[\"']*[{_FORMULA}]))"
_BEGINS = re.compile(_BEGIN.replace("MARK", ""))
_GUARDED = re.compile(_BEGIN.replace("MARK", "'") + "'")
_DECIMAL_COMMA = frozenset({"de", "es", "fr", "it", "pl", "pt"})
_QUOTED = re.compile(r'"[^"]*"')
#: Excel's own way to tell which delimiter follows
_EXCELS_FIRST_LINE = re.compile(r"sep=([,;\t|])\r?\n?", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_WHOLE = re.compile(r"(\d{7,})[.,]0+")
_AS_TEXT = re.compile(r'=\s*"(.*)"')
_SHORTEST_INTERNATIONAL = 11  #: digits; fewer may be dialled within a country


def guard(cell: str) -> str:
    """The cell as a spreadsheet shows it and does not run it, wherever it splits it."""
    return _BEGINS.sub("'", cell)


def unguard(cell: str) -> str:
    """What was given to ``guard``."""
    return _GUARDED.sub("", cell)


def writer(file: TextIO, delimiter: str = ",") -> Callable[[Iterable[str]], object]:
    """What writes one row of cells to the file, guarded and in quotation marks."""
    writes = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    return lambda cells: writes.writerow(map(guard, cells))


def delimiter_in(language: str) -> str:
    """What the spreadsheets of a language take for the end of a cell."""
    return ";" if language.partition("-")[0] in _DECIMAL_COMMA else ","


def phones(cell: str) -> list[str]:
    """The readings of a phone that a spreadsheet may have taken for text, a formula or a
    fraction; the likelier first, and with "+" where it may have lost one.

    Raises ``InvalidInput`` where digits are lost ("4.85123E+10").
    """
    text = cell.strip().lstrip("'").strip()
    if found := _AS_TEXT.fullmatch(text):
        text = found[1].strip()
    if _SCIENTIFIC.fullmatch(text):
        raise InvalidInput(
            "phone: a spreadsheet has shortened the number and lost its last digits. Format the "
            "column as text where the number is still whole, and save the file again"
        )
    if found := _WHOLE.fullmatch(text):
        text = found[1]
    lost = text.isdecimal() and len(text) >= _SHORTEST_INTERNATIONAL and text[0] != "0"
    return [text, f"+{text}"] if lost else [text]


def encoding_of(file: BinaryIO, named: str = "") -> str:
    """Which encoding the file is in: the one named, else UTF-8, UTF-16 with its mark, or
    Windows-1252.

    Reads all of it, a block at a time, and goes back to its begin. Raises ``InvalidInput``
    where it is empty, or no text.
    """
    first = file.read(4)
    file.seek(0)
    if not first:
        raise InvalidInput("The file is empty.")
    utf16 = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    tried = [named] if named else ["utf-16"] if utf16 else ["utf-8-sig", "cp1252"]
    for name in tried:
        if _reads_as(name, file):
            return name
    raise InvalidInput(
        f"The file is no text in {named or 'UTF-8, UTF-16 or Windows-1252'}. Save it as “CSV "
        "UTF-8” in the spreadsheet."
    )


def _reads_as(encoding: str, file: BinaryIO) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as error:
        raise InvalidInput(
            f"There is no encoding “{encoding[:40]}”. Name one such as cp1250."
        ) from error
    try:
        while block := file.read(BLOCK):
            if "\0" in decoder.decode(block):
                return False
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    finally:
        file.seek(0)
    return True


def rows(file: TextIO, delimiter: str, before: int = 0) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with the line it begins in; why instead of the row where it cannot be read.

    ``before`` lines were read already. Rows without a character are left out. ``file`` is
    opened with ``newline=""``.
    """
    reader = csv.reader(_lines(file), delimiter=delimiter)
    while True:
        line = before + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, "a cell is far too long, or a quotation mark is not closed"
            continue
        if any(cell.strip() for cell in row):
            yield line, row


def _lines(file: TextIO) -> Iterator[str]:
    """The file's lines, none of them longer than memory bears."""
    while line := file.readline(LONGEST_LINE):
        end = line
        while not end.endswith(("\n", "\r")) and (end := file.readline(LONGEST_LINE)):
            pass
        yield line


def delimiter_of(file: TextIO) -> tuple[str, int]:
    """What separates the cells, and how many lines said only that (``sep=;``)."""
    line = file.readline(LONGEST_LINE)
    if found := _EXCELS_FIRST_LINE.fullmatch(line):
        return found[1], 1
    file.seek(0)
    bare = _QUOTED.sub("", line)
    return max(DELIMITERS, key=bare.count), 0


def columns(header: Sequence[str], names: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Name → its place in the header; {} where the header names none of them.

    ``names`` has the other words for each name. Upper case, spaces and hyphens make no
    difference. Raises ``InvalidInput`` where two columns are the same.
    """
    known = {word: name for name, others in names.items() for word in (name, *others)}
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = known.get(re.sub(r"[\s-]+", "_", unguard(cell).strip().casefold()))
        if name is None:
            continue
        if name in places:
            raise InvalidInput(
                f"Columns {places[name] + 1} and {place + 1} are both “{name}”. Keep one of them."
            )
        places[name] = place
    return places
