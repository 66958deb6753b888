"""What comes to a webhook address: stored, verified, processed; refused and nothing changed."""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import replace
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin import wiring
from saleor_sms_plugin.models import (
    DeliveryReceipt,
    InboundMessage,
    ProviderAccount,
    WebhookRequest,
)
from saleor_sms_plugin.providers.vonage import VonageProvider
from saleor_sms_plugin.services import receipts, retention, webhooks
from saleor_sms_plugin.testing.vonage_server import Callback, Caller
from tests.integration.calling_back import SECRET, CalledBack, account

FORM = "application/x-www-form-urlencoded"
FORGER = Caller(secret="the secret of somebody else, as long")


def _requests() -> list[tuple[str, str]]:
    return list(WebhookRequest.objects.order_by("pk").values_list("status", "error"))


def test_a_request_is_stored_then_processed(called_back: CalledBack) -> None:
    """The web process stores and verifies, and has a worker come soon, which does what it says."""
    text = called_back.send()
    nudges = called_back.wake.nudges

    answer = called_back.report()

    assert (answer.status_code, answer.content) == (200, b"")
    assert _requests() == [("verified", "")]
    assert (called_back.wake.nudges, called_back.wake.later) == (nudges, [0.5])
    assert called_back.status_of(text) == ("sent", "")

    called_back.run()

    assert _requests() == [("processed", "")]
    assert called_back.status_of(text) == ("delivered", "")


def test_a_request_costs_the_web_process_two_statements(called_back: CalledBack) -> None:
    """Whose it is, and its row; a nudge keeps its own distance from the one before."""
    called_back.send()
    called_back.report()  # the account's secret is remembered from the first one
    path = called_back.path
    receipt = called_back.caller.receipt(called_back.vonage.accepted[-1])
    with CaptureQueriesContext(connection) as asked:
        called_back.knock(receipt, path)
    assert [query["sql"].split()[0] for query in asked] == ["SELECT", "INSERT"]


def test_the_address_outlives_the_settings(called_back: CalledBack) -> None:
    """It is the account's: it stays while the plugin is off and when other settings change."""
    text = called_back.send()
    path = called_back.path
    called_back.account(active=False, signature_secret=SECRET, sender_id="Other", shop_name="New")

    assert called_back.path == path
    assert called_back.report().status_code == 200

    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")


def test_channels_of_one_account_share_its_address(called_back: CalledBack) -> None:
    """The address belongs to the account; another account has another one."""
    called_back.account(signature_secret=SECRET, channel_id=2)
    assert ProviderAccount.objects.count() == 1

    called_back.account(signature_secret=SECRET, channel_id=3, api_key="other")

    assert ProviderAccount.objects.count() == 2
    assert len(set(ProviderAccount.objects.values_list("hook_token", flat=True))) == 2


@pytest.mark.parametrize("provider", ["console", "memory", "unknown"])
def test_a_provider_without_webhooks_has_no_address(called_back: CalledBack, provider: str) -> None:
    """Nothing to copy where nothing comes back."""
    called_back.account(provider=provider)

    assert called_back.path == ""


@pytest.mark.parametrize(
    "path",
    ["", "/hooks", "/hooks/", "/hooks/short/", "/hooks/" + "x" * 32 + "/",
     "/other/" + "x" * 32, "/hooks/../" + "x" * 32],
)  # fmt: skip
def test_an_address_that_is_none_answers_404(called_back: CalledBack, path: str) -> None:
    """Whoever does not know the token learns nothing and stores nothing."""
    receipt = Callback("POST", "", {"Content-Type": "application/json"}, b"{}")

    assert called_back.knock(receipt, path or "/nothing").status_code == 404
    assert _requests() == []


def test_what_follows_the_token_does_not_matter(called_back: CalledBack) -> None:
    """An owner may write more behind the address, to tell two uses apart."""
    called_back.send()
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])

    assert called_back.knock(made, called_back.path + "sms/in bound").status_code == 200
    assert WebhookRequest.objects.get().path == "/sms/in%20bound"
    assert called_back.knock(made, called_back.path.rstrip("/")).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_a_wrong_method_is_refused(called_back: CalledBack, method: str) -> None:
    """405, and nothing stored."""
    answer = called_back.knock(Callback(method, "", {}, b""))

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"
    assert _requests() == []


@pytest.mark.parametrize("kind", ["text/plain", "text/xml", "multipart/form-data; boundary=x"])
def test_a_wrong_content_type_is_refused(called_back: CalledBack, kind: str) -> None:
    """415, and nothing stored."""
    answer = called_back.knock(Callback("POST", "", {"Content-Type": kind}, b"a=b"))

    assert answer.status_code == 415
    assert _requests() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_empty_request_only_looks_whether_somebody_is_there(
    called_back: CalledBack, method: str
) -> None:
    """Vonage asks an address before it takes it into its settings."""
    assert called_back.knock(Callback(method, "", {}, b"")).status_code == 200
    assert _requests() == []


@pytest.mark.parametrize(
    ("size", "status"), [(64 * 1024, 401), (64 * 1024 + 1, 413), (1_000_000, 413)]
)
def test_an_oversized_request_is_not_stored(
    called_back: CalledBack, size: int, status: int
) -> None:
    """At most 64 KB of content are read and kept."""
    body = b"sig=" + b"a" * (size - 4)

    assert (
        called_back.knock(Callback("POST", "", {"Content-Type": FORM}, body)).status_code == status
    )
    assert WebhookRequest.objects.count() == (status != 413)


def test_an_oversized_query_is_not_stored(called_back: CalledBack) -> None:
    """The query counts too."""
    assert called_back.knock(Callback("GET", "a=" + "b" * 65_536, {}, b"")).status_code == 413
    assert _requests() == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/json"}, b"[" * 60_000),
        ({"Content-Type": "application/json"}, b'{"text": "\xff\xfe"}'),
        ({"Content-Type": "application/json"}, b"not json"),
        ({"Content-Type": FORM}, b"text=%ff%fe"),
    ],
)
def test_what_cannot_be_read_is_refused_and_kept(
    called_back: CalledBack, headers: dict[str, str], body: bytes
) -> None:
    """Deeply nested, not UTF-8, no JSON: 400; the row says so, nothing else happens."""
    assert called_back.knock(Callback("POST", "", headers, body)).status_code == 400

    called_back.run()

    ((status, error),) = _requests()
    assert status == "refused"
    assert error.startswith("The request cannot be read as")
    assert bytes(WebhookRequest.objects.get().body) == body
    assert DeliveryReceipt.objects.count() + InboundMessage.objects.count() == 0


@pytest.mark.parametrize(
    ("caller", "status"), [(FORGER, 401), (Caller(), 503), (Caller(secret="short"), 401)]
)
def test_a_forgery_changes_nothing(
    called_back: CalledBack, caller: Caller, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Wrongly signed 401, unsigned 503 as Vonage then sends it again, signed; logged bare."""
    text = called_back.send()
    called_back.caller = caller
    caplog.set_level(logging.DEBUG)

    assert called_back.report("failed", code="3").status_code == status
    called_back.run()

    assert called_back.status_of(text) == ("sent", "")
    assert [row[0] for row in _requests()] == ["refused"]
    assert DeliveryReceipt.objects.count() == 0
    (said,) = [each for each in caplog.records if getattr(each, "action", "") == "webhook_refused"]
    for secret in (text.recipient[1:], str(text.reference), SECRET, account().hook_token):
        assert secret not in caplog.text
    assert said.levelname == "WARNING"


def test_a_forger_who_tries_again_fills_no_table(called_back: CalledBack) -> None:
    """The same forged request is one row, however often it comes."""
    called_back.send()
    forged = FORGER.receipt(called_back.vonage.accepted[-1])

    assert [called_back.knock(forged).status_code for _ in range(5)] == [401] * 5
    assert len(_requests()) == 1


def test_forged_requests_fill_no_disk(called_back: CalledBack, caplog: Any) -> None:
    """An account keeps 100 KB of refused requests within an hour; each is refused and logged,
    and what is signed is taken all the same."""
    text = called_back.send()
    forged = [FORGER.reply("48512345678", "48700100200", f"{i:x>15000}") for i in range(10)]

    with caplog.at_level(logging.WARNING, "saleor_sms_plugin"):
        assert {called_back.knock(each).status_code for each in forged} == {401}
    assert len([r for r in caplog.records if getattr(r, "action", "") == "webhook_refused"]) == 10
    assert len(_requests()) == 3

    assert called_back.report().status_code == 200
    called_back.run()
    assert called_back.status_of(text) == ("delivered", "")

    called_back.clock.move(hours=1, seconds=1)
    assert called_back.knock(forged[9]).status_code == 401
    assert len(_requests()) == 5


@pytest.mark.parametrize("days", [-1, 2, 365])
def test_a_request_out_of_its_time_is_refused(called_back: CalledBack, days: int) -> None:
    """Year-old, days old, and from the future."""
    text = called_back.send()
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])
    called_back.clock.move(days=days)

    assert called_back.knock(made).status_code == 401
    called_back.run()
    assert called_back.status_of(text) == ("sent", "")


def test_the_same_request_again_is_no_news(called_back: CalledBack) -> None:
    """The provider did not hear our answer: it hears it again, and nothing happens twice."""
    called_back.send()
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])

    assert [called_back.knock(made).status_code for _ in range(3)] == [200, 200, 200]
    called_back.run()
    assert called_back.knock(made).status_code == 200
    called_back.run()

    assert _requests() == [("processed", "")]
    assert DeliveryReceipt.objects.count() == 1


def test_a_nonce_is_used_once(called_back: CalledBack) -> None:
    """Signed fields that come once more in another shape are a replay."""
    called_back.send()
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])
    fields = json.loads(made.body)
    again = Callback("POST", "", made.headers, json.dumps(fields, indent=1).encode())

    assert called_back.knock(made).status_code == 200
    assert called_back.knock(again).status_code == 401
    called_back.run()

    assert [row[0] for row in _requests()] == ["processed", "refused"]
    assert DeliveryReceipt.objects.count() == 1


def test_a_replay_is_refused_however_often_it_comes(called_back: CalledBack) -> None:
    """With another header it is another request of the same nonce: one row, and 401 each time."""
    called_back.caller = Caller(secret=SECRET, style="query")
    made = called_back.caller.reply("48512345678", "48700100200", "hello")
    again = replace(made, headers={"Authorization": "x"})

    answers = [called_back.knock(each).status_code for each in (made, again, again, again)]

    assert answers == [200, 401, 401, 401]
    assert [row[0] for row in _requests()] == ["verified", "refused"]


def test_fields_merged_into_one_are_not_the_ones_signed(called_back: CalledBack) -> None:
    """A nonce swallowed into the next field's name leaves the signed line as it was."""
    called_back.caller = Caller(secret=SECRET, style="query")
    made = called_back.caller.reply("48512345678", "48700100200", "hello")
    fields = dict(sorted(parse_qsl(made.query)))
    merged = f"nonce={fields.pop('nonce')}&text"
    fields[merged] = fields.pop("text")

    assert called_back.knock(made).status_code == 200
    assert called_back.knock(replace(made, query=urlencode(fields))).status_code == 401
    called_back.run()

    assert InboundMessage.objects.count() == 1


def test_a_token_is_used_once(called_back: CalledBack) -> None:
    """The Messages API's token comes with one request only."""
    called_back.account(signature_secret=SECRET, api="messages")
    text = called_back.send()
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])
    again = Callback("POST", "again=1", made.headers, made.body)

    assert called_back.knock(made).status_code == 200
    assert called_back.knock(again).status_code == 401
    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")
    assert DeliveryReceipt.objects.count() == 1


def test_where_nothing_can_be_signed_the_token_is_enough(called_back: CalledBack) -> None:
    """Without a signature secret, unsigned requests are taken at the secret address."""
    called_back.account(signature_secret="")
    text = called_back.send()
    called_back.caller = Caller()

    assert called_back.report().status_code == 200
    called_back.run()

    assert called_back.status_of(text) == ("delivered", "")


def test_two_secrets_of_one_account_both_open(called_back: CalledBack) -> None:
    """While a secret is being changed, channel by channel, both are taken."""
    other = Caller(secret="the new secret of this account, long")
    called_back.account(signature_secret=other.secret, channel_id=2)
    called_back.send()

    assert called_back.report().status_code == 200
    called_back.caller = other
    assert called_back.report().status_code == 200


def test_a_mistyped_secret_loses_nothing(called_back: CalledBack) -> None:
    """What was refused for our own mistake is processed after mending it, by a command."""
    text = called_back.send()
    called_back.account(signature_secret="mistyped")
    assert called_back.report().status_code == 401
    called_back.run()
    called_back.account(signature_secret=SECRET)

    said = _command(called_back, "sms_replay_webhook", "--failed", "--json")

    pk = WebhookRequest.objects.get().pk
    assert json.loads(said) == [{"id": pk, "status": "processed", "error": ""}]
    assert called_back.status_of(text) == ("delivered", "")
    assert _command(called_back, "sms_replay_webhook", "--failed").strip() == (
        "No webhook request was refused or failed."
    )


def test_a_refused_request_that_comes_again_is_taken_once_it_can_be(
    called_back: CalledBack,
) -> None:
    """The provider's own second try is enough when the secret was mended meanwhile."""
    text = called_back.send()
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])
    called_back.account(signature_secret="mistyped")
    assert called_back.knock(made).status_code == 401
    called_back.account(signature_secret=SECRET)

    assert called_back.knock(made).status_code == 200
    called_back.run()

    assert _requests() == [("processed", "")]
    assert called_back.status_of(text) == ("delivered", "")


def test_an_account_that_no_channel_has_any_more_keeps_its_requests(
    called_back: CalledBack,
) -> None:
    """What cannot be verified is stored, not believed; the row says how to mend it."""
    text = called_back.send()
    path = called_back.path
    made = called_back.caller.receipt(called_back.vonage.accepted[-1])
    called_back.account(api_key="another", signature_secret=SECRET)

    assert called_back.knock(made, path).status_code == 200
    called_back.run()

    ((status, error),) = _requests()
    assert status == "failed"
    assert "sms_replay_webhook" in error
    assert called_back.status_of(text) == ("sent", "")

    called_back.account(signature_secret=SECRET)
    _command(called_back, "sms_replay_webhook", str(WebhookRequest.objects.get().pk))
    assert called_back.status_of(text) == ("delivered", "")


def test_what_was_not_stored_is_sent_again(
    called_back: CalledBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is away makes 503, and the provider tries again."""
    called_back.send()

    def away(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patched:
        patched.setattr(webhooks, "insert_once", away)
        assert called_back.report().status_code == 503
    assert _requests() == []
    assert called_back.report().status_code == 200


def test_a_fault_of_ours_in_verifying_refuses_nobody(
    called_back: CalledBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be judged is kept and judged by the worker."""
    text = called_back.send()

    def fault(*args: Any) -> str:
        raise KeyError("a secret of the request")

    with monkeypatch.context() as patched:
        patched.setattr(VonageProvider, "verify_webhook", fault)
        assert called_back.report().status_code == 200
        ((status, error),) = _requests()
        assert status == "received"
        assert error.startswith("KeyError in fault")
        assert "a secret" not in error

    called_back.run()

    assert _requests() == [("processed", "")]
    assert called_back.status_of(text) == ("delivered", "")


def test_a_request_that_fails_stops_no_other(
    called_back: CalledBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, later and later, then failed for good; the others are processed."""
    called_back.send()
    called_back.report()
    called_back.report("buffered")
    bad = WebhookRequest.objects.earliest("pk").pk
    take = receipts.take

    def fault(told: Any, ports: Any) -> None:
        if any(request.pk == bad for request, _ in told):
            raise ValueError("about +447700900123")
        take(told, ports)

    monkeypatch.setattr(receipts, "take", fault)
    called_back.run()

    assert [row[0] for row in _requests()] == ["verified", "processed"]
    assert "447700900123" not in WebhookRequest.objects.get(pk=bad).error

    for _ in range(webhooks.MOST_ATTEMPTS):
        called_back.later(minutes=30)
    assert [row[0] for row in _requests()] == ["failed", "processed"]

    monkeypatch.undo()
    _command(called_back, "sms_replay_webhook", "--failed")
    assert [row[0] for row in _requests()] == ["processed", "processed"]


def test_processing_again_changes_nothing(called_back: CalledBack) -> None:
    """A replay of what was processed stores no second receipt and no second reply."""
    called_back.send()
    called_back.report()
    called_back.knock(called_back.caller.reply("48512345678", "48700100200", "Thanks"))
    called_back.run()
    ids = [str(pk) for pk in WebhookRequest.objects.values_list("pk", flat=True)]

    _command(called_back, "sms_replay_webhook", *ids)

    assert _requests() == [("processed", ""), ("processed", "")]
    assert (DeliveryReceipt.objects.count(), InboundMessage.objects.count()) == (1, 1)


@pytest.mark.parametrize("arguments", [[], ["1", "--failed"], ["999999"]])
def test_the_command_says_what_it_needs(called_back: CalledBack, arguments: list[str]) -> None:
    """Ids that exist, or --failed."""
    with pytest.raises(CommandError):
        _command(called_back, "sms_replay_webhook", *arguments)


def test_raw_requests_go_after_two_weeks(called_back: CalledBack) -> None:
    """What they told stays with the message; the content does not."""
    called_back.send()
    called_back.report()
    called_back.run()
    called_back.clock.move(days=13)
    retention.run(called_back.ports, called_back.clock.now() + dt.timedelta(seconds=5))
    assert WebhookRequest.objects.count() == 1

    called_back.clock.move(days=2)
    retention.run(called_back.ports, called_back.clock.now() + dt.timedelta(seconds=5))

    assert WebhookRequest.objects.count() == 0
    assert DeliveryReceipt.objects.count() == 1


def _command(stage: CalledBack, *arguments: str) -> str:
    out = StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wiring, "ports", lambda: stage.ports)
        call_command(*arguments, stdout=out)
    return out.getvalue()
