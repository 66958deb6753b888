"""The figures for people: a table by rich where it is installed, aligned text elsewhere."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence

from benchmarks.figures import Figure, Skipped

COLUMNS = ("benchmark", "figure", "measured", "spread", "target", "verdict", "note")


def show(figures: Sequence[Figure], skipped: Sequence[Skipped], machine: Mapping[str, str]) -> None:
    """Prints the machine, one line per figure, one per benchmark that was skipped."""
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    rows = [_cells(figure) for figure in figures]
    if rows and importlib.util.find_spec("rich"):
        _rich(rows)
    elif rows:
        _plain(rows)
    for each in skipped:
        print(f"{each.benchmark}: skipped, {each.reason}")


def _cells(figure: Figure) -> tuple[str, ...]:
    unit = f" {figure.unit}".rstrip()
    spread = f"{number(figure.low)} to {number(figure.high)}" if figure.samples > 1 else ""
    facts = [f"{name} {number(value)}" for name, value in figure.details.items()]
    return (
        figure.benchmark,
        figure.name,
        f"{number(figure.measured)}{unit}",
        spread,
        f"{figure.target}{unit}" if figure.target else "",
        figure.verdict,
        ", ".join([*([figure.note] if figure.note else []), *facts]),
    )


def number(value: float) -> str:
    """Three significant digits, thousands whole."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _rich(rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*COLUMNS)
    for *cells, verdict, note in rows:
        missed = verdict in ("over", "under")
        table.add_row(*cells, f"[bold red]{verdict}[/]" if missed else verdict, escape(note))
    Console().print(table)


def _plain(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    for row in (COLUMNS, *rows):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
