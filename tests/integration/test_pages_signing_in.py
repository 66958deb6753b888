"""Signing in again on the pages, in a real browser: what was typed, and for whom it stays."""

from __future__ import annotations

import base64
import json

import pytest

from tests.saleor.live.browser import Browser, missing

from .pages import callers
from .served_pages import ServedPages
from .stage import Stage
from .test_pages_browser import browser, complaints, served, sign_in

__all__ = ["browser", "served"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(missing()), reason=f"{missing()} is not installed"),
]

TYPED = "Our own words, not saved yet"


def token(user: str, name: str) -> str:
    """As Saleor's: of this user, good for five minutes."""
    claims = json.dumps({"user_id": user, "iat": 0, "exp": 300, "name": name}).encode()
    return f"head.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sign"


def let_in(served: ServedPages, stage: Stage, *tokens: str) -> None:
    """These tokens are staff's and no others; whoever signs in gets the last one."""
    stage.shop.tokens = {each: callers()["staff"] for each in tokens}
    served.signs_in_as = tokens[-1]


@pytest.mark.parametrize(("user", "stays"), [("VXNlcjox", TYPED), ("VXNlcjoy", "")])
def test_what_was_typed_outlives_the_session_of_its_writer(
    browser: Browser, served: ServedPages, committed_stage: Stage, user: str, stays: str
) -> None:
    """Hidden while nobody is signed in; another member of the staff gets a fresh page."""
    let_in(served, committed_stage, token("VXNlcjox", "one"))
    sign_in(browser, served, "texts/order_created")
    browser.type("textarea", "x")
    browser.shows("x", "#preview .bubble")
    let_in(served, committed_stage, token(user, "two"))
    browser.type("textarea", TYPED)
    browser.shows("Please sign in again.", "#sign-in")
    assert browser.run("return document.querySelector('#page').checkVisibility()") is False
    browser.type("[name=email]", "anna@example.com")
    browser.type("[name=password]", "secret", enter=True)
    browser.finds("#page textarea")
    assert browser.value("textarea") == stays
    browser.complaints()  # the browser names each answer of 401


def test_a_file_that_is_refused_says_why(
    browser: Browser, served: ServedPages, committed_stage: Stage
) -> None:
    """In the words of the search; after the session a sign-in is asked for."""
    sign_in(browser, served, "messages")
    browser.type("[name=q]", "+12")
    browser.click("[data-download]")
    browser.shows("is not a phone number", "#alarm")
    committed_stage.shop.tokens = {}
    browser.click("[data-download]")
    browser.shows("Please sign in again.", "#sign-in")
    browser.complaints()  # the browser names each answer of 400 and 401


FRAME = """
const frame = document.createElement("iframe");
frame.src = "URL";
window.addEventListener("message", ({ data }) => {
  if (data.type === "notifyReady") window.say("handshake", "OLD");
});
window.say = (type, token) =>
  frame.contentWindow.postMessage({ type, payload: { token } }, location.origin);
document.body.replaceChildren(frame);
"""


def test_a_frame_that_slept_waits_for_the_dashboards_token(
    browser: Browser, served: ServedPages, committed_stage: Stage
) -> None:
    """It asks nothing with the old one, and keeps what was typed."""
    old, new = token("u", "old"), token("u", "new")
    let_in(served, committed_stage, old, new)
    browser.open(f"{served.url}/dashboard/")
    browser.run(FRAME.replace("URL", served.page("messages")).replace("OLD", old))
    with browser.within("iframe"):
        browser.finds("#page h1")
        browser.run("Date.now = (now => () => now() + 400000)(Date.now.bind(Date))")
        committed_stage.shop.tokens = {new: callers()["staff"]}
        browser.type("[name=q]", "2", enter=True)
    browser.run(f"setTimeout(() => window.say('tokenRefresh', '{new}'), 500)")
    with browser.within("iframe"):
        browser.shows("not delivered", ".log")
        assert browser.run("return document.querySelector('#sign-in').checkVisibility()") is False
    assert complaints(browser) == []


def test_a_frame_whose_dashboard_says_nothing_asks_for_a_sign_in(
    browser: Browser, served: ServedPages, committed_stage: Stage
) -> None:
    """After a bounded wait; what was typed is kept behind the form."""
    old = token("u", "old")
    let_in(served, committed_stage, old, token("u", "new"))
    browser.open(f"{served.url}/dashboard/")
    browser.run(FRAME.replace("URL", served.page("messages")).replace("OLD", old))
    with browser.within("iframe"):
        browser.finds("#page h1")
        browser.run("Date.now = (now => () => now() + 400000)(Date.now.bind(Date))")
        browser.type("[name=q]", "2", enter=True)
        browser.shows("The dashboard gave no sign-in. Sign in here.", "#sign-in")
        browser.type("[name=email]", "anna@example.com")
        browser.type("[name=password]", "secret", enter=True)
        browser.finds("#page h1")
        assert browser.value("[name=q]") == "2"


@pytest.mark.parametrize("name", ["provider", "api_key", "sender_id"])
def test_every_setting_knows_what_it_was(
    browser: Browser, served: ServedPages, committed_stage: Stage, name: str
) -> None:
    """So that a save sees what somebody else changed meanwhile, also of what is chosen."""
    sign_in(browser, served, "start?channel=channel-1")
    was = f"const field = document.querySelector('[name={name}]');"
    was += "return field.dataset.was ?? field.defaultValue ?? null;"
    values = committed_stage.shop.configurations()[0].values
    assert browser.run(was) == values.get(name, "")
