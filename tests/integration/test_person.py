"""A person is shown all that is stored of them, and forgotten on request (GDPR 15 and 17)."""

from __future__ import annotations

import json
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Scope
from saleor_sms_plugin.models import (
    ConsentBox,
    ConsentEntry,
    DeliveryReceipt,
    ErasedNumber,
    Link,
    Message,
    ProviderAccount,
    SuppressedNumber,
    SurveyScore,
    WebhookRequest,
)
from saleor_sms_plugin.services import ledger, opting, person, suppression
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.ledger import Deed, Source
from tests.integration.stage import BUYER, CHANNEL, RECEIVER, Stage

CREATED = "order_created"
NUMBER = BUYER.phone
EMAIL = "anna@example.com"


@pytest.fixture
def shop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Anna got a text; her e-mail address is on two addresses of the shop."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    stage.configure(CREATED)
    stage.happen(CREATED, stage.order())
    stage.run()
    stage.shop.phones[EMAIL] = [("512 345 678", "PL"), ("n/a", "PL"), (RECEIVER.phone, "PL")]
    return stage


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("sms_person", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def acts(stage: Stage, act: Act, *scopes: Scope, number: str = NUMBER) -> None:
    deed = Deed(number=number, scopes=scopes, act=act, source=Source.STAFF, ip="192.0.2.7")
    opting.opt_out([deed], stage.ports)


def test_everything_is_shown(shop: Stage) -> None:
    """Texts, links and what became of them, acts of consent, scores, why no text goes there."""
    message = Message.objects.get()
    now = shop.clock.now()
    Link.objects.create(
        kind="order", message=message, channel_id=CHANNEL, created_at=now, expires_at=now,
        clicked_at=now,
    )  # fmt: skip
    SurveyScore.objects.create(
        message=message, order_id="o1", order_number="1", score=5, source="page", answered_at=now
    )
    acts(shop, Act.GIVEN, Scope.OFFERS)
    suppression.add(NUMBER, shop.ports, "by phone")

    (known,) = json.loads(run("export", NUMBER, "--json"))

    assert known["number"] == NUMBER
    assert [(text["order"], text["status"]) for text in known["texts"]] == [("1", "sent")]
    assert known["texts"][0]["body"] == message.body
    assert [(link["kind"], link["clicked_at"]) for link in known["links"]] == [
        ("order", now.isoformat())
    ]
    assert [(act["scope"], act["act"], act["ip"]) for act in known["acts"]] == [
        ("offers", "given", "192.0.2.7")
    ]
    assert [(score["order"], score["score"]) for score in known["scores"]] == [("1", 5)]
    assert known["not_texted"].endswith("Since 2026-03-02 (by phone).")
    words = run("export", NUMBER)
    assert "1 texts to +48*****678" in words
    assert NUMBER not in words


def test_what_storefronts_and_providers_said_is_shown(shop: Stage) -> None:
    """Boxes, reports and raw requests of this number, and no one else's; proof in full."""
    now = shop.clock.now()
    account = ProviderAccount.objects.create(provider="vonage", key="v:k", created_at=now)
    others = {"mine": NUMBER, "theirs": "+48601234567"}
    for name, number in others.items():
        ConsentBox.objects.create(
            key=name, source="checkout", subject_id=name, seen_at=now,
            values={"sms_offers": "false", "sms_phone": number, "sms_ip": "192.0.2.77"},
        )  # fmt: skip
        request = WebhookRequest.objects.create(
            account=account, method="POST", digest=name, received_at=now,
            body=f'{{"msisdn": "{number[1:]}"}}'.encode(),
        )  # fmt: skip
        DeliveryReceipt.objects.create(
            account=account, request=request, position=0, recipient=number, is_whole_message=True,
            provider_status="delivered", code="0", network="26001", received_at=now,
        )  # fmt: skip
    acts(shop, Act.GIVEN, Scope.OFFERS)

    (known,) = json.loads(run("export", NUMBER, "--json"))

    assert [box["values"] for box in known["boxes"]] == [
        {"sms_offers": "false", "sms_phone": NUMBER, "sms_ip": "192.0.2.77"}
    ]
    assert [(each["status"], each["network"]) for each in known["receipts"]] == [
        ("delivered", "26001")
    ]
    assert [each["body"] for each in known["requests"]] == ['{"msisdn": "48512345678"}']
    words = run("export", NUMBER)
    assert "(staff, express, 192.0.2.7)" in words
    assert "sms_ip = 192.0.2.77" in words
    assert "delivered 0 26001" in words
    assert NUMBER[1:] not in words


def test_erasing_leaves_no_number_and_ends_what_waits(shop: Stage) -> None:
    """Texts, acts, links, boxes and the list name nobody; decisions and acts stay."""
    acts(shop, Act.GIVEN, Scope.OFFERS)
    suppression.add(NUMBER, shop.ports)
    ConsentBox.objects.create(
        key="checkout:1", source="checkout", subject_id="1", seen_at=shop.clock.now(),
        values={"sms_offers": "true", "sms_phone": "512 345 678", "sms_ip": "192.0.2.7"},
    )  # fmt: skip
    shop.configure(CREATED, sender_id="")
    SuppressedNumber.objects.all().delete()
    shop.happen(CREATED, shop.order("o2"))
    shop.run()
    assert [row[1] for row in shop.rows] == ["sent", "held"]
    suppression.add(NUMBER, shop.ports)

    (done,) = json.loads(run("erase", NUMBER, "--yes", "--json"))

    assert done == {"number": "+48*****678", "erased": 2, "left": 0}
    assert shop.rows == [(CREATED, "sent", ""), (CREATED, "cancelled", "person_erased")]
    assert set(Message.objects.values_list("recipient", "body", "detail")) == {("", "", "")}
    row = ConsentEntry.objects.get()
    assert (row.number, row.act, row.ip) == ("", "given", None)
    assert len(row.number_hash) == 64
    assert ConsentBox.objects.get().values == {
        "sms_offers": "true", "sms_phone": "", "sms_ip": "",
    }  # fmt: skip
    assert SuppressedNumber.objects.count() == 0
    assert ErasedNumber.objects.get().since == shop.clock.now()


def test_what_a_person_wrote_stays_without_the_number(shop: Stage) -> None:
    """The words of a STOP are its proof."""
    deed = Deed(
        number=NUMBER, scopes=[Scope.OFFERS], act=Act.WITHDRAWN, source=Source.REPLY,
        wording=f"stop texting {NUMBER}, or 48512345678",
    )  # fmt: skip
    opting.opt_out([deed], shop.ports)

    run("erase", NUMBER, "--yes")

    assert ConsentEntry.objects.get().wording == "stop texting +*****, or *****"


def test_a_box_without_a_phone_of_its_own_forgets_the_address_too(shop: Stage) -> None:
    """The address's phone was the person's: every sight of that checkout, and no other's."""
    for name, subject in (("first", "c1"), ("second", "c1"), ("other", "c2")):
        ConsentBox.objects.create(
            key=name, source="checkout", subject_id=subject, seen_at=shop.clock.now(),
            values={"sms_offers": "true", "sms_ip": "192.0.2.7"},
        )  # fmt: skip
    box = ConsentBox.objects.get(key="first")
    given = Deed(
        number=NUMBER, scopes=[Scope.OFFERS], act=Act.GIVEN, source=Source.CHECKOUT,
        key=f"checkout:c1:{box.pk}", ip="192.0.2.7",
    )  # fmt: skip
    ledger.put([given], shop.ports)

    run("erase", NUMBER, "--yes")

    rows = ConsentBox.objects.order_by("pk").values_list("key", "values")
    assert [(key, values["sms_ip"]) for key, values in rows] == [
        ("first", ""), ("second", ""), ("other", "192.0.2.7"),
    ]  # fmt: skip


def test_what_was_ticked_stays_without_the_account(shop: Stage) -> None:
    """The shop knows whose account and whose order it is; acts of one stay acts of one."""
    boxes = [
        ("customer", "VXNlcjo3", Act.GIVEN), ("customer", "VXNlcjo3", Act.WITHDRAWN),
        ("customer", "VXNlcjo4", Act.GIVEN), ("checkout", "Q2hlY2tvdXQ6", Act.GIVEN),
    ]  # fmt: skip
    ledger.put(
        [
            Deed(
                number=NUMBER, scopes=MARKETING, act=act, source=Source(source),
                key=f"{source}:{subject}:{place}", at=shop.clock.now(),
            )
            for place, (source, subject, act) in enumerate(boxes)
        ],
        shop.ports,
    )  # fmt: skip
    imported = Deed(
        number=NUMBER, scopes=[Scope.OFFERS], act=Act.GIVEN, source=Source.IMPORT, key="import:1f"
    )
    ledger.put([imported], shop.ports)

    run("erase", NUMBER, "--yes")

    rows = [str(row) for row in ConsentEntry.objects.values()]
    assert [row for row in rows if any(subject in row for _, subject, _ in boxes)] == []
    accounts = [entry.account for entry in ledger.read([NUMBER]).entries[NUMBER]]
    first, other = accounts[0], accounts[4]
    assert accounts == [first] * 4 + [other] * 2 + [""] * 3
    assert (len(first), len(other), first == other) == (64, 64, False)
    assert ConsentEntry.objects.get(source="import").key == "import:1f"


def test_who_was_erased_gets_no_text(shop: Stage) -> None:
    """A new order is decided with the reason and without the number; staff can undo it."""
    run("erase", NUMBER, "--yes")
    shop.happen(CREATED, shop.order("o2"))
    shop.run()

    assert shop.rows[1] == (CREATED, "suppressed", "number_erased")
    assert Message.objects.get(order_id="o2").recipient == ""
    assert suppression.add(NUMBER, shop.ports) is False
    assert [row.reason for row in suppression.all_of(shop.ports)] == ["erased"]

    assert suppression.remove(NUMBER, shop.ports) is True
    shop.happen(CREATED, shop.order("o3"))
    shop.run()

    assert Message.objects.get(order_id="o3").status == "sent"


def test_a_stop_holds_after_the_erasing_was_undone(shop: Stage) -> None:
    """The ledger knows the person by the keyed hash."""
    acts(shop, Act.WITHDRAWN, *EVERYTHING)
    run("erase", NUMBER, "--yes")
    suppression.remove(NUMBER, shop.ports)
    shop.happen(CREATED, shop.order("o2"))
    shop.run()

    assert shop.rows[1] == (CREATED, "suppressed", "opted_out")


def test_who_was_erased_is_known_after_the_key_changed(shop: Stage, settings: Any) -> None:
    """While the former key is among SECRET_KEY_FALLBACKS."""
    acts(shop, Act.WITHDRAWN, Scope.OFFERS)
    run("erase", NUMBER, "--yes")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"

    assert suppression.among([NUMBER, RECEIVER.phone]) == {
        NUMBER: ("number_erased", "Since 2026-03-02.")
    }
    channel = load(shop.ports)[CHANNEL]
    assert ledger.read([NUMBER]).standing(NUMBER, Scope.OFFERS, channel).stopped is not None
    settings.SECRET_KEY_FALLBACKS = []
    assert suppression.among([NUMBER]) == {}


def test_a_text_in_a_workers_hands_does_not_begin(shop: Stage) -> None:
    """It is ended as what waits is; one whose call began is left and counted."""
    for name, begun in (("o2", False), ("o3", True)):
        shop.happen(CREATED, shop.order(name, created_at=shop.clock.now()))
        shop.run()
        message = Message.objects.get(order_id=name)
        Message.objects.filter(pk=message.pk).update(status="sending")
        if begun:
            message.attempts.update(outcome="pending")

    (done,) = json.loads(run("erase", NUMBER, "--yes", "--json"))

    assert done == {"number": "+48*****678", "erased": 2, "left": 1}
    assert [row[1:] for row in shop.rows] == [
        ("sent", ""), ("cancelled", "person_erased"), ("sending", ""),
    ]  # fmt: skip


def test_a_person_is_found_by_email(shop: Stage) -> None:
    """The phones of their addresses, each once; what is no number was never texted."""
    assert person.numbers_of("Anna@Example.com", shop.ports) == [NUMBER, RECEIVER.phone]
    exported = json.loads(run("export", EMAIL, "--json"))
    assert [len(known["texts"]) for known in exported] == [1, 0]
    assert run("export", "nobody@example.com").strip() == "Nobody is known by that."
    with pytest.raises(CommandError, match="Nothing was erased"):
        run("erase", "nobody@example.com", "--yes")

    run("erase", EMAIL, "--yes")

    assert suppression.among([NUMBER, RECEIVER.phone]).keys() == {NUMBER, RECEIVER.phone}


@pytest.mark.parametrize("answer", ["", "n", "maybe"])
def test_nothing_is_erased_without_a_yes(
    shop: Stage, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Whoever is at the terminal sees the numbers first; without a terminal it needs --yes."""
    with pytest.raises(CommandError, match="add --yes"):
        run("erase", EMAIL)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda asked: answer)
    out = StringIO()

    with pytest.raises(CommandError, match=r"Nothing was erased\."):
        call_command("sms_person", "erase", EMAIL, stderr=out)

    assert f"{NUMBER}: 1 texts, 0 replies, 0 acts of consent" in out.getvalue()
    assert ErasedNumber.objects.count() == 0
    monkeypatch.setattr("builtins.input", lambda asked: "y")
    run("erase", EMAIL)
    assert ErasedNumber.objects.count() == 2


def test_what_is_no_number_is_refused(shop: Stage) -> None:
    """With the reason."""
    with pytest.raises(CommandError, match="is not a phone number in PL"):
        run("export", "12")
