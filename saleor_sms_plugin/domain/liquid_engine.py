"""The Liquid behind ``rendering``: allowed tags and filters, and a limit on everything.

Imported at the first compile only, because Liquid costs a third of a second.
A template reaches nothing but the plain values it is given: no loader, no clock, no objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import liquid
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import StringLiteral
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.context import RenderContext
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.token import Token

from ..exceptions import TemplateError
from .liquid_runtime import (
    MATH_FILTERS,
    MAX_NUMBER,
    MAX_STRING,
    OWN_FILTERS,
    Context,
    OwnFor,
    OwnOutput,
)
from .segments import is_gsm7

MAX_LOOPS = 1_000  #: rounds of a loop, times those of the loops around it
MAX_RANGE = 100  #: numbers in (1..n)

_PSEUDO_TAGS = ("content", "output", "illegal")
TAGS = (
    *("#", "comment", "doc"),
    *("if", "unless", "case", "for", "break", "continue"),
    *("assign", "capture"),
)
FILTERS = MATH_FILTERS | {
    *("append", "capitalize", "default", "downcase", "first", "last", "lstrip", "prepend"),
    *("remove", "remove_first", "replace_first", "rstrip", "size", "slice", "split", "squish"),
    *("strip", "strip_newlines", "truncate", "truncatewords", "upcase", "url_encode"),
}


@dataclass(frozen=True)
class Name:
    """A variable as a template writes it, and where (from 1)."""

    path: str
    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Parsed:
    """A parsed template."""

    bound: BoundTemplate
    gsm7: bool  #: the owner's own words are in GSM-7
    variables: tuple[Name, ...]  #: asked of the shop, in order
    assigned: tuple[Name, ...]  #: made by the template itself
    local_roots: frozenset[str]

    def render(self, values: Mapping[str, object], locale: str) -> str:
        """The text, as the template lays it out. ``TemplateError`` where it cannot be made."""
        context = Context(self.bound, globals=values)
        context.locale, context.folding = locale, self.gsm7
        context.local_roots = self.local_roots
        buffer = LimitedStringIO(limit=MAX_STRING)
        try:
            self.bound.render_with_context(context, buffer)
        except LiquidError as error:
            raise _template_error(error) from error
        except Exception as error:  # a value of a kind that a filter did not expect
            raise TemplateError(f"The text could not be made: {error}") from error
        return buffer.getvalue()


def parse(source: str) -> Parsed:
    """Parse *source*. ``TemplateError`` for a wrong syntax, tag, filter or range."""
    try:
        bound = _ENVIRONMENT.from_string(source)
        analysis = bound.analyze()
    except LiquidError as error:
        raise _template_error(error, source) from error
    for name, spans in analysis.filters.items():
        if name not in _ENVIRONMENT.filters:
            line, column = _position(source, spans[0].index)
            hint = did_you_mean(name, _ENVIRONMENT.filters)
            raise TemplateError(f"There is no filter “{name}”.{hint}", line=line, column=column)
    nodes = list(_walk(bound.nodes, RenderContext(bound)))
    _check_ranges(nodes, source)

    def names(found: Mapping[str, Iterable[Any]]) -> tuple[Name, ...]:
        ordered = sorted((v for vs in found.values() for v in vs), key=lambda v: v.span.index)
        return tuple(Name(str(v), *_position(source, v.span.index)) for v in ordered)

    return Parsed(
        bound,
        gsm7=all(is_gsm7(words) for words in _owners_words(nodes)),
        variables=names(analysis.globals),
        assigned=names(analysis.locals),
        local_roots=frozenset(
            (analysis.variables.keys() | analysis.locals.keys()) - analysis.globals.keys()
        ),
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The sentence that names the nearest known word, with a space before it; else ""."""
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


# -------------------------------------------------------------------------- reading the tree


def _walk(nodes: Iterable[Node], context: RenderContext) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _walk(node.children(context), context)


def _expressions(roots: Iterable[Expression]) -> Iterator[Expression]:
    for expression in roots:
        yield expression
        yield from _expressions(expression.children())


def _owners_words(nodes: Iterable[Node]) -> Iterator[str]:
    """The words that the owner wrote to be read: not comments, not what an if compares with."""
    for node in nodes:
        if isinstance(node, ContentNode):
            yield node.text
        elif isinstance(node, OutputNode | AssignNode):
            for expression in _expressions(node.expressions()):
                if isinstance(expression, StringLiteral):
                    yield expression.value


def _check_ranges(nodes: Iterable[Node], source: str) -> None:
    """A range has numbers for its ends, because Liquid may write it out before it counts."""
    for node in nodes:
        for found in _expressions(node.expressions()):
            if not isinstance(found, RangeLiteral):
                continue
            start, stop = found.start, found.stop
            if (
                isinstance(start, IntegerLiteral)
                and isinstance(stop, IntegerLiteral)
                and abs(start.value) <= MAX_NUMBER
                and stop.value - start.value < MAX_RANGE
            ):
                continue
            line, column = _position(source, found.token.start_index)
            raise TemplateError(
                f"A range needs two numbers at most {MAX_RANGE} apart, such as (1..3).",
                line=line,
                column=column,
            )


def _position(source: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of *source*; of its end for a negative index."""
    index = index if index >= 0 else len(source)
    return source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index)


_PLAIN_WORDS = (
    ("unexpected liquid parsing error", "the text is nested too deeply"),
    ("end of expression", "the end"),
    ("end of file", "the end"),
    (" is undefined", " is not among the text's variables"),
    ("output stream limit reached", "the text is too long"),
    ("local namespace limit reached", "the text keeps too much in its own variables"),
    ("loop iteration limit reached", f"a loop has more than {MAX_LOOPS:,} rounds"),
)


def _template_error(error: LiquidError, source: str | None = None) -> TemplateError:
    token: Token | None = error.token
    line = column = None
    if token is not None and token.start_index >= 0:
        line, column = _position(token.source, token.start_index)
    elif source is not None:
        line, column = _position(source, -1)
    message = str(error.args[0]).removesuffix(".") if error.args else "this is not Liquid"
    for liquids_words, plain in _PLAIN_WORDS:
        message = message.replace(liquids_words, plain)
    return TemplateError(f"{message}.", line=line, column=column)


class _Environment(liquid.Environment):
    block_nesting_limit = 20
    context_depth_limit = 30
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_STRING

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        self.add_tag(OwnOutput)
        self.add_tag(OwnFor)
        self.tags = {name: self.tags[name] for name in (*_PSEUDO_TAGS, *TAGS)}
        self.filters = {name: self.filters[name] for name in FILTERS} | OWN_FILTERS

    def error(self, exc: Any, msg: str | None = None, token: Token | None = None) -> None:
        # A token that stands for "the end" has no place; the one around it has.
        if isinstance(exc, LiquidError) and exc.token and exc.token.start_index < 0:
            exc.token = None
        super().error(exc, msg, token)


_ENVIRONMENT = _Environment(undefined=liquid.StrictUndefined)
