"""What a storefront writes about consent in a real Saleor, and what the plugin hears of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import graphene
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from saleor.checkout.models import Checkout
from saleor.order.models import Order
from saleor.plugins.manager import get_plugins_manager

from saleor_sms_plugin import wiring
from saleor_sms_plugin.models import ConsentBox, ConsentEntry
from saleor_sms_plugin.services import boxes
from tests.saleor.dashboard import PLUGIN_ID, Dashboard

pytestmark = pytest.mark.saleor

OLA = "+48512345678"
BOXES = "saleor_sms_plugin_consentbox"
_UPDATE = """mutation ($id: ID!, $input: [MetadataInput!]!) {
    updateMetadata(id: $id, input: $input) { errors { field message code } }
}"""


def _update(client: Any, row: Any, **values: str) -> list[str]:
    """The metadata is written by a client; the statements about our own boxes, in order."""
    variables = {
        "id": graphene.Node.to_global_id(type(row).__name__, row.pk),
        "input": [{"key": key, "value": value} for key, value in values.items()],
    }
    with CaptureQueriesContext(connection) as captured:
        body = client.post_graphql(_UPDATE, variables).json()
    assert body["data"]["updateMetadata"]["errors"] == []
    return [
        query["sql"].split(" ", 1)[0]
        for query in captured.captured_queries
        if BOXES in query["sql"]
    ]


def _statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"].split(" ", 1)[0] for query in captured.captured_queries]


def _work() -> None:
    boxes.run(wiring.ports(), timezone.now() + dt.timedelta(seconds=5))


@pytest.mark.django_db(transaction=True)
def test_the_statements_of_the_hooks(
    switched_on: Dashboard, api_client: Any, checkout_with_item: Checkout, customer_user: Any
) -> None:
    """One INSERT where a key stands there, none where none does; a look at a checkout's metadata
    that is not at hand is one SELECT."""
    assert _update(api_client, checkout_with_item, gift="yes") == []
    ticked = {"sms_offers": "true", "sms_wording": "Yes, text me."}
    assert _update(api_client, checkout_with_item, **ticked) == ["INSERT"]
    assert ConsentBox.objects.get().values["sms_wording"] == "Yes, text me."

    manager = get_plugins_manager(allow_replica=False)
    plugin = manager.get_plugin(PLUGIN_ID, switched_on.channel.slug)
    fresh = Checkout.objects.get(pk=checkout_with_item.pk)
    assert _statements(lambda: plugin.checkout_created(fresh, None)) == []
    assert _statements(lambda: plugin.checkout_metadata_updated(fresh, None)) == [
        "SELECT", "INSERT",
    ]  # fmt: skip
    at_hand = Checkout.objects.select_related("metadata_storage").get(pk=fresh.pk)
    assert _statements(lambda: plugin.checkout_created(at_hand, None)) == ["INSERT"]
    assert ConsentBox.objects.count() == 1

    hooks = (
        plugin.customer_created, plugin.customer_updated, plugin.customer_metadata_updated
    )  # fmt: skip
    for hook in hooks:
        assert _statements(lambda: hook(customer_user, None)) == []  # noqa: B023
    customer_user.metadata = {"sms_offers": "true"}
    for hook in hooks:
        assert _statements(lambda: hook(customer_user, None)) == ["INSERT"]  # noqa: B023
    assert ConsentBox.objects.count() == 2


@pytest.mark.django_db
def test_a_box_ticked_with_the_checkout(
    switched_on: Dashboard,
    api_client: Any,
    channel_USD: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """``checkoutCreate`` brings the metadata with it: heard at once."""
    with django_capture_on_commit_callbacks(execute=True):
        body = api_client.post_graphql(
            """mutation ($input: CheckoutCreateInput!) {
                checkoutCreate(input: $input) { checkout { id } errors { field message } }
            }""",
            {
                "input": {
                    "channel": channel_USD.slug, "lines": [], "email": "ola@example.com",
                    "metadata": [{"key": "sms_offers", "value": "true"}],
                }
            },
        ).json()  # fmt: skip
    assert body["data"]["checkoutCreate"]["errors"] == []
    row = ConsentBox.objects.get()
    assert (row.subject_id, row.channel_id) == (str(Checkout.objects.get().pk), channel_USD.pk)


@pytest.mark.django_db
def test_a_box_becomes_consent_of_the_billing_phone(
    switched_on: Dashboard,
    api_client: Any,
    checkout_with_item: Checkout,
    address: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Through GraphQL, a worker, and Saleor's own address."""
    address.phone = OLA
    address.save()
    Checkout.objects.filter(pk=checkout_with_item.pk).update(billing_address=address)
    with django_capture_on_commit_callbacks(execute=True):
        _update(api_client, checkout_with_item, sms_offers="true")
    _work()
    entry = ConsentEntry.objects.get()
    assert (entry.number, entry.scope, entry.source) == (OLA, "offers", "checkout")


@pytest.mark.django_db
def test_the_order_carries_what_its_checkout_said(
    switched_on: Dashboard,
    api_client: Any,
    channel_USD: Any,
    checkout_ready_to_complete: Checkout,
) -> None:
    """Saleor copies the metadata; it is the same box."""
    channel_USD.allow_unpaid_orders = True
    channel_USD.save()
    storage = checkout_ready_to_complete.metadata_storage
    storage.metadata = {"sms_offers": "true"}
    storage.save()
    token = str(checkout_ready_to_complete.pk)
    with wiring.ports().shop.writer():
        before = wiring.ports().shop.checkouts([token])[token].boxes
    global_id = graphene.Node.to_global_id("Checkout", token)
    api_client.post_graphql(
        "mutation ($id: ID!) { checkoutComplete(id: $id) { errors { message } } }",
        {"id": global_id},
    )
    order_id = str(Order.objects.get().pk)
    with wiring.ports().shop.writer():
        after = wiring.ports().shop.orders([order_id])[order_id].boxes
    [mine] = [box for box in after if box.source == "checkout"]
    [its] = [box for box in before if box.source == "checkout"]
    assert (mine.source, mine.subject_id, dict(mine.values)) == (
        its.source, its.subject_id, dict(its.values),
    )  # fmt: skip


@pytest.mark.django_db
def test_an_account_is_found_without_a_hook(
    switched_on: Dashboard, staff_api_client: Any, permission_manage_users: Any, customer_user: Any
) -> None:
    """Saleor calls no hook of a plugin set up per channel; the sweep reads the index."""
    address = customer_user.default_billing_address
    address.phone = OLA
    address.save()
    staff_api_client.user.user_permissions.add(permission_manage_users)
    at = timezone.now().isoformat()
    assert _update(staff_api_client, customer_user, sms_offers=at) == []
    boxes.sweep(wiring.ports())
    _work()
    entry = ConsentEntry.objects.get()
    assert (entry.number, entry.channel_id, entry.source) == (OLA, None, "customer")


@pytest.mark.django_db
def test_a_removed_key_is_found_without_a_hook(switched_on: Dashboard, customer_user: Any) -> None:
    """By the sweep; accounts that never said anything leave nothing behind."""
    address = customer_user.default_billing_address
    address.phone = OLA
    address.save()
    customer_user.metadata = {"sms_offers": timezone.now().isoformat()}
    customer_user.save()
    boxes.sweep(wiring.ports())
    _work()
    customer_user.metadata = {}
    customer_user.save()
    boxes.sweep(wiring.ports())
    _work()
    assert list(ConsentEntry.objects.order_by("pk").values_list("number", "act")) == [
        (OLA, "given"), (OLA, "withdrawn"),
    ]  # fmt: skip
    assert ConsentBox.objects.count() == 2
