"""How far a long command is, on a terminal and elsewhere."""

from __future__ import annotations

import sys
from io import StringIO

import pytest

from saleor_sms_plugin.management.progress import progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_no_progress() -> None:
    """Nothing is written where nobody looks on."""
    stream = StringIO()
    with progress("list.csv", 10, stream) as done:
        done(5)
    assert stream.getvalue() == ""


def test_without_rich_a_line_of_percent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an optional dependency; a file of no bytes is no division by zero."""
    monkeypatch.setitem(sys.modules, "rich.console", None)
    stream = Terminal()
    with progress("list.csv", 10, stream) as done:
        done(5)
        done(10)
    assert stream.getvalue() == "\rlist.csv: 50 %\rlist.csv: 100 %\n"
    with progress("list.csv", 0, stream) as done:
        done(0)


def test_with_rich_a_bar() -> None:
    """It is gone when the command is done."""
    stream = Terminal()
    with progress("list.csv", 10, stream) as done:
        done(10)
    assert "list.csv" in stream.getvalue()
