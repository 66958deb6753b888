"""Carts that nobody completes, the orders that follow a reminder, and the shop's vouchers."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from saleor.checkout.models import Checkout as SaleorCheckout
from saleor.checkout.models import CheckoutLine
from saleor.discount.models import VoucherCode

from ..ports import IdleCheckout, Purchase, Reminded, Voucher
from . import orders, persons

_WITH_LINES = Exists(CheckoutLine.objects.filter(checkout_id=OuterRef("pk"), is_gift=False))
_WITH_PHONE = (Q(billing_address__isnull=False) & ~Q(billing_address__phone="")) | (
    Q(shipping_address__isnull=False) & ~Q(shipping_address__phone="")
)


def fingerprint(lines: Iterable[tuple[int, int]]) -> str:
    """16 hex digits, equal for the same variants in the same quantities; "" for none."""
    counted: dict[int, int] = defaultdict(int)
    for variant_id, quantity in lines:
        counted[variant_id] += quantity
    if not counted:
        return ""
    return hashlib.sha256(repr(sorted(counted.items())).encode()).hexdigest()[:16]


def fingerprints(checkout_ids: Collection[object]) -> dict[object, str]:
    """By checkout; what the shop gives away for free is its own and does not count."""
    lines: dict[object, list[tuple[int, int]]] = defaultdict(list)
    rows = CheckoutLine.objects.filter(checkout_id__in=checkout_ids, is_gift=False).order_by()
    for checkout_id, variant_id, quantity in rows.values_list(
        "checkout_id", "variant_id", "quantity"
    ):
        lines[checkout_id].append((variant_id, quantity))
    return {key: fingerprint(each) for key, each in lines.items()}


def idle(
    channel_id: int,
    after: tuple[dt.datetime, str],
    until: dt.datetime,
    created_since: dt.datetime,
    limit: int,
) -> Sequence[IdleCheckout]:
    """See ``ports.Shop.idle_checkouts``."""
    at, key = after
    behind = Q(last_change__gt=at)
    if place := orders.as_uuid(key):
        behind |= Q(last_change=at, pk__gt=place)
    rows = list(
        SaleorCheckout.objects.filter(
            behind, _WITH_PHONE, _WITH_LINES, channel_id=channel_id, last_change__gte=at,
            last_change__lte=until, created_at__gte=created_since,
            completing_started_at__isnull=True,
        )
        .order_by("last_change", "pk")
        .values_list("pk", "last_change")[:limit]
    )  # fmt: skip
    lines = fingerprints([pk for pk, _ in rows])
    # A cart emptied between the two queries has no fingerprint, and is no longer one.
    return [
        IdleCheckout(id=str(pk), changed_at=changed_at, lines=lines.get(pk, ""))
        for pk, changed_at in rows
    ]


def purchases(reminded: Sequence[Reminded]) -> Sequence[Purchase]:
    """See ``ports.Shop.purchases``."""
    if not reminded:
        return []
    tokens = {each.checkout_id for each in reminded}
    open_carts = {
        str(row.pk): persons.of_checkout(row)
        for row in SaleorCheckout.objects.filter(
            pk__in=[key for key in map(orders.as_uuid, tokens) if key]
        ).select_related("user", "billing_address", "shipping_address")
    }
    nobody = persons.person(None, (), ())
    known = [
        (
            each,
            open_carts.get(each.checkout_id, nobody) | persons.person(None, (), (each.phone,)),
        )
        for each in reminded
    ]
    everyone = [who for _, who in known]
    rows = persons.orders_since(
        everyone, persons.addresses_of(everyone), min(each.since for each in reminded), tokens
    )
    return [
        Purchase(
            checkout_id=each.checkout_id,
            order_id=str(row["pk"]),
            same_cart=row["checkout_token"] == each.checkout_id,
            total=row["total_gross_amount"],
            currency=row["currency"],
            created_at=row["created_at"],
        )
        for row in rows
        for each, who in known
        if row["created_at"] >= each.since
        and (row["checkout_token"] == each.checkout_id or who.is_also(row["person"]))
    ]


def voucher(code: str, channel_id: int) -> Voucher | None:
    """See ``ports.Shop.voucher``."""
    now = timezone.now()
    found = (
        VoucherCode.objects.filter(
            Q(voucher__end_date__isnull=True) | Q(voucher__end_date__gt=now),
            Q(voucher__usage_limit__isnull=True) | Q(used__lt=F("voucher__usage_limit")),
            code=code,
            is_active=True,
            voucher__start_date__lte=now,
            voucher__only_for_staff=False,
            voucher__channel_listings__channel_id=channel_id,
        )
        .select_related("voucher")
        .first()
    )
    return Voucher(code=found.code, valid_until=found.voucher.end_date) if found else None
