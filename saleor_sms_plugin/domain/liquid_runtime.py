"""What a Liquid template meets while it renders: plain values, our filters, and limits."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from liquid.ast import BlockNode, Node
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.context import RenderContext
from liquid.exceptions import FilterError, LiquidError, LiquidTypeError, LocalNamespaceLimitError
from liquid.expression import Expression
from liquid.filter import string_filter, with_context
from liquid.token import Token
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from .formatting import format_date, format_money
from .segments import clean, fold, shorten

MAX_STRING = 20_000  #: characters that a filter or a text may make
MAX_NUMBER = 10**18
MAX_KEPT = 10 * MAX_STRING  #: bytes of a text's own variables
#: What one text may do, about 0.2 s: characters that its filters read and write and that are
MAX_WORK = 400_000  #: put in,
CALL_COST = 50  #: each of these counted as this many more,
STEP_COST = 8  #: and each tag and expression of a loop, in each round, as so many

MATH_FILTERS = frozenset(
    {
        *("abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo"),
        *("plus", "round", "times"),
    }
)


class Context(RenderContext):
    """What a template can see while it renders, and what its filters have cost."""

    locale = "en"
    folding = False
    local_roots: frozenset[str] = frozenset()
    work = 0
    kept = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sizes: dict[str, int] = {}
        # Without Liquid's own "now" and "today".
        self.scope = ReadOnlyChainMap(self.locals, self.globals)

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        # The shop's variables are strict. A part of the template's own value that is not
        # there ({{ parts[1] }}) is nil: no real order may fail on it.
        root = path[0]
        if default is UNDEFINED and root in self.local_roots and root not in self.globals:
            default = None
        return super().get(path, token=token, default=default)

    def get_item(self, obj: Any, key: Any) -> Any:
        if not isinstance(obj, Mapping | list | tuple | str | range):
            raise TypeError("only groups and lists have parts")
        return super().get_item(obj, key)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        function = super().filter(name, token)

        def bounded(*values: object, **options: object) -> object:
            if name in MATH_FILTERS:
                values = tuple(float(v) if isinstance(v, Decimal) else v for v in values)
            try:
                self.spend(values[0])
                result = function(*values, **options)
                self.spend(result)
            except LiquidError as error:
                error.token = error.token or token
                raise
            except Exception as error:
                raise FilterError(f"{name}: {error}", token=token) from error
            return result

        return bounded

    def assign(self, key: str, val: Any) -> None:
        # Liquid adds up the sizes of all variables at each assignment.
        size = sys.getsizeof(val, 1)
        self.kept += size - self._sizes.get(key, 0)
        self._sizes[key] = size
        self.locals[key] = val
        if self.kept > MAX_KEPT:
            raise LocalNamespaceLimitError("local namespace limit reached", token=None)

    def work_on(self, cost: int) -> None:
        """So much was done; raises where that is more than ``MAX_WORK``."""
        self.work += cost
        if self.work > MAX_WORK:
            raise FilterError("the text has too much to do", token=None)

    def spend(self, value: object) -> None:
        size = len(value) if isinstance(value, str | list) else 1
        self.work_on(size + CALL_COST)
        if size > MAX_STRING:
            raise FilterError("the filters make too much text", token=None)
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise FilterError("the number is too large", token=None)

    def text_of(self, value: object) -> str:
        """A value as it is put in: on one line, and folded where the owner wrote GSM-7."""
        text = self._written(value)
        return fold(text) if self.folding else clean(text)

    def _written(self, value: object) -> str:
        match value:
            case str():
                return value
            case None:
                return ""
            case bool():
                return str(value).lower()
            case Decimal():
                return f"{value:f}"
            case int() | float():
                return str(value)
            case dt.date():
                return format_date(value, "medium", self.locale)
            case list() | tuple() | range():
                return "".join(map(self._written, value))
        raise LiquidTypeError(
            "this is a group of values; name one of them, such as order.number", token=None
        )


class OwnOutputNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        value = self.expression.evaluate(context)
        try:
            own = cast(Context, context)
            own.spend(value)
            return int(buffer.write(own.text_of(value)))
        except LiquidError as error:
            error.token = error.token or self.token
            raise


class OwnOutput(Output):
    node_class = OwnOutputNode


class Round(BlockNode):
    """What a loop does in each round, and what that costs."""

    def __init__(self, block: BlockNode) -> None:
        super().__init__(block.token, block.nodes)
        self.cost = STEP_COST * sum(_steps(block.nodes))

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        try:
            cast(Context, context).work_on(self.cost)
        except LiquidError as error:
            error.token = self.token
            raise
        return super().render_to_output(context, buffer)


def _steps(nodes: Iterable[Node]) -> Iterator[int]:
    """Of each tag, with its expressions; what an inner loop does counts in its own rounds."""
    for node in nodes:
        yield 1 + _size(node.expressions()) + (_LOOP if isinstance(node, ForNode) else 0)
        inner = node.children(cast(RenderContext, None))  # only includes would ask it
        yield from _steps(each for each in inner if not isinstance(each, Round))


_LOOP = 10  #: steps that it takes to begin a loop


def _size(expressions: Iterable[Expression]) -> int:
    return sum(1 + _size(each.children()) for each in expressions)


class OwnForNode(ForNode):
    def __init__(
        self, token: Token, expression: Any, block: BlockNode, default: BlockNode | None = None
    ) -> None:
        super().__init__(token, expression=expression, block=Round(block), default=default)


class OwnFor(ForTag):
    node_class = OwnForNode


@string_filter
def _replace(value: str, old: object, new: object = "") -> str:
    old, new = str(old), str(new)
    _check_length(len(value) + value.count(old) * len(new))
    return value.replace(old, new)


def _join(values: object, separator: object = " ") -> str:
    parts = [str(v) for v in values] if isinstance(values, list | tuple | range) else [str(values)]
    between = str(separator)
    _check_length(sum(map(len, parts)) + len(parts) * len(between))
    return between.join(parts)


def _check_length(length: int) -> None:
    if length > MAX_STRING:
        raise FilterError("the filters make too much text", token=None)


@with_context
def _sms_money(amount: object, currency: object = "", *, context: Context) -> str | None:
    if amount is None:
        return None
    try:
        number = Decimal(str(amount))
    except ArithmeticError:
        raise ValueError("use it on a number, such as order.total_amount") from None
    return format_money(number, str(currency or ""), context.locale)


@with_context
def _sms_date(moment: object, pattern: object = "medium", *, context: Context) -> str | None:
    if moment is None:
        return None
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    if not isinstance(moment, dt.date):
        raise ValueError("use it on a date, such as order.created_at")
    return format_date(moment, str(pattern), context.locale)


@with_context
def _shorten(value: object, units: object = None, *, context: Context) -> str:
    if not isinstance(units, int) or units < 1:
        raise ValueError("say to how many characters, such as shorten: 40")
    return shorten(context.text_of(value), units)


OWN_FILTERS: dict[str, Callable[..., object]] = {
    "replace": _replace,
    "join": _join,
    "sms_money": _sms_money,
    "sms_date": _sms_date,
    "shorten": _shorten,
}
