"""Receipts that come over HTTP into a running Saleor: how many a second its web process stores,
beside its own 404 for the same request, what that costs its checkouts, and how many a second its
worker processes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.figures import Figure, median_of, percentile
from benchmarks.posting import Post, Taken, arriving, send
from benchmarks.servers import provider_server
from saleor_sms_plugin.testing.vonage_server import Caller
from tests.saleor.live.shop import LiveShop

if TYPE_CHECKING:
    from tests.saleor.live.processes import LiveSaleor

NAME = "receiving"
ROUNDS, REQUESTS = 20, 250  #: a p99 is of 5,000 requests of each kind
WARM_UP, AT_ONCE = 50, 10_000
CHECKOUT_ROUNDS, CHECKOUTS = 5, 12
CROWD = 40  #: connections for all at once
LEAST_SHARE, MOST_P99, MOST_SLOWER, LEAST_PROCESSED = 0.7, 1.5, 1.3, 500.0
SECRET = "abcdefghijklmnopqrstuvwxyz012345"  # noqa: S105 (an example)
BUYERS = 48_600_000_000  #: their numbers begin here
PATIENCE = 120.0  #: seconds

_STORED = "SELECT count(*) AS stored FROM saleor_sms_plugin_webhookrequest"
_SENT = "SELECT 1 FROM saleor_sms_plugin_message WHERE status = 'sent'"
#: Copies of the newest text, sent to a number each: receipts name them by ``reference``.
_SEND = """
    INSERT INTO saleor_sms_plugin_message SELECT (jsonb_populate_record(sample, jsonb_build_object(
        'id', nextval(pg_get_serial_sequence('saleor_sms_plugin_message', 'id')),
        'reference', lpad(to_hex(number), 32, '0'), 'event_id', NULL,
        'recipient', '+' || (%s + number)
    ))).*
    FROM (SELECT text FROM saleor_sms_plugin_message AS text
          WHERE status = 'sent' ORDER BY id DESC LIMIT 1) AS _(sample),
         generate_series(1, %s) AS number"""
#: How many were processed, but for the first batch, and seconds from that one to the last.
_PROCESSED = """
    SELECT count(*) FILTER (WHERE process_at IS NOT NULL) AS waiting,
           count(*) FILTER (WHERE finished_at > (
               SELECT min(finished_at) FROM saleor_sms_plugin_webhookrequest
               WHERE status = 'processed')) AS processed,
           extract(epoch FROM max(finished_at) - min(finished_at))::float AS seconds
    FROM saleor_sms_plugin_webhookrequest"""


@dataclass(frozen=True)
class Round:
    """The same requests to an address of ours, and to one that Saleor does not know."""

    ours: Taken
    unknown: Taken


def measure(live_with: Callable[[str], LiveSaleor], scale: float) -> list[Figure]:
    """Rounds of receipts and of requests that Saleor answers 404, in turn; many receipts at once,
    which the worker processes when all are stored; then checkouts, the worker at work."""
    requests, at_once = max(20, round(REQUESTS * scale)), max(200, round(AT_ONCE * scale))
    with provider_server() as provider:
        live = live_with(provider.url)
        try:
            live.web.start()
            live.worker.start()
            shop, address = _opened(live)
            live.worker.stop()
            host, path = urlsplit(address).netloc, urlsplit(address).path
            receipts = _receipts(path)
            sent = WARM_UP + ROUNDS * requests + at_once
            live.rows(_SEND, BUYERS, sent)
            send(host, list(islice(receipts, WARM_UP)))
            rounds = [_round(host, list(islice(receipts, requests)), n) for n in range(ROUNDS)]
            crowd = send(host, list(islice(receipts, at_once)), CROWD)
            lost = sent - live.rows(_STORED)[0]["stored"]
            live.worker.start()
            processed = _processed(live)
            rate = median(each.ours.rate for each in rounds) / 2
            busy = _checkouts(shop, host, receipts, rate, max(3, round(CHECKOUTS * scale)))
        finally:
            live.stop()
    usual = median(each.unknown.rate for each in rounds)
    return [
        median_of(
            NAME, "receipts stored, of Saleor's own 404",
            [each.ours.rate / each.unknown.rate for each in rounds], "x",
            at_least=LEAST_SHARE, note=f"{usual:.0f} of its 404 a second, one web process",
        ),
        _p99(rounds),
        Figure(
            benchmark=NAME, name=f"receipts lost, {at_once:,} of them at once", measured=lost,
            unit="", low=lost, high=lost, samples=sent, at_most=0,
            note=f"{CROWD} connections, {crowd.rate:.0f} a second, all answered 200",
            details={"slowest_s": max(crowd.seconds)},
        ),
        median_of(
            NAME, "checkoutComplete while receipts arrive at half that rate", busy["ours"], "x",
            at_most=MOST_SLOWER, note=f"{rate:.0f} a second; a worker processes them meanwhile",
            details={"beside_as_many_404": median(busy["unknown"])},
        ),
        Figure(
            benchmark=NAME, name="stored receipts that the worker processes", measured=processed,
            unit="/s", low=processed, high=processed, samples=at_once, at_least=LEAST_PROCESSED,
            note="each ends a text as delivered",
        ),
    ]  # fmt: skip


def _opened(live: LiveSaleor) -> tuple[LiveShop, str]:
    """The plugin is on, one text was sent, and the address of its account's webhooks."""
    shop = LiveShop(live)
    for secret in ("api_secret", "signature_secret"):
        shop.save(None, **{secret: SECRET})
    shop.save(
        active=True, provider="vonage", api_key="key", sender_id="Example", shop_name="Example",
        default_country="PL", allowed_countries="PL",
        advanced="night = off\nflood = off\nstorm = off",
    )  # fmt: skip
    shop.place(f"+{BUYERS}")
    _await(lambda: live.rows(_SENT), "the first text to be sent")
    return shop, shop.form()["webhook_url"]


def _receipts(path: str) -> Iterator[Post]:
    """Signed receipts of Vonage's, each for another text."""
    caller = Caller(secret=SECRET)
    for number in count(1):
        told = caller.sms(
            {
                "msisdn": str(BUYERS + number), "to": "Example", "network-code": "26001",
                "messageId": f"{number:016X}", "price": "0.0333", "status": "delivered",
                "scts": "2603021200", "err-code": "0", "api-key": "key",
                "client-ref": str(uuid.UUID(int=number)),
                "message-timestamp": "2026-03-02 12:00:00",
            }
        )  # fmt: skip
        yield Post(path, told.headers, told.body)


def _round(host: str, receipts: Sequence[Post], number: int) -> Round:
    """Which of the two comes first changes with each round."""
    sides = {200: receipts, 404: [_unknown(each) for each in receipts]}
    taken = {
        status: send(host, sides[status], status=status)
        for status in (sorted(sides) if number % 2 else sorted(sides, reverse=True))
    }
    return Round(taken[200], taken[404])


def _unknown(post: Post) -> Post:
    """The same to an address that Saleor answers 404."""
    return replace(post, path=post.path.replace("saleor_sms_plugin", "nobody_knows_this"))


def _p99(rounds: Sequence[Round]) -> Figure:
    """Of all requests of each kind; the spread is that of the rounds."""
    ours = [seconds for each in rounds for seconds in each.ours.seconds]
    unknown = [seconds for each in rounds for seconds in each.unknown.seconds]
    shares = [
        percentile(each.ours.seconds, 99) / percentile(each.unknown.seconds, 99) for each in rounds
    ]
    return Figure(
        benchmark=NAME, name="p99 of a receipt, over Saleor's own 404",
        measured=percentile(ours, 99) / percentile(unknown, 99), unit="x",
        low=percentile(shares, 10), high=percentile(shares, 90), samples=len(ours),
        at_most=MOST_P99, note=f"of {len(ours):,} requests of each kind",
        details={
            f"{side}_p{rank}_ms": 1e3 * percentile(seconds, rank)
            for side, seconds in (("ours", ours), ("unknown", unknown))
            for rank in (50, 99)
        },
    )  # fmt: skip


def _processed(live: LiveSaleor) -> float:
    """How many stored receipts a second the worker processes, from its first batch to its last."""
    _await(lambda: not live.rows(_PROCESSED)[0]["waiting"], "the receipts to be processed")
    (row,) = live.rows(_PROCESSED)
    return float(row["processed"] / row["seconds"])


def _checkouts(
    shop: LiveShop, host: str, receipts: Iterator[Post], rate: float, samples: int
) -> Mapping[str, Sequence[float]]:
    """Of each round, how much longer a checkout took while receipts arrived; and while as many
    requests did that Saleor answers 404."""
    numbers = count(BUYERS)
    beside = {"ours": (receipts, 200), "unknown": (map(_unknown, receipts), 404)}
    shares: dict[str, list[float]] = {side: [] for side in beside}
    for _ in range(CHECKOUT_ROUNDS):
        carts = iter([shop.checkout(f"+{next(numbers)}") for _ in range(3 * samples)])
        idle = median(_completed(shop, cart) for cart in islice(carts, samples))
        for side, (posts, status) in beside.items():
            with arriving(host, posts, rate, status):
                busy = median(_completed(shop, cart) for cart in islice(carts, samples))
            shares[side].append(busy / idle)
    return shares


def _completed(shop: LiveShop, cart: Mapping[str, Any]) -> float:
    started = time.monotonic()
    shop.complete(cart)
    return time.monotonic() - started


def _await(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"Waited {PATIENCE:g} s for {what}.")
        time.sleep(0.2)
