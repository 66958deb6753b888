"""Checkouts as plain values, or the orders that they became; a few queries for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

from django.db.models import OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone
from saleor.checkout.models import Checkout as SaleorCheckout
from saleor.checkout.models import CheckoutLine
from saleor.giftcard.models import GiftCard
from saleor.order.models import Order as SaleorOrder
from saleor.payment import ChargeStatus, TransactionKind
from saleor.payment.models import Payment, Transaction, TransactionItem

from ..ports import Checkout, Order
from . import boxes, carts, orders, persons

_OF_CHECKOUT = TransactionItem.objects.filter(checkout_id=OuterRef("pk"))
_OLDER = Payment.objects.filter(checkout_id=OuterRef("pk"), is_active=True)
_RESERVED = Transaction.objects.filter(
    payment__checkout_id=OuterRef("pk"), payment__is_active=True,
    payment__charge_status=ChargeStatus.NOT_CHARGED, kind=TransactionKind.AUTH, is_success=True,
)  # fmt: skip

CHARGED = orders.summed(_OF_CHECKOUT, "charged_value", "checkout_id") + orders.summed(
    _OLDER, "captured_amount", "checkout_id"
)
AUTHORIZED = orders.summed(_OF_CHECKOUT, "authorized_value", "checkout_id") + orders.summed(
    _RESERVED, "amount", "payment__checkout_id"
)


def _gift_cards() -> Coalesce:
    """As Saleor counts them for a checkout's own status: those that can be used today."""
    cards = GiftCard.objects.active(date=timezone.now().date()).filter(checkouts=OuterRef("pk"))
    return orders.summed(cards, "current_balance_amount", "checkouts")


class _Line(NamedTuple):
    quantity: int
    product: str
    variant_id: int
    gift: bool


def read(checkout_ids: Collection[str]) -> Mapping[str, Order]:
    """By checkout id: the checkout still open, or the order it became."""
    ids = [key for key in map(orders.as_uuid, checkout_ids) if key]
    if not ids:
        return {}
    rows = (
        SaleorCheckout.objects.filter(pk__in=ids)
        .select_related(
            "billing_address", "shipping_address", "channel", "collection_point", "user",
            "metadata_storage",
        )
        .annotate(
            charged=CHARGED, authorized=AUTHORIZED, pending=orders.pending("checkout_id"),
            gift_card_money=_gift_cards(),
        )
    )  # fmt: skip
    lines: dict[object, list[_Line]] = defaultdict(list)
    for checkout_id, *line in (
        CheckoutLine.objects.filter(checkout_id__in=ids)
        .order_by("created_at", "pk")
        .values_list("checkout_id", "quantity", "variant__product__name", "variant_id", "is_gift")
    ):
        lines[checkout_id].append(_Line(*line))
    rows = list(rows)
    old = persons.superseded(rows)
    found: dict[str, Order] = {
        str(row.pk): replace(_checkout(row, lines[row.pk]), superseded=row.pk in old)
        for row in rows
    }
    return {**found, **_orders_of([str(each) for each in ids if str(each) not in found])}


def _orders_of(checkout_ids: Collection[str]) -> Mapping[str, Order]:
    if not checkout_ids:
        return {}
    made = SaleorOrder.objects.filter(checkout_token__in=checkout_ids)
    tokens = {str(pk): token for pk, token in made.values_list("pk", "checkout_token")}
    return {tokens[key]: order for key, order in orders.read(tokens).items()}


def _checkout(row: SaleorCheckout, lines: list[_Line]) -> Checkout:
    place = row.collection_point
    return Checkout(
        id=str(row.pk),
        channel_id=row.channel_id,
        channel_slug=row.channel.slug,
        language=row.language_code,
        created_at=row.created_at,
        currency=row.currency,
        total=row.total_gross_amount,
        charged=row.charged,
        authorized=row.authorized,
        pending=row.pending,
        item_count=sum(line.quantity for line in lines),
        billing=orders.address_of(row.billing_address),
        shipping=orders.address_of(row.shipping_address),
        shipping_method_id=str(row.shipping_method_id or ""),
        shipping_method_name=row.shipping_method_name or "",
        collection_point_name=place.name if place else "",
        email=row.get_customer_email() or "",
        user_id=row.user_id,
        first_item=lines[0].product if lines else "",
        lines=carts.fingerprint(
            (each.variant_id, each.quantity) for each in lines if not each.gift
        ),
        completing=row.is_checkout_locked(),
        gift_cards=row.gift_card_money,
        boxes=boxes.of_open_checkout(row),
    )
