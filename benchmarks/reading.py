"""What staff wait for: the log, searches and statistics through the API, over a full outbox."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks import engine
from benchmarks.figures import Figure, percentile
from benchmarks.machine import postgres
from benchmarks.servers import postgres_server

if TYPE_CHECKING:
    from saleor_sms_plugin.ports import Ports

NAME = "reading"
MESSAGES, DAYS = 1_000_000, 90
SAMPLES, WARM_UP = 100, 10
TARGET_MS = 200.0
PEOPLE = 5  #: texts to one number, on the average
PER_ORDER = 2  #: texts about one order

#: Every text: 90 days of them, ten events, three channels, four countries; delivered 88 of 100.
_FILL = """
INSERT INTO saleor_sms_plugin_message (
    reference, event_name, order_id, checkout_id, order_number, channel_id, channel_slug, purpose,
    priority, to_staff, recipient, country, language, sender_id, provider, body, encoding,
    segment_count, says, status, reason, detail, due_at, not_before, expires_at, attempt_count,
    price, currency, created_at, sent_at, taken_at, finished_at)
SELECT gen_random_uuid(), (%(events)s::text[])[1 + n %% 10], 'order-' || n / %(per_order)s, '',
    (n / %(per_order)s)::text, 1 + n %% 3, 'channel-' || (1 + n %% 3), 'transactional', 10, false,
    CASE WHEN dead THEN '' ELSE '+48512' || lpad((n %% %(people)s)::text, 6, '0') END,
    (ARRAY['PL', 'PL', 'IT', 'DE'])[1 + n %% 4], 'pl', 'Acme',
    CASE WHEN dead THEN '' ELSE 'vonage' END,
    CASE WHEN dead THEN '' ELSE repeat('Your order is on its way. ', 4) END, 'gsm7',
    CASE WHEN dead THEN NULL ELSE 1 + n %% 2 END, '{}',
    (ARRAY['suppressed', 'delivered', 'failed', 'undelivered'])[kind],
    (ARRAY['no_phone', '', 'rejected', 'not_delivered'])[kind], '', at, at, at, 1,
    CASE WHEN dead THEN NULL ELSE 0.0333 END, CASE WHEN dead THEN '' ELSE 'EUR' END,
    at, CASE WHEN kind IN (2, 4) THEN at END, at, at
FROM (
    SELECT n, n %% 100 < 8 AS dead,
        CASE WHEN n %% 100 < 8 THEN 1 WHEN n %% 100 < 10 THEN 3 WHEN n %% 100 < 12 THEN 4
            ELSE 2 END AS kind,
        %(now)s - make_interval(secs => %(seconds)s * (%(count)s - n) / %(count)s) AS at
    FROM generate_series(1, %(count)s) AS n
) AS texts
"""
_ATTEMPTS = """
INSERT INTO saleor_sms_plugin_sendattempt (
    message_id, number, provider, outcome, code, detail, provider_message_ids, started_at,
    finished_at)
SELECT id, 1, 'vonage', 'accepted', '', '', '[]', created_at, created_at
FROM saleor_sms_plugin_message WHERE sent_at IS NOT NULL
"""
_RECEIPTS = """
INSERT INTO saleor_sms_plugin_deliveryreceipt (
    account_id, position, message_id, reference, provider_message_id, recipient, is_whole_message,
    status, provider_status, code, detail, is_number_unusable, currency, network, received_at)
SELECT %s, 0, id, '', '', '', true, status, status, '0', '', false, '', '', created_at
FROM saleor_sms_plugin_message WHERE sent_at IS NOT NULL
"""
_RECOVERIES = """
INSERT INTO saleor_sms_plugin_recovery (order_id, message_id, how, amount, currency, ordered_at)
SELECT 'bought-' || id, id, 'same_cart', 99.9, 'EUR', created_at
FROM saleor_sms_plugin_message WHERE sent_at IS NOT NULL AND id %% 200 = 50
"""
_NODE = "id event status reason why recipient orderNumber createdAt segments price attempts {"
_PAGE = f"edges {{ node {{ {_NODE} number outcome }} receipts {{ status }} }} }}"


def run(scale: float = 1.0) -> tuple[list[Figure], Mapping[str, str]]:
    """Each question a hundred times, each time another number, order or instant.

    Also what their PostgreSQL was.
    """
    count, samples = max(10_000, round(MESSAGES * scale)), max(10, round(SAMPLES * min(scale, 1)))
    with postgres_server() as url, engine.project("http://127.0.0.1:9", url) as ports:
        now = ports.clock.now()
        filled = _fill(count, now)
        figures = [_counted(count, now), *_asked(count, samples, now, ports)]
        return figures, {**postgres(url), "reading filled in": f"{filled:.0f} s"}


def _fill(count: int, now: dt.datetime) -> float:
    from django.db import connection

    from saleor_sms_plugin.events.catalogue import CATALOGUE
    from saleor_sms_plugin.models import ProviderAccount

    began = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "events": [spec.name for spec in CATALOGUE[:10]], "count": count, "now": now,
                "people": max(1, count // PEOPLE), "per_order": PER_ORDER,
                "seconds": float(DAYS * 86_400 - 60),
            },
        )  # fmt: skip
        account = ProviderAccount.objects.create(provider="vonage", key="a", created_at=now)
        cursor.execute(_ATTEMPTS)
        cursor.execute(_RECEIPTS, [account.pk])
        cursor.execute(_RECOVERIES, [])
        cursor.execute("VACUUM ANALYZE")
    return perf_counter() - began


def _counted(count: int, now: dt.datetime) -> Figure:
    """How long the housekeeping counts one day of texts; afterwards every day is counted."""
    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services import statistics
    from saleor_sms_plugin.testing.shop import CountingWake, FixedClock, MemoryShop

    clock, seconds = FixedClock(now), []
    ports = Ports(shop=MemoryShop(), wake=CountingWake(), clock=clock)
    for _ in range(DAYS // 8 + 2):
        began = perf_counter()
        if days := statistics.roll_up(ports):
            seconds.append((perf_counter() - began) * 1000 / days)
        clock.move(minutes=1)
    return Figure(
        benchmark=NAME, name=f"counting a day of {count // DAYS:,} texts",
        measured=percentile(seconds, 95), unit="ms", low=min(seconds), high=max(seconds),
        samples=len(seconds), note="in the housekeeping, today and yesterday each minute",
    )  # fmt: skip


def _asked(count: int, samples: int, now: dt.datetime, ports: Ports) -> Iterator[Figure]:
    from saleor_sms_plugin.callers import Caller, CallerKind
    from tests.open_shop import OpenShop

    shop: Any = ports.shop
    assert isinstance(shop, OpenShop)  # noqa: S101
    staff = Caller(kind=CallerKind.STAFF, id="1", permissions=frozenset({"MANAGE_ORDERS"}))
    shop.tokens = {"staff": staff, "restricted": replace(staff, channel_ids=frozenset({2}))}
    shop.install()
    for name, (token, make, target) in _questions(count, now).items():
        yield _figure(name, token, make, target, samples, ports)


_Make = Callable[[], str]


def _questions(count: int, now: dt.datetime) -> dict[str, tuple[str, _Make, float | None]]:
    """Name → who asks, the query, and the most it may take in milliseconds."""
    from graphql_relay import to_global_id

    chance = random.Random(7)  # noqa: S311 (the same questions in each run)

    def instant() -> str:
        return (now - dt.timedelta(seconds=chance.randrange(DAYS * 86_400))).isoformat()

    def page(given: str, fields: str = _PAGE) -> str:
        return f"{{ messages(first: 50{given}) {{ {fields} }} }}"

    def only(given: str) -> str:
        return page(f", filter: {{{given}}}")

    def number() -> str:
        return f"+48512{chance.randrange(max(1, count // PEOPLE)):06}"

    def order() -> int:
        return chance.randrange(count // PER_ORDER)

    def days(groups: str) -> str:
        first, last = (now - dt.timedelta(days=DAYS - 1)).date(), now.date()
        rest = "decided sent delivered failed { reason count } suppressed { reason count }"
        return (
            f'{{ statistics(since: "{first}", until: "{last}", groupBy: [{groups}]) {{ day event'
            f" channel {rest} segments costs {{ amount currency }} recovered {{ orders }} }} }}"
        )

    target = TARGET_MS
    return {
        "log, newest page": ("staff", lambda: page(""), target),
        "log, further down": ("staff", lambda: only(f'createdUntil: "{instant()}"'), target),
        "log, of restricted staff": ("restricted", lambda: page(""), target),
        "log, what failed": ("staff", lambda: only("statuses: [FAILED]"), target),
        "log, one event in one channel": (
            "staff", lambda: only('events: ["order_created"], channels: ["channel-2"]'), target,
        ),
        "search by number": ("staff", lambda: only(f'recipient: "{number()}"'), target),
        "search by order": (
            "staff", lambda: only(f'order: "{to_global_id("Order", f"order-{order()}")}"'), target,
        ),
        "search by order number": ("staff", lambda: only(f'orderNumber: "{order()}"'), target),
        "statistics, 90 days": ("staff", lambda: days("DAY"), target),
        "statistics, 90 days by channel": ("staff", lambda: days("DAY, CHANNEL"), target),
        "statistics by event and channel": ("staff", lambda: days("EVENT, CHANNEL"), target),
        "log with its total count": ("staff", lambda: page("", f"totalCount {_PAGE}"), None),
    }  # fmt: skip


def _figure(
    name: str, token: str, make: _Make, target: float | None, samples: int, ports: Ports
) -> Figure:
    for query in itertools.islice(iter(make, None), WARM_UP):
        _ask(query, token, ports)
    values = []
    for query in itertools.islice(iter(make, None), samples):
        began = perf_counter()
        _ask(query, token, ports)
        values.append((perf_counter() - began) * 1000)
    return Figure(
        benchmark=NAME, name=name, measured=percentile(values, 95), unit="ms",
        low=percentile(values, 10), high=max(values), samples=len(values), at_most=target,
        note=_indexes(make(), token, ports), details={"median_ms": percentile(values, 50)},
    )  # fmt: skip


def _ask(query: str, token: str, ports: Ports) -> None:
    from django.test import RequestFactory

    from saleor_sms_plugin.web import router

    request = RequestFactory().post(
        "/", json.dumps({"query": query}), "application/json",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    answer = json.loads(router.answer(request, "/graphql/", ports).content)
    if "errors" in answer:
        raise RuntimeError(f"{query}: {answer['errors']}")


def _indexes(query: str, token: str, ports: Ports) -> str:
    """How the query's statements find their rows, as PostgreSQL explains it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        _ask(query, token, ports)
    found: dict[str, None] = {}
    for each in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {each['sql']}")
            plan = cursor.fetchone()[0]
        found |= dict.fromkeys(_scans(json.loads(plan) if isinstance(plan, str) else plan))
    return ", ".join(found)


def _scans(plan: Any) -> Iterator[str]:
    if isinstance(plan, list):
        for each in plan:
            yield from _scans(each)
        return
    if "Index Name" in plan:
        yield plan["Index Name"].removeprefix("saleor_sms_plugin_")
    elif plan.get("Node Type") == "Seq Scan":
        yield f"{plan['Relation Name'].removeprefix('saleor_sms_plugin_')}: every row"
    yield from _scans([plan[name] for name in ("Plan",) if name in plan])
    yield from _scans(plan.get("Plans", []))
