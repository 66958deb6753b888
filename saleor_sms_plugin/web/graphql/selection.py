"""Which fields a query asks for below a field, so that rows are read together with theirs."""

from __future__ import annotations

from typing import Any

from graphql.language import ast


def asks_for(info: Any, *path: str) -> bool:
    """Whether the field being resolved is asked for this path of fields (in camel case)."""
    nodes = list(info.field_asts)
    for name in path:
        nodes = [
            field
            for node in nodes
            for field in _fields(node.selection_set, info.fragments)
            if field.name.value == name
        ]
    return bool(nodes)


def _fields(selection: Any, fragments: Any) -> list[ast.Field]:
    found: list[ast.Field] = []
    for each in selection.selections if selection else ():
        if isinstance(each, ast.Field):
            found.append(each)
        elif isinstance(each, ast.FragmentSpread):
            found += _fields(fragments[each.name.value].selection_set, fragments)
        else:
            found += _fields(each.selection_set, fragments)
    return found
