"""Locks that end with the transaction. Only PostgreSQL runs several workers; elsewhere no-ops."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection


def try_lock(name: str) -> bool:
    """Whether this transaction now holds the lock; never waits."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [name])
        return bool(cursor.fetchone()[0])


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
