"""When somebody usually orders, read from Saleor's orders by its indexes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from saleor.checkout.models import Checkout
from saleor.order.models import Order

from saleor_sms_plugin import wiring
from saleor_sms_plugin.ports import Shop

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

NEWEST = dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
GUEST = "guest@example.com"
Placed = Callable[..., Order]


@pytest.fixture
def shop() -> Shop:
    return wiring.ports().shop


@pytest.fixture
def placed(order_generator: Any) -> Placed:
    """Makes an order that somebody placed so many days before the newest one."""

    def place(days: int, **values: Any) -> Order:
        order: Order = order_generator(**values)
        Order.objects.filter(pk=order.pk).update(created_at=NEWEST - days * DAY)
        return order

    return place


def _times(shop: Shop, *orders: Order) -> list[list[int]]:
    """Of each order's person, how many days before the newest one they ordered."""
    read = shop.orders([str(order.pk) for order in orders])
    found = shop.order_times(list(read.values()))
    return [[(NEWEST - at) // DAY for at in found.get(str(order.pk), ())] for order in orders]


def test_the_orders_of_a_user_and_of_an_email(
    shop: Shop, placed: Placed, customer_user: Any, customer_user2: Any
) -> None:
    """Newest first; a user's own and those made with their e-mail before they had an account."""
    mine = placed(0)
    placed(3)
    placed(2, user=None)
    guests = placed(1, user=None, user_email=GUEST)
    placed(4, user=customer_user2, user_email=customer_user2.email)

    assert _times(shop, mine, guests) == [[0, 2, 3], [1]]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "draft"},
        {"status": "canceled"},
        {"status": "expired"},
        {"origin": "draft"},
        {"origin": "reissue"},
        {"origin": "bulk_create"},
    ],
)
def test_what_the_customer_did_not_order(
    shop: Shop, placed: Placed, values: dict[str, str]
) -> None:
    """Drafts, what staff made, imports, and what came to nothing say nothing of a habit."""
    mine = placed(0)
    placed(1, **values)
    assert _times(shop, mine) == [[0]]


def test_nobody_has_no_habit(shop: Shop, placed: Placed) -> None:
    """Orders without user and e-mail are not one person's."""
    first, second = (placed(days, user=None, user_email="") for days in (0, 1))
    assert _times(shop, first, second) == [[], []]


def test_the_newest_twenty(shop: Shop, placed: Placed) -> None:
    """However many orders there are, a bounded number is read."""
    mine = [placed(days) for days in range(23)]
    assert _times(shop, mine[0]) == [list(range(20))]


def test_a_cart(shop: Shop, placed: Placed, checkout_with_item: Checkout) -> None:
    """An open checkout is its user's, or its e-mail's."""
    placed(1, user=None, user_email=GUEST)
    Checkout.objects.filter(pk=checkout_with_item.pk).update(email=GUEST, user=None)
    cart = shop.checkouts([str(checkout_with_item.pk)])

    assert shop.order_times(list(cart.values())) == {str(checkout_with_item.pk): [NEWEST - DAY]}


def test_two_statements_for_any_number(shop: Shop, placed: Placed) -> None:
    """Thirty orders of as many persons cost as much as one; nobody costs nothing."""
    orders = [placed(n, user=None, user_email=f"{uuid.uuid4()}@example.com") for n in range(30)]
    read = list(shop.orders([str(order.pk) for order in orders]).values())

    def statements(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.order_times(read[:count])) == count
        return len(captured)

    assert (statements(30), statements(1), statements(0)) == (2, 2, 0)


def test_the_indexes_are_used(shop: Shop, placed: Placed) -> None:
    """Both parts of who somebody is are found without reading every order."""
    read = list(shop.orders([str(placed(0).pk)]).values())
    with CaptureQueriesContext(connection) as captured:
        shop.order_times(read)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")  # of the order, which has few rows here
        cursor.execute(f"EXPLAIN {captured[-1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan, plan
    assert "order_user_email_user_id_idx" in plan, plan
