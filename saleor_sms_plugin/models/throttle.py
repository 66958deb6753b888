from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now

MOST_AHEAD = 10.0  #: seconds, or two intervals, that slots are reserved for at once, at most
LONGEST_LEASE = 60.0  #: seconds; one that ends later was written by a clock that jumped


class Throttle(models.Model):
    """One provider account, or one sender with a limit of its own, as all workers share it.

    Instants that decide who may send when are the database's: workers' clocks differ, and jump.
    """

    key = models.CharField(max_length=128, unique=True)
    next_slot_at = models.DateTimeField()  # the first slot nobody reserved
    slowdown = models.FloatField(
        default=1.0
    )  # the interval between slots is this many times longer
    answer_seconds = models.FloatField(default=0.2)  # how long the provider takes, smoothed
    run = models.UUIDField(null=True)  # the dispatch run that has the account
    run_until = models.DateTimeField(null=True)  # without a run: when the last one ended
    failures = models.PositiveIntegerField(default=0)  # in a row, without an acceptance between
    closed_until = models.DateTimeField(null=True)  # no call before; then one call as a probe
    closed_for = models.CharField(max_length=32, blank=True)  # a Reason
    closed_since = models.DateTimeField(null=True)
    detail = models.TextField(blank=True)  # what the provider said, for people
    told_at = models.DateTimeField(null=True)  # when staff were told that it is refused

    #: when it was last slowed down, by this process's stopwatch; not stored
    slowed_at = float("-inf")

    def __str__(self) -> str:
        return self.key

    @property
    def is_probing(self) -> bool:
        """It was closed and no call has been accepted since."""
        return self.closed_since is not None


def lease(key: str, run: UUID, seconds: float) -> bool:
    """This run has the account for ``seconds``; False while another one has it."""
    now = _now()
    jumped = Q(run_until__gt=now + dt.timedelta(seconds=LONGEST_LEASE))
    free = Q(run__isnull=True) | Q(run_until__lt=now) | Q(run=run) | jumped
    ours = {"run": run, "run_until": now + dt.timedelta(seconds=seconds)}
    if Throttle.objects.filter(free, key=key).update(**ours):
        return True
    ensure(key)
    return bool(Throttle.objects.filter(free, key=key).update(**ours))


def renew(key: str, run: UUID, seconds: float) -> bool:
    """This run keeps the account for ``seconds``; False where it has it no more."""
    until = _now() + dt.timedelta(seconds=seconds)
    return bool(Throttle.objects.filter(key=key, run=run).update(run_until=until))


def once(key: str, seconds: float) -> bool:
    """True for one caller in so many seconds; a clock that jumped back keeps nobody waiting."""
    now = _now()
    last, jumped = Q(run_until__lt=now - dt.timedelta(seconds=seconds)), Q(run_until__gt=now)
    ensure(key)
    free = Throttle.objects.filter(Q(run_until__isnull=True) | last | jumped, key=key)
    return bool(free.update(run_until=now))


def ensure(key: str) -> None:
    """There is a row for this key."""
    if not Throttle.objects.filter(key=key).exists():
        Throttle.objects.bulk_create(
            [Throttle(key=key, next_slot_at=_now())], ignore_conflicts=True
        )


def release(key: str, run: UUID) -> None:
    """The account is free for the next run."""
    Throttle.objects.filter(key=key, run=run).update(run=None, run_until=Now())


def learn(key: str, run: UUID, columns: Mapping[str, Any]) -> bool:
    """These columns say what the run that has the account saw; False, and nothing is stored,
    where it has it no more."""
    return bool(Throttle.objects.filter(key=key, run=run).update(**columns))


def tell(key: str, now: dt.datetime) -> bool:
    """Staff are to be told: True for one caller until the account is open again, or saved."""
    return bool(Throttle.objects.filter(key=key, told_at__isnull=True).update(told_at=now))


def reopen(keys: Collection[str]) -> None:
    """The accounts are tried at once, and no run has them: what answers to calls made until now
    teach is not stored."""
    Throttle.objects.filter(key__in=keys).update(
        closed_until=None, failures=0, told_at=None, run=None
    )


def waits(keys: Collection[str]) -> dict[str, float]:
    """In how many seconds the first free slot of each comes; 0 where it is there."""
    found = Throttle.objects.filter(key__in=keys).annotate(now=_now())
    known = {key: at - now for key, at, now in found.values_list("key", "next_slot_at", "now")}
    return {key: max(0.0, known.get(key, dt.timedelta()).total_seconds()) for key in keys}


_RESERVE = """
UPDATE {table}
SET next_slot_at = make_interval(secs => %(length)s) + CASE
    WHEN next_slot_at > clock_timestamp() + make_interval(secs => %(jumped)s)
    THEN clock_timestamp()
    ELSE GREATEST(next_slot_at, clock_timestamp() - make_interval(secs => %(late)s))
END
WHERE key = %(key)s AND (
    next_slot_at <= clock_timestamp() + make_interval(secs => %(within)s)
    OR next_slot_at > clock_timestamp() + make_interval(secs => %(jumped)s)
)
RETURNING EXTRACT(EPOCH FROM next_slot_at - clock_timestamp())
"""


def reserve(
    key: str, count: int, interval: float, within: float, late: float = 0.0
) -> float | None:
    """``count`` slots, ``interval`` seconds apart, are ours; one statement on PostgreSQL.

    A slot that nobody took is lost ``late`` seconds after its time. Where the first free one is
    further ahead than anybody may reserve, the clock has jumped back: it comes now.

    Returns in how many seconds the first one comes, never less than 0; None where it would come
    later than ``within`` seconds from now, and then nothing is reserved.
    """
    if connection.vendor != "postgresql":
        return _reserve_alone(key, count, interval, within)
    table = connection.ops.quote_name(Throttle._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            _RESERVE.format(table=table),
            {
                "key": key,
                "within": within,
                "jumped": within + max(MOST_AHEAD, 2 * interval),
                "late": late,
                "length": count * interval,
            },
        )
        row = cursor.fetchone()
    return None if row is None else max(0.0, float(row[0]) - count * interval)


def unreserve(key: str, run: UUID | None, count: int, interval: float) -> None:
    """The last ``count`` slots are free again, where this run has the account still; a sender's
    are no run's (None)."""
    unused = dt.timedelta(seconds=count * interval)
    Throttle.objects.filter(key=key, run=run).update(next_slot_at=F("next_slot_at") - unused)


def _reserve_alone(key: str, count: int, interval: float, within: float) -> float | None:
    now = dt.datetime.now(dt.UTC)
    row = Throttle.objects.get(key=key)
    wait = max(0.0, (row.next_slot_at - now).total_seconds())
    if wait > within:
        return None
    slots = dt.timedelta(seconds=wait + count * interval)
    Throttle.objects.filter(pk=row.pk).update(next_slot_at=now + slots)
    return wait


def _now() -> models.Expression:
    """The database's instant as a statement begins; where there is one worker only, its own."""
    if connection.vendor == "postgresql":
        return Now()
    return models.Value(dt.datetime.now(dt.UTC), output_field=models.DateTimeField())
