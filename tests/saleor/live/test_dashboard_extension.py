"""The pages as an extension of Saleor's dashboard: installed, framed, signed in, kept signed in.

Where SALEOR_DASHBOARD names a built dashboard, the real one is clicked through as well.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.saleor.live.browser import Browser, missing
from tests.saleor.live.conftest import AT_ONCE
from tests.saleor.live.processes import STAFF
from tests.saleor.live.shop import LiveShop
from tests.saleor.live.staff_dashboard import FRAME, StaffDashboard, built, real, stand_in
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]
in_a_browser = pytest.mark.skipif(bool(missing()), reason=f"{missing()} is not installed")

PLUGIN = "/plugins/saleor_sms_plugin"
APPS = """{ apps(first: 9, filter: {search: "SMS"}) { edges { node {
    id identifier isActive accessToken webhooks { id } permissions { code }
    extensions { id label url mountName targetName accessToken permissions { code } }
} } } }"""


@pytest.fixture
def app(shop: LiveShop) -> Iterator[Mapping[str, Any]]:
    """Saleor's worker has fetched the manifest and installed the app; it is gone afterwards."""
    shop.staff(
        """mutation ($input: AppInstallInput!) { appInstall(input: $input) {
            appInstallation { id } errors { field message code }
        } }""",
        input={
            "appName": "SMS",
            "manifestUrl": f"{shop.saleor.url}{PLUGIN}/manifest/",
            "permissions": ["MANAGE_ORDERS", "MANAGE_PLUGINS", "MANAGE_USERS"],
            "activateAfterInstallation": True,
        },
    )
    wait_until(lambda: bool(apps(shop)), 60, "the app to be installed")
    (found,) = apps(shop)
    yield found
    remove_apps(shop)


def apps(shop: LiveShop, token: str = "") -> list[dict[str, Any]]:
    """The installed ones of ours, as a member of the staff sees them."""
    found = shop.saleor.graphql(APPS, token=token or shop.saleor.staff_token())["apps"]
    return [edge["node"] for edge in found["edges"]]


def remove_apps(shop: LiveShop) -> None:
    for each in apps(shop):
        shop.staff("mutation ($id: ID!) { appDelete(id: $id) { errors { code } } }", id=each["id"])


def sign_in(shop: LiveShop, email: str) -> dict[str, str]:
    made: dict[str, str] = shop.customer(
        """mutation ($email: String!, $password: String!) {
            tokenCreate(email: $email, password: $password) {
                token refreshToken errors { code }
            }
        }""",
        email=email,
        password=STAFF["password"],
    )
    return made


def opened(shop: LiveShop, path: str, token: str) -> int:
    """The status of a page's part for this token."""
    headers = {"HX-Request": "true", "Authorization-Bearer": token}
    return requests.get(
        f"{shop.saleor.url}{PLUGIN}/{path}", headers=headers, timeout=30
    ).status_code


def test_saleor_installs_the_app(shop: LiveShop, app: Mapping[str, Any]) -> None:
    """It is active, gets no webhooks, and each extension is where and what the manifest says."""
    assert (app["identifier"], app["isActive"], app["webhooks"]) == ("saleor-sms-plugin", True, [])
    assert [each["code"] for each in app["permissions"]] == [
        "MANAGE_ORDERS", "MANAGE_PLUGINS", "MANAGE_USERS",
    ]  # fmt: skip
    assert [
        (each["mountName"], each["targetName"], each["url"].removeprefix(shop.saleor.url),
         [permission["code"] for permission in each["permissions"]])
        for each in app["extensions"]
    ] == [
        ("NAVIGATION_ORDERS", "APP_PAGE", "/messages", ["MANAGE_ORDERS"]),
        ("ORDER_DETAILS_MORE_ACTIONS", "POPUP", f"{PLUGIN}/order", ["MANAGE_ORDERS"]),
        ("CUSTOMER_DETAILS_MORE_ACTIONS", "POPUP", f"{PLUGIN}/person", ["MANAGE_USERS"]),
    ]  # fmt: skip


def test_the_app_lends_no_more_than_the_user_has(shop: LiveShop, app: Mapping[str, Any]) -> None:
    """Its token is the user's cut to the app's; an extension's is cut to the extension's."""
    order, person = (each["accessToken"] for each in app["extensions"][1:])
    pages = ("messages", "start", "person")
    assert [opened(shop, each, app["accessToken"]) for each in pages] == [200, 200, 200]
    assert [opened(shop, each, order) for each in pages] == [200, 403, 403]
    assert [opened(shop, each, person) for each in pages] == [403, 403, 200]

    email = "orders@example.com"
    shop.hire(email, "MANAGE_ORDERS", "MANAGE_PRODUCTS", "MANAGE_APPS")
    (mine,) = apps(shop, sign_in(shop, email)["token"])
    assert [opened(shop, each, mine["accessToken"]) for each in pages] == [200, 403, 403]
    order, person = (each["accessToken"] for each in mine["extensions"][1:])
    assert opened(shop, "order", order) == 200
    assert (
        opened(shop, "person", person) == 401
    )  # Saleor takes who has no permission for a customer


# In a browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as browser:
        browser.look(1280, "light")
        yield browser


def allow(shop: LiveShop, origin: str) -> None:
    """The pages may be framed by the dashboard at this origin."""
    shop.save(advanced=f"{AT_ONCE}\ndashboard_url = {origin}")


@in_a_browser
@pytest.mark.skipif(built() is None, reason="SALEOR_DASHBOARD names no built dashboard")
def test_in_saleors_own_dashboard(shop: LiveShop, browser: Browser) -> None:
    """Installed by a click, found under Orders and at an order, signed in, and kept so."""
    order = shop.place("")
    wait_until(lambda: bool(shop.decisions(order)), 60, "the order to be decided")
    folder = built()
    assert folder
    with (
        real(folder, f"{shop.saleor.url}/graphql/") as dashboard,
        shop.saleor.web_with(JWT_TTL_APP_ACCESS="45 seconds"),
    ):
        allow(shop, dashboard.origin)
        browser.open(dashboard.url)
        browser.type("[name=email]", STAFF["email"])
        browser.type("[name=password]", STAFF["password"])
        browser.click("[data-test-id=submit]")
        browser.shows("Extensions", "[data-test-id=menu-list]")
        install(browser, shop, dashboard)

        browser.open(f"{dashboard.url}orders")
        browser.follow("Text messages")
        with browser.within(FRAME):
            browser.shows("Messages", "#page h1")
            time.sleep(46)  # the first token has ended; the dashboard gave another after 30 s
            browser.follow("Overview")
            browser.shows("Overview", "#page h1")
            browser.follow("Messages")
            browser.click("[data-download]")
        wait_until((browser.downloads / "messages.csv").exists, 20, "the file")

        browser.open(f"{dashboard.url}orders/{quote(order['id'])}")
        browser.click("[data-test-id=show-more-button]")
        texts = apps(shop)[0]["extensions"][1]
        browser.click(f"[data-test-id='extension-{texts['id']}']")
        with browser.within(FRAME):
            browser.shows("The order has no phone number.", "#page")
        assert [each for each in browser.complaints() if PLUGIN in each] == []
    remove_apps(shop)


def install(browser: Browser, shop: LiveShop, dashboard: StaffDashboard) -> None:
    """As the README says: Install from manifest."""
    manifest = quote(f"{shop.saleor.url}{PLUGIN}/manifest/")
    browser.open(f"{dashboard.url}extensions/app/install?manifestUrl={manifest}")
    browser.shows("Manage customers", "body")
    browser.click("[data-test-id=button-bar-confirm]")
    browser.shows("All installed")
    wait_until(lambda: bool(apps(shop)), 60, "the app to be installed")


@in_a_browser
def test_a_frame_of_the_dashboard_is_signed_in_and_kept_so(
    shop: LiveShop, app: Mapping[str, Any], browser: Browser
) -> None:
    """By the handshake and by each new token; with none in time it asks, until one comes."""
    with shop.saleor.web_with(JWT_TTL_APP_ACCESS="5 seconds"):
        src = f"{shop.saleor.url}{PLUGIN}/messages?theme=light"
        with stand_in(src, fresh(shop)) as dashboard:
            allow(shop, dashboard.origin)
            browser.open(f"{dashboard.url}extensions/app/{quote(app['id'])}/messages")
            with browser.within(FRAME):
                browser.shows("Messages", "#page h1")
                dark = browser.run("return document.documentElement.dataset.theme")
                assert dark == "dark"
            assert browser.complaints() == []
            time.sleep(6)
            browser.run(f"refresh({json.dumps(fresh(shop))})")
            with browser.within(FRAME):
                browser.follow("Overview")
                browser.shows("Overview", "#page h1")
                time.sleep(6)
                browser.follow("Messages")
                browser.shows("The dashboard gave no sign-in. Sign in here.", "#sign-in")
                assert browser.run("return document.querySelector('#page').hidden") is True
            browser.run(f"refresh({json.dumps(fresh(shop))})")
            with browser.within(FRAME):
                browser.shows("Overview", "#page h1")


@in_a_browser
def test_no_other_page_may_frame_it(
    shop: LiveShop, app: Mapping[str, Any], browser: Browser
) -> None:
    """Where `dashboard_url` does not name its origin, the browser shows nothing of it."""
    with stand_in(f"{shop.saleor.url}{PLUGIN}/messages", app["accessToken"]) as other:
        browser.open(other.url)
        wait_until(lambda: any("frame-ancestors" in each for each in browser.complaints()), 20,
                   "the browser to refuse the frame")  # fmt: skip


def fresh(shop: LiveShop) -> str:
    """A token that the dashboard hands to the app's page now."""
    (found,) = apps(shop)
    return str(found["accessToken"])


# Opened directly


@in_a_browser
def test_a_sign_in_lasts_as_long_as_the_shop_renews_it(shop: LiveShop, browser: Browser) -> None:
    """Tokens of seconds are renewed unseen; once all sessions are ended, it asks again."""
    email = "lasting@example.com"
    shop.hire(email, "MANAGE_ORDERS")
    with shop.saleor.web_with(JWT_TTL_ACCESS="5 seconds"):
        browser.open(f"{shop.saleor.url}{PLUGIN}/messages")
        enter(browser, email)
        browser.shows("Messages", "#page h1")
        time.sleep(6)
        browser.follow("Overview")
        browser.shows("Overview", "#page h1")

        end = "mutation { tokensDeactivateAll { errors { code } } }"
        shop.saleor.graphql(end, token=sign_in(shop, email)["token"])
        browser.follow("Messages")
        browser.shows("Please sign in again.", "#sign-in")
        assert browser.run("return document.querySelector('#page').hidden") is True
        enter(browser, email)
        browser.shows("Overview", "#page h1")


@in_a_browser
def test_whoever_signs_out_leaves_nothing(shop: LiveShop, browser: Browser) -> None:
    """The tokens were in the page's memory alone; going back asks for a sign-in, too."""
    browser.open(f"{shop.saleor.url}{PLUGIN}/messages")
    enter(browser, STAFF["email"])
    browser.follow("Overview")
    browser.shows("Overview", "#page h1")
    browser.click("#sign-out")
    browser.shows("SMS: sign in", "#sign-in")
    browser.run("history.back()")
    browser.shows("SMS: sign in", "#sign-in")
    assert browser.run("return document.querySelector('#page').innerHTML") == ""
    kept = "return [localStorage.length, document.cookie, Object.keys(sessionStorage)]"
    assert browser.run(kept) == [0, "", ["htmx-current-path-for-history"]]


def enter(browser: Browser, email: str) -> None:
    browser.type("[name=email]", email)
    browser.type("[name=password]", STAFF["password"])
    browser.click("#sign-in-form button")
