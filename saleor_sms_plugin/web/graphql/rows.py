"""What rows say where they say nothing, and which of them a filter leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import graphene
from django.db.models import Q, QuerySet
from graphql import GraphQLError

from ...domain import phone_numbers
from ...exceptions import InvalidRecipient

Rows = TypeVar("Rows", bound="QuerySet[Any]")
Filters = Mapping[str, Callable[[Any], Q]]


def null_where_empty(kind: type[graphene.ObjectType], *names: str) -> None:
    """These fields are "" where there is nothing; the API says null."""
    for name in names:
        setattr(kind, f"resolve_{name}", _absent(name))


def _absent(name: str) -> Callable[[Any, Any], Any]:
    return staticmethod(lambda root, info: getattr(root, name) or None)


def narrowed(rows: Rows, given: Mapping[str, Any] | None, filters: Filters) -> Rows:
    """The rows for which everything that is given holds."""
    for name, value in (given or {}).items():
        if value is not None:
            rows = rows.filter(filters[name](value))
    return rows


def sort_of(given: Mapping[str, Any] | None, otherwise: str) -> str:
    """The column that ``sortBy`` names, as ``connections.page`` takes it."""
    return f"{given['direction']}{given['field']}" if given else otherwise


def number_of(given: str, name: str) -> str:
    """The number in E.164; GraphQLError, which names the input, where it is none."""
    try:
        return phone_numbers.parse(given, None)
    except InvalidRecipient as error:
        raise GraphQLError(f"{name}: {error}") from None
