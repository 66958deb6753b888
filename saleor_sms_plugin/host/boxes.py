"""What storefronts wrote about consent in the metadata of checkouts, orders and customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q
from saleor.account.models import User
from saleor.checkout.models import Checkout as SaleorCheckout
from saleor.checkout.models import CheckoutMetadata
from saleor.order.models import Order as SaleorOrder

from ..domain.boxes import SCOPES, look
from ..ports import Box

CHECKOUT, CUSTOMER = "checkout", "customer"
_STORAGE = "metadata_storage"
#: An order does not say when its checkout was begun; Saleor keeps none for longer:
#: https://docs.saleor.io/developer/checkout/lifecycle
CHECKOUT_LASTS = dt.timedelta(days=90)
_NAMED = Q(metadata__has_any_keys=list(SCOPES)) | Q(private_metadata__has_any_keys=list(SCOPES))


def of_checkout(row: SaleorCheckout, *, fetch: bool = False) -> Box:
    """The checkout's box, of metadata at hand; ``fetch`` it with one SELECT where it is not."""
    storage = row._state.fields_cache.get(_STORAGE)
    if storage is None and fetch:
        storage = CheckoutMetadata.objects.filter(checkout_id=row.pk).first()
    values = look(storage.metadata, storage.private_metadata) if storage else {}
    return Box(
        source=CHECKOUT, subject_id=str(row.pk), since=row.created_at, values=values,
        channel_id=row.channel_id,
    )  # fmt: skip


def of_customer(row: User) -> Box:
    """The account's box; it holds in every channel, as the account does."""
    return Box(
        source=CUSTOMER, subject_id=str(row.pk), since=row.date_joined,
        values=look(row.metadata, row.private_metadata), changed_at=row.updated_at,
    )  # fmt: skip


def of_order(row: SaleorOrder) -> tuple[Box, ...]:
    """What Saleor copied from the checkout, or what was given with its completion, and the
    account's. An order that says nothing takes nothing from what its checkout said."""
    values = look(row.metadata, row.private_metadata)
    own = Box(
        source=CHECKOUT, subject_id=row.checkout_token or str(row.pk),
        since=row.created_at - CHECKOUT_LASTS, values=values, channel_id=row.channel_id,
    ) if values else None  # fmt: skip
    return tuple(filter(None, (own, of_customer(row.user) if row.user else None)))


def of_open_checkout(row: SaleorCheckout) -> tuple[Box, ...]:
    """The checkout's own and its customer's account's, both at hand."""
    return (of_checkout(row), *([of_customer(row.user)] if row.user else []))


def of_customers(since: dt.datetime, limit: int) -> Sequence[Box]:
    """See ``ports.Shop.boxes_of_customers``."""
    changed = User.objects.filter(updated_at__gte=since).order_by("-updated_at")
    silent = changed.exclude(_NAMED).values_list("pk", "date_joined")
    return [
        *map(of_customer, changed.filter(_NAMED)[:limit]),
        *(
            Box(source=CUSTOMER, subject_id=str(pk), since=joined, values={})
            for pk, joined in silent[:limit]
        ),
    ]
