"""What a query may ask for at most: looked at before it is parsed, validated and executed.

Parser and validator are recursive, and validating compares the fields of one place with each
other, so depth, size and breadth are counted first. Everything here is linear in the query: what
a fragment holds is counted once, however often it is spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import GraphQLError
from graphql.language import ast
from graphql.language.lexer import Lexer, TokenKind
from graphql.language.source import Source

MOST_TOKENS = 5_000
DEEPEST = 20  #: brackets within brackets
BROADEST = 200  #: fields side by side, those of fragments among them
MOST_ROOT_FIELDS = 20  #: aliases of a query and mutations of a document
MOST_FRAGMENTS = 100
HIGHEST_COST = 10_000  #: fields, each as often as its lists may have rows
#: The query by which programs learn the schema costs 565,000, and takes 0.1 s.
HIGHEST_INTROSPECTION = 700_000
PAGE_LIMIT = 100  #: rows of one page, as Saleor's
#: fields that take seconds (one dry run, or a few test texts, in a request), render or read
COSTS = {
    "smsTemplateDryRun": 6_000, "smsTestSend": 2_500, "smsTemplatePreview": 1_000,
    "queue": 500, "accounts": 500, "totalCount": 200, "standings": 200, "refused": 200, "acts": 50,
}  # fmt: skip
#: rows that lists without pages count as
UNPAGED = {
    "statistics": 100, "templates": 50, "types": 150, "fields": 20, "args": 5, "inputFields": 10,
    "enumValues": 10, "possibleTypes": 5, "interfaces": 2, "directives": 5,
}  # fmt: skip

_OPEN = (TokenKind.BRACE_L, TokenKind.PAREN_L, TokenKind.BRACKET_L)
_CLOSE = (TokenKind.BRACE_R, TokenKind.PAREN_R, TokenKind.BRACKET_R)


def check_source(query: str) -> None:
    """Raises GraphQLError where the text is too long or too deep to be parsed."""
    lexer = Lexer(Source(query))
    depth = count = 0
    token = lexer.next_token()
    while token.kind != TokenKind.EOF:
        count += 1
        depth += (token.kind in _OPEN) - (token.kind in _CLOSE)
        if count > MOST_TOKENS:
            raise GraphQLError(f"The query is too long: at most {MOST_TOKENS} words and signs.")
        if depth > DEEPEST:
            raise GraphQLError(f"The query is too deep: at most {DEEPEST} levels.")
        token = lexer.next_token()


class Limits:
    """A parsed document and what it asks for."""

    def __init__(self, document: ast.Document) -> None:
        self.document = document
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, ast.FragmentDefinition)
        }
        self._ended: set[str] = set()  # fragments that were seen not to hold themselves
        self._breadths: dict[str, int] = {}
        self._costs: dict[tuple[str, int], int] = {}
        self._variables: Mapping[str, Any] = {}

    def check_breadth(self) -> None:
        """Raises GraphQLError where too many fields stand side by side to be validated.

        The document need not be valid: a fragment that is missing counts as nothing. One that
        holds itself is refused here, because the validator would not come to an end.
        """
        if len(self._fragments) > MOST_FRAGMENTS:
            raise GraphQLError(f"At most {MOST_FRAGMENTS} fragments may be used.")
        for name in self._fragments:
            self._check_ends(name, ())
        for each in self.document.definitions:
            if isinstance(each, ast.OperationDefinition):
                if self._breadth(each.selection_set) > MOST_ROOT_FIELDS:
                    raise GraphQLError(
                        f"At most {MOST_ROOT_FIELDS} fields may stand at the top of a query."
                    )
                self._check_within(each.selection_set)
        for fragment in self._fragments.values():
            self._check_within(fragment.selection_set)

    def check_cost(self, operation: ast.OperationDefinition, variables: Mapping[str, Any]) -> int:
        """What the operation costs; raises GraphQLError where that is too much.

        The document is valid: fragments exist, and none holds itself.
        """
        defaults = {
            each.variable.name.value: getattr(each.default_value, "value", None)
            for each in operation.variable_definitions or ()
        }
        self._variables = {**defaults, **variables}
        self._costs.clear()
        cost = self._cost(operation.selection_set)
        learns = all(each.name.value.startswith("__") for each in self._roots(operation))
        most = HIGHEST_INTROSPECTION if learns else HIGHEST_COST
        if cost > most:
            raise GraphQLError(
                f"The query costs {cost}, at most {most} are allowed. Ask for fewer rows or "
                "fewer fields."
            )
        return cost

    def _check_ends(self, name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise GraphQLError(f"Cannot spread fragment “{name}” within itself.")
        if name in self._ended or name not in self._fragments:
            return
        for other in _spreads(self._fragments[name].selection_set):
            self._check_ends(other, (*above, name))
        self._ended.add(name)

    def _check_within(self, selection: Any) -> None:
        if self._breadth(selection) > BROADEST:
            raise GraphQLError(f"At most {BROADEST} fields may stand side by side.")
        for each in selection.selections if selection else ():
            if not isinstance(each, ast.FragmentSpread):
                self._check_within(each.selection_set)

    def _breadth(self, selection: Any) -> int:
        """How many fields stand here, those of fragments among them."""
        count = 0
        for each in selection.selections if selection else ():
            if isinstance(each, ast.Field):
                count += 1
            elif isinstance(each, ast.FragmentSpread):
                count += self._breadth_of(each.name.value)
            else:
                count += self._breadth(each.selection_set)
        return count

    def _breadth_of(self, name: str) -> int:
        if name not in self._breadths:
            fragment = self._fragments.get(name)
            self._breadths[name] = self._breadth(fragment.selection_set) if fragment else 0
        return self._breadths[name]

    def _cost(self, selection: Any, rows: int = 1) -> int:
        """Of the fields here, where the field above has a page of so many rows."""
        total = 0
        for each in selection.selections if selection else ():
            if isinstance(each, ast.Field):
                name = each.name.value
                page = self._page(each)
                # Of a page only its rows are many; a list without pages is all rows.
                times = rows if name == "edges" else UNPAGED.get(name, 1)
                total += COSTS.get(name, 1) + times * self._cost(each.selection_set, page)
            elif isinstance(each, ast.FragmentSpread):
                total += self._cost_of(each.name.value, rows)
            else:
                total += self._cost(each.selection_set, rows)
        return total

    def _cost_of(self, name: str, rows: int) -> int:
        if (name, rows) not in self._costs:
            self._costs[name, rows] = self._cost(self._fragments[name].selection_set, rows)
        return self._costs[name, rows]

    def _page(self, field: ast.Field) -> int:
        """How many rows the field's page may have; 1 where it has none."""
        return max(
            (
                self._number(argument.value)
                for argument in field.arguments or ()
                if argument.name.value in ("first", "last")
            ),
            default=1,
        )

    def _number(self, value: Any) -> int:
        if isinstance(value, ast.Variable):
            said = self._variables.get(value.name.value)
        else:
            said = getattr(value, "value", None)
        try:
            return 1 if said is None else min(int(said), PAGE_LIMIT)
        except (TypeError, ValueError, OverflowError):
            return PAGE_LIMIT

    def _roots(self, operation: ast.OperationDefinition) -> Iterator[ast.Field]:
        """The fields at the top; at most ``MOST_ROOT_FIELDS``, as was checked."""
        waiting = [operation.selection_set]
        while waiting:
            for each in waiting.pop().selections:
                if isinstance(each, ast.Field):
                    yield each
                elif isinstance(each, ast.FragmentSpread):
                    waiting.append(self._fragments[each.name.value].selection_set)
                else:
                    waiting.append(each.selection_set)


def _spreads(selection: Any) -> Iterator[str]:
    """The fragments that are spread here or anywhere below, as often as they are."""
    for each in selection.selections if selection else ():
        if isinstance(each, ast.FragmentSpread):
            yield each.name.value
        else:
            yield from _spreads(each.selection_set)
