"""Replies: a stop holds at once and for what the law says, questions are answered, the rest is
handed to people."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Scope
from saleor_sms_plugin.domain.reasons import Reason
from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.events.answers import ANSWERS
from saleor_sms_plugin.events.catalogue import Purpose
from saleor_sms_plugin.models import (
    ConsentEntry,
    InboundMessage,
    Message,
    SendAttempt,
    SuppressedNumber,
    SurveyScore,
)
from saleor_sms_plugin.models.message import ALERT
from saleor_sms_plugin.services import (
    channels,
    double_opt_in,
    inbound,
    ledger,
    replies,
    reviews,
    suppression,
    webhooks,
)
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.services.opting import opt_out
from saleor_sms_plugin.services.recipients import Recipient
from saleor_sms_plugin.services.reviews import Resolution
from saleor_sms_plugin.testing.vonage_server import Caller, VonageServer
from tests.integration.calling_back import ACCOUNT, SECRET, CalledBack
from tests.integration.stage import BUYER, CHANNEL, NOON, Stage, together

POLE, ITALIAN, AMERICAN, CANADIAN = BUYER.phone, "+393331234567", "+12125552368", "+14165550123"
PUERTO_RICAN = "+17875550123"
SHOP, SHOP_US = "48700100200", "12125550199"
ADVANCED = f"night = off\nsender.US = +{SHOP_US}\nsender.CA = +{SHOP_US}"
STOP_OFFERS, STOP_ALL = ("stop_offers", "sent", ""), ("stop_all", "sent", "")


class Talking(CalledBack):
    """A shop with a number that receives; its provider's account does not sign."""

    def __init__(self, vonage: VonageServer) -> None:
        Stage.__init__(self)
        self.vonage, self.caller = vonage, Caller()
        self.shop.zones[CHANNEL] = frozenset({"PL", "IT", "US", "CA"})
        self.set_up()

    def set_up(self, advanced: str = "", channel_id: int = CHANNEL, **values: Any) -> None:
        """Staff save the channel's settings."""
        self.configure(
            "order_created", channel_id=channel_id,
            **{**ACCOUNT, "sender_id": f"+{SHOP}", "contact": "help@example.com",
               "advanced": f"{ADVANCED}\n{advanced}", **values},
        )  # fmt: skip

    def texted(
        self, number: str = POLE, purpose: Purpose = Purpose.TRANSACTIONAL, **values: Any
    ) -> Message:
        """The shop texted the number just now; a minute passes."""
        now = self.clock.now()
        row = {
            "event_name": "order_created" if purpose is Purpose.TRANSACTIONAL else "survey",
            "channel_id": CHANNEL, "purpose": purpose, "priority": 10, "recipient": number,
            "sender_id": SHOP_US if number.startswith("+1") else SHOP, "provider": "vonage",
            "language": "en", "status": MessageStatus.DELIVERED, "due_at": now, "not_before": now,
            "expires_at": now, "taken_at": now, "created_at": now, "order_id": "o0",
        }  # fmt: skip
        message = Message.objects.create(**{**row, **values})
        self.clock.move(minutes=1)
        return message

    def reply(self, text: str, number: str = POLE, to: str = "", **fields: Any) -> InboundMessage:
        """The person writes, a worker runs; a minute passes."""
        to = to or (SHOP_US if number.startswith("+1") else SHOP)
        answer = self.knock(self.caller.reply(number.removeprefix("+"), to, text, **fields))
        assert answer.status_code == 200
        self.run()
        self.clock.move(minutes=1)
        return InboundMessage.objects.latest("pk")

    def forget_parts(self) -> None:
        """The housekeeping gives up what parts are missing, and a worker acts on the rest."""
        inbound.give_up_waiting(self.ports)
        replies.run(self.ports, self.clock.now() + dt.timedelta(seconds=1))

    @property
    def answers(self) -> list[tuple[str, str, str]]:
        """The decisions about answers, oldest first."""
        rows = Message.objects.filter(event_name__in=ANSWERS).order_by("pk")
        return [(row.event_name, row.status, row.reason) for row in rows]

    def stopped(self, number: str = POLE, channel_id: int = CHANNEL) -> dict[Scope, Act]:
        """What the number gets no more of, in this channel."""
        channel = channels.load(self.ports, [channel_id])[channel_id]
        known = ledger.read([number])
        stops = {scope: known.standing(number, scope, channel).stopped for scope in Scope}
        return {scope: stop.act for scope, stop in stops.items() if stop}


@pytest.fixture
def talking(db: None, vonage: VonageServer) -> Talking:
    return Talking(vonage)


def withdrawn(*scopes: Scope) -> dict[Scope, Act]:
    return dict.fromkeys(scopes, Act.WITHDRAWN)


# ------------------------------------------------------------------------------- what STOP ends


def test_poland_stop_after_an_offer_leaves_order_texts(talking: Talking) -> None:
    """It ends offers and cart reminders, says so once, and the next order text goes out."""
    talking.texted(purpose=Purpose.MARKETING)

    row = talking.reply("Stop.")

    assert (row.meaning, row.answer_at, row.review_by) == ("stop", None, None)
    assert talking.stopped() == withdrawn(*MARKETING)
    assert talking.answers == [STOP_OFFERS]
    assert Message.objects.get(event_name="stop_offers").body == (
        "Acme: done, no more offers by SMS from us."
    )
    assert talking.send().status == "sent"


@pytest.mark.parametrize("number", [POLE, ITALIAN])
def test_europe_stop_after_a_service_text_ends_all(talking: Talking, number: str) -> None:
    """An order text is answered: no text of any kind follows."""
    talking.texted(number, Purpose.MARKETING)
    talking.texted(number)

    talking.reply("STOP", number)

    assert talking.stopped(number) == withdrawn(*EVERYTHING)
    assert talking.answers == [STOP_ALL]


def test_poland_stop_after_nothing_known_ends_all(talking: Talking) -> None:
    """Who never got a text wants none."""
    talking.reply("STOP")

    assert talking.stopped() == withdrawn(*EVERYTHING)
    assert talking.answers == [STOP_ALL]
    assert talking.send().reason == Reason.OPTED_OUT


@pytest.mark.parametrize("number", [AMERICAN, CANADIAN])
def test_us_stop_ends_order_texts_too(talking: Talking, number: str) -> None:
    """Also in answer to an offer, and in every channel of the shop, whatever its sender."""
    talking.set_up(channel_id=2, advanced="sender.US = +12125550000\nsender.CA = +12125550000")
    talking.texted(number, Purpose.MARKETING)

    talking.reply("stop", number)

    for channel_id in (CHANNEL, 2):
        assert talking.stopped(number, channel_id) == withdrawn(*EVERYTHING)
    assert talking.answers == [STOP_ALL]
    assert Message.objects.get(event_name="stop_all").body == (
        "Acme: you are unsubscribed and will get no more texts from us. Reply START to undo."
    )


@pytest.mark.parametrize("word", ["CANCEL", "end", "Quit", "REVOKE", "opt out"])
def test_us_cancel_words_end_texts(talking: Talking, word: str) -> None:
    """47 CFR 64.1200(a)(10): these words are always enough."""
    talking.texted(AMERICAN)

    talking.reply(word, AMERICAN)

    assert talking.stopped(AMERICAN) == withdrawn(*EVERYTHING)


@pytest.mark.parametrize(
    "text",
    [
        "cancel texts", "cancel please", "please cancel", "cancel all", "cancel these messages",
        "cancel my subscription", "end texts", "end all messages", "please end", "quit please",
        "revoke please", "I revoke", "S T O P please", "Please\nstop", "STOP\nSent from my iPhone",
    ],
)  # fmt: skip
def test_us_any_reasonable_wish_to_stop_is_held_at_once(talking: Talking, text: str) -> None:
    """47 CFR 64.1200(a)(10): texts of every kind rest, and staff have ten working days to read."""
    talking.texted(AMERICAN, Purpose.MARKETING)

    row = talking.reply(text, AMERICAN)

    assert row.meaning == "unclear_stop"
    assert row.review_by == row.received_at + dt.timedelta(days=14)
    assert talking.stopped(AMERICAN) == dict.fromkeys(EVERYTHING, Act.HELD)


@pytest.mark.parametrize(
    "text", ["STOP\nInviato da iPhone", "prosze\nnie pisac", "non\nscrivetemi", "Basta\nmessaggi"]
)
def test_a_wish_on_two_lines_holds(talking: Talking, text: str) -> None:
    """Phones add a signature below, and people write below each other."""
    talking.texted(purpose=Purpose.MARKETING)

    row = talking.reply(text)

    assert (row.meaning, row.review_by is None) == ("unclear_stop", False)
    assert talking.stopped() == dict.fromkeys(MARKETING, Act.HELD)


def test_poland_cancel_holds_and_is_read_by_staff(talking: Talking) -> None:
    """It mostly means the order there; nothing is sent until staff decided."""
    talking.texted()

    row = talking.reply("CANCEL")

    assert row.meaning == "unclear_stop"
    assert row.review_by == row.received_at + dt.timedelta(days=7)  # five working days
    assert talking.stopped() == dict.fromkeys(EVERYTHING, Act.HELD)
    assert talking.answers == []
    assert talking.send().reason == Reason.OPT_OUT_IN_REVIEW


def test_a_stop_holds_for_every_channel_with_that_sender(talking: Talking) -> None:
    """And leaves a channel alone that sends from another number."""
    talking.set_up(channel_id=2)
    talking.set_up(channel_id=3, sender_id="+48700100300")
    talking.texted()

    talking.reply("STOP")

    assert talking.stopped(channel_id=2) == withdrawn(*EVERYTHING)
    assert talking.stopped(channel_id=3) == {}


def test_a_stop_to_a_number_of_no_channel_holds_everywhere(talking: Talking) -> None:
    """Nobody knows which channel is meant."""
    talking.set_up(channel_id=2, sender_id="+48700100300")

    talking.reply("STOP", to="48700100999")

    assert talking.stopped() == talking.stopped(channel_id=2) == withdrawn(*EVERYTHING)
    assert talking.answers == [STOP_ALL]


def test_a_stop_to_the_number_named_beside_a_name_holds_for_that_name(talking: Talking) -> None:
    """A name cannot receive: its texts say where STOP is written."""
    talking.set_up(sender_id="Acme", advanced="opt_out_number = +48700100300")
    talking.texted(sender_id="Acme")

    talking.reply("STOP", to="48700100300")

    entry = ConsentEntry.objects.filter(scope=Scope.SERVICE).get()
    assert (entry.channel_id, entry.sender_id) == (CHANNEL, "Acme")
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_a_stop_is_proved_by_what_was_written_and_when(talking: Talking) -> None:
    """The ledger has the person's own words, the instant and the text's sender."""
    talking.texted()

    row = talking.reply("„StOp”!")

    entry = ConsentEntry.objects.filter(scope=Scope.OFFERS).get()
    assert (entry.wording, entry.occurred_at, entry.source) == ("„StOp”!", row.received_at, "reply")
    assert (entry.channel_id, entry.sender_id, entry.key) == (CHANNEL, SHOP, f"reply:{row.pk}")


def test_a_stop_ends_what_waits(talking: Talking) -> None:
    """No text within it begins once the stop is there."""
    talking.texted()
    waiting = talking.texted(
        status=MessageStatus.QUEUED,
        taken_at=None,
        not_before=NOON + dt.timedelta(hours=1),
        expires_at=NOON + dt.timedelta(hours=2),
    )

    talking.reply("STOP")

    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason) == ("suppressed", Reason.OPTED_OUT)


def test_a_stop_in_answer_to_our_answer_is_about_the_text_before_it(talking: Talking) -> None:
    """HELP after an offer does not make the STOP that follows a stop of everything."""
    talking.texted(purpose=Purpose.MARKETING)
    talking.reply("HELP")

    talking.reply("STOP")

    assert talking.stopped() == withdrawn(*MARKETING)


@pytest.mark.parametrize(("text", "act"), [("KONIEC", Act.WITHDRAWN), ("NIE", Act.HELD)])
def test_a_stop_in_answer_to_a_request_ends_marketing(
    talking: Talking, text: str, act: Act
) -> None:
    """“Please confirm that you want offers” is about offers; a NO is read by staff."""
    talking.texted(event_name="opt_in_request")

    talking.reply(text)

    assert talking.stopped() == dict.fromkeys(MARKETING, act)


@pytest.mark.parametrize("text", ["Nie", "No", "nein"])
def test_no_alone_holds_and_is_read_by_staff(talking: Talking, text: str) -> None:
    """Nobody knows what it answers: it never stops everything for good."""
    talking.texted()

    row = talking.reply(text)

    assert (row.meaning, row.review_by is None) == ("unclear_stop", False)
    assert talking.stopped() == dict.fromkeys(EVERYTHING, Act.HELD)


def test_a_stop_is_about_the_text_before_it(talking: Talking) -> None:
    """An offer that went out after the STOP had come in, and before it was read, is none."""
    talking.texted()
    talking.knock(talking.caller.reply(POLE.removeprefix("+"), SHOP, "STOP"))
    talking.clock.move(minutes=1)
    talking.texted(purpose=Purpose.MARKETING)

    talking.run()

    assert talking.stopped() == withdrawn(*EVERYTHING)


@pytest.mark.parametrize(
    ("purpose", "scopes"),
    [(Purpose.MARKETING, MARKETING), (Purpose.TRANSACTIONAL, EVERYTHING)],
)
def test_a_stop_to_the_number_beside_a_name_is_about_that_names_last_text(
    talking: Talking, purpose: Purpose, scopes: tuple[Scope, ...]
) -> None:
    """“STOP to NUMBER” in an offer ends offers, in an order text everything."""
    talking.set_up(sender_id="Acme", advanced=f"opt_out_number = +{SHOP}")
    talking.texted(sender_id="Acme", purpose=purpose)

    talking.reply("STOP")

    assert talking.stopped() == withdrawn(*scopes)
    entry = ConsentEntry.objects.filter(scope=Scope.OFFERS).get()
    assert (entry.channel_id, entry.sender_id) == (CHANNEL, "Acme")


@pytest.mark.parametrize("moved", [CHANNEL, 2])
def test_a_stop_goes_on_holding_where_a_channel_changes_its_sender(
    talking: Talking, moved: int
) -> None:
    """It was put down in each channel that had the sender; START undoes it in each."""
    talking.set_up(channel_id=2)
    talking.texted()
    talking.reply("STOP")

    talking.set_up(channel_id=moved, sender_id="+48700100201")
    assert talking.stopped() == talking.stopped(channel_id=2) == withdrawn(*EVERYTHING)
    talking.reply("START")

    assert talking.stopped() == talking.stopped(channel_id=2) == {}


def _staff_stop(talking: Talking, number: str, channel_id: int = CHANNEL) -> None:
    """Staff put down in one channel that the person wants no offers; a minute passes."""
    channel = channels.load(talking.ports, [channel_id])[channel_id]
    stop = Deed(
        number=number, scopes=MARKETING, act=Act.WITHDRAWN, source=Source.STAFF, channel=channel
    )
    opt_out([stop], talking.ports)
    talking.clock.move(minutes=1)


@pytest.mark.parametrize(("text", "act"), [("STOP", Act.WITHDRAWN), ("no mas", Act.HELD)])
def test_a_stop_holds_in_the_other_channel_where_one_was_stopped_already(
    talking: Talking, text: str, act: Act
) -> None:
    """What is new is asked in every channel of that sender; START undoes what the stop did."""
    talking.set_up(channel_id=2)
    talking.texted(purpose=Purpose.MARKETING)
    _staff_stop(talking, POLE)

    talking.reply(text)

    assert talking.stopped() == withdrawn(*MARKETING)
    assert talking.stopped(channel_id=2) == dict.fromkeys(MARKETING, act)
    assert talking.answers == ([STOP_OFFERS] if text == "STOP" else [])
    talking.reply("START")
    assert talking.stopped() == withdrawn(*MARKETING)
    assert talking.stopped(channel_id=2) == {}


def test_a_second_stop_to_a_shared_sender_is_no_news(talking: Talking) -> None:
    """Both channels are stopped: nothing is put down and nothing is said again."""
    talking.set_up(channel_id=2)
    talking.texted(purpose=Purpose.MARKETING)
    talking.reply("STOP")
    before = ConsentEntry.objects.count()

    talking.reply("STOP")

    assert (ConsentEntry.objects.count(), talking.answers) == (before, [STOP_OFFERS])


def test_us_a_stop_holds_again_where_one_channel_was_agreed_to_since(talking: Talking) -> None:
    """Elsewhere the first STOP goes on holding; the second one is news in this channel."""
    talking.set_up(channel_id=2)
    talking.texted(AMERICAN)
    talking.reply("STOP", AMERICAN)
    channel = channels.load(talking.ports, [2])[2]
    given = Deed(
        number=AMERICAN, scopes=MARKETING, act=Act.GIVEN, source=Source.STAFF, channel=channel
    )
    ledger.put([given], talking.ports)
    talking.clock.move(minutes=1)
    assert talking.stopped(AMERICAN, 2) == withdrawn(Scope.SERVICE)

    talking.reply("STOP", AMERICAN)

    assert talking.stopped(AMERICAN) == talking.stopped(AMERICAN, 2) == withdrawn(*EVERYTHING)


@pytest.mark.parametrize("text", ["STOP", "no mas"])
def test_a_stop_after_a_change_of_sender_holds_for_both(talking: Talking, text: str) -> None:
    """Told to the new number in answer to a text from the old one: every channel with either."""
    act, new = (Act.WITHDRAWN if text == "STOP" else Act.HELD), "48700100299"
    talking.texted(purpose=Purpose.MARKETING)
    talking.set_up(sender_id=f"+{new}")
    talking.set_up(channel_id=2, sender_id=f"+{new}")
    talking.set_up(channel_id=3)
    talking.set_up(channel_id=4, sender_id="+48700100300")

    row = talking.reply(text, to=new)

    for channel_id in (CHANNEL, 2, 3):
        assert talking.stopped(channel_id=channel_id) == dict.fromkeys(MARKETING, act)
    assert talking.stopped(channel_id=4) == {}
    senders = ConsentEntry.objects.order_by("sender_id").values_list("sender_id", flat=True)
    assert list(senders.distinct()) == [SHOP, new]
    if act is Act.HELD:
        reviews.resolve(row.pk, Resolution.OPT_OUT, "Anna", talking.ports)
        talking.set_up(channel_id=4, sender_id=f"+{new}")
        for channel_id in (CHANNEL, 2, 3, 4):
            assert talking.stopped(channel_id=channel_id) == withdrawn(*MARKETING)
    talking.clock.move(minutes=1)
    talking.reply("START", to=new)
    if act is Act.WITHDRAWN:
        for channel_id in (CHANNEL, 2, 3):
            assert talking.stopped(channel_id=channel_id) == {}


@pytest.mark.parametrize("resolution", list(Resolution))
def test_a_hold_in_two_channels_is_decided_in_both(
    talking: Talking, resolution: Resolution
) -> None:
    """Also where one of them has another sender by then."""
    talking.set_up(channel_id=2)
    talking.texted()
    row = talking.reply("stop texting me please")
    talking.set_up(channel_id=2, sender_id="+48700100201")

    reviews.resolve(row.pk, resolution, "Anna", talking.ports)

    kept = resolution is Resolution.KEEP
    for channel_id in (CHANNEL, 2):
        assert talking.stopped(channel_id=channel_id) == ({} if kept else withdrawn(*EVERYTHING))


@pytest.mark.parametrize(
    ("texted", "wrote"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5511987654321", "+551187654321"),
        ("+5491123456789", "+541123456789"),
    ],
)
def test_a_stop_of_a_number_that_its_network_writes_otherwise(
    talking: Talking, texted: str, wrote: str
) -> None:
    """Mexico's 1, Brazil's ninth digit and Argentina's 9 come and go."""
    talking.texted(texted)

    row = talking.reply("STOP", wrote, to=SHOP)

    assert row.sender == texted
    assert talking.stopped(texted) == withdrawn(*EVERYTHING)


def _part(part: int) -> dict[str, Any]:
    return {"concat": "true", "concat-ref": "7", "concat-total": 2, "concat-part": part}


def test_a_stop_in_two_parts(talking: Talking) -> None:
    """Only what is joined is read: “STOP” alone is a part of a question here."""
    talking.texted()

    talking.reply("STOP", **_part(2))
    assert InboundMessage.objects.get().meaning == ""
    talking.reply("does the bus go ", **_part(1))

    assert InboundMessage.objects.get().meaning == "other"
    assert talking.stopped() == {}


def test_a_stop_whose_other_part_never_comes_is_read_after_five_minutes(talking: Talking) -> None:
    """What is there counts."""
    talking.texted()
    talking.reply("STOP", **_part(1))

    talking.later(minutes=6)
    talking.run()

    assert InboundMessage.objects.get().meaning == "stop"
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_a_part_that_comes_after_it_was_given_up_is_read(talking: Talking) -> None:
    """The whole text is read anew: what seemed harmless is a wish to stop."""
    talking.texted()
    talking.reply("Hello, I have bought a lamp ", **_part(1))
    talking.clock.move(minutes=3, seconds=58)
    talking.knock(
        talking.caller.reply(POLE.removeprefix("+"), SHOP, "and stop texting me", **_part(2))
    )
    talking.clock.move(seconds=3)
    talking.forget_parts()
    assert InboundMessage.objects.get().meaning == "other"

    talking.run()

    row = InboundMessage.objects.get()
    assert (row.meaning, row.body) == (
        "unclear_stop", "Hello, I have bought a lamp and stop texting me",
    )  # fmt: skip
    assert talking.stopped() == dict.fromkeys(EVERYTHING, Act.HELD)


def test_stop_over_a_signed_webhook(called_back: CalledBack) -> None:
    """The whole road: an order text, a signed STOP, the confirmation, no further text."""
    called_back.account(signature_secret=SECRET, sender_id=f"+{SHOP}")
    assert called_back.send().status == "sent"

    called_back.clock.move(seconds=1)
    answer = called_back.knock(called_back.caller.reply(POLE.removeprefix("+"), SHOP, "STOP"))
    called_back.run()

    assert answer.status_code == 200
    assert [request.body["text"] for request in called_back.vonage.accepted][1:] == [
        "Acme: you are unsubscribed and will get no more texts from us. Reply START to undo."
    ]
    called_back.clock.move(seconds=1)
    assert called_back.send("o2").reason == Reason.OPTED_OUT


def test_the_same_stop_told_twice_is_one_stop(talking: Talking) -> None:
    """The provider sends a webhook again until it hears 2xx."""
    talking.texted()

    talking.reply("STOP", messageId="0A01")
    talking.reply("STOP", messageId="0A01")

    assert ConsentEntry.objects.count() == 3
    assert talking.answers == [STOP_ALL]


# --------------------------------------------------------------------------- the confirmation


def test_a_second_stop_gets_no_confirmation(talking: Talking) -> None:
    """One for each stop, and one an hour; after a START there is a new one."""
    talking.texted()
    talking.reply("STOP")
    talking.reply("STOP")
    assert talking.answers == [STOP_ALL]

    talking.reply("START")
    talking.later(hours=1)
    talking.reply("STOP")

    assert [name for name, _, _ in talking.answers] == ["stop_all", "start", "stop_all"]


def test_two_programs_that_answer_each_other_end(talking: Talking) -> None:
    """STOP and START by turns: one confirmation of each an hour, and the last one holds."""
    talking.texted()
    for _ in range(5):
        talking.reply("STOP")
        talking.reply("START")
    talking.reply("STOP")

    assert [name for name, _, _ in talking.answers] == ["stop_all", "start"]
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_a_confirmation_comes_within_five_minutes_or_not_at_all(talking: Talking) -> None:
    """FCC: later it is no confirmation any more, but a text to who opted out."""
    talking.texted()
    talking.knock(talking.caller.reply(POLE.removeprefix("+"), SHOP, "STOP"))
    wait = dt.timedelta(minutes=5, seconds=1)
    row = _processed(talking)

    talking.later(seconds=wait.total_seconds())

    row.refresh_from_db()
    assert row.meaning == "stop"
    assert talking.stopped() == withdrawn(*EVERYTHING)
    assert talking.answers == [("stop_all", "expired", "expired")]


def _processed(stage: Talking) -> InboundMessage:
    """The stored request was read, and nobody has acted on the reply."""
    webhooks.run(stage.ports, stage.clock.now() + dt.timedelta(seconds=1))
    return InboundMessage.objects.latest("pk")


def test_no_confirmation_where_the_provider_gives_one(talking: Talking) -> None:
    """stop_confirmation = off; the stop holds all the same."""
    talking.set_up("stop_confirmation = off")
    talking.texted()

    talking.reply("STOP")

    assert talking.answers == []
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_no_confirmation_where_the_carrier_gives_one(talking: Talking) -> None:
    """The law's table says where; a shop may say so for a place, too."""
    talking.set_up("rule.PL.carrier_confirms_stop = yes, signed off by Anna Nowak 2026-03-01")
    talking.texted()

    talking.reply("STOP")

    assert talking.answers == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"test_numbers": "+48601234567"}, Reason.NOT_A_TEST_NUMBER),
        ({"allowed_countries": "IT"}, Reason.COUNTRY_NOT_ALLOWED),
    ],
)
def test_an_answer_passes_the_door(talking: Talking, values: Any, reason: Reason) -> None:
    """An opt-out does not hold it back; test mode and the allowed countries do."""
    talking.texted()
    talking.set_up(**values)

    talking.reply("STOP")

    assert talking.answers == [("stop_all", "suppressed", reason)]
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_a_number_on_staffs_list_gets_no_answer(talking: Talking) -> None:
    """Whoever put it there."""
    suppression.add(POLE, talking.ports)

    talking.reply("HELP")

    assert talking.answers == [("help", "suppressed", Reason.NUMBER_SUPPRESSED)]
    assert SuppressedNumber.objects.count() == 1


def test_a_channel_that_is_switched_off_answers_nothing(talking: Talking) -> None:
    """But its stops hold."""
    talking.texted()
    talking.set_up(active=False)
    talking.reply("STOP")

    assert talking.answers == [("stop_all", "suppressed", Reason.SWITCHED_OFF)]
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_answers_are_in_the_language_of_the_text_they_follow(talking: Talking) -> None:
    """Else in the country's main one."""
    talking.texted(language="it")
    talking.reply("AIUTO")
    talking.reply("hilfe", ITALIAN)
    talking.reply("pomoc", "+48601234567")

    assert list(
        Message.objects.filter(event_name="help").order_by("pk").values_list("language", flat=True)
    ) == ["it", "it", "pl"]


def test_an_owner_writes_the_answers(talking: Talking) -> None:
    """By language, as every text."""
    talking.set_up(text_returns="{{ shop.name }}: see {{ shop.contact }}\n[pl]\nZwroty: 30 dni.")
    talking.texted(language="pl")

    talking.reply("ZWROT")

    assert Message.objects.get(event_name="returns").body == "Zwroty: 30 dni."


# ----------------------------------------------------------------------- a wish in a sentence


@pytest.mark.parametrize(
    "text", ["no mas", "proszę nie pisać", "stop texting me please", "basta messaggi"]
)
def test_a_wish_in_a_sentence_holds_at_once_and_is_reviewed(talking: Talking, text: str) -> None:
    """Its scope is that of a STOP; there is no answer until staff have read it."""
    talking.texted(purpose=Purpose.MARKETING)

    row = talking.reply(text)

    assert row.meaning == "unclear_stop"
    assert talking.stopped() == dict.fromkeys(MARKETING, Act.HELD)
    assert talking.answers == []
    assert talking.send().status == "sent"


def test_us_a_wish_is_reviewed_within_ten_working_days(talking: Talking) -> None:
    """FCC, 11 April 2025: at most ten business days; from Monday noon to Monday noon."""
    talking.texted(AMERICAN)

    row = talking.reply("please stop texting me", AMERICAN)

    assert row.review_by == dt.datetime(2026, 3, 16, 12, 1, tzinfo=dt.UTC)
    assert talking.stopped(AMERICAN) == dict.fromkeys(EVERYTHING, Act.HELD)


def test_staff_find_it_was_an_opt_out(talking: Talking) -> None:
    """What was held is withdrawn, by somebody with a name."""
    talking.texted(purpose=Purpose.MARKETING)
    row = talking.reply("no mas")

    shown = reviews.resolve(row.pk, Resolution.OPT_OUT, "Anna Nowak", talking.ports)

    assert talking.stopped() == withdrawn(*MARKETING)
    assert shown.resolution == "opt-out"
    entry = ConsentEntry.objects.filter(act=Act.WITHDRAWN, scope=Scope.OFFERS).get()
    assert (entry.source, entry.staff, entry.wording) == ("staff", "Anna Nowak", "no mas")


def test_staff_find_it_was_none(talking: Talking) -> None:
    """What was held goes on."""
    talking.texted()
    row = talking.reply("no mas")

    reviews.resolve(row.pk, Resolution.KEEP, "Anna Nowak", talking.ports)

    assert talking.stopped() == {}
    row.refresh_from_db()
    assert (row.resolution, row.resolved_at) == ("keep", talking.clock.now())
    assert talking.send().status == "sent"


def test_keeping_undoes_no_stop_that_came_meanwhile(talking: Talking) -> None:
    """The hold ends; what a keyword withdrew stays withdrawn."""
    talking.texted()
    row = talking.reply("no mas")
    talking.reply("STOP")

    reviews.resolve(row.pk, Resolution.KEEP, "Anna", talking.ports)

    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_of_two_wishes_each_must_be_decided(talking: Talking) -> None:
    """Texts go on only once both were found to be no opt-out."""
    talking.texted()
    first, second = talking.reply("no mas"), talking.reply("leave me alone")

    reviews.resolve(first.pk, Resolution.KEEP, "Anna", talking.ports)
    assert talking.stopped() == dict.fromkeys(EVERYTHING, Act.HELD)
    reviews.resolve(second.pk, Resolution.KEEP, "Anna", talking.ports)

    assert talking.stopped() == {}


def test_a_wish_of_who_stopped_everything_needs_no_review(talking: Talking) -> None:
    """There is nothing left to hold."""
    talking.texted()
    talking.reply("STOP")

    row = talking.reply("I said stop texting me!")

    assert (row.meaning, row.review_by) == ("unclear_stop", None)
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_a_wish_about_what_is_left_holds_only_that(talking: Talking) -> None:
    """Offers were stopped for good; the order texts are held."""
    talking.texted(purpose=Purpose.MARKETING)
    talking.reply("STOP")
    talking.texted()

    talking.reply("stop texting me")

    assert talking.stopped() == {**withdrawn(*MARKETING), Scope.SERVICE: Act.HELD}


def test_a_review_of_who_asked_to_be_forgotten_only_ends(talking: Talking) -> None:
    """Their number is in no new act."""
    talking.texted()
    row = talking.reply("no mas")
    InboundMessage.objects.update(sender="", body="")
    before = ConsentEntry.objects.count()

    reviews.resolve(row.pk, Resolution.OPT_OUT, "Anna", talking.ports)

    assert ConsentEntry.objects.count() == before
    assert reviews.to_review(talking.ports) == []


# ------------------------------------------------------------------------------------- START


def test_start_restores_what_the_last_stop_ended(talking: Talking) -> None:
    """And says so once; a second START changes nothing."""
    talking.texted()
    talking.reply("STOP")
    talking.reply("START")
    talking.reply("START")

    assert talking.stopped() == {}
    assert [name for name, _, _ in talking.answers] == ["stop_all", "start"]
    assert ConsentEntry.objects.filter(act=Act.RESTORED).count() == 3
    assert talking.send().status == "sent"


def test_start_leaves_what_an_earlier_stop_ended(talking: Talking) -> None:
    """Offers were stopped first, then everything: order texts come back, offers do not."""
    talking.texted(purpose=Purpose.MARKETING)
    talking.reply("STOP")
    talking.texted()
    talking.reply("STOP")
    assert talking.stopped() == withdrawn(*EVERYTHING)

    talking.reply("START")

    assert talking.stopped() == withdrawn(*MARKETING)
    assert [name for name, _, _ in talking.answers] == ["stop_offers", "stop_all", "start"]


def test_start_after_two_stops_of_everything(talking: Talking) -> None:
    """The second ended nothing; START undoes the first."""
    talking.texted()
    talking.reply("STOP")
    talking.reply("stop!!")

    talking.reply("START")

    assert talking.stopped() == {}


def test_start_ends_a_hold(talking: Talking) -> None:
    """Nobody need read any more what the person meant."""
    talking.texted()
    talking.reply("no mas")
    talking.reply("stop texting me")

    talking.reply("START")

    assert talking.stopped() == {}


def test_us_start_restores_in_every_channel(talking: Talking) -> None:
    """As the STOP had ended it."""
    talking.set_up(channel_id=2, advanced="sender.US = +12125550000")
    talking.texted(AMERICAN)
    talking.reply("STOP", AMERICAN)

    talking.reply("UNSTOP", AMERICAN)

    assert talking.stopped(AMERICAN) == talking.stopped(AMERICAN, 2) == {}


def test_start_gives_no_consent(talking: Talking) -> None:
    """Who never agreed to offers and never stopped them gets no answer and no offers."""
    row = talking.reply("START")

    assert row.meaning == "start"
    assert talking.answers == []
    assert ConsentEntry.objects.count() == 0


# ------------------------------------------------------------- HELP, returns, YES and a score


def test_help_is_answered_once_an_hour(talking: Talking) -> None:
    """A program that answers us does not talk to us for ever."""
    for _ in range(3):
        talking.reply("HELP")
    assert talking.answers == [("help", "sent", "")]
    talking.later(minutes=58)

    talking.reply("info")

    assert talking.answers == [("help", "sent", "")] * 2


def test_help_and_returns_are_counted_apart(talking: Talking) -> None:
    """Each names the shop and its contact."""
    talking.texted()
    talking.reply("HELP")
    talking.reply("RETURN")
    talking.reply("reso")

    assert [m.body for m in Message.objects.filter(event_name__in=ANSWERS).order_by("pk")] == [
        "Acme: texts about your orders. Help: help@example.com. Reply STOP to opt out.",
        "Acme: to return something, write to us: help@example.com",
    ]


def test_us_help_names_frequency_rates_and_stop(talking: Talking) -> None:
    """CTIA: what it is, whom to ask, how often, what it costs, how to end it."""
    talking.reply("HELP", AMERICAN)

    assert Message.objects.get(event_name="help_us").body == (
        "Acme: order texts. Help: help@example.com. Msg freq varies. Msg&data rates may apply. "
        "Reply STOP to opt out."
    )


def test_puerto_rico_help_is_that_of_the_usa(talking: Talking) -> None:
    """The territories are under the same law and the same carriers."""
    talking.shop.zones[CHANNEL] = frozenset({"PL", "PR", "US"})
    talking.texted(PUERTO_RICAN)

    talking.reply("HELP", PUERTO_RICAN)

    assert talking.answers == [("help_us", "sent", "")]


def test_us_help_is_answered_after_a_stop(talking: Talking) -> None:
    """Who asks is answered, opted out or not; everything else stays stopped."""
    talking.texted(AMERICAN)
    talking.reply("STOP", AMERICAN)

    talking.reply("HELP", AMERICAN)

    assert talking.answers == [STOP_ALL, ("help_us", "sent", "")]
    assert talking.stopped(AMERICAN) == withdrawn(*EVERYTHING)


def test_yes_alone_never_opts_in(talking: Talking) -> None:
    """Without an open request it is kept as any other reply."""
    talking.texted(purpose=Purpose.MARKETING)

    row = talking.reply("YES")

    assert row.meaning == "other"
    assert ConsentEntry.objects.count() == 0


def test_italy_yes_answers_an_open_request_and_only_once(talking: Talking) -> None:
    """The box ticked a moment ago is confirmed from the phone; a later YES says nothing."""
    channel = channels.load(talking.ports, [CHANNEL])[CHANNEL]
    box = Deed(
        number=ITALIAN, scopes=[Scope.OFFERS], act=Act.GIVEN, source=Source.CHECKOUT,
        channel=channel, at=talking.clock.now(),
    )  # fmt: skip
    ledger.put([box], talking.ports)
    person = Recipient(number=ITALIAN, country="IT")
    double_opt_in.ask([box], person, "it", channel, talking.ports)
    talking.run()

    assert talking.reply("Sì!", ITALIAN).meaning == "yes"
    assert talking.reply("Sì!", ITALIAN).meaning == "other"

    confirmed = ConsentEntry.objects.get(act=Act.CONFIRMED)
    assert (confirmed.number, confirmed.scope, confirmed.source) == (ITALIAN, "offers", "reply")


def test_a_digit_is_a_score_only_in_its_surveys_window(talking: Talking) -> None:
    """The survey has its first answer; a week later the same digit is any other reply."""
    survey = talking.texted(purpose=Purpose.MARKETING)
    SendAttempt.objects.create(
        message=survey, number=1, provider="vonage", started_at=survey.created_at
    )

    assert talking.reply("\uff15!").meaning == "score"
    talking.clock.move(days=7)
    assert talking.reply("4").meaning == "other"

    assert list(SurveyScore.objects.values_list("score", "order_id", "source")) == [
        (5, "o0", "reply")
    ]


# ------------------------------------------------------------------------ everything else


def test_another_reply_is_kept_and_nobody_is_told(talking: Talking) -> None:
    """forward_replies is off at first."""
    talking.set_up(staff_numbers="+48601234567")
    row = talking.reply("Where is my parcel?")

    assert (row.meaning, row.body, row.answer_at) == ("other", "Where is my parcel?", None)
    assert Message.objects.count() == 0
    assert mail.outbox == []


def test_another_reply_is_texted_to_staff(talking: Talking) -> None:
    """With who wrote it, in at most three segments, on one line."""
    talking.set_up("forward_replies = staff", staff_numbers="+48601234567, +48602345678")

    talking.reply("Where is\nmy parcel? 😀" + " please" * 100)

    first, second = Message.objects.filter(event_name=ALERT).order_by("pk")
    assert (first.recipient, second.recipient) == ("+48601234567", "+48602345678")
    assert first.body.startswith(f"Acme: {POLE} pisze: Where is my parcel? 😀 please")
    assert (first.segment_count, first.status) == (3, "sent")


def test_nobody_floods_the_staffs_phones(talking: Talking) -> None:
    """Three replies of one person an hour; all of them are kept."""
    talking.set_up("forward_replies = staff", staff_numbers="+48601234567")
    for count in range(5):
        talking.reply(f"hello {count}")
    talking.reply("hello", ITALIAN)
    forwarded = Message.objects.filter(event_name=ALERT)
    assert forwarded.count() == 4

    talking.later(hours=1)
    talking.reply("hello again")

    assert forwarded.count() == 5
    assert InboundMessage.objects.filter(meaning="other").count() == 7


def test_another_reply_is_mailed(talking: Talking) -> None:
    """The whole text, who wrote, to which number and when."""
    talking.set_up("forward_replies = shop@example.com")

    row = talking.reply("Where is my parcel?")

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["shop@example.com"], f"Acme: SMS {POLE}")
    assert sent.body == (
        f"Where is my parcel?\n\n{POLE} -> +{SHOP}, 2026-03-02 12:00 UTC, channel-1\n"
    )
    assert (row.meaning, row.answer_at, row.forward_at) == ("other", None, None)


def test_a_mail_server_that_is_down_loses_no_reply(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply is mailed later, once; stops hold meanwhile."""
    talking.set_up("forward_replies = shop@example.com")
    with monkeypatch.context() as down:
        down.setattr(
            "django.core.mail.backends.locmem.EmailBackend.send_messages",
            lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()),
        )
        talking.reply("Where is my parcel?")
        talking.reply("STOP")
    assert mail.outbox == []
    assert talking.stopped() == withdrawn(*EVERYTHING)

    talking.later(minutes=2)
    talking.later(minutes=10)

    assert [sent.body.partition("\n")[0] for sent in mail.outbox] == ["Where is my parcel?"]


def test_a_silent_mail_server_is_waited_for_once_and_after_the_texts(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three replies are to be mailed: the run sends its text first, tries one mail, and leaves
    all three for later."""
    talking.set_up("forward_replies = shop@example.com")
    for text in ("Where is it?", "Hello?", "Anybody?"):
        talking.reply(text)
    InboundMessage.objects.update(forward_at=talking.clock.now())
    mail.outbox.clear()
    sent_before: list[int] = []

    def silent(*_: object) -> None:
        sent_before.append(Message.objects.filter(status="sent").count())
        raise TimeoutError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", silent)
    talking.happen("order_created", talking.order())
    talking.run()

    assert sent_before == [1]
    now = talking.clock.now()
    waits = InboundMessage.objects.order_by("forward_at").values_list("forward_at", flat=True)
    assert [at is not None and at >= now + dt.timedelta(minutes=2) for at in waits] == [True] * 3


@pytest.mark.parametrize("text", ["STOP", "no mas", "HELP", "RETURN", "START"])
def test_what_is_dealt_with_is_not_forwarded(talking: Talking, text: str) -> None:
    """Stops least of all: their writer wants to hear nothing."""
    talking.set_up("forward_replies = shop@example.com")

    talking.reply(text)

    assert mail.outbox == []


def test_staff_are_not_told_what_staff_wrote(talking: Talking) -> None:
    """Who answers a forwarded text by mistake starts no loop."""
    talking.set_up("forward_replies = staff", staff_numbers=POLE)

    talking.reply("ok, I will call her")

    assert Message.objects.filter(event_name=ALERT).count() == 0


def test_a_fault_of_one_reply_stops_no_other(
    talking: Talking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again; neither words nor number are in the log."""
    whole = opt_out

    def faulty(deeds: list[Deed], ports: Any) -> None:
        if deeds[0].number == POLE:
            raise RuntimeError(f"boom {deeds[0].number}")
        whole(deeds, ports)

    with monkeypatch.context() as broken:
        broken.setattr(replies, "opt_out", faulty)
        talking.knock(talking.caller.reply(POLE.removeprefix("+"), SHOP, "STOP"))
        talking.knock(talking.caller.reply(ITALIAN.removeprefix("+"), SHOP, "STOP"))
        talking.run()
    assert talking.stopped(ITALIAN) == withdrawn(*EVERYTHING)
    assert talking.stopped() == {}
    assert POLE not in caplog.text

    talking.later(minutes=1)

    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_a_reply_of_no_number_is_kept(talking: Talking) -> None:
    """A name cannot opt out."""
    talking.knock(talking.caller.reply("Bank", SHOP, "STOP"))
    talking.run()

    row = InboundMessage.objects.get()
    assert (row.sender, row.meaning, row.answer_at) == ("", "other", None)
    assert ConsentEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_act_on_a_reply_once(vonage: VonageServer) -> None:
    """Whoever comes first has the person's replies, in their order."""
    talking = Talking(vonage)
    talking.texted()
    for text in ("STOP", "START", "STOP"):
        talking.clock.move(seconds=1)
        talking.knock(talking.caller.reply(POLE.removeprefix("+"), SHOP, text))
        _processed(talking)
    until = talking.clock.now() + dt.timedelta(seconds=1)

    together(*[lambda: replies.run(talking.ports, until)] * 4)
    replies.run(talking.ports, until)

    assert talking.stopped() == withdrawn(*EVERYTHING)
    assert [name for name, _, _ in talking.answers] == ["stop_all", "start"]
    assert ConsentEntry.objects.count() == 9


# ---------------------------------------------------------------------------- the command


@pytest.fixture
def command(talking: Talking, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(wiring, "ports", lambda: talking.ports)

    def run(name: str, *args: str) -> str:
        out = StringIO()
        call_command(name, *args, stdout=out)
        return out.getvalue().strip()

    return run


def test_the_command_lists_and_resolves(talking: Talking, command: Any) -> None:
    """The review list with its clock, the decision, and what is left."""
    talking.texted(AMERICAN)
    talking.reply("Hello\x1b[31m there", AMERICAN)
    row = talking.reply("please stop texting me", AMERICAN)

    assert command("sms_replies").splitlines() == [
        "The last 2 replies",
        f"{row.pk - 1} 2026-03-02 12:01 {AMERICAN} (other): Hello[31m there",
        f"{row.pk} 2026-03-02 12:02 {AMERICAN} (unclear_stop, until 2026-03-16): "
        "please stop texting me",
    ]
    assert command("sms_replies", "--review").splitlines()[0] == "1 reply waits for review"
    assert "1 reply waits for review, the first until 2026-03-16 (sms_replies --review)" in command(
        "sms_status"
    )
    assert command("sms_replies", "resolve", str(row.pk), "keep", "--by", "Anna") == (
        f"Reply {row.pk} was no opt-out: what it held goes on."
    )
    assert json.loads(command("sms_replies", "--review", "--json")) == []
    assert "review" not in command("sms_status")


def test_the_command_refuses_what_needs_no_decision(talking: Talking, command: Any) -> None:
    """A reply that is not there, that needs none, or that has one."""
    talking.texted()
    other, row = talking.reply("Hello"), talking.reply("no mas")
    command("sms_replies", "resolve", str(row.pk), "opt-out", "--by", "Anna")

    for reply_id, why in (
        (row.pk + 1, "There is no reply"),
        (other.pk, "needs none"),
        (row.pk, "was decided already: opt-out"),
    ):
        with pytest.raises(CommandError, match=why):
            command("sms_replies", "resolve", str(reply_id), "keep", "--by", "Eve")
    assert talking.stopped() == withdrawn(*EVERYTHING)


def test_strangers_questions_are_answered_sixty_times_an_hour(talking: Talking) -> None:
    """Each answer costs the shop: further questions wait for staff, who are told once; a stop
    holds all the same, and who was texted is answered."""
    talking.set_up(staff_numbers="+48501000001")
    talking.texted(POLE)
    for index in range(62):
        talking.knock(talking.caller.reply(f"485123000{index:02}", SHOP, "HELP"))
    talking.knock(talking.caller.reply("48512400000", SHOP, "STOP"))
    talking.run()

    assert talking.answers == [("help", "sent", "")] * 60
    waiting = InboundMessage.objects.filter(review_by__isnull=False)
    assert list(waiting.values_list("meaning", flat=True)) == ["help", "help"]
    assert Message.objects.filter(event_name="alert").count() == 1
    assert talking.stopped("+48512400000") == withdrawn(*Scope)

    talking.reply("HELP")
    assert talking.answers[60:] == [("help", "sent", "")]

    talking.clock.move(hours=1)
    talking.reply("HELP", "+48512400001")
    assert talking.answers[61:] == [("help", "sent", "")]
