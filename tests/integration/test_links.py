"""Links are keys: what they lead to, when they end, who is counted, and who is kept out."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import RequestFactory

from saleor_sms_plugin.domain.storefront_patterns import fill, host_of
from saleor_sms_plugin.models import Link, WrongToken
from saleor_sms_plugin.models.link import new_token
from saleor_sms_plugin.ports import Address, Checkout, FailureKind, Order, PaymentFailure
from saleor_sms_plugin.services import channels, failures, links, saving, suppression
from saleor_sms_plugin.services.record import record
from saleor_sms_plugin.web import links as page
from saleor_sms_plugin.web import router
from tests.integration.stage import BUYER, CHANNEL, Stage

STORE = "https://shop.example.com"
PATTERNS = (
    f"recovery_url = {STORE}/cart?t={{{{ checkout.token }}}}\n"
    f"retry_url = {STORE}/pay/{{{{ order.id }}}}\n"
    f"order_url = {STORE}/order/{{{{ order.token }}}}\n"
    "link_base = https://shop.example.com/s\n"
)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
ITALIAN = Address(phone="+393471234567", country="IT")
FIRST = "checkout_abandoned"
TOKEN = re.compile(r"https://shop\.example\.com/s/([1-9A-HJ-NP-Za-km-z]{10})(?:\s|$)")


def configure(stage: Stage, *events: str, **values: Any) -> None:
    stage.configure(
        *events,
        **{
            "storefront_url": STORE, "advanced": PATTERNS, "sender_id": "+447700900123",
            "test_numbers": f"{BUYER.phone}, {ITALIAN.phone}, +60123456789, +32470123456",
            "allowed_countries": "PL, IT, MY, BE",
        } | values,
    )  # fmt: skip
    stage.clock.move(minutes=1)


def cart(stage: Stage, **changes: Any) -> Checkout:
    values: dict[str, Any] = {
        "id": "c/1", "channel_id": CHANNEL, "channel_slug": "channel-1", "language": "en",
        "created_at": stage.clock.now(), "currency": "EUR", "total": Decimal("99.90"),
        "item_count": 3, "billing": ITALIAN, "lines": "aaaa",
    }  # fmt: skip
    stage.shop.changed["c/1"] = stage.clock.now()
    return stage.shop.put_checkout(Checkout(**(values | changes)))


def left_behind(stage: Stage, **changes: Any) -> Checkout:
    """A cart's reminder was sent a minute ago."""
    configure(stage, FIRST)
    found = cart(stage, **changes)
    stage.later(minutes=60)
    stage.clock.move(minutes=1)
    return found


def token_in(stage: Stage) -> str:
    found = TOKEN.search(stage.bodies[-1])
    assert found, stage.bodies
    return found[1]


def visit(stage: Stage, token: str, *, method: str = "GET", agent: str = PHONE, **meta: Any) -> Any:
    request = RequestFactory().generic(method, f"/s/{token}", headers={"User-Agent": agent}, **meta)
    return router.answer(request, f"/s/{token}", stage.ports)


def counts(token: str) -> tuple[bool, int]:
    link = Link.objects.get(token=token)
    return link.clicked_at is not None, link.preview_count


def test_a_cart_link_leads_to_the_storefront(stage: Stage) -> None:
    """One redirect to the pattern with the cart's token escaped, and no trace of where from."""
    left_behind(stage)
    token = token_in(stage)
    assert stage.bodies == [
        f"Acme: your cart is saved in our shop: {STORE}/s/{token} Reply STOP to opt out"
    ]
    answer = visit(stage, token)
    assert (answer.status_code, answer["Location"]) == (302, f"{STORE}/cart?t=c%2F1")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert counts(token) == (True, 0)


def test_no_id_of_the_shop_is_in_a_text(stage: Stage) -> None:
    """Neither the cart's nor an order's."""
    left_behind(stage)
    assert "c/1" not in stage.bodies[0]
    assert "c%2F1" not in stage.bodies[0]


def test_without_a_link_base_it_is_under_the_plugins_path(stage: Stage) -> None:
    """Nothing but the pattern has to be set up."""
    recovery = PATTERNS.splitlines()[0]
    configure(stage, FIRST, advanced=recovery)
    cart(stage)
    stage.later(minutes=60)
    base = "https://api.shop.example.com/plugins/saleor_sms_plugin/s/"
    assert stage.bodies[0].startswith(f"Acme: your cart is saved in our shop: {base}")


def test_without_a_pattern_there_is_no_link(stage: Stage) -> None:
    """The variable is absent, and no row is made."""
    configure(stage, FIRST, advanced="")
    cart(stage)
    stage.later(minutes=60)
    assert stage.bodies == ["Acme: your cart is saved in our shop. Reply STOP to opt out"]
    assert Link.objects.count() == 0


def test_a_text_that_does_not_use_a_link_makes_none(stage: Stage) -> None:
    """Nobody can follow what nobody was sent."""
    configure(stage, "order_created")
    stage.happen("order_created", stage.order())
    stage.run()
    assert (len(stage.bodies), Link.objects.count()) == (1, 0)


def test_tokens_are_long_and_random() -> None:
    """Ten base58 characters, none that looks like another, never twice."""
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{10}", token) for token in tokens)


def test_clicks_are_counted_once_and_apart_from_programs(stage: Stage) -> None:
    """HEAD, prefetch, known agents and none are previews; the first person is the click."""
    left_behind(stage)
    token = token_in(stage)
    assert visit(stage, token, method="HEAD").status_code == 302
    for agent in ("facebookexternalhit/1.1", "WhatsApp/2.2", "Googlebot/2.1", "curl/8", ""):
        assert visit(stage, token, agent=agent).status_code == 302
    visit(stage, token, HTTP_SEC_PURPOSE="prefetch;prerender")
    assert counts(token) == (False, 7)
    for _ in range(3):
        visit(stage, token)
    assert counts(token) == (True, 7)


def test_a_click_within_seconds_of_sending_is_a_program(stage: Stage) -> None:
    """Up to 5 seconds nobody has read it; then they may have."""
    configure(stage, FIRST)
    cart(stage)
    stage.later(minutes=60)
    token = token_in(stage)
    stage.clock.move(seconds=4)
    visit(stage, token)
    assert counts(token) == (False, 1)
    stage.clock.move(seconds=1)
    visit(stage, token)
    assert counts(token) == (True, 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 302),
        ({"lines": "bbbb"}, 302),
        ({"charged": Decimal("99.90")}, 410),
        ({"authorized": Decimal("99.90")}, 410),
        ({"charged": Decimal("99.89")}, 302),
        ({"total": Decimal(0)}, 302),
    ],
)
def test_it_ends_at_payment(stage: Stage, change: dict[str, Any], status: int) -> None:
    """Covered by what was charged or reserved; a changed cart is still the person's."""
    left = left_behind(stage)
    stage.shop.put_checkout(left, **change)
    assert visit(stage, token_in(stage)).status_code == status


def test_it_ends_with_purchase_expiry_opt_out_erasure_and_deletion(stage: Stage) -> None:
    """Each answers 410 without an address, and counts nobody."""
    left = left_behind(stage)
    token = token_in(stage)
    link = Link.objects.get()
    message = link.message

    suppression.add(message.recipient, stage.ports)
    answer = visit(stage, token)
    assert (answer.status_code, answer.has_header("Location")) == (410, False)
    suppression.remove(message.recipient, stage.ports)
    assert visit(stage, token).status_code == 410  # what ended stays ended

    Link.objects.update(ended_at=None)
    stage.shop.complete(left, stage.order("o1"))
    assert visit(stage, token).status_code == 410

    Link.objects.update(ended_at=None)
    stage.shop.became.clear()
    assert visit(stage, token).status_code == 410

    Link.objects.update(ended_at=None)
    stage.shop.put_checkout(left)
    type(message).objects.update(recipient="")
    assert visit(stage, token).status_code == 410
    assert counts(token) == (False, 0)


def test_it_lasts_seven_days(stage: Stage) -> None:
    """To the second, counted from the sending."""
    left_behind(stage)
    token = token_in(stage)
    stage.clock.move(days=7, minutes=-1, seconds=-1)
    assert visit(stage, token).status_code == 302
    stage.clock.move(seconds=1)
    assert visit(stage, token).status_code == 410


@pytest.mark.parametrize("token", ["123456789A", "zzzzzzzzzz"])
def test_a_guessed_token_leads_nowhere(stage: Stage, token: str) -> None:
    """404, and the guess is counted."""
    answer = visit(stage, token)
    assert (answer.status_code, answer.has_header("Location")) == (404, False)
    assert WrongToken.objects.get().count == 1


@pytest.mark.parametrize("path", ["/s/", "/s/short", "/s/0OIl000000", "/s/a/../b", "/s/%00aaaaaaa"])
def test_what_is_no_token_is_not_looked_up(stage: Stage, path: str) -> None:
    """Letters that base58 does not have, or another length: 404 without a row."""
    request = RequestFactory().get("/")
    assert router.answer(request, path, stage.ports).status_code == 404
    assert WrongToken.objects.count() == 0


def test_who_guesses_is_kept_out_and_who_knows_is_not(stage: Stage) -> None:
    """After 20 wrong tokens in ten minutes no other is tried; a right one leads on, as many
    phones share one address."""
    left_behind(stage)
    token = token_in(stage)
    for _ in range(links.MOST_WRONG):
        assert visit(stage, new_token()).status_code == 404
    assert visit(stage, new_token()).status_code == 429
    assert visit(stage, token).status_code == 302
    assert visit(stage, new_token(), REMOTE_ADDR="203.0.113.7").status_code == 404
    assert all("127.0.0.1" not in row.visitor for row in WrongToken.objects.all())
    stage.clock.move(minutes=10)
    assert visit(stage, new_token()).status_code == 404
    stage.clock.move(minutes=10)
    links.forget_guesses(stage.ports)
    assert WrongToken.objects.count() == 0


def test_other_methods_and_a_lost_database_are_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """405 for what is no reading; 503 where the database is away; never an exception."""
    left_behind(stage)
    assert visit(stage, token_in(stage), method="POST").status_code == 405
    assert visit(stage, "123456789A", method="PUT").status_code == 405

    def lost(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(page, "find", lost)
    assert visit(stage, "123456789A").status_code == 503


def _fail(stage: Stage, order: Order) -> None:
    failure = PaymentFailure(
        reference="transaction_event:1", kind=FailureKind.DECLINED, amount=Decimal("99.90"),
        channel_id=CHANNEL, acted_at=stage.clock.now(), order_id=order.id,
    )  # fmt: skip
    stage.shop.fail("transaction_event", failure, stage.clock.now())
    record(failures.happening(stage.shop.failure_rows["transaction_event"][1]), stage.ports)
    stage.run()
    stage.later(minutes=5)
    stage.clock.move(minutes=1)


def test_paying_again_leads_to_the_order_or_the_cart(stage: Stage) -> None:
    """``retry_url`` names the order; a cart has none, so its own pattern serves."""
    configure(stage, "payment_failed")
    _fail(stage, stage.order("o1", billing=ITALIAN))
    order_link = visit(stage, token_in(stage))
    assert order_link["Location"] == f"{STORE}/pay/T3JkZXI6bzE%3D"  # base64 of Order:o1

    stage.shop.failures.clear()
    stage.shop.failure_rows.clear()
    left = cart(stage)
    _fail_second(stage, left)
    assert visit(stage, token_in(stage))["Location"] == f"{STORE}/cart?t=c%2F1"


def _fail_second(stage: Stage, left: Checkout) -> None:
    failure = PaymentFailure(
        reference="transaction_event:2", kind=FailureKind.DECLINED, amount=Decimal("1"),
        channel_id=CHANNEL, acted_at=stage.clock.now(), checkout_id=left.id,
    )  # fmt: skip
    stage.shop.fail("transaction_event", failure, stage.clock.now())
    record(failures.happening(stage.shop.failure_rows["transaction_event"][2]), stage.ports)
    stage.run()
    stage.later(minutes=5)
    stage.clock.move(minutes=1)


@pytest.mark.parametrize(
    ("change", "status"),
    [({}, 302), ({"charged": Decimal("99.90")}, 410), ({"status": "canceled"}, 410)],
)
def test_paying_again_ends_when_there_is_nothing_to_pay(
    stage: Stage, change: dict[str, Any], status: int
) -> None:
    """Paid or cancelled."""
    configure(stage, "payment_failed")
    order = stage.order("o1", billing=ITALIAN)
    _fail(stage, order)
    stage.change(order, **change)
    assert visit(stage, token_in(stage)).status_code == status


def test_an_orders_page_outlives_its_payment(stage: Stage) -> None:
    """``order.url`` is no payment link: paid or not, it ends with its days."""
    configure(stage, "order_created", text_order_created="Acme {{ order.url }}")
    order = stage.order("o1", billing=ITALIAN)
    stage.happen("order_created", order)
    stage.run()
    stage.change(order, charged=Decimal("99.90"))
    stage.clock.move(minutes=1)
    assert visit(stage, token_in(stage))["Location"] == f"{STORE}/order/o1"


@pytest.mark.parametrize("phone", ["+60123456789", "+32470123456"])
def test_some_countries_get_the_text_without(stage: Stage, phone: str) -> None:
    """Networks of Malaysia and Belgium take no links of ours."""
    configure(stage, FIRST)
    cart(stage, billing=Address(phone=phone, country="IT"))
    stage.later(minutes=60)
    assert stage.bodies == ["Acme: your cart is saved in our shop. Reply STOP to opt out"]
    assert Link.objects.count() == 0


@pytest.mark.parametrize(("words", "linked"), [("short", True), ("long " * 30, False)])
def test_in_poland_a_link_stands_in_one_segment_or_nowhere(
    stage: Stage, words: str, linked: bool
) -> None:
    """Longer texts with an address are often blocked there."""
    text = words + "{% if checkout.recovery_url %} {{ checkout.recovery_url }}{% endif %}"
    configure(stage, FIRST, **{f"text_{FIRST}": text})
    cart(stage, billing=BUYER)
    stage.later(minutes=60)
    assert (f"{STORE}/s/" in stage.bodies[0]) is linked


def test_another_try_of_a_text_has_the_same_link(stage: Stage) -> None:
    """One link of a kind per text, whatever happened to its first try."""
    left_behind(stage)
    link = Link.objects.select_related("message").get()
    channel = channels.load(stage.ports)[CHANNEL]
    again = links.urls_for(link.message, channel, ["checkout.recovery_url"])
    assert again == {"checkout.recovery_url": f"{STORE}/s/{link.token}"}
    assert Link.objects.count() == 1


@pytest.mark.parametrize(
    ("advanced", "storefront", "said"),
    [
        (f"recovery_url = {STORE}/{{{{ checkout.token }}}}", STORE, []),
        ("recovery_url = https://evil.example.net/{{ checkout.token }}", STORE,
         ["recovery_url does not lead to your storefront. Write an address on shop.example.com"]),
        ("recovery_url = https://shop.example.com.evil.net/", STORE, ["does not lead to"]),
        ("recovery_url = https://shop.example.com:8443/", STORE, ["does not lead to"]),
        (f"order_url = {STORE}/{{{{ order.id }}}}", "", ["Fill in Storefront address"]),
        ("recovery_url = javascript:alert(1)", STORE, ["does not start with https://"]),
        ("recovery_url = data:text/html,x", STORE, ["does not start with https://"]),
        (f"recovery_url = {STORE}/{{{{ checkout.email }}}}", STORE, ["no variable"]),
        ("abandoned.voucher = NONE", STORE, ["“NONE” is no voucher code"]),
        ("abandoned.delay = 1380\nabandoned.steps = 60 120", STORE, ["must come later"]),
    ],
)  # fmt: skip
def test_a_save_refuses_what_leads_elsewhere(
    stage: Stage, advanced: str, storefront: str, said: list[str]
) -> None:
    """https, the storefront's own host, known variables, a voucher that exists."""
    new: dict[str, object] = {
        "provider": "memory", "sender_id": "Acme", "shop_name": "Acme",
        "allowed_countries": "PL", "storefront_url": storefront, "advanced": advanced,
    }  # fmt: skip
    problems = saving.refusals(new, {}, active=True, channel_id=CHANNEL, ports=stage.ports)
    assert len(problems) == len(said), problems
    assert all(part in str(found) for part, found in zip(said, problems, strict=True))
    assert all(found.field == "advanced" for found in problems)


def test_a_foreign_host_that_was_stored_past_the_form_leads_nowhere(stage: Stage) -> None:
    """SQL and restores bypass the save: the address is judged again at each use."""
    left_behind(stage)
    token = token_in(stage)
    evil = PATTERNS.replace(f"{STORE}/cart", "https://evil.example.net/cart")
    configure(stage, FIRST, advanced=evil)
    assert visit(stage, token).status_code == 410


def test_values_are_escaped_and_hosts_compared_whole() -> None:
    """No value can leave its place in the address."""
    pattern = "https://shop.example.com/a/{{ order.id }}?b={{order.token}}"
    filled = fill(pattern, {"order.id": "../x?y#z", "order.token": "a&b=c d"})
    assert filled == "https://shop.example.com/a/..%2Fx%3Fy%23z?b=a%26b%3Dc%20d"
    assert fill(pattern, {"order.id": "1"}) == ""
    assert host_of("https://Shop.Example.com:8443/x") == "shop.example.com:8443"
    assert host_of("https://[broken") == ""
