"""Numbers that are not texted, whatever the event: found unusable, put there by staff, or of
people who asked to be forgotten, who are recognised by a keyed hash."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from ..domain import phone_numbers
from ..domain.reasons import Reason
from ..models import ErasedNumber, SuppressedNumber
from ..models.any_of import any_of
from ..models.keyed_hash import keyed_hashes
from ..ports import Ports

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Suppressed:
    """One number on the list."""

    number: str  #: E.164, "" of a person who was forgotten
    reason: str  #: of ``SuppressedNumber.Reason``, or "erased"
    source: str
    since: dt.datetime


def among(numbers: Iterable[str]) -> Mapping[str, tuple[Reason, str]]:
    """Those of these E.164 numbers that are not texted, with the reason and since when."""
    asked = set(numbers) - {""}
    rows = SuppressedNumber.objects.filter(any_of("number", asked))
    found = {
        row.number: (
            Reason.NUMBER_SUPPRESSED,
            f"Since {row.since:%Y-%m-%d}" + (f" ({row.source})." if row.source else "."),
        )
        for row in rows
    }
    by_hash = {each: number for number in asked for each in keyed_hashes(number)}
    for erased in ErasedNumber.objects.filter(any_of("number_hash", by_hash)):
        found[by_hash[erased.number_hash]] = (
            Reason.NUMBER_ERASED,
            f"Since {erased.since:%Y-%m-%d}.",
        )
    return found


def is_erased(number: str) -> bool:
    """The number's owner asked to be forgotten."""
    return ErasedNumber.objects.filter(number_hash__in=keyed_hashes(number)).exists()


def found_unusable(number: str, source: str, now: dt.datetime) -> bool:
    """The number is on the list; True when it is new there."""
    return _put(number, SuppressedNumber.Reason.UNUSABLE, source, now)


def add(number: str, ports: Ports, source: str = "") -> bool:
    """Staff put the number on the list; True when it is new there."""
    with ports.shop.writer():
        return _put(number, SuppressedNumber.Reason.STAFF, source, ports.clock.now())


def remove(number: str, ports: Ports) -> bool:
    """The number may be texted again, also where it was forgotten; True when it was on the list.

    What stands in the ledger of consents holds as before.
    """
    with ports.shop.writer(), transaction.atomic():
        count, _ = SuppressedNumber.objects.filter(number=number).delete()
        erased, _ = ErasedNumber.objects.filter(number_hash__in=keyed_hashes(number)).delete()
    return count + erased > 0


def all_of(ports: Ports) -> list[Suppressed]:
    """Every number on the list, the oldest first."""
    with ports.shop.writer():
        known = [
            Suppressed(number=row.number, reason=row.reason, source=row.source, since=row.since)
            for row in SuppressedNumber.objects.order_by("since", "pk")
        ]
        forgotten = [
            Suppressed(number="", reason="erased", source="", since=row.since)
            for row in ErasedNumber.objects.order_by("since", "pk")
        ]
    return sorted([*known, *forgotten], key=lambda row: row.since)


def _put(number: str, reason: SuppressedNumber.Reason, source: str, now: dt.datetime) -> bool:
    if is_erased(number):
        return False  # it is refused already, and is not to be named again
    _, created = SuppressedNumber.objects.get_or_create(
        number=number, defaults={"reason": reason, "source": source[:200], "since": now}
    )
    if created:
        logger.info(
            "Number %s is suppressed (%s)", phone_numbers.mask(number), reason,
            extra={"action": "number_suppressed", "reason": str(reason)},
        )  # fmt: skip
    return created
