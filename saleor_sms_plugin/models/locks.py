"""Locks that end with the transaction. Only PostgreSQL runs several workers; elsewhere no-ops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection


def try_locks(names: Mapping[str, str]) -> list[str]:
    """The values whose lock this transaction now holds, in their order; never waits."""
    if connection.vendor != "postgresql" or not names:
        return list(names.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM unnest(%s::text[]) AS n"
            " WHERE pg_try_advisory_xact_lock(hashtextextended(n, 7))",
            [list(names)],
        )
        held = {row[0] for row in cursor.fetchall()}
    return [value for name, value in names.items() if name in held]


def lock(names: Iterable[str]) -> None:
    """This transaction holds every lock; waits. Sorted, so that two callers cannot deadlock."""
    wanted = sorted(set(names))
    if connection.vendor != "postgresql" or not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(h) FROM (SELECT DISTINCT hashtextextended(n, 7) AS h"
            " FROM unnest(%s::text[]) AS n ORDER BY h) AS sorted",
            [wanted],
        )
