"""A provider that costs next to nothing: ``python -m benchmarks.provider``.

It answers as ``testing.vonage_server`` does, by the same rules, in the same form and with the
same faults, from one event loop, so that what is measured is never the server's own time.

``POST /_control`` changes how it answers from now on (``Behaviour``; what is left out is as at
the start), and with ``{"reset": true}`` forgets what arrived. ``GET /_arrivals`` lists when each
request came (monotonic seconds) and to whom, ``GET /_requests`` also what became of it.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from saleor_sms_plugin.testing.vonage_server.apis import APIS, Api, Credentials, Reply
from saleor_sms_plugin.testing.vonage_server.faults import Answer, Fault, Limit

LEFT = Decimal(1000)  #: the balance never ends
_PHRASES = {200: "OK", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Content"}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How requests are answered; raises ValueError for a fault that is none."""

    delay: float = 0.0  #: seconds before every answer
    rate: int = 0  #: requests taken in any second; 0: all
    too_fast: str = "throttle"  #: the fault that one request more meets, as Vonage refuses it
    faults: Sequence[str] = ()  #: of the next requests, one each
    chances: Mapping[str, float] = field(default_factory=dict)  #: then: fault → its share
    seed: int = 0  #: of the chances: the same one, the same faults in the same order

    def __post_init__(self) -> None:
        for fault in (self.too_fast, *self.faults, *self.chances):
            Fault.parse(fault)
        if sum(self.chances.values()) > 1:
            raise ValueError("The chances of all faults together must be 1 at most.")

    @classmethod
    def read(cls, order: Mapping[str, Any]) -> Behaviour:
        """Raises ValueError that lists what can be set where *order* names something else."""
        known = [each.name for each in fields(cls)]
        if unknown := sorted(set(order) - set(known)):
            raise ValueError(f"Unknown: {', '.join(unknown)}; known: {', '.join(known)}, reset.")
        return cls(**order)


class Request(NamedTuple):
    """One request for a text."""

    at: float  #: monotonic seconds
    to: str
    reference: str  #: the sender's own
    fault: str  #: that it met, "" without one
    accepted: bool  #: a phone would get this text, or a part of it


class Vonage:
    """What the connections share."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.behave(Behaviour())

    def behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._limit = Limit(behaviour.rate)
        self._too_fast = Fault.parse(behaviour.too_fast)
        self._script = deque(map(Fault.parse, behaviour.faults))
        self._chance = random.Random(behaviour.seed)  # noqa: S311 (faults, not secrets)
        self._faults = [*map(Fault.parse, behaviour.chances), Fault()]
        self._shares = [*behaviour.chances.values(), 1 - sum(behaviour.chances.values())]

    def answer(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[Answer | None, float, bool]:
        """What leaves (None: nothing ever), after how many seconds, and whether the line ends."""
        if (api := APIS.get(path)) is None:
            return Fault().answer(self._about(path, body)), 0.0, False
        reply, fault = self._reply(api, headers, body)
        answer = fault.answer(reply)
        ends = fault.name != "silent" and (answer is None or answer.is_cut)
        return answer, self.behaviour.delay + fault.seconds, ends

    def _reply(self, api: Api, headers: dict[str, str], body: bytes) -> tuple[Reply, Fault]:
        at, given = time.monotonic(), _fields(headers, body)
        fault = self._next_fault()
        refusal = fault.refusal() or Credentials().refusal(headers, given) or api.refusal(given)
        accepted = refusal is None and fault.name != "drop_before_reading"
        self.requests.append(
            Request(
                at, str(given.get("to", "")), str(given.get(api.reference, "")), fault.name,
                accepted,
            )
        )  # fmt: skip
        if refusal:
            return api.refuse(refusal), fault
        return api.accept(given, LEFT, partial=fault.name == "partial"), fault

    def _next_fault(self) -> Fault:
        if self._script:
            return self._script.popleft()
        if self._limit.is_reached():
            return self._too_fast
        return self._chance.choices(self._faults, self._shares)[0]

    def _about(self, path: str, body: bytes) -> Reply:
        match path:
            case "/_arrivals":
                return Reply(200, [(each.at, each.to) for each in self.requests])
            case "/_requests":
                return Reply(200, self.requests)
            case "/_control":
                return self._control(json.loads(body))
        return Reply(404, {"title": "Not Found"})

    def _control(self, order: dict[str, Any]) -> Reply:
        forget = order.pop("reset", False)
        try:
            self.behave(Behaviour.read(order))
        except ValueError as error:
            return Reply(400, {"error": str(error)})
        if forget:
            self.requests = []
        return Reply(200, {"ok": True})


class Line(asyncio.Protocol):
    """One kept-alive connection; one request at a time, as HTTP clients without pipelining."""

    def __init__(self, vonage: Vonage) -> None:
        self._vonage = vonage
        self._read = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, rest = self._read.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.title(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("Content-Length", 0))
        if len(rest) < length:
            return
        self._read = rest[length:]
        answer, delay, ends = self._vonage.answer(first.split(" ")[1], headers, rest[:length])
        if delay:
            asyncio.get_running_loop().call_later(delay, self._write, answer, ends)
        else:
            self._write(answer, ends)

    def _write(self, answer: Answer | None, ends: bool) -> None:
        if self._transport.is_closing():
            return  # nobody waits for it any more
        if answer is not None:
            self._transport.write(_head(answer) + answer.payload)
        if ends:
            self._transport.close()


def _head(answer: Answer) -> bytes:
    reply = answer.reply
    return (
        f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, '')}\r\n"
        f"Content-Type: {answer.kind}\r\nContent-Length: {answer.length}\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
        + "\r\n"
    ).encode()


def _fields(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    if "json" in headers.get("Content-Type", ""):
        given: dict[str, Any] = json.loads(body)
        return given
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


async def serve() -> None:
    """Prints the URL, then serves until the process ends."""
    vonage = Vonage()
    server = await asyncio.get_running_loop().create_server(
        lambda: Line(vonage), "127.0.0.1", 0, backlog=512
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
