"""An account that its provider refuses is told to staff once, through one that works."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, connection

from saleor_sms_plugin import checks, wiring
from saleor_sms_plugin.exceptions import OutOfCredit, ProviderAccountError, ProviderError
from saleor_sms_plugin.models import Message, SendAttempt, Throttle
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import account_run, health
from tests.integration.stage import Stage

CREATED = "order_created"
OTHER = 2
STAFF = "+48601000001"

ERRORS = (OutOfCredit("no money", provider="memory"), ProviderAccountError("barred"))


@pytest.fixture
def shop(stage: Stage, settings: Any) -> Stage:
    """Channel 1 sends through the account that will be refused."""
    settings.ADMINS = [("Owner", "owner@example.com")]
    stage.configure(CREATED, advanced="flood = off\nrate = 1")
    return stage


def refuse(shop: Stage, error: ProviderError) -> None:
    """Three texts find the account refused, one probe after another."""
    MemoryProvider.script(*[error] * 3)
    for number in range(3):
        shop.happen(CREATED, shop.order(f"o{number}"))
    shop.run()
    shop.later(minutes=5, seconds=1)
    shop.later(minutes=5, seconds=1)


@pytest.mark.parametrize("error", ERRORS)
def test_staff_get_one_text_through_an_account_that_works(
    shop: Stage, error: ProviderError
) -> None:
    """However many texts and probes find it refused; nobody gets an e-mail then."""
    shop.configure(channel_id=OTHER, provider="console", staff_numbers=STAFF, default_country="PL")

    refuse(shop, error)

    alerts = Message.objects.filter(event_name="alert")
    assert [(m.recipient, m.channel_id, m.status) for m in alerts] == [(STAFF, OTHER, "sent")]
    assert "channel-1" in alerts[0].body
    assert mail.outbox == []


@pytest.mark.parametrize("error", ERRORS)
def test_without_another_account_admins_get_one_mail(shop: Stage, error: ProviderError) -> None:
    """The refused account's own staff cannot be texted."""
    shop.configure(CREATED, advanced="flood = off\nrate = 1", staff_numbers=STAFF)

    refuse(shop, error)

    assert not Message.objects.filter(event_name="alert").exists()
    assert [each.to for each in mail.outbox] == [["owner@example.com"]]
    assert "Texts of channel-1 are held." in mail.outbox[0].body


def test_an_account_that_is_stopped_tells_nobody(shop: Stage) -> None:
    """Its staff would never have the text: ADMINS get the e-mail."""
    shop.configure(
        channel_id=OTHER, provider="console", staff_numbers=STAFF, default_country="PL",
        advanced="rate = 0",
    )  # fmt: skip

    refuse(shop, ERRORS[0])

    assert not Message.objects.filter(event_name="alert").exists()
    assert [each.to for each in mail.outbox] == [["owner@example.com"]]


def test_a_refused_account_is_asked_for_no_batch(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The texts begun behind the first one are taken back, and wait with it."""
    shop.configure(CREATED, advanced="flood = off")
    monkeypatch.setattr(account_run, "threads_for", lambda *_: 1)
    MemoryProvider.script(*[ERRORS[0]] * 40)
    shop.queue(40)

    shop.run()

    assert len(MemoryProvider.attempts) == 1
    assert SendAttempt.objects.count() == 1
    assert Message.objects.filter(status="queued", reason="").count() == 39


def test_a_text_to_staff_that_could_not_be_stored_is_made_by_the_next_probe(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account counts as told with its text, or not at all; once then."""
    shop.configure(channel_id=OTHER, provider="console", staff_numbers=STAFF, default_country="PL")
    shop.happen(CREATED, shop.order("o8"))
    MemoryProvider.script(ERRORS[0])

    def lost(*_: object, **__: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as gone:
        gone.setattr(health, "alert", lost)
        with pytest.raises(OperationalError):
            shop.run()
    assert Throttle.objects.get(closed_for="out_of_credit").told_at is None
    shop.clock.move(minutes=5, seconds=1)
    refuse(shop, ERRORS[0])

    assert Message.objects.filter(event_name="alert").count() == 1


def test_no_transaction_is_open_while_admins_are_mailed(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow mail server locks nobody's row."""
    committed_stage.configure(CREATED, advanced="flood = off\nrate = 1")
    committed_stage.queue(1)
    MemoryProvider.script(ERRORS[0])
    open_ones: list[bool] = []

    def send(*_: object, **__: object) -> None:
        open_ones.append(connection.in_atomic_block)

    monkeypatch.setattr(health, "mail_admins", send)
    committed_stage.run()

    assert open_ones == [False]


def test_an_account_refused_again_is_told_again(shop: Stage) -> None:
    """Once it has worked in between."""
    refuse(shop, ERRORS[0])
    shop.later(minutes=6)
    assert Throttle.objects.filter(closed_for="").exists()
    shop.happen(CREATED, shop.order("o9"))
    MemoryProvider.script(ERRORS[0])
    shop.run()

    assert len(mail.outbox) == 2


@pytest.mark.parametrize(("hours", "texts"), [(1, 1), (25, 2)])
def test_an_account_that_comes_and_goes_is_one_text_a_day(
    shop: Stage, hours: int, texts: int
) -> None:
    """Refused, then working, then refused again: within a day staff have been told."""
    shop.configure(
        channel_id=OTHER, provider="console", staff_numbers=STAFF, default_country="PL",
        advanced="staff_night = off",
    )  # fmt: skip
    refuse(shop, ERRORS[0])
    shop.later(minutes=6)
    assert not Throttle.objects.exclude(closed_for="").exists()

    shop.later(hours=hours)
    shop.happen(CREATED, shop.order("o9"))
    MemoryProvider.script(ERRORS[0])
    shop.run()

    assert Throttle.objects.filter(closed_for="out_of_credit").exists()
    assert Message.objects.filter(event_name="alert").count() == texts


def test_the_check_names_a_refused_account(shop: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """sms.W005, only where the database may be asked."""
    monkeypatch.setattr(wiring, "ports", lambda: shop.ports)
    assert checks.check_accounts(databases=["default"]) == []
    refuse(shop, ERRORS[0])

    (found,) = checks.check_accounts(databases=["default"])

    assert found.id == "sms.W005"
    assert "has no credit" in found.msg
    assert checks.check_accounts(databases=None) == []
