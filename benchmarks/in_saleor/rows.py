"""Rows of Saleor's tables by the million, written by the database itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def insert(
    cursor: Any,
    model: Any,
    given: Mapping[str, str],
    values: Mapping[str, object],
    source: str,
) -> None:
    """Rows of *source* with the given expressions, and each other column's own default.

    *values* are what the expressions and *source* name as ``%(name)s``.
    """
    names, expressions, filled = [], [], dict(values)
    for field in model._meta.local_concrete_fields:
        name = field.column
        if field.primary_key and field.db_returning and name not in given:
            continue  # the database counts them
        if name not in given:
            default = "USD" if name == "currency" else field.get_default()
            if default is None and field.null:
                continue
            default = 1 if name == "quantity" else default
            filled[name] = field.get_db_prep_save(default, cursor.db)
        names.append(f'"{name}"')
        expressions.append(given.get(name, f"%({name})s"))
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)})"  # noqa: S608 (names are Saleor's)
        f" SELECT {', '.join(expressions)} FROM {source}",
        filled,
    )


def rest(cursor: Any, *models: Any) -> None:
    """The planner knows what was written, and nothing of it is still on its way to the disk."""
    for model in models:
        cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
    cursor.execute("CHECKPOINT")
