"""What storefronts write about consent: what counts, for whom, from when, and only once."""

from __future__ import annotations

import datetime as dt
import json
import threading
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain import boxes as stated
from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Scope
from saleor_sms_plugin.models import ConsentBox, ConsentEntry
from saleor_sms_plugin.ports import Address, Box, Checkout, Customer
from saleor_sms_plugin.services import (
    box_faults,
    boxes,
    channels,
    consent_files,
    ledger,
    opting,
    status,
)
from saleor_sms_plugin.services.ledger import Deed, Source

from .stage import BUYER, CHANNEL, RECEIVER, RUN, Stage

pytestmark = pytest.mark.django_db(transaction=True)  # a hook leaves all to the commit
WORDING = "Yes, text me offers of Acme. Not needed to buy. STOP ends it."


@pytest.fixture
def shop(stage: Stage) -> Stage:
    """The shop, active."""
    stage.configure("order_created")
    stage.clock.move(minutes=1)
    return stage


def cart(stage: Stage, name: str = "c1", **changes: Any) -> Checkout:
    """Anna's cart, begun now."""
    values: dict[str, Any] = {
        "id": name, "channel_id": CHANNEL, "channel_slug": "channel-1", "language": "en",
        "created_at": stage.clock.now(), "currency": "EUR", "total": Decimal("99.90"),
        "item_count": 3, "billing": BUYER, "shipping": RECEIVER, "lines": "aaaa",
    }  # fmt: skip
    return stage.shop.put_checkout(Checkout(**(values | changes)))


def box(of: Checkout, **values: str) -> Box:
    """What stands on this checkout."""
    return Box(
        source="checkout", subject_id=of.id, since=of.created_at, channel_id=CHANNEL, values=values
    )


def see(stage: Stage, seen: Box, *, changed: bool = True) -> None:
    """A hook sees it, and a worker runs."""
    boxes.hear(lambda: seen, stage.ports, changed=changed)
    stage.run()


def acts() -> list[tuple[str, str, str]]:
    """(number, scope, act) of every entry, oldest first."""
    return list(ConsentEntry.objects.order_by("pk").values_list("number", "scope", "act"))


def stands(stage: Stage, scope: Scope = Scope.OFFERS, number: str = BUYER.phone) -> bool:
    """A permission holds in the channel."""
    channel = channels.load(stage.ports)[CHANNEL]
    where = ledger.read([number]).standing(number, scope, channel)
    return where.given is not None and where.stopped is None


def stop(stage: Stage, source: Source = Source.STAFF) -> None:
    deed = Deed(number=BUYER.phone, scopes=EVERYTHING, act=Act.WITHDRAWN, source=source)
    opting.opt_out([deed], stage.ports)


def test_a_ticked_box_is_consent_with_its_proof(shop: Stage) -> None:
    """Number of the billing address, scope, wording, language, IP and the instant of the act."""
    left = cart(shop)
    see(shop, box(left, sms_offers="true", sms_wording=WORDING, sms_language="en", sms_ip="::1"))
    entry = ConsentEntry.objects.get()
    assert (entry.number, entry.scope, entry.act, entry.basis) == (
        BUYER.phone, "offers", "given", "express_written",
    )  # fmt: skip
    assert (entry.source, entry.wording, entry.language, entry.ip) == (
        "checkout", WORDING, "en", "::1",
    )  # fmt: skip
    assert (entry.occurred_at, entry.channel_id) == (shop.clock.now(), CHANNEL)
    assert ConsentBox.objects.get().process_at is None


def test_without_the_wording_it_is_only_express(shop: Stage) -> None:
    """What nobody can show was read is worth less."""
    see(shop, box(cart(shop), sms_offers="true"))
    assert ConsentEntry.objects.get().basis == "express"


def test_both_scopes_are_two_acts(shop: Stage) -> None:
    """Each is withdrawn by itself."""
    see(shop, box(cart(shop), sms_offers="true", sms_cart_reminders="true"))
    assert acts() == [
        (BUYER.phone, "offers", "given"), (BUYER.phone, "cart_reminders", "given"),
    ]  # fmt: skip


def test_a_hook_stores_one_row_and_the_same_again_none(shop: Stage) -> None:
    """Saleor repeats itself; a nudge goes with what is new only."""
    seen = box(cart(shop), sms_offers="true")
    before = shop.wake.nudges
    for _ in range(3):
        boxes.hear(lambda: seen, shop.ports)
    assert (ConsentBox.objects.count(), shop.wake.nudges - before) == (1, 1)


def test_hooks_that_see_one_box_at_once_store_one_row(shop: Stage) -> None:
    """The second one waits for the first and finds its row."""
    seen = box(cart(shop), sms_offers="true")

    def hear_in_a_thread() -> None:
        try:
            boxes.hear(lambda: seen, shop.ports)
        finally:
            connection.close()

    hooks = [threading.Thread(target=hear_in_a_thread) for _ in range(4)]
    for hook in hooks:
        hook.start()
    for hook in hooks:
        hook.join()
    assert ConsentBox.objects.count() == 1


def test_a_hook_that_fails_hurts_nobody(shop: Stage) -> None:
    """Law 1."""

    def broken() -> Box:
        raise RuntimeError("no metadata")

    boxes.hear(broken, shop.ports)
    assert ConsentBox.objects.count() == 0


def test_a_true_still_standing_after_a_stop_is_no_new_act(shop: Stage) -> None:
    """Whatever else is written on the checkout, and however often: the stop holds."""
    left = cart(shop)
    see(shop, box(left, sms_offers="true"))
    shop.clock.move(minutes=5)
    stop(shop)
    shop.clock.move(minutes=5)
    see(shop, box(left, sms_offers="true"))
    see(shop, box(left, sms_offers="true", sms_language="pl"))
    assert not stands(shop)


def test_a_true_first_seen_after_a_stop_proves_only_the_checkouts_beginning(shop: Stage) -> None:
    """It may have stood there since before the stop; the checkout was begun before it."""
    left = cart(shop)
    shop.clock.move(minutes=5)
    stop(shop)
    shop.clock.move(minutes=5)
    see(shop, box(left, sms_offers="true"))
    assert not stands(shop)


def test_a_true_on_a_checkout_begun_after_the_stop_counts(shop: Stage) -> None:
    """It cannot have stood there before."""
    stop(shop, Source.CHECKOUT)
    shop.clock.move(minutes=5)
    see(shop, box(cart(shop), sms_offers="true"))
    assert stands(shop)


@pytest.mark.parametrize("source", [Source.REPLY, Source.PAGE, Source.STAFF])
def test_after_a_stop_from_the_phone_or_by_staff_a_box_counts_once_it_is_confirmed(
    shop: Stage, source: Source
) -> None:
    """Anyone can tick a box with a stranger's number; staff have proof."""
    stop(shop, source)
    shop.clock.move(minutes=5)
    see(shop, box(cart(shop), sms_offers="true"))
    assert not stands(shop)
    shop.clock.move(minutes=5)
    see(shop, box(cart(shop, "c2"), sms_offers="false"))
    see(shop, box(cart(shop, "c3"), sms_offers="true"))
    assert not stands(shop)
    given = Deed(
        number=BUYER.phone, scopes=MARKETING, act=Act.GIVEN, source=Source.STAFF,
        at=shop.clock.now(),
    )  # fmt: skip
    ledger.put([given], shop.ports)
    assert stands(shop)


def test_an_instant_after_the_stop_counts_on_any_checkout(shop: Stage) -> None:
    """The storefront says when the box was ticked."""
    left = cart(shop)
    stop(shop, Source.CHECKOUT)
    shop.clock.move(minutes=5)
    see(shop, box(left, sms_offers=shop.clock.now().isoformat()))
    assert stands(shop)


@pytest.mark.parametrize(
    ("minutes", "error"),
    [(6, "in the future"), (-6, "before the checkout was begun")],
)
def test_an_impossible_instant_is_refused(shop: Stage, minutes: int, error: str) -> None:
    """In the future, or before the checkout existed: the error says so, the rest is taken."""
    at = shop.clock.now() + dt.timedelta(minutes=minutes)
    see(shop, box(cart(shop), sms_offers=at.isoformat(), sms_cart_reminders="true"))
    assert error in ConsentBox.objects.get().error
    assert acts() == [(BUYER.phone, "cart_reminders", "given")]


def test_what_cannot_be_read_says_how_to_write_it(shop: Stage) -> None:
    """Neither true nor false nor an instant."""
    see(shop, box(cart(shop), sms_offers="maybe"))
    assert "Write the instant" in ConsentBox.objects.get().error
    assert acts() == []


def test_a_box_left_unticked_is_no_act(shop: Stage) -> None:
    """Many forms write false for it: what was given elsewhere holds."""
    see(shop, box(cart(shop), sms_offers="true"))
    shop.clock.move(minutes=5)
    see(shop, box(cart(shop, "c2"), sms_offers="false"))
    assert acts() == [(BUYER.phone, "offers", "given")]


def test_unticking_what_was_ticked_withdraws_it(shop: Stage) -> None:
    """On the same checkout."""
    left = cart(shop)
    see(shop, box(left, sms_offers="true"))
    shop.clock.move(minutes=1)
    see(shop, box(left, sms_offers="false"))
    assert acts()[1:] == [(BUYER.phone, "offers", "withdrawn")]
    assert not stands(shop)


def test_a_box_waits_for_a_phone(shop: Stage) -> None:
    """Ticked in the first step of the checkout, the address comes in the third."""
    left = cart(shop, billing=None, shipping=None)
    see(shop, box(left, sms_offers="true"))
    assert (acts(), ConsentBox.objects.get().error) == ([], "")
    shop.clock.move(minutes=3)
    shop.shop.put_checkout(left, billing=BUYER)
    shop.run()
    assert acts() == [(BUYER.phone, "offers", "given")]


def test_a_box_without_a_phone_ends_after_a_day(shop: Stage) -> None:
    """With its error; few looks until then."""
    see(shop, box(cart(shop, billing=None, shipping=None), sms_offers="true"))
    looks = 0
    while (row := ConsentBox.objects.get()).process_at:
        shop.clock.move(seconds=(row.process_at - shop.clock.now()).total_seconds())
        boxes.run(shop.ports, shop.clock.now() + RUN)
        looks += 1
    assert (row.error, acts()) == ("The order has no phone number.", [])
    assert dt.timedelta(days=1) <= shop.clock.now() - row.seen_at < dt.timedelta(hours=37)
    assert looks < 25


def test_the_shipping_phone_is_the_second_choice(shop: Stage) -> None:
    """As the reminder itself would go."""
    see(shop, box(cart(shop, billing=None), sms_offers="true"))
    assert acts() == [(RECEIVER.phone, "offers", "given")]


def test_a_phone_of_its_own_counts_before_addresses(shop: Stage) -> None:
    """A form that asks for a phone beside the box."""
    see(shop, box(cart(shop), sms_offers="true", sms_phone="601 111 222"))
    assert acts() == [("+48601111222", "offers", "given")]


def test_a_landline_ends_the_box(shop: Stage) -> None:
    """Nobody texts it."""
    see(shop, box(cart(shop), sms_offers="true", sms_phone="+48223456789"))
    assert "landline" in ConsentBox.objects.get().error
    assert acts() == []


def test_planning_reads_what_no_hook_told_of(shop: Stage) -> None:
    """The order carries the checkout's box; undated it proves no more than the beginning."""
    since = shop.clock.now() - dt.timedelta(days=90)
    missed = Box(
        source="checkout", subject_id="c1", since=since, channel_id=CHANNEL,
        values={"sms_offers": "true", "sms_wording": WORDING},
    )  # fmt: skip
    order = shop.order("o1", boxes=(missed,))
    shop.shop.became["c1"] = order.id
    shop.happen("order_created", order)
    shop.run()
    assert acts() == [(BUYER.phone, "offers", "given")]
    assert ConsentEntry.objects.get().occurred_at == since


def test_a_hook_and_planning_are_one_act(shop: Stage) -> None:
    """The same box, seen twice."""
    left = cart(shop)
    seen = box(left, sms_offers="true")
    see(shop, seen)
    order = shop.order("o1", boxes=(replace(seen, since=seen.since - dt.timedelta(days=90)),))
    shop.shop.complete(left, order)
    shop.happen("order_created", order)
    shop.run()
    assert (len(acts()), ConsentBox.objects.count()) == (1, 1)


def account(stage: Stage, **values: str) -> Customer:
    """Anna's account, a year old."""
    since = stage.clock.now() - dt.timedelta(days=365)
    standing = Box(source="customer", subject_id="7", since=since, values=values)
    customer = Customer(id="7", language="en", billing=BUYER, boxes=(standing,))
    stage.shop.customer_accounts["7"] = customer
    return customer


def test_an_account_counts_in_every_channel(shop: Stage) -> None:
    """As the account does; a sweep finds it, as Saleor calls no hook for it."""
    account(shop, sms_offers=shop.clock.now().isoformat())
    boxes.sweep(shop.ports)
    shop.run()
    entry = ConsentEntry.objects.get()
    assert (entry.source, entry.channel_id, entry.number) == ("customer", None, BUYER.phone)


def test_an_undated_true_on_an_account_is_as_old_as_the_account(shop: Stage) -> None:
    """Anything may have changed it since."""
    customer = account(shop, sms_offers="true")
    boxes.sweep(shop.ports)
    shop.run()
    entry = ConsentEntry.objects.get()
    assert (entry.occurred_at, entry.seen_at) == (customer.boxes[0].since, shop.clock.now())


def test_an_undated_act_has_no_invented_day(shop: Stage) -> None:
    """Shown and exported it lies between two instants; one that is dated has its day."""
    account(shop, sms_offers="true", sms_cart_reminders=shop.clock.now().isoformat())
    boxes.sweep(shop.ports)
    shop.run()
    seen = f"{shop.clock.now():%Y-%m-%d %H:%M} UTC"
    since = f"{shop.clock.now() - dt.timedelta(days=365):%Y-%m-%d %H:%M} UTC"
    out = StringIO()
    call_command("sms_consent", "show", BUYER.phone, stdout=out)
    assert f"on a day not known, seen {seen}; not before {since} given offers" in out.getvalue()
    assert f"{seen} given cart_reminders" in out.getvalue()
    undated, dated = sorted(
        consent_files.given_out(shop.ports), key=lambda act: act["scope"], reverse=True
    )
    assert (undated["given_at"], undated["seen_at"]) == ("", shop.clock.now().isoformat())
    assert undated["not_before"][:10] == since[:10]
    assert (dated["given_at"], dated["not_before"], dated["seen_at"]) == (
        shop.clock.now().isoformat(), "", "",
    )  # fmt: skip


def test_a_no_on_an_account_withdraws_what_was_given_anywhere(shop: Stage) -> None:
    """It is a setting, not a box that a form begins with."""
    see(shop, box(cart(shop), sms_offers="true"))
    shop.clock.move(minutes=1)
    account(shop, sms_offers="false")
    boxes.sweep(shop.ports)
    shop.run()
    assert acts()[1:] == [(BUYER.phone, "offers", "withdrawn")]


def of_account(stage: Stage, billing: Address | None = BUYER, **values: str) -> Box:
    """What stands on Anna's account, whose address is this now."""
    stage.clock.move(minutes=5)
    customer = replace(account(stage, **values), billing=billing)
    stage.shop.customer_accounts["7"] = customer
    return customer.boxes[0]


def now_of(stage: Stage) -> str:
    return stage.clock.now().isoformat()


@pytest.mark.parametrize("first", ["false", ""])
def test_every_change_back_is_an_act(shop: Stage, first: str) -> None:
    """On, off, on, off: the second no withdraws as the first did."""
    for value in (first, now_of(shop), "false", "true", "false"):
        see(shop, of_account(shop, sms_offers=value))
    assert [act for _, _, act in acts()] == ["given", "withdrawn", "given", "withdrawn"]
    assert not stands(shop)


def test_a_true_written_after_a_false_is_a_new_act(shop: Stage) -> None:
    """It cannot have stood there since before."""
    left = cart(shop)
    for value in ("true", "false", "true"):
        see(shop, box(left, sms_offers=value))
        shop.clock.move(minutes=5)
    assert stands(shop)


def test_a_form_that_begins_with_false_can_be_unticked(shop: Stage) -> None:
    """On a checkout as on an account."""
    left = cart(shop)
    for value in ("false", now_of(shop), "false"):
        see(shop, box(left, sms_offers=value))
        shop.clock.move(minutes=5)
    assert [act for _, _, act in acts()] == ["given", "withdrawn"]


@pytest.mark.parametrize("billing", [RECEIVER, None])
def test_a_no_stops_every_number_that_the_box_gave_a_permission_for(
    shop: Stage, billing: Address | None
) -> None:
    """Whatever phone stands on the account today, or none."""
    see(shop, of_account(shop, sms_offers="true"))
    see(
        shop,
        of_account(shop, billing=replace(BUYER, phone="+48600100100"), sms_offers=now_of(shop)),
    )
    see(shop, of_account(shop, billing=billing, sms_offers="false"))
    assert sorted(acts()[2:]) == [
        (BUYER.phone, "offers", "withdrawn"), ("+48600100100", "offers", "withdrawn"),
    ]  # fmt: skip


def test_a_no_needs_no_active_channel(shop: Stage) -> None:
    """And no settings at all."""
    see(shop, of_account(shop, sms_offers="true"))
    shop.configure("order_created", active=False)
    see(shop, of_account(shop, sms_offers="false"))
    assert not stands(shop)
    see(shop, box(left := cart(shop), sms_offers="true"))
    shop.shop.channels.clear()
    shop.clock.move(minutes=5)
    see(shop, box(left, sms_offers="false"))
    assert acts()[-1] == (BUYER.phone, "offers", "withdrawn")


def test_an_accounts_yes_waits_for_an_active_channel(shop: Stage) -> None:
    """Then it counts from when it was ticked."""
    shop.configure("order_created", active=False)
    at = now_of(shop)
    see(shop, of_account(shop, sms_offers=at))
    assert (acts(), ConsentBox.objects.get().error) == ([], "")
    shop.clock.move(days=3)
    shop.configure("order_created")
    shop.later(days=1)
    assert ConsentEntry.objects.get().occurred_at.isoformat() == at


@pytest.mark.parametrize("value", ["no", "0", "off", "False", "", "maybe"])
def test_what_is_not_clearly_a_yes_takes_one_back(shop: Stage, value: str) -> None:
    """Whoever cannot be understood has not agreed."""
    see(shop, of_account(shop, sms_offers="true"))
    see(shop, of_account(shop, sms_offers=value))
    assert not stands(shop)


@pytest.mark.parametrize("sweeps", [True, False])
def test_a_removed_key_takes_a_yes_back(shop: Stage, sweeps: bool) -> None:
    """A sweep finds it, or planning."""
    see(shop, of_account(shop, sms_offers="true"))
    gone = of_account(shop)
    assert gone.values == {}
    if sweeps:
        boxes.sweep(shop.ports)
    else:
        shop.happen("order_created", shop.order(boxes=(gone,)))
    shop.run()
    assert not stands(shop)


def test_accounts_that_never_said_anything_leave_no_row(shop: Stage) -> None:
    """Nor do carts."""
    of_account(shop)
    boxes.sweep(shop.ports)
    shop.happen("order_created", shop.order(boxes=(box(cart(shop)),)))
    shop.run()
    assert ConsentBox.objects.count() == 0


def test_a_yes_unticked_while_it_waited_for_a_phone_is_none(shop: Stage) -> None:
    """The phone that came too late changes nothing."""
    left = cart(shop, billing=None, shipping=None)
    see(shop, box(left, sms_offers="true"))
    see(shop, box(left, sms_offers="false"))
    shop.shop.put_checkout(left, billing=BUYER)
    shop.later(minutes=5)
    assert acts() == []
    assert ConsentBox.objects.filter(process_at__isnull=False).count() == 0


def told(stage: Stage, channel_id: int = CHANNEL) -> list[str]:
    """What the form's status says of boxes."""
    lines = status.status_of(channel_id, stage.ports).splitlines()
    return [line for line in lines if "consent boxes" in line]


def test_what_could_not_be_read_is_shown_where_an_owner_looks(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many of how many, the newest with its reason and how to mend it, in one line."""
    monkeypatch.setattr(wiring, "ports", lambda: shop.ports)
    shop.configure("order_created", channel_id=2)
    see(shop, box(cart(shop, "c0"), sms_offers="true"))
    assert told(shop) == []
    see(shop, box(cart(shop), sms_offers="yes, please"))
    shop.clock.move(minutes=1)
    at = f"{shop.clock.now():%Y-%m-%d %H:%M} UTC"
    see(shop, box(cart(shop, "c2"), sms_offers="ja\nLive since 2020"))
    sentence = (
        "2 of the last 3 consent boxes could not be read and count for nothing, the newest of "
        f"{at} on checkout c2: sms_offers: “ja Live since 2020” is neither true nor false nor an "
        "instant. Write the instant of the act, such as 2026-03-01T12:00:00Z."
    )
    assert (told(shop), told(shop, 2)) == ([sentence], [])
    out = StringIO()
    call_command("sms_status", stdout=out)
    assert sentence in out.getvalue().splitlines()
    call_command("sms_status", "--json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())["box_faults"]["count"] == 2
    shop.clock.move(days=7, seconds=1)
    assert told(shop) == []


def test_a_customers_phone_is_no_fault_of_the_storefront(shop: Stage) -> None:
    """Nobody can mend it there; without settings of the channel somebody can."""
    see(shop, box(cart(shop), sms_offers="true", sms_phone="+48223456789"))
    see(shop, box(cart(shop, "c2"), sms_offers="true", sms_phone="123"))
    assert [bool(row.error) for row in ConsentBox.objects.all()] == [True, True]
    assert told(shop) == []
    see(shop, replace(of_account(shop, sms_offers="x"), channel_id=None))
    assert "on customer 7: sms_offers: “x”" in told(shop)[0]


def test_a_box_that_fails_within_is_shown_as_such(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again; the log has more."""

    def broken(values: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(stated, "statements", broken)
    see(shop, box(cart(shop), sms_offers="true"))
    assert told(shop)[0].endswith(
        "on checkout c1: An unexpected error (RuntimeError), see the log; it is tried again."
    )


def test_a_storefront_that_errs_always_costs_two_statements(
    shop: Stage, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """The newest boxes are looked at, however many there are."""
    monkeypatch.setattr(box_faults, "LAST", 5)
    for number in range(8):
        see(shop, box(cart(shop, f"c{number}"), sms_offers="x"))
    with django_assert_num_queries(2):
        found = box_faults.of(shop.ports, CHANNEL)
    assert found is not None
    assert (found.looked_at, found.count, found.subject_id) == (5, 5, "c7")


#: where texts were ended 5 minutes ago → what is written now, on what → whether it counts
LATER = [
    ("checkout", "the same checkout", "true", True),
    ("checkout", "the same checkout", "before the stop", False),
    ("checkout", "the same checkout", "after the stop", True),
    ("checkout", "a checkout begun before", "true", False),
    ("checkout", "a checkout begun before", "before the stop", False),
    ("checkout", "a checkout begun before", "after the stop", True),
    ("checkout", "a checkout begun after", "true", True),
    ("checkout", "the account", "after the stop", False),
    ("account", "the account", "true", True),
    ("account", "the account", "before the stop", False),
    ("account", "the account", "after the stop", True),
    ("account", "another account", "true", False),
    ("account", "another account", "after the stop", False),
    ("account", "a checkout begun after", "true", False),
    ("account", "a checkout begun after", "after the stop", False),
    ("reply", "the same checkout", "true", False),
    ("reply", "the same checkout", "after the stop", False),
    ("reply", "a checkout begun after", "true", False),
    ("reply", "the account", "after the stop", False),
]


@pytest.mark.parametrize(("ended", "on", "value", "counts"), LATER)
def test_after_a_stop_only_a_later_act_of_its_own_hand_counts(
    shop: Stage, ended: str, on: str, value: str, counts: bool
) -> None:
    """Whatever still stands, or is dated earlier, is none; nor is what a stranger can write, but
    for a box at a checkout, which is ticked and unticked until the order is placed."""
    begun = shop.clock.now()

    def write(on: str, said: str) -> None:
        source, name, since = {
            "the same checkout": ("checkout", "c1", begun),
            "a checkout begun before": ("checkout", "c2", begun),
            "a checkout begun after": ("checkout", "c3", shop.clock.now()),
            "the account": ("customer", "7", begun - dt.timedelta(days=365)),
            "another account": ("customer", "8", begun - dt.timedelta(days=365)),
        }[on]
        channel_id = CHANNEL if source == "checkout" else None
        seen = Box(
            source=source, subject_id=name, since=since, channel_id=channel_id,
            values={"sms_offers": said},
        )  # fmt: skip
        if source == "checkout":
            cart(shop, name, created_at=since, boxes=(seen,))
        else:
            shop.shop.customer_accounts[name] = Customer(
                id=name, language="en", billing=BUYER, boxes=(seen,)
            )
        see(shop, seen)
        shop.clock.move(minutes=5)

    own = "the account" if ended == "account" else "the same checkout"
    write(own, "true")
    if ended == "reply":
        stop(shop, Source.REPLY)
        shop.clock.move(minutes=5)
    else:
        write(own, "false")
    assert not stands(shop)
    ago = {"true": None, "before the stop": 6, "after the stop": 4}[value]
    write(on, (shop.clock.now() - dt.timedelta(minutes=ago)).isoformat() if ago else value)
    assert stands(shop) is counts


def test_a_box_that_fails_is_logged_without_its_words(
    shop: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Kind and place; an error may quote what was written (law 10)."""

    def broken(values: object) -> None:
        raise RuntimeError(f"cannot read {values}")

    monkeypatch.setattr(stated, "statements", broken)
    see(shop, box(cart(shop), sms_offers="true", sms_phone="+48600100100"))
    [said] = [each for each in caplog.records if each.name.endswith("boxes")]
    row = ConsentBox.objects.get()
    assert said.getMessage() == f"Box {row.pk} on a checkout could not be read: RuntimeError"
    assert (said.exc_info, "600100100" in caplog.text) == (None, False)


def test_a_box_that_cannot_be_read_holds_up_no_other(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again; the next one is in the ledger."""
    see_both = [box(cart(shop, name), sms_offers="true") for name in ("c1", "c2")]
    for seen in see_both:
        boxes.hear(lambda seen=seen: seen, shop.ports)  # type: ignore[misc]
    real = stated.statements

    def broken_once(values: dict[str, str]) -> None:
        monkeypatch.setattr(stated, "statements", real)
        raise RuntimeError

    monkeypatch.setattr(stated, "statements", broken_once)
    shop.run()
    assert sorted(ConsentBox.objects.values_list("error", flat=True)) == ["", "RuntimeError"]
    assert len(acts()) == 1
    shop.later(minutes=5)
    assert len(acts()) == 2


def test_of_another_shop_nothing_is_written(shop: Stage) -> None:
    """A channel without settings: the error says so."""
    see(shop, replace(box(cart(shop), sms_offers="true"), channel_id=99))
    assert "no settings" in ConsentBox.objects.get().error


def test_the_marketing_scopes_are_those_of_boxes() -> None:
    """A storefront can state each of them, and nothing else."""
    assert tuple(stated.SCOPES.values()) == MARKETING
