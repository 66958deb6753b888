"""A stop and a worker at one moment, on real connections: no text begins after the stop."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from saleor_sms_plugin.domain.consent import EVERYTHING, Act
from saleor_sms_plugin.models import ConsentEntry, Message, ProviderAccount, SendAttempt
from saleor_sms_plugin.models import WebhookRequest as Request
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.providers import OutboundMessage, ParsedInbound, SendResult
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import accounts, channels, dispatch, inbound, opting, plan, replies
from saleor_sms_plugin.services.ledger import Deed, Source
from tests.integration.stage import NOON, RUN, Stage, together

SENDER, ROUNDS, ORDERS = "+447700900123", 20, 12
CREATED, STOPPED = "order_created", "stop_all"
TABLES = [model._meta.db_table for model in (SendAttempt, ConsentEntry)]


@contextmanager
def commits_in_order() -> Iterator[None]:
    """PostgreSQL numbers the rows of both tables as their transactions end, in ``commit_order``.

    https://www.postgresql.org/docs/current/sql-createtrigger.html (DEFERRABLE)
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE commit_order (place bigserial, of_table text, row_id bigint);"
            "CREATE FUNCTION note_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO commit_order (of_table, row_id) VALUES (TG_TABLE_NAME, NEW.id);"
            " RETURN NULL; END $$"
        )
        for table in TABLES:
            cursor.execute(
                f"CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON {table}"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_commit()"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION note_commit() CASCADE; DROP TABLE commit_order")


def begun_after(number: str) -> list[str]:
    """The events whose texts to this number began after its stop."""
    attempts, acts = TABLES
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.event_name FROM commit_order o"  # noqa: S608 (names are ours)
            f" JOIN {attempts} a ON o.of_table = '{attempts}' AND o.row_id = a.id"
            f" JOIN {Message._meta.db_table} m ON m.id = a.message_id"
            f" WHERE m.recipient = %s AND o.place > (SELECT min(s.place) FROM commit_order s"
            f" JOIN {acts} e ON s.of_table = '{acts}' AND s.row_id = e.id WHERE e.number = %s)",
            [number, number],
        )
        return [name for (name,) in cursor.fetchall()]


class Round:
    """Orders of one person are planned and sent while, after some sends, the person stops it."""

    def __init__(self, stage: Stage, number: int) -> None:
        self.stage, self.by_reply, self.after = stage, number % 2 == 1, 1 + number // 2
        self.phone = f"+485123456{number:02}"
        self.sent = threading.Semaphore(0)
        self.planned = threading.Event()

    def order(self, number: int) -> None:
        person = Address(phone=self.phone, country="PL")
        order = self.stage.order(f"o{self.phone}-{number}", billing=person, shipping=person)
        self.stage.happen(CREATED, order)

    def plans(self) -> None:
        for number in range(ORDERS):
            self.order(number)
            plan.run(self.stage.ports, NOON + RUN)
        self.planned.set()

    def sends(self) -> None:
        """Until nothing is left of what was planned."""
        is_last = False
        while not is_last:
            is_last = self.planned.is_set()
            while dispatch.run(self.stage.ports, NOON + RUN):
                pass

    def stops(self) -> None:
        for _ in range(self.after):
            assert self.sent.acquire(timeout=60)
        if self.by_reply:
            assert replies.run(self.stage.ports, NOON + RUN) == 1
        else:
            deed = Deed(
                number=self.phone, scopes=EVERYTHING, act=Act.WITHDRAWN, source=Source.STAFF
            )
            with transaction.atomic():
                opting.opt_out([deed], self.stage.ports)
                # Orders go on being planned while the stop is not committed.
                assert self.planned.wait(60)

    def writes_stop(self) -> None:
        """The reply is stored, and waits for a worker."""
        account = ProviderAccount.objects.get()
        request = Request.objects.create(
            account=account, method="POST", body=b"", digest=uuid.uuid4().hex,
            status="verified", received_at=NOON,
        )  # fmt: skip
        said = ParsedInbound(
            provider_message_id=uuid.uuid4().hex, sender=self.phone,
            recipient=SENDER.removeprefix("+"), text="STOP",
        )  # fmt: skip
        inbound.receive(said, request, self.stage.ports)


def test_no_text_begins_after_the_stop(
    committed_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty stops, by reply and by staff, while orders are planned and sent: but for the one
    confirmation of each reply no attempt is committed later than the stop."""
    stage = committed_stage
    stage.configure(CREATED, sender_id=SENDER, advanced="flood = off\nnight = off")
    [channel] = channels.load(stage.ports).values()
    ProviderAccount.objects.create(provider="memory", key=accounts.key_of(channel), created_at=NOON)
    accept = MemoryProvider.send
    current: list[Round] = []

    def send(provider: MemoryProvider, message: OutboundMessage) -> SendResult:
        result = accept(provider, message)
        current[-1].sent.release()
        return result

    monkeypatch.setattr(MemoryProvider, "send", send)
    with commits_in_order():
        for number in range(ROUNDS):
            current.append(Round(stage, number))
            one = current[-1]
            if one.by_reply:
                one.writes_stop()
            together(one.plans, one.sends, one.stops)
            one.order(ORDERS)
            one.planned.set()
            plan.run(stage.ports, NOON + RUN)
            one.sends()

            assert begun_after(one.phone) == [STOPPED] * one.by_reply
            ended = Message.objects.filter(recipient=one.phone, event_name=CREATED)
            reasons = Counter(ended.values_list("status", "reason"))
            assert set(reasons) == {("sent", ""), ("suppressed", "opted_out")}
            assert reasons["sent", ""] >= one.after
            assert reasons.total() == ORDERS + 1
    assert len({sent.reference for sent in MemoryProvider.outbox}) == len(MemoryProvider.outbox)
