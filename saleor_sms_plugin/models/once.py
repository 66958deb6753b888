"""One INSERT and nothing else: for what is stored while somebody waits for an answer."""

from __future__ import annotations

from django.db import connections, models, router


def insert_once(row: models.Model) -> bool:
    """The row is stored unless one like it is; True when it is new. It gets no primary key.

    Executes ``INSERT … ON CONFLICT DO NOTHING`` and no transaction of its own, which
    ``bulk_create(ignore_conflicts=True)`` would open with two statements more.
    """
    connection = connections[router.db_for_write(type(row))]
    quote = connection.ops.quote_name
    fields = [f for f in row._meta.local_concrete_fields if not f.primary_key]
    columns = ", ".join(quote(str(f.column)) for f in fields)
    marks = ", ".join(["%s"] * len(fields))
    values = [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(row._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 (names are ours)
            " ON CONFLICT DO NOTHING",
            values,
        )
        return bool(cursor.rowcount == 1)
