"""Customers' accounts as plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from saleor.account.models import User

from ..ports import Customer
from . import boxes, orders


def read(customer_ids: Collection[str]) -> Mapping[str, Customer]:
    """See ``ports.Shop.customers``."""
    ids = [int(each) for each in customer_ids if each.isdecimal() and len(each) < 10]
    rows = User.objects.filter(pk__in=ids)
    return {
        str(row.pk): Customer(
            id=str(row.pk),
            language=row.language_code,
            billing=orders.address_of(row.default_billing_address),
            shipping=orders.address_of(row.default_shipping_address),
            boxes=(boxes.of_customer(row),),
        )
        for row in rows.select_related("default_billing_address", "default_shipping_address")
    }
