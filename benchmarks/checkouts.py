"""``checkoutComplete`` of a running Saleor while its worker sends texts at full speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, median_of
from benchmarks.servers import Provider, provider_server
from tests.saleor.live.shop import LiveShop

if TYPE_CHECKING:
    from tests.saleor.live.processes import LiveSaleor

NAME = "checkout"
ROUNDS, SAMPLES = 3, 20
MOST_SLOWER = 1.2
WAITING = 600  #: texts that wait for each checkout of a round: more than are sent meanwhile
PATIENCE = 60.0  #: seconds
BUYERS, READERS = 48_600_000_000, 48_512_000_000  #: their numbers begin here

#: Copies of the newest text, to a number each, that wait as a plan leaves them. They belong to an
#: order that exists, so that each goes through the door and is rendered.
_QUEUE = """
    INSERT INTO saleor_sms_plugin_message SELECT (jsonb_populate_record(sample, jsonb_build_object(
        'id', nextval(pg_get_serial_sequence('saleor_sms_plugin_message', 'id')),
        'reference', gen_random_uuid(), 'event_id', NULL, 'recipient', '+' || (%s + number),
        'status', 'queued', 'attempt_count', 0, 'claim', NULL, 'claimed_until', NULL,
        'taken_at', NULL, 'sent_at', NULL, 'due_at', now(), 'not_before', now(),
        'created_at', now(), 'expires_at', now() + interval '1 hour'
    ))).*
    FROM (SELECT text FROM saleor_sms_plugin_message AS text ORDER BY id DESC LIMIT 1) AS _(sample),
         generate_series(1, %s) AS number"""
_FORGET = "DELETE FROM saleor_sms_plugin_message WHERE event_id IS NULL AND status = 'queued'"
_UNDER_WAY = "SELECT 1 FROM saleor_sms_plugin_message WHERE status IN ('queued', 'sending')"


def measure(live_with: Callable[[str], LiveSaleor], scale: float) -> list[Figure]:
    """Rounds of checkouts, the worker without texts and then full of them.

    ``live_with`` is the shop sending to a URL, not yet started.
    """
    samples = max(3, round(SAMPLES * scale))
    with provider_server() as provider:
        live = live_with(provider.url)
        try:
            live.web.start()
            live.worker.start()
            shop = _opened(live, provider)
            rounds = [_round(shop, provider, samples, each) for each in range(1, ROUNDS + 1)]
        finally:
            live.stop()
    idle = median(second for each in rounds for second in each["idle"])
    return [
        median_of(
            NAME, "checkoutComplete while texts go out, over idle",
            [median(each["busy"]) / median(each["idle"]) for each in rounds], "x",
            at_most=MOST_SLOWER, note=f"{idle * 1e3:.0f} ms idle; one web process",
            details={"texts_per_second": median(each["rate"] for each in rounds)},
        )
    ]  # fmt: skip


def _opened(live: LiveSaleor, provider: Provider) -> LiveShop:
    """The plugin is on, and everything has run once."""
    shop = LiveShop(live)
    shop.save(api_secret="secret")  # noqa: S106 (the dashboard saves a secret alone)
    shop.save(
        active=True, provider="vonage", api_key="key", sender_id="Example", shop_name="Example",
        default_country="PL", allowed_countries="PL",
        advanced="night = off\nrate = 10000\nflood = off\nstorm = off",
    )  # fmt: skip
    shop.place(f"+{BUYERS}")
    provider.await_texts(1, PATIENCE)
    return shop


def _round(shop: LiveShop, provider: Provider, samples: int, number: int) -> Mapping[str, Any]:
    """Seconds of each checkout without and with texts going out, and how many went out."""
    first = BUYERS + number * 10_000
    carts = [shop.checkout(f"+{first + each}") for each in range(2 * samples)]
    idle = [_seconds(shop, cart) for cart in carts[:samples]]
    _await_rest(shop)
    provider.reset()
    waiting = samples * WAITING
    shop.saleor.rows(_QUEUE, READERS + number * 1_000_000, waiting)
    shop.place(f"+{first + 9_999}")  # its hook wakes the worker
    provider.await_texts(50, PATIENCE)
    before, started = len(provider.arrivals()), time.monotonic()
    busy = [_seconds(shop, cart) for cart in carts[samples:]]
    sent, taken = len(provider.arrivals()), time.monotonic() - started
    if sent >= waiting:
        raise RuntimeError(f"All {waiting} texts went out before the checkouts had ended.")
    shop.saleor.rows(_FORGET)
    _await_rest(shop)
    return {"idle": idle, "busy": busy, "rate": (sent - before) / taken}


def _seconds(shop: LiveShop, cart: Mapping[str, Any]) -> float:
    started = time.monotonic()
    shop.complete(cart)
    return time.monotonic() - started


def _await_rest(shop: LiveShop) -> None:
    """No text waits or is under way."""
    deadline = time.monotonic() + PATIENCE
    while shop.saleor.rows(_UNDER_WAY):
        if time.monotonic() > deadline:
            raise RuntimeError(f"Texts are still under way after {PATIENCE:g} s.")
        time.sleep(0.2)
