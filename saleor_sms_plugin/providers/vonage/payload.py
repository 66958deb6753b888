"""The fields of a Vonage webhook, however the account has it sent: query, form or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from ...exceptions import MalformedPayload
from ..base import WebhookData

MOST_FIELDS = 100

Fields = Mapping[str, object]


def fields(request: WebhookData) -> Fields:
    """The fields by name; raises MalformedPayload where they cannot be told for certain.

    A name that comes twice is refused: what was signed and what is read must be the same.
    https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
    """
    try:
        if request.method == "GET":
            return _unique(_pairs(request.query))
        if _kind(request) == "application/json":
            return _object(json.loads(request.body, object_pairs_hook=_unique))
        return _unique(_pairs(request.body.decode("ascii")))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise MalformedPayload(
            f"The request cannot be read as {_kind(request) or 'a form'} ({type(error).__name__})."
        ) from None


def text(value: object) -> str:
    """The value as the text that a form would carry; raises MalformedPayload for what no form
    can."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise MalformedPayload("A field of the request is neither a text nor a whole number.")


def _kind(request: WebhookData) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _pairs(encoded: str) -> list[tuple[str, object]]:
    pairs = parse_qsl(
        encoded, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
    )  # fmt: skip
    return [(name, value) for name, value in pairs]


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _object(value: object) -> Fields:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value
