"""The variables of one text, from the order as it is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ..domain.rendering import format_money
from ..domain.tracking import tracking_url
from ..ports import Checkout, Fulfillment, Order, Voucher
from .channels import Channel

Context = dict[str, dict[str, object]]


def build_context(
    channel: Channel,
    order: Order | None,
    language: str,
    says: Mapping[str, Any],
    urls: Mapping[str, str] | None = None,
    voucher: Voucher | None = None,
    opt_out: str = "",
) -> Context:
    """Every catalogue variable, None where it is absent (never "").

    ``says`` is the message's own: its parcels, the refund it tells, the orders of a digest;
    ``urls`` are its links by variable, ``opt_out`` the words of its opt-out.
    """
    config = channel.config
    context: Context = {
        "shop": {
            "name": channel.shop_name or None,
            "contact": config.contact or None,
            "url": config.storefront_url or None,
        },
        "order": dict.fromkeys(_ORDER),
        "customer": {"first_name": None, "last_name": None},
        "fulfillment": {"tracking_number": None, "tracking_url": None},
        "payment": {"amount": None, "retry_url": None, "problem": None},
        "refund": {"amount": None, "amount_value": None},
        "checkout": dict.fromkeys(("first_item", "item_count", "total", "recovery_url")),
        "voucher": {"code": None, "valid_until": None},
        "opt_out": {"text": opt_out or None},
        "survey": {"url": None},
        "opt_in": {"url": None, "reward_url": None},
        "digest": {"count": None, "total": None},
    }
    if voucher is not None:
        until = voucher.valid_until
        context["voucher"] = {
            "code": voucher.code,
            "valid_until": until.astimezone(channel.zone) if until else None,
        }
    currency = order.currency if order else channel.stored.currency

    def money(amount: Decimal) -> str:
        return format_money(amount, currency, language)

    if len(orders := says.get("orders", ())) > 1:
        total = sum((Decimal(each["total"]) for each in orders), Decimal(0))
        context["digest"] = {"count": len(orders), "total": money(total)}
    if order is not None:
        _tell_of(order, says, context, channel, money)
    for name, url in (urls or {}).items():
        group, _, key = name.partition(".")
        context[group][key] = url
    return context


def _tell_of(
    order: Order,
    says: Mapping[str, Any],
    context: Context,
    channel: Channel,
    money: Callable[[Decimal], str],
) -> None:
    person = order.billing or order.shipping
    context["order"] = {
        "number": order.number or None,
        "total": money(order.total),
        "total_amount": order.total,
        "currency": order.currency,
        "item_count": order.item_count,
        "created_at": (
            None if isinstance(order, Checkout) else order.created_at.astimezone(channel.zone)
        ),
        "pickup_point": order.collection_point_name or None,
        "shipping_method": order.shipping_method_name or None,
        "url": None,
    }
    if isinstance(order, Checkout):
        context["checkout"] |= {
            "first_item": order.first_item or None,
            "item_count": order.item_count,
            "total": money(order.total),
        }
    if person is not None:
        context["customer"] = {
            "first_name": person.first_name or None,
            "last_name": person.last_name or None,
        }
    context["fulfillment"] = _parcels(
        [
            parcel
            for parcel in order.fulfillments
            if parcel.id in says.get("parcels", {}) and parcel.status != "canceled"
        ],
        order,
        channel.config,
    )
    if failed := says.get("failed"):
        amount = Decimal(failed["amount"])
        context["payment"] |= {
            "amount": money(amount) if amount > 0 else None,
            "problem": failed["kind"],
        }
    if (refund := says.get("refund")) is not None and Decimal(refund) > 0:
        context["refund"] = {"amount": money(Decimal(refund)), "amount_value": Decimal(refund)}


_ORDER = (
    "number", "total", "total_amount", "currency", "item_count", "created_at",
    "pickup_point", "shipping_method", "url",
)  # fmt: skip


def _parcels(parcels: list[Fulfillment], order: Order, config: Any) -> dict[str, object]:
    numbers = [p.tracking_number.strip() for p in parcels if p.tracking_number.strip()]
    pages = [
        tracking_url(number, order.shipping_method_name, config.tracking_patterns)
        for number in numbers
    ]
    known = [page for page in pages if page]
    return {
        "tracking_number": ", ".join(numbers) or None,
        # Some parcels with a page and some without: the numbers say it all.
        "tracking_url": " ".join(known) if known and len(known) == len(numbers) else None,
    }
