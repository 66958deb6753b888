"""Any order, repetition and loss of answers, receipts and crashes: an allowed state, one send."""

from __future__ import annotations

import uuid

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saleor_sms_plugin.domain.transitions import ALLOWED, FINAL, MessageStatus, may_follow
from saleor_sms_plugin.models import Message, SendAttempt
from tests.integration.calling_back import CalledBack

FAULTS = st.sampled_from(["", "throttle", "html", "drop_after_reading", "status:7", "http:503"])
REPORTS = st.tuples(
    st.just("report"),
    st.sampled_from(["accepted", "buffered", "delivered", "failed", "expired", "rejected", "?"]),
)
STEPS = st.lists(
    st.one_of(
        REPORTS,
        st.tuples(st.sampled_from(["run", "wait", "crash", "repeat"]), st.just("")),
    ),
    max_size=8,
)


def reaches(old: MessageStatus, new: MessageStatus) -> bool:
    """Whether arrows of the state machine lead from one to the other."""
    seen, waiting = {old}, [old]
    while waiting:
        following = ALLOWED[waiting.pop()] - seen
        seen |= following
        waiting += following
    return new in seen


def _crash(message: Message, stage: CalledBack) -> None:
    """The worker was killed in the middle of its call, if the text could be in one."""
    if message.status not in (MessageStatus.SENT, MessageStatus.OUTCOME_UNKNOWN):
        return
    if message.receipts.exists():
        return  # its receipts were counted: no call is under way any more
    Message.objects.filter(pk=message.pk).update(
        status=MessageStatus.SENDING, claim=uuid.uuid4(), claimed_until=stage.clock.now()
    )
    SendAttempt.objects.filter(message=message).update(
        outcome="pending", provider_message_ids=[], finished_at=None
    )


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(fault=FAULTS, steps=STEPS)
def test_every_history_ends_in_an_allowed_state(
    called_back: CalledBack, fault: str, steps: list[tuple[str, str]]
) -> None:
    """Late news moves nothing back, an end is an end, and one phone gets one text."""
    stage = called_back
    with transaction.atomic():
        if fault:
            stage.vonage.script(fault)
        before = len(stage.vonage.requests)
        text = stage.send(f"o{uuid.uuid4().hex[:8]}")
        made = None
        for step, word in steps:
            old = MessageStatus(text.status)
            taken = stage.vonage.requests[before:]
            match step:
                case "report" if taken:
                    made = stage.caller.receipt(taken[-1], word)
                    assert stage.knock(made).status_code == 200
                case "repeat" if made:
                    assert stage.knock(made).status_code == 200
                case "crash":
                    _crash(text, stage)
                    text.refresh_from_db()
                    old = MessageStatus(text.status)
                case "wait":
                    stage.clock.move(minutes=3)
            stage.run()
            text.refresh_from_db()
            new = MessageStatus(text.status)
            assert new is old or may_follow(old, new) or reaches(old, new)
            assert old not in FINAL or new is old
        accepted = [each for each in stage.vonage.requests[before:] if each.accepted]
        assert len(accepted) <= 1
        transaction.set_rollback(True)
