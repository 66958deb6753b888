"""Numbers that are not texted, whatever the event: found unusable, or put there by staff."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from ..domain import phone_numbers
from ..models import SuppressedNumber
from ..ports import Ports

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Suppressed:
    """One number on the list."""

    number: str  #: E.164
    reason: str
    source: str
    since: dt.datetime


def among(numbers: Iterable[str]) -> dict[str, str]:
    """Those of these E.164 numbers that are on the list, with since when and why."""
    rows = SuppressedNumber.objects.filter(number__in=set(numbers))
    return {
        row.number: f"Since {row.since:%Y-%m-%d}" + (f" ({row.source})." if row.source else ".")
        for row in rows
    }


def found_unusable(number: str, source: str, now: dt.datetime) -> bool:
    """The number is on the list; True when it is new there."""
    return _put(number, SuppressedNumber.Reason.UNUSABLE, source, now)


def add(number: str, ports: Ports, source: str = "") -> bool:
    """Staff put the number on the list; True when it is new there."""
    with ports.shop.writer():
        return _put(number, SuppressedNumber.Reason.STAFF, source, ports.clock.now())


def remove(number: str, ports: Ports) -> bool:
    """The number may be texted again; True when it was on the list."""
    with ports.shop.writer():
        count, _ = SuppressedNumber.objects.filter(number=number).delete()
    return count > 0


def all_of(ports: Ports) -> list[Suppressed]:
    """Every number on the list, the oldest first."""
    with ports.shop.writer():
        return [
            Suppressed(number=row.number, reason=row.reason, source=row.source, since=row.since)
            for row in SuppressedNumber.objects.order_by("since", "pk")
        ]


def _put(number: str, reason: SuppressedNumber.Reason, source: str, now: dt.datetime) -> bool:
    _, created = SuppressedNumber.objects.get_or_create(
        number=number, defaults={"reason": reason, "source": source[:200], "since": now}
    )
    if created:
        logger.info(
            "Number %s is suppressed (%s)", phone_numbers.mask(number), reason,
            extra={"action": "number_suppressed", "reason": str(reason)},
        )  # fmt: skip
    return created
