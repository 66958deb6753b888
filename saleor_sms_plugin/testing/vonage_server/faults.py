"""The script of what goes wrong: one fault per request."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .apis import Refusal, Reply

#: A message takes this many seconds to be refused again once the rate is reached.
RATE_WINDOW = 1.0

#: How each fault is written, and what happens to the request that uses it up.
FAULTS = {
    "throttle": "refused as too fast: status 1, or HTTP 429 with Retry-After",
    "status:N": "refused with status N of the SMS API (HTTP 422 in the Messages API)",
    "http:N[:RETRY-AFTER]": "refused with HTTP status N and, if given, that Retry-After",
    "html": "accepted, and answered with a web page",
    "empty": "accepted, and answered with nothing",
    "truncated": "accepted, and answered with half of the JSON, as if it were whole",
    "partial": "all parts but the last accepted, that one refused with status 5 (SMS API)",
    "slow:SECONDS": "accepted, and answered that much later",
    "silent": "accepted, and never answered",
    "drop_before_reading": "the connection is closed with the request unread",
    "drop_after_reading": "accepted, and the connection is closed without an answer",
    "drop_mid_response": "accepted, and the connection is closed in the middle of the answer",
}
_TAKES_ARGUMENT = {form.partition(":")[0]: ":" in form for form in FAULTS}


@dataclass(frozen=True)
class Fault:
    """One step of the script; the one without a name does nothing."""

    name: str = ""
    argument: str = ""

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Raises ValueError that lists the faults when the text is none of them."""
        name, _, argument = text.partition(":")
        number = argument.partition(":")[0]
        if _TAKES_ARGUMENT.get(name) is not bool(argument) or (
            argument and not number.replace(".", "", 1).isdecimal()
        ):
            raise ValueError(f"“{text}” is not a fault; there are: {', '.join(FAULTS)}.")
        return cls(name, argument)

    def refusal(self) -> Refusal | None:
        """How a request hit by this fault is refused, None when it is not."""
        match self.name:
            case "throttle":
                return Refusal.THROTTLED
            case "status":
                return Refusal(self.argument, 422, f"messages#{self.argument}", "Scripted refusal")
            case "http":
                status, _, retry_after = self.argument.partition(":")
                return Refusal("", int(status), "messages#1000", "Scripted", retry_after)
        return None

    @property
    def seconds(self) -> float:
        """How much later the answer leaves."""
        return float(self.argument) if self.name == "slow" else 0.0

    def answer(self, reply: Reply) -> Answer | None:
        """What is written instead of *reply*, None where nothing ever is."""
        whole = reply.payload()
        match self.name:
            case "silent" | "drop_before_reading" | "drop_after_reading":
                return None
            case "drop_mid_response":
                return Answer(reply, whole[: len(whole) // 2], length=len(whole))
            case "html":
                page = b"<html><body>Welcome</body></html>"
                return Answer(Reply(200, None), page, length=len(page), kind="text/html")
            case "empty":
                return Answer(reply, b"", length=0)
            case "truncated":
                return Answer(reply, whole[: len(whole) // 2], length=len(whole) // 2)
        return Answer(reply, whole, length=len(whole))


@dataclass(frozen=True)
class Answer:
    """An answer as it leaves: status and headers of ``reply``, other bytes perhaps.

    ``length`` is what its head promises; where that is more, the connection ends there.
    """

    reply: Reply
    payload: bytes
    length: int
    kind: str = "application/json"

    @property
    def is_cut(self) -> bool:
        return len(self.payload) < self.length


class Limit:
    """So many requests in any second; 0 for no limit."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._seen: deque[float] = deque()

    def is_reached(self) -> bool:
        """Whether a request that comes now is one too many; if not, it counts."""
        if not self.rate:
            return False
        now = time.monotonic()
        while self._seen and now - self._seen[0] >= RATE_WINDOW:
            self._seen.popleft()
        if len(self._seen) >= self.rate:
            return True
        self._seen.append(now)
        return False


@dataclass(frozen=True)
class RecordedRequest:
    """One request as it arrived; ``path`` is "" when the connection was closed unread."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]  #: form fields, or the JSON object
    fault: str
    accepted: bool  #: a phone would get this message
    connection: int  #: 1 for the first TCP connection that the server took
    message_ids: tuple[str, ...] = ()  #: what the server called its parts
