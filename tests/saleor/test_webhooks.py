"""What comes to the plugin's URL inside Saleor: from the form to a delivered text."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.models import Message, WebhookRequest
from saleor_sms_plugin.services import webhooks
from saleor_sms_plugin.testing.vonage_server import Callback, Caller, VonageServer
from tests.saleor.dashboard import Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

SECRET = "abcdefghijklmnopqrstuvwxyz012345"
SIGNED = Caller(secret=SECRET)


@pytest.fixture
def signing(switched_on: Dashboard) -> Dashboard:
    """The account signs what it sends."""
    assert switched_on.save(signature_secret=SECRET) == []
    return switched_on


@pytest.fixture
def text(signing: Dashboard, vonage: VonageServer) -> Message:
    """One text was accepted by the provider."""
    assert signing.save(send_test_to="+48512345678") == []
    return Message.objects.get(status=MessageStatus.SENT)


def _receipt(vonage: VonageServer, caller: Caller = SIGNED, status: str = "delivered") -> Callback:
    return caller.receipt(vonage.accepted[-1], status)


def _address(dashboard: Dashboard) -> str:
    return str(dashboard.form()["webhook_url"])


def _knock(url: str, made: Callback) -> int:
    parts = urlsplit(url)
    headers: dict[str, Any] = dict(made.headers)
    kind = headers.pop("Content-Type", "")
    answer = Client().generic(
        made.method, parts.path, made.body, kind, QUERY_STRING=made.query, headers=headers
    )
    return answer.status_code


def _work() -> None:
    ports = wiring.ports()
    webhooks.run(ports, ports.clock.now() + dt.timedelta(seconds=5))


def _status(text: Message) -> str:
    text.refresh_from_db()
    return text.status


def test_the_form_shows_the_address(signing: Dashboard, settings: Any) -> None:
    """Whole, ready to copy, the same after every save, and not stored with the settings."""
    address = _address(signing)

    assert address.startswith("http")
    assert "/plugins/saleor_sms_plugin/hooks/" in address
    assert address.endswith("/")
    assert signing.save(shop_name="Other", webhook_url="https://evil.example.com/") == []
    assert _address(signing) == address
    assert not signing.stored.get("webhook_url")


def test_without_an_account_there_is_no_address(dashboard: Dashboard) -> None:
    """A form that names no account has nothing to copy yet."""
    assert not _address(dashboard)


def test_a_receipt_over_http_delivers_the_text(
    signing: Dashboard, text: Message, vonage: VonageServer
) -> None:
    """Through Saleor's own URLs, views and plugin manager."""
    assert _knock(_address(signing), _receipt(vonage)) == 200
    assert _status(text) == "sent"

    _work()

    assert _status(text) == "delivered"


@pytest.mark.parametrize("style", ["query", "form", "json"])
def test_each_way_of_sending_reaches_us_unchanged(
    signing: Dashboard, text: Message, vonage: VonageServer, style: Any
) -> None:
    """No middleware of Saleor takes the body before the signature is checked."""
    assert _knock(_address(signing), _receipt(vonage, Caller(secret=SECRET, style=style))) == 200


def test_it_answers_while_the_plugin_is_inactive(
    signing: Dashboard, text: Message, vonage: VonageServer
) -> None:
    """What is said about texts of before is heard when the plugin is switched off."""
    address = _address(signing)
    assert signing.save(active=False) == []

    assert _knock(address, _receipt(vonage)) == 200
    _work()

    assert _status(text) == "delivered"


@pytest.mark.parametrize(
    ("caller", "status"), [(Caller(), 503), (Caller(secret="of somebody else, long enough"), 401)]
)
def test_a_forgery_changes_nothing(
    signing: Dashboard, text: Message, vonage: VonageServer, caller: Caller, status: int
) -> None:
    """Refused, and the shop and its texts are as before."""
    assert _knock(_address(signing), _receipt(vonage, caller, "failed")) == status
    _work()

    assert _status(text) == "sent"
    assert set(WebhookRequest.objects.values_list("status", flat=True)) == {"refused"}


@pytest.mark.parametrize("path", ["hooks/", "hooks/guessed-guessed-guessed/", "other/"])
def test_nothing_else_answers(signing: Dashboard, path: str) -> None:
    """Whoever has no token meets a plain 404."""
    made = Callback("POST", "", {"Content-Type": "application/json"}, b"{}")

    assert _knock(f"https://shop.example.com/plugins/saleor_sms_plugin/{path}", made) == 404
    assert WebhookRequest.objects.count() == 0


def test_a_megabyte_is_refused(signing: Dashboard) -> None:
    """413, and nothing stored."""
    made = Callback("POST", "", {"Content-Type": "application/json"}, b"x" * 1_000_000)

    assert _knock(_address(signing), made) == 413
    assert WebhookRequest.objects.count() == 0
