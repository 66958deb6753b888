"""One installation is live (law 12): a copied database holds everything until staff save again."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..models import ConsentEntry, ErasedNumber, Installation, Message, ShopEvent
from ..models.keyed_hash import keyed_hash, keyed_hashes
from ..ports import Ports


def is_live(ports: Ports, *, periodic: bool = False) -> bool:
    """Whether this installation may send; notes that it was seen.

    The first run of a new installation adopts it: nothing older than its activation can go out.
    Where the identity differs, every waiting text is ``held``.
    """
    now, identity = ports.clock.now(), ports.shop.identity()
    seen: dict[str, object] = {"worker_at": now, **({"periodic_at": now} if periodic else {})}
    row, _ = Installation.objects.get_or_create(
        pk=Installation.ONLY, defaults={"identity": identity, "live_seen_at": now}
    )
    if row.hash_check not in keyed_hashes("") and not (row.hash_check and _hashes_exist()):
        seen["hash_check"] = keyed_hash("")
    if row.identity == identity:
        Installation.objects.filter(pk=row.pk).update(live_seen_at=now, **seen)
        return True
    Installation.objects.filter(pk=row.pk).update(**seen)
    Message.objects.filter(status__in=WAITING).exclude(reason=Reason.OTHER_INSTALLATION).update(
        status=MessageStatus.HELD, reason=Reason.OTHER_INSTALLATION
    )
    return False


def is_same(ports: Ports) -> bool:
    """Whether this is the installation that staff last saved on; read only."""
    row = Installation.objects.filter(pk=Installation.ONLY).first()
    return row is None or row.identity == ports.shop.identity()


def has_lost_numbers() -> bool:
    """Numbers are known by hashes alone whose SECRET_KEY is neither the shop's present one nor
    among its former ones: who opted out, or asked to be forgotten, is not recognised."""
    row = Installation.objects.filter(pk=Installation.ONLY).first()
    return bool(row and row.hash_check not in ("", *keyed_hashes("")) and _hashes_exist())


def _hashes_exist() -> bool:
    named_by_hash = ConsentEntry.objects.exclude(number_hash="")
    return ErasedNumber.objects.exists() or named_by_hash.exists()


def adopt(ports: Ports) -> None:
    """A staff member saved: this installation is the live one.

    What came along in a copied database is the other installation's to send and ends here;
    what was recorded since goes on.
    """
    now, identity = ports.clock.now(), ports.shop.identity()
    row, created = Installation.objects.select_for_update().get_or_create(
        pk=Installation.ONLY, defaults={"identity": identity, "live_seen_at": now}
    )
    if created or row.identity == identity:
        return
    _end_before(row.live_seen_at, now)
    Message.objects.filter(
        status=MessageStatus.HELD, reason=Reason.OTHER_INSTALLATION
    ).update(status=MessageStatus.QUEUED, reason="", not_before=now)  # fmt: skip
    row.identity, row.live_seen_at = identity, now
    row.save(update_fields=["identity", "live_seen_at"])


def _end_before(copied_at: dt.datetime, now: dt.datetime) -> None:
    ended = {"status": MessageStatus.CANCELLED, "reason": Reason.OTHER_INSTALLATION}
    came_along = Q(created_at__lte=copied_at) | Q(event__recorded_at__lte=copied_at)
    Message.objects.filter(came_along, status__in=WAITING).update(**ended, finished_at=now)
    Message.objects.filter(status=MessageStatus.SENDING, taken_at__lte=copied_at).update(
        **ended, claim=None, claimed_until=None, finished_at=now
    )
    ShopEvent.objects.filter(plan_at__isnull=False, recorded_at__lte=copied_at).update(plan_at=None)
