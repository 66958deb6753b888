"""The schema in the schema definition language, with its descriptions.

The printer of graphql-core 2 leaves them out. https://spec.graphql.org/October2021/#sec-Descriptions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
)
from graphql.language.printer import print_ast
from graphql.type.scalars import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
)
from graphql.utils.ast_from_value import ast_from_value

_BUILT_IN = {GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString}


def print_schema(schema: Any) -> str:
    """Every type of the schema, by name."""
    types = [
        each
        for name, each in sorted(schema.get_type_map().items())
        if each not in _BUILT_IN and not name.startswith("__")
    ]
    return "\n".join([_roots(schema), *(f"{_described(each)}{_type(each)}" for each in types)])


def _roots(schema: Any) -> str:
    roots = {"query": schema.get_query_type(), "mutation": schema.get_mutation_type()}
    return _block("schema", (f"{name}: {kind}" for name, kind in roots.items() if kind))


def _type(kind: Any) -> str:
    if isinstance(kind, GraphQLScalarType):
        return f"scalar {kind.name}\n"
    if isinstance(kind, GraphQLEnumType):
        return _block(f"enum {kind.name}", (each.name for each in kind.values))
    if isinstance(kind, GraphQLUnionType):
        return f"union {kind.name} = {' | '.join(each.name for each in kind.types)}\n"
    if isinstance(kind, GraphQLInputObjectType):
        return _block(f"input {kind.name}", _inputs(kind.fields))
    word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
    own = kind.interfaces if isinstance(kind, GraphQLObjectType) else ()
    implements = f" implements {' & '.join(each.name for each in own)}" if own else ""
    return _block(f"{word} {kind.name}{implements}", _fields(kind.fields))


def _block(head: str, lines: Iterator[str]) -> str:
    inner = "\n".join(f"  {line}" if line else "" for each in lines for line in each.split("\n"))
    return f"{head} {{\n{inner}\n}}\n"


def _fields(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, each in fields.items():
        yield f"{_described(each)}{name}{_arguments(each.args)}: {each.type}"


def _arguments(arguments: Mapping[str, Any]) -> str:
    if not arguments:
        return ""
    lines = "\n".join(f"  {line}" for each in _inputs(arguments) for line in each.split("\n"))
    return f"(\n{lines}\n)"


def _inputs(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name, each in inputs.items():
        yield f"{_described(each)}{name}: {each.type}{_default(each)}"


def _default(given: Any) -> str:
    if given.default_value is None:
        return ""
    value = ast_from_value(given.default_value, given.type)  # type: ignore[no-untyped-call]
    return f" = {print_ast(value)}"


def _described(element: Any) -> str:
    said = " ".join((element.description or "").split())
    return f'"""{said}"""\n' if said else ""
