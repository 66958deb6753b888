"""A bare loop: the POSTs of texts on kept-alive connections, and nothing else.

What no outbox can beat, with the same threads to the same server: nothing is read or written
anywhere. Over each of two HTTP clients.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import requests

PATH = "/sms/json"
TIMEOUT = 8.0  #: seconds
#: what one thread posts with on its connection: fields in, the answer's JSON out
Post = Callable[[Mapping[str, str]], Any]


def _requests(url: str, closed_at_the_end: ExitStack) -> Post:
    session = closed_at_the_end.enter_context(requests.Session())
    return lambda fields: session.post(f"{url}{PATH}", data=fields, timeout=TIMEOUT).json()


def _http_client(url: str, closed_at_the_end: ExitStack) -> Post:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    closed_at_the_end.enter_context(closing(connection))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def post(fields: Mapping[str, str]) -> Any:
        connection.request("POST", PATH, urlencode(fields), headers)
        return json.loads(connection.getresponse().read())

    return post


#: client → what makes a thread's post
CLIENTS: Mapping[str, Callable[[str, ExitStack], Post]] = {
    "requests.Session": _requests,  # the vendor's SDK is on it
    "http.client": _http_client,  # the plugin's wire is on it
}


class Loop:
    """Threads with a connection each, which stay open between rounds."""

    def __init__(self, client: str, url: str, threads: int, stack: ExitStack) -> None:
        self._client, self._url, self._threads, self._stack = client, url, threads, stack
        self._pool = stack.enter_context(ThreadPoolExecutor(threads))
        self._own = threading.local()

    def send(self, count: int) -> None:
        """So many texts were accepted; RuntimeError where one was refused."""
        list(self._pool.map(self._post, range(count)))

    def warm_up(self) -> None:
        """Every thread has its connection, over which a text went."""
        together = threading.Barrier(self._threads)

        def once(number: int) -> None:
            self._post(number)
            together.wait(TIMEOUT)

        list(self._pool.map(once, range(self._threads)))

    def _post(self, number: int) -> None:
        if not hasattr(self._own, "post"):
            self._own.post = CLIENTS[self._client](self._url, self._stack)
        answer = self._own.post(
            {
                "from": "Acme", "text": text(number), "type": "text", "api_key": "key",
                "api_secret": "secret", "to": to(number), "client-ref": str(uuid4()),
            }
        )  # fmt: skip
        if answer["messages"][0]["status"] != "0":
            raise RuntimeError(f"The bare loop's text was refused: {answer}")


@contextmanager
def loop(client: str, url: str, threads: int) -> Iterator[Loop]:
    """One of ``CLIENTS``, warmed up."""
    with ExitStack() as stack:
        made = Loop(client, url, threads, stack)
        made.warm_up()
        yield made


def to(number: int) -> str:
    """The phone of this text's order."""
    return f"48512{number:06}"


def text(number: int) -> str:
    """As the plugin renders it of the bench's order."""
    return f"Acme: we have received your order {number} for \u20ac99.90. Thank you!"
