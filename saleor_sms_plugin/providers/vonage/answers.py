"""What Vonage's answers mean, per API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from ...exceptions import (
    OutcomeUnknown,
    OutOfCredit,
    ProviderAccountError,
    ProviderError,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)
from ..answer import Answer, error, http_error, money, word
from ..base import Balance, SendResult

PROVIDER = "vonage"
LABEL = "Vonage"

#: Vonage bills and reports in euro; the SMS API does not name the currency.
#: https://developer.vonage.com/en/api/messages (usage.currency of the status webhook)
CURRENCY = "EUR"

#: The code of an error where one message was accepted in part.
PARTIAL_FAILURE = "partial_failure"

_Verdict = tuple[type[ProviderError], str]

#: https://developer.vonage.com/messaging/sms/guides/troubleshooting-sms
#: A status that is not listed is a refusal too: only "0" is an acceptance.
SMS_STATUSES: dict[str, _Verdict] = {
    "1": (ProviderThrottled, "messages come faster than the account allows"),
    "2": (ProviderRejected, "a parameter is missing"),
    "3": (ProviderRejected, "a parameter is not valid; check recipient and sender"),
    "4": (ProviderAccountError, "the credentials are wrong; check API key and API secret"),
    "5": (ProviderUnavailable, "it had an internal error"),
    "6": (ProviderRejected, "the number's prefix is not known"),
    "7": (ProviderRejected, "the number is barred from receiving messages"),
    "8": (ProviderAccountError, "the account is suspended; contact Vonage"),
    "9": (OutOfCredit, "the account has no credit left; top it up"),
    "10": (ProviderThrottled, "too many connections are open"),
    "11": (ProviderAccountError, "the account may not use the SMS API; contact Vonage"),
    "12": (ProviderRejected, "the text is too long"),
    "14": (ProviderAccountError, "the signature is wrong; check the account's signing settings"),
    "15": (ProviderRejected, "the sender is not allowed in the recipient's country"),
    "22": (ProviderRejected, "the network code is not valid"),
    "23": (ProviderRejected, "the callback URL is not valid"),
    "29": (
        ProviderRejected,
        "the account is in demo mode and the number is not on its list; top the account up",
    ),
    "32": (ProviderAccountError, "the account wants signed requests only"),
    "33": (ProviderRejected, "the number is no longer in use"),
}
UNLISTED_STATUS: _Verdict = (ProviderRejected, "it refuses this message")

_ERROR_ANCHOR = re.compile(r"#([\w-]{1,60})$", re.ASCII)


def read_sms(answer: Answer) -> SendResult:
    """What the SMS API accepted; raises the error that its answer means.

    It answers HTTP 200 to everything it has understood, with one object per part of the
    message, each with a status of its own.
    https://developer.vonage.com/en/api/sms
    """
    if not 200 <= answer.status < 300:
        raise _http_error(answer)
    parts = _parts(answer.json())
    if not parts:
        raise _unreadable(answer)
    refused = [status for status in map(_status, parts) if status != "0"]
    if len(refused) == len(parts):
        raise _refusal(refused[0], answer)
    if refused:
        raise _partial(len(refused), len(parts), refused[0], answer)
    return SendResult(
        tuple(filter(None, (word(part.get("message-id")) for part in parts))),
        price=_total([money(part.get("message-price")) for part in parts]),
        currency=CURRENCY,
        balance=money(parts[-1].get("remaining-balance")),
        segment_count=len(parts),
        network=word(parts[0].get("network")),
    )


def read_messages(answer: Answer) -> SendResult:
    """What the Messages API accepted; raises the error that its answer means.

    It says no price and no parts: both come with the status webhook.
    https://developer.vonage.com/en/api/messages
    """
    if not 200 <= answer.status < 300:
        raise _http_error(answer)
    body = answer.json()
    message_uuid = word(body.get("message_uuid")) if isinstance(body, dict) else ""
    if not message_uuid:
        raise _unreadable(answer)
    return SendResult((message_uuid,), currency=CURRENCY)


def read_balance(answer: Answer) -> Balance:
    """What the Account API says that the account holds; raises the error that its answer means.

    https://developer.vonage.com/en/api/account
    """
    if not 200 <= answer.status < 300:
        raise _http_error(answer)
    body = answer.json()
    amount = money(str(body.get("value"))) if isinstance(body, dict) else None
    if amount is None:
        text = f"{LABEL} answered HTTP {answer.status} and does not say the balance."
        raise error(ProviderUnavailable, text, answer, provider=PROVIDER, code="")
    return Balance(amount, CURRENCY)


def _http_error(answer: Answer) -> ProviderError:
    body = answer.json()
    link = body.get("type") if isinstance(body, dict) else None
    # https://developer.vonage.com/en/api-errors: the code is the anchor of the link
    anchor = _ERROR_ANCHOR.search(link) if isinstance(link, str) else None
    return http_error(answer, provider=PROVIDER, label=LABEL, code=anchor[1] if anchor else "")


def _unreadable(answer: Answer) -> ProviderError:
    text = (
        f"{LABEL} answered HTTP {answer.status} with {len(answer.body)} bytes that say neither "
        f"yes nor no; the message may have been accepted."
    )
    return error(OutcomeUnknown, text, answer, provider=PROVIDER, code="")


def _refusal(status: str, answer: Answer) -> ProviderError:
    kind, reason = SMS_STATUSES.get(status, UNLISTED_STATUS)
    text = f"{LABEL} answered status {status}: {reason}."
    return error(kind, text, answer, provider=PROVIDER, code=status)


def _partial(refused: int, parts: int, status: str, answer: Answer) -> ProviderError:
    text = (
        f"{LABEL} accepted {parts - refused} of {parts} parts and refused the others (status "
        f"{status}); the recipient may get a fragment, and sending again would repeat it."
    )
    return error(OutcomeUnknown, text, answer, provider=PROVIDER, code=PARTIAL_FAILURE)


def _parts(body: object) -> list[Mapping[str, object]]:
    """The answer's message objects; empty when the answer is not what the API promises."""
    parts = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(parts, list):
        return []
    return parts if all(isinstance(part, dict) and _status(part) for part in parts) else []


def _status(part: Mapping[str, object]) -> str:
    return word(str(part.get("status", "")))


def _total(prices: list[Decimal | None]) -> Decimal | None:
    known = [price for price in prices if price is not None]
    return sum(known, Decimal(0)) if len(known) == len(prices) else None
