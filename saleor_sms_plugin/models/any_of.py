"""A column that holds one of many values, as one parameter of the statement.

Django's ``__in`` makes one parameter of each value; for some hundred of them that costs more
than the query. https://www.postgresql.org/docs/current/functions-comparisons.html (ANY)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db.models import F, Lookup
from django.db.models.lookups import In

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


def any_of(name: str, values: Collection[Any]) -> AnyOf:
    """The condition that the column holds one of the values, to be given to ``filter``; rows of
    no value are none, and asked for without a statement."""
    return AnyOf(F(name), list(values))


class AnyOf(Lookup):
    """``= ANY`` where the database is PostgreSQL, and ``IN`` elsewhere."""

    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        if not self.rhs:
            raise EmptyResultSet
        if connection.vendor != "postgresql":
            return In(self.lhs, self.rhs).as_sql(compiler, connection)
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*params, self.rhs)
