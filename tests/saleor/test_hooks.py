"""What Saleor's own actions make the plugin record: the right rows, once each."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from saleor.order import OrderStatus
from saleor.order.models import Order
from saleor.order.tasks import expire_orders_task
from saleor.payment.models import TransactionItem

from saleor_sms_plugin.models import ShopEvent
from tests.saleor.calling import call, global_id
from tests.saleor.dashboard import Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]


@pytest.fixture
def boss(superuser_api_client: Any, permission_group_manage_orders: Any) -> Any:
    """A member of the staff with every permission, in every channel."""
    permission_group_manage_orders.user_set.add(superuser_api_client.user)
    return superuser_api_client


@pytest.fixture
def staff(switched_on: Dashboard, boss: Any) -> Any:
    """The same, and the plugin is on."""
    return boss


def _recorded() -> dict[str, dict[str, object]]:
    """What was recorded: key → facts."""
    return {event.key: event.facts for event in ShopEvent.objects.order_by("pk")}


def _fulfil(client: Any, order: Order, warehouse: Any, **options: object) -> dict[str, Any]:
    lines = [
        {
            "orderLineId": global_id(line),
            "stocks": [{"quantity": line.quantity, "warehouse": global_id(warehouse)}],
        }
        for line in order.lines.all()
    ]
    return call(
        client,
        """mutation ($order: ID, $input: OrderFulfillInput!) {
            orderFulfill(order: $order, input: $input) {
                fulfillments { id }
                errors { field message code }
            }
        }""",
        order=global_id(order),
        input={"lines": lines, "allowStockToBeExceeded": True, **options},
    )


def test_a_completed_checkout(
    staff: Any, api_client: Any, channel_USD: Any, checkout_ready_to_complete: Any
) -> None:
    """An order from a checkout is recorded as created and confirmed, with its channel."""
    channel_USD.allow_unpaid_orders = True
    channel_USD.save()

    call(
        api_client,
        """mutation ($id: ID!) {
            checkoutComplete(id: $id) { order { id } errors { field message code } }
        }""",
        id=global_id(checkout_ready_to_complete),
    )

    order = Order.objects.get()
    assert _recorded() == {f"order_created:{order.pk}": {}, f"order_confirmed:{order.pk}": {}}
    (created, _) = ShopEvent.objects.order_by("pk")
    assert (created.order_id, created.channel_id) == (str(order.pk), channel_USD.pk)
    assert created.plan_at is not None


def test_a_paid_checkout(
    staff: Any,
    api_client: Any,
    checkout_ready_to_complete: Any,
    transaction_item_generator: Any,
) -> None:
    """Its payment is recorded too, once, however often Saleor says so."""
    transaction_item_generator(
        checkout_id=checkout_ready_to_complete.pk, charged_value=Decimal(10_000)
    )

    call(
        api_client,
        """mutation ($id: ID!) {
            checkoutComplete(id: $id) { order { id } errors { field message code } }
        }""",
        id=global_id(checkout_ready_to_complete),
    )

    order = Order.objects.get()
    assert _recorded().keys() == {
        f"order_created:{order.pk}",
        f"order_confirmed:{order.pk}",
        f"order_fully_paid:{order.pk}",
    }


def test_a_draft_completed_by_staff(staff: Any, draft_order: Any) -> None:
    """A draft is an order when staff completes it, not before."""
    assert _recorded() == {}

    call(
        staff,
        """mutation ($id: ID!) {
            draftOrderComplete(id: $id) { order { id } errors { field message code } }
        }""",
        id=global_id(draft_order),
    )

    assert f"order_created:{draft_order.pk}" in _recorded()


@pytest.mark.parametrize("notify", [True, False])
def test_fulfilling_with_a_number(
    staff: Any, order_with_lines: Any, warehouse: Any, notify: bool
) -> None:
    """The parcel carries the staff's wish; its number is recorded with it."""
    _fulfil(staff, order_with_lines, warehouse, notifyCustomer=notify, trackingNumber="T-1")

    parcel = order_with_lines.fulfillments.get()
    assert _recorded() == {
        f"tracking_updated:{parcel.pk}:T-1": {"number": "T-1", "notify": "signal"},
        f"fulfillment_created:{parcel.pk}": {"notify": notify},
        f"order_fulfilled:{order_with_lines.pk}": {},
    }
    assert {event.order_id for event in ShopEvent.objects.all()} == {str(order_with_lines.pk)}


def test_a_parcel_that_awaits_approval(
    staff: Any, order_with_lines: Any, warehouse: Any, site_settings: Any
) -> None:
    """It is recorded as a parcel when it is approved, with the wish of whoever approves."""
    site_settings.fulfillment_auto_approve = False
    site_settings.save()
    _fulfil(staff, order_with_lines, warehouse, notifyCustomer=True, trackingNumber="T-1")
    parcel = order_with_lines.fulfillments.get()
    assert _recorded().keys() == {f"tracking_updated:{parcel.pk}:T-1"}

    call(
        staff,
        """mutation ($id: ID!) {
            orderFulfillmentApprove(id: $id, notifyCustomer: false, allowStockToBeExceeded: true) {
                errors { field message code }
            }
        }""",
        id=global_id(parcel),
    )

    assert _recorded()[f"fulfillment_created:{parcel.pk}"] == {"notify": False}


def test_a_cancelled_parcel(staff: Any, fulfillment: Any, warehouse: Any) -> None:
    """A parcel that staff stops."""
    call(
        staff,
        """mutation ($id: ID!, $warehouse: ID) {
            orderFulfillmentCancel(id: $id, input: { warehouseId: $warehouse }) {
                errors { field message code }
            }
        }""",
        id=global_id(fulfillment),
        warehouse=global_id(warehouse),
    )

    assert f"fulfillment_canceled:{fulfillment.pk}" in _recorded()


@pytest.mark.django_db(transaction=True)
def test_a_changed_tracking_number(staff: Any, fulfillment: Any) -> None:
    """The hook does not say whether the customer shall hear of it; the notification does.

    Saleor calls both outside a transaction, in this order.
    """

    def track(number: str, *, notify: bool) -> None:
        call(
            staff,
            """mutation ($id: ID!, $input: FulfillmentUpdateTrackingInput!) {
                orderFulfillmentUpdateTracking(id: $id, input: $input) {
                    errors { field message code }
                }
            }""",
            id=global_id(fulfillment),
            input={"trackingNumber": number, "notifyCustomer": notify},
        )

    track("T-2", notify=False)
    track("T-3", notify=True)

    assert _recorded() == {
        f"tracking_updated:{fulfillment.pk}:T-2": {"number": "T-2", "notify": "signal"},
        f"tracking_updated:{fulfillment.pk}:T-3": {"number": "T-3", "notify": "signal"},
        f"tracking_notified:{fulfillment.pk}:T-3": {"number": "T-3"},
    }


def test_a_cancelled_order(staff: Any, order_with_lines: Any) -> None:
    """Cancelled by staff: recorded once, also when Saleor says it again."""
    mutation = """mutation ($id: ID!) { orderCancel(id: $id) { errors { field message code } } }"""

    call(staff, mutation, id=global_id(order_with_lines))

    assert _recorded() == {f"order_cancelled:{order_with_lines.pk}": {}}


def test_refunds_of_a_transaction(
    staff: Any, order_with_lines: Any, transaction_item_generator: Any
) -> None:
    """Each refund is known by the order's cumulative refunded amount; the last one is full."""
    order = order_with_lines
    total = order.total_gross_amount
    item = transaction_item_generator(order_id=order.pk, charged_value=total)

    def report(amount: Decimal, reference: str) -> None:
        call(
            staff,
            """mutation ($token: UUID, $amount: PositiveDecimal, $reference: String!) {
                transactionEventReport(
                    token: $token, type: REFUND_SUCCESS, amount: $amount, pspReference: $reference
                ) { errors { field message code } }
            }""",
            token=str(item.token),
            amount=amount,
            reference=reference,
        )

    report(Decimal("1.5"), "first")
    report(Decimal("1.5"), "first")  # the payment app says it again
    assert _recorded() == {f"order_refunded:{order.pk}:1.5": {"refunded": "1.5"}}
    report(total - Decimal("1.5"), "second")

    whole = f"{total.normalize():f}"
    assert TransactionItem.objects.get().refunded_value == total
    assert _recorded() == {
        f"order_refunded:{order.pk}:1.5": {"refunded": "1.5"},
        f"order_refunded:{order.pk}:{whole}": {"refunded": whole},
        f"order_fully_refunded:{order.pk}:{whole}": {"refunded": whole},
    }


def test_a_refund_of_an_older_payment(staff: Any, payment_txn_captured: Any, settings: Any) -> None:
    """The payments of older gateways count alike."""
    gateway = "saleor.payment.gateways.dummy.plugin.DeprecatedDummyGatewayPlugin"
    settings.PLUGINS = [*settings.PLUGINS, gateway]
    order = payment_txn_captured.order

    call(
        staff,
        """mutation ($id: ID!, $amount: PositiveDecimal!) {
            orderRefund(id: $id, amount: $amount) { errors { field message code } }
        }""",
        id=global_id(order),
        amount=Decimal(10),
    )

    assert _recorded()[f"order_refunded:{order.pk}:10"] == {"refunded": "10"}


def test_orders_that_expire(
    switched_on: Dashboard,
    order_with_lines: Any,
    channel_USD: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Saleor's task hands over orders from its replica; ids and channel are enough."""
    channel_USD.expire_orders_after = 1
    channel_USD.save()
    order_with_lines.status = OrderStatus.UNCONFIRMED
    order_with_lines.save()
    Order.objects.update(created_at=timezone.now() - dt.timedelta(minutes=5))

    with django_capture_on_commit_callbacks(execute=True):
        expire_orders_task.delay()

    assert _recorded() == {f"order_expired:{order_with_lines.pk}": {}}


def test_imported_orders(switched_on: Dashboard, order_list: Any) -> None:
    """Orders imported in bulk are not news: their hook records nothing."""
    from saleor.plugins.manager import get_plugins_manager

    get_plugins_manager(allow_replica=False).order_bulk_created(order_list)

    assert _recorded() == {}


def test_an_inactive_channel_records_nothing(
    dashboard: Dashboard, boss: Any, order_with_lines: Any
) -> None:
    """Nothing is kept of a channel that is switched off."""
    call(
        boss,
        """mutation ($id: ID!) { orderCancel(id: $id) { errors { field message code } } }""",
        id=global_id(order_with_lines),
    )

    assert _recorded() == {}


def test_another_channel_records_nothing(staff: Any, order_with_lines_channel_PLN: Any) -> None:
    """Each channel is switched on by itself."""
    call(
        staff,
        """mutation ($id: ID!) { orderCancel(id: $id) { errors { field message code } } }""",
        id=global_id(order_with_lines_channel_PLN),
    )

    assert _recorded() == {}


def test_unknown_arguments_are_accepted(
    switched_on: Dashboard,
    order: Any,
    fulfillment: Any,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Saleor's versions differ in what they pass: what is not known is ignored."""
    from saleor.plugins.manager import get_plugins_manager

    manager = get_plugins_manager(allow_replica=False)
    plugin = manager.get_plugin("saleor_sms_plugin", order.channel.slug)
    new: dict[str, Any] = {"webhooks": set(), "some_day": 1}

    with django_capture_on_commit_callbacks(execute=True):
        for hook in (
            *(plugin.order_created, plugin.order_confirmed, plugin.order_fully_paid),
            *(plugin.order_cancelled, plugin.order_expired, plugin.order_fulfilled),
            *(plugin.order_refunded, plugin.order_fully_refunded),
        ):
            assert hook(order, previous_value="before", **new) == "before"
        for hook in (
            *(plugin.fulfillment_created, plugin.fulfillment_canceled),
            plugin.tracking_number_updated,
        ):
            assert hook(fulfillment, previous_value="before", **new) == "before"
        assert plugin.notify("x", dict, previous_value="before", **new) == "before"

    assert len(_recorded()) == 11
