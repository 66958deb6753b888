"""The whole way in real processes: hook, broker, Celery worker, HTTP, stored answer."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from saleor_sms_plugin.models import Message, SendAttempt, ShopEvent, Throttle
from saleor_sms_plugin.ports import Ports
from saleor_sms_plugin.services import activation, claims
from saleor_sms_plugin.services.record import Happening, hear
from saleor_sms_plugin.testing.vonage_server import VonageServer
from saleor_sms_plugin.wake import CeleryWake
from saleor_sms_plugin.wiring import SystemClock
from tests.open_shop import CHANNEL, VALUES, OpenShop
from tests.servers import Child, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("vonage")]


@pytest.fixture
def vonage(monkeypatch: pytest.MonkeyPatch) -> Iterator[VonageServer]:
    """Where the worker, which inherits this environment, sends to."""
    with VonageServer(key=VALUES["api_key"], secret=VALUES["api_secret"]) as server:  # type: ignore[arg-type]
        monkeypatch.setenv("SALEOR_SMS_VONAGE_BASE_URL", server.url)
        yield server


@pytest.fixture
def ports(vonage: VonageServer, transactional_db: None) -> Ports:
    """The shop's web process; the plugin was switched on a moment ago."""
    ports = Ports(shop=OpenShop(), wake=CeleryWake(), clock=SystemClock())
    activation.stamp(ports)
    return ports


def place(ports: Ports, *numbers: int) -> None:
    for number in numbers:
        with transaction.atomic():
            hear(
                partial(Happening, name="order_created", channel_id=CHANNEL, order_id=str(number)),
                ports,
            )


def references(server: VonageServer) -> Counter[str]:
    return Counter(str(request.body["client-ref"]) for request in list(server.requests))


def test_an_order_becomes_one_text(
    ports: Ports, vonage: VonageServer, celery_worker: Child
) -> None:
    """A committed order wakes the worker, which asks Vonage once and stores the answer."""
    place(ports, 7)

    wait_until(lambda: Message.objects.filter(status="sent").exists(), 20, "the text to be sent")
    place(ports, 7)
    ports.wake.nudge()
    time.sleep(1)

    (request,) = vonage.requests
    assert request.body["to"] == "48512000007"
    assert request.body["from"] == "Acme"
    assert request.body["text"] == "Acme: we have received your order 7 for \u20ac99.90. Thank you!"
    message = Message.objects.get()
    assert request.body["client-ref"] == str(message.reference)
    assert message.price is not None
    assert SendAttempt.objects.get().outcome == "accepted"


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    ports: Ports, vonage: VonageServer, celery_worker: Child
) -> None:
    """`kill -9` at random points of 60 texts: each ends sent or of unknown outcome."""
    vonage.delay = 0.05
    chance = random.Random(60)
    place(ports, *range(1, 61))
    kills = 2
    for _ in range(kills):
        seen = len(vonage.requests)
        wait_until(lambda seen=seen: len(vonage.requests) > seen, 20, "the worker to send")  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.4))
        celery_worker.kill()
        # The dead worker's leases have run out.
        Message.objects.filter(status="sending").update(claimed_until=timezone.now())
        Throttle.objects.update(run=None)
        celery_worker.start()
        ports.wake.nudge()
        ports.wake.nudge()

    def ended() -> bool:
        left = Message.objects.exclude(status__in=["sent", "outcome_unknown"])
        if left.filter(status="queued").exists():
            ports.wake.nudge()
        return Message.objects.count() == 60 and not left.exists()

    wait_until(ended, 60, "every text to end")

    seen_by_vonage = references(vonage)
    status = dict(Message.objects.values_list("reference", "status"))
    assert ShopEvent.objects.count() == 60
    assert set(seen_by_vonage.values()) == {1}
    assert set(seen_by_vonage) <= {str(reference) for reference in status}
    sent = {str(reference) for reference, how in status.items() if how == "sent"}
    assert sent <= set(seen_by_vonage)
    unknown = 60 - len(sent)
    assert unknown <= kills * claims.BATCH  # law 4: attempt rows are committed at most 20 ahead
    assert SendAttempt.objects.count() == 60
