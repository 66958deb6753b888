"""The engine in a plain Django project: a shop, its tables, texts that wait, a real worker."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from celery import Celery

from benchmarks import dials
from benchmarks.servers import ROOT, Provider, provider_server, running, scratch
from tests.servers import Child, PostgresServer, RedisServer

if TYPE_CHECKING:
    from saleor_sms_plugin.ports import Ports

STEP = 1_000  #: rows made at once
APPLICATION = "benchmarks.celery_app"


@dataclass(frozen=True)
class Site:
    """A shop with its servers, ready for workers."""

    provider: Provider
    postgres: PostgresServer
    redis: RedisServer
    ports: Ports
    directory: Path  #: for the run
    celery: Celery  #: this process's, which nudges through it

    def worker(
        self, processes: int, name: str = "worker", ready: Callable[[], bool] | None = None,
        environ: Mapping[str, str] = MappingProxyType({}), application: str = APPLICATION,
    ) -> Child:  # fmt: skip
        """A prefork worker of the shop, not yet started; ``ready`` once some worker listens,
        where nothing else is given."""
        return Child(
            name, _command(application, processes, name), directory=self.directory, cwd=ROOT,
            env={**os.environ, **environ}, ready=ready or (lambda: _answers(self.redis.url())),
        )  # fmt: skip

    def nudge(self) -> None:
        """What a shop's event starts."""
        self.celery.send_task("saleor_sms_plugin.tasks.run", ignore_result=True)

    def beat(self) -> None:
        """What beat starts each ``schedule.PERIOD``."""
        self.celery.send_task("saleor_sms_plugin.tasks.periodic", ignore_result=True)


class Beat:
    """Beat in this process, for a worker that is measured without another one beside it."""

    def __init__(self, site: Site) -> None:
        self._site, self._at = site, time.monotonic()

    def tick(self) -> None:
        """To be called often: the periodic task is sent where it is time."""
        from saleor_sms_plugin.schedule import PERIOD

        if time.monotonic() >= self._at:
            self._at += PERIOD.total_seconds()
            self._site.beat()


@contextmanager
def opened(rate: float = dials.RATE.default) -> Iterator[Site]:
    """Provider, PostgreSQL, Redis and the shop of ``project``, whose account takes *rate* requests
    a second until ``dials.RATE`` is turned; workers inherit where they are."""
    with ExitStack() as stack:
        provider = stack.enter_context(provider_server())
        directory = stack.enter_context(scratch())
        postgres = stack.enter_context(running(PostgresServer(directory / "postgres")))
        redis = stack.enter_context(running(RedisServer(directory / "redis")))
        ports = stack.enter_context(project(provider.url, postgres.url()))
        os.environ[dials.DIRECTORY] = str(directory)
        stack.callback(os.environ.pop, dials.DIRECTORY)
        dials.RATE.turn(rate)
        os.environ["REDIS_URL"] = redis.url()
        celery = Celery(broker=redis.url(), set_as_current=True)
        yield Site(provider, postgres, redis, ports, directory, celery)


@contextmanager
def project(vonage_url: str, database_url: str) -> Iterator[Ports]:
    """Migrated tables and one channel that sends to *vonage_url*, here and in workers."""
    os.environ |= {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SALEOR_SMS_VONAGE_BASE_URL": vonage_url,
    }
    import django
    from django.conf import settings
    from django.db import connections

    from tests.settings import database

    django.setup()
    connections.close_all()
    connections["default"].settings_dict.update(database(database_url))
    settings.SALEOR_SMS_VONAGE_BASE_URL = vonage_url
    from django.core.management import call_command

    from saleor_sms_plugin.models import Installation
    from saleor_sms_plugin.ports import Ports
    from saleor_sms_plugin.services import activation, installation
    from saleor_sms_plugin.testing.shop import CountingWake
    from saleor_sms_plugin.wiring import SystemClock

    call_command("migrate", verbosity=0)
    ports = Ports(shop=shop(), wake=CountingWake(), clock=SystemClock())
    activation.stamp(ports)
    installation.is_live(ports, periodic=True)
    # Beat runs beside a shop's worker and keeps house; here it was seen for the next hour.
    Installation.objects.update(periodic_at=ports.clock.now() + dt.timedelta(hours=1))
    try:
        yield ports
    finally:
        connections.close_all()


def shop() -> Any:
    """The shop that this process and its workers share without storage; its rate is the dial's,
    whenever its settings are read."""
    from saleor_sms_plugin.ports import ChannelConfiguration
    from tests.open_shop import CHANNEL, VALUES, OpenShop

    class Shop(OpenShop):
        def configurations(
            self, channel_ids: Collection[int] | None = None
        ) -> Sequence[ChannelConfiguration]:
            self.configure(
                CHANNEL, "channel-1", {**VALUES, "advanced": f"rate = {dials.RATE.read()}"},
                currency="EUR", default_country="PL", shop_name="Acme",
            )  # fmt: skip
            return super().configurations(channel_ids)

    return Shop()


def queue(count: int, *, marketing: bool = False, finished: bool = False) -> list[int]:
    """*count* planned texts to different people wait, as ``services.plan`` leaves them; returns
    their keys."""
    return [
        key
        for start in range(0, count, STEP)
        for key in _queue(min(STEP, count - start), marketing=marketing, finished=finished)
    ]


def _queue(count: int, *, marketing: bool, finished: bool) -> list[int]:
    from saleor_sms_plugin.domain.transitions import MessageStatus
    from saleor_sms_plugin.events.catalogue import EVENTS, PRIORITIES, Purpose
    from saleor_sms_plugin.models import Message, ShopEvent
    from tests.open_shop import CHANNEL

    spec, now = EVENTS["order_created"], dt.datetime.now(dt.UTC)
    newest = ShopEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    names = [str(newest + i) for i in range(1, count + 1)]
    purpose = Purpose.MARKETING if marketing else spec.purpose
    events = ShopEvent.objects.bulk_create(
        ShopEvent(
            key=f"order_created:{name}", name=spec.name, order_id=name, subject_id=name,
            channel_id=CHANNEL, occurred_at=now, recorded_at=now,
        )
        for name in names
    )  # fmt: skip
    texts = Message.objects.bulk_create(
        Message(
            event=event, event_name=spec.name, order_id=name, order_number=name,
            channel_id=CHANNEL, channel_slug="channel-1", purpose=purpose,
            priority=PRIORITIES[purpose], recipient=f"+48512{int(name):06}", country="PL",
            language="en", status=MessageStatus.SENT if finished else MessageStatus.QUEUED,
            not_before=now, due_at=now, created_at=now, expires_at=now + dt.timedelta(hours=2),
            sent_at=now if finished else None,
        )
        for event, name in zip(events, names, strict=True)
    )  # fmt: skip
    return [text.pk for text in texts]


def all_sent(count: int) -> None:
    """Raises RuntimeError unless the newest *count* texts were sent."""
    from saleor_sms_plugin.models import Message

    newest = list(Message.objects.order_by("-pk")[:count])
    if left := [message for message in newest if message.status != "sent"]:
        raise RuntimeError(f"{len(left)} texts were not sent; the first: {left[0]}, {left[0].why}")


def _command(application: str, processes: int, name: str) -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "--app", application, "worker"),
        *("--pool", "prefork", "--concurrency", f"{processes}", "--loglevel", "WARNING"),
        *("--hostname", f"{name}@bench"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def _answers(redis_url: str) -> bool:
    """A worker listens: Kombu's virtual queue has a reader."""
    from redis import Redis

    clients: Any = Redis.from_url(redis_url).client_list()
    return any(client["cmd"] == "brpop" for client in clients)
