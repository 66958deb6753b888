"""Many rows, each with values of its own, in one statement and one parameter.

``bulk_update`` builds one CASE per row and column, ``bulk_create`` an array per column: for twenty
texts that costs more than sending them. PostgreSQL reads the rows from JSON, which costs Python
one ``dumps``.
https://www.postgresql.org/docs/current/functions-json.html (json_to_recordset)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from django.db import connections, models, router

_Field: TypeAlias = "models.Field[Any, Any]"


def update_many(
    rows: Sequence[models.Model],
    names: Sequence[str],
    *,
    same: Sequence[str] = (),
    status_in: Collection[str] = (),
    empty: Sequence[str] = (),
) -> set[Any]:
    """These columns of the rows are stored as the instances hold them; returns the stored keys.

    A row is left as it is where one of the columns ``same`` is no longer as its instance holds
    it, where its status is none of ``status_in``, and where one of the texts ``empty`` is not "".
    Rows are locked in the order of their keys.
    """
    if not rows:
        return set()
    model = type(rows[0])
    using = router.db_for_write(model)
    if connections[using].vendor != "postgresql":
        return {row.pk for row in rows if _update_alone(row, names, same, status_in, empty)}
    rows = sorted(rows, key=lambda row: row.pk)
    guards = tuple(same), bool(status_in), tuple(empty)
    statement, fields = _update(model, tuple(names), *guards, using)
    with connections[using].cursor() as cursor:
        keys = [row.pk for row in rows]
        further = [list(status_in)] if status_in else []
        cursor.execute(statement, [keys, _written(rows, fields), keys, *further])
        return {key for (key,) in cursor.fetchall()}


def _update_alone(
    row: models.Model,
    names: Sequence[str],
    same: Sequence[str],
    status_in: Collection[str],
    empty: Sequence[str],
) -> int:
    guards = {n: getattr(row, n) for n in same} | dict.fromkeys(empty, "")
    found = type(row)._base_manager.filter(pk=row.pk, **guards)
    if status_in:
        found = found.filter(status__in=status_in)
    return found.update(**{n: getattr(row, n) for n in names})


def insert_many(rows: Sequence[models.Model]) -> None:
    """The rows are stored as new ones, and have their keys."""
    if not rows:
        return
    model = type(rows[0])
    using = router.db_for_write(model)
    if connections[using].vendor != "postgresql":
        for row in rows:
            row.save(force_insert=True, using=using)
        return
    statement, fields = _insert(model, using)
    with connections[using].cursor() as cursor:
        cursor.execute(statement, [_written(rows, fields)])
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
            row._state.adding, row._state.db = False, using


@lru_cache(maxsize=32)
def _update(
    model: type[models.Model],
    names: tuple[str, ...],
    same: tuple[str, ...],
    by_status: bool,
    empty: tuple[str, ...],
    using: str,
) -> tuple[str, list[_Field]]:
    """The statement, of the keys, the rows and the keys again, and the fields of the rows."""
    quote = connections[using].ops.quote_name
    by_name = {field.name: field for field in model._meta.local_concrete_fields}
    fields = [by_name[name] for name in dict.fromkeys([*names, *same])]
    key = model._meta.pk
    columns = ", ".join(f"{quote(n)} = new.{quote(n)}" for n in _columns(by_name, names))
    id_ = quote(str(key.column))
    held = [f"old.{quote(n)} = new.{quote(n)}" for n in _columns(by_name, [key.name, *same])]
    # PostgreSQL takes 100 rows for granted, and would read a table of thousands for a few.
    held += [f"old.{id_} = ANY(%s)", f"old.{id_} = ours.{id_}"]
    held += [f"old.{quote(n)} = ''" for n in _columns(by_name, empty)]
    if by_status:
        held.append("old.status = ANY(%s)")
    table = quote(model._meta.db_table)
    statement = (
        # An UPDATE locks in the order in which it happens to find the rows.
        f"WITH ours AS MATERIALIZED (SELECT {id_} FROM {table}"  # noqa: S608 (names are ours)
        f" WHERE {id_} = ANY(%s) ORDER BY {id_} FOR NO KEY UPDATE)"
        f" UPDATE {table} AS old SET {columns}"
        f" FROM ours, json_to_recordset(%s) AS new ({_types([key, *fields], using)})"
        f" WHERE {' AND '.join(held)} RETURNING old.{id_}"
    )
    return statement, [key, *fields]


@lru_cache(maxsize=8)
def _insert(model: type[models.Model], using: str) -> tuple[str, list[_Field]]:
    quote = connections[using].ops.quote_name
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns})"  # noqa: S608 (names are ours)
        f" SELECT {columns} FROM json_to_recordset(%s) AS new ({_types(fields, using)})"
        f" RETURNING {quote(str(model._meta.pk.column))}"
    )
    return statement, fields


def _columns(by_name: Mapping[str, _Field], names: Iterable[str]) -> list[str]:
    return [str(by_name[name].column) for name in names]


def _types(fields: Iterable[_Field], using: str) -> str:
    connection = connections[using]
    quote = connection.ops.quote_name
    return ", ".join(f"{quote(str(f.column))} {f.rel_db_type(connection)}" for f in fields)


def _written(rows: Iterable[models.Model], fields: Sequence[_Field]) -> str:
    stored = [{str(f.column): getattr(row, f.attname) for f in fields} for row in rows]
    return json.dumps(stored, default=str, ensure_ascii=False)
