"""Many rows, each with values of its own, in one statement and one parameter.

``bulk_update`` builds one CASE per row and column: for twenty texts that costs more than sending
them. PostgreSQL reads the rows from JSON, which costs Python one ``dumps``.
https://www.postgresql.org/docs/current/functions-json.html (json_to_recordset)
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connections, models, router


def update_many(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """These columns of the rows are stored as the instances hold them."""
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "postgresql":
        for row in rows:
            model._base_manager.filter(pk=row.pk).update(**{n: getattr(row, n) for n in names})
        return
    quote = connection.ops.quote_name
    by_name = {field.name: field for field in model._meta.local_concrete_fields}
    fields = [by_name[name] for name in names]
    key = model._meta.pk
    types = ", ".join(f"{quote(str(f.column))} {f.rel_db_type(connection)}" for f in [key, *fields])
    columns = ", ".join(f"{quote(str(f.column))} = new.{quote(str(f.column))}" for f in fields)
    stored = [{str(f.column): getattr(row, f.attname) for f in [key, *fields]} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} AS old SET {columns}"  # noqa: S608 (names are ours)
            f" FROM json_to_recordset(%s) AS new ({types})"
            f" WHERE old.{quote(str(key.column))} = new.{quote(str(key.column))}",
            [json.dumps(stored, default=str, ensure_ascii=False)],
        )
