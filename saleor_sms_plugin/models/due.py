"""Whether anything is due in one of several tables: asked several times a second, mostly in vain.

One statement that nobody has to build: for the ORM that costs more than PostgreSQL's answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connections, models, router


def is_any_due(columns: Sequence[tuple[type[models.Model], str]], now: dt.datetime) -> bool:
    """A row of one of these tables is due by its column; null there is never due."""
    connection = connections[router.db_for_write(columns[0][0])]
    name = connection.ops.quote_name
    each = (
        f"SELECT 1 FROM {name(model._meta.db_table)} WHERE {name(column)} <= %s"  # noqa: S608 (names are ours)
        for model, column in columns
    )
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({' UNION ALL '.join(each)})", [at] * len(columns))
        return bool(cursor.fetchone()[0])
