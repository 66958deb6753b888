"""The answers: one row per text that answers a person instead of telling of an event.

A new answer is one row here and its texts in ``texts/answers.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..domain.law.table import UNDER
from .catalogue import Asked, Purpose, TextSpec


@dataclass(frozen=True, kw_only=True)
class Answer(TextSpec):
    """One row: when it is sent and what it is to the law."""

    asked: Asked = Asked.NOBODY
    when: str  #: as the dashboard says it
    #: what a STOP in answer to it is about; None: what the text before it was about
    topic: Purpose | None = None
    #: country of the law at the number → the answer that is sent in its place
    instead: Mapping[str, str] = field(default_factory=dict)


def _in_us_and_canada(name: str) -> Mapping[str, str]:
    """The carriers there ask for more words: frequency, rates, HELP and STOP.

    https://support.twilio.com/hc/en-us/articles/223182208
    """
    return dict.fromkeys(("US", "CA"), name)


_REQUEST_WHEN = "to who ticked a box for offers and has not agreed from the phone itself yet"

_ANSWERS = (
    Answer(
        name="stop_offers",
        label="STOP: no more offers",
        when="to STOP in answer to an offer, once",
    ),
    Answer(
        name="stop_all",
        label="STOP: no more texts",
        when="to STOP in answer to anything else, and in the USA and Canada always, once",
    ),
    Answer(
        name="start",
        label="START",
        when="to START, where a STOP came before",
    ),
    Answer(
        name="help",
        label="HELP",
        when="to HELP or INFO, once an hour",
        instead=_in_us_and_canada("help_us"),
    ),
    Answer(
        name="help_us",
        label="HELP, in the USA and Canada",
        when="to HELP or INFO, once an hour; the carriers want every part of it",
    ),
    Answer(
        name="returns",
        label="RETURN",
        when="to RETURN, ZWROT, RESO and the like, once an hour",
    ),
    Answer(
        name="opt_in_request",
        label="Please confirm",
        when=_REQUEST_WHEN,
        asked=Asked.REQUEST,
        topic=Purpose.MARKETING,
        variables=("opt_in.url",),
        instead=_in_us_and_canada("opt_in_request_us"),
    ),
    Answer(
        name="opt_in_request_us",
        label="Please confirm, in the USA and Canada",
        when=f"{_REQUEST_WHEN}; the carriers want every part of it",
        asked=Asked.REQUEST,
        topic=Purpose.MARKETING,
    ),
    Answer(
        name="opt_in_reward",
        label="Reward",
        when="to who agreed, where there is a reward (advanced: opt_in.reward) or a text here",
        purpose=Purpose.MARKETING,
        asked=Asked.LEDGER,
        topic=Purpose.MARKETING,
        variables=("voucher.code", "voucher.valid_until", "opt_in.reward_url"),
    ),
)

ANSWERS: dict[str, Answer] = {answer.name: answer for answer in _ANSWERS}
#: texts that ask a person to confirm a consent
REQUESTS = tuple(answer.name for answer in _ANSWERS if answer.asked is Asked.REQUEST)


def answer_for(name: str, country: str) -> str:
    """The name of the answer that a number of this country gets."""
    return ANSWERS[name].instead.get(UNDER.get(country, country), name)
