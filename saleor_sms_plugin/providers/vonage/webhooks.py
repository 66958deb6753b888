"""What Vonage's webhooks tell: delivery receipts and replies, of both APIs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

from ...domain.transitions import MessageStatus
from ...exceptions import MalformedPayload
from ..answer import money, word
from ..base import ParsedInbound, ParsedReceipt, WebhookData
from .answers import CURRENCY
from .payload import fields

_S = MessageStatus
_DIGITS = re.compile(r"[1-9]\d{2,14}", re.ASCII)
_CODE = re.compile(r"\d{1,10}", re.ASCII)
LONGEST_TEXT = 10_000
MOST_PRICE = 1_000  #: what says that a text costs more is wrong

#: https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
#: What is not listed, and ``unknown``, says nothing.
SMS_STATUSES: dict[str, MessageStatus] = {
    "accepted": _S.SENT,
    "buffered": _S.SENT,
    "delivered": _S.DELIVERED,
    "failed": _S.UNDELIVERED,
    "expired": _S.EXPIRED,
    "rejected": _S.REJECTED,
}

#: https://api.support.vonage.com/hc/en-us/articles/204014733
SMS_ERRORS: dict[str, str] = {
    "1": "no cause known",
    "2": "the phone was not reachable for now",
    "3": "the number is no longer in use",
    "4": "the owner has barred the number",
    "5": "a fault in the number's porting",
    "6": "the carrier took it for spam",
    "7": "the phone was busy",
    "8": "a fault of the network",
    "9": "the owner does not want such messages",
    "10": "a fault in the message",
    "11": "no route to the number",
    "12": "the destination cannot be reached",
    "13": "the owner is too young for it",
    "14": "the carrier blocks the number",
    "15": "the owner's prepaid account is empty",
}
#: Of these Vonage says that the number should be taken off the list.
SMS_UNUSABLE = frozenset({"3", "4", "9", "14"})

#: https://developer.vonage.com/en/api/messages (message-status)
MESSAGES_STATUSES: dict[str, MessageStatus] = {
    "submitted": _S.SENT,
    "delivered": _S.DELIVERED,
    "rejected": _S.REJECTED,
    "undeliverable": _S.UNDELIVERED,
}
#: https://developer.vonage.com/en/api-errors/messages: no longer in use, illegal. Codes that
#: may also mean one message only are left out: a number suppressed wrongly gets no text at all.
MESSAGES_UNUSABLE = frozenset({"1190", "1240"})


def parse(request: WebhookData) -> tuple[ParsedReceipt | ParsedInbound, ...]:
    """See ``Provider.parse_webhook``; the fields say which API and which of the two it is."""
    found = fields(request)
    match found:
        case {"message_uuid": _, "status": _}:
            return (_messages_receipt(found),)
        case {"message_uuid": _, "channel": "sms"}:
            return (_messages_inbound(found),)
        case {"message_uuid": _, "channel": str()}:
            return ()  # not a text message
        case {"messageId": _, "status": _}:
            return (_sms_receipt(found),)
        case {"messageId": _, "type": "binary"}:
            return ()  # a service message of a network, not words
        case {"messageId": _, "msisdn": _}:
            return (_sms_inbound(found),)
    raise MalformedPayload(
        "The request has neither the fields of a receipt nor those of a text message."
    )


def _sms_receipt(found: Mapping[str, object]) -> ParsedReceipt:
    said = word(found["status"])
    code = _code(found.get("err-code"))
    return ParsedReceipt(
        reference=word(found.get("client-ref"))[:40],
        provider_message_id=_id(found["messageId"]),
        recipient=_number(found.get("msisdn")),
        is_whole_message=False,
        status=SMS_STATUSES.get(said),
        provider_status=said,
        code=code,
        detail=SMS_ERRORS.get(code, ""),
        is_number_unusable=code in SMS_UNUSABLE and said in ("failed", "rejected"),
        price=_price(found.get("price")),
        currency=CURRENCY,
        network=word(found.get("network-code"))[:16],
        occurred_at=_instant(found.get("message-timestamp")),
    )


def _messages_receipt(found: Mapping[str, object]) -> ParsedReceipt:
    said = word(found["status"])
    error, usage = _inner(found, "error"), _inner(found, "usage")
    code = _code(error.get("title"))
    return ParsedReceipt(
        reference=word(found.get("client_ref"))[:40],
        provider_message_id=_id(found["message_uuid"]),
        recipient=_number(found.get("to")),
        is_whole_message=True,
        status=MESSAGES_STATUSES.get(said),
        provider_status=said,
        code=code,
        detail=_text(error.get("detail"))[:200],
        is_number_unusable=code in MESSAGES_UNUSABLE and said in ("rejected", "undeliverable"),
        price=_price(usage.get("price")),
        currency=word(usage.get("currency"))[:3] or CURRENCY,
        network=word(_inner(found, "destination").get("network_code"))[:16],
        occurred_at=_instant(found.get("timestamp")),
    )


def _sms_inbound(found: Mapping[str, object]) -> ParsedInbound:
    part, count = _part(found.get("concat-part")), _part(found.get("concat-total"))
    joined = word(str(found.get("concat", "")).lower()) == "true" and part <= count
    return ParsedInbound(
        provider_message_id=_id(found["messageId"]),
        sender=_number(found["msisdn"]),
        recipient=_number(found.get("to")),
        text=_text(found.get("text")),
        part=part if joined else 1,
        part_count=count if joined else 1,
        part_reference=word(str(found.get("concat-ref", "")))[:40] if joined else "",
        occurred_at=_instant(found.get("message-timestamp")),
    )


def _messages_inbound(found: Mapping[str, object]) -> ParsedInbound:
    return ParsedInbound(
        provider_message_id=_id(found["message_uuid"]),
        sender=_number(found.get("from")),
        recipient=_number(found.get("to")),
        text=_text(found.get("text")),
        network=word(_inner(found, "origin").get("network_code"))[:16],
        occurred_at=_instant(found.get("timestamp")),
    )


def _id(value: object) -> str:
    if not (found := word(value)):
        raise MalformedPayload("The id of the message cannot be read.")
    return found


def _number(value: object) -> str:
    """E.164 with its ``+``; a short code as it is; "" for what is no number."""
    digits = value.lstrip("+") if isinstance(value, str) else ""
    if not _DIGITS.fullmatch(digits):
        return ""
    return digits if len(digits) < 7 else f"+{digits}"


def _code(value: object) -> str:
    said = str(value) if isinstance(value, str | int) else ""
    return said if _CODE.fullmatch(said) and said != "0" else ""


def _price(value: object) -> Decimal | None:
    found = money(value)
    return found if found is not None and 0 <= found < MOST_PRICE else None


def _part(value: object) -> int:
    said = str(value)
    return int(said) if said.isascii() and said.isdigit() and 0 < len(said) < 4 else 1


def _inner(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Words that a database can hold: no NUL, no half characters, not endless."""
    said = value if isinstance(value, str) else ""
    clean = said[:LONGEST_TEXT].replace("\x00", "")
    return clean.encode("utf-8", "replace").decode("utf-8")


def _instant(value: object) -> dt.datetime | None:
    """An ISO instant, or the SMS API's ``YYYY-MM-DD HH:MM:SS``, both UTC; None for others."""
    with suppress(ValueError, TypeError, OverflowError):
        found = dt.datetime.fromisoformat(value)  # type: ignore[arg-type]
        aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        return aware.astimezone(dt.UTC)
    return None
