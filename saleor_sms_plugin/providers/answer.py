"""A vendor's raw HTTP answer, and what HTTP itself says about it.

Providers judge this and nothing else: never the text of an exception, which changes
between releases, and never what an SDK made of the answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from ..exceptions import (
    OutcomeUnknown,
    OutOfCredit,
    ProviderAccountError,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)

#: No answer holds a message back for longer than this, in seconds.
LONGEST_RETRY_AFTER = 86_400.0

_MONEY = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)
_WORD = re.compile(r"[!-~]{1,100}")

#: Statuses that say why (RFC 9110 §15, RFC 6585 §4). 408, 429 and 503 are answered in place
#: of handling the request, so nothing was accepted; other 5xx may follow an acceptance.
HTTP_STATUSES: dict[int, tuple[type[ProviderError], str]] = {
    401: (ProviderAccountError, "the credentials are wrong or disabled; check key and secret"),
    402: (OutOfCredit, "the account has no credit left; top it up"),
    403: (ProviderAccountError, "the account may not use this API"),
    408: (ProviderUnavailable, "the request did not arrive in time"),
    429: (ProviderThrottled, "messages come faster than the account allows"),
    503: (ProviderUnavailable, "the service is out of order"),
}


@dataclass(frozen=True)
class Answer:
    """Everything that came back for one request."""

    status: int
    headers: Mapping[str, str]  #: names in any case
    body: bytes

    def json(self) -> object:
        """The decoded body, None when it is not whole, valid JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def retry_after(self) -> float | None:
        """Seconds to wait, None when the vendor did not say (RFC 9110 §10.2.3)."""
        value = self.headers.get("Retry-After", "").strip()
        try:
            seconds = float(value) if value.isascii() and value.isdigit() else _seconds_until(value)
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def http_error(answer: Answer, *, provider: str, label: str, code: str = "") -> ProviderError:
    """The error for an answer whose HTTP status is not a success."""
    kind, reason = HTTP_STATUSES.get(answer.status, _default(answer.status))
    coded = f" (code {code})" if code else ""
    text = f"{label} answered HTTP {answer.status}{coded}: {reason}."
    return error(kind, text, answer, provider=provider, code=code)


def error(
    kind: type[ProviderError], text: str, answer: Answer, *, provider: str, code: str
) -> ProviderError:
    """An error that carries what the answer says beside its text."""
    if issubclass(kind, ProviderThrottled):
        return kind(
            text,
            provider=provider,
            code=code,
            http_status=answer.status,
            retry_after=answer.retry_after(),
        )
    return kind(text, provider=provider, code=code, http_status=answer.status)


def money(value: object) -> Decimal | None:
    """A decimal string as money; None for anything else, also NaN and endless exponents."""
    return Decimal(value) if isinstance(value, str) and _MONEY.fullmatch(value) else None


def word(value: object) -> str:
    """An id or a code of at most 100 printable ASCII characters, "" for anything else."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _default(status: int) -> tuple[type[ProviderError], str]:
    if 400 <= status < 500:
        return ProviderRejected, "it refuses this message"
    return OutcomeUnknown, "the message may have been accepted"


def _seconds_until(http_date: str) -> float:
    moment = parsedate_to_datetime(http_date)
    # RFC 9110 §5.6.7: a date that names no zone is in GMT
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return math.ceil((aware - datetime.now(UTC)).total_seconds())
