"""The fault run's audit: it names every text that the two sides tell differently."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import uuid
from typing import Any

import pytest
from django.utils import timezone

from benchmarks.audit import RULES, audit
from benchmarks.engine import queue
from benchmarks.provider import Request
from benchmarks.servers import ROOT
from saleor_sms_plugin.models import Message, SendAttempt, Throttle


def text(*outcomes: str, **columns: Any) -> Message:
    """One text of one order, sent if nothing else is said, and its attempts."""
    queue(1, finished=True)
    message = Message.objects.latest("pk")
    Message.objects.filter(pk=message.pk).update(**columns)
    for number, outcome in enumerate(outcomes, 1):
        SendAttempt.objects.create(
            message=message, number=number, provider="vonage", outcome=outcome,
            started_at=timezone.now(),
        )  # fmt: skip
    return message


def request(message: Message, *, accepted: bool = True, fault: str = "") -> Request:
    return Request(0.0, message.recipient, str(message.reference), fault, accepted)


def test_two_sides_that_agree(db: None) -> None:
    """Sent at once, sent after a refusal, unknown and arrived, unknown and lost, refused, failed
    after eight attempts."""
    # given
    unknown = {"status": "outcome_unknown", "reason": "no_answer"}
    once = text("accepted")
    later = text("refused", "accepted")
    arrived = text("unknown", **unknown)
    lost = text("unknown", **unknown)
    refused = text("refused", status="rejected", reason="rejected")
    failed = text(*["retryable"] * 8, status="failed", reason="retries_exhausted")

    # when
    found = audit(
        [each.order_id for each in (once, later, arrived, lost, refused, failed)],
        [
            request(once),
            request(later, accepted=False, fault="throttle"),
            request(later),
            request(arrived, fault="html"),
            request(refused, accepted=False),
            *[request(failed, accepted=False, fault="http")] * 8,
        ],
    )

    # then
    assert found.violations == []
    assert (found.accepted, found.sent) == (3, 2)
    assert (found.unknown_arrived, found.unknown_lost) == (1, 1)
    assert found.statuses == {
        "sent": 2, "outcome_unknown": 2, "rejected": 1, "failed": 1
    }  # fmt: skip
    assert found.faults == {"throttle": 1, "html": 1, "http": 8}
    assert json.loads(json.dumps(found.as_json()))["faults"] == found.faults


#: rule, columns of its text, outcomes of the attempts, whether each request was accepted
CASES: list[tuple[str, dict[str, Any], list[str], list[bool]]] = [
        ("has not ended", {"status": "queued", "reason": "retry"}, ["retryable"], [False]),
        (
            "expired, and nobody was late", {"status": "expired", "reason": "expired"},
            ["retryable"], [False],
        ),
        (
            "failed, with tries left", {"status": "failed", "reason": "retries_exhausted"},
            ["retryable"] * 7, [False] * 7,
        ),
        ("is still claimed", {"claim": uuid.uuid4()}, ["accepted"], [True]),
        ("was accepted twice", {}, ["unknown", "accepted"], [True, True]),
        ("is sent, but was never accepted", {}, ["accepted"], [False]),
        ("is sent, but was never accepted", {}, ["accepted"], []),
        (
            "was accepted, but is not sent", {"status": "rejected", "reason": "rejected"},
            ["refused"], [True],
        ),
        ("was called without an attempt row", {}, ["accepted"], [False, True]),
        ("has an attempt without an end", {}, ["pending", "accepted"], [True]),
        (
            "was not sent, without a reason", {"status": "outcome_unknown", "reason": ""},
            ["unknown"], [],
        ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "columns", "outcomes", "accepted"), CASES)
def test_each_rule_finds_its_text(
    db: None, rule: str, columns: dict[str, Any], outcomes: list[str], accepted: list[bool]
) -> None:
    """And no other rule complains of it, but of its recipient where it came twice."""
    honest, wrong = text("accepted"), text(*outcomes, **columns)

    found = audit(
        [honest.order_id, wrong.order_id],
        [request(honest), *(request(wrong, accepted=each) for each in accepted)],
    )

    about_texts = [each for each in found.violations if each.texts]
    assert [(each.rule, each.order, each.texts[0].id) for each in about_texts] == [
        (rule, wrong.order_id, wrong.pk)
    ]
    others = [each.rule for each in found.violations if not each.texts]
    assert others == (["got two texts"] if sum(accepted) > 1 else [])


def test_every_rule_has_a_case() -> None:
    """A rule that nothing breaks in a test may be one that nothing can break."""
    assert {rule for rule, *_ in CASES} == set(RULES)


def test_what_belongs_to_no_text_is_found(db: None) -> None:
    """An order without a text, one with two, a request that nobody wrote down, a held lease."""
    # given
    first, second = text("accepted"), text("accepted")
    Message.objects.filter(pk=second.pk).update(order_id=first.order_id)
    stranger = Request(0.0, "48600000000", str(uuid.uuid4()), "", True)
    Throttle.objects.create(
        key="account", next_slot_at=timezone.now(), run=uuid.uuid4(),
        run_until=timezone.now() + dt.timedelta(minutes=1),
    )  # fmt: skip

    # when
    found = audit([first.order_id, "999"], [request(first), request(second), stranger])

    # then
    assert {(each.rule, each.order) for each in found.violations} == {
        ("has no text", "999"),
        ("has more than one text", first.order_id),
        ("request for a text that is in no table", "48600000000"),
        ("lease that nobody holds any more", "account"),
    }


@pytest.mark.slow
def test_a_short_fault_run_ends_with_every_text_accounted_for() -> None:
    """Half a minute under fire, 300 texts: whatever is killed, nothing is lost or doubled."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "faults", "--json", "--seed", "5"),
            *("--minutes", "0.5", "--texts", "300", "--workers", "2"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )

    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    found = json.loads(done.stdout)
    assert found["violations"] == []
    assert sum(found["statuses"].values()) == 300
    assert found["accepted"] == found["sent"] + found["unknown_arrived"]
    assert sum(found["mishaps"].values()) >= 5
