"""Who may be sent what: the law's bases, soft opt-in, and what staff see and enter."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Basis, Scope
from saleor_sms_plugin.domain.places import Place
from saleor_sms_plugin.events.catalogue import Purpose
from saleor_sms_plugin.models import ConsentEntry, ErasedNumber, Link
from saleor_sms_plugin.models.keyed_hash import keyed_hash
from saleor_sms_plugin.ports import Checkout
from saleor_sms_plugin.services import channels, consent, ledger, links, opting
from saleor_sms_plugin.services.explain import explain
from saleor_sms_plugin.services.ledger import Deed, Source

from .stage import BUYER, CHANNEL, Stage

POLE, GERMAN, ITALIAN, AMERICAN = BUYER.phone, "+4915112345678", "+393471234567", "+12125552368"
CART, OFFER = "checkout_abandoned", "an_offer"


def refusal(
    stage: Stage, number: str, event: str = OFFER, *, country: str = "", is_customer: bool = False
) -> str:
    """The reason against a marketing text to this person, "" where there is none."""
    channel = channels.load(stage.ports)[CHANNEL]
    rule = channel.config.law_at(Place(country, number=number))
    found = consent.may_send(
        number, Purpose.MARKETING, event, channel, ledger.read([number]), rule,
        is_customer=is_customer,
    )  # fmt: skip
    return found[0] if found else ""


def cart(stage: Stage) -> Checkout:
    """Anna's cart, changed now."""
    stage.shop.changed["c1"] = stage.clock.now()
    return stage.shop.put_checkout(
        Checkout(
            id="c1", channel_id=CHANNEL, channel_slug="channel-1", language="en",
            created_at=stage.clock.now(), currency="EUR", total=Decimal("9.90"), item_count=1,
            billing=BUYER, lines="aaaa",
        )
    )  # fmt: skip


def give(stage: Stage, number: str, *scopes: Scope, **more: Any) -> None:
    values: dict[str, Any] = {"act": Act.GIVEN, "source": Source.CHECKOUT} | more
    ledger.put([Deed(number=number, scopes=scopes or MARKETING, **values)], stage.ports)


@pytest.mark.parametrize("number", [POLE, GERMAN, ITALIAN, AMERICAN])
@pytest.mark.parametrize("event", [CART, OFFER])
def test_nobody_gets_marketing_without_consent(stage: Stage, number: str, event: str) -> None:
    """Nor a customer: an order is no consent where nobody signed off a soft opt-in."""
    stage.configure(CART)
    assert refusal(stage, number, event) == "no_consent"
    assert refusal(stage, number, event, is_customer=True) == "no_consent"


def test_consent_to_offers_is_none_to_cart_reminders(stage: Stage) -> None:
    """Each scope is asked for by itself."""
    stage.configure(CART)
    give(stage, POLE, Scope.OFFERS)
    assert (refusal(stage, POLE, OFFER), refusal(stage, POLE, CART)) == ("", "no_consent")


def test_usa_offers_need_the_wording_on_record(stage: Stage) -> None:
    """Prior express written consent."""
    stage.configure(CART)
    give(stage, AMERICAN, Scope.OFFERS)
    assert refusal(stage, AMERICAN) == "no_consent"
    stage.clock.move(minutes=1)
    give(stage, AMERICAN, Scope.OFFERS, basis=Basis.EXPRESS_WRITTEN)
    assert refusal(stage, AMERICAN) == ""


def test_number_and_address_the_stricter(stage: Stage) -> None:
    """A Polish number at an address in the USA needs what the USA asks for."""
    stage.configure(CART)
    give(stage, POLE)
    assert (refusal(stage, POLE), refusal(stage, POLE, country="US")) == ("", "no_consent")


SIGNED = "rule.{}.soft_opt_in = yes, signed off by Anna Nowak 2026-01-15"


def test_germany_a_soft_opt_in_that_was_signed_off_counts_for_customers(stage: Stage) -> None:
    """Offers only, for who has bought only; never for carts."""
    stage.configure(CART, advanced=SIGNED.format("DE"))
    assert refusal(stage, GERMAN, is_customer=True) == ""
    assert refusal(stage, GERMAN) == "no_consent"
    assert refusal(stage, GERMAN, CART, is_customer=True) == "no_consent"


def test_a_soft_opt_in_entry_counts_only_where_it_was_signed_off(stage: Stage) -> None:
    """In Germany where it was; not in Italy."""
    stage.configure(CART, advanced=SIGNED.format("DE"))
    for number in (GERMAN, ITALIAN):
        give(stage, number, basis=Basis.SOFT_OPT_IN)
    assert (refusal(stage, GERMAN), refusal(stage, ITALIAN)) == ("", "no_consent")
    assert refusal(stage, GERMAN, CART) == "no_consent"


@pytest.mark.parametrize("country", ["IT", "PL"])
def test_italy_and_poland_no_soft_opt_in_whoever_signs(stage: Stage, country: str) -> None:
    """The line is refused and has no effect."""
    stage.configure(CART, advanced=SIGNED.format(country))
    number = {"IT": ITALIAN, "PL": POLE}[country]
    assert refusal(stage, number, is_customer=True) == "no_consent"


def test_a_customer_who_opted_out_is_no_soft_opt_in(stage: Stage) -> None:
    """A stop holds against every basis."""
    stage.configure(CART, advanced=SIGNED.format("DE"))
    give(stage, GERMAN, *EVERYTHING, act=Act.WITHDRAWN)
    assert refusal(stage, GERMAN, is_customer=True) == "opted_out"


def test_a_test_number_needs_no_consent_but_its_stop_holds(stage: Stage) -> None:
    """Who tries the plugin out has nobody to ask."""
    stage.configure(CART, test_numbers=POLE)
    assert refusal(stage, POLE, CART) == ""
    give(stage, POLE, act=Act.WITHDRAWN)
    assert refusal(stage, POLE, CART) == "opted_out"


def test_the_detail_says_what_is_missing(stage: Stage) -> None:
    """Country, what it needs, and what there is, with its date and source."""
    stage.configure(CART)
    give(stage, AMERICAN, Scope.OFFERS)
    channel = channels.load(stage.ports)[CHANNEL]
    rule = channel.config.law_at(Place("US", "NY", number=AMERICAN))
    found = consent.refusal(AMERICAN, Scope.OFFERS, channel, ledger.read([AMERICAN]), rule)
    assert found is not None
    assert found[1].endswith(
        "needs consent with the wording that the person read; there is consent, given "
        "2026-03-02 12:00 UTC (checkout)."
    )


# The command


@pytest.fixture
def shop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The shop that the commands see."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)
    stage.configure(CART)
    return stage


def test_staff_enter_a_consent_with_its_wording(
    shop: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """For offers and cart reminders, written, by name; then it may be texted."""
    call_command("sms_consent", "give", POLE, "--by", "Anna", "--wording", "On the phone.")
    assert capsys.readouterr().out == "+48*****678: given offers, cart_reminders.\n"
    entry = ConsentEntry.objects.first()
    assert entry is not None
    assert (entry.basis, entry.source, entry.staff, entry.channel_id) == (
        "express_written", "staff", "Anna", None,
    )  # fmt: skip
    assert refusal(shop, POLE, CART) == ""


def test_a_consent_that_does_not_count_yet_is_entered_with_a_word(
    shop: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """In Italy it waits for a confirmation, in Poland it counts at once."""
    call_command("sms_consent", "give", ITALIAN, "--by", "Anna", "--scope", "offers")
    assert capsys.readouterr().out.splitlines() == [
        "+39*****567: given offers.",
        "channel-1, offers: not texted: The consent still waits for its confirmation (double "
        "opt-in). (given 2026-03-02 12:00 UTC (staff))",
    ]
    call_command("sms_consent", "give", POLE, "--by", "Anna", "--scope", "offers")
    assert capsys.readouterr().out == "+48*****678: given offers.\n"


def test_staff_withdraw_everything(shop: Stage) -> None:
    """What waits ends at once."""
    shop.configure("order_created")
    shop.clock.move(minutes=1)
    shop.happen("order_created", shop.order(billing=BUYER))
    opting_before = ConsentEntry.objects.count()
    call_command("sms_consent", "withdraw", POLE, "--by", "Anna")
    shop.run()
    assert ConsentEntry.objects.count() - opting_before == 3
    assert shop.rows == [("order_created", "suppressed", "opted_out")]


def test_one_scope_in_one_channel(shop: Stage) -> None:
    """``--scope`` and ``--channel``."""
    call_command(
        "sms_consent", "give", POLE, "--by", "Anna", "--scope", "offers",
        "--channel", "channel-1",
    )  # fmt: skip
    entries = ConsentEntry.objects.values_list("scope", "channel_id", "channel_slug")
    assert list(entries) == [("offers", CHANNEL, "channel-1")]


def test_show_says_where_a_person_stands_and_why(
    shop: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each scope with its verdict, then every act; JSON for programs."""
    give(shop, POLE, Scope.OFFERS, wording="Yes.", channel=channels.load(shop.ports)[CHANNEL])
    call_command("sms_consent", "show", POLE)
    assert capsys.readouterr().out.splitlines() == [
        "+48*****678",
        "channel-1, offers: may be texted (given 2026-03-02 12:00 UTC (checkout))",
        "channel-1, cart_reminders: not texted: It is marketing in this country, and there is no "
        "consent to it. (nothing on record)",
        "channel-1, service: may be texted (nothing on record)",
        "  2026-03-02 12:00 UTC given offers in channel-1 (checkout): Yes.",
    ]
    call_command("sms_consent", "show", POLE, "--json")
    shown = json.loads(capsys.readouterr().out)
    assert [each["may"] for each in shown["standings"]] == [True, False, True]
    assert shown["acts"][0]["wording"] == "Yes."


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("give", POLE), "--by NAME"),
        (("show", "12"), "is not a phone number in PL"),
        (("give", POLE, "--by", "Anna", "--channel", "nowhere"), "has no settings"),
    ],
)
def test_what_the_command_refuses(shop: Stage, arguments: tuple[str, ...], error: str) -> None:
    """Without a name, with no number, for a channel that is none."""
    with pytest.raises(CommandError, match=error):
        call_command("sms_consent", *arguments)
    assert ConsentEntry.objects.count() == 0


ROMAN = "347 123 4567"


@pytest.mark.parametrize(
    ("number", "channel", "read"),
    [
        ("512 345 678", "", POLE),
        (ROMAN, "channel-2", ITALIAN),
        ("0039 " + ROMAN, "", ITALIAN),
    ],
)
def test_a_national_number_is_of_the_default_country(
    shop: Stage, capsys: pytest.CaptureFixture[str], number: str, channel: str, read: str
) -> None:
    """The named channel's, else the one that all channels have."""
    if channel:
        shop.configure(CART, channel_id=2, default_country="IT")
    named = ["--channel", channel] if channel else []
    call_command("sms_consent", "show", number, *named, "--json")
    shown = json.loads(capsys.readouterr().out)
    assert {each["number"] for each in shown["standings"]} == {read}


@pytest.mark.parametrize(
    "command",
    [
        ("sms_consent", "show", "512345678"),
        ("sms_person", "export", "512345678"),
        ("sms_suppressions", "--add", "512345678"),
        ("sms_consent_export", "--number", "512345678"),
    ],
)
def test_where_channels_differ_a_national_number_is_nobodys(
    shop: Stage, command: tuple[str, ...]
) -> None:
    """Whose it is is not guessed; the error names the countries."""
    shop.configure(CART, channel_id=2, default_country="IT")
    with pytest.raises(CommandError, match=r"has no country.* default countries \(IT, PL\)"):
        call_command(*command)
    with pytest.raises(CommandError, match="is not a phone number"):
        call_command(*[each.replace("512345678", "+4851") for each in command])


def test_without_a_channel_a_national_number_has_no_country(shop: Stage) -> None:
    """Nothing is set up yet."""
    shop.shop.channels.clear()
    with pytest.raises(CommandError, match=r"has no country\. Write it with \+"):
        call_command("sms_consent", "show", "512345678")


def test_of_who_was_forgotten_nothing_is_entered(shop: Stage) -> None:
    """The number would name them again."""
    ErasedNumber.objects.create(number_hash=keyed_hash(POLE), since=shop.clock.now())
    with pytest.raises(CommandError, match="asked to be forgotten"):
        call_command("sms_consent", "give", POLE, "--by", "Anna")
    assert ConsentEntry.objects.count() == 0


def test_a_stop_in_another_scope_leaves_a_soft_opt_in_alone(stage: Stage) -> None:
    """What waits for a customer is refused only within what was stopped."""
    stage.configure("order_created", advanced=SIGNED.format("DE"))
    assert opting.end_refused([GERMAN], stage.ports) == 0
    give(stage, GERMAN, Scope.CART_REMINDERS, act=Act.WITHDRAWN)
    assert refusal(stage, GERMAN, is_customer=True) == ""


# What shows it


def test_explain_shows_the_standing_and_its_source(
    shop: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of marketing texts: given, confirmed, stopped, when and where."""
    shop.configure(CART, sender_id="+447700900123")
    shop.clock.move(minutes=1)
    left = cart(shop)
    give(shop, POLE, Scope.CART_REMINDERS)
    shop.later(minutes=60)
    call_command("sms_explain", left.id)
    assert (
        "  consent to cart_reminders: given 2026-03-02 12:01 UTC (checkout)\n"
        in capsys.readouterr().out
    )
    give(shop, POLE, Scope.CART_REMINDERS, act=Act.WITHDRAWN, source=Source.REPLY)
    [decision] = explain(left, shop.ports)
    assert decision.consent.endswith("stopped 2026-03-02 13:01 UTC (reply)")


def test_order_texts_have_no_consent_to_show(shop: Stage) -> None:
    """They need none."""
    shop.configure("order_created")
    shop.clock.move(minutes=1)
    order = shop.order()
    shop.happen("order_created", order)
    shop.run()
    assert [each.consent for each in explain(order, shop.ports)] == [""]


@pytest.mark.parametrize(
    ("scope", "answer"),
    [(Scope.CART_REMINDERS, links.Answer.ENDED), (Scope.OFFERS, links.Answer.LEADS)],
)
def test_a_link_ends_with_the_opt_out_from_its_texts(
    shop: Stage, scope: Scope, answer: links.Answer
) -> None:
    """Of the text's own scope; another one leaves it."""
    shop.configure(
        CART, sender_id="+447700900123", storefront_url="https://shop.example.com",
        advanced="recovery_url = https://shop.example.com/c/{{ checkout.token }}",
    )  # fmt: skip
    shop.clock.move(minutes=1)
    cart(shop)
    give(shop, POLE)
    shop.later(minutes=60)
    shop.clock.move(minutes=1)
    give(shop, POLE, scope, act=Act.WITHDRAWN)
    link = Link.objects.get(kind=Link.Kind.RECOVERY)
    visit = links.Visit(address="192.0.2.1", agent="Mozilla/5.0")
    assert links.follow(link, visit, shop.ports)[0] is answer
