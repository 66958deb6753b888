"""The pages for staff in a real browser, against a running Saleor with a real staff user.

The pictures that it takes are those of ``docs/``, where DOCS_PICTURES is set.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from saleor_sms_plugin.testing.vonage_server import Caller, VonageServer
from tests.saleor.live import LiveSaleor
from tests.saleor.live.browser import Browser, missing
from tests.saleor.live.conftest import API_SECRET, AT_ONCE
from tests.saleor.live.processes import STAFF
from tests.saleor.live.shop import CHANNEL, LiveShop
from tests.servers import wait_until

pytestmark = [
    pytest.mark.saleor,
    pytest.mark.live,
    pytest.mark.skipif(bool(missing()), reason=f"{missing()} is not installed"),
]

PHONE = "+48512345678"
ELSEWHERE = "channel-pln"  #: the sample shop's other channel
NUMBER = "+447700900123"
NOTHING_SET = {"provider": "console", "api_key": "", "sender_id": "", "signature_secret": ""}


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as browser:
        browser.look(1280, "light")
        yield browser
        assert browser.complaints() == []
        kept = "return [localStorage.length, document.cookie]"
        assert browser.run(kept) == [0, ""]


@pytest.fixture
def untouched(live_saleor: LiveSaleor, vonage: VonageServer) -> Iterator[LiveShop]:
    """The plugin as an owner finds it, but for where texts may go and how soon."""
    shop = LiveShop(live_saleor)
    shop.save(active=False, allowed_countries="PL, GB", advanced=AT_ONCE, **NOTHING_SET)
    shop.save(api_secret=None)
    vonage.requests.clear()
    yield shop
    vonage.call_back("")
    shop.save(active=False)


def page(shop: LiveShop, path: str = "") -> str:
    return f"{shop.saleor.url}/plugins/saleor_sms_plugin/{path}"


def sign_in(browser: Browser, shop: LiveShop, path: str, email: str = STAFF["email"]) -> None:
    browser.open(page(shop, path))
    browser.type("[name=email]", email)
    browser.type("[name=password]", STAFF["password"])
    browser.click("#sign-in-form button")
    browser.finds("#page h1")


def picture(browser: Browser, name: str) -> None:
    """Wide and light, and as narrow as a phone and dark; nothing sticks out of either."""
    for width, theme in ((1280, "light"), (360, "dark")):
        browser.look(width, theme)
        outside = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert browser.run(f"return {outside}") is False
        if folder := os.environ.get("DOCS_PICTURES"):
            time.sleep(0.3)  # the browser paints
            browser.picture(Path(folder) / f"{name}-{width}-{theme}.png")
    browser.look(1280, "light")


def test_from_nothing_to_the_first_delivered_text(
    untouched: LiveShop, vonage: VonageServer, browser: Browser
) -> None:
    """Sign in, the account, a test text, the switch: at most 12 clicks and 5 typed values."""
    shop = untouched
    sign_in(browser, shop, f"start?channel={CHANNEL}")
    browser.shows("Provider connected to do", ".steps")
    picture(browser, "checklist-empty")

    browser.type("[name=api_key]", "key")
    browser.type("[name=api_secret]", API_SECRET)
    browser.click("form.save button")  # the sender is suggested: the shop's name
    browser.shows("Saved.", "#notice")
    browser.shows("Provider connected done", ".steps")

    vonage.call_back(browser.value("input.code"))
    browser.type("[name=number]", PHONE)
    browser.click("[action$='start/test'] button")
    browser.shows("accepted the text", ".steps")

    browser.click("form[data-active=true] button")
    browser.shows("Switched on done", ".steps")
    order = shop.place(PHONE)
    wait_until(
        lambda: shop.decisions(order).get("order_created") == ("delivered", ""),
        60, "the first text to be delivered",
    )  # fmt: skip
    beat = "SELECT id FROM saleor_sms_plugin_installation WHERE periodic_at IS NOT NULL"
    wait_until(lambda: bool(shop.saleor.rows(beat)), 60, "beat to be seen")
    browser.follow("Start")
    browser.shows("Test text arrived done", ".steps")
    browser.shows("Delivery receipts arrive done", ".steps")
    browser.shows("Worker and beat alive done", ".steps")
    browser.shows("All is ready", "#page")
    picture(browser, "checklist-done")
    print(f"    {browser.clicks} clicks, {browser.typed} typed values")
    assert browser.clicks <= 12
    assert browser.typed <= 5


def test_why_an_order_got_no_text(shop: LiveShop, browser: Browser) -> None:
    """The order's number, and the page says it."""
    order = shop.place("")
    wait_until(lambda: bool(shop.decisions(order)), 60, "the order to be decided")
    sign_in(browser, shop, "order")
    browser.type("[name=number]", str(order["number"]), enter=True)
    browser.shows("The order has no phone number.", "#page")
    picture(browser, "order")


def test_a_text_is_mended_and_saved(shop: LiveShop, vonage: VonageServer, browser: Browser) -> None:
    """A mistake is shown while it is typed and refused by a save; what is saved is sent."""
    shop.save(text_order_created="Order {{ order.number }}")
    sign_in(browser, shop, f"texts?channel={CHANNEL}")
    browser.follow("Order received")
    browser.type("textarea", "Thanks for order {{ order.nubmer }}!")
    browser.shows("line 1, column", "#preview")
    browser.click("form.editor button")
    browser.shows("order.nubmer", "#alarm")
    assert shop.form()["text_order_created"] == "Order {{ order.number }}"

    browser.type("textarea", "Thanks for order {{ order.number }}!")
    browser.shows("Thanks for order 123456!", "#preview .bubble")
    picture(browser, "text")
    browser.click("form.editor button")
    browser.shows("Saved.", "#notice")
    order = shop.place(PHONE)
    wait_until(lambda: bool(vonage.accepted), 60, "the text to be sent")
    assert vonage.accepted[-1].body["text"] == f"Thanks for order {order['number']}!"

    # Somebody else saves meanwhile.
    shop.save(text_order_created="Order {{ order.number }}, thanks")
    browser.type("textarea", "Mine {{ order.number }}")
    browser.click("form.editor button")
    browser.shows("Somebody else has changed this meanwhile.", "#alarm")
    assert shop.form()["text_order_created"] == "Order {{ order.number }}, thanks"
    shop.save(text_order_created="")


def test_a_reply_is_decided(shop: LiveShop, browser: Browser) -> None:
    """A wish to stop within a sentence waits for staff, and ends with a click."""
    shop.save(sender_id=NUMBER)
    order = shop.place(PHONE)
    wait_until(lambda: "order_created" in shop.decisions(order), 60, "the text to be decided")
    words = "Please do not send me any more texts"
    answer = Caller().reply(PHONE[1:], NUMBER[1:], words)
    assert answer.post(shop.form()["webhook_url"]) == 200
    wait_until(_waits(shop), 60, "the reply to be read")
    sign_in(browser, shop, "replies")
    browser.shows(words, ".undecided")
    picture(browser, "replies")
    browser.click(".undecided button[value=keep]")
    browser.shows("Nothing waits for you.", "#page")
    shop.save(sender_id="Example")


def _waits(shop: LiveShop) -> Callable[[], bool]:
    query = "SELECT id FROM saleor_sms_plugin_inboundmessage WHERE review_by IS NOT NULL"
    return lambda: bool(shop.saleor.rows(query))


def test_the_log_is_searched_and_exported(shop: LiveShop, browser: Browser) -> None:
    """By order number; the file has what is searched for."""
    order = shop.place(PHONE)
    wait_until(lambda: "order_created" in shop.decisions(order), 60, "the text to be decided")
    sign_in(browser, shop, "messages")
    browser.type("[name=q]", str(order["number"]), enter=True)
    browser.shows(f"#{order['number']}", ".log")
    picture(browser, "messages")
    browser.click("[data-download]")
    file = browser.downloads / "messages.csv"
    wait_until(file.exists, 20, "the file")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {row["order_number"] for row in rows} == {str(order["number"])}
    assert {row["recipient"] for row in rows if row["recipient"]} == {f"'{PHONE}"}
    counted = "SELECT id FROM saleor_sms_plugin_dailycount WHERE sent_count > 0"
    wait_until(lambda: bool(shop.saleor.rows(counted)), 120, "the day's counters")
    browser.follow("Overview")
    browser.shows("Texts by day", "#page")
    picture(browser, "overview")


def test_staff_of_another_channel_see_nothing_of_this_one(shop: LiveShop, browser: Browser) -> None:
    """Neither its messages, nor the order, nor a reply, nor a number of the overview."""
    order = shop.place(PHONE)
    wait_until(lambda: "order_created" in shop.decisions(order), 60, "the text to be decided")
    counted = "SELECT id FROM saleor_sms_plugin_dailycount WHERE sent_count > 0"
    wait_until(lambda: bool(shop.saleor.rows(counted)), 120, "the day's counters")
    shop.hire("elsewhere@example.com", "MANAGE_ORDERS", channel=ELSEWHERE)
    sign_in(browser, shop, "messages", "elsewhere@example.com")
    browser.shows("Nothing found.", "#page")
    browser.follow("Overview")
    browser.shows("Sent 0 Delivered 0 Failed 0", ".figures")
    browser.follow("Replies")
    browser.shows("Nothing waits for you.", "#page")
    browser.follow("Orders")
    browser.type("[name=number]", str(order["number"]), enter=True)
    browser.shows("There is no such order, or you may not see it.", "#page")
    browser.follow("Held")
    browser.shows("Nothing is held.", "#page")
    menu = browser.text("#menu").split()
    assert menu == ["Overview", "Messages", "Orders", "Replies", "Held"]


def test_staff_without_the_permission_are_told(shop: LiveShop, browser: Browser) -> None:
    """A sentence and what is left of the menu, not a broken page."""
    shop.hire("consent@example.com", "MANAGE_USERS", channel=CHANNEL)
    sign_in(browser, shop, "messages", "consent@example.com")
    browser.shows("Not for this account", "#page h1")
    browser.shows("Your account lacks the permission “Manage orders”.", "#page")
    assert browser.text("#menu") == "Consent"
    assert [each for each in browser.complaints() if "403" not in each] == []


def test_the_pages_ask_nobody_else(shop: LiveShop, browser: Browser) -> None:
    """Every request goes to the shop itself, whichever page is open."""
    sign_in(browser, shop, f"start?channel={CHANNEL}")
    pages = ("Overview", "Messages", "Orders", "Replies", "Held", "Consent", "Texts", "Health")
    for label in pages:
        browser.follow(label)
        browser.shows(label, "#menu [aria-current]")
    picture(browser, "health")
    asked = browser.run("return performance.getEntriesByType('resource').map(({ name }) => name)")
    assert len(asked) > len(pages)
    assert [url for url in asked if not url.startswith((f"{shop.saleor.url}/", "data:,"))] == []


def test_a_text_is_tried_on_past_orders(shop: LiveShop, browser: Browser) -> None:
    """How many would have gone, and to where."""
    shop.place(PHONE)
    sign_in(browser, shop, f"texts/order_created?channel={CHANNEL}")
    browser.click("[hx-post$='dry-run'] button")
    browser.shows("Texts that would have gone:", "#tried")
    assert "United States" in browser.text("#tried")  # where the address is, as in statistics
    picture(browser, "dry-run")


def test_saleor_takes_the_manifest(shop: LiveShop) -> None:
    """What Saleor fetches and checks before an installation has no errors."""
    found = shop.staff(
        """mutation ($url: String!) { appFetchManifest(manifestUrl: $url) {
            manifest { identifier permissions { code } extensions { mountName url } }
            errors { field message code }
        } }""",
        url=page(shop, "manifest/"),
    )["manifest"]
    assert found["identifier"] == "saleor-sms-plugin"
    assert [each["code"] for each in found["permissions"]] == [
        "MANAGE_ORDERS", "MANAGE_PLUGINS", "MANAGE_USERS",
    ]  # fmt: skip
    assert [each["url"] for each in found["extensions"]] == [
        "/messages", page(shop, "order"), page(shop, "person"),
    ]  # fmt: skip


def test_nobody_sees_anything_without_a_token(shop: LiveShop) -> None:
    """Over HTTP as over the browser: the shell for all, 401 for a part."""
    shell = requests.get(page(shop), timeout=30)
    assert (shell.status_code, shell.cookies.get_dict()) == (200, {})
    part = requests.get(page(shop, "messages"), headers={"HX-Request": "true"}, timeout=30)
    assert part.status_code == 401
