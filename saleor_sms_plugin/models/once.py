"""One INSERT and nothing else: for what is stored while somebody waits for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router


def insert_once(row: models.Model) -> bool:
    """The row is stored unless one like it is; True when it is new. It gets no primary key.

    Executes ``INSERT … ON CONFLICT DO NOTHING`` and no transaction of its own, which
    ``bulk_create(ignore_conflicts=True)`` would open with two statements more.
    """
    columns, values = _cells(row)
    return _insert(row, columns, f"VALUES ({_marks(columns)})", values)


def insert_change(row: models.Model, subject: Sequence[str]) -> bool:
    """The row is stored unless the newest one of the same ``subject`` (names of columns) has a
    ``key`` that begins with its own; its key then ends with that one's id, 0 where there is none.

    One statement, as ``insert_once``; of two at once one is stored.
    """
    columns, values = _cells(row)
    table, key = _quoted(row, row._meta.db_table), _quoted(row, "key")
    same = " AND ".join(f"{_quoted(row, name)} = %s" for name in subject)
    new = ", ".join(
        "%s || CAST(newest.id AS TEXT)" if column == key else "%s" for column in columns
    )
    begins: str = row.key  # type: ignore[attr-defined]
    return _insert(
        row,
        columns,
        f"SELECT {new} FROM (SELECT COALESCE(MAX(id), 0) AS id FROM {table} WHERE {same})"  # noqa: S608 (names are ours)
        f" AS newest WHERE NOT EXISTS (SELECT 1 FROM {table} AS had WHERE had.id = newest.id"
        f" AND had.{key} LIKE %s)",
        [*values, *(getattr(row, name) for name in subject), f"{begins.rstrip(':')}%"],
    )


def _cells(row: models.Model) -> tuple[list[str], list[Any]]:
    connection = connections[router.db_for_write(type(row))]
    fields = [f for f in row._meta.local_concrete_fields if not f.primary_key]
    values = [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
    return [_quoted(row, str(f.column)) for f in fields], values


def _quoted(row: models.Model, name: str) -> str:
    return connections[router.db_for_write(type(row))].ops.quote_name(name)


def _marks(columns: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(columns))


def _insert(row: models.Model, columns: Sequence[str], source: str, values: Sequence[Any]) -> bool:
    table = _quoted(row, row._meta.db_table)
    with connections[router.db_for_write(type(row))].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) {source} ON CONFLICT DO NOTHING",
            values,
        )
        return bool(cursor.rowcount == 1)
