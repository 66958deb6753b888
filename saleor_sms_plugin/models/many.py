"""Many rows, each with values of its own, in one statement and one parameter.

``bulk_update`` builds one CASE per row and column, ``bulk_create`` an array per column: for twenty
texts that costs more than sending them. PostgreSQL reads the rows from JSON, which costs Python
one ``dumps``.
https://www.postgresql.org/docs/current/functions-json.html (json_to_recordset)
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from django.db import connections, models, router, transaction

_Field: TypeAlias = "models.Field[Any, Any]"
_Row = TypeVar("_Row", bound=models.Model)


@dataclass(frozen=True)
class Update:
    """These columns of the rows are to be stored as the instances hold them.

    A row is left as it is where one of the columns ``same`` is no longer as its instance holds
    it, where its status is none of ``status_in``, and where one of the texts ``empty`` is not "".
    """

    rows: Sequence[models.Model]
    names: Sequence[str]
    same: Sequence[str] = ()
    status_in: Collection[str] = ()
    empty: Sequence[str] = ()


def update_many(
    rows: Sequence[models.Model],
    names: Sequence[str],
    *,
    same: Sequence[str] = (),
    status_in: Collection[str] = (),
    empty: Sequence[str] = (),
) -> set[Any]:
    """The ``Update`` is done; returns the stored keys."""
    return update_all(Update(rows, names, same, status_in, empty))[0]


def update_all(*updates: Update) -> list[set[Any]]:
    """The updates are done one after the other, or none is; returns the stored keys of each.

    One statement, which needs no transaction around it: table by table in the order given, the
    rows of each locked in the order of their keys. No row may be in two of the updates.
    """
    stored: list[set[Any]] = [set() for _ in updates]
    asked = [(place, each) for place, each in enumerate(updates) if each.rows]
    if not asked:
        return stored
    using = router.db_for_write(type(asked[0][1].rows[0]))
    if connections[using].vendor != "postgresql":
        with transaction.atomic(using):
            return [_update_alone(each, using) for each in updates]
    parts = tuple((place, _shape(each)) for place, each in asked)
    with connections[using].cursor() as cursor:
        cursor.execute(_updates(parts, using), _values([each for _, each in asked]))
        for place, key in cursor.fetchall():
            stored[place].add(key)
    return stored


def insert_for(
    rows: Sequence[_Row], updated: Update, by: str, others: Sequence[Update] = ()
) -> list[_Row]:
    """The update is done, and those rows are stored as new ones, and returned with their keys,
    whose row ``by``, a foreign key, was updated: at most one for each. The ``others`` are done
    with it: all of it or nothing, in one statement, as above."""
    others = [each for each in others if each.rows]
    if not rows or not updated.rows:
        update_all(updated, *others)
        return []
    model = type(rows[0])
    using = router.db_for_write(model)
    owner = _by_name(model)[by].attname
    if connections[using].vendor != "postgresql":
        with transaction.atomic(using):
            keys, *_ = [_update_alone(each, using) for each in (updated, *others)]
            stored = [row for row in rows if getattr(row, owner) in keys]
            for row in stored:
                row.save(force_insert=True, using=using)
        return stored
    updates = [updated, *others]
    statement, fields = _insert_for(model, by, tuple(map(_shape, updates)), using)
    with connections[using].cursor() as cursor:
        cursor.execute(statement, [*_values(updates), _written(rows, fields)])
        made = dict(cursor.fetchall())
    stored = [row for row in rows if getattr(row, owner) in made]
    for row in stored:
        row.pk = made[getattr(row, owner)]
        row._state.adding, row._state.db = False, using
    return stored


def _update_alone(update: Update, using: str) -> set[Any]:
    stored = set()
    for row in update.rows:
        guards = {n: getattr(row, n) for n in update.same} | dict.fromkeys(update.empty, "")
        found = type(row)._base_manager.using(using).filter(pk=row.pk, **guards)
        if update.status_in:
            found = found.filter(status__in=update.status_in)
        if found.update(**{n: getattr(row, n) for n in update.names}):
            stored.add(row.pk)
    return stored


@dataclass(frozen=True)
class _Shape:
    """What of an update its statement depends on."""

    model: type[models.Model]
    names: tuple[str, ...]
    same: tuple[str, ...]
    by_status: bool
    empty: tuple[str, ...]

    @property
    def guards(self) -> list[str]:
        """The columns that decide whether a row is left as it is."""
        columns = _columns(_by_name(self.model), [*self.same, *self.empty])
        return [*columns, "status"] if self.by_status else columns

    @property
    def fields(self) -> list[_Field]:
        """The key, and what the statement reads of each row."""
        by_name = _by_name(self.model)
        read = [by_name[name] for name in dict.fromkeys([*self.names, *self.same])]
        return [self.model._meta.pk, *read]


def _shape(update: Update) -> _Shape:
    model, names, same = type(update.rows[0]), tuple(update.names), tuple(update.same)
    return _Shape(model, names, same, bool(update.status_in), tuple(update.empty))


def _values(updates: Sequence[Update]) -> list[Any]:
    """The values of ``_steps``: of each table the keys, of each update the rows and statuses."""
    keys: dict[type[models.Model], list[Any]] = defaultdict(list)
    values: list[Any] = []
    for update in updates:
        keys[type(update.rows[0])] += [row.pk for row in update.rows]
        values.append(_written(update.rows, _shape(update).fields))
        if update.status_in:
            values.append(list(update.status_in))
    return [*keys.values(), *values]


@lru_cache(maxsize=64)
def _updates(parts: tuple[tuple[int, _Shape], ...], using: str) -> str:
    done = " UNION ALL ".join(
        f"SELECT {place}, id FROM done{step}"  # noqa: S608 (names are ours)
        for step, (place, _) in enumerate(parts)
    )
    return f"WITH {_steps([shape for _, shape in parts], using)} {done}"


@lru_cache(maxsize=64)
def _insert_for(
    model: type[models.Model], by: str, updates: tuple[_Shape, ...], using: str
) -> tuple[str, list[_Field]]:
    quote = connections[using].ops.quote_name
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    owner = quote(str(_by_name(model)[by].column))
    statement = (
        f"WITH {_steps(updates, using)} INSERT INTO {quote(model._meta.db_table)} ({columns})"  # noqa: S608 (names are ours)
        f" SELECT {columns} FROM json_to_recordset(%s) AS new ({_types(fields, using)})"
        f" WHERE {owner} IN (SELECT id FROM done0)"
        f" RETURNING {owner}, {quote(str(model._meta.pk.column))}"
    )
    return statement, fields


def _steps(shapes: Sequence[_Shape], using: str) -> str:
    """``done0`` and so on, the updates, and before them ``ours``, of each table all their rows as
    they are once they are locked.

    An UPDATE alone locks in the order in which it happens to find the rows. Guards ask ``ours``,
    not the table, where PostgreSQL would look for a status among all rows that have it.
    """
    by_model: dict[type[models.Model], list[_Shape]] = defaultdict(list)
    for shape in shapes:
        by_model[shape.model].append(shape)
    ours = {model: f"ours{place}" for place, model in enumerate(by_model)}
    locks = [_lock(ours[model], theirs, using) for model, theirs in by_model.items()]
    updates = [
        f"done{step} AS ({_done(shape, ours[shape.model], using)})"
        for step, shape in enumerate(shapes)
    ]
    return ", ".join([*locks, *updates])


def _lock(ours: str, shapes: Sequence[_Shape], using: str) -> str:
    quote, model = connections[using].ops.quote_name, shapes[0].model
    id_ = quote(str(model._meta.pk.column))
    guards = [quote(name) for shape in shapes for name in shape.guards]
    return (
        f"{ours} AS MATERIALIZED (SELECT {', '.join(dict.fromkeys([id_, *guards]))}"  # noqa: S608 (names are ours)
        f" FROM {quote(model._meta.db_table)} WHERE {id_} = ANY(%s)"
        f" ORDER BY {id_} FOR NO KEY UPDATE)"
    )


def _done(shape: _Shape, ours: str, using: str) -> str:
    quote, by_name = connections[using].ops.quote_name, _by_name(shape.model)
    id_ = quote(str(shape.model._meta.pk.column))
    same = [quote(name) for name in _columns(by_name, shape.same)]
    empty = [quote(name) for name in _columns(by_name, shape.empty)]
    held = [
        f"old.{id_} = {ours}.{id_}",
        f"{ours}.{id_} = new.{id_}",
        *(f"{ours}.{name} IS NOT DISTINCT FROM new.{name}" for name in same),
        *(f"{ours}.{name} = ''" for name in empty),
        *([f"{ours}.status = ANY(%s)"] if shape.by_status else []),
    ]
    columns = ", ".join(f"{quote(n)} = new.{quote(n)}" for n in _columns(by_name, shape.names))
    return (
        f"UPDATE {quote(shape.model._meta.db_table)} AS old SET {columns}"  # noqa: S608 (names are ours)
        f" FROM {ours}, json_to_recordset(%s) AS new ({_types(shape.fields, using)})"
        f" WHERE {' AND '.join(held)} RETURNING old.{id_} AS id"
    )


def _by_name(model: type[models.Model]) -> Mapping[str, _Field]:
    return {field.name: field for field in model._meta.local_concrete_fields}


def _columns(by_name: Mapping[str, _Field], names: Iterable[str]) -> list[str]:
    return [str(by_name[name].column) for name in names]


def _types(fields: Iterable[_Field], using: str) -> str:
    connection = connections[using]
    quote = connection.ops.quote_name
    return ", ".join(f"{quote(str(f.column))} {f.rel_db_type(connection)}" for f in fields)


def _written(rows: Iterable[models.Model], fields: Sequence[_Field]) -> str:
    columns = [(str(field.column), field.attname) for field in fields]
    stored = [{column: getattr(row, name) for column, name in columns} for row in rows]
    return json.dumps(stored, default=str, ensure_ascii=False)
