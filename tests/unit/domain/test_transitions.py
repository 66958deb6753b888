"""Transitions: late news never moves a message back."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.domain.transitions import ALLOWED, FINAL, MessageStatus, may_follow

S = MessageStatus


def statuses(words: str) -> set[MessageStatus]:
    return {S(word) for word in words.split()}


@pytest.mark.parametrize(
    ("old", "following"),
    [
        (
            "queued",
            "sending held sent expired suppressed cancelled failed delivered undelivered rejected",
        ),
        (
            "held",
            "queued sending sent expired suppressed cancelled failed "
            "delivered undelivered rejected",
        ),
        (
            "sending",
            "sent outcome_unknown queued held expired suppressed cancelled failed "
            "delivered undelivered rejected",
        ),
        ("sent", "delivered undelivered expired rejected"),
        ("outcome_unknown", "sent delivered undelivered expired rejected failed"),
        ("delivered", ""),
        ("undelivered", ""),
        ("expired", ""),
        ("rejected", ""),
        ("failed", ""),
        ("suppressed", ""),
        ("cancelled", ""),
    ],
)
def test_the_whole_table(old: str, following: str) -> None:
    """Exactly these statuses may follow each status."""
    assert {new for new in S if may_follow(S(old), new)} == statuses(following)


def test_every_status_is_in_the_table() -> None:
    """No status is forgotten, and the ends are the seven without a successor."""
    assert set(ALLOWED) == set(S)
    assert set(FINAL) == statuses(
        "delivered undelivered expired rejected failed suppressed cancelled"
    )


def test_what_was_accepted_is_never_sent_again() -> None:
    """From sent or unknown no path leads back to the queue."""
    reached, waiting = set[MessageStatus](), [S.SENT, S.OUTCOME_UNKNOWN]
    while waiting:
        status = waiting.pop()
        if status not in reached:
            reached.add(status)
            waiting.extend(ALLOWED[status])
    assert not reached & {S.QUEUED, S.HELD, S.SENDING}
