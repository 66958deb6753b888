"""A fault in one of many: what is done together, what each by itself, and what is put off."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone

from saleor_sms_plugin.models import Throttle
from saleor_sms_plugin.services.faults import isolate

pytestmark = pytest.mark.django_db


class Work:
    """Stores the items one by one, up to one that is at fault; keeps what it was asked."""

    def __init__(self, **faults: Exception) -> None:
        self.faults, self.asked, self.put_off = faults, list[str](), list[tuple[str, object]]()

    def act(self, items: Sequence[str]) -> int:
        self.asked.append("".join(items))
        for item in items:
            if item in self.faults:
                raise self.faults[item]
            Throttle.objects.create(key=item, next_slot_at=timezone.now())
        return len(items)

    def later(self, item: str) -> None:
        self.put_off.append((item, sys.exception()))


def stored() -> str:
    return "".join(Throttle.objects.order_by("key").values_list("key", flat=True))


def test_all_at_once() -> None:
    """Without a fault there is one call, of all, and its result."""
    work = Work()

    assert isolate("abc", work.act, work.later) == [3]

    assert (work.asked, work.put_off, stored()) == (["abc"], [], "abc")


@pytest.mark.parametrize("fault", [ValueError("odd"), DatabaseError("odd row")])
def test_one_at_fault(fault: Exception) -> None:
    """It is put off while its exception is handled; what the first call stored is undone."""
    work = Work(b=fault)

    assert isolate("abc", work.act, work.later) == [1, 1]

    assert work.asked == ["abc", "a", "b", "c"]
    assert (work.put_off, stored()) == ([("b", fault)], "ac")


def test_one_alone_at_fault() -> None:
    """It is not tried a second time."""
    work = Work(a=ValueError("odd"))

    assert isolate("a", work.act, work.later) == []

    assert (work.asked, [item for item, _ in work.put_off], stored()) == (["a"], ["a"], "")


@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
def test_the_database_is_away(away: type[Exception]) -> None:
    """That is nobody's fault: it is raised, and nothing is put off."""
    work = Work(b=away("gone"))

    with pytest.raises(away, match="gone"):
        isolate("abc", work.act, work.later)

    assert (work.asked, work.put_off, stored()) == (["abc"], [], "")
