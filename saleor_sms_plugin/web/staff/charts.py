"""Bars for the overview, as numbers that a template draws in SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 160


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One rectangle."""

    kind: str  #: of ``stacks``: the class that colours it
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One column, its pieces from below."""

    label: str
    title: str  #: all of it in words
    x: float
    width: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of ``WIDTH`` by ``HEIGHT``."""

    bars: tuple[Bar, ...]
    highest: int  #: what its height stands for

    width = WIDTH
    height = HEIGHT


def stacked(rows: Sequence[tuple[str, str, Sequence[tuple[str, int]]]]) -> Chart:
    """One bar per row of label, title and (kind, count); the highest fills the height."""
    highest = max((sum(count for _, count in counts) for _, _, counts in rows), default=0)
    step = WIDTH / max(1, len(rows))
    return Chart(
        bars=tuple(
            Bar(
                label=label,
                title=title,
                x=round(place * step + step * 0.1, 2),
                width=round(step * 0.8, 2),
                pieces=tuple(_pieces(counts, highest)),
            )
            for place, (label, title, counts) in enumerate(rows)
        ),
        highest=highest,
    )


def _pieces(counts: Sequence[tuple[str, int]], highest: int) -> list[Piece]:
    pieces, below = [], 0.0
    for kind, count in counts:
        height = HEIGHT * count / highest if highest else 0.0
        below += height
        if count:
            pieces.append(Piece(kind=kind, y=round(HEIGHT - below, 2), height=round(height, 2)))
    return pieces
