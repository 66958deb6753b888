"""Any order, repetition and loss of attempts, receipts, crashes and opt-outs: an allowed state,
one send, and none of what its reader wanted no more of."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Basis, Scope
from saleor_sms_plugin.domain.transitions import FINAL, WAITING, MessageStatus
from saleor_sms_plugin.events.answers import ANSWERS
from saleor_sms_plugin.exceptions import (
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)
from saleor_sms_plugin.models import (
    ConsentEntry,
    InboundMessage,
    Link,
    Message,
    ProviderAccount,
    WebhookRequest,
)
from saleor_sms_plugin.ports import Address, Checkout
from saleor_sms_plugin.providers import ParsedInbound, ParsedReceipt, SendResult
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import (
    abandoned,
    accounts,
    calls,
    channels,
    claims,
    inbound,
    ledger,
    opt_out_page,
    opting,
    plan,
    preparing,
    receipts,
    replies,
    reviews,
)
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.services.opt_out_page import Choice, Reader
from saleor_sms_plugin.services.record import Happening, record
from saleor_sms_plugin.services.reviews import Resolution
from tests.integration.stage import CHANNEL, NOON, RUN, Stage
from tests.integration.test_state_machine import reaches
from tests.integration.wishes import Wishes

CREATED, CART = "order_created", "checkout_abandoned"
POLE = Address(phone="+48512345678", country="PL")
AMERICAN = Address(phone="+12125552368", country="US", country_area="NY", postal_code="10001")
SENDER, SENDER_US = "+447700900123", "+12125550100"
SCOPES = {CREATED: Scope.SERVICE, CART: Scope.CART_REMINDERS}
CONFIRMATIONS = ("stop_offers", "stop_all")
TAKEN = "taken"  #: the provider has it, whatever it answered
LOST = "lost"  #: nobody has it, and we cannot know
REFUSED = "refused"  #: nobody has it, and the answer says so

BUTTONS = {Choice.OFFERS: MARKETING, Choice.ALL: EVERYTHING}

#: what the provider answers, and what it made of the text
OUTCOMES: dict[str, tuple[type[ProviderError] | None, str]] = {
    "accepted": (None, TAKEN),
    "in two parts": (None, TAKEN),
    "silent, taken": (OutcomeUnknown, TAKEN),
    "silent, lost": (OutcomeUnknown, LOST),
    "away": (ProviderUnavailable, REFUSED),
    "throttled": (ProviderThrottled, REFUSED),
    "rejected": (ProviderRejected, REFUSED),
}
WORKER = st.integers(0, 1)
STEPS = st.sampled_from([1, 2, 3, 4, 4, 5, 6])  # the fourth asks, and is not the end
ANSWERS_OF_TWO = st.lists(st.sampled_from([*OUTCOMES]), min_size=2, max_size=2)
REPORTED = st.sampled_from(
    [
        MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED,
        MessageStatus.EXPIRED, MessageStatus.REJECTED, None,
    ]
)  # fmt: skip
#: who says it, and what; what brings texts back as often as what ends them
WISHES: list[tuple[str, Any]] = [
    *(("reply", text) for text in ("STOP", "please stop texting me", "CANCEL", "thanks!")),
    *[("reply", "START")] * 2,
    *(("page", choice) for choice in (Choice.OFFERS, Choice.ALL, Choice.UNDO)),
    *(("staff", scopes) for scopes in (EVERYTHING, MARKETING, (Scope.SERVICE,))),
    *(("review", resolution) for resolution in Resolution),
    *[("agree", MARKETING)] * 2,
]


@dataclass
class Worker:
    """One worker, and how far it is with what it has in its hands."""

    claim: uuid.UUID = field(default_factory=uuid.uuid4)
    taken: list[Message] = field(default_factory=list)
    ready: list[calls.Ready] = field(default_factory=list)
    begun: list[calls.Begun] = field(default_factory=list)
    answers: list[tuple[calls.Begun, calls.Ending]] = field(default_factory=list)

    @property
    def may_claim(self) -> bool:
        """Its hands are empty, but for answers that are not stored."""
        return not (self.taken or self.ready or self.begun)


class History:
    """A shop, one customer, two workers, a provider, and everything that comes between them.

    It begins at ten in the morning in New York, with an order and a cart left behind; the
    customer agreed to offers and reminders.
    """

    def __init__(self, person: Address) -> None:
        MemoryProvider.reset()
        self.stage, self.person = Stage(), person
        self.ports, self.clock = self.stage.ports, self.stage.clock
        self.workers = [Worker(), Worker()]
        self.wishes = Wishes()
        self.asked: dict[str, list[str]] = {}  # reference → what the provider made of each call
        self.seen: dict[int, MessageStatus] = {}
        self.told: list[ParsedReceipt] = []
        self.stops_told = self.count = 0
        self.stage.configure(
            CREATED, CART, sender_id=SENDER, default_country="PL",
            advanced=f"sender.US = {SENDER_US}\nflood = off\noffers_cap = off\nnight = off\n"
            "usual_hour = off",
        )  # fmt: skip
        [self.channel] = channels.load(self.ports).values()
        self.account = ProviderAccount.objects.create(
            provider="memory", key=accounts.key_of(self.channel), created_at=NOON
        )
        self.agree(MARKETING)
        self.clock.move(hours=3)
        self.an_order()
        self.a_cart()
        self.plan()

    def number_of(self, what: str) -> str:
        self.count += 1
        return f"{what}{self.count}"

    # What the shop tells

    def the_shop(self, what: str, planned: bool) -> None:
        """It has news; a worker plans at once, or later."""
        getattr(self, what)()
        if planned:
            self.plan()

    def an_order(self) -> None:
        order = self.stage.order(self.number_of("o"), billing=self.person, shipping=self.person)
        self.stage.happen(CREATED, order)

    def a_cart(self) -> None:
        """One that was left behind an hour ago."""
        left, name = self.clock.now() - dt.timedelta(hours=1), self.number_of("c")
        self.stage.shop.put_checkout(
            Checkout(
                id=name, channel_id=CHANNEL, channel_slug="channel-1", language="en",
                created_at=left, currency="EUR", total=Decimal("9.90"), item_count=1,
                billing=self.person, shipping=self.person, lines="aaaa",
            )
        )  # fmt: skip
        record(
            Happening(
                name=abandoned.SOURCE, channel_id=CHANNEL, checkout_id=name, subject_id=name,
                transition="aaaa", facts={"lines": "aaaa"}, occurred_at=left, found=True,
            ),
            self.ports,
        )  # fmt: skip

    def plan(self) -> None:
        plan.run(self.ports, self.clock.now() + RUN)

    # What the workers do

    def work(self, which: int, steps: int, answers: list[str], keep: bool) -> None:
        """One worker goes on: claim, prepare, begin, ask; what was answered is stored with what
        begins next, or alone."""
        for _ in range(steps):
            self.step(which, answers, keep)

    def step(self, which: int, answers: list[str], keep: bool) -> None:
        worker, known = self.workers[which], {CHANNEL: self.channel}
        if worker.answers and not keep:
            calls.end(worker.answers, self.ports)
            worker.answers = []
        elif worker.may_claim:
            worker.taken = claims.take(worker.claim, self.ports, known, limit=2)
        elif worker.taken:
            worker.ready = preparing.prepare(worker.taken, known, self.ports)
            worker.taken = []
        elif worker.ready:
            worker.begun = calls.begin(worker.ready, self.ports, worker.answers)
            worker.ready, worker.answers = [], []
            for begun in worker.begun:
                self.may_begin(begun.ready.message)
        else:
            worker.answers = [
                (begun, self.ask(begun, answer))
                for begun, answer in zip(worker.begun, answers, strict=False)
            ]
            worker.begun = []

    def ask(self, begun: calls.Begun, answer: str) -> calls.Ending:
        reference = str(begun.ready.message.reference)
        before = self.asked.setdefault(reference, [])
        assert set(before) <= {REFUSED}, "a second send"
        error, made = OUTCOMES[answer]
        before.append(made)
        parts = (reference, f"{reference[:8]}-2") if answer == "in two parts" else (reference,)
        MemoryProvider.script(error("No.", provider="memory") if error else SendResult(parts))
        return calls.ask(begun, self.ports)

    def may_begin(self, message: Message) -> None:
        """Not what its reader wanted no more of; one confirmation for each stop."""
        if message.event_name in ANSWERS:
            assert Message.objects.filter(event_name__in=CONFIRMATIONS).count() <= self.stops_told
        else:
            assert SCOPES[message.event_name] not in self.wishes.stopped

    def crash(self, which: int) -> None:
        """Killed wherever it is; another one takes its place."""
        self.workers[which] = Worker()

    def stand_down(self, which: int) -> None:
        """The run is over: what was not called goes back."""
        worker = self.workers[which]
        held = [*worker.taken, *(ready.message for ready in worker.ready)]
        claims.give_back(worker.claim, [message.pk for message in held])
        calls.take_back(worker.begun, self.ports)
        calls.end(worker.answers, self.ports)
        self.workers[which] = Worker()

    def later(self, claims_end: int) -> None:
        """And the housekeeping runs, before claims end or after."""
        self.clock.move(seconds=90 if claims_end else 20)
        claims.free_the_dead(self.ports)
        receipts.sweep(self.ports)

    # What comes back

    def a_receipt(self, which: int, status: MessageStatus | None, part: str) -> None:
        """Early or late, for all of a text or for a part of it; then one told before."""
        taken = [reference for reference, made in self.asked.items() if TAKEN in made]
        if not taken:
            return
        reference = taken[which % len(taken)]
        self.told.append(
            ParsedReceipt(
                reference=reference, recipient=self.person.phone, is_whole_message=not part,
                provider_message_id=f"{reference[:8]}-2" if part == "2" else reference,
                status=status, provider_status=status or "?",
            )
        )  # fmt: skip
        for each in (self.told[-1], self.told[which % len(self.told)]):
            receipts.take([(self.request(), [each])], self.ports)

    def request(self) -> WebhookRequest:
        return WebhookRequest.objects.create(
            account=self.account, method="POST", body=b"", digest=uuid.uuid4().hex,
            status="verified", received_at=self.clock.now(),
        )  # fmt: skip

    # What the customer and staff say

    def reply(self, text: str) -> None:
        """The reply of a phone, and a worker that reads it."""
        ours = SENDER_US if self.person is AMERICAN else SENDER
        said = ParsedInbound(
            provider_message_id=uuid.uuid4().hex, sender=self.person.phone,
            recipient=ours.removeprefix("+"), text=text,
        )  # fmt: skip
        row = inbound.receive(said, self.request(), self.ports)
        before = set(ConsentEntry.objects.values_list("pk", flat=True))
        assert replies.run(self.ports, self.clock.now() + RUN) == 1
        new = ConsentEntry.objects.exclude(pk__in=before)
        if text == "START":
            self.wishes.start()
            return
        row.refresh_from_db()
        act = {"stop": Act.WITHDRAWN, "unclear_stop": Act.HELD}.get(row.meaning)
        scopes = {Scope(scope) for scope in new.values_list("scope", flat=True)}
        left = {scope for scope in Scope if not self.wishes.is_for_good(scope)}
        must = EVERYTHING if self.person is AMERICAN else MARKETING
        if act is None or not (left & {*must} or scopes):
            assert not scopes
            return
        # What a STOP ends is told by ``test_replies``; here it holds.
        assert scopes >= {*must} & left
        self.stops_told += act is Act.WITHDRAWN
        self.wishes.stop(scopes, act, "reply", row.pk)

    def page(self, choice: Choice) -> None:
        """A button on the page behind the opt-out link of the first text."""
        message = Message.objects.earliest("pk")
        link, _ = Link.objects.get_or_create(
            message=message, kind=Link.Kind.OPT_OUT,
            defaults={
                "recipient": message.recipient, "channel_id": CHANNEL, "created_at": NOON,
                "expires_at": NOON + dt.timedelta(days=365),
            },
        )  # fmt: skip
        opt_out_page.choose(link, choice, Reader(wording="", language="en", ip=None), self.ports)
        if choice is Choice.UNDO:
            self.wishes.undo_page()
        elif not all(map(self.wishes.is_for_good, BUTTONS[choice])):
            self.wishes.stop(BUTTONS[choice], Act.WITHDRAWN, "page")

    def staff(self, scopes: Sequence[Scope]) -> None:
        """What the customer told them by telephone."""
        opting.opt_out([self.deed(Act.WITHDRAWN, scopes)], self.ports)
        self.wishes.stop(scopes, Act.WITHDRAWN, "staff")

    def review(self, resolution: Resolution) -> None:
        """Staff decide: the wish in a sentence was one, or was none."""
        waiting = reviews.to_review(self.ports)
        if not waiting:
            return
        reply_id = waiting[0].id
        held = ConsentEntry.objects.filter(key=f"reply:{reply_id}", act=Act.HELD)
        scopes = [Scope(scope) for scope in held.values_list("scope", flat=True)]
        reviews.resolve(reply_id, resolution, "Eva", self.ports)
        if resolution is Resolution.OPT_OUT:
            self.wishes.stop(scopes, Act.WITHDRAWN, "staff")
            return
        kept = InboundMessage.objects.filter(resolution=Resolution.KEEP)
        self.wishes.keep(set(kept.values_list("pk", flat=True)))

    def agree(self, scopes: Sequence[Scope]) -> None:
        """The customer ticks the boxes, and confirms."""
        ledger.put([self.deed(Act.GIVEN, scopes)], self.ports)
        self.clock.move(seconds=1)
        ledger.put([self.deed(Act.CONFIRMED, scopes)], self.ports)
        self.wishes.agree(scopes)

    def deed(self, act: Act, scopes: Sequence[Scope]) -> Deed:
        return Deed(
            number=self.person.phone, scopes=scopes, act=act, source=Source.STAFF,
            basis=Basis.EXPRESS_WRITTEN, wording="Yes.",
        )  # fmt: skip

    # What holds

    def the_ledger_says_what_was_said(self) -> None:
        """Each kind of texts is stopped in it, or not, as the acts were meant."""
        number = self.person.phone
        known = ledger.read([number])
        stopped = {s for s in Scope if known.standing(number, s, self.channel).stopped}
        assert stopped == self.wishes.stopped

    def every_text_is_where_it_may_be(self) -> None:
        """It came there by the arrows, and an end is an end."""
        for pk, word in Message.objects.values_list("pk", "status"):
            new = MessageStatus(word)
            old = self.seen.get(pk, new)
            assert new is old or reaches(old, new)
            assert old not in FINAL or new is old
            self.seen[pk] = new

    def it_all_ends(self) -> None:
        """Both workers die, days go by, others go on: nothing waits, what the provider has is
        known or doubted, and nobody read a text twice or against their word."""
        self.workers = [Worker(), Worker()]
        for hours in (0.05, 1, 1, 30):
            self.clock.move(hours=hours)
            claims.free_the_dead(self.ports)
            self.plan()
            while self.is_due():
                self.step(0, ["accepted", "accepted"], keep=False)
                self.every_text_is_where_it_may_be()
        for text in Message.objects.all():
            made = self.asked.get(str(text.reference), [])
            assert made.count(TAKEN) <= 1
            assert text.status not in (*WAITING, MessageStatus.SENDING)
            if TAKEN in made:
                assert text.status in (
                    MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED,
                    MessageStatus.EXPIRED, MessageStatus.REJECTED, MessageStatus.OUTCOME_UNKNOWN,
                )  # fmt: skip
            if not made:
                assert text.status not in (MessageStatus.SENT, MessageStatus.DELIVERED)

    def is_due(self) -> bool:
        due = Message.objects.filter(
            status__in=[*WAITING, MessageStatus.SENDING], not_before__lte=self.clock.now()
        )
        return due.exists()


#: (what happens, with what)
MOVES = st.one_of(
    st.tuples(st.just("the_shop"), st.sampled_from(["an_order", "a_cart"]), st.booleans()),
    *[st.tuples(st.just("work"), WORKER, STEPS, ANSWERS_OF_TWO, st.booleans())] * 2,
    st.tuples(st.sampled_from(["crash", "stand_down", "later"]), WORKER),
    st.tuples(st.just("a_receipt"), st.integers(0, 9), REPORTED, st.sampled_from(["", "1", "2"])),
    st.sampled_from(WISHES),
)


@pytest.mark.django_db
@settings(max_examples=45, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(person=st.sampled_from([POLE, AMERICAN]), moves=st.lists(MOVES, min_size=12, max_size=30))
def test_no_history_sends_twice_or_after_a_stop(
    person: Address, moves: list[tuple[str, *tuple[Any, ...]]]
) -> None:
    """Orders, carts, two workers by steps, crashes, answers, receipts and wishes in any order."""
    with transaction.atomic():
        history = History(person)
        for name, *values in moves:
            history.clock.move(seconds=1)
            getattr(history, name)(*values)
            history.the_ledger_says_what_was_said()
            history.every_text_is_where_it_may_be()
        history.it_all_ends()
        transaction.set_rollback(True)
