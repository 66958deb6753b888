"""Requests to a running web process: many as fast as it answers, or at a rate beside others."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

CLIENTS = 4  #: connections that are kept open


@dataclass(frozen=True)
class Post:
    """One request, ready to be sent."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Taken:
    """What came of many requests."""

    seconds: Sequence[float]  #: of each
    rate: float  #: answered a second


def send(host: str, posts: Sequence[Post], clients: int = CLIENTS, status: int = 200) -> Taken:
    """All of them, over so many connections; RuntimeError where one is answered otherwise."""
    shares = [posts[place::clients] for place in range(clients)]
    started = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda share: _send_in_turn(host, share, status), shares))
    taken = time.monotonic() - started
    return Taken([seconds for share in found for seconds in share], len(posts) / taken)


def _send_in_turn(host: str, posts: Sequence[Post], status: int) -> list[float]:
    with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
        return [_post(connection, each, status) for each in posts]


def _post(connection: http.client.HTTPConnection, post: Post, status: int = 200) -> float:
    started = time.monotonic()
    connection.request("POST", post.path, post.body, dict(post.headers))
    answer = connection.getresponse()
    answer.read()
    if answer.status != status:
        raise RuntimeError(f"A request was answered {answer.status}, not {status}.")
    return time.monotonic() - started


@contextmanager
def arriving(host: str, posts: Iterator[Post], rate: float, status: int = 200) -> Iterator[None]:
    """So many a second arrive inside, by the clock and not by what was answered; RuntimeError
    afterwards where one was answered otherwise."""
    over, turn = threading.Event(), threading.Lock()

    def arrive() -> None:
        due = time.monotonic()
        with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
            while not over.is_set():
                due += CLIENTS / rate
                time.sleep(max(0.0, due - time.monotonic()))
                with turn:
                    post = next(posts)
                _post(connection, post, status)

    with ThreadPoolExecutor(CLIENTS) as pool:
        threads = [pool.submit(arrive) for _ in range(CLIENTS)]
        try:
            yield
        finally:
            over.set()
    for each in threads:
        each.result()
