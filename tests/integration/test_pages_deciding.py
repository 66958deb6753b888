"""The pages on what is held, on past orders, and on how the accounts at providers are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.callers import Permission
from saleor_sms_plugin.models import Installation, Message, ShopEvent, Throttle
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import held, statistics, storm
from saleor_sms_plugin.services.accounts import key_of
from saleor_sms_plugin.services.channels import load

from .pages import BASE, callers, get, post
from .stage import CHANNEL, Stage

pytestmark = pytest.mark.django_db(transaction=True)

QUIET = "night = off\nflood = off\nstorm = 10x 5\n"
ELSEWHERE = CHANNEL + 1


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Two channels, each of which takes six cancellations an hour for a storm."""
    MemoryProvider.reset()
    stage = Stage()
    for channel in (CHANNEL, ELSEWHERE):
        stage.configure("order_cancelled", channel_id=channel, advanced=QUIET)
    stage.shop.install()
    stage.shop.tokens = callers()
    yield stage
    MemoryProvider.reset()


def hold(stage: Stage, count: int, channel: int = CHANNEL, *, first: int = 1) -> None:
    """So many orders are cancelled at once, and their texts are held."""
    for number in range(first, first + count):
        order = stage.order(f"o{number}", channel_id=channel, channel_slug=f"channel-{channel}")
        stage.happen("order_cancelled", order)
    storm.watch(stage.ports)
    stage.later(minutes=10)


def cards(html: str) -> list[tuple[str, str, str]]:
    """(event, how many, channel) of each storm on the page."""
    found = re.findall(
        r'<h2>([^<]+) <span class="badge">(\d+)</span> <span class="note">([^<]+)</span>', html
    )
    return [(label.strip(), count, channel) for label, count, channel in found]


# ----------------------------------------------------------------------------------------- held


def test_a_storm_says_why_how_many_and_an_example(stage: Stage) -> None:
    """The text is one that its first customer would get."""
    hold(stage, 6)
    html = get(stage, "/held")[1]
    assert cards(html) == [("Order cancelled", "6", "channel-1")]
    assert "6 within an hour, where at most 5 are usual, since" in html
    first, *others = re.findall(r"/messages/\d+\">#(\d+)</a>", html)
    assert len(others) == 2
    assert f"<blockquote>Acme: your order {first} has been cancelled.</blockquote>" in html


def test_nothing_held_is_said(stage: Stage) -> None:
    """As many as usual are no storm."""
    hold(stage, 5)
    html = get(stage, "/held")[1]
    assert cards(html) == []
    assert "Nothing is held." in html


@pytest.mark.parametrize(
    ("answer", "said", "row"),
    [
        ("release", "6 go out now", ("order_cancelled", "sent", "")),
        ("cancel", "6 have ended", ("order_cancelled", "cancelled", "cancelled_by_staff")),
    ],
)
def test_staff_let_a_storm_go_or_end_it(
    stage: Stage, answer: str, said: str, row: tuple[str, str, str]
) -> None:
    """In its own channel only; the page is empty of it then."""
    hold(stage, 6)
    hold(stage, 6, ELSEWHERE, first=11)
    form = {"channel": "channel-1", "source": "order_cancelled", "answer": answer}
    status, html, _ = post(stage, "/held", **form)
    assert (status, said in html) == (200, True)
    assert cards(html) == [("Order cancelled", "6", "channel-2")]
    stage.later(seconds=5)
    assert stage.rows == [row] * 6 + [("order_cancelled", "held", "storm")] * 6


def test_what_is_not_decided_yet_is_let_go_too(stage: Stage) -> None:
    """Recorded events whose texts nobody has planned."""
    hold(stage, 6)
    Message.objects.all().delete()
    later = stage.clock.now() + dt.timedelta(hours=1)
    ShopEvent.objects.update(plan_at=later)
    html = get(stage, "/held")[1]
    assert cards(html) == [("Order cancelled", "6", "channel-1")]
    assert "<b>6</b> <span>not decided yet</span>" in html
    post(stage, "/held", channel="channel-1", source="order_cancelled", answer="release")
    assert ShopEvent.objects.filter(held=True).count() == 0


@pytest.mark.parametrize(
    "wrong", [{"answer": "burn"}, {"source": "nothing"}, {"channel": "channel-9"}, {"channel": ""}]
)
def test_an_answer_that_is_none_is_refused(stage: Stage, wrong: dict[str, str]) -> None:
    """And what is held is held."""
    hold(stage, 6)
    form = {"channel": "channel-1", "source": "order_cancelled", "answer": "release"}
    assert post(stage, "/held", **(form | wrong))[0] == 400
    assert Message.objects.filter(status="held").count() == 6


def test_staff_of_another_channel_neither_see_nor_decide(stage: Stage) -> None:
    """They have their own."""
    hold(stage, 6)
    hold(stage, 7, ELSEWHERE, first=11)
    assert cards(get(stage, "/held", "elsewhere")[1]) == [("Order cancelled", "7", "channel-2")]
    form = {"channel": "channel-1", "source": "order_cancelled", "answer": "cancel"}
    assert post(stage, "/held", "elsewhere", **form)[0] == 400
    assert Message.objects.filter(status="held").count() == 13


def test_held_texts_are_read_in_four_statements(stage: Stage) -> None:
    """However many storms there are."""
    counts = []
    for channel in (CHANNEL, ELSEWHERE):
        hold(stage, 6, channel, first=10 * channel)
        with CaptureQueriesContext(connection) as asked:
            assert len(held.held(stage.ports)) == channel
        counts.append(len(asked))
    assert counts == [4, 4]


# --------------------------------------------------------------------------------- past orders


def tried(stage: Stage, text: str = "", token: str = "staff", **form: str) -> tuple[int, str]:
    given = {"channel": "channel-1", "days": "30", "text_order_cancelled": text} | form
    status, html, _ = post(stage, "/texts/order_cancelled/dry-run", token, **given)
    return status, html


def test_a_text_is_tried_on_past_orders(stage: Stage) -> None:
    """How many would have gone, to where, and which not and why; nothing is stored."""
    for number in range(3):
        stage.order(f"o{number}", status="canceled")
    nobody = Address(phone="", country="PL")
    stage.order("o7", status="canceled", billing=nobody, shipping=None)
    stage.order("o8")
    status, html = tried(stage, "Order {{ order.number }} is cancelled.")
    assert status == 200
    assert (
        "Of 5 orders since 2026-01-31 this happened to 4. Texts that would have gone: 3; "
        "not: 1." in html
    )
    assert '<th scope="row">Poland</th><td>3</td><td>3</td><td>-</td>' in html
    assert "<b>1</b> <span>The order has no phone number.</span>" in html
    assert Message.objects.count() == 0


def test_what_it_would_have_cost_is_told_where_prices_are_known(stage: Stage) -> None:
    """By the prices of the last 30 days."""
    hold(stage, 1)
    Message.objects.update(
        status="delivered", price=Decimal("0.05"), currency="EUR", segment_count=1, country="PL"
    )
    stage.later(minutes=2)
    statistics.roll_up(stage.ports)
    stage.order("o7", status="canceled")
    assert "<td>1</td><td>1</td><td>€0.05</td>" in tried(stage, "Order {{ order.number }}")[1]


def test_a_faulty_text_is_not_tried(stage: Stage) -> None:
    """Its fault is told, as in the preview."""
    status, html = tried(stage, "Order {{ order.nubmer }}")
    assert status == 200
    assert "line 1, column" in html
    assert "would have gone" not in html


def test_a_text_is_tried_only_where_orders_show_it(stage: Stage) -> None:
    """A cart that was left is no order; so many days are not offered; not of another channel."""
    assert (
        f'hx-post="{BASE}/texts/order_cancelled/dry-run"' in get(stage, "/texts/order_cancelled")[1]
    )
    for name in ("checkout_abandoned", "help"):
        assert "dry-run" not in get(stage, f"/texts/{name}")[1]
        assert post(stage, f"/texts/{name}/dry-run", days="7")[0] == 400
    assert tried(stage, days="365")[0] == 400
    assert tried(stage, token="elsewhere")[0] == 400


# --------------------------------------------------------------------------------------- health


def account(stage: Stage, **changes: object) -> None:
    """The row of the channels' account is like this."""
    key = key_of(load(stage.ports)[CHANNEL])
    Throttle.objects.update_or_create(
        key=key, defaults={"next_slot_at": stage.clock.now(), **changes}
    )


def test_an_account_that_is_closed_says_why_and_since_when(stage: Stage) -> None:
    """With what the provider said, and when it is tried again."""
    now = stage.clock.now()
    account(
        stage, closed_for="out_of_credit", closed_since=now - dt.timedelta(hours=2),
        closed_until=now + dt.timedelta(minutes=4), detail="Quota Exceeded", failures=3,
    )  # fmt: skip
    html = get(stage, "/health")[1]
    assert "closed: nothing is sent" in html
    assert "Your account at the provider has no credit. Top it up." in html
    assert 'lang="en">Quota Exceeded<' in html
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>(.*?)</dd>", html, re.DOTALL))
    assert "2026-03-02 10:00 UTC" in facts["Not working since"]
    assert "2026-03-02 12:04 UTC" in facts["Tried again at"]
    assert facts["Failures in a row"] == "3"


def test_an_account_that_is_open_says_what_it_does(stage: Stage) -> None:
    """Its channels, speed and how long answers take; no reason."""
    account(stage, answer_seconds=0.25)
    html = get(stage, "/health")[1]
    assert re.search(r'account-open">open</span> <span class="note">channel-1, channel-2<', html)
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>(.*?)</dd>", html, re.DOTALL))
    assert facts["Answers take"] == "0.25 s"
    assert "Not working since" not in facts
    assert 'class="bad"' not in html


def test_health_counts_what_waits_and_what_went_promptly(stage: Stage) -> None:
    """In the caller's channels; without a text within the hour, no share."""

    def figures(token: str = "staff") -> dict[str, str]:
        return dict(
            re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", get(stage, "/health", token)[1])
        )

    share = "Sent within 10 s, last hour"
    assert figures()[share] == "-"
    hold(stage, 4)
    Message.objects.filter(order_number="4").update(
        sent_at=stage.clock.now() + dt.timedelta(days=1)
    )
    rows = Message.objects.exclude(order_number="4")
    rows.update(sent_at=stage.clock.now(), due_at=stage.clock.now() - dt.timedelta(seconds=10))
    late = Message.objects.get(order_number="4")
    late.sent_at, late.due_at = stage.clock.now(), stage.clock.now() - dt.timedelta(seconds=11)
    late.save()
    assert figures()[share] == "75%"
    assert figures("elsewhere")[share] == "-"


def test_a_worker_that_was_not_seen_for_minutes_is_told(stage: Stage) -> None:
    """And so is beat; who was seen lately is fine."""
    now = stage.clock.now()
    Installation.objects.update_or_create(
        pk=Installation.ONLY,
        defaults={"worker_at": now, "periodic_at": now - dt.timedelta(minutes=6)},
    )
    states = re.findall(
        r'<li class="card (\w+)"><h2>.*?</span> (Celery \w+) ', get(stage, "/health")[1]
    )
    assert states == [("done", "Celery worker"), ("open", "Celery beat")]


def test_a_copied_database_is_told_first(stage: Stage) -> None:
    """Everything is held then."""
    stage.shop.name = "copy"
    assert "This is a copy of a shop" in get(stage, "/health")[1]


def test_the_pages_of_settings_need_their_permission(stage: Stage) -> None:
    """As in the API: storms are for who manages orders, health for who manages plugins."""
    assert get(stage, "/held", Permission.MANAGE_ORDERS)[0] == 200
    assert get(stage, "/held", Permission.MANAGE_PLUGINS)[0] == 403
    assert get(stage, "/health", Permission.MANAGE_PLUGINS)[0] == 200
    assert get(stage, "/health", Permission.MANAGE_ORDERS)[0] == 403
