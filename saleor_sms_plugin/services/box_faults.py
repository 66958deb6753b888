"""Boxes of the storefront that could not be read: what an owner is told of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from ..domain.reasons import Reason
from ..models import ConsentBox
from ..ports import Ports

LAST = 1000  #: boxes that are looked at
WITHIN = dt.timedelta(days=7)

#: Why a box comes to nothing where the storefront wrote it as it should: the phone.
_PHONES = (
    Reason.NO_PHONE, Reason.INVALID_NUMBER, Reason.LANDLINE, Reason.PREMIUM_RATE,
    Reason.NOT_MOBILE, Reason.NUMBER_ERASED,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BoxFaults:
    """Of the newest boxes, those that were written wrongly, or failed."""

    looked_at: int
    count: int
    at: dt.datetime  #: of the newest
    source: str  #: "checkout" or "customer"
    subject_id: str  #: the checkout's or account's id
    why: str  #: what is wrong with the newest, and how to mend it

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.count} of the last {self.looked_at} consent boxes could not be read and count "
            f"for nothing, the newest of {self.at:%Y-%m-%d %H:%M} UTC on {self.source} "
            f"{self.subject_id}: {self.why}"
        )


def of(ports: Ports, channel_id: int | None = None) -> BoxFaults | None:
    """Of all channels, or of this one and of accounts; None where every box could be read.

    Two statements, over the newest ``LAST`` boxes of 7 days. Call it under writer access.
    """
    here = Q() if channel_id is None else Q(channel_id=channel_id) | Q(channel_id=None)
    since = ports.clock.now() - WITHIN
    newest = ConsentBox.objects.filter(here, seen_at__gte=since).order_by("-seen_at", "-pk")
    looked_at = list(newest.values_list("pk", flat=True)[:LAST])
    faulty = ConsentBox.objects.filter(pk__in=looked_at).exclude(error="")
    for reason in _PHONES:
        faulty = faulty.exclude(error__startswith=reason.sentence)
    found = list(faulty.order_by("-seen_at", "-pk"))
    if not found:
        return None
    last = found[0]
    failed = f"An unexpected error ({last.error}), see the log; it is tried again."
    return BoxFaults(
        looked_at=len(looked_at), count=len(found), at=last.seen_at, source=last.source,
        subject_id=last.subject_id, why=failed if last.process_at else last.error,
    )  # fmt: skip
