"""A provider that costs next to nothing: ``python -m benchmarks.provider --delay 0.05``.

It answers as ``testing.vonage_server`` does, by the same rules and in the same form, from one
event loop and without a script of faults, so that what is measured is never the server's own
time. ``GET /_arrivals`` lists when each text came (monotonic seconds) and to whom,
``POST /_reset`` forgets them and takes a new delay, ``{"delay": 0.05}``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from saleor_sms_plugin.testing.vonage_server.apis import APIS, Credentials, Reply

LEFT = Decimal(1000)  #: the balance never ends
_PHRASES = {200: "OK", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Content"}


class Vonage:
    """What the connections share."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.arrivals: list[tuple[float, str]] = []

    def reply(self, path: str, headers: dict[str, str], body: bytes) -> tuple[Reply, float]:
        """The answer, and after how many seconds it leaves."""
        if path == "/_arrivals":
            return Reply(200, self.arrivals), 0.0
        if path == "/_reset":
            self.arrivals, self.delay = [], float(json.loads(body)["delay"])
            return Reply(200, {}), 0.0
        if (api := APIS.get(path)) is None:
            return Reply(404, {"title": "Not Found"}), 0.0
        arrived = time.monotonic()
        fields = _fields(headers, body)
        refusal = Credentials().refusal(headers, fields) or api.refusal(fields)
        self.arrivals.append((arrived, str(fields.get("to", ""))))
        reply = api.refuse(refusal) if refusal else api.accept(fields, LEFT, partial=False)
        return reply, self.delay


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
        reply, delay = self._vonage.reply(first.split(" ")[1], headers, rest[:length])
        if delay:
            asyncio.get_running_loop().call_later(delay, self._write, reply)
        else:
            self._write(reply)

    def _write(self, reply: Reply) -> None:
        body = reply.payload()
        head = (
            f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, '')}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
        )
        self._transport.write(head.encode() + b"\r\n" + body)


def _fields(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    if "json" in headers.get("Content-Type", ""):
        fields: dict[str, Any] = json.loads(body)
        return fields
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


async def serve(delay: float) -> None:
    """Prints the URL, then serves until the process ends."""
    vonage = Vonage(delay)
    server = await asyncio.get_running_loop().create_server(
        lambda: Line(vonage), "127.0.0.1", 0, backlog=512
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.provider", description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    asyncio.run(serve(parser.parse_args(arguments).delay))


if __name__ == "__main__":
    main()
