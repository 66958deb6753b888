"""What receipts together make of a message, in any order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_sms_plugin.domain.delivery import PartNews, outcome
from saleor_sms_plugin.domain.transitions import FINAL, MessageStatus

S = MessageStatus
A, B, C = "a", "b", "c"

SAID = st.sampled_from([S.SENT, S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.REJECTED, None])
NEWS = st.lists(st.builds(PartNews, st.sampled_from([A, B, C, None]), SAID), max_size=12)


@pytest.mark.parametrize(
    ("said", "parts", "expected"),
    [
        ([], 1, None),
        ([(A, None)], 1, None),
        ([(A, S.SENT)], 1, S.SENT),
        ([(A, S.DELIVERED)], 1, S.DELIVERED),
        ([(A, S.DELIVERED)], 0, S.DELIVERED),
        # one part of three, two of three, all, and twice the same
        ([(A, S.DELIVERED)], 3, S.SENT),
        ([(A, S.DELIVERED), (B, S.DELIVERED)], 3, S.SENT),
        ([(A, S.DELIVERED), (B, S.DELIVERED), (C, S.DELIVERED)], 3, S.DELIVERED),
        ([(A, S.DELIVERED), (A, S.DELIVERED), (A, S.DELIVERED)], 3, S.SENT),
        # one part failed: so has the message
        ([(A, S.DELIVERED), (B, S.UNDELIVERED)], 3, S.UNDELIVERED),
        ([(A, S.UNDELIVERED), (B, S.EXPIRED)], 2, S.UNDELIVERED),
        ([(A, S.REJECTED)], 3, S.REJECTED),
        # late news moves nothing back
        ([(A, S.DELIVERED), (A, S.SENT)], 1, S.DELIVERED),
        ([(A, S.DELIVERED), (A, S.UNDELIVERED)], 1, S.DELIVERED),
        ([(A, S.UNDELIVERED), (A, S.DELIVERED)], 1, S.UNDELIVERED),
        # about the whole message
        ([(None, S.DELIVERED)], 3, S.DELIVERED),
        ([(None, S.SENT)], 1, S.SENT),
        ([(A, S.DELIVERED), (None, S.EXPIRED)], 3, S.EXPIRED),
    ],
)
def test_where_receipts_leave_a_message(
    said: list[tuple[str | None, S | None]], parts: int, expected: S | None
) -> None:
    """Delivered when all parts are, failed when one has, and the first final word stands."""
    assert outcome([PartNews(*each) for each in said], parts) is expected


@given(NEWS, NEWS, st.integers(1, 3))
def test_late_news_takes_no_end_back(
    news: list[PartNews], late: list[PartNews], parts: int
) -> None:
    """What has ended has ended, whatever else is said."""
    if outcome(news, parts) in FINAL:
        assert outcome(news + late, parts) in FINAL


@given(NEWS, st.integers(1, 3))
def test_repetition_changes_nothing(news: list[PartNews], parts: int) -> None:
    """Every receipt twice, or the whole row of them again, leads to the same state."""
    expected = outcome(news, parts)

    assert outcome([each for each in news for _ in range(2)], parts) is expected
    assert outcome(news + news, parts) is expected


GOOD = [
    PartNews(A, S.DELIVERED), PartNews(B, S.DELIVERED), PartNews(C, S.SENT),
    PartNews(C, S.DELIVERED), PartNews(A, S.SENT), PartNews(B, None),
]  # fmt: skip


@given(st.permutations(GOOD))
def test_the_order_of_good_news_does_not_matter(news: list[PartNews]) -> None:
    """Three delivered parts are a delivered message, however their receipts came."""
    assert outcome(news, 3) is S.DELIVERED


@given(NEWS)
def test_nothing_is_delivered_without_a_word_for_each_part(news: list[PartNews]) -> None:
    """Fewer delivered parts than there are never make a delivered message."""
    told = {each.part for each in news if each.status is S.DELIVERED}

    if outcome(news, 3) is S.DELIVERED:
        assert None in told or len(told) == 3
