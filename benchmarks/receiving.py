"""Receipts that come over HTTP into a running Saleor: how many a second its web process stores,
beside its own 404 for the same request, and what that costs its checkouts."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.figures import Figure, median_of, percentile
from saleor_sms_plugin.testing.vonage_server import Caller
from tests.saleor.live.shop import LiveShop

if TYPE_CHECKING:
    from tests.saleor.live.processes import LiveSaleor

NAME = "receiving"
ROUNDS, REQUESTS, CHECKOUTS = 5, 600, 12
CLIENTS = 4  #: connections that are kept open
LEAST_SHARE, MOST_P99, MOST_SLOWER = 0.7, 1.5, 1.3
SECRET = "abcdefghijklmnopqrstuvwxyz012345"  # noqa: S105 (an example)
BUYERS = 48_600_000_000  #: their numbers begin here
_STORED = "SELECT count(*) AS stored FROM saleor_sms_plugin_webhookrequest"


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
    statuses: frozenset[int]


def measure(live_with: Callable[[str], LiveSaleor], scale: float) -> list[Figure]:
    """Rounds of receipts and of requests that Saleor answers 404, in turn, then checkouts."""
    requests = max(60, round(REQUESTS * scale))
    live = live_with("http://127.0.0.1:9")
    try:
        live.web.start()
        shop, address = _opened(live)
        host, path = urlsplit(address).netloc, urlsplit(address).path
        receipts = _receipts(path)
        _send(host, [next(receipts) for _ in range(50)])
        rounds = [_round(live, host, path, receipts, requests) for _ in range(ROUNDS)]
        busy = _checkouts(shop, host, receipts, rounds, max(3, round(CHECKOUTS * scale)))
    finally:
        live.stop()
    usual = median(each["unknown"].rate for each in rounds)
    return [
        median_of(
            NAME, "receipts stored, of Saleor's own 404",
            [each["ours"].rate / each["unknown"].rate for each in rounds], "x",
            at_least=LEAST_SHARE, note=f"{usual:.0f} of its 404 a second, one web process",
        ),
        median_of(
            NAME, "p99 of a receipt, over Saleor's own 404",
            [_p99(each["ours"]) / _p99(each["unknown"]) for each in rounds], "x",
            at_most=MOST_P99,
            details={"p99_ms": 1e3 * median(_p99(each["ours"]) for each in rounds)},
        ),
        Figure(
            benchmark=NAME, name="receipts lost", measured=sum(each["lost"] for each in rounds),
            unit="", low=0, high=0, samples=requests * ROUNDS, at_most=0,
        ),
        median_of(
            NAME, "checkoutComplete while receipts arrive at half that rate", busy, "x",
            at_most=MOST_SLOWER,
        ),
    ]  # fmt: skip


def _opened(live: LiveSaleor) -> tuple[LiveShop, str]:
    """The plugin is on, and the address of its account's webhooks."""
    shop = LiveShop(live)
    for secret in ("api_secret", "signature_secret"):
        shop.save(None, **{secret: SECRET})
    shop.save(
        active=True, provider="vonage", api_key="key", sender_id="Example", shop_name="Example",
        default_country="PL", allowed_countries="PL",
    )  # fmt: skip
    return shop, shop.form()["webhook_url"]


def _receipts(path: str) -> Iterator[Post]:
    """Signed receipts of Vonage's, each for another text."""
    caller = Caller(secret=SECRET)
    for number in count(1):
        told = caller.sms(
            {
                "msisdn": str(BUYERS + number), "to": "Example", "network-code": "26001",
                "messageId": f"{number:016X}", "price": "0.0333", "status": "delivered",
                "scts": "2603021200", "err-code": "0", "api-key": "key", "client-ref": "",
                "message-timestamp": "2026-03-02 12:00:00",
            }
        )  # fmt: skip
        yield Post(path, told.headers, told.body)


def _round(
    live: LiveSaleor, host: str, path: str, receipts: Iterator[Post], requests: int
) -> dict[str, Any]:
    ours = [next(receipts) for _ in range(requests)]
    nobody = path.replace("saleor_sms_plugin", "nobody_knows_this")
    unknown = [Post(nobody, each.headers, each.body) for each in ours]
    before = live.rows(_STORED)[0]["stored"]
    taken = {"unknown": _send(host, unknown), "ours": _send(host, ours)}
    if taken["unknown"].statuses != {404} or taken["ours"].statuses != {200}:
        raise RuntimeError(
            f"Unexpected answers: {taken['unknown'].statuses, taken['ours'].statuses}"
        )
    return {**taken, "lost": requests - (live.rows(_STORED)[0]["stored"] - before)}


def _send(host: str, posts: Sequence[Post]) -> Taken:
    """All of them, by ``CLIENTS`` at a time."""
    shares = [posts[place::CLIENTS] for place in range(CLIENTS)]
    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(lambda share: _send_in_turn(host, share), shares))
    taken = time.monotonic() - started
    return Taken(
        [seconds for share in found for seconds, _ in share],
        len(posts) / taken,
        frozenset(status for share in found for _, status in share),
    )


def _send_in_turn(host: str, posts: Sequence[Post]) -> list[tuple[float, int]]:
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        return [_post(connection, each) for each in posts]
    finally:
        connection.close()


def _post(connection: http.client.HTTPConnection, post: Post) -> tuple[float, int]:
    started = time.monotonic()
    connection.request("POST", post.path, post.body, dict(post.headers))
    answer = connection.getresponse()
    answer.read()
    return time.monotonic() - started, answer.status


def _checkouts(
    shop: LiveShop,
    host: str,
    receipts: Iterator[Post],
    rounds: Sequence[Mapping[str, Any]],
    samples: int,
) -> list[float]:
    """Of each round, how much longer a checkout took while receipts arrived."""
    rate = median(each["ours"].rate for each in rounds) / 2
    numbers = count(BUYERS)
    shares = []
    for _ in range(3):
        idle = median(_completed(shop, f"+{next(numbers)}") for _ in range(samples))
        with _arriving(host, receipts, rate):
            busy = median(_completed(shop, f"+{next(numbers)}") for _ in range(samples))
        shares.append(busy / idle)
    return shares


def _completed(shop: LiveShop, phone: str) -> float:
    cart = shop.checkout(phone)
    started = time.monotonic()
    shop.complete(cart)
    return time.monotonic() - started


@contextmanager
def _arriving(host: str, receipts: Iterator[Post], rate: float) -> Iterator[None]:
    """Receipts arrive at this rate inside, by the clock and not by what was answered."""
    over = threading.Event()

    def arrive() -> None:
        connection = http.client.HTTPConnection(host, timeout=30)
        due = time.monotonic()
        while not over.is_set():
            due += 1 / rate
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            _post(connection, next(receipts))
        connection.close()

    thread = threading.Thread(target=arrive)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _p99(taken: Taken) -> float:
    return percentile(taken.seconds, 99)
