"""The API's schema: written down, current, and described."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType, parse
from graphql.utils.build_ast_schema import build_ast_schema
from graphql.utils.schema_printer import print_schema

from saleor_sms_plugin.web.graphql.schema import schema

from .schema import SCHEMA, printed

OURS = [
    each
    for name, each in sorted(schema.get_type_map().items())
    if not name.startswith("__") and not isinstance(each, GraphQLScalarType)
]


def test_the_written_schema_is_current() -> None:
    """``python -m tests.docs.schema`` writes it anew."""
    assert SCHEMA.read_text(encoding="utf-8") == printed()


def test_the_written_schema_is_the_whole_schema() -> None:
    """Read again by a client, it says what the API says."""

    def types(text: str) -> list[str]:
        return sorted(block.strip() for block in text.split("\n\n"))

    plain = "\n".join(
        line for line in printed().splitlines() if not line.lstrip().startswith('"""')
    )
    read = build_ast_schema(parse(plain))  # type: ignore[no-untyped-call]
    assert types(print_schema(read)) == types(str(schema))


def test_every_field_is_described() -> None:
    """And every type, argument and input."""
    missing = []
    for kind in OURS:
        if isinstance(kind, GraphQLEnumType):
            continue
        missing += [kind.name] if not kind.description else []
        for name, field in kind.fields.items():
            inner: dict[str, Any] = getattr(field, "args", {})
            missing += [f"{kind.name}.{name}"] if not field.description else []
            missing += [
                f"{kind.name}.{name}({each})"
                for each, argument in inner.items()
                if not argument.description
            ]
    assert missing == []
