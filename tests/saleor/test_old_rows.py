"""Configuration rows that this version did not write."""

from __future__ import annotations

from typing import Any

import pytest
from saleor.channel.models import Channel
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.models import PluginConfiguration

from saleor_sms_plugin import wiring
from saleor_sms_plugin.events.catalogue import CATALOGUE
from saleor_sms_plugin.models import Activation, ShopEvent
from saleor_sms_plugin.services import working
from tests.saleor.dashboard import PLUGIN_ID, Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

SWITCHES = {f"send_{spec.name}" for spec in CATALOGUE}
OLDER = [
    {"name": "provider", "value": "vonage"},
    {"name": "api_key", "value": "key"},
    {"name": "api_secret", "value": "secret-1234"},
    {"name": "sender_id", "value": "Example"},
    {"name": "send_order_created", "value": True},
    {"name": "a_field_of_the_past", "value": "x"},
]


def _stored(channel: Channel, configuration: Any) -> None:
    PluginConfiguration.objects.create(
        identifier=PLUGIN_ID, channel=channel, active=True, configuration=configuration
    )


def _on(form: dict[str, Any]) -> set[str]:
    return {name for name in SWITCHES if form[name] in ("true", "True")}


def test_an_upgrade_switches_nothing_on(dashboard: Dashboard) -> None:
    """An event that the stored row does not know is off: shown off, and off for the worker."""
    _stored(dashboard.channel, OLDER)

    working.keep_house(wiring.ports())

    assert _on(dashboard.form()) == {"send_order_created"}
    assert [row.event_name for row in Activation.objects.all()] == ["order_created"]


def test_saving_after_an_upgrade_switches_nothing_on(dashboard: Dashboard) -> None:
    """Neither does saving one field, nor saving all that the dashboard shows."""
    _stored(dashboard.channel, OLDER)

    assert dashboard.save(shop_name="Example") == []
    assert _on(dashboard.form()) == {"send_order_created"}
    assert dashboard.save(**dashboard.form()) == []

    assert _on(dashboard.form()) == {"send_order_created"}
    assert [row.event_name for row in Activation.objects.all()] == ["order_created"]
    assert dashboard.stored["api_secret"] == "secret-1234"


@pytest.mark.parametrize(
    "configuration",
    [
        [],
        {},
        "text",
        17,
        [None, 3, "x", {}, {"value": 1}, {"name": 7, "value": 1}],
        [{"name": "provider"}, {"name": "sender_id", "value": None}],
        [{"name": "api_secret", "value": 17}, {"name": "private_key", "value": ["a"]}],
        [{"name": "send_order_created", "value": "perhaps"}, {"name": "text_order_created"}],
        [{"name": "advanced", "value": {"night": "off"}}],
        [{"name": "provider", "value": "vonage"}, {"name": "provider", "value": "console"}],
    ],
)
def test_a_row_of_wrong_types_hurts_nobody(
    dashboard: Dashboard, order: Any, configuration: Any
) -> None:
    """The shop's hooks go on, the form opens, and switching off works."""
    _stored(dashboard.channel, configuration)

    manager = get_plugins_manager(allow_replica=False)
    manager.order_created(order)
    working.keep_house(wiring.ports())
    form = dashboard.form()
    switched_off = dashboard.save(active=False)

    assert switched_off == []
    assert dashboard.row.active is False
    assert form["status"]
    assert isinstance(dashboard.row.configuration, list)


def test_a_row_without_a_list_still_records(
    dashboard: Dashboard, order: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """What is wrong with the settings is the worker's matter: the event itself is kept."""
    _stored(dashboard.channel, {})

    with django_capture_on_commit_callbacks(execute=True):
        get_plugins_manager(allow_replica=False).order_created(order)

    assert [row.key for row in ShopEvent.objects.all()] == [f"order_created:{order.pk}"]
