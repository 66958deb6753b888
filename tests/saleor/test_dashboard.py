"""The form as the dashboard saves it: over `pluginUpdate`, with staff permissions."""

from __future__ import annotations

from typing import Any

import pytest

from saleor_sms_plugin.events.catalogue import CATALOGUE
from saleor_sms_plugin.models import Activation, Message
from saleor_sms_plugin.services import activation
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.saleor.dashboard import Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

COMPLETE: dict[str, Any] = {
    "provider": "vonage",
    "api_key": "key",
    "api_secret": "secret-1234",
    "sender_id": "Example",
}
OLA = "+48512345678"
ON_BY_DEFAULT = {spec.name for spec in CATALOGUE if spec.default_on}


def _activated(dashboard: Dashboard) -> set[str]:
    rows = Activation.objects.filter(channel_id=dashboard.channel.pk)
    return set(rows.values_list("event_name", flat=True))


def test_switching_on_takes_one_save(dashboard: Dashboard) -> None:
    """A complete form with Active ticked switches on what is on by default, from now."""
    assert dashboard.save(active=True, **COMPLETE) == []

    assert dashboard.row.active is True
    assert _activated(dashboard) == ON_BY_DEFAULT


def test_each_field_may_be_saved_alone_while_switched_off(dashboard: Dashboard) -> None:
    """The dashboard saves each secret alone: completeness is asked only where Active is ticked."""
    for name, value in COMPLETE.items():
        assert dashboard.save(**{name: value}) == []

    assert {name: dashboard.stored[name] for name in COMPLETE} == COMPLETE
    assert dashboard.row.active is False
    assert _activated(dashboard) == set()


@pytest.mark.parametrize("name", ["api_key", "api_secret", "sender_id"])
def test_active_demands_what_is_missing(dashboard: Dashboard, name: str) -> None:
    """Switching on an incomplete form names the missing field and stays off."""
    dashboard.save(**{**COMPLETE, name: ""})

    (message,) = dashboard.save(active=True)

    assert f"({name})" in message
    assert dashboard.row.active is False
    assert _activated(dashboard) == set()


def test_clear_empties_a_secret(dashboard: Dashboard) -> None:
    """The dashboard's "Clear" sends null, which Saleor's own update would skip."""
    dashboard.save(**COMPLETE)

    assert dashboard.save(api_secret=None) == []

    assert dashboard.stored["api_secret"] == ""


def test_clear_is_refused_while_active(switched_on: Dashboard) -> None:
    """A switched-on channel cannot lose the secret it sends with."""
    (message,) = switched_on.save(api_secret=None)

    assert "(api_secret)" in message
    assert switched_on.stored["api_secret"] == COMPLETE["api_secret"]


@pytest.mark.parametrize("secret", ["secret-1234", "abcd", "ab"])
def test_a_masked_secret_that_comes_back_is_left_alone(dashboard: Dashboard, secret: str) -> None:
    """What the API shows of a secret is no new secret."""
    dashboard.save(api_secret=secret)
    shown = dashboard.form()["api_secret"]

    assert dashboard.save(api_secret=shown, shop_name="Example") == []

    assert shown != secret
    assert dashboard.stored["api_secret"] == secret
    assert dashboard.stored["shop_name"] == "Example"


def test_a_private_key_is_shown_by_its_end_only(dashboard: Dashboard) -> None:
    """No secret leaves through the API, one of several lines neither."""
    dashboard.save(private_key="-----BEGIN KEY-----\nline\n-----END KEY-----")

    assert dashboard.form()["private_key"] == "----"


@pytest.mark.parametrize(
    ("field", "value", "parts"),
    [
        ("provider", "vonnage", ("(provider)", "vonage", "console")),
        ("sender_id", "A sender that is too long", ("(sender_id)", "11")),
        ("default_country", "Poland", ("(default_country)", "two letters")),
        ("allowed_countries", "PL, Atlantis", ("(allowed_countries)", "Atlantis")),
        ("staff_numbers", "12", ("(staff_numbers)", "12")),
        ("send_test_to", "n/a", ("(send_test_to)",)),
        ("storefront_url", "http://shop.example.com", ("(storefront_url)", "https://")),
        ("advanced", "night = 21:00-08:00\nnihgt = off", ("(advanced)", "line 2", "night")),
        ("advanced", "night = 25:00-08:00", ("(advanced)", "line 1", "25:00")),
        (
            "text_order_created",
            "Hi\n[pl]\nCzesc\n{{ order.nmber }}",
            ("(text_order_created)", "order.nmber", "pl", "line 4", "column"),
        ),
        ("text_order_created", "Hi {{ order.number", ("(text_order_created)", "line 1")),
        ("api_key", "env:SECRET_KEY", ("(api_key)", "SALEOR_SMS_")),
        ("api_secret", "env:SECRET_KEY", ("(api_secret)", "SALEOR_SMS_")),
        ("api_secret", "env:SALEOR_SMS_ABSENT", ("(api_secret)", "SALEOR_SMS_ABSENT")),
    ],
)
def test_a_wrong_value_is_refused(
    dashboard: Dashboard, field: str, value: str, parts: tuple[str, ...]
) -> None:
    """The message names field and fix, and nothing of the save is stored."""
    dashboard.save(shop_name="Before")
    before = dashboard.stored

    (message,) = dashboard.save(shop_name="After", **{field: value})  # type: ignore[arg-type]

    assert [part for part in parts if part not in message] == []
    assert dashboard.stored == before


def test_the_secret_key_of_the_shop_is_never_read(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`env:` reads only names that start with SALEOR_SMS_, and a message never says a value."""
    monkeypatch.setenv("SECRET_KEY", "the-key-of-the-shop")

    (message,) = dashboard.save(active=True, **{**COMPLETE, "api_secret": "env:SECRET_KEY"})

    assert "the-key-of-the-shop" not in message


def test_a_name_as_sender_is_refused_for_the_usa(dashboard: Dashboard) -> None:
    """The USA takes only numbers as sender: said at save, with the field."""
    (message,) = dashboard.save(sender_id="Example", allowed_countries="US")

    assert "(sender_id)" in message
    assert "US" in message


def test_console_with_an_account_filled_in_is_refused(dashboard: Dashboard) -> None:
    """Whoever filled in a Vonage key and switches on means to send."""
    (message,) = dashboard.save(active=True, **{**COMPLETE, "provider": "console"})

    assert "(provider)" in message
    assert "Write vonage" in message
    assert dashboard.row.active is False


def test_switching_off_works_with_broken_stored_values(switched_on: Dashboard) -> None:
    """What SQL or a restore broke is never held against switching off."""
    row = switched_on.row
    row.configuration = [
        {"name": "provider", "value": "gone"},
        {"name": "text_order_created", "value": "{{ broken"},
        {"name": "advanced", "value": {"a": "mapping"}},
        {"name": "api_secret", "value": 17},
    ]
    row.save()

    assert switched_on.save(active=False) == []

    assert switched_on.row.active is False
    assert _activated(switched_on) == set()


def test_the_instants_belong_to_the_save(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where stamping fails nothing was saved: both are one transaction."""
    dashboard.save(**COMPLETE)

    def fail(*args: Any) -> None:
        raise RuntimeError("in the middle of a save")

    monkeypatch.setattr(activation, "stamp", fail)
    with pytest.raises(AssertionError, match="RuntimeError"):
        dashboard.save(active=True)

    assert dashboard.row.active is False
    assert _activated(dashboard) == set()


def test_an_unchanged_event_keeps_its_instant(switched_on: Dashboard) -> None:
    """Only switching an event on starts it anew: another save changes no instant."""
    before = {row.event_name: row.active_since for row in Activation.objects.all()}

    assert switched_on.save(send_order_created="false", shop_name="Other") == []
    assert switched_on.save(send_order_created="true") == []

    after = {row.event_name: row.active_since for row in Activation.objects.all()}
    assert after.keys() == before.keys()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"order_created"}


def test_a_test_text_is_sent_once(dashboard: Dashboard, vonage: VonageServer) -> None:
    """Saving a number under “Send a test to” sends one text at once and empties the field."""
    assert dashboard.save(**COMPLETE, shop_name="Example", send_test_to=OLA) == []

    assert [request.body["to"] for request in vonage.accepted] == [OLA[1:]]
    assert dashboard.stored["send_test_to"] == ""
    form = dashboard.form()
    assert "vonage accepted the text to" in str(form["last_test"])
    assert OLA not in str(form["last_test"])
    assert dashboard.save(shop_name="Other") == []
    assert len(vonage.requests) == 1


def test_a_refused_save_sends_no_test(dashboard: Dashboard, vonage: VonageServer) -> None:
    """A test text belongs to the settings that were saved."""
    assert dashboard.save(**{**COMPLETE, "provider": "vonnage"}, send_test_to=OLA)

    assert vonage.requests == []
    assert Message.objects.count() == 0


def test_a_test_without_an_account_says_what_is_missing(
    dashboard: Dashboard, vonage: VonageServer
) -> None:
    """The outcome is in words under “Last test”; the save itself is accepted."""
    assert dashboard.save(provider="vonage", sender_id="Example", send_test_to=OLA) == []

    assert vonage.requests == []
    assert "was not sent" in str(dashboard.form()["last_test"])
    assert "api_key" in str(dashboard.form()["last_test"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [("status:4", "was not sent"), ("drop_after_reading", "may arrive"), ("html", "may arrive")],
)
def test_a_test_that_failed_says_so(
    dashboard: Dashboard, vonage: VonageServer, fault: str, said: str
) -> None:
    """Wrong credentials and lost answers are told in plain words."""
    vonage.script(fault)

    assert dashboard.save(**COMPLETE, send_test_to=OLA) == []

    assert said in str(dashboard.form()["last_test"])
    assert len(vonage.requests) == 1


def test_a_silent_provider_does_not_hold_the_form(
    dashboard: Dashboard, vonage: VonageServer
) -> None:
    """Where the provider takes the text and says nothing, the save ends and says that."""
    vonage.script("silent")

    assert dashboard.save(**COMPLETE, send_test_to=OLA) == []

    assert "may arrive" in str(dashboard.form()["last_test"])
    assert len(vonage.requests) == 1


def test_the_status_of_a_new_channel_says_what_is_next(dashboard: Dashboard) -> None:
    """A form that was never saved tells an owner the way to the first text."""
    status = str(dashboard.form()["status"])

    assert status.startswith("Sends nothing yet. Next: ")
    assert "Active" in status


def test_the_status_of_a_live_channel(switched_on: Dashboard) -> None:
    """A switched-on channel says since when, and that no worker was seen yet."""
    status = str(switched_on.form()["status"])

    assert status.startswith("Live since ")
    assert "today 0 texts" in status
    assert "No Celery worker" in status


def test_read_only_fields_are_not_stored(dashboard: Dashboard) -> None:
    """The dashboard sends back what it shows; Status and Last test are computed, not kept."""
    assert dashboard.save(status="Live since ever", last_test="fine") == []

    assert not dashboard.stored.get("status")
    assert not dashboard.stored.get("last_test")
