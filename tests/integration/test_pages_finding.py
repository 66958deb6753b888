"""Finding people and messages on the pages, and taking messages out as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import person

from .pages import asked, callers, post
from .stage import BUYER, CHANNEL, Stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage() -> Iterator[Stage]:
    MemoryProvider.reset()
    stage = Stage()
    stage.configure("order_created")
    stage.shop.install()
    stage.shop.tokens = callers()
    yield stage
    MemoryProvider.reset()


def test_a_person_takes_the_same_statements_however_many_numbers(stage: Stage) -> None:
    """Two for who is not texted, one for the acts, one for what they come to."""
    for many in (1, 20):
        stage.shop.phones["anna@example.com"] = [(f"+4851234{5000 + n}", "PL") for n in range(many)]
        with CaptureQueriesContext(connection) as queries:
            _, html, _ = post(stage, "/person", who="anna@example.com")
        assert html.count("<h2>") == many
        assert len(queries) == 4


def test_of_who_was_erased_the_acts_are_shown_to_whoever_knows_the_number(stage: Stage) -> None:
    """As proof: they are found by the keyed hash, and shown where the number is asked for."""
    said = {"number": BUYER.phone, "scope": "offers", "wording": "Yes"}
    post(stage, "/person/say", act="given", **said)
    person.forget_number(BUYER.phone, stage.ports)
    _, html, _ = post(stage, "/person", who=BUYER.phone)
    assert html.count("<b>agreed</b> Offers") == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (BUYER.phone, ["7"]), ("512345678", ["7"]), ("48512345678", ["7"]),
        ("0048512345678", ["7"]),
        ("512 345 678", ["7"]), ("7", ["7"]), ("#7", ["7"]), ("601234567", []), ("#512345678", []),
        ("512345679", ["512345679"]), ("8", []), ("A-12", []),
    ],
)  # fmt: skip
def test_a_phone_is_found_as_people_write_it(stage: Stage, asked: str, found: list[str]) -> None:
    """In the channel's country, or without its "+"; an order of that number comes first."""
    stage.happen("order_created", stage.order("o7", shipping=None))
    other = replace(BUYER, phone="+48601000001")
    stage.happen("order_created", stage.order("o512345679", billing=other, shipping=None))
    stage.run()
    status, html, _ = post(stage, "/messages", q=asked)
    assert (status, re.findall(r"<span>#(\d+)", html)) == (200, found)


def test_where_channels_differ_the_one_asked_for_says_the_country(stage: Stage) -> None:
    """A national number is nobody's in all of them together."""
    stage.configure("order_created", channel_id=CHANNEL + 1, default_country="IT")
    stage.happen("order_created", stage.order("o7", shipping=None))
    stage.run()
    assert "<span>#7" not in post(stage, "/messages", q="512345678")[1]
    assert "<span>#7" in post(stage, "/messages", q="512345678", channel="channel-1")[1]
    assert "<span>#7" in post(stage, "/messages", q="48512345678")[1]


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("pl", ";"), ("it", ";")])
def test_the_file_is_split_as_its_reader_splits_it(
    stage: Stage, language: str, delimiter: str
) -> None:
    """Every cell in quotation marks, and none a formula, split either way."""
    stage.configure("order_created", text_order_created="Hi {{ customer.first_name }}")
    buyer = replace(BUYER, first_name="x;=1+1,=2+2")
    stage.happen("order_created", stage.order(billing=buyer, shipping=None))
    stage.run()
    _, text, _ = asked(stage, "POST", "/messages.csv", "staff", {}, {"Accept-Language": language})
    file = text.removeprefix("\ufeff")
    assert file.startswith(f'"created_at"{delimiter}"event"{delimiter}"status"')
    [row] = csv.DictReader(io.StringIO(file, newline=""), delimiter=delimiter)
    assert row["body"] == "Hi x;'=1+1,'=2+2"
    for each in ",;":
        rows = csv.reader(io.StringIO(file, newline=""), delimiter=each)
        assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")] == []
