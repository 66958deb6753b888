"""A hook never hurts the shop (law 1): its statements counted, its failures swallowed.

What happens outside a transaction needs tests outside one, and emptying Saleor's tables after
each takes seconds: so there are few, and each looks at several things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import graphene
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from saleor.plugins.manager import get_plugins_manager

from saleor_sms_plugin.models import ShopEvent
from saleor_sms_plugin.plugin import SmsPlugin
from tests.saleor.dashboard import PLUGIN_ID, Dashboard

pytestmark = pytest.mark.saleor

EVENTS = "saleor_sms_plugin_shopevent"
MESSAGES = "saleor_sms_plugin_message"


def _plugin(dashboard: Dashboard) -> Any:
    """The plugin as a request loads it."""
    manager = get_plugins_manager(allow_replica=False)
    return manager.get_plugin(PLUGIN_ID, dashboard.channel.slug)


def _statements(call: Callable[[], object]) -> list[str]:
    """The first words of the SQL that a call executes, in order."""
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"].split(" ", 1)[0] for query in captured.captured_queries]


@contextmanager
def _without(table: str) -> Iterator[None]:
    """The table is missing, as before `migrate`."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO hidden")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE hidden RENAME TO {table}")


@pytest.mark.django_db
def test_a_request_that_shows_no_form_makes_none_of_its_rows(
    switched_on: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saleor loads the plugins of every channel for most requests; the form has dozens of rows."""
    made: list[str] = []
    append = SmsPlugin._append_config_structure

    def appended(configuration: Any) -> None:
        made.append(configuration[0]["name"])
        append(configuration)

    monkeypatch.setattr(SmsPlugin, "_append_config_structure", staticmethod(appended))

    plugin = _plugin(switched_on)
    assert made == []

    names = [row["name"] for row in plugin.configuration]
    assert len(made) == 1
    assert sorted(names) == sorted(SmsPlugin.CONFIG_STRUCTURE)
    assert all("label" in row for row in plugin.configuration)
    assert len(made) == 1
    plugin.__del__()
    assert plugin.configuration == []


@pytest.mark.django_db(transaction=True)
def test_the_statements_of_a_hook(switched_on: Dashboard, fulfillment: Any) -> None:
    """One INSERT, a refund one SELECT more; in a transaction none before it commits."""
    plugin, order = _plugin(switched_on), fulfillment.order

    # outside a transaction none is opened, and saying it again costs the same
    assert _statements(lambda: plugin.order_created(order, None)) == ["INSERT"]
    assert _statements(lambda: plugin.order_created(order, None)) == ["INSERT"]
    assert ShopEvent.objects.count() == 1
    for hook in (plugin.order_refunded, plugin.order_fully_refunded):
        assert _statements(lambda: hook(order, None)) == ["SELECT", "INSERT"]  # noqa: B023
    for hook in (plugin.fulfillment_created, plugin.fulfillment_canceled):
        assert _statements(lambda: hook(fulfillment, previous_value=None)) == ["INSERT"]  # noqa: B023
    assert ShopEvent.objects.count() == 5

    # inside a transaction
    def committed() -> None:
        with transaction.atomic():
            assert _statements(lambda: plugin.order_cancelled(order, None)) == []

    assert _statements(committed) == ["BEGIN", "COMMIT", "INSERT"]
    assert ShopEvent.objects.count() == 6

    # what did not happen
    with transaction.atomic():
        plugin.order_expired(order, None)
        transaction.set_rollback(True)
    assert ShopEvent.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_missing_tables(
    switched_on: Dashboard,
    api_client: Any,
    channel_USD: Any,
    checkout_ready_to_complete: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Before `migrate` orders are placed, one log line each, and the form says what to do."""
    channel_USD.allow_unpaid_orders = True
    channel_USD.save()
    checkout_id = graphene.Node.to_global_id("Checkout", checkout_ready_to_complete.pk)

    with _without(EVENTS):
        done = api_client.post_graphql(
            """mutation ($id: ID!) {
                checkoutComplete(id: $id) { order { id } errors { field message } }
            }""",
            {"id": checkout_id},
        ).json()["data"]["checkoutComplete"]
    with _without(MESSAGES):
        form = switched_on.form()
    with _without("saleor_sms_plugin_activation"):
        refused = switched_on.save(shop_name="Other")

    assert done["errors"] == []
    assert done["order"]["id"]
    lines = [record for record in caplog.records if record.name.startswith("saleor_sms_plugin")]
    assert [vars(record)["action"] for record in lines] == [
        "record_failed"
    ] * 2  # created, confirmed
    assert "migrate saleor_sms_plugin" in str(form["status"])
    assert [("migrate saleor_sms_plugin" in message) for message in refused] == [True]
    assert switched_on.stored["shop_name"] == "Example"


@pytest.mark.django_db
def test_nothing_while_inactive(dashboard: Dashboard, order: Any) -> None:
    """A channel that is switched off costs no statement."""
    plugin = _plugin(dashboard)

    assert _statements(lambda: plugin.order_created(order, None)) == []
