"""A copied database sends nothing, and nothing is sent for the past (laws 7 and 12)."""

from __future__ import annotations

from typing import Any

import pytest
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.models import PluginConfiguration

from saleor_sms_plugin.models import Message
from saleor_sms_plugin.tasks import periodic, run
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.dashboard import Dashboard
from tests.saleor.test_host import OLA, _phone_by_sql

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]


@pytest.fixture
def place(
    dashboard: Dashboard,
    order_generator: Any,
    address: Any,
    django_capture_on_commit_callbacks: Any,
) -> Any:
    """Places an order of a buyer with a mobile; what was recorded is not yet planned."""

    def order() -> Any:
        buyer = address.get_copy()
        _phone_by_sql(buyer, OLA)
        placed = order_generator(billing_address=buyer)
        with django_capture_on_commit_callbacks(execute=True):
            get_plugins_manager(allow_replica=False).order_created(placed)
        return placed

    return order


def _decisions(order: Any) -> list[tuple[str, str]]:
    rows = Message.objects.filter(order_id=str(order.pk), event_name="order_created")
    return [(row.status, row.reason) for row in rows]


@pytest.mark.parametrize(
    "change", [{"PUBLIC_URL": "https://staging.example.com"}, {"SECRET_KEY": "another"}]
)
def test_a_copied_database_sends_nothing(
    switched_on: Dashboard,
    place: Any,
    vonage: VonageServer,
    settings: Any,
    change: dict[str, str],
) -> None:
    """Under another address or key everything is held, and the form says so, until staff saves.

    What came along in the copy is the other installation's to send, and ends.
    """
    came_along = place()
    periodic()
    assert _decisions(came_along) == [("sent", "")]
    vonage.script("throttle")
    waiting = place()
    run()
    assert _decisions(waiting) == [("queued", "retry")]
    vonage.requests.clear()

    # the copy
    for name, value in change.items():
        setattr(settings, name, value)
    own = place()
    periodic()
    assert vonage.requests == []
    assert [status for status, _ in _decisions(waiting) + _decisions(own)] == ["held", "held"]
    assert "Everything is held" in str(switched_on.form()["status"])

    # staff saves
    assert switched_on.save(shop_name="Staging") == []
    periodic()
    assert _decisions(waiting) == [("cancelled", "other_installation")]
    assert _decisions(own) == [("sent", "")]
    assert len(vonage.accepted) == 1
    assert "Everything is held" not in str(switched_on.form()["status"])


def test_nothing_for_the_past(switched_on: Dashboard, place: Any, vonage: VonageServer) -> None:
    """What waited when an event was switched off has ended, also when it is switched on again."""
    vonage.script("throttle")
    order = place()
    run()
    assert _decisions(order) == [("queued", "retry")]

    switched_on.save(send_order_created="false")
    switched_on.save(send_order_created="true")
    Message.objects.update(not_before=Message.objects.get().created_at)
    periodic()

    assert _decisions(order) == [("suppressed", "before_activation")]
    assert len(vonage.accepted) == 0


def test_switching_on_by_sql_starts_at_the_next_periodic_run(
    switched_on: Dashboard, place: Any, vonage: VonageServer
) -> None:
    """A row that was switched on past the dashboard sends nothing older than its first run."""
    switched_on.save(active=False)
    PluginConfiguration.objects.update(active=True)
    before = place()
    periodic()
    after = place()
    run()

    assert _decisions(before) == [("suppressed", "before_activation")]
    assert _decisions(after) == [("sent", "")]
