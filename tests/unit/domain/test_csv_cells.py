"""CSV as spreadsheets write it, mangle it and would run it."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_sms_plugin.domain import csv_cells
from saleor_sms_plugin.exceptions import InvalidInput


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b"])
def test_a_formula_is_shown_and_not_run(begin: str) -> None:
    """A cell that begins like one gets an apostrophe."""
    cell = begin + 'HYPERLINK("https://evil.example")'
    assert csv_cells.guard(cell) == "'" + cell
    assert csv_cells.unguard("'" + cell) == cell


@pytest.mark.parametrize("cell", ["", "Yes = yes", "'quoted'", "I'm in", "5", "''"])
def test_a_cell_that_is_no_formula_is_left(cell: str) -> None:
    """Both ways."""
    assert csv_cells.guard(cell) == csv_cells.unguard(cell) == cell


@pytest.mark.parametrize("between", [";", ",", "\t", "\n", "\r\n", ';"', ";''"])
def test_a_formula_within_a_cell_is_not_run_where_another_character_separates(between: str) -> None:
    """Polish and Italian spreadsheets split a file of commas at its semicolons."""
    end = len(between.rstrip("\"'"))
    cell = f"x{between}=1+1"
    guarded = f"x{between[:end]}'{between[end:]}=1+1"
    assert csv_cells.guard(cell) == guarded
    assert csv_cells.unguard(guarded) == cell


CELLS = st.lists(st.text(alphabet="'\"=-;,\t\r\na ", max_size=8), min_size=1, max_size=3)


@given(st.lists(CELLS, min_size=1, max_size=3), st.sampled_from(",;"))
def test_whatever_separates_the_cells_none_is_a_formula(
    lines: list[list[str]], delimiter: str
) -> None:
    """Nor where the file is split at another character than the one it was written with."""
    file = StringIO(newline="")
    write = csv_cells.writer(file, delimiter)
    for line in lines:
        write(line)
    for other in csv_cells.DELIMITERS:
        file.seek(0)
        for row in csv.reader(file, delimiter=other):
            assert [cell for cell in row if cell.lstrip("\t\r\n")[:1] in ("=", "-")] == []
    file.seek(0)
    read = [[*map(csv_cells.unguard, row)] for row in csv.reader(file, delimiter=delimiter)]
    assert read == lines


def test_languages_with_a_decimal_comma_separate_by_semicolons() -> None:
    """As their spreadsheets do."""
    found = {each: csv_cells.delimiter_in(each) for each in ("en", "it", "pl", "pt-br", "xx")}
    assert found == {"en": ",", "it": ";", "pl": ";", "pt-br": ";", "xx": ","}


@given(st.text(alphabet="'=+-@\tab1 ", max_size=8))
def test_what_is_guarded_comes_back_as_it_was(cell: str) -> None:
    """Every text survives, and none of them begins a formula on its way."""
    guarded = csv_cells.guard(cell)
    assert csv_cells.unguard(guarded) == cell
    assert guarded[:1] not in set("=+-@\t")


@pytest.mark.parametrize(
    "cell",
    ["48512345678", "'48512345678", "'+48512345678", '="48512345678"', "48512345678.0",
     " 48512345678,00 ", "+48512345678"],
)  # fmt: skip
def test_a_phone_that_a_spreadsheet_changed_is_mended(cell: str) -> None:
    """The last reading is the number as it was."""
    assert csv_cells.phones(cell)[-1] == "+48512345678"


@pytest.mark.parametrize("cell", ["512345678", "0048512345678", "512 345 678", ""])
def test_a_phone_that_lost_nothing_has_one_reading(cell: str) -> None:
    """It may be dialled within its country."""
    assert csv_cells.phones(cell) == [cell]


@pytest.mark.parametrize("cell", ["4.85123E+10", "4,85123E+10", "5e10", "'4.85123E+10"])
def test_a_phone_whose_digits_are_lost_is_refused(cell: str) -> None:
    """Nobody can tell which number it was."""
    with pytest.raises(InvalidInput, match="lost its last digits"):
        csv_cells.phones(cell)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("phone\nłódź", "utf-8"),
        ("\ufeffphone\nłódź", "utf-8"),
        ("phone\ncaffè", "cp1252"),
        ("phone\nłódź", "utf-16"),
    ],
)
def test_the_encoding_is_found_out(content: str, encoding: str) -> None:
    """As spreadsheets write it; a mark at the begin is no part of the text."""
    raw = content.encode(encoding)
    assert raw.decode(csv_cells.encoding_of(BytesIO(raw))) == content.removeprefix("\ufeff")


def test_a_letter_on_the_edge_of_two_blocks_is_one() -> None:
    """A block may end within it."""
    raw = b"x" * (csv_cells.BLOCK - 1) + "ł".encode()
    assert csv_cells.encoding_of(BytesIO(raw)) == "utf-8-sig"


@pytest.mark.parametrize("raw", [b"PK\x03\x04\0\0\0", b"\x89PNG\r\n\x1a\n\0", b"a\x81b"])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    """A workbook, a picture; the words say how to save it."""
    with pytest.raises(InvalidInput, match="CSV UTF-8"):
        csv_cells.encoding_of(BytesIO(raw))


def test_an_encoding_can_be_named() -> None:
    """Polish Excel writes cp1250; one that does not exist is refused."""
    raw = "zażółć".encode("cp1250")
    assert csv_cells.encoding_of(BytesIO(raw), "cp1250") == "cp1250"
    with pytest.raises(InvalidInput, match="no encoding “klingon”"):
        csv_cells.encoding_of(BytesIO(raw), "klingon")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("phone,wording\n1,2", (",", 0)),
        ('phone;"a,b,c,d";x\n', (";", 0)),
        ("phone\tscope\n", ("\t", 0)),
        ("phone\n+48512345678", (",", 0)),
        ("sep=;\nphone;scope\n", (";", 1)),
    ],
)
def test_the_delimiter_is_found_out(text: str, found: tuple[str, int]) -> None:
    """What is quoted does not count; Excel's own first line says it."""
    assert csv_cells.delimiter_of(StringIO(text, newline="")) == found


def test_each_row_knows_its_line() -> None:
    """Also after an empty line, and after a cell of two lines."""
    text = 'a,b\r\n\r\n"1\n2",3\r\n , \r\n4,5'
    assert list(csv_cells.rows(StringIO(text, newline=""), ",")) == [
        (1, ["a", "b"]), (3, ["1\n2", "3"]), (6, ["4", "5"]),
    ]  # fmt: skip


def test_a_cell_of_a_million_characters_is_refused_alone() -> None:
    """The rows before and after it are read."""
    text = f"a,b\n{'x' * 1_000_000},c\nd,e\n"
    (first, second, third) = csv_cells.rows(StringIO(text, newline=""), ",")
    assert (first, third) == ((1, ["a", "b"]), (3, ["d", "e"]))
    assert second == (2, "a cell is far too long, or a quotation mark is not closed")


def test_columns_are_known_by_any_of_their_names() -> None:
    """Case, spaces and hyphens make no difference; others are left."""
    names = {"phone": ("mobile_number",), "shop": ()}
    assert csv_cells.columns(["Name", " Mobile-Number", "SHOP"], names) == {"phone": 1, "shop": 2}


def test_a_column_twice_is_refused() -> None:
    """Nobody can tell which one holds."""
    with pytest.raises(InvalidInput, match="Columns 1 and 3 are both “phone”"):
        csv_cells.columns(["phone", "x", "Mobile"], {"phone": ("mobile",)})
