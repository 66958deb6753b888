"""What is due, or soon, in one of several tables: asked several times a second, mostly in vain.

One plain statement: to build it with the ORM costs more than PostgreSQL's answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

_Columns = Sequence[tuple[type[models.Model], str]]


def is_any_due(columns: _Columns, now: dt.datetime) -> bool:
    """A row of one of these tables is due by its column; null there is never due."""
    each = _each("SELECT 1 FROM {table} WHERE {column} <= %s", columns)
    return bool(_first(f"SELECT EXISTS ({each})", [now] * len(columns)))


def next_due(columns: _Columns, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
    """When the first row of these tables falls due between the two; None where none does."""
    if connection.vendor != "postgresql":
        return None  # one process, and no worker that could be woken
    first = "SELECT MIN({column}) AS at FROM {table} WHERE {column} > %s AND {column} <= %s"
    each = _each(first, columns)
    found: dt.datetime | None = _first(
        f"SELECT MIN(at) FROM ({each}) AS each_first",  # noqa: S608 (names are ours)
        [after, until] * len(columns),
    )
    return found


def _each(statement: str, columns: _Columns) -> str:
    name = connection.ops.quote_name
    return " UNION ALL ".join(
        statement.format(table=name(model._meta.db_table), column=name(column))
        for model, column in columns
    )


def _first(statement: str, instants: Sequence[dt.datetime]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, [*map(connection.ops.adapt_datetimefield_value, instants)])
        return cursor.fetchone()[0]
