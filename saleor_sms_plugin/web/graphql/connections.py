"""Pages of rows, in Relay's manner: by the place of a row, not by counting rows before it.

https://relay.dev/graphql/connections.htm
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import graphene
from django.db.models import Q, QuerySet
from graphql import GraphQLError

from .limits import PAGE_LIMIT

LONGEST_CURSOR = 200

ARGUMENTS: Mapping[str, Any] = {
    "first": graphene.Int(description="How many rows to return, from the start of the list."),
    "after": graphene.String(description="Rows after the one with this cursor."),
    "last": graphene.Int(description="How many rows to return, from the end of the list."),
    "before": graphene.String(description="Rows before the one with this cursor."),
}


class PageInfo(graphene.ObjectType):
    """Where a page stands in its list."""

    has_next_page = graphene.Boolean(required=True, description="Whether rows follow.")
    has_previous_page = graphene.Boolean(required=True, description="Whether rows precede.")
    start_cursor = graphene.String(description="The cursor of the first row.")
    end_cursor = graphene.String(description="The cursor of the last row.")


def connection(node: type[graphene.ObjectType], name: str) -> type[graphene.ObjectType]:
    """The connection type of rows of this type: ``<name>CountableConnection``, as Saleor's."""
    edge = type(
        f"{name}CountableEdge",
        (graphene.ObjectType,),
        {
            "node": graphene.Field(node, required=True, description="The row."),
            "cursor": graphene.String(required=True, description="Its place in the list."),
            "__doc__": "One row of a page.",
        },
    )
    return type(
        f"{name}CountableConnection",
        (graphene.ObjectType,),
        {
            "edges": graphene.List(
                graphene.NonNull(edge), required=True, description="The rows of the page."
            ),
            "page_info": graphene.Field(
                PageInfo, required=True, description="Where the page stands."
            ),
            "total_count": graphene.Int(description="Rows of the whole list; counted when asked."),
            "resolve_total_count": staticmethod(lambda root, info: root.total_count),
            "__doc__": "A page of rows.",
        },
    )


@dataclass(frozen=True)
class Edge:
    """One row and its place."""

    node: Any
    cursor: str


@dataclass(frozen=True)
class Page:
    """What a connection type resolves from."""

    rows: QuerySet[Any]  #: the whole list
    edges: Sequence[Edge]
    page_info: PageInfo

    @cached_property
    def total_count(self) -> int:
        """Rows of the whole list, counted once."""
        return self.rows.count()


def page(rows: QuerySet[Any], sort: str, arguments: Mapping[str, Any], name: str) -> Page:
    """The page that these arguments ask for; one statement.

    ``sort`` is a column of instants that is never null, with "-" where the newest comes first;
    rows of one instant are ordered by their id. Raises GraphQLError where the arguments say no
    page.
    """
    first, last = arguments.get("first"), arguments.get("last")
    count = _count(first, last, name)
    backwards = last is not None
    column, descending = sort.lstrip("-"), sort.startswith("-")
    after, before = arguments.get("after"), arguments.get("before")
    asked = rows
    try:
        if after is not None:
            asked = asked.filter(_beyond(after, column, not descending))
        if before is not None:
            asked = asked.filter(_beyond(before, column, descending))
    except (ValueError, TypeError, OverflowError):
        raise _no_cursor() from None
    sign = "-" if descending != backwards else ""
    found = list(asked.order_by(f"{sign}{column}", f"{sign}pk")[: count + 1])
    more = len(found) > count
    found = found[:count]
    if backwards:
        found.reverse()
    edges = [Edge(node=row, cursor=_cursor(row, column)) for row in found]
    return Page(
        rows=rows,
        edges=edges,
        page_info=PageInfo(
            has_next_page=(before is not None) if backwards else more,
            has_previous_page=more if backwards else (after is not None),
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def _count(first: int | None, last: int | None, name: str) -> int:
    if (first is None) == (last is None):
        raise GraphQLError(f"Give either `first` or `last` to page through `{name}`.")
    count = first if first is not None else last
    if count is None or not 1 <= count <= PAGE_LIMIT:
        raise GraphQLError(f"`{name}` has from 1 to {PAGE_LIMIT} rows a page, not {count}.")
    return count


def _cursor(row: Any, column: str) -> str:
    place = [getattr(row, column).isoformat(), row.pk]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _beyond(cursor: str, column: str, upwards: bool) -> Q:
    """Rows that stand further in this direction than the cursor's; raises where it is none."""
    at, pk = _place(cursor)
    than = "gt" if upwards else "lt"
    return Q(**{f"{column}__{than}": at}) | Q(**{column: at, f"pk__{than}": pk})


def _place(cursor: str) -> tuple[dt.datetime, int]:
    """The instant and the id behind a cursor; raises where the database could not have them."""
    if len(cursor) > LONGEST_CURSOR:
        raise ValueError
    instant, pk = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    at = dt.datetime.fromisoformat(instant)
    if at.tzinfo is None or not 0 <= int(pk) < 2**63:
        raise ValueError
    return at.astimezone(dt.UTC), int(pk)


def _no_cursor() -> GraphQLError:
    return GraphQLError("That is no cursor of this list. Take one from `edges` or `pageInfo`.")
