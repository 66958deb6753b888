"""One parameter for many values."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.models import SuppressedNumber
from saleor_sms_plugin.models.any_of import any_of
from tests.integration.stage import NOON

pytestmark = pytest.mark.django_db

NUMBERS = ["+48512345678", "+447400123456", "it's “+1”\\ %s"]


@pytest.fixture(autouse=True)
def rows() -> list[SuppressedNumber]:
    return SuppressedNumber.objects.bulk_create(
        SuppressedNumber(number=number, reason="staff", since=NOON) for number in NUMBERS
    )


@pytest.mark.parametrize(
    ("values", "found"),
    [(NUMBERS, NUMBERS), ({NUMBERS[2]}, [NUMBERS[2]]), (["other", NUMBERS[0]], [NUMBERS[0]])],
)
def test_rows_of_one_of_the_values_are_found(values: Collection[str], found: list[str]) -> None:
    """By whatever the values hold, in any order and of any kind of collection."""
    rows = SuppressedNumber.objects.filter(any_of("number", values)).order_by("pk")

    assert [row.number for row in rows] == found


def test_keys_are_found_as_texts_are(rows: list[SuppressedNumber]) -> None:
    """``pk`` is a name, too; others are counted out."""
    keys = [row.pk for row in rows]

    assert SuppressedNumber.objects.filter(any_of("pk", keys[:2])).count() == 2
    assert SuppressedNumber.objects.exclude(any_of("pk", keys[:2])).get().pk == keys[2]
    assert SuppressedNumber.objects.filter(any_of("pk", keys[1:])).update(source="s") == 2


def test_no_values_are_no_statement() -> None:
    """Nor are they in the way of another condition."""
    nothing = any_of("number", [])
    with CaptureQueriesContext(connection) as statements:
        assert list(SuppressedNumber.objects.filter(nothing)) == []

    assert len(statements) == 0
    assert SuppressedNumber.objects.filter(Q(nothing) | Q(number=NUMBERS[0])).count() == 1


def test_another_database_is_asked_in_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo runs on SQLite, which has no arrays."""
    monkeypatch.setattr(connection, "vendor", "sqlite")

    assert SuppressedNumber.objects.filter(any_of("number", NUMBERS[:2])).count() == 2
