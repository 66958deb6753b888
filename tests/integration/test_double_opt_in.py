"""Double opt-in: who is asked, when and how often, what confirms, and what a text then needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Basis, Scope
from saleor_sms_plugin.events.answers import REQUESTS
from saleor_sms_plugin.models import ConsentEntry, Link, Message
from saleor_sms_plugin.ports import Address, Box, Checkout, Customer, Voucher
from saleor_sms_plugin.services import boxes, caps, channels, double_opt_in, ledger, opting
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.services.recipients import Recipient

from .stage import BUYER, CHANNEL, Stage

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = "checkout_abandoned"
NUMBER = "+447700900123"
ITALIAN = Address(phone="+393471234567", country="IT", first_name="Ada", last_name="Bo")
AMERICAN = Address(phone="+12125552368", country="US", first_name="Ann", last_name="Lee")
ON = "double_opt_in = on"


def shop(stage: Stage, advanced: str = ON, **values: Any) -> Stage:
    """Reminders are on; the sender is a name, which takes no replies."""
    stage.configure(FIRST, **({"advanced": advanced, "storefront_url": "https://a.pl"} | values))
    stage.clock.move(minutes=1)
    return stage


def tick(
    stage: Stage, name: str = "c1", at: Address = BUYER, channel_id: int = CHANNEL, **values: str
) -> Checkout:
    """This person ticks both boxes on a new cart, and a worker runs."""
    ticked = {"sms_offers": "true", "sms_cart_reminders": "true", "sms_wording": "Yes."} | values
    now = stage.clock.now()
    box = Box(source="checkout", subject_id=name, since=now, channel_id=channel_id, values=ticked)
    stage.shop.changed[name] = now
    left = stage.shop.put_checkout(
        Checkout(
            id=name, channel_id=channel_id, channel_slug=f"channel-{channel_id}",
            language="en", created_at=now,
            currency="EUR", total=Decimal("9.90"), item_count=1, billing=at, shipping=at,
            lines="aaaa", boxes=(box,),
        )
    )  # fmt: skip
    boxes.hear(lambda: box, stage.ports)
    stage.run()
    return left


def confirm(stage: Stage, number: str = BUYER.phone, **more: Any) -> bool:
    return double_opt_in.confirm(number, stage.ports, source=Source.REPLY, **more)


def confirmed() -> list[str]:
    """The scopes that were confirmed."""
    entries = ConsentEntry.objects.filter(act=Act.CONFIRMED).order_by("pk")
    return list(entries.values_list("scope", flat=True))


def test_a_name_as_sender_asks_by_a_link(stage: Stage) -> None:
    """One text at once, with a link of its own that lasts seven days, and no offer."""
    shop(stage)
    tick(stage)
    link = Link.objects.get()
    assert stage.bodies == [
        "Acme: please confirm you want our offers by SMS: "
        f"https://api.shop.example.com/plugins/saleor_sms_plugin/s/{link.token} "
        "Not you? Ignore this."
    ]
    assert (link.kind, link.recipient) == ("opt_in", BUYER.phone)
    assert link.expires_at - link.created_at == dt.timedelta(days=7)


def test_a_number_as_sender_asks_for_yes(stage: Stage) -> None:
    """No link."""
    shop(stage, sender_id=NUMBER)
    tick(stage)
    assert stage.bodies == [
        "Acme: please confirm you want our offers by SMS: reply YES. Not you? Ignore this."
    ]
    assert Link.objects.count() == 0


def test_it_is_asked_at_night_too(stage: Stage) -> None:
    """It answers what the person did a moment ago."""
    shop(stage)
    stage.clock.move(hours=11)  # midnight in Warsaw
    tick(stage)
    assert len(stage.bodies) == 1


@pytest.mark.parametrize(
    ("advanced", "at", "asked"),
    [
        ("", BUYER, 0),
        ("", ITALIAN, 1),
        (ON, BUYER, 1),
        ("double_opt_in = off", ITALIAN, 0),
        ("double_opt_in = off", AMERICAN, 1),
    ],
)
def test_who_is_asked(stage: Stage, advanced: str, at: Address, asked: int) -> None:
    """Auto: where the law's table has it; off never lowers what a law requires."""
    shop(stage, advanced=advanced, sender_id=NUMBER, allowed_countries="PL, IT, US")
    tick(stage, at=at)
    requests = Message.objects.filter(event_name__in=REQUESTS)
    assert requests.count() == asked


def test_usa_the_request_names_what_the_carriers_want(stage: Stage) -> None:
    """Brand, offers and cart reminders, frequency, rates, HELP and STOP."""
    shop(stage, advanced="", sender_id="+12125550100")
    tick(stage, at=AMERICAN)
    assert stage.bodies == [
        "Acme: reply YES to get recurring offers and cart reminders. Msg freq varies. "
        "Msg&data rates may apply. HELP for help, STOP to opt out."
    ]


@pytest.mark.parametrize(("minutes", "asked"), [(10, 1), (11, 0)])
def test_a_box_is_answered_within_ten_minutes_or_never(
    stage: Stage, minutes: int, asked: int
) -> None:
    """The worker was away: a request now would come from nowhere."""
    shop(stage)
    at = (stage.clock.now() - dt.timedelta(minutes=4)).isoformat()
    stage.clock.move(minutes=minutes - 4)
    assert stage.clock.now() - dt.datetime.fromisoformat(at) == dt.timedelta(minutes=minutes)
    left = tick(stage, sms_offers="", sms_cart_reminders="")
    since = left.created_at - dt.timedelta(hours=1)
    box = Box(
        source="checkout", subject_id="c1", since=since, channel_id=CHANNEL,
        values={"sms_offers": at},
    )  # fmt: skip
    boxes.hear(lambda: box, stage.ports)
    stage.run()
    assert len(stage.bodies) == asked


def test_a_request_that_cannot_leave_ends_ten_minutes_after_the_box(stage: Stage) -> None:
    """Whatever held it up."""
    shop(stage)
    tick(stage)
    message = Message.objects.get()
    assert message.expires_at == stage.clock.now() + dt.timedelta(minutes=10)


def test_one_unanswered_request_whatever_is_ticked(stage: Stage) -> None:
    """Ten carts with a stranger's phone are one text; the others say why there is none."""
    shop(stage)
    for number in range(10):
        tick(stage, f"c{number}")
    rows = list(Message.objects.order_by("pk").values_list("status", "reason"))
    assert rows == [("sent", ""), *[("suppressed", "asked_before")] * 9]
    stage.clock.move(days=6, hours=23)
    tick(stage, "c10")
    assert len(stage.bodies) == 1
    stage.clock.move(hours=1)
    tick(stage, "c11")
    assert len(stage.bodies) == 2


def test_one_request_in_all_channels_together(stage: Stage) -> None:
    """A number is one person; whoever has answered may be asked again."""
    shop(stage, sender_id=NUMBER)
    stage.configure(FIRST, channel_id=2, advanced=ON, sender_id=NUMBER)
    stage.clock.move(minutes=1)
    tick(stage)
    tick(stage, "c2", channel_id=2)
    assert len(stage.bodies) == 1
    assert confirm(stage)
    tick(stage, "c3", channel_id=2)
    assert len(stage.bodies) == 2


def test_requests_are_bounded_by_the_hour(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who ticks boxes with many strangers' numbers reaches few of them."""
    monkeypatch.setattr(caps, "REQUESTS_AN_HOUR", 3)
    shop(stage)
    for number in range(5):
        tick(stage, f"c{number}", at=replace(BUYER, phone=f"+4851234500{number}"))
    assert [reason for _, _, reason in stage.rows] == ["", "", "", *["request_flood"] * 2]
    stage.clock.move(minutes=61)
    tick(stage, "c5", at=replace(BUYER, phone="+48512345005"))
    assert (double_opt_in.REQUEST, "sent", "") in stage.rows[5:]


def test_a_request_counts_in_the_budget(stage: Stage) -> None:
    """And ends where that is used up."""
    shop(stage, advanced=f"{ON}\nbudget.all = 2")
    for number in range(3):
        tick(stage, f"c{number}", at=replace(BUYER, phone=f"+4851234500{number}"))
    assert [reason for _, _, reason in stage.rows] == ["", "", "daily_budget"]


def test_a_request_counts_in_the_flood_limit(stage: Stage) -> None:
    """A number that had its texts is not asked as well: too late it ends."""
    stage.configure("order_created", advanced=f"{ON}\nflood = 1/hour")
    stage.clock.move(minutes=1)
    stage.happen("order_created", stage.order())
    stage.run()
    tick(stage)
    assert stage.rows[-1] == (double_opt_in.REQUEST, "held", "number_flood")
    stage.later(hours=1)
    assert stage.rows[-1] == (double_opt_in.REQUEST, "expired", "expired")


def test_after_a_stop_of_everything_nobody_is_asked(stage: Stage) -> None:
    """Only START brings them back; the row says why there is no request."""
    shop(stage, sender_id=NUMBER)
    stop = Deed(number=BUYER.phone, scopes=EVERYTHING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    stage.clock.move(minutes=5)
    tick(stage)
    assert stage.rows == [(double_opt_in.REQUEST, "suppressed", "opted_out")]


def test_the_door_asks_what_a_request_is_about(stage: Stage) -> None:
    """A stop that another worker committed without having seen the request."""
    shop(stage, sender_id=NUMBER)
    given = Deed(
        number=BUYER.phone, scopes=MARKETING, act=Act.GIVEN, source=Source.CHECKOUT,
        at=stage.clock.now(),
    )  # fmt: skip
    ledger.put([given], stage.ports)
    channel = channels.load(stage.ports)[CHANNEL]
    person = Recipient(number=BUYER.phone, country="PL")
    double_opt_in.ask([given], person, "en", channel, stage.ports)
    stop = Deed(number=BUYER.phone, scopes=MARKETING, act=Act.WITHDRAWN, source=Source.STAFF)
    ledger.put([stop], stage.ports)
    stage.run()
    assert stage.rows == [(double_opt_in.REQUEST, "suppressed", "opted_out")]


@pytest.mark.parametrize("advanced", ["", "double_opt_in = off"])
def test_after_a_stop_from_the_phone_a_box_is_asked_about_everywhere(
    stage: Stage, advanced: str
) -> None:
    """Poland asks nobody else. Unconfirmed, nothing goes out; confirmed, the reminder does."""
    shop(stage, advanced=advanced, sender_id=NUMBER)
    stop = Deed(number=BUYER.phone, scopes=MARKETING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    stage.clock.move(minutes=5)
    tick(stage)
    assert stage.rows == [(double_opt_in.REQUEST, "sent", "")]
    stage.later(minutes=65)
    assert stage.rows[1] == (FIRST, "suppressed", "opted_out")
    assert "counts once it is confirmed" in Message.objects.latest("pk").detail
    assert confirm(stage)
    tick(stage, "c2")
    stage.later(minutes=65)
    assert stage.rows[2:] == [(FIRST, "sent", "")]


def test_italy_an_undated_tick_on_an_account_is_asked_about(stage: Stage) -> None:
    """A sweep saw that the account was changed a moment ago; its proof names no day."""
    shop(stage, advanced="", sender_id=NUMBER)
    since, now = stage.clock.now() - dt.timedelta(days=365), stage.clock.now()
    box = Box(
        source="customer", subject_id="7", since=since, values={"sms_offers": "true"},
        changed_at=now - dt.timedelta(minutes=3),
    )  # fmt: skip
    stage.shop.customer_accounts["7"] = Customer(
        id="7", language="it", billing=ITALIAN, boxes=(box,)
    )
    boxes.sweep(stage.ports)
    stage.run()
    assert stage.rows == [(double_opt_in.REQUEST, "sent", "")]
    assert Message.objects.get().expires_at == now + dt.timedelta(minutes=7)
    assert confirm(stage, str(ITALIAN.phone))
    assert confirmed() == ["offers"]
    given = ConsentEntry.objects.get(act=Act.GIVEN)
    assert (given.occurred_at, given.seen_at) == (since, now - dt.timedelta(minutes=3))


def test_an_old_tick_on_an_account_changed_long_ago_is_not_asked_about(stage: Stage) -> None:
    """A request now would come from nowhere."""
    shop(stage, advanced="", sender_id=NUMBER)
    now = stage.clock.now()
    box = Box(
        source="customer", subject_id="7", since=now - dt.timedelta(days=365),
        values={"sms_offers": "true"}, changed_at=now - dt.timedelta(minutes=11),
    )  # fmt: skip
    stage.shop.customer_accounts["7"] = Customer(
        id="7", language="it", billing=ITALIAN, boxes=(box,)
    )
    boxes.sweep(stage.ports)
    stage.run()
    assert (stage.rows, ConsentEntry.objects.count()) == ([], 1)


def test_given_by_staff_nobody_is_asked(stage: Stage) -> None:
    """Nor for an import: a request to them would be an offer nobody asked for."""
    shop(stage)
    ledger.put(
        [Deed(number=BUYER.phone, scopes=MARKETING, act=Act.GIVEN, source=Source.IMPORT)],
        stage.ports,
    )
    stage.run()
    assert Message.objects.count() == 0


def test_yes_confirms_what_was_asked(stage: Stage) -> None:
    """Both boxes, with the text that the person read; a second YES answers nothing."""
    shop(stage, sender_id=NUMBER)
    tick(stage)
    stage.clock.move(minutes=1)
    assert confirm(stage, sender_id=NUMBER.lstrip("+"))
    assert confirmed() == ["offers", "cart_reminders"]
    entry = ConsentEntry.objects.filter(act=Act.CONFIRMED).first()
    assert entry is not None
    assert (entry.basis, entry.source, entry.wording) == (
        Basis.EXPRESS_WRITTEN, "reply", stage.bodies[0],
    )  # fmt: skip
    assert not confirm(stage)
    assert len(confirmed()) == 2


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("way", ["reply", "page"])
def test_yes_answers_for_a_box_that_was_ticked_again(stage: Stage, way: str, again: bool) -> None:
    """Unticked or not meanwhile: one text went out, and the same words stand beside the box."""
    shop(stage, sender_id=NUMBER if way == "reply" else "Acme")
    tick(stage)
    stage.clock.move(minutes=1)
    if again:
        tick(stage, sms_offers="false", sms_cart_reminders="false")
        stage.clock.move(minutes=1)
        assert not confirm(stage)
    tick(stage, "c1" if again else "c2")
    stage.clock.move(minutes=1)
    assert len(stage.bodies) == 1

    if way == "reply":
        assert confirm(stage)
    else:
        assert double_opt_in.confirm_link(Link.objects.get(), stage.ports)

    assert confirmed() == ["offers", "cart_reminders"]
    channel = channels.load(stage.ports)[CHANNEL]
    for scope in MARKETING:
        where = ledger.read([BUYER.phone]).standing(BUYER.phone, scope, channel)
        assert where.given
        assert where.confirmed
        assert where.stopped is None


def test_yes_does_not_answer_for_a_box_of_other_words_or_another_kind(stage: Stage) -> None:
    """A later box says something else than the one that was asked about."""
    shop(stage, sender_id=NUMBER)
    tick(stage, sms_cart_reminders="false")
    stage.clock.move(minutes=1)
    tick(stage, "c2", sms_wording="Yes, also to our partners' offers.")
    stage.clock.move(minutes=1)

    assert not confirm(stage)
    assert confirmed() == []


def test_yes_does_not_answer_for_a_box_ticked_after_a_stop_from_the_phone(stage: Stage) -> None:
    """Who said STOP and is not asked anew stays stopped, whoever ticked the box since."""
    shop(stage, sender_id=NUMBER)
    tick(stage)
    stage.clock.move(minutes=1)
    stop = Deed(number=BUYER.phone, scopes=MARKETING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    stage.clock.move(minutes=1)
    tick(stage, "c2")
    stage.clock.move(minutes=1)

    assert not confirm(stage)
    assert confirmed() == []


def test_yes_to_nothing_opts_nobody_in(stage: Stage) -> None:
    """It only answers an open request."""
    shop(stage, advanced="", sender_id=NUMBER)
    assert not confirm(stage)
    tick(stage)  # Poland: nothing was asked
    assert not confirm(stage)
    assert confirmed() == []


@pytest.mark.parametrize(
    ("more", "answer"), [({"days": 6, "hours": 23}, True), ({"days": 7}, False)]
)
def test_a_request_is_open_for_seven_days(stage: Stage, more: Any, answer: bool) -> None:
    """Then the consent stays unconfirmed until a box is ticked again."""
    shop(stage, sender_id=NUMBER)
    tick(stage)
    stage.clock.move(**more)
    assert confirm(stage) is answer


def test_the_page_confirms_once(stage: Stage) -> None:
    """The second time the link says that it ended."""
    shop(stage)
    tick(stage)
    link = Link.objects.get()
    assert double_opt_in.confirm_link(link, stage.ports, ip="192.0.2.1")
    assert not double_opt_in.confirm_link(link, stage.ports)
    entry = ConsentEntry.objects.filter(act=Act.CONFIRMED).first()
    assert entry is not None
    assert (entry.source, entry.ip) == ("page", "192.0.2.1")


def test_after_a_stop_the_request_is_closed(stage: Stage) -> None:
    """Neither YES nor the page brings back what was stopped since."""
    shop(stage)
    tick(stage)
    stage.clock.move(minutes=1)
    stop = Deed(number=BUYER.phone, scopes=EVERYTHING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    assert not double_opt_in.confirm_link(Link.objects.get(), stage.ports)
    assert not confirm(stage)


def test_a_stop_ends_a_request_that_waits(stage: Stage) -> None:
    """It is not sent any more."""
    shop(stage)
    given = Deed(
        number=BUYER.phone, scopes=MARKETING, act=Act.GIVEN, source=Source.CHECKOUT,
        at=stage.clock.now(),
    )  # fmt: skip
    channel = channels.load(stage.ports)[CHANNEL]
    ledger.put([given], stage.ports)
    person = Recipient(number=BUYER.phone, country="PL")
    double_opt_in.ask([given], person, "en", channel, stage.ports)
    stop = Deed(number=BUYER.phone, scopes=EVERYTHING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    stage.run()
    assert stage.rows == [(double_opt_in.REQUEST, "suppressed", "opted_out")]


@pytest.mark.parametrize("confirms", [False, True])
def test_usa_a_cart_reminder_only_after_a_confirmed_double_opt_in(
    stage: Stage, confirms: bool
) -> None:
    """Even where the channel switches double opt-in off."""
    shop(stage, advanced="double_opt_in = off", sender_id="+12125550100")
    stage.clock.move(hours=6)  # afternoon from New York to Hawaii
    tick(stage, at=AMERICAN)
    stage.clock.move(minutes=1)
    if confirms:
        assert confirm(stage, AMERICAN.phone)
    stage.later(minutes=59)
    assert stage.rows[-1] == (
        (FIRST, "sent", "") if confirms else (FIRST, "suppressed", "not_confirmed")
    )


@pytest.mark.parametrize("confirms", [False, True])
def test_usa_a_cart_reminder_needs_the_wording_on_record(stage: Stage, confirms: bool) -> None:
    """Prior express written consent: the box's wording, or that of the request answered yes."""
    shop(stage, advanced="", sender_id="+12125550100")
    stage.clock.move(hours=6)
    tick(stage, at=AMERICAN, sms_wording="")
    stage.clock.move(minutes=1)
    if confirms:
        assert confirm(stage, AMERICAN.phone)
    stage.later(minutes=59)
    if confirms:
        assert stage.rows[-1] == (FIRST, "sent", "")
        return
    assert stage.rows[-1] == (FIRST, "suppressed", "no_consent")
    assert "with the wording that the person read" in Message.objects.latest("pk").detail


def test_italy_double_opt_in_unless_the_shop_switches_it_off(stage: Stage) -> None:
    """The Garante takes it as the minimum; the default is on."""
    shop(stage, advanced="", sender_id=NUMBER)
    tick(stage, at=ITALIAN)
    stage.later(minutes=60)
    assert stage.rows[-1] == (FIRST, "suppressed", "not_confirmed")


def test_poland_express_consent_is_enough(stage: Stage) -> None:
    """No second step."""
    shop(stage, advanced="", sender_id=NUMBER)
    tick(stage)
    stage.later(minutes=60)
    assert stage.rows == [(FIRST, "sent", "")]


def test_a_reward_follows_the_first_confirmation(stage: Stage) -> None:
    """A voucher of the shop, once per number and channel."""
    shop(stage, advanced=f"{ON}\nopt_in.reward = HELLO", sender_id=NUMBER)
    stage.shop.vouchers["HELLO"] = Voucher(code="HELLO")
    tick(stage)
    stage.clock.move(minutes=1)
    assert confirm(stage)
    stage.run()
    assert stage.bodies[1].startswith("Acme: thank you for joining! Code HELLO.")
    stop = Deed(number=BUYER.phone, scopes=MARKETING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    stage.clock.move(days=2)
    tick(stage, "c2")
    stage.clock.move(minutes=1)
    assert confirm(stage)
    stage.run()
    rewards = Message.objects.filter(event_name=double_opt_in.REWARD)
    assert (rewards.count(), len(confirmed())) == (1, 4)


def test_a_reward_keeps_the_hours_of_the_place(stage: Stage) -> None:
    """It is an offer: confirmed at night it goes out in the morning."""
    shop(stage, advanced=f"{ON}\nopt_in.reward_url = https://a.pl/gift", sender_id=NUMBER)
    stage.clock.move(hours=11)  # midnight in Warsaw
    tick(stage)
    assert confirm(stage)
    stage.run()
    assert stage.rows[-1] == (double_opt_in.REWARD, "held", "night")
    stage.at(Message.objects.latest("pk").not_before)
    assert (double_opt_in.REWARD, "sent", "") in stage.rows


def test_a_stop_ends_a_reward_that_waits(stage: Stage) -> None:
    """It is an offer."""
    shop(stage, advanced=f"{ON}\nopt_in.reward_url = https://a.pl/gift", sender_id=NUMBER)
    stage.clock.move(hours=11)
    tick(stage)
    assert confirm(stage)
    stage.run()
    stop = Deed(number=BUYER.phone, scopes=MARKETING, act=Act.WITHDRAWN, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)
    assert stage.rows[-1] == (double_opt_in.REWARD, "suppressed", "opted_out")


def test_a_reward_may_be_a_link(stage: Stage) -> None:
    """``opt_in.reward_url``."""
    url = "https://shop.example.com/guide.pdf"
    shop(stage, advanced=f"{ON}\nopt_in.reward_url = {url}", sender_id=NUMBER)
    tick(stage)
    confirm(stage)
    stage.run()
    assert url in stage.bodies[1]


@pytest.mark.parametrize("language", ["pl", "en"])
def test_a_reward_may_be_a_text(stage: Stage, language: str) -> None:
    """The owner's own words are the whole reward, in the languages they are written in."""
    own = "Show this at the till for a free coffee.\n[pl]\nKawa gratis."
    shop(stage, text_opt_in_reward=own, sender_id=NUMBER)
    tick(stage, sms_language=language)
    assert confirm(stage)
    stage.run()
    words = {"en": "Show this at the till for a free coffee.", "pl": "Kawa gratis."}
    assert stage.bodies[1].startswith(words[language])
    assert stage.rows[-1] == (double_opt_in.REWARD, "sent", "")


def test_a_text_about_a_voucher_that_ended_is_not_sent(stage: Stage) -> None:
    """The owner's words would promise what there is no more."""
    own, advanced = "Your code: {{ voucher.code }}", f"{ON}\nopt_in.reward = GONE"
    shop(stage, text_opt_in_reward=own, advanced=advanced, sender_id=NUMBER)
    tick(stage)
    assert confirm(stage)
    stage.run()
    assert len(stage.bodies) == 1


def test_without_a_reward_nothing_follows(stage: Stage) -> None:
    """And a voucher that ended is not promised."""
    shop(stage, advanced=f"{ON}\nopt_in.reward = GONE", sender_id=NUMBER)
    tick(stage)
    assert confirm(stage)
    stage.run()
    assert len(stage.bodies) == 1


def test_a_request_that_nobody_can_answer_is_not_sent(stage: Stage) -> None:
    """Belgium lets no link pass, and a name takes no YES."""
    belgian = Address(phone="+32470123456", country="BE")
    shop(stage, allowed_countries="BE")
    tick(stage, at=belgian)
    assert stage.rows == [(double_opt_in.REQUEST, "suppressed", "no_opt_out_path")]


def test_one_scope_ticked_is_one_scope_confirmed(stage: Stage) -> None:
    """A request for offers confirms no cart reminders."""
    shop(stage, sender_id=NUMBER)
    tick(stage, sms_cart_reminders="false")
    assert confirm(stage)
    assert confirmed() == [str(Scope.OFFERS)]
