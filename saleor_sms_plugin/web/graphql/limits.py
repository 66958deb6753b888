"""What a query may ask for at most: looked at before it is parsed, and before it is executed.

Parser and validator are recursive, so depth and size are counted on the tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError
from graphql.language import ast
from graphql.language.lexer import Lexer, TokenKind
from graphql.language.source import Source

MOST_TOKENS = 5_000
DEEPEST = 20  #: brackets within brackets
MOST_ROOT_FIELDS = 20  #: aliases of a query and mutations of a document
HIGHEST_COST = 10_000  #: fields, each as often as its lists may have rows
PAGE_LIMIT = 100  #: rows of one page, as Saleor's
#: mutations that take seconds: one dry run, or a few test texts, in a request
COSTS = {"smsTemplateDryRun": 6_000, "smsTestSend": 2_500}
UNPAGED = {"statistics": 100, "templates": 50}  #: rows that lists without pages count as

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


def check_cost(
    document: ast.Document, operation: ast.OperationDefinition, variables: Mapping[str, Any]
) -> int:
    """What the operation costs; raises GraphQLError above ``HIGHEST_COST``.

    The document is valid: fragments exist, and none holds itself.
    """
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, ast.FragmentDefinition)
    }
    if len(_fields(operation.selection_set, fragments)) > MOST_ROOT_FIELDS:
        raise GraphQLError(f"At most {MOST_ROOT_FIELDS} fields may stand at the top of a query.")
    cost = _cost(operation.selection_set, fragments, variables)
    if cost > HIGHEST_COST:
        raise GraphQLError(
            f"The query costs {cost}, at most {HIGHEST_COST} are allowed. Ask for fewer rows or "
            "fewer fields."
        )
    return cost


def _fields(selection: Any, fragments: Mapping[str, Any]) -> list[ast.Field]:
    found: list[ast.Field] = []
    for each in selection.selections if selection else ():
        if isinstance(each, ast.Field):
            found.append(each)
        elif isinstance(each, ast.FragmentSpread):
            found += _fields(fragments[each.name.value].selection_set, fragments)
        else:
            found += _fields(each.selection_set, fragments)
    return found


def _cost(selection: Any, fragments: Mapping[str, Any], variables: Mapping[str, Any]) -> int:
    total = 0
    for field in _fields(selection, fragments):
        inner = _cost(field.selection_set, fragments, variables)
        total += COSTS.get(field.name.value, 1) + inner * _rows(field, variables)
        if total > HIGHEST_COST:
            return total  # enough is known, and fragments can double at every level
    return total


def _rows(field: ast.Field, variables: Mapping[str, Any]) -> int:
    """How many rows the field's list may have; 1 where it is none."""
    rows = UNPAGED.get(field.name.value, 1)
    for argument in field.arguments or ():
        if argument.name.value in ("first", "last"):
            value = argument.value
            said = (
                variables.get(value.name.value)
                if isinstance(value, ast.Variable)
                else getattr(value, "value", None)
            )
            try:
                rows = max(rows, min(int(said or 1), PAGE_LIMIT))
            except (TypeError, ValueError):
                rows = PAGE_LIMIT
    return rows
