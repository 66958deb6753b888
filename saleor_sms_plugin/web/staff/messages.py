"""The log: messages by what is searched for, one with its timeline, and all of them as CSV."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from ...domain import csv_cells, phone_numbers
from ...domain.formatting import format_money
from ...domain.transitions import WAITING, MessageStatus
from ...events.answers import ANSWERS
from ...events.catalogue import CATALOGUE
from ...exceptions import InvalidInput, InvalidRecipient
from ...models import Message
from ...services import manual
from ...services.channels import shared_country
from ...services.timeline import timeline, with_timeline
from ...services.waiting import Why, why_waiting
from ..graphql.connections import page
from ..graphql.context import visible
from .labels import event_label, moment_detail, status_label
from .visit import Part, Visit
from .words.reasons import why

PAGE = 50  #: rows of one page
MOST_EXPORTED = 20_000  #: rows of one file
SEARCHED = ("q", "status", "event", "channel", "since", "until")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One message as it is listed."""

    key: int
    at: dt.datetime
    event: str
    status: str
    status_label: str
    order: str
    recipient: str
    channel: str
    why: str
    detail: str  #: the particulars, as the engine or the provider said them
    segments: int | None


def show(visit: Visit) -> Part:
    """The newest messages of those searched for, a page at a time."""
    after = visit.text("after")
    asked = {"first": PAGE, "after": after or None}
    found = page(_searched(visit), "-created_at", asked, "messages")
    return Part(
        template="messages.html",
        context={
            "rows": [_row(edge.node, visit) for edge in found.edges],
            "after": found.page_info.end_cursor if found.page_info.has_next_page else "",
            "asked": {name: visit.text(name) for name in SEARCHED},
            "statuses": [(each, status_label(each, visit.language)) for each in MessageStatus],
            "events": [
                (spec.name, event_label(spec.name, visit.language))
                for spec in (*CATALOGUE, *ANSWERS.values())
            ],
            "channels": [each.slug for each in visit.channels.values()],
            "most": MOST_EXPORTED,
        },
    )


def _searched(visit: Visit) -> QuerySet[Message]:
    """The caller's messages for which everything asked holds. Raises InvalidInput."""
    rows = visible(Message.objects.all(), visit.caller)
    for name, given in _FILTERS.items():
        if text := visit.text(name):
            rows = rows.filter(given(text, visit))
    return rows


def _about(text: str, visit: Visit) -> Q:
    """A phone number with its country code; else the number of an order, and where there is no
    such order a phone number as it is dialled in the shop's country, or without its "+"."""
    if text.startswith("+") or text.startswith("00"):
        return Q(recipient=_number(text))
    order = Q(order_number=text.lstrip("#"))
    phones = [] if text.startswith("#") else list(_phones(text, visit))
    if not phones or visible(Message.objects.filter(order), visit.caller).exists():
        return order
    return Q(recipient__in=phones)


def _phones(text: str, visit: Visit) -> Iterator[str]:
    """What the digits may be as E.164: in the country of the channel asked for, or of them all."""
    asked = visit.text("channel")
    country = shared_country(each for each in visit.channels.values() if asked in ("", each.slug))
    for written, region in ((text, country), (f"+{text}", "")):
        with suppress(InvalidRecipient):
            yield phone_numbers.parse(written, region)


def _number(text: str) -> str:
    try:
        return phone_numbers.parse(text, None)
    except InvalidRecipient as error:
        raise InvalidInput(str(error)) from error


def _day(text: str, visit: Visit) -> dt.datetime:
    try:
        day = dt.date.fromisoformat(text)
        return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    except ValueError:
        raise InvalidInput(visit.words["no_date"].format(given=text[:20])) from None


def _until(text: str, visit: Visit) -> Q:
    try:
        return Q(created_at__lt=_day(text, visit) + dt.timedelta(days=1))
    except OverflowError:
        return Q()


_FILTERS: Mapping[str, Callable[[str, Visit], Q]] = {
    "q": _about,
    "status": lambda text, visit: Q(status=text),
    "event": lambda text, visit: Q(event_name=text),
    "channel": lambda text, visit: Q(channel_slug=text),
    "since": lambda text, visit: Q(created_at__gte=_day(text, visit)),
    "until": _until,
}


def _row(message: Message, visit: Visit, waiting: Why | None = None) -> Row:
    arrived = message.status == MessageStatus.DELIVERED
    reason, detail = waiting or (message.reason, message.detail)
    return Row(
        key=message.pk,
        at=message.created_at,
        event=event_label(message.event_name, visit.language),
        status=message.status,
        status_label=status_label(message.status, visit.language),
        order=message.order_number,
        recipient=message.recipient,
        channel=message.channel_slug,
        why="" if arrived else why(reason, visit.language),
        detail="" if arrived else detail,
        segments=message.segment_count,
    )


def one(visit: Visit, key: str) -> Part:
    """One message and all that happened to it. Raises InvalidInput where there is none."""
    message = _find(key, visit)
    price = format_money(message.price, message.currency, visit.language) if message.price else ""
    return Part(
        template="message.html",
        context={
            "row": _row(message, visit, why_waiting([message], visit.ports).get(message.pk)),
            "message": message,
            "price": price,
            "waits": message.status in WAITING,
            "retryable": not manual.why_not(message, visit.channels.get(message.channel_id or 0)),
            "unknown": message.status == MessageStatus.OUTCOME_UNKNOWN,
            "moments": [
                (
                    moment.at,
                    visit.words[f"moment_{moment.what}"],
                    moment_detail(moment, message, visit.language),
                )
                for moment in timeline(message)
            ],
        },
    )


def _find(key: str, visit: Visit) -> Message:
    rows = with_timeline(visible(Message.objects.all(), visit.caller))
    if (message := rows.filter(pk=int(key)).first()) is None:
        raise InvalidInput(visit.words["no_message"])
    return message


def retry(visit: Visit, key: str) -> Part:
    """The message is sent anew, once, to the same number or to a corrected one; the new one.

    Raises InvalidInput for one that is not sent anew.
    """
    new = manual.retry(
        _find(key, visit).pk, visit.ports, by=visit.caller.name,
        recipient=visit.text("recipient"), accept_duplicate=visit.text("accept") == "yes",
    )  # fmt: skip
    return one(visit, str(new.pk))


def cancel(visit: Visit, key: str) -> Part:
    """The message that waited has ended. Raises InvalidInput for one that does not wait."""
    manual.cancel(_find(key, visit).pk, visit.ports)
    return one(visit, key)


#: column of the file → what stands in it
_COLUMNS: Mapping[str, Callable[[Message], Any]] = {
    "created_at": lambda m: m.created_at.isoformat(),
    "event": lambda m: m.event_name,
    "status": lambda m: m.status,
    "reason": lambda m: m.reason,
    "why": lambda m: m.why,
    "order_number": lambda m: m.order_number,
    "channel": lambda m: m.channel_slug,
    "purpose": lambda m: m.purpose,
    "recipient": lambda m: m.recipient,
    "country": lambda m: m.country,
    "language": lambda m: m.language,
    "sender": lambda m: m.sender_id,
    "provider": lambda m: m.provider,
    "segments": lambda m: m.segment_count,
    "price": lambda m: f"{m.price:f}" if m.price is not None else "",
    "currency": lambda m: m.currency,
    "sent_at": lambda m: m.sent_at.isoformat() if m.sent_at else "",
    "finished_at": lambda m: m.finished_at.isoformat() if m.finished_at else "",
    "body": lambda m: m.body,
}


def export(visit: Visit) -> HttpResponse:
    """The newest ``MOST_EXPORTED`` of the messages searched for, as spreadsheets of the reader's
    language split them; no cell runs as a formula."""
    file = io.StringIO(newline="")
    write = csv_cells.writer(file, csv_cells.delimiter_in(visit.language))
    write(_COLUMNS)
    rows = _searched(visit).order_by("-created_at", "-pk")[:MOST_EXPORTED]
    for message in rows.iterator(chunk_size=2_000):
        cells = (look(message) for look in _COLUMNS.values())
        write("" if cell is None else str(cell) for cell in cells)
    return HttpResponse(
        "\ufeff" + file.getvalue(),  # by which spreadsheets know UTF-8
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="messages.csv"'},
    )
