"""The colours of the staff's pages can be read by those who see poorly, in both themes.

https://www.w3.org/TR/WCAG22/#contrast-minimum and #non-text-contrast
"""

from __future__ import annotations

import re

import pytest

from saleor_sms_plugin.web.staff.assets import assets

TEXT, PARTS = 4.5, 3.0  #: the least ratio of text, and of what one must see to use a page

#: ink, ground, least ratio: every pair that the style sheet puts together
PAIRS = (
    *((ink, ground, TEXT) for ink in ("ink", "quiet", "link") for ground in ("ground", "card")),
    *((kind, f"{kind}-ground", TEXT) for kind in ("good", "bad", "warn")),
    ("on-main", "main", TEXT),
    ("card", "bad", TEXT),
    ("warn", "ground", TEXT),
    *(("field", ground, PARTS) for ground in ("ground", "card")),
    *((f"bar-{kind}", "card", PARTS) for kind in ("delivered", "sent", "failed")),
    *(("link", ground, PARTS) for ground in ("ground", "card")),
)


def colours() -> dict[str, tuple[str, str]]:
    """Name → the colour where it is light, and where it is dark."""
    css = assets()["style"].body.decode()
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", css)
    }


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_the_standards() -> None:
    """Black on white is 21, and #767676 on white is just enough for text."""
    assert ratio("#000", "#fff") == 21
    assert 4.5 < ratio("#767676", "#ffffff") < 4.6


@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_have_contrast(ink: str, ground: str, least: float, theme: int) -> None:
    """WCAG 2.2 AA."""
    known = colours()
    assert ratio(known[ink][theme], known[ground][theme]) >= least


def test_every_colour_is_in_a_pair() -> None:
    """A new one is looked at; lines only divide, and say nothing."""
    assert colours().keys() - {"line"} == {name for pair in PAIRS for name in pair[:2]}
