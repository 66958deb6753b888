"""Saleor's tasks may touch the writer database only where they say so.

Saleor's test settings make `RestrictWriterDBTask` raise where production writes a warning with
a traceback for each query.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from saleor.celeryconf import app
from saleor.core.db.connection import restrict_writer
from saleor.core.tasks import RestrictWriterDBTask
from saleor.plugins.manager import get_plugins_manager

from saleor_sms_plugin.models import Message, ShopEvent
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.dashboard import Dashboard
from tests.saleor.test_host import OLA, _phone_by_sql

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]


@pytest.fixture
def recorded(
    switched_on: Dashboard, order_with_lines: Any, django_capture_on_commit_callbacks: Any
) -> Any:
    """An order whose buyer has a mobile, recorded and not yet planned."""
    _phone_by_sql(order_with_lines.billing_address, OLA)
    with django_capture_on_commit_callbacks(execute=True):
        get_plugins_manager(allow_replica=False).order_created(order_with_lines)
    return order_with_lines


@contextmanager
def _restricted() -> Iterator[None]:
    with connection.execute_wrapper(restrict_writer):
        yield


def _run(task: str) -> None:
    """The task as Saleor's worker runs it."""
    registered = app.tasks[f"saleor_sms_plugin.tasks.{task}"]
    assert isinstance(registered, RestrictWriterDBTask)
    registered.apply(throw=True)


def test_a_text_is_planned_and_sent(recorded: Any, vonage: VonageServer) -> None:
    """The nudged run: recorded, planned, rendered, called, stored."""
    _run("run")

    (message,) = Message.objects.filter(event_name="order_created")
    assert message.status == "sent"
    assert [request.body["to"] for request in vonage.accepted] == [OLA[1:]]
    assert not ShopEvent.objects.filter(plan_at__isnull=False).exists()


def test_the_periodic_run(recorded: Any, vonage: VonageServer) -> None:
    """Beat's run does the housekeeping too."""
    _run("periodic")

    assert len(vonage.accepted) == 1


def test_a_text_that_fails(recorded: Any, vonage: VonageServer) -> None:
    """Neither does what follows a refusal need more than it says."""
    vonage.script("throttle")

    _run("run")

    assert Message.objects.get(event_name="order_created").reason == "retry"


def test_forgetting(recorded: Any, vonage: VonageServer) -> None:
    """Numbers and bodies past their time are erased."""
    _run("run")
    Message.objects.update(created_at=Message.objects.get().created_at - dt.timedelta(days=91))

    _run("forget")

    message = Message.objects.get()
    assert (message.recipient, message.body, message.status) == ("", "", "sent")


@pytest.mark.parametrize(
    "command",
    [
        ("sms_check",),
        ("sms_check", "--json"),
        ("sms_send_test", OLA, "--channel", "main"),
        ("sms_uninstall",),
    ],
)
def test_commands(recorded: Any, vonage: VonageServer, command: tuple[str, ...]) -> None:
    """A command says where it writes."""
    with _restricted():
        call_command(*command)


def test_explaining(recorded: Any, vonage: VonageServer) -> None:
    """`sms_explain` reads from the writer, where the newest decisions are."""
    with _restricted():
        call_command("sms_explain", str(recorded.number))


def test_system_checks(recorded: Any) -> None:
    """`check --database default` too."""
    with _restricted():
        call_command("check", databases=["default"], tags=["database"])
