"""Law 10 on a whole day: no secret and no number in the logs, numbers only where they belong,
and nowhere after their owner was erased.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.apps import apps
from django.db import IntegrityError, transaction

from saleor_sms_plugin import tasks
from saleor_sms_plugin.domain.consent import EVERYTHING, Act
from saleor_sms_plugin.exceptions import OutcomeUnknown, OutOfCredit, ProviderRejected, SmsError
from saleor_sms_plugin.models import Link, Message, SuppressedNumber, WebhookRequest
from saleor_sms_plugin.ports import Address, Box
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import (
    consent_files,
    failures,
    health,
    links,
    opting,
    person,
    preparing,
    retention,
    reviews,
    saving,
    suppression,
    working,
)
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.services.record import Happening, quietly, record
from saleor_sms_plugin.testing.vonage_server import Caller, VonageServer
from tests.integration.calling_back import SECRET, CalledBack
from tests.integration.stage import CHANNEL, NOON, RUN, Stage
from tests.wire.keys import pem

CREATED = "order_created"
DIGITS = "48512345678"
NUMBER = f"+{DIGITS}"
NATIONAL = "512345678"
STAFF = "+48601000001"
SHOP = "48700100200"
API_SECRET = "Zq8f1s9A7p0xW3cD"
KEY = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
ANNA = Address(phone=NUMBER, country="PL", first_name="Anna", last_name="Nowak")
OTHER = 2  #: the channel whose provider says numbers in its errors

#: Where a number may stand while its owner was not erased: (table, column).
KNOWN_PLACES = {
    ("ConsentBox", "values"),
    ("ConsentEntry", "number"),
    ("ConsentEntry", "wording"),  # what the person wrote
    ("DeliveryReceipt", "recipient"),
    ("InboundMessage", "body"),
    ("InboundMessage", "parts"),
    ("InboundMessage", "sender"),
    ("Link", "recipient"),
    ("Message", "body"),  # to staff: who wrote what
    ("Message", "recipient"),
    ("SuppressedNumber", "number"),
    ("WebhookRequest", "body"),
    ("WebhookRequest", "query"),
}


@pytest.fixture
def shop(db: None, settings: Any) -> Iterator[CalledBack]:
    """A shop with secrets of its own at a Vonage of our own."""
    with VonageServer(key="key", secret=API_SECRET) as server:
        settings.SALEOR_SMS_VONAGE_BASE_URL = server.url
        shop = CalledBack(server)
        shop.shop.zones[CHANNEL] = frozenset({"PL"})
        advanced = "night = off\nflood = off\nforward_replies = staff"
        shop.account(
            api_secret=API_SECRET, signature_secret=SECRET, private_key=KEY, sender_id=f"+{SHOP}",
            advanced=advanced, staff_numbers=STAFF,
        )  # fmt: skip
        shop.configure(
            CREATED, channel_id=OTHER, advanced="night = off\nflood = off", sender_id=f"+{SHOP}"
        )
        yield shop


def order(shop: CalledBack, name: str, channel_id: int = CHANNEL, **changes: Any) -> None:
    placed = shop.order(name, billing=ANNA, shipping=ANNA, channel_id=channel_id, **changes)
    shop.happen(CREATED, placed)
    shop.run()


def a_day(shop: CalledBack, tmp_path: Path) -> None:
    """Orders, receipts, replies, a STOP, failures, forged requests, bad saves, files, boxes."""
    order(shop, "o1")
    shop.report()
    for number, fault in enumerate(("status:6", "http:500", "drop_after_reading", "html"), start=2):
        shop.vonage.script(fault)
        order(shop, f"o{number}")
    shop.report("failed", code="1", fields={"messageId": "unknown", "client-ref": ""})
    for number, error in enumerate(
        (
            ProviderRejected(f"{NUMBER} is not in service"),
            OutcomeUnknown(f"nobody knows about {DIGITS}"),
            OutOfCredit(f"no money for {DIGITS}"),
        ),
        start=7,
    ):
        MemoryProvider.script(error)
        order(shop, f"o{number}", OTHER)
    channel = load(shop.ports)[CHANNEL]
    links.url_of(Message.objects.get(order_id="o1", event_name=CREATED), Link.Kind.OPT_OUT, channel)
    for words in (f"Call me at {NUMBER}", f"please stop texting {NUMBER}", "STOP"):
        shop.knock(shop.caller.reply(DIGITS, SHOP, words))
        shop.later(seconds=1)
    shop.knock(shop.caller.reply("48601234567", SHOP, f"My wife is {NUMBER}"))
    box = Box(
        source="checkout", subject_id="c1", since=shop.clock.now(), channel_id=CHANNEL,
        values={"sms_offers": "true", "sms_phone": NATIONAL, "sms_wording": "Offers of Acme"},
    )  # fmt: skip
    order(shop, "o10", boxes=(box,))
    deed = Deed(number=NUMBER, scopes=EVERYTHING, act=Act.HELD, source=Source.STAFF)
    opting.opt_out([deed], shop.ports)
    suppression.add(NUMBER, shop.ports, "by phone")
    forge(shop)
    bring(shop, tmp_path)
    order(shop, "o20")
    shop.later(minutes=10)
    working.keep_house(shop.ports)
    working.forget(shop.ports, shop.clock.now() + RUN)


def forge(shop: CalledBack) -> None:
    """Requests that are not the provider's, or cannot be read, with the number in them."""
    real = shop.caller.reply(DIGITS, SHOP, "STOP")
    unsigned = Caller().reply(DIGITS, SHOP, "STOP")
    forged = Caller(secret="z" * 32).reply(DIGITS, SHOP, "STOP")
    for callback in (
        unsigned,
        forged,
        replace(real, body=real.body[:-20]),
        replace(real, body=b"\xff\xfe" + DIGITS.encode()),
        replace(real, body=b"[" * 10_000 + DIGITS.encode()),
        replace(real, method="GET", query=f"msisdn={DIGITS}&text=STOP", body=b""),
        replace(real, method="PUT"),
        replace(real, body=DIGITS.encode() * 100_000),
    ):
        shop.knock(callback)
        shop.run()
    shop.knock(real, "/hooks/no-such-token/inbound")


def bring(shop: CalledBack, tmp_path: Path) -> None:
    """Files and saves that hold numbers and secrets, good and bad."""
    path = tmp_path / "list.csv"
    path.write_text(f"phone\n{NUMBER}\n{NUMBER}9\n")
    terms = consent_files.terms_of(shop.ports, channel=None, opt_outs=True, country="", by="Ania")
    consent_files.take_in(path, terms, shop.ports)
    stored = dict(shop.shop.channels[CHANNEL].values)
    for bad in (
        {"private_key": KEY[:200]},
        {"api_secret": ""},
        {"signature_secret": "short"},
        {"test_numbers": f"{NUMBER}9"},
        {"advanced": f"{API_SECRET} = 1"},
    ):
        found = saving.refusals(
            stored | bad, stored, active=True, channel_id=CHANNEL, ports=shop.ports
        )
        assert KEY[60:100] not in str(found)


def places(needle: str) -> set[tuple[str, str]]:
    """(table, column) of ours that hold this text."""
    found = set()
    for model in apps.get_app_config("saleor_sms_plugin").get_models():
        for row in model._base_manager.values():
            for column, value in row.items():
                text = (
                    bytes(value).decode("latin-1")
                    if isinstance(value, bytes | memoryview)
                    else json.dumps(value, default=str)
                )
                if needle in text:
                    found.add((model.__name__, column))
    return found


def said(caplog: pytest.LogCaptureFixture) -> str:
    """Every line of every logger, with what it carries besides."""
    extras = [str(record.__dict__) for record in caplog.records]
    return caplog.text + "\n".join(extras)


def test_a_day_leaves_no_secret_and_no_number_where_they_do_not_belong(
    shop: CalledBack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs at DEBUG, every column of every table."""
    with caplog.at_level(logging.DEBUG):
        a_day(shop, tmp_path)

    logs = said(caplog)
    assert len(caplog.records) > 30
    assert "+48*****678" in logs
    key_body = KEY.splitlines()[3]
    for secret in (API_SECRET, SECRET, key_body, NATIONAL):
        lines = [record.getMessage() for record in caplog.records if secret in str(record.__dict__)]
        assert lines == []
        assert secret not in logs
    for secret in (API_SECRET, SECRET, key_body):
        assert places(secret) == set()
    assert places(NATIONAL) <= KNOWN_PLACES
    statuses = set(WebhookRequest.objects.values_list("status", flat=True))
    assert statuses >= {"processed", "refused"}


def refusal_with_its_row() -> IntegrityError:
    """What PostgreSQL says of a row that is there already: it names the row."""
    rows = [SuppressedNumber(number=NUMBER, since=NOON, reason="staff") for _ in range(2)]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        SuppressedNumber.objects.bulk_create(rows)
    assert f"DETAIL:  Key (number)=({NUMBER}) already exists." in str(refused.value)
    return refused.value


@pytest.mark.parametrize(
    ("broken", "said_there"),
    [
        ("planning", "Order o1 could not be planned"),
        ("reading at the door", "An order among those of 1 texts cannot be read"),
        ("preparing", "could not be sent"),
        ("the provider", "Provider memory failed unexpectedly"),
        ("housekeeping", "A step of the housekeeping failed"),
        ("failed payments", "The failed payment p1 cannot be read"),
        ("the mail to admins", "the e-mail to ADMINS failed, too"),
        ("a hook", "An event was not recorded, the shop goes on"),
        ("a task", "A task failed"),
    ],
)
def test_no_log_repeats_what_an_error_says_of_a_row(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
    broken: str,
    said_there: str,
) -> None:
    """Wherever it arises: kind, files and lines are logged, never its words (law 10)."""
    error, words = refusal_with_its_row(), f"{NUMBER} wrote STOP"

    def fail(*_: object, **__: object) -> Any:
        try:
            raise error
        except IntegrityError as cause:
            raise RuntimeError(words) from cause

    stage.configure(CREATED)
    if broken != "planning":
        stage.happen(CREATED, stage.order())
    with caplog.at_level(logging.DEBUG):
        match broken:
            case "planning":
                monkeypatch.setattr(stage.shop, "orders", fail)
                stage.happen(CREATED, stage.order())
            case "reading at the door" | "preparing":
                monkeypatch.setattr(preparing, "_read", fail)
            case "the provider":
                monkeypatch.setattr(MemoryProvider, "send", fail)
            case "housekeeping":
                monkeypatch.setattr(stage.shop, "boxes_of_customers", fail)
                working.keep_house(stage.ports)
            case "failed payments":
                monkeypatch.setattr(stage.shop, "payment_failures", fail)
                happening = Happening(name=failures.SOURCE, subject_id="p1", channel_id=0)
                record(happening, stage.ports)
            case "the mail to admins":
                monkeypatch.setattr(health, "mail_admins", fail)
                MemoryProvider.script(OutOfCredit(""))
            case "a hook":
                with django_capture_on_commit_callbacks(execute=True):
                    quietly(fail, stage.ports)
            case "a task":
                monkeypatch.setattr(retention, "run", fail)
                with pytest.raises(SmsError, match=r"^The task failed: RuntimeError") as failed:
                    tasks.forget()
                assert NATIONAL not in "".join(traceback.format_exception(failed.value))
        stage.run()

    logs = said(caplog)
    assert said_there in logs
    assert "RuntimeError" in logs
    assert NATIONAL not in logs
    assert "wrote STOP" not in logs
    assert [record for record in caplog.records if record.exc_info] == []


def test_nothing_names_who_was_erased(
    shop: CalledBack, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No column of any table, also after the runs that follow; nothing is sent to them."""
    a_day(shop, tmp_path)
    assert places(NATIONAL) == KNOWN_PLACES
    assert len(reviews.to_review(shop.ports)) == 1
    shown = person.known_of(NUMBER, shop.ports)
    assert shown.texts
    assert shown.replies
    assert shown.acts
    assert shown.links

    with caplog.at_level(logging.DEBUG):
        forgotten = person.forget_number(NUMBER, shop.ports)
        shop.later(minutes=10)
        order(shop, "o30")
        shop.later(days=1)

    assert forgotten.left == 0
    assert reviews.to_review(shop.ports) == []
    assert places(NATIONAL) == set()
    assert NATIONAL not in said(caplog)
    assert Message.objects.get(order_id="o30", event_name=CREATED).reason == "number_erased"
