"""Surveys: the scores that customers give their orders, and what they come to.

A survey takes its first answer, by reply or on its page, for as long as its link works; whoever
answers again changes nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Avg, Count
from django.db.models.functions import TruncWeek

from ..domain import sender_ids
from ..events.catalogue import EVENTS
from ..models import ConsentEntry, InboundMessage, Link, Message, SurveyScore
from ..models.once import insert_once
from ..ports import Ports
from . import links
from .writing import Text

NAMES = tuple(spec.name for spec in EVENTS.values() if spec.asks)
WINDOW = links.LASTS  #: after a survey went out, for its answer
SCORES = range(1, 6)  #: from bad to great

Source = ConsentEntry.Source


def can_be_answered(message: Message, text: Text) -> bool:
    """Whether the reader of a survey can reply to its sender, or finds the link to its page.

    Always for a text that is none.
    """
    if message.event_name not in NAMES or not sender_ids.is_name(text.sender_id):
        return True
    tokens = Link.objects.filter(message=message, kind=Link.Kind.SURVEY)
    return any(token in text.body for token in tokens.values_list("token", flat=True))


def take_score(inbound: InboundMessage, score: int, ports: Ports) -> bool:
    """The reply's score is kept, unless its survey has one; False where it answers no survey.

    It answers the last survey between the two numbers, while that one's window is open. Call it
    under writer access.
    """
    digits = inbound.recipient.removeprefix("+")
    asked = Message.objects.filter(
        recipient=inbound.sender, event_name__in=NAMES, sender_id__in=[digits, f"+{digits}"],
        provider=inbound.account.provider, taken_at__lte=inbound.received_at,
        taken_at__gt=inbound.received_at - WINDOW, attempts__isnull=False,
    )  # fmt: skip
    survey = asked.order_by("-taken_at").first()
    if survey is None or score not in SCORES:
        return False
    _keep(survey, score, Source.REPLY, inbound.received_at)
    return True


def take_score_link(link: Link, score: int, ports: Ports) -> bool:
    """The score given on the survey's page is kept, unless the survey has one; False where the
    page is not open any more, or was never a survey's.

    Call it under writer access.
    """
    now = ports.clock.now()
    if link.kind != Link.Kind.SURVEY or now >= link.expires_at or score not in SCORES:
        return False
    _keep(link.message, score, Source.PAGE, now)
    return True


def score_of(link: Link) -> int | None:
    """The score that the survey behind this link has, None while it has none."""
    rows = SurveyScore.objects.filter(message_id=link.message_id)
    return rows.values_list("score", flat=True).first()


def _keep(survey: Message, score: int, source: Source, at: dt.datetime) -> None:
    insert_once(
        SurveyScore(
            message=survey, order_id=survey.order_id, order_number=survey.order_number,
            channel_id=survey.channel_id, score=score, source=source, answered_at=at,
        )
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the surveys that a channel sent in one week came to."""

    week: str  #: ISO year and week of sending, "2026-W10"
    channel: str
    sent: int
    answered: int
    average: float | None  #: of the scores, None without any


def report(ports: Ports, weeks: int) -> list[Line]:
    """The surveys sent in these weeks, newest week first, then by channel."""
    since = ports.clock.now() - dt.timedelta(weeks=weeks)
    sent = Message.objects.filter(
        purpose="marketing", created_at__gt=since - WINDOW, sent_at__gt=since, event_name__in=NAMES
    )
    rows = (
        sent.annotate(monday=TruncWeek("sent_at", tzinfo=dt.UTC))
        .values_list("monday", "channel_slug")
        .annotate(Count("pk"), Count("surveyscore"), Avg("surveyscore__score"))
        .order_by("-monday", "channel_slug")
    )
    with ports.shop.writer():
        return [
            Line(
                week="{}-W{:02}".format(*monday.isocalendar()[:2]), channel=channel, sent=count,
                answered=answered, average=None if average is None else round(average, 2),
            )
            for monday, channel, count, answered, average in rows
        ]  # fmt: skip
