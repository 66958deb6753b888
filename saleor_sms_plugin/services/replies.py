"""Replies are acted on: a stop holds at once, questions are answered, the rest goes to people.

Each reply once, in one transaction with all it causes; those of one person in their order.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError, transaction

from ..domain import keywords, phone_numbers
from ..domain.consent import STOPS, Act, Scope
from ..domain.keywords import Meaning
from ..domain.working_days import working_days_later
from ..events.answers import answer_for
from ..events.texts.alerts import STRANGERS
from ..models import InboundMessage, Message, locks
from ..ports import Ports
from . import answers, double_opt_in, forwarding, ledger, reach, surveys
from .alerts import alert
from .channels import Channel
from .ledger import Deed, Source
from .opting import opt_out
from .talks import Talk, talk_of

logger = logging.getLogger(__name__)

STEP = 50  #: people looked at before what is due is asked again
_STRANGER = {"stranger": True}  #: what the answer to one says beside its words
AGAIN = dt.timedelta(minutes=1)  #: after a fault; then as long again as it has waited
#: Answers of a channel within an hour to numbers that it never texted: whoever can write to the
#: webhook address of an account that does not sign can name any number.
MOST_STRANGERS = 60
STRANGERS_IN, TOLD_EACH = dt.timedelta(hours=1), dt.timedelta(days=1)
ANSWERED_EACH = dt.timedelta(hours=1)  #: with the same words: programs that answer cannot loop


def run(ports: Ports, until: dt.datetime) -> int:
    """Replies that are due are acted on until ``until``; returns how many.

    Runs safely many times at once. A reply that fails is tried again later and stops no other.
    """
    acted = 0
    while ports.clock.now() < until and (count := _step(ports, until)):
        acted += count
    return acted


def key_of(inbound: InboundMessage) -> str:
    """What the ledger calls the first act of a reply; ``key:1`` is the next one."""
    return f"reply:{inbound.pk}"


def _step(ports: Ports, until: dt.datetime) -> int:
    with ports.shop.writer():
        now = ports.clock.now()
        due = InboundMessage.objects.filter(answer_at__lte=now)
        people = due.order_by("answer_at", "pk").values_list("sender", flat=True)[:STEP]
        senders = list(dict.fromkeys(people))
    acted = 0
    for sender in senders:
        if ports.clock.now() >= until:
            break
        acted += _act_for(sender, ports)
    return acted


def _act_for(sender: str, ports: Ports) -> int:
    with ports.shop.writer(), transaction.atomic():
        if not locks.try_locks({f"sms-reply:{sender}": sender}):
            return 0  # another worker has this person's replies
        due = InboundMessage.objects.filter(sender=sender, answer_at__lte=ports.clock.now())
        locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("account")
        rows = list(locked.order_by("received_at", "pk")[:STEP])
        for row in rows:
            _act_or_postpone(row, ports)
    return len(rows)


def _act_or_postpone(row: InboundMessage, ports: Ports) -> None:
    now = ports.clock.now()
    try:
        with transaction.atomic():
            _act(row, ports)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # What was written is in the row, not in the log (law 10).
        logger.error(
            "Reply %s could not be acted on: %s", row.pk, type(error).__name__,
            extra={"action": "reply_failed"},
        )  # fmt: skip
        again = now + max(AGAIN, now - row.received_at)
        InboundMessage.objects.filter(pk=row.pk).update(answer_at=again)


def _act(row: InboundMessage, ports: Ports) -> None:
    """All that the reply causes, and what it was taken for."""
    row.answer_at = None
    talk = talk_of(row, ports)
    meaning = Meaning.OTHER
    if talk.number:
        meaning = keywords.meaning_of(
            row.body, cancel_words=talk.rule.cancel_words, languages=talk.languages
        )
        if meaning is Meaning.OTHER or not _ACTS[meaning](talk, ports):
            meaning = Meaning.OTHER
            row.forward_at = forwarding.hand_on(talk, ports)
    row.meaning = meaning
    row.save(update_fields=["meaning", "answer_at", "forward_at", "review_by"])
    logger.info(
        "A reply of %s: %s", phone_numbers.mask(row.sender), meaning,
        extra={"action": "reply", "meaning": str(meaning)},
    )  # fmt: skip


def _stop(talk: Talk, ports: Ports) -> bool:
    confirms = talk.channel is not None and talk.channel.config.stop_confirmation
    if _end(talk, Act.WITHDRAWN, ports) and confirms and not talk.rule.carrier_confirms_stop:
        _answer("stop_all" if Scope.SERVICE in talk.scopes else "stop_offers", talk, ports)
    return True


def _hold(talk: Talk, ports: Ports) -> bool:
    if _end(talk, Act.HELD, ports):
        _read_by_staff(talk)
    return True


def _read_by_staff(talk: Talk) -> None:
    days = talk.rule.review_working_days
    talk.inbound.review_by = working_days_later(talk.inbound.received_at, days)


def _end(talk: Talk, act: Act, ports: Ports) -> bool:
    """What the person is stopped, or held, of; False where that is stopped for good already."""
    entries = ledger.read([talk.number]).entries.get(talk.number, ())
    # A stop for good is not made one in review; of a hold, each message has its own.
    stopped = talk.reach.stopped(entries, (Act.WITHDRAWN,))
    fresh = [scope for scope in talk.scopes if scope not in stopped]
    if fresh:
        scopes = fresh if act is Act.HELD else talk.scopes
        opt_out(talk.reach.put_down(_deed(talk, act, scopes)), ports)
    return bool(fresh)


def _start(talk: Talk, ports: Ports) -> bool:
    """What the last stop ended holds again, and nothing that an earlier one had ended."""
    channel = talk.speaks_for
    channel_id = channel.id if channel else None
    entries = ledger.read([talk.number]).entries.get(talk.number, ())
    stops = [
        entry for entry in entries if entry.act in STOPS
        and any(entry.reaches(channel_id, sender) for sender in talk.reach.senders)
    ]  # fmt: skip
    last = max(stops, key=lambda entry: (entry.at, entry.id), default=None)
    if last is None or last.at >= talk.inbound.received_at:
        return True
    # And every hold: nobody need read any more what the person meant.
    together = {
        entry.id for entry in stops
        if entry.act is Act.HELD or (entry.at, entry.source) == (last.at, last.source)
    }  # fmt: skip
    deeds = reach.taken_back(_deed(talk, Act.RESTORED), together, entries, ports)
    if deeds:
        ledger.put(deeds, ports)
        _answer("start", talk, ports)
    return True


def _deed(talk: Talk, act: Act, scopes: Sequence[Scope] = ()) -> Deed:
    return Deed(
        number=talk.number, scopes=scopes, act=act, source=Source.REPLY,
        key=key_of(talk.inbound), wording=talk.inbound.body,
        language=talk.last.language if talk.last else "", at=talk.inbound.received_at,
    )  # fmt: skip


def _confirm(talk: Talk, ports: Ports) -> bool:
    return double_opt_in.confirm(talk.number, ports, source=Source.REPLY, sender_id=talk.sender_id)


def _score(talk: Talk, ports: Ports) -> bool:
    return surveys.take_score(talk.inbound, int(keywords.fold(talk.inbound.body)), ports)


def _answering(name: str) -> Callable[[Talk, Ports], bool]:
    def act(talk: Talk, ports: Ports) -> bool:
        if not _answer(name, talk, ports):
            _read_by_staff(talk)
        return True

    return act


def _answer(name: str, talk: Talk, ports: Ports) -> bool:
    """The answer is on its way, once in ``ANSWERED_EACH``; whoever wrote too long ago gets none.

    False where too many strangers were answered: staff have been told.
    """
    now = ports.clock.now()
    told = Message.objects.filter(
        recipient=talk.number, event_name=answer_for(name, talk.country),
        created_at__gt=now - ANSWERED_EACH,
    )  # fmt: skip
    if talk.channel is None or told.exists():
        return True
    is_stranger = talk.last is None
    if is_stranger and _too_many_strangers(talk.channel, ports):
        return False
    waited = now - (talk.inbound.completed_at or talk.inbound.received_at)
    message = answers.send(
        name, talk.number, talk.channel, ports,
        language=talk.last.language if talk.last else "", lasts=answers.LASTS - waited,
    )  # fmt: skip
    if is_stranger:
        Message.objects.filter(pk=message.pk).update(says=_STRANGER)
    return True


def _too_many_strangers(channel: Channel, ports: Ports) -> bool:
    """The channel answered ``MOST_STRANGERS``; until the transaction ends nobody else does."""
    now = ports.clock.now()
    locks.lock([f"sms-strangers:{channel.id}"])
    answered = Message.objects.filter(
        channel_id=channel.id, created_at__gt=now - STRANGERS_IN, says=_STRANGER
    )
    if answered.count() < MOST_STRANGERS:
        return False
    alert(STRANGERS, channel, ports, once_since=now - TOLD_EACH, count=MOST_STRANGERS)
    return True


#: What is done about a meaning; False where it turns out to mean nothing here.
_ACTS: dict[Meaning, Callable[[Talk, Ports], bool]] = {
    Meaning.STOP: _stop,
    Meaning.UNCLEAR_STOP: _hold,
    Meaning.START: _start,
    Meaning.YES: _confirm,
    Meaning.HELP: _answering("help"),
    Meaning.RETURNS: _answering("returns"),
    Meaning.SCORE: _score,
}
