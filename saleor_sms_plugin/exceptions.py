"""Every error of this package, by what the caller must do.

::

    SmsError
    ├─ InvalidInput               the caller's data: mend it, nothing was sent
    │   ├─ InvalidRecipient       .reason says why a phone cannot be texted
    │   ├─ InvalidSenderId
    │   └─ TemplateError          .line, .column (1-based, None where unknown)
    ├─ ProviderError              .provider .code .http_status
    │   ├─ RetryableProviderError     nothing was accepted: try again later
    │   │   ├─ ProviderUnavailable    no connection, 5xx before acceptance
    │   │   └─ ProviderThrottled      .retry_after (seconds or None)
    │   ├─ TerminalProviderError      a retry of this message cannot help
    │   │   ├─ ProviderRejected       this message was refused
    │   │   └─ ProviderAccountError   the account cannot send: credentials, barred
    │   │       └─ OutOfCredit        the account has no money
    │   └─ OutcomeUnknown             the message may have been accepted: never send again
    └─ WebhookError               a request to a webhook address is not taken
        ├─ MalformedPayload           it cannot be read
        └─ InvalidSignature           it is not shown to be the provider's
            ├─ Unsigned                   it carries no signature, and must
            ├─ StaleTimestamp             signed too long ago, or in the future
            └─ Replayed                   what may be used once was used before
    ConfigurationError            outside SmsError on purpose: no send loop may swallow it

Not sending on purpose (no consent, landline, merged) is a decision, not an error.
"""

from __future__ import annotations

import logging
import sys
import traceback


def kind_and_place(error: BaseException) -> str:
    """What may be logged of any error: "IntegrityError in save, line 12".

    Its own text may hold what a customer wrote, or a row of the database.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def log_fault(logger: logging.Logger, words: str, *args: object) -> None:
    """The exception being handled is logged as an error, with the files and lines that it and
    its causes came through, and without what they say; see ``kind_and_place``."""
    trace = "\n".join(_trace(sys.exception()))
    logger.error(f"{words}\n%s", *args, trace, stacklevel=2)


def _trace(error: BaseException | None) -> list[str]:
    if error is None:
        return []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = "".join(traceback.format_tb(error.__traceback__))
    return [*_trace(before), f"{frames}{type(error).__name__}"]


class SmsError(Exception):
    """Something about a text message went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class InvalidInput(SmsError):
    """The data given cannot be used."""


class InvalidRecipient(InvalidInput):
    """The phone number cannot receive a text message."""

    def __init__(self, message: str = "", *, reason: str = "invalid_number") -> None:
        super().__init__(message)
        #: one of ``domain.reasons``: no_phone, invalid_number, landline, premium_rate, not_mobile
        self.reason = reason


class InvalidSenderId(InvalidInput):
    """The sender cannot be used."""


class TemplateError(InvalidInput):
    """The text is not a valid template."""

    def __init__(
        self, message: str = "", *, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class ProviderError(SmsError):
    """The provider did not confirm the message."""

    def __init__(
        self,
        message: str = "",
        *,
        provider: str = "",
        code: str = "",
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        #: the provider's own code, "" when it gave none
        self.code = code
        self.http_status = http_status


class RetryableProviderError(ProviderError):
    """The provider did not accept the message; it can be sent again later."""


class ProviderUnavailable(RetryableProviderError):
    """The provider could not be reached, or said that it is out of order."""


class ProviderThrottled(RetryableProviderError):
    """The provider says that messages come too fast."""

    def __init__(
        self,
        message: str = "",
        *,
        provider: str = "",
        code: str = "",
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, provider=provider, code=code, http_status=http_status)
        #: seconds the provider asked to wait, None when it did not say
        self.retry_after = retry_after


class TerminalProviderError(ProviderError):
    """The provider refused; sending the same message again cannot help."""


class ProviderRejected(TerminalProviderError):
    """The provider refused this message."""


class ProviderAccountError(TerminalProviderError):
    """The provider account cannot send: wrong credentials, or barred."""


class OutOfCredit(ProviderAccountError):
    """The provider account has no credit left."""


class OutcomeUnknown(ProviderError):
    """The message may have been accepted; it must not be sent again automatically."""


class WebhookError(SmsError):
    """A request to a webhook address is not taken; the text never holds its content."""


class MalformedPayload(WebhookError):
    """The request cannot be read."""


class InvalidSignature(WebhookError):
    """The signature is not the provider's."""


class Unsigned(InvalidSignature):
    """The request carries no signature, and this account's requests are signed."""


class StaleTimestamp(InvalidSignature):
    """The request was signed too long ago, or in the future."""


class Replayed(InvalidSignature):
    """What may be used once was used by another request before."""


class ConfigurationError(Exception):
    """The configuration is wrong; the message names the field and the fix."""
