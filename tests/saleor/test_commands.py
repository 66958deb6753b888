"""The commands in Saleor, and what is left after `sms_uninstall`."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import graphene
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_celery_beat.models import PeriodicTask  # type: ignore[import-not-found]
from django_celery_beat.schedulers import ModelEntry  # type: ignore[import-not-found]
from saleor.celeryconf import app
from saleor.order.models import Order
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.models import PluginConfiguration

from saleor_sms_plugin.schedule import SCHEDULE
from saleor_sms_plugin.tasks import run
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.dashboard import PLUGIN_ID, Dashboard
from tests.saleor.test_host import OLA, _phone_by_sql

HOURLY = dt.timedelta(hours=1)

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]


def _json(*command: str) -> Any:
    said = StringIO()
    call_command(*command, "--json", stdout=said)
    return json.loads(said.getvalue())


def test_check(switched_on: Dashboard) -> None:
    """The effective settings of each channel, its secrets masked."""
    found = _json("sms_check")

    assert found["ok"] is True
    (channel,) = found["channels"]
    assert channel["channel"] == switched_on.channel.slug
    assert channel["active"] is channel["ready"] is True
    assert channel["values"]["api_secret"] == "****1234"
    assert channel["allowed_countries"] == ["GB", "PL"]
    assert channel["events"]["order_created"].startswith("on since ")
    assert channel["events"]["order_confirmed"] == "off"


def test_check_fails_where_an_active_channel_cannot_send(switched_on: Dashboard) -> None:
    """What SQL broke is named, and the command's end says so to a program."""
    row = switched_on.row
    row.configuration = [each for each in row.configuration if each["name"] != "api_secret"]
    row.save()

    with pytest.raises(CommandError) as failed:
        call_command("sms_check", stdout=StringIO())

    assert failed.value.returncode == 1


def test_explain(
    switched_on: Dashboard,
    order_with_lines: Any,
    vonage: VonageServer,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Why each text of an order was sent or not, found by its number and by the API's id."""
    _phone_by_sql(order_with_lines.billing_address, OLA)
    manager = get_plugins_manager(allow_replica=False)
    with django_capture_on_commit_callbacks(execute=True):
        manager.order_created(order_with_lines)
        manager.order_confirmed(order_with_lines)
    run()

    global_id = graphene.Node.to_global_id("Order", order_with_lines.pk)
    for order in (str(order_with_lines.number), global_id):
        decisions = {each["event"]: each for each in _json("sms_explain", order)["decisions"]}
        assert decisions["order_created"]["status"] == "sent"
        assert OLA not in json.dumps(decisions)
        assert decisions["order_confirmed"]["reason"] == "switched_off"
    with pytest.raises(CommandError, match="No order '0'"):
        call_command("sms_explain", "0")


def test_send_test(switched_on: Dashboard, vonage: VonageServer) -> None:
    """One real text; where the provider refuses it the command fails."""
    slug = switched_on.channel.slug

    assert _json("sms_send_test", OLA, "--channel", slug)["status"] == "sent"
    assert [request.body["to"] for request in vonage.accepted] == [OLA[1:]]

    vonage.script("status:4")
    with pytest.raises(CommandError):
        call_command("sms_send_test", OLA, "--channel", slug, stdout=StringIO())
    with pytest.raises(CommandError, match=slug):
        call_command("sms_send_test", OLA, "--channel", "nowhere")


def test_nothing_is_left_after_uninstalling(
    switched_on: Dashboard, superuser_api_client: Any, permission_group_manage_orders: Any,
    order_with_lines: Any,
) -> None:  # fmt: skip
    """Beat's rows, the settings and the tables are gone; orders can be cancelled and deleted."""
    permission_group_manage_orders.user_set.add(superuser_api_client.user)
    assert app.conf.beat_schedule.keys() > SCHEDULE.keys()
    for name in (*SCHEDULE, "another"):  # as beat does when it starts
        entry = app.conf.beat_schedule.get(name, {"task": "another", "schedule": HOURLY})
        ModelEntry.from_entry(name, app=app, **entry)
    ours = PeriodicTask.objects.filter(name__in=SCHEDULE)
    assert PeriodicTask.objects.count() == len(SCHEDULE) + 1

    said = _json("sms_uninstall", "--drop-tables")

    assert said["beat_rows"] == len(SCHEDULE)
    assert said["settings"] == 1
    assert said["tables_dropped"] is True
    assert ours.count() == 0
    assert PeriodicTask.objects.count() == 1
    assert not PluginConfiguration.objects.filter(identifier=PLUGIN_ID).exists()
    tables = connection.introspection.table_names()
    assert [name for name in tables if name.startswith("saleor_sms_plugin")] == []
    body = superuser_api_client.post_graphql(
        """mutation ($id: ID!) { orderCancel(id: $id) { errors { field message } } }""",
        {"id": graphene.Node.to_global_id("Order", order_with_lines.pk)},
    ).json()
    assert body["data"]["orderCancel"]["errors"] == []
    order_with_lines.delete()
    assert Order.objects.count() == 0
