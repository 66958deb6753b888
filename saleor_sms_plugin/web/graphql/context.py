"""What every resolver knows, and what it asks of its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.db.models import QuerySet
from graphql import GraphQLError

from ...callers import Caller, Permission
from ...ports import Ports

Rows = TypeVar("Rows", bound="QuerySet[Any]")
Resolver = Callable[..., Any]


class PermissionDenied(GraphQLError):
    """The caller may not see or do this."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(
            f"To access this path, you need one of the following permissions: {permission.value}"
        )


@dataclass(frozen=True, kw_only=True)
class Context:
    """One request."""

    caller: Caller
    ports: Ports


def needs(permission: Permission) -> Callable[[Resolver], Resolver]:
    """The resolver is only called for who holds the permission; raises PermissionDenied."""

    def decorate(resolver: Resolver) -> Resolver:
        @wraps(resolver)
        def checked(root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            if not info.context.caller.may(permission):
                raise PermissionDenied(permission)
            return resolver(root, info, *args, **kwargs)

        checked.permission = permission  # type: ignore[attr-defined]  # for the table of the tests
        return checked

    return decorate


def visible(rows: Rows, caller: Caller) -> Rows:
    """Those of the caller's channels."""
    if caller.channel_ids is None:
        return rows
    return rows.filter(channel_id__in=caller.channel_ids)
