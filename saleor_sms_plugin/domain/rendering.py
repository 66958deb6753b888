"""Texts written in Liquid: checked at save, rendered with plain values, cheap in segments.

The template decides the alphabet. Where the owner's own words are GSM-7, the values put in
are folded to GSM-7 (Łucja → Lucja), so that no customer's name doubles the price; where the
owner wrote one other letter, values stay as they are. Values are always put on one line,
without control or bidi characters, and are never read as Liquid.

Filters of our own::

    {{ order.total_amount | sms_money: order.currency }}    1 299,90 PLN
    {{ order.created_at | sms_date }}                       also "short", "d MMM HH:mm"
    {{ shop.name | shorten: 20 }}                           at most 20 units, at a word's end

https://shopify.github.io/liquid/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from ..exceptions import TemplateError
from .formatting import format_money

if TYPE_CHECKING:
    from .liquid_engine import Parsed

__all__ = ["MAX_SOURCE", "Template", "compile", "format_money", "validate"]

MAX_SOURCE = 5_000  #: characters of a template

_ODD_SPACES = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_TRAILING = re.compile(r" +$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Template:
    """A compiled text; make one with ``compile``."""

    source: str
    gsm7: bool  #: the owner's own words are GSM-7: so is every value that has a Latin form
    variables: frozenset[str]  #: the shop's variables it names: "order.number"
    _parsed: Parsed = field(repr=False, compare=False)

    def render(self, context: Mapping[str, Mapping[str, object]], *, locale: str = "en") -> str:
        """The text for one message, in the CLDR *locale* of its reader ("pl", "pt-br").

        *context* maps group to name to value: str, int, float, Decimal, bool, date, datetime,
        lists of those, or None, which reads as nothing. No space around the text, no runs of
        blank lines. ``TemplateError`` for a variable that is not there, a filter that cannot
        take its value, or a limit.
        """
        text = _TRAILING.sub("", self._parsed.render(context, locale))
        return _BLANK_LINES.sub("\n\n", text).strip()


def compile(source: str, *, first_line: int = 1) -> Template:
    """The template written in *source*; the newest 512 are kept.

    *first_line* is the line of its field on which it starts (``Section.line``): errors count
    from there. No-break and other odd spaces are read as plain ones. ``TemplateError`` with
    line and column for a wrong syntax, tag or filter, or more than 5,000 characters.
    """
    try:
        return _compile(source)
    except TemplateError as error:
        raise _moved(error, first_line) from error.__cause__


def validate(source: str, variables: Collection[str], *, first_line: int = 1) -> None:
    """Nothing, where *source* compiles and names only *variables* ("order.number").

    Else ``TemplateError`` for the first mistake, with line, column and the nearest name.
    """
    parsed = compile(source, first_line=first_line)._parsed
    from .liquid_engine import did_you_mean

    for name in parsed.variables:
        if name.path not in variables:
            hint = did_you_mean(name.path, variables)
            raise TemplateError(
                f"There is no variable “{name.path}” in this text.{hint}",
                line=name.line + first_line - 1,
                column=name.column,
            )
    groups = {variable.partition(".")[0] for variable in variables}
    for name in parsed.assigned:
        if name.path in groups:
            raise TemplateError(
                f"“{name.path}” is a name of the shop's own. Assign to another one, such as "
                f"my_{name.path}.",
                line=name.line + first_line - 1,
                column=name.column,
            )


@lru_cache(maxsize=512)
def _compile(source: str) -> Template:
    if len(source) > MAX_SOURCE:
        raise TemplateError(
            f"The text has {len(source):,} characters; at most {MAX_SOURCE:,} are allowed."
        )
    from .liquid_engine import parse

    parsed = parse(_ODD_SPACES.sub(" ", _LINE_ENDS.sub("\n", source)))
    names = frozenset(name.path for name in parsed.variables)
    return Template(source, parsed.gsm7, names, parsed)


def _moved(error: TemplateError, first_line: int) -> TemplateError:
    line = None if error.line is None else error.line + first_line - 1
    return TemplateError(str(error), line=line, column=error.column)
