"""What customers write besides keywords is handed on: to staff as a text, or by e-mail."""

from __future__ import annotations

import datetime as dt
import logging

from django.core.mail import EmailMessage

from ..domain import segments
from ..domain.keywords import Meaning
from ..events.texts.alerts import REPLY
from ..models import InboundMessage
from ..ports import Ports
from .alerts import alert
from .mailing import mail_server
from .talks import Talk, talk_of

logger = logging.getLogger(__name__)

STAFF = "staff"
MOST_SEGMENTS = 3
MOST_TEXTED = 3  #: replies of one person in ``TEXTED_IN``; more are read in the list of replies
TEXTED_IN = dt.timedelta(hours=1)
STEP = 50  #: replies looked at for the next one to be mailed
AGAIN = dt.timedelta(minutes=2)  #: longer than a mail server is waited for; then doubled


def hand_on(talk: Talk, ports: Ports) -> dt.datetime | None:
    """Staff get the reply as a text, where the channel says so; returns when it is to be mailed,
    None where it is not. Staff's own texts are no news to them, and nobody floods their phones.

    Call it in the transaction that acts on the person's replies.
    """
    channel = talk.channel
    if channel is None or talk.number in channel.config.staff_numbers:
        return None
    if channel.config.forward_replies == STAFF:
        if _others(talk) < MOST_TEXTED:
            text = segments.clean(talk.inbound.body).strip()
            alert(REPLY, channel, ports, segment_count=MOST_SEGMENTS, number=talk.number, text=text)
        return None
    return ports.clock.now() if channel.config.forward_replies else None


def _others(talk: Talk) -> int:
    """How many of the person's replies were handed on shortly before this one."""
    at = talk.inbound.received_at
    theirs = InboundMessage.objects.filter(sender=talk.number, meaning=Meaning.OTHER)
    before = theirs.filter(received_at__gt=at - TEXTED_IN, received_at__lte=at)
    return before.exclude(pk=talk.inbound.pk).count()


def run(ports: Ports, until: dt.datetime) -> int:
    """Replies that are to be mailed are, until ``until``; returns how many.

    Mailed outside any transaction. What a mail server does not take is tried again, and with it
    what else is due: a silent one holds a run up once. Who is killed in between mails it twice
    rather than never.
    """
    mailed = 0
    while ports.clock.now() < until and (talk := _take(ports)):
        try:
            _mail(talk)
        except Exception as error:
            logger.error(
                "Reply %s could not be mailed: %s", talk.inbound.pk, type(error).__name__,
                extra={"action": "mail_failed"},
            )  # fmt: skip
            _postpone_all(ports)  # whatever is wrong with one mail is mostly wrong with the next
            break
        with ports.shop.writer():
            InboundMessage.objects.filter(pk=talk.inbound.pk).update(forward_at=None)
        mailed += 1
    return mailed


def _postpone_all(ports: Ports) -> None:
    now = ports.clock.now()
    with ports.shop.writer():
        InboundMessage.objects.filter(forward_at__lte=now).update(forward_at=now + AGAIN)


def _take(ports: Ports) -> Talk | None:
    """The next reply to be mailed, ours until it is tried again."""
    now = ports.clock.now()
    with ports.shop.writer():
        due = InboundMessage.objects.filter(forward_at__lte=now)
        for row in due.select_related("account").order_by("forward_at", "pk")[:STEP]:
            again = now + max(AGAIN, now - row.received_at)
            same = due.filter(pk=row.pk, forward_at=row.forward_at)
            talk = talk_of(row, ports)
            if not talk.number or talk.channel is None or not _address(talk):
                same.update(forward_at=None)  # erased, or no longer wanted
            elif same.update(forward_at=again):
                return talk
    return None


def _address(talk: Talk) -> str:
    wanted = talk.channel.config.forward_replies if talk.channel else ""
    return "" if wanted == STAFF else wanted


def _mail(talk: Talk) -> None:
    row, channel = talk.inbound, talk.channel
    shop = channel.shop_name if channel else ""
    about = (
        f"{row.sender} -> {row.recipient}, {row.received_at:%Y-%m-%d %H:%M} UTC, "
        f"{channel.slug if channel else ''}"
    )
    EmailMessage(
        subject=f"{shop}: SMS {row.sender}",
        body=f"{row.body}\n\n{about}\n",
        to=[_address(talk)],
        connection=mail_server(),
    ).send()
