"""What storefronts and providers said of one phone number, as it is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q

from ..domain import phone_numbers
from ..domain.boxes import PHONE
from ..domain.consent import TICKED_AGAIN
from ..models import ConsentBox, ConsentEntry, DeliveryReceipt
from .erasing import requests_naming


@dataclass(frozen=True, kw_only=True)
class KnownBox:
    """What a storefront wrote about consent on a checkout or an account."""

    at: dt.datetime
    source: str
    values: Mapping[str, str]  #: name → what stood there


@dataclass(frozen=True, kw_only=True)
class KnownReceipt:
    """What the provider said became of a text to the number."""

    at: dt.datetime
    status: str  #: the provider's word
    code: str
    network: str  #: MCC and MNC
    detail: str


@dataclass(frozen=True, kw_only=True)
class KnownRequest:
    """One raw request of a provider that names the number."""

    at: dt.datetime
    query: str
    body: str


def boxes_of(number: str) -> Iterator[ConsentBox]:
    """Those that name this E.164 number, and every sight of what its acts in the ledger rest on;
    the oldest first."""
    acts = ConsentEntry.objects.filter(number=number, source__in=TICKED_AGAIN).exclude(key="")
    keys = [key.split(":") for key in acts.values_list("key", flat=True)]
    theirs = {(source, subject_id) for source, subject_id, *_ in keys}
    subjects = {subject_id for _, subject_id in theirs}
    boxes = ConsentBox.objects.filter(Q(subject_id__in=subjects) | Q(values__has_key=PHONE))
    for box in boxes.order_by("pk").iterator():
        names = phone_numbers.may_mean(str(box.values.get(PHONE, "")), number)
        if names or (box.source, box.subject_id) in theirs:
            yield box


def known_boxes(number: str) -> list[KnownBox]:
    """The boxes of this E.164 number, oldest first."""
    return [
        KnownBox(at=box.seen_at, source=box.source, values=_said(box)) for box in boxes_of(number)
    ]


def _said(box: ConsentBox) -> dict[str, str]:
    return {name: str(value) for name, value in box.values.items() if name.startswith("sms_")}


def known_receipts(number: str) -> list[KnownReceipt]:
    """What providers said of texts to this E.164 number, oldest first."""
    theirs = Q(recipient=number) | Q(message__recipient=number)
    rows = DeliveryReceipt.objects.filter(theirs).order_by("received_at", "pk")
    return [
        KnownReceipt(
            at=row.received_at, status=row.provider_status, code=row.code, network=row.network,
            detail=row.detail,
        )
        for row in rows
    ]  # fmt: skip


def known_requests(number: str) -> list[KnownRequest]:
    """Raw requests that name this E.164 number, whatever came of them, oldest first."""
    return [
        KnownRequest(
            at=row.received_at, query=row.query, body=bytes(row.body).decode("utf-8", "replace")
        )
        for row in requests_naming(number).order_by("received_at", "pk")
    ]
