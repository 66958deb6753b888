"""Locks that end with the transaction. Only PostgreSQL runs several workers; elsewhere no-ops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection


def try_locks(names: Mapping[str, str], *, shared: bool = False) -> list[str]:
    """The values whose lock this transaction now holds, in their order; never waits.

    Several transactions may hold one lock ``shared``; ``lock`` waits for all of them.
    """
    if connection.vendor != "postgresql" or not names:
        return list(names.values())
    taking = "pg_try_advisory_xact_lock_shared" if shared else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n FROM unnest(%s::text[]) AS n WHERE {taking}(hashtextextended(n, 7))",  # noqa: S608 (one of two names)
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
