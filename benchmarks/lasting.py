"""What stays the same: a worker's memory over many texts, a claim over a full outbox."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from statistics import median
from typing import Any

from benchmarks import engine
from benchmarks.figures import Figure, seconds_of
from benchmarks.machine import postgres, resident_mb
from benchmarks.servers import postgres_server, provider_server

NAME = "lasting"
TENTHS = 10
TEXTS, MOST_MB = 10_000, 20.0  #: --scale 10 sends 100,000
FINISHED, MOST_SLOWER = 100_000, 1.2  #: --scale 10 fills the outbox with 1,000,000
CLAIMS = 40


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Memory after each tenth of the texts; claims before and after the outbox is full of
    finished rows. Also what their PostgreSQL was."""
    texts, finished = max(200, round(TEXTS * scale)), max(1_000, round(FINISHED * scale))
    with (
        provider_server() as provider,
        postgres_server() as url,
        engine.project(provider.url, url) as ports,
    ):
        empty = _claim_seconds(ports)
        grown = _memory(texts, ports)
        _fill(finished)
        full = _claim_seconds(ports)
        return [
            Figure(
                benchmark=NAME, name=f"memory grown over {texts:,} texts", measured=max(grown),
                unit="MB", low=min(grown), high=max(grown), samples=len(grown), at_most=MOST_MB,
                note="resident, since the first tenth; the most after any other",
            ),
            Figure(
                benchmark=NAME, name=f"claim among {finished:,} finished over an empty outbox",
                measured=median(full) / median(empty), unit="x", low=min(full) / median(empty),
                high=max(full) / median(empty), samples=CLAIMS, at_most=MOST_SLOWER,
                details={"empty_ms": median(empty) * 1e3, "full_ms": median(full) * 1e3},
            ),
        ], postgres(url)  # fmt: skip


def _memory(count: int, ports: Any) -> list[float]:
    """MB that each tenth but the first ended with, above what the first did."""
    from saleor_sms_plugin.services import dispatch

    resident = []
    for _ in range(TENTHS):
        engine.queue(count // TENTHS)
        dispatch.run(ports, ports.clock.now() + timedelta(hours=1))
        engine.all_sent(min(count // TENTHS, 1_000))
        resident.append(resident_mb())
    return [each - resident[0] for each in resident[1:]]


def _fill(count: int) -> None:
    """The outbox holds *count* more finished rows, copies of sent ones."""
    from django.db import connection

    from saleor_sms_plugin.models import Message

    engine.queue(1_000, finished=True)
    columns = [
        field.column
        for field in Message._meta.local_concrete_fields
        if field.name not in ("id", "reference", "event")
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO saleor_sms_plugin_message (reference, {names})"  # noqa: S608 (our names)
            f" SELECT gen_random_uuid(), {names} FROM (SELECT * FROM saleor_sms_plugin_message"
            " WHERE status = 'sent' ORDER BY id DESC LIMIT 1000) AS sent,"
            " generate_series(1, %s)",
            [count // 1_000],
        )
        cursor.execute("VACUUM ANALYZE saleor_sms_plugin_message")


def _claim_seconds(ports: Any) -> list[float]:
    """Of each claim of twenty texts, all given back."""
    from saleor_sms_plugin.services import claims
    from saleor_sms_plugin.services.channels import load

    engine.queue(claims.BATCH)
    channels = load(ports)
    seconds = []
    for _ in range(CLAIMS):
        claim = uuid.uuid4()
        taken: list[Any] = []
        seconds.append(seconds_of(lambda: taken.extend(claims.take(claim, ports, channels))))  # noqa: B023
        claims.give_back(claim, [message.pk for message in taken])
    return seconds
