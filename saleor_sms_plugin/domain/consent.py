"""What a person agreed to, derived from a ledger of acts that is only ever added to.

An act is about one scope. Withdrawing one says nothing of another: who stops offers still gets
order texts, and a box for offers does not bring back order texts that were stopped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What kind of texts an act is about."""

    OFFERS = "offers"
    CART_REMINDERS = "cart_reminders"
    SERVICE = "service"  #: order, payment and parcel news; needs no act to be allowed


MARKETING = (Scope.OFFERS, Scope.CART_REMINDERS)
EVERYTHING = tuple(Scope)


class Basis(StrEnum):
    """What a permission rests on; a later one of the list is worth more."""

    SERVICE = "service"  #: the number was given for the order
    SOFT_OPT_IN = "soft_opt_in"  #: a customer of the shop, own similar products
    EXPRESS = "express"  #: the person said so
    EXPRESS_WRITTEN = "express_written"  #: and what they read is on record

    @property
    def worth(self) -> int:
        return list(Basis).index(self)


class Act(StrEnum):
    """What somebody did; of the same instant the later one of the list counts last."""

    GIVEN = "given"
    CONFIRMED = "confirmed"  #: the second step of a double opt-in
    RESTORED = "restored"  #: what was stopped before holds again: START, or staff undid it
    HELD = "held"  #: an opt-out within a sentence: stopped until staff have read it
    WITHDRAWN = "withdrawn"

    @property
    def rank(self) -> int:
        return list(Act).index(self)


STOPS = (Act.WITHDRAWN, Act.HELD)
#: sources of acts by whoever knows the number
BOXES = ("checkout", "customer", "storefront")
#: those of them where a box that was unticked is ticked again: at a checkout, whichever, as nobody
#: can untick one later than they order; in an account, the same one
TICKED_AGAIN = ("checkout", "customer")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act of one person."""

    id: int
    scope: Scope
    act: Act
    basis: Basis
    at: dt.datetime
    channel_id: int | None  #: None: every channel
    sender_id: str = ""  #: a stop holds for every channel with this sender, too
    source: str = ""  #: where it was done: checkout, reply, staff …
    account: str = ""  #: the customer's, where it was done in one; "" where it is not known
    #: the day of the act is not known: it lies between ``at`` and this instant
    seen_at: dt.datetime | None = None

    def reaches(self, channel_id: int | None, sender_id: str) -> bool:
        """A stop, or its undoing, holds in its channel and wherever its sender sends."""
        return (
            self.channel_id is None
            or self.channel_id == channel_id
            or bool(self.sender_id and self.sender_id == sender_id)
        )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where one person stands with one scope in one channel."""

    given: Entry | None = None  #: the permission that holds, unless ``stopped``
    confirmed: Entry | None = None  #: its second step
    stopped: Entry | None = None  #: the stop that holds, withdrawn or held
    #: a box ticked after a stop: it ends that stop once it is confirmed from the phone
    waiting: Entry | None = None

    @property
    def pending(self) -> Entry | None:
        """The permission that a confirmation now would be of."""
        if self.stopped or self.waiting:
            return self.waiting
        return None if self.confirmed else self.given


_Hand = tuple[str, str]  #: (source, account)


def standing(
    entries: Iterable[Entry], scope: Scope, channel_id: int | None, sender_id: str
) -> Standing:
    """What these acts of one person, in any order, come to.

    A permission belongs to its channel; a stop holds in its channel and wherever its sender
    sends, and a hold makes no stop for good one in review. An act of the same instant as a stop
    does not undo it. A stop is undone from the phone, or by who has proof: anyone can tick a box
    with a stranger's number. A box that was unticked may be ticked again, in an account only in
    the same one, but never for order texts.
    """
    given = confirmed = stopped = waiting = None
    stops: set[_Hand] = set()  # where what holds now was stopped
    for entry in sorted(entries, key=lambda each: (each.at, each.act.rank, each.id)):
        if entry.scope is not scope:
            continue
        here = entry.channel_id is None or entry.channel_id == channel_id
        if entry.act in STOPS:
            if entry.reaches(channel_id, sender_id):
                is_hold = entry.act is Act.HELD and stopped and stopped.act is Act.WITHDRAWN
                stopped, waiting = stopped if is_hold else entry, None
                stops.add((entry.source, entry.account))
        elif entry.act is Act.RESTORED:
            if entry.reaches(channel_id, sender_id):
                given = waiting if waiting and confirmed is None else given
                stopped, waiting, stops = None, None, set()
        elif here and entry.act is Act.GIVEN:
            if stops and not _lifts(entry, stops):
                waiting = entry
                continue
            # Another box ticked takes nothing from what was confirmed and still holds.
            if stopped or given is None or confirmed is None:
                given, confirmed = entry, None
            stopped, waiting, stops = None, None, set()
        elif here and waiting is not None:
            given, confirmed = waiting, entry
            stopped, waiting, stops = None, None, set()
        elif here and given is not None and stopped is None:
            confirmed = entry
    return Standing(given=given, confirmed=confirmed, stopped=stopped, waiting=waiting)


def _lifts(given: Entry, stops: set[_Hand]) -> bool:
    """Whether this permission ends what was stopped there by itself."""
    if given.source not in BOXES:
        return True
    is_again = given.source in TICKED_AGAIN and stops == {(given.source, given.account)}
    return is_again and given.scope is not Scope.SERVICE


def ended_by(
    acts: Collection[int], entries: Iterable[Entry], channel_id: int | None, sender_id: str
) -> tuple[Scope, ...]:
    """The scopes that are stopped now and would not be without these acts, named by their ids."""
    known = list(entries)
    others = [entry for entry in known if entry.id not in acts]

    def is_stopped(scope: Scope, entries: Iterable[Entry]) -> bool:
        return standing(entries, scope, channel_id, sender_id).stopped is not None

    return tuple(s for s in Scope if is_stopped(s, known) and not is_stopped(s, others))
