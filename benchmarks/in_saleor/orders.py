"""Orders to hear of: copies of one of the sample shop's, each its own customer's."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator

from django.utils import timezone
from saleor.account.models import Address
from saleor.channel.models import Channel
from saleor.order.models import Order, OrderLine, get_order_number
from saleor.plugins.manager import get_plugins_manager

CHANNEL = "default-channel"
FIRST_NUMBER = 48512000000


def switch_plugin(**values: object) -> None:
    """The plugin is stored, active, as a save in the dashboard leaves it."""
    settings = {
        "provider": "vonage", "api_key": "key", "api_secret": "secret", "sender_id": "Shop",
        "shop_name": "Shop", "allowed_countries": "PL", **values,
    }  # fmt: skip
    stored = get_plugins_manager(allow_replica=False).save_plugin_configuration(
        "saleor_sms_plugin",
        CHANNEL,
        {
            "active": True,
            "configuration": [{"name": name, "value": value} for name, value in settings.items()],
        },
    )
    if stored is None or not stored.active:
        raise RuntimeError(f"The plugin could not be switched on in channel {CHANNEL}.")


def new_orders() -> Iterator[Order]:
    """Without end: a placed order, stored now, with the lines of a sample one and a mobile."""
    channel = Channel.objects.get(slug=CHANNEL)
    sample = (
        Order.objects.filter(channel=channel, lines__isnull=False)
        .exclude(status="draft").order_by("number").first()
    )  # fmt: skip
    if sample is None:
        raise RuntimeError(f"The sample shop has no order in channel {CHANNEL} to copy.")
    lines = list(sample.lines.all())
    for serial in itertools.count():
        address = Address.objects.create(
            first_name="Łucja", last_name="Nowak", street_address_1="Prosta 1", city="Warszawa",
            postal_code="00-001", country="PL", phone=f"+{FIRST_NUMBER + serial}",
        )  # fmt: skip
        order = Order.objects.get(pk=sample.pk)
        order.pk = order.id = uuid.uuid4()
        order._state.adding = True
        order.number = get_order_number()
        order.billing_address = order.shipping_address = address
        order.language_code, order.status, order.origin = "pl", "unfulfilled", "checkout"
        order.created_at = timezone.now()
        order.save(force_insert=True)
        for line in lines:
            line.pk = line.id = uuid.uuid4()
            line._state.adding = True
            line.order = order
        OrderLine.objects.bulk_create(lines)
        # As the mutation that made it holds it: channel and lines at hand.
        yield Order.objects.select_related("channel", "billing_address").get(pk=order.pk)
