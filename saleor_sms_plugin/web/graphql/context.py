"""What every resolver knows, and what it asks of its caller."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, TypeVar

from django.db.models import QuerySet
from graphql import GraphQLError

from ...callers import Caller, Permission
from ...ports import Ports
from ...services.channels import Channel, load

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

    @cached_property
    def slugs(self) -> Mapping[int, str]:
        """Of the channels with settings, by channel id; one statement, whoever asks how often."""
        return {each.channel_id: each.channel_slug for each in self.ports.shop.configurations()}

    def channel_ids(self, slugs: Collection[str]) -> list[int]:
        """The ids of those of these channels that have settings and that the caller sees."""
        return [
            each for each, slug in self.slugs.items() if slug in slugs and self.caller.sees(each)
        ]

    def channel(self, slug: str) -> Channel | None:
        """The channel, None where it has no settings or the caller does not see it."""
        ids = self.channel_ids([slug])
        return load(self.ports, ids).get(ids[0]) if ids else None


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
