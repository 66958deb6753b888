"""Saleor's own rows say what its hooks would have said: the same events, once, in any order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from saleor.order import OrderOrigin, OrderStatus
from saleor.order.models import Order, OrderEvent
from saleor.order.tasks import expire_orders_task
from saleor.payment.models import TransactionEvent

from saleor_sms_plugin import plugin
from saleor_sms_plugin.events.catalogue import CATALOGUE, SIGNALS
from saleor_sms_plugin.host.shop import SaleorShop
from saleor_sms_plugin.models import Position, ShopEvent
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.services import reconcile
from saleor_sms_plugin.services.record import Happening, record
from saleor_sms_plugin.testing.shop import CountingWake, FixedClock
from tests.saleor.calling import call, global_id
from tests.saleor.dashboard import Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

#: Does something in the shop; the keys of what the hooks tell of it.
Action = Callable[[Any, pytest.FixtureRequest], set[str]]


@pytest.fixture
def staff(switched_on: Dashboard, superuser_api_client: Any, request: Any) -> Any:
    """A member of the staff with every permission; the plugin is on, with every event."""
    request.getfixturevalue("permission_group_manage_orders").user_set.add(
        superuser_api_client.user
    )
    every: dict[str, str | None] = {f"send_{spec.name}": "true" for spec in CATALOGUE}
    assert switched_on.save(None, **every) == []
    return superuser_api_client


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[Happening]:
    """What the hooks would have recorded: they are called and nothing is stored."""
    heard: list[Happening] = []
    monkeypatch.setattr(plugin, "hear", lambda happening, ports: heard.append(happening()))
    return heard


def _ports(**later: float) -> Ports:
    clock = FixedClock(timezone.now() + dt.timedelta(**later))
    return Ports(shop=SaleorShop(), wake=CountingWake(), clock=clock)


def _reconcile(**later: float) -> int:
    """The reconciler runs, two minutes from now where nothing is said."""
    ports = _ports(**(later or {"minutes": 2}))
    return reconcile.run(ports, ports.clock.now() + dt.timedelta(seconds=5))


def _keys(happenings: list[Happening]) -> set[str]:
    """Without the signals: they are no news of their own."""
    return {each.key for each in happenings if each.name not in SIGNALS}


# What happens in the shop


def _checkout(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    checkout = request.getfixturevalue("checkout_ready_to_complete")
    request.getfixturevalue("transaction_item_generator")(
        checkout_id=checkout.pk, charged_value=Decimal(10_000)
    )
    call(
        request.getfixturevalue("api_client"),
        "mutation ($id: ID!) { checkoutComplete(id: $id) { errors { field message code } } }",
        id=global_id(checkout),
    )
    order = Order.objects.get()
    return {f"{name}:{order.pk}" for name in (
        "order_created", "order_confirmed", "order_fully_paid",
    )}  # fmt: skip


def _draft(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    draft = request.getfixturevalue("draft_order")
    call(
        staff,
        "mutation ($id: ID!) { draftOrderComplete(id: $id) { errors { field message code } } }",
        id=global_id(draft),
    )
    return {f"order_created:{draft.pk}", f"order_confirmed:{draft.pk}"}


def _mark_as_paid(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    order = request.getfixturevalue("order_with_lines")
    call(
        staff,
        "mutation ($id: ID!) { orderMarkAsPaid(id: $id) { errors { field message code } } }",
        id=global_id(order),
    )
    return {f"order_fully_paid:{order.pk}"}


def _cancel(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    order = request.getfixturevalue("order_with_lines")
    call(
        staff,
        "mutation ($id: ID!) { orderCancel(id: $id) { errors { field message code } } }",
        id=global_id(order),
    )
    return {f"order_cancelled:{order.pk}"}


def _expire(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    channel = request.getfixturevalue("channel_USD")
    channel.expire_orders_after = 1
    channel.save()
    order = request.getfixturevalue("order_with_lines")
    order.status = OrderStatus.UNCONFIRMED
    order.save()
    Order.objects.update(created_at=timezone.now() - dt.timedelta(minutes=5))
    with request.getfixturevalue("django_capture_on_commit_callbacks")(execute=True):
        expire_orders_task.delay()
    return {f"order_expired:{order.pk}"}


def _fulfil(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    order = request.getfixturevalue("order_with_lines")
    warehouse = request.getfixturevalue("warehouse")
    lines = [
        {
            "orderLineId": global_id(line),
            "stocks": [{"quantity": line.quantity, "warehouse": global_id(warehouse)}],
        }
        for line in order.lines.all()
    ]
    call(
        staff,
        """mutation ($order: ID, $input: OrderFulfillInput!) {
            orderFulfill(order: $order, input: $input) { errors { field message code } }
        }""",
        order=global_id(order),
        input={"lines": lines, "allowStockToBeExceeded": True, "notifyCustomer": True},
    )
    parcel = order.fulfillments.get()
    return {f"fulfillment_created:{parcel.pk}", f"order_fulfilled:{order.pk}"}


def _track(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    parcel = request.getfixturevalue("fulfillment")
    call(
        staff,
        """mutation ($id: ID!, $input: FulfillmentUpdateTrackingInput!) {
            orderFulfillmentUpdateTracking(id: $id, input: $input) {
                errors { field message code }
            }
        }""",
        id=global_id(parcel),
        input={"trackingNumber": "T-2", "notifyCustomer": True},
    )
    return {f"tracking_updated:{parcel.pk}:T-2"}


def _cancel_parcel(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    parcel, warehouse = request.getfixturevalue("fulfillment"), request.getfixturevalue("warehouse")
    call(
        staff,
        """mutation ($id: ID!, $warehouse: ID) {
            orderFulfillmentCancel(id: $id, input: { warehouseId: $warehouse }) {
                errors { field message code }
            }
        }""",
        id=global_id(parcel),
        warehouse=global_id(warehouse),
    )
    return {f"fulfillment_canceled:{parcel.pk}"}


def _refund(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    order = request.getfixturevalue("order_with_lines")
    total = order.total_gross_amount
    item = request.getfixturevalue("transaction_item_generator")(
        order_id=order.pk, charged_value=total
    )
    call(
        staff,
        """mutation ($token: UUID, $amount: PositiveDecimal) {
            transactionEventReport(
                token: $token, type: REFUND_SUCCESS, amount: $amount, pspReference: "r"
            ) { errors { field message code } }
        }""",
        token=str(item.token),
        amount=total,
    )
    whole = f"{total.normalize():f}"
    return {f"order_refunded:{order.pk}:{whole}", f"order_fully_refunded:{order.pk}:{whole}"}


def _older_refund(staff: Any, request: pytest.FixtureRequest) -> set[str]:
    order = request.getfixturevalue("payment_txn_captured").order
    settings = request.getfixturevalue("settings")
    gateway = "saleor.payment.gateways.dummy.plugin.DeprecatedDummyGatewayPlugin"
    settings.PLUGINS = [*settings.PLUGINS, gateway]
    call(
        staff,
        """mutation ($id: ID!, $amount: PositiveDecimal!) {
            orderRefund(id: $id, amount: $amount) { errors { field message code } }
        }""",
        id=global_id(order),
        amount=Decimal(10),
    )
    return {f"order_refunded:{order.pk}:10"}


ACTIONS: tuple[Action, ...] = (
    _checkout, _draft, _mark_as_paid, _cancel, _expire, _fulfil, _track, _cancel_parcel,
    _refund, _older_refund,
)  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_hooks_missed_is_found_once(
    staff: Any, lost: list[Happening], request: pytest.FixtureRequest, action: Action
) -> None:
    """Each kind of row is the event of its hook, by key, with the row's own time; and only once.

    A hook that comes later changes nothing.
    """
    before = timezone.now()
    expected = action(staff, request)
    after = timezone.now()
    assert _keys(lost) == expected

    assert _reconcile() == len(expected)

    rows = ShopEvent.objects.all()
    assert {row.key for row in rows} == expected
    assert {row.found for row in rows} == {True}
    assert {before <= row.occurred_at <= after for row in rows} == {True}
    assert [record(each, _ports()) for each in lost if each.name not in SIGNALS] == [False] * len(
        [each for each in lost if each.name not in SIGNALS]
    )
    assert _reconcile(minutes=4) == 0


@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_hooks_told_is_not_found_again(
    staff: Any, request: pytest.FixtureRequest, action: Action
) -> None:
    """The hook's event is the row's event."""
    expected = action(staff, request)
    assert set(ShopEvent.objects.exclude(name__in=SIGNALS).values_list("key", flat=True)) == (
        expected
    )

    assert _reconcile() == 0

    assert ShopEvent.objects.filter(found=True).count() == 0


def test_an_order_that_saleor_did_not_come_to_write_of(
    staff: Any, lost: list[Happening], request: pytest.FixtureRequest
) -> None:
    """Killed right after commit, Saleor has the order and no row of it: its number tells."""
    expected = _checkout(staff, request)
    OrderEvent.objects.all().delete()

    assert _reconcile() == 3

    assert set(ShopEvent.objects.values_list("key", flat=True)) == expected
    order = Order.objects.get()
    assert {row.occurred_at for row in ShopEvent.objects.all()} == {order.created_at}


@pytest.mark.parametrize(
    "type", ["placed", "placed_from_draft", "placed_automatically_from_paid_checkout"]
)
def test_each_way_an_order_is_placed(staff: Any, order_with_lines: Any, type: str) -> None:
    """Whoever placed it: the customer, staff, or Saleor for a cart that was paid and left."""
    OrderEvent.objects.create(order=order_with_lines, type=type)

    assert _reconcile() == 1

    assert ShopEvent.objects.get().key == f"order_created:{order_with_lines.pk}"


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_there_before_is_history(
    dashboard: Dashboard, superuser_api_client: Any, request: pytest.FixtureRequest, action: Action
) -> None:
    """Rows from before the plugin was switched on are never read (law 7)."""
    group = request.getfixturevalue("permission_group_manage_orders")
    group.user_set.add(superuser_api_client.user)
    action(superuser_api_client, request)

    request.getfixturevalue("switched_on")

    assert _reconcile() == 0
    assert ShopEvent.objects.count() == 0


def test_imported_orders_are_no_news(
    staff: Any, order_with_lines: Any, transaction_item_generator: Any
) -> None:
    """Neither the order nor the sums that an import writes of its payments."""
    Order.objects.update(
        origin=OrderOrigin.BULK_CREATE, created_at=timezone.now(), checkout_token="t"
    )
    Position.objects.filter(name="order").update(value=0, highest=0)
    item = transaction_item_generator(order_id=order_with_lines.pk, refunded_value=Decimal(5))
    TransactionEvent.objects.filter(transaction=item).delete()
    TransactionEvent.objects.create(
        transaction=item, type="refund_success", amount_value=Decimal(5), currency="USD",
        include_in_calculations=True, message="Manual adjustment of the transaction.",
    )  # fmt: skip

    assert _reconcile() == 0


def test_an_order_that_a_script_wrote_is_no_news(staff: Any, order_with_lines: Any) -> None:
    """It says that it came from a checkout, and names none."""
    assert order_with_lines.origin == OrderOrigin.CHECKOUT

    assert _reconcile() == 0


def test_a_refund_dated_in_the_future_is_told_now(
    staff: Any, order_with_lines: Any, transaction_item_generator: Any
) -> None:
    """What a payment app says of the time does not hide the row."""
    item = transaction_item_generator(order_id=order_with_lines.pk, refunded_value=Decimal(5))
    TransactionEvent.objects.filter(transaction=item).update(
        created_at=timezone.now() + dt.timedelta(days=1)
    )

    assert _reconcile() == 1

    event = ShopEvent.objects.get()
    assert event.key == f"order_refunded:{order_with_lines.pk}:5"
    assert event.occurred_at <= event.recorded_at


def test_bad_rows_stop_nothing(staff: Any, order_with_lines: Any) -> None:
    """Rows without what they should say are passed over, and the next one is read."""
    for type, parameters in (
        ("tracking_updated", {}),
        ("tracking_updated", {"fulfillment": "x", "tracking_number": None}),
        ("fulfillment_canceled", {}),
        ("fulfillment_fulfilled_items", {"fulfilled_items": [999_999_999]}),
        ("fulfillment_fulfilled_items", {}),
        ("canceled", {}),
    ):
        OrderEvent.objects.create(order=order_with_lines, type=type, parameters=parameters)

    assert _reconcile() == 1

    assert ShopEvent.objects.get().key == f"order_cancelled:{order_with_lines.pk}"


def test_what_a_run_costs(staff: Any, order_list: Any) -> None:
    """As many statements for 300 rows as for 3."""

    def statements(rows: int, minutes: int) -> int:
        for order in order_list:
            OrderEvent.objects.bulk_create(
                OrderEvent(order=order, type="confirmed") for _ in range(rows)
            )
        with CaptureQueriesContext(connection) as captured:
            _reconcile(minutes=minutes)
        return len(captured)

    statements(1, 2)
    assert statements(1, 4) == statements(100, 6)
