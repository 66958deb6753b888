"""Law 10: numbers and bodies are erased in time, decisions later, in bounded steps."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from saleor_sms_plugin import checks, wiring
from saleor_sms_plugin.domain.consent import Act, Scope
from saleor_sms_plugin.exceptions import ProviderRejected
from saleor_sms_plugin.models import (
    ConsentBox,
    ConsentEntry,
    DeliveryReceipt,
    ErasedNumber,
    InboundMessage,
    Link,
    Message,
    ProviderAccount,
    SendAttempt,
    ShopEvent,
    SuppressedNumber,
    WebhookRequest,
)
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import ledger, person, retention, suppression, working
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.ledger import Deed, Source
from tests.integration.stage import BUYER, CHANNEL, NOON, RUN, Stage

CREATED, STAFF = "order_created", "staff_order_created"


@pytest.fixture
def sent(stage: Stage) -> Stage:
    """One order was told to its buyer and to two of staff."""
    stage.configure(CREATED, STAFF, staff_numbers="+48501000001, +48501000002")
    stage.happen(CREATED, stage.order())
    stage.run()
    assert [row[1] for row in stage.rows] == ["sent"] * 3
    return stage


def forget(stage: Stage) -> None:
    working.forget(stage.ports, stage.clock.now() + RUN)


def forget_only(stage: Stage) -> None:
    """Without a worker that acts on anything before."""
    retention.run(stage.ports, stage.clock.now() + RUN)


def test_numbers_and_bodies_are_erased(sent: Stage) -> None:
    """After 90 days no number and no text is left, of two texts to staff neither."""
    sent.clock.move(days=90)
    forget(sent)
    assert Message.objects.filter(recipient="").count() == 0

    sent.clock.move(seconds=1)
    forget(sent)

    assert list(Message.objects.values_list("recipient", "body", "detail")) == [("", "", "")] * 3
    assert [row[1] for row in sent.rows] == ["sent"] * 3
    assert SendAttempt.objects.count() == 3


def test_the_channel_says_how_long(sent: Stage) -> None:
    """``retention_days`` in Advanced; a channel that is gone keeps no longer than the others."""
    sent.configure(CREATED, advanced="retention_days = 7\noffers_cap = 2/day")
    sent.clock.move(days=7, seconds=1)

    forget(sent)

    assert Message.objects.exclude(recipient="").count() == 0


def test_numbers_are_kept_for_as_long_as_a_channel_counts_by_them(sent: Stage) -> None:
    """A stored setting of before is too short for a limit, be it another channel's."""
    sent.configure(CREATED, advanced="retention_days = 1\noffers_cap = 2/day")
    sent.configure(CREATED, advanced="retention_days = 1", channel_id=2)  # 8/30day
    sent.clock.move(days=30)

    forget_only(sent)
    assert Message.objects.exclude(recipient="").count() == 3

    sent.clock.move(seconds=1)
    forget_only(sent)
    assert Message.objects.exclude(recipient="").count() == 0


def test_what_the_provider_said_of_a_person_is_erased(stage: Stage) -> None:
    """The words of a refusal can hold a number: they go with the number."""
    stage.configure(CREATED)
    MemoryProvider.script(ProviderRejected("+48512345678 is not in service", code="9"))
    stage.happen(CREATED, stage.order())
    stage.run()
    stage.clock.move(days=91)

    forget(stage)

    assert SendAttempt.objects.get().detail == ""
    assert SendAttempt.objects.get().code == "9"
    assert Message.objects.get().why == "The provider refused this message."


def test_what_waits_is_kept(stage: Stage) -> None:
    """A text that is not decided keeps its number."""
    stage.configure(CREATED, sender_id="")
    stage.happen(CREATED, stage.order())
    stage.run()
    stage.clock.move(days=91)

    forget(stage)

    assert Message.objects.get().recipient != ""


def test_decisions_go_after_400_days(sent: Stage) -> None:
    """Event, messages and attempts are gone a day after the 400th, and not before."""
    sent.clock.move(days=400)
    forget(sent)
    assert (ShopEvent.objects.count(), Message.objects.count()) == (1, 3)

    sent.clock.move(seconds=1)
    forget(sent)

    counts = (ShopEvent.objects.count(), Message.objects.count(), SendAttempt.objects.count())
    assert counts == (0, 0, 0)


def test_erasing_is_bounded_and_goes_on(sent: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement touches at most ``STEP`` rows; a run ends in time, the next one goes on."""
    monkeypatch.setattr(retention, "STEP", 2)
    sent.clock.move(days=91)

    class Impatient:
        """Time for one step only."""

        looks = 0

        def now(self) -> dt.datetime:
            self.looks += 1
            return sent.clock.now() + dt.timedelta(seconds=3 * (self.looks - 1))

    ports = type(sent.ports)(shop=sent.shop, wake=sent.wake, clock=Impatient())
    assert retention.run(ports, sent.clock.now() + dt.timedelta(seconds=5)) == 2
    assert Message.objects.filter(recipient="").count() == 2

    forget(sent)
    assert Message.objects.filter(recipient="").count() == 3


def reply(stage: Stage, name: str, **columns: Any) -> InboundMessage:
    """A text of the buyer came in now."""
    account = ProviderAccount.objects.first() or ProviderAccount.objects.create(
        provider="memory", key="k", created_at=stage.clock.now()
    )
    return InboundMessage.objects.create(
        account=account, provider_message_id=name, sender=BUYER.phone, body="please stop",
        parts={"1": "please stop"}, received_at=stage.clock.now(),
        **{"completed_at": stage.clock.now(), **columns},
    )  # fmt: skip


def test_a_reply_is_kept_while_staff_have_to_read_it(sent: Stage) -> None:
    """Then it is erased as others are, and gone after 400 days."""
    reply(sent, "plain")
    waits = reply(sent, "waits", review_by=sent.clock.now())
    sent.clock.move(days=401)

    forget(sent)

    assert list(InboundMessage.objects.values_list("sender", "body")) == [
        (BUYER.phone, "please stop")
    ]
    InboundMessage.objects.filter(pk=waits.pk).update(resolved_at=sent.clock.now())
    forget(sent)
    assert InboundMessage.objects.count() == 0


@pytest.mark.parametrize("columns", [{"answer_at": NOON}, {"completed_at": None}])
def test_a_reply_that_nobody_has_acted_on_is_kept(sent: Stage, columns: dict[str, Any]) -> None:
    """It may be a stop: number and words stay for as long as it takes."""
    reply(sent, "waits", **columns)
    sent.clock.move(days=401)

    forget_only(sent)

    assert InboundMessage.objects.get().sender == BUYER.phone


def test_a_reply_that_cannot_be_mailed_is_erased(sent: Stage) -> None:
    """It was acted on; that it is handed on is no reason to keep it."""
    reply(sent, "plain", meaning="other", forward_at=NOON)
    sent.clock.move(days=90, seconds=1)

    forget_only(sent)

    row = InboundMessage.objects.get()
    assert (row.sender, row.body, row.forward_at) == ("", "", None)


def test_mails_that_waited_before_the_upgrade_still_do(sent: Stage) -> None:
    """``answer_at`` also said when to mail; a reply that nobody has read keeps it."""
    reply(sent, "mail", meaning="other", answer_at=NOON)
    reply(sent, "unread", answer_at=NOON)

    upgrade = import_module("saleor_sms_plugin.migrations.0006_replies_kept")
    upgrade.part_mails(apps, connection.schema_editor())

    rows = InboundMessage.objects.order_by("pk").values_list("answer_at", "forward_at")
    assert list(rows) == [(None, NOON), (NOON, None)]


def request(stage: Stage, name: str, status: str, **columns: Any) -> None:
    account, _ = ProviderAccount.objects.get_or_create(
        provider="memory", key="k", defaults={"created_at": stage.clock.now()}
    )
    WebhookRequest.objects.create(
        account=account, method="POST", digest=name, status=status,
        received_at=stage.clock.now(), **{"body": b"STOP", **columns},
    )  # fmt: skip


def test_requests_go_after_14_days_unless_they_may_hold_a_stop(stage: Stage) -> None:
    """What waits and what failed stays; what a person who was forgotten left in it does not."""
    stage.configure(CREATED)
    request(stage, "done", "processed")
    request(stage, "forged", "refused")
    request(stage, "waits", "verified", process_at=NOON + dt.timedelta(days=30))
    request(stage, "unread", "received", process_at=NOON + dt.timedelta(days=30))
    request(stage, "failed", "failed")
    request(stage, "erased", "failed", body=b"")
    stage.clock.move(days=14, seconds=1)

    forget_only(stage)

    left = WebhookRequest.objects.order_by("pk").values_list("digest", flat=True)
    assert list(left) == ["waits", "unread", "failed"]


def test_sms_status_names_what_may_be_a_stop(stage: Stage, monkeypatch: Any) -> None:
    """Failed requests at once, what waits for a worker after five minutes."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    stage.configure(CREATED)
    request(stage, "waits", "verified", process_at=NOON)
    request(stage, "failed", "failed")
    reply(stage, "unread", answer_at=NOON)
    assert may_be_stops() == [
        "webhook requests that failed (sms_replay_webhook --failed): 1; each may be a stop"
    ]

    stage.clock.move(minutes=5, seconds=1)

    assert may_be_stops()[1:] == [
        "webhook requests that wait for a worker: 1; each may be a stop",
        "replies that could not be acted on yet: 1; each may be a stop",
    ]


def may_be_stops() -> list[str]:
    out = StringIO()
    call_command("sms_status", stdout=out)
    return [line for line in out.getvalue().splitlines() if "may be a stop" in line]


def test_a_hopeless_request_is_given_up(stage: Stage, monkeypatch: Any) -> None:
    """By number, and none that was or will be processed."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    stage.configure(CREATED)
    request(stage, "failed", "failed")
    request(stage, "waits", "verified", process_at=NOON)
    failed, waits = WebhookRequest.objects.order_by("pk").values_list("pk", flat=True)

    call_command("sms_replay_webhook", str(failed), "--give-up", stdout=StringIO())
    with pytest.raises(CommandError, match=rf"No request {waits} was refused or failed"):
        call_command("sms_replay_webhook", str(waits), "--give-up", stdout=StringIO())

    assert WebhookRequest.objects.get().pk == waits


def test_replies_are_erased_with_the_texts(sent: Stage) -> None:
    """Number and words after 90 days; that there was one stays."""
    reply(sent, "plain")
    sent.clock.move(days=90, seconds=1)

    forget(sent)

    row = InboundMessage.objects.get()
    assert (row.sender, row.body, row.parts) == ("", "", {})


def test_a_receipt_that_came_late_is_erased(sent: Stage) -> None:
    """Its text was erased before it came."""
    sent.clock.move(days=91)
    forget(sent)
    message = Message.objects.order_by("pk")[0]
    account = ProviderAccount.objects.create(provider="p", key="k", created_at=sent.clock.now())
    DeliveryReceipt.objects.create(
        account=account, position=0, message=message, recipient=BUYER.phone, detail="gone",
        is_whole_message=True, received_at=sent.clock.now(),
    )  # fmt: skip

    sent.clock.move(days=90)
    forget(sent)
    assert DeliveryReceipt.objects.get().recipient == BUYER.phone

    sent.clock.move(seconds=1)
    forget(sent)
    assert list(DeliveryReceipt.objects.values_list("recipient", "detail")) == [("", "")]


def test_a_link_names_its_reader_to_its_end(sent: Stage) -> None:
    """Until it expires, or ends before that."""
    now, message = sent.clock.now(), Message.objects.order_by("pk")[0]
    for kind, ended_at in (("opt_out", None), ("opt_in", now)):
        Link.objects.create(
            kind=kind, message=message, recipient=BUYER.phone, channel_id=CHANNEL,
            created_at=now, expires_at=now + dt.timedelta(days=365), ended_at=ended_at,
        )  # fmt: skip
    sent.clock.move(days=365)
    forget(sent)
    readers = Link.objects.order_by("pk").values_list("recipient", flat=True)
    assert list(readers) == [BUYER.phone, ""]

    sent.clock.move(seconds=1)
    forget(sent)

    assert list(readers.all()) == ["", ""]


def test_a_box_names_nobody_after_the_retention(sent: Stage) -> None:
    """What was ticked stays; a box that still waits is kept whole."""
    said = {"sms_offers": "true", "sms_phone": BUYER.phone, "sms_ip": "192.0.2.77"}
    now = sent.clock.now()
    for name, process_at in (("done", None), ("waits", now + dt.timedelta(days=999))):
        ConsentBox.objects.create(
            key=name, source="checkout", subject_id=name, values=said, seen_at=now,
            process_at=process_at,
        )  # fmt: skip
    sent.clock.move(days=90, seconds=1)

    forget_only(sent)
    forget_only(sent)

    assert dict(ConsentBox.objects.values_list("key", "values")) == {
        "done": {"sms_offers": "true", "sms_phone": "", "sms_ip": ""},
        "waits": said,
    }


def test_boxes_go_after_400_days(sent: Stage) -> None:
    """A box that still waits for a phone does not."""
    for name, process_at in (("done", None), ("waits", sent.clock.now())):
        ConsentBox.objects.create(
            key=name, source="checkout", subject_id=name, seen_at=sent.clock.now(),
            process_at=process_at,
        )  # fmt: skip
    sent.clock.move(days=400, seconds=1)

    forget(sent)

    assert [box.key for box in ConsentBox.objects.all()] == ["waits"]


def act(stage: Stage, what: Act, number: str = BUYER.phone) -> None:
    deed = Deed(number=number, scopes=[Scope.SERVICE], act=what, source=Source.STAFF)
    ledger.put([deed], stage.ports)


def named() -> list[tuple[str, str]]:
    return list(ConsentEntry.objects.order_by("pk").values_list("number", "act"))


def test_a_stop_holds_for_ever_and_names_nobody_after_four_years(stage: Stage) -> None:
    """Four years after the last act; the number is known by its keyed hash then."""
    stage.configure(CREATED)
    act(stage, Act.GIVEN)
    stage.clock.move(days=365)
    act(stage, Act.WITHDRAWN)
    stage.clock.move(days=4 * 365 + 1)
    forget(stage)
    assert named() == [(BUYER.phone, "given"), (BUYER.phone, "withdrawn")]

    stage.clock.move(seconds=1)
    forget(stage)

    assert named() == [("", "given"), ("", "withdrawn")]
    channel = load(stage.ports)[CHANNEL]
    known = ledger.read([BUYER.phone]).standing(BUYER.phone, Scope.SERVICE, channel)
    assert known.stopped is not None
    stage.happen(CREATED, stage.order())
    stage.run()
    assert stage.rows == [(CREATED, "suppressed", "opted_out")]


@pytest.mark.parametrize("what", [Act.GIVEN, Act.RESTORED])
def test_the_proof_of_what_may_be_sent_stays_whole(stage: Stage, what: Act) -> None:
    """Texts may go out on it still, and may have gone out whose rows are gone."""
    act(stage, Act.WITHDRAWN)
    stage.clock.move(days=1)
    act(stage, what)
    stage.clock.move(days=3650)

    forget(stage)

    assert named() == [(BUYER.phone, "withdrawn"), (BUYER.phone, what)]


def test_a_number_that_is_texted_is_named(sent: Stage) -> None:
    """Four years count from the last text, too."""
    act(sent, Act.WITHDRAWN)
    act(sent, Act.WITHDRAWN, "+48700000001")
    sent.clock.move(days=3650)
    Message.objects.update(created_at=sent.clock.now())

    forget(sent)

    assert named() == [(BUYER.phone, "withdrawn"), ("", "withdrawn")]


def test_who_is_not_texted_is_remembered(stage: Stage) -> None:
    """The list, and who asked to be forgotten, for as long as the shop sends."""
    suppression.add("+48601234567", stage.ports)
    person.forget_number(BUYER.phone, stage.ports)
    stage.clock.move(days=3650)

    forget(stage)

    assert (SuppressedNumber.objects.count(), ErasedNumber.objects.count()) == (1, 1)


def test_a_lost_secret_key_is_noticed(stage: Stage, settings: Any) -> None:
    """sms.W007: hashes of the former key recognise nobody, until it is among the fallbacks."""
    stage.configure(CREATED)
    stage.run()
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    stage.run()
    assert checks.check_secret_key(databases=["default"]) == []  # nobody was hashed before
    person.forget_number(BUYER.phone, stage.ports)
    assert checks.check_secret_key(databases=["default"]) == []

    settings.SECRET_KEY = former
    stage.run()

    (warning,) = checks.check_secret_key(databases=["default"])
    assert (warning.id, "SECRET_KEY_FALLBACKS" in str(warning.hint)) == ("sms.W007", True)
    assert checks.check_secret_key(databases=None) == []
    settings.SECRET_KEY_FALLBACKS = ["another"]
    assert checks.check_secret_key(databases=["default"]) == []
