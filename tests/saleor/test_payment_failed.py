"""Failed payments on Saleor's own code: each way they are written, and what makes them no text."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from saleor.account.models import Address
from saleor.checkout.models import Checkout
from saleor.graphql.tests.fixtures import ApiClient
from saleor.order import OrderStatus
from saleor.order.models import Order
from saleor.payment import PaymentError, TransactionEventType, gateway
from saleor.payment.models import Payment, TransactionEvent, TransactionItem
from saleor.plugins.manager import get_plugins_manager

from saleor_sms_plugin.host.shop import SaleorShop
from saleor_sms_plugin.models import Message, ShopEvent
from saleor_sms_plugin.ports import Checkout as PlainCheckout
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.services import detect, working
from saleor_sms_plugin.testing.shop import CountingWake, FixedClock
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.calling import call, global_id
from tests.saleor.dashboard import Dashboard
from tests.saleor.payment_app import PaymentApp

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

OLA, STAFF = "+48512345678", "+48600100200"
ALERT = "please check a"

Texts = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def shop(switched_on: Dashboard) -> Dashboard:
    """The plugin is on, with a staff number, and nobody sleeps."""
    advanced = "night = off\nstaff_night = off\nstaff_language = en"
    assert switched_on.save(staff_numbers=STAFF, advanced=advanced) == []
    return switched_on


def _ports(**later: float) -> Ports:
    clock = FixedClock(timezone.now() + dt.timedelta(**later))
    return Ports(shop=SaleorShop(), wake=CountingWake(), clock=clock)


@pytest.fixture
def texts(shop: Dashboard, vonage: VonageServer) -> Texts:
    """Everything that is sent within 20 minutes, as (recipient, text)."""

    def after_the_grace() -> list[tuple[str, str]]:
        for minutes in (0, 6, 20):
            ports = _ports(minutes=minutes)
            working.work(ports, ports.clock.now() + dt.timedelta(seconds=5))
        return [(f"+{each.body['to']}", str(each.body["text"])) for each in vonage.accepted]

    return after_the_grace


@pytest.fixture
def order(order_with_lines: Order) -> Order:
    """An unpaid order of Ola's."""
    Address.objects.update(phone=OLA)
    return order_with_lines


@pytest.fixture
def checkout(checkout_ready_to_complete: Checkout) -> Checkout:
    """Ola's checkout, with everything filled in."""
    Address.objects.update(phone=OLA)
    Checkout.objects.update(total_gross_amount=Decimal(30), total_net_amount=Decimal(30))
    checkout_ready_to_complete.refresh_from_db()
    return checkout_ready_to_complete


@pytest.fixture
def payments(
    shop: Dashboard, settings: Any, permission_manage_payments: Any
) -> Iterator[PaymentApp]:
    """A payment app, and Saleor's own plugin that calls apps."""
    settings.PLUGINS = [*settings.PLUGINS, "saleor.plugins.webhook.plugin.WebhookPlugin"]
    with PaymentApp(permission_manage_payments) as app:
        yield app


@pytest.fixture
def boss(superuser_api_client: Any, permission_group_manage_orders: Any) -> Any:
    """A member of the staff with every permission, in every channel."""
    permission_group_manage_orders.user_set.add(superuser_api_client.user)
    return superuser_api_client


def _transaction(subject: Order | Checkout, app: Any = None, **values: Any) -> TransactionItem:
    of = {"order_id": subject.pk} if isinstance(subject, Order) else {"checkout_id": subject.pk}
    return TransactionItem.objects.create(
        **of, currency=subject.currency, app=app, psp_reference=uuid.uuid4().hex,
        app_identifier=app.identifier if app else None,
        available_actions=["charge", "refund", "cancel"], **values,
    )  # fmt: skip


def _report(
    client: Any, transaction: TransactionItem, type: str, amount: Decimal | int = 10,
    reference: str | None = None, refused: bool = False,
) -> None:  # fmt: skip
    """The payment app reports; ``transactionEventReport``."""
    call(
        client,
        """mutation ($id: ID!, $type: TransactionEventTypeEnum!, $amount: PositiveDecimal!,
                $reference: String!) {
            transactionEventReport(
                id: $id, type: $type, amount: $amount, pspReference: $reference
            ) { errors { field message code } }
        }""",
        refused,
        id=global_id(transaction), type=type, amount=str(amount),
        reference=reference or uuid.uuid4().hex,
    )  # fmt: skip


def _initialize(client: Any, subject: Order | Checkout, amount: Decimal = Decimal(10)) -> str:
    """The storefront starts a payment; the id of its transaction."""
    made = call(
        client,
        """mutation ($id: ID!, $gateway: String!, $amount: PositiveDecimal!) {
            transactionInitialize(
                id: $id, amount: $amount, paymentGateway: { id: $gateway, data: {} }
            ) { transaction { id } errors { field message code } }
        }""",
        id=global_id(subject), gateway=PaymentApp.IDENTIFIER, amount=str(amount),
    )  # fmt: skip
    return str(made["transaction"]["id"])


def _request(client: Any, transaction: TransactionItem, action: str, refused: bool = False) -> None:
    """Staff ask for it; the request goes to the app in the worker."""
    call(
        client,
        """mutation ($id: ID!, $action: TransactionActionEnum!) {
            transactionRequestAction(id: $id, actionType: $action, amount: 10) {
                errors { field message code }
            }
        }""",
        refused,
        id=global_id(transaction), action=action,
    )  # fmt: skip


def _assert_only(sent: list[tuple[str, str]], recipient: str, words: str) -> None:
    assert [(to, words in text) for to, text in sent] == [(recipient, True)], sent


FAILED = "did not go through"


# Each way a failure is written: one text


@pytest.mark.parametrize("type", ["CHARGE_FAILURE", "AUTHORIZATION_FAILURE"])
@pytest.mark.parametrize("of", ["order", "checkout"])
def test_reported_by_the_app(
    texts: Texts, boss: Any, request: pytest.FixtureRequest, of: str, type: str
) -> None:
    """transactionEventReport, on an order and on a checkout."""
    transaction = _transaction(request.getfixturevalue(of))

    _report(boss, transaction, type)

    _assert_only(texts(), OLA, FAILED)
    event = TransactionEvent.objects.get(transaction=transaction)
    assert (
        ShopEvent.objects.get(name="payment_failed").subject_id == f"transaction_event:{event.pk}"
    )


@pytest.mark.parametrize("of", ["order", "checkout"])
def test_answered_at_initialize(
    texts: Texts, api_client: Any, payments: PaymentApp, request: pytest.FixtureRequest, of: str
) -> None:
    """transactionInitialize: the app's answer over HTTP is a failure."""
    payments.will_answer("CHARGE_FAILURE", Decimal(10))

    _initialize(api_client, request.getfixturevalue(of))

    assert payments.asked == 1
    _assert_only(texts(), OLA, FAILED)


def test_answered_at_process(
    texts: Texts, api_client: Any, payments: PaymentApp, checkout: Checkout
) -> None:
    """transactionProcess: after the customer's 3-D Secure the app says no."""
    payments.will_answer("CHARGE_ACTION_REQUIRED", Decimal(10), data={})
    transaction = _initialize(api_client, checkout)
    payments.will_answer("CHARGE_FAILURE", Decimal(10))

    call(
        api_client,
        """mutation ($id: ID!) {
            transactionProcess(id: $id, data: {}) { errors { field message code } }
        }""",
        id=transaction,
    )

    assert payments.asked == 2
    _assert_only(texts(), OLA, FAILED)


def test_answered_in_the_worker(
    texts: Texts, boss: Any, payments: PaymentApp, order: Order
) -> None:
    """transactionRequestAction: a charge of a stored card, asked for in the worker."""
    transaction = _transaction(order, payments.app)
    payments.will_answer("CHARGE_FAILURE", Decimal(10))

    _request(boss, transaction, "CHARGE")

    assert payments.asked == 1
    _assert_only(texts(), OLA, FAILED)


def test_an_app_that_does_not_answer(
    texts: Texts, api_client: Any, payments: PaymentApp, checkout: Checkout
) -> None:
    """No answer is no refusal: staff are asked to check, and the customer is not asked to pay."""
    _initialize(api_client, checkout)

    assert payments.asked >= 1
    assert TransactionEvent.objects.get(type="charge_failure").include_in_calculations is False
    _assert_only(texts(), STAFF, f"{ALERT} payment that got no clear answer")
    assert Message.objects.get(event_name="payment_failed").reason == "payment_unclear"


def test_rows_written_by_a_script(texts: Texts, order: Order) -> None:
    """bulk_create sends no signal: the detector finds the row."""
    transaction = _transaction(order)
    TransactionEvent.objects.bulk_create(
        [
            TransactionEvent(
                transaction=transaction, type=TransactionEventType.CHARGE_FAILURE,
                amount_value=10, currency="USD", include_in_calculations=True,
            )
        ]
    )  # fmt: skip
    assert ShopEvent.objects.count() == 0

    ports = _ports(minutes=1, seconds=1)
    assert detect.run(ports, ports.clock.now() + dt.timedelta(seconds=5)) == 1

    # recorded at the detector's time, one minute from now
    ShopEvent.objects.update(recorded_at=timezone.now(), plan_at=timezone.now())
    _assert_only(texts(), OLA, FAILED)


@pytest.mark.parametrize("found", ["signal", "detector"])
def test_an_older_gateway(
    texts: Texts, order: Order, payment_dummy: Payment, found: str, settings: Any,
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    """payment.Transaction with is_success = False, by signal or by the detector."""
    settings.PLUGINS = [
        *settings.PLUGINS, "saleor.payment.gateways.dummy.plugin.DeprecatedDummyGatewayPlugin",
    ]  # fmt: skip
    monkeypatch.setattr("saleor.payment.gateways.dummy.dummy_success", lambda: False)

    with django_capture_on_commit_callbacks(execute=found == "signal"), pytest.raises(PaymentError):
        gateway.process_payment(
            payment_dummy, "token", get_plugins_manager(allow_replica=False),
            channel_slug=order.channel.slug,
        )  # fmt: skip

    if found == "detector":
        ports = _ports(minutes=1, seconds=1)
        assert detect.run(ports, ports.clock.now() + dt.timedelta(seconds=5)) == 1
        ShopEvent.objects.update(recorded_at=timezone.now(), plan_at=timezone.now())
    failed = payment_dummy.transactions.get()
    assert ShopEvent.objects.get(name="payment_failed").subject_id == f"transaction:{failed.pk}"
    _assert_only(texts(), OLA, FAILED)


OLDER_GATEWAY = "saleor.payment.gateways.dummy.plugin.DeprecatedDummyGatewayPlugin"


@pytest.fixture
def older(
    settings: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> Callable[..., None]:
    """An older gateway refuses what is asked of it, or gives no answer."""
    settings.PLUGINS = [*settings.PLUGINS, OLDER_GATEWAY]

    def fails(ask: Callable[..., Any], payment: Payment, answers: bool = True) -> None:
        def says() -> bool:
            if answers:
                return False
            raise PaymentError("timeout")

        monkeypatch.setattr("saleor.payment.gateways.dummy.dummy_success", says)
        token = ("token",) if ask is gateway.process_payment else ()
        manager = get_plugins_manager(allow_replica=False)
        with django_capture_on_commit_callbacks(execute=True), pytest.raises(PaymentError):
            ask(payment, *token, manager, channel_slug=payment.order.channel.slug)

    return fails


def test_an_older_gateway_that_does_not_answer(
    texts: Texts, order: Order, payment_dummy: Payment, older: Callable[..., None]
) -> None:
    """No answer is no refusal there, either."""
    older(gateway.process_payment, payment_dummy, answers=False)

    _assert_only(texts(), STAFF, f"{ALERT} payment that got no clear answer")
    assert Message.objects.get(event_name="payment_failed").reason == "payment_unclear"


def test_a_capture_by_an_older_gateway_is_for_staff(
    texts: Texts, order: Order, payment_txn_preauth: Payment, older: Callable[..., None]
) -> None:
    """The customer's authorization stands."""
    Address.objects.update(phone=OLA)
    older(gateway.capture, payment_txn_preauth)

    _assert_only(texts(), STAFF, f"{ALERT} failed capture")
    assert Message.objects.get(event_name="payment_failed").reason == "staff_matter"


def test_a_refund_by_an_older_gateway_is_for_staff(
    texts: Texts, order: Order, payment_txn_captured: Payment, older: Callable[..., None]
) -> None:
    """One alert, and no decision about the customer."""
    Address.objects.update(phone=OLA)
    older(gateway.refund, payment_txn_captured)

    _assert_only(texts(), STAFF, f"{ALERT} failed refund")
    assert not Message.objects.filter(event_name="payment_failed").exists()


@pytest.mark.parametrize("reference", ["the-same", "", None])
def test_rows_with_one_reference_are_one_text(
    texts: Texts, order: Order, reference: str | None
) -> None:
    """The provider's reference is repeated, empty or absent: rows are told apart by their ids."""
    transaction = _transaction(order)
    for _ in range(3):
        TransactionEvent.objects.create(
            transaction=transaction, type=TransactionEventType.CHARGE_FAILURE, currency="USD",
            amount_value=10, include_in_calculations=True, psp_reference=reference,
        )  # fmt: skip

    _assert_only(texts(), OLA, FAILED)
    assert ShopEvent.objects.filter(name="payment_failed").count() == 3


@pytest.mark.parametrize(
    ("days", "status", "reason"),
    [(-20_000, "suppressed", "before_activation"), (20_000, "sent", "")],
)
def test_what_the_app_says_of_the_time(
    texts: Texts, boss: Any, order: Order, days: int, status: str, reason: str
) -> None:
    """Long past, it is history; in the future, it is now."""
    at = (timezone.now() + dt.timedelta(days=days)).isoformat()
    call(
        boss,
        """mutation ($id: ID!, $time: DateTime) {
            transactionEventReport(
                id: $id, type: CHARGE_FAILURE, amount: 10, pspReference: "r", time: $time
            ) { errors { field message code } }
        }""",
        id=global_id(_transaction(order)), time=at,
    )  # fmt: skip

    texts()

    message = Message.objects.get(event_name="payment_failed")
    assert (message.status, message.reason) == (status, reason)


# What makes it none


def test_a_second_card_within_the_grace(texts: Texts, boss: Any, checkout: Checkout) -> None:
    """Failure, then success with another transaction: the checkout is covered."""
    _report(boss, _transaction(checkout), "CHARGE_FAILURE")
    good = _transaction(checkout)
    _report(boss, good, "CHARGE_SUCCESS", checkout.total_gross_amount)

    assert [text for _, text in texts() if FAILED in text or ALERT in text] == []
    assert Message.objects.get(event_name="payment_failed").reason == "paid"


@pytest.mark.parametrize("type", ["CHARGE_SUCCESS", "AUTHORIZATION_SUCCESS"])
def test_a_success_of_the_same_transaction(
    texts: Texts, boss: Any, order: Order, type: str
) -> None:
    """The app reports failure, then success: whatever the amounts."""
    transaction = _transaction(order)
    _report(boss, transaction, type.replace("SUCCESS", "FAILURE"))
    _report(boss, transaction, type, 1)

    assert [text for _, text in texts() if FAILED in text or ALERT in text] == []
    assert Message.objects.get(event_name="payment_failed").reason == "paid"


def test_a_success_reported_twice_with_another_amount(
    texts: Texts, boss: Any, order: Order
) -> None:
    """Saleor writes a failure row for a payment that succeeded: nobody is told anything."""
    transaction, total = _transaction(order), order.total_gross_amount
    _report(boss, transaction, "CHARGE_SUCCESS", total, "ref")
    _report(boss, transaction, "CHARGE_SUCCESS", total + 1, "ref", refused=True)

    assert TransactionEvent.objects.filter(type="charge_failure").count() == 1
    assert [text for _, text in texts() if FAILED in text or ALERT in text] == []


def test_a_second_authorization(texts: Texts, boss: Any, order: Order) -> None:
    """Saleor refuses it and writes a failure row; the money is reserved."""
    transaction, total = _transaction(order), order.total_gross_amount
    _report(boss, transaction, "AUTHORIZATION_SUCCESS", total)
    _report(boss, transaction, "AUTHORIZATION_SUCCESS", total, refused=True)

    assert TransactionEvent.objects.filter(type="authorization_failure").count() == 1
    assert [text for _, text in texts() if FAILED in text or ALERT in text] == []


def test_a_capture_without_an_app_on_a_paid_order(texts: Texts, boss: Any, order: Order) -> None:
    """Staff press Capture, and no app is there: the order is paid, nobody is told anything."""
    paid = _transaction(order)
    _report(boss, paid, "CHARGE_SUCCESS", order.total_gross_amount)
    _request(boss, _transaction(order, authorized_value=10), "CHARGE", refused=True)

    assert TransactionEvent.objects.filter(type="charge_failure").count() == 1
    assert [text for _, text in texts() if FAILED in text or ALERT in text] == []


def test_a_capture_that_fails_is_for_staff(
    texts: Texts, boss: Any, payments: PaymentApp, order: Order
) -> None:
    """The customer has done their part: staff get one alert."""
    transaction = _transaction(order, payments.app)
    _report(ApiClient(app=payments.app), transaction, "AUTHORIZATION_SUCCESS", 10)
    payments.will_answer("CHARGE_FAILURE", Decimal(10))

    _request(boss, transaction, "CHARGE")

    _assert_only(texts(), STAFF, f"{ALERT} failed capture")
    assert Message.objects.get(event_name="payment_failed").reason == "staff_matter"


@pytest.mark.parametrize(
    ("action", "result", "words"),
    [
        ("REFUND", "REFUND_FAILURE", f"{ALERT} failed refund"),
        ("CANCEL", "CANCEL_FAILURE", f"{ALERT} failed cancellation of a payment"),
    ],
)
def test_refunds_and_cancellations_are_for_staff(
    texts: Texts, boss: Any, payments: PaymentApp, order: Order, action: str, result: str,
    words: str,
) -> None:  # fmt: skip
    """One alert, nothing to the customer, and no decision about the customer either."""
    transaction = _transaction(order, payments.app, charged_value=10, authorized_value=10)
    payments.will_answer(result, Decimal(10))

    _request(boss, transaction, action)

    _assert_only(texts(), STAFF, words)
    assert not Message.objects.filter(event_name="payment_failed").exists()


@pytest.mark.parametrize("again", ["CHARGE_REQUEST", "CHARGE_ACTION_REQUIRED"])
def test_another_attempt_is_running(
    texts: Texts, api_client: Any, payments: PaymentApp, checkout: Checkout, again: str
) -> None:
    """Failure, then a second attempt that is not answered yet or waits for the customer: wait."""
    payments.will_answer("CHARGE_FAILURE", Decimal(10))
    _initialize(api_client, checkout)
    payments.will_answer(again, Decimal(10), data={})
    _initialize(api_client, checkout)

    assert texts() == []
    assert not Message.objects.filter(event_name="payment_failed").exists()
    planned = ShopEvent.objects.get().plan_at
    assert planned is not None
    assert planned > timezone.now()


def test_no_answer_and_then_a_clear_refusal(
    texts: Texts, boss: Any, api_client: Any, payments: PaymentApp, checkout: Checkout
) -> None:
    """The customer hears, and staff have nothing to check."""
    _initialize(api_client, checkout)
    transaction = TransactionItem.objects.get()
    _report(ApiClient(app=payments.app), transaction, "CHARGE_FAILURE")

    _assert_only(texts(), OLA, FAILED)


def test_a_gift_card_that_covers_the_checkout(
    texts: Texts, boss: Any, checkout: Checkout, gift_card: Any
) -> None:
    """Saleor's own status of the checkout says so, too."""
    gift_card.current_balance_amount = checkout.total_gross_amount
    gift_card.save()
    checkout.gift_cards.add(gift_card)
    _report(boss, _transaction(checkout), "CHARGE_FAILURE")

    assert texts() == []
    assert Message.objects.get(event_name="payment_failed").reason == "paid"


REQUEST, FAILURE, SUCCESS = "charge_request", "charge_failure", "charge_success"
TO_DO = "authorization_action_required"


@pytest.mark.parametrize(
    ("rows", "refused", "superseded"),
    [
        ([("A", FAILURE, True)], False, False),
        ([("A", FAILURE, True), ("B", REQUEST, False)], False, True),
        ([("A", FAILURE, True), ("B", TO_DO, False)], False, True),
        # a second try that was answered is over, whatever the answer
        ([("A", FAILURE, True), ("B", REQUEST, True), ("B", SUCCESS, True)], False, False),
        ([("A", FAILURE, True), ("B", TO_DO, True), ("B", "cancel_success", True)], False, False),
        ([("A", FAILURE, True), ("B", REQUEST, True), ("B", FAILURE, True)], False, False),
        ([("A", FAILURE, True), ("B", REQUEST, True), ("B", FAILURE, False)], False, False),
        # no answer, then a clear one, or another one that is none
        ([("A", FAILURE, False), ("A", FAILURE, True)], True, False),
        ([("A", FAILURE, False), ("A", FAILURE, False)], False, False),
        ([("A", FAILURE, False), ("B", FAILURE, True)], False, False),
    ],
)
def test_what_later_rows_say_of_a_failure(
    order: Order, rows: list[tuple[str, str, bool]], refused: bool, superseded: bool
) -> None:
    """Whether a later try runs, and whether what was unclear was refused since."""
    transactions = {name: _transaction(order) for name, *_ in rows}
    written = [
        TransactionEvent.objects.create(
            transaction=transactions[name], type=type, include_in_calculations=counted,
            currency="USD", amount_value=10,
        )
        for name, type, counted in rows
    ]  # fmt: skip

    with SaleorShop().writer():
        key = f"transaction_event:{written[0].pk}"
        said = SaleorShop().payment_failures([key])[key]

    assert (said.refused, said.superseded) == (refused, superseded)


@pytest.mark.parametrize(
    ("again", "superseded"),
    [
        ({}, True),
        ({"is_active": False}, False),
        ({"kind": "auth", "is_success": False}, False),
        ({"kind": "auth", "is_success": True, "action_required": True}, True),
        ({"kind": "capture", "is_success": True}, False),
    ],
)
@pytest.mark.parametrize("same", [False, True])
def test_a_second_try_at_an_older_gateway(
    order: Order, payment_dummy: Payment, again: dict[str, Any], superseded: bool, same: bool
) -> None:
    """A new payment of the order, or the same one: it runs until its last row answers it."""
    first = payment_dummy
    failed = first.transactions.create(
        kind="auth", is_success=False, amount=10, currency="USD", gateway_response={}
    )
    later = dict(again)
    active = later.pop("is_active", True)
    second = first
    if not same:
        second = Payment.objects.create(
            gateway=first.gateway, order=order, total=10, currency="USD", is_active=active
        )
    if later:
        second.transactions.create(amount=10, currency="USD", gateway_response={}, **later)
        second.to_confirm = bool(later.get("action_required"))
        second.save()

    with SaleorShop().writer():
        key = f"transaction:{failed.pk}"
        said = SaleorShop().payment_failures([key])[key]

    assert said.superseded is (superseded and (not same or bool(later)))


@pytest.mark.parametrize(
    ("who", "counts"), [("customer", True), ("payment app", True), ("staff", False), ("app", False)]
)
def test_whose_step_the_last_one_was(
    order: Order, payments: PaymentApp, staff_user: Any, app: Any, who: str, counts: bool
) -> None:
    """A request of staff, or of another app, is no sign that the customer is awake."""
    transaction = _transaction(order, payments.app)
    began, asked = timezone.now() - dt.timedelta(hours=9), timezone.now()
    TransactionItem.objects.update(created_at=began)
    by = {"payment app": {"app": payments.app}, "staff": {"user": staff_user}, "app": {"app": app}}
    for type in (REQUEST, FAILURE):
        row = TransactionEvent.objects.create(
            transaction=transaction, type=type, created_at=asked, currency="USD",
            include_in_calculations=True, **by.get(who, {}),
        )  # fmt: skip

    with SaleorShop().writer():
        key = f"transaction_event:{row.pk}"
        said = SaleorShop().payment_failures([key])[key]

    assert said.acted_at == (asked if counts else began)


def test_a_cancelled_order(texts: Texts, boss: Any, order: Order) -> None:
    """Nobody is asked to pay for what was cancelled."""
    _report(boss, _transaction(order), "CHARGE_FAILURE")
    Order.objects.update(status=OrderStatus.CANCELED)

    assert texts() == []
    assert Message.objects.get(event_name="payment_failed").reason == "order_cancelled"


def test_several_failures_are_one_text(
    texts: Texts, api_client: Any, payments: PaymentApp, checkout: Checkout
) -> None:
    """Three refused cards on one checkout: one text."""
    for _ in range(3):
        payments.will_answer("CHARGE_FAILURE", Decimal(10))
        _initialize(api_client, checkout)

    _assert_only(texts(), OLA, FAILED)
    assert ShopEvent.objects.filter(name="payment_failed").count() == 3


def test_a_checkout_that_was_deleted(texts: Texts, boss: Any, checkout: Checkout) -> None:
    """Its transaction hangs on nothing any more: said on the event, and the next one goes on."""
    _report(boss, _transaction(checkout), "CHARGE_FAILURE")
    checkout.delete()

    assert texts() == []
    assert ShopEvent.objects.get().facts == {"ended": "order_gone"}


def test_a_shop_that_never_switched_on(
    dashboard: Dashboard, boss: Any, order: Order, vonage: VonageServer
) -> None:
    """Recording costs one row, and nothing comes of it."""
    _report(boss, _transaction(order), "CHARGE_FAILURE")

    ports = _ports(minutes=20)
    working.work(ports, ports.clock.now() + dt.timedelta(seconds=5))

    assert Message.objects.count() == 0
    assert vonage.requests == []


# What the engine sees


def test_a_checkout_that_became_an_order(
    texts: Texts, boss: Any, api_client: Any, channel_USD: Any, checkout: Checkout
) -> None:
    """A refused card, then an order without payment: the one text names the order."""
    channel_USD.allow_unpaid_orders = True
    channel_USD.save()
    _report(boss, _transaction(checkout), "CHARGE_FAILURE")
    call(
        api_client,
        """mutation ($id: ID!) {
            checkoutComplete(id: $id) { order { id } errors { field message code } }
        }""",
        id=global_id(checkout),
    )
    order = Order.objects.get(checkout_token=str(checkout.pk))

    about_payment = [(to, text) for to, text in texts() if FAILED in text or ALERT in text]

    _assert_only(about_payment, OLA, f"for order {order.number} {FAILED}")
    assert Message.objects.get(event_name="payment_failed").order_id == str(order.pk)


def test_a_checkout_as_a_plain_value(checkout: Checkout, dashboard: Dashboard) -> None:
    """Language, money, pieces, first item and phone; nothing that only an order has."""
    _transaction(checkout, charged_value=3, authorized_value=4, charge_pending_value=5)
    checkout.completing_started_at = timezone.now()
    checkout.save()
    line = checkout.lines.get()

    with SaleorShop().writer():
        found = SaleorShop().checkouts([str(checkout.pk), str(uuid.uuid4()), "n/a"])

    assert list(found) == [str(checkout.pk)]
    value = found[str(checkout.pk)]
    assert isinstance(value, PlainCheckout)
    assert (value.number, value.status) == ("", "checkout")
    money = [value.total, value.charged, value.authorized, value.pending]
    assert money == [Decimal(each) for each in (30, 3, 4, 5)]
    assert (value.item_count, value.first_item) == (3, line.variant.product.name)
    assert value.billing is not None
    assert (value.billing.phone, value.completing) == (OLA, True)
    assert (value.email, value.channel_slug) == (checkout.email or "", checkout.channel.slug)


def test_a_signal_costs_one_statement(
    order: Order, django_capture_on_commit_callbacks: Any
) -> None:
    """Saleor's own INSERT, and after its commit one of ours (law 1)."""
    transaction = _transaction(order)

    with (
        CaptureQueriesContext(connection) as queries,
        django_capture_on_commit_callbacks(execute=True),
    ):
        TransactionEvent.objects.create(
            transaction=transaction, type=TransactionEventType.CHARGE_FAILURE, currency="USD"
        )

    ours = [each["sql"] for each in queries if "saleor_sms_plugin" in each["sql"]]
    assert [sql.split()[0] for sql in ours] == ["INSERT"]


def test_many_failures_are_read_in_few_queries(order: Order) -> None:
    """Twenty failures cost as many queries as one."""
    shop = SaleorShop()
    references = []
    for _ in range(20):
        event = TransactionEvent.objects.create(
            transaction=_transaction(order), type=TransactionEventType.CHARGE_FAILURE,
            currency="USD",
        )  # fmt: skip
        references.append(f"transaction_event:{event.pk}")

    def cost(count: int) -> int:
        with CaptureQueriesContext(connection) as queries, shop.writer():
            assert len(shop.payment_failures(references[:count])) == count
        return len(queries)

    assert cost(20) == cost(1) <= 3
