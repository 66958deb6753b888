"""Every page in a real browser: narrow and wide, light and dark, by keyboard, with hostile data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from saleor_sms_plugin.models import (
    ConsentEntry,
    InboundMessage,
    Installation,
    Message,
    ProviderAccount,
    Throttle,
)
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.services import statistics, storm
from saleor_sms_plugin.services.accounts import key_of
from saleor_sms_plugin.services.channels import load
from tests.saleor.live.browser import ENTER, TAB, Browser, missing

from .pages import callers
from .served_pages import ServedPages
from .stage import BUYER, CHANNEL, RECEIVER, Stage

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(missing()), reason=f"{missing()} is not installed"),
]

HOSTILE = '"><img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'
SETTINGS: dict[str, Any] = {
    "allowed_countries": "PL, IT",
    "advanced": "night = off\nflood = off\nstorm = 10x 5",
    "staff_numbers": "+48501000001",
}
PAGES = (
    "start", "overview", "messages", "messages/{message}", "order?number=1", "replies", "held",
    "person", "texts", "texts/order_created", "health",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def served(committed_stage: Stage) -> Iterator[ServedPages]:
    """A shop in which something of everything has happened."""
    fill(committed_stage)
    committed_stage.shop.install()
    committed_stage.shop.tokens = callers()
    with ServedPages(committed_stage) as served:
        yield served


def fill(stage: Stage, words: str = "Please do not send me any more texts") -> None:
    """Texts of every kind, a reply that waits, a storm, an account without credit."""
    stage.shop.phones["anna@example.com"] = [(BUYER.phone, "PL")]
    events = ("order_created", "order_cancelled")
    for channel in (CHANNEL, CHANNEL + 1):
        stage.configure(*events, channel_id=channel, shop_name=words[:60], **SETTINGS)
    for number in range(1, 4):
        stage.happen("order_created", stage.order(f"o{number}"))
    nobody = Address(phone="", country="PL", first_name=words)
    stage.happen("order_created", stage.order("o4", billing=nobody, shipping=None))
    stage.later(seconds=5)
    for number in range(11, 17):
        buyer = replace(BUYER, first_name=words)
        stage.happen("order_cancelled", stage.order(f"o{number}", billing=buyer, shipping=RECEIVER))
    storm.watch(stage.ports)
    stage.later(minutes=10)
    now = stage.clock.now()
    Message.objects.filter(order_number="2").update(
        status="undelivered", reason="not_delivered", detail=words, finished_at=now
    )
    account, _ = ProviderAccount.objects.get_or_create(
        provider="memory", key="k", defaults={"created_at": now}
    )
    for review_by in (now + dt.timedelta(days=2), None):
        InboundMessage.objects.create(
            account=account, sender=BUYER.phone, recipient="+48600000000", body=words,
            channel_id=CHANNEL, received_at=now, review_by=review_by,
            meaning="unclear_stop" if review_by else "other",
        )  # fmt: skip
    ConsentEntry.objects.create(
        number=BUYER.phone, scope="offers", act="given", basis="express", source="checkout",
        wording=words, occurred_at=now, recorded_at=now, key="k",
    )  # fmt: skip
    Throttle.objects.update_or_create(
        key=key_of(load(stage.ports)[CHANNEL]),
        defaults={"next_slot_at": now, "closed_for": "out_of_credit", "detail": words,
                  "closed_since": now, "closed_until": now + dt.timedelta(minutes=4)},
    )  # fmt: skip
    Installation.objects.update_or_create(pk=Installation.ONLY, defaults={"worker_at": now})
    stage.clock.move(minutes=2)
    statistics.roll_up(stage.ports)


def sign_in(browser: Browser, served: ServedPages, path: str = "") -> None:
    browser.open(served.page(path))
    browser.type("[name=email]", "anna@example.com")
    browser.type("[name=password]", "secret", enter=True)
    browser.finds("#page h1")


def visit(browser: Browser, served: ServedPages, path: str) -> None:
    """The page stands there, as after a click on a link to it."""
    message = Message.objects.filter(order_number="1").values_list("pk", flat=True)[0]
    browser.run("document.querySelector('#page').replaceChildren()")
    url = served.page(path.format(message=message))
    browser.run(f"htmx.ajax('GET', '{url}', {{target: '#page', swap: 'innerHTML'}})")
    browser.finds("#page h1")
    if path == "person":
        browser.type("[name=who]", BUYER.phone, enter=True)
        browser.shows(BUYER.phone, "#page h2")
    if path == "texts/order_created":
        browser.click("[hx-post$='dry-run'] button")
        browser.shows("Of 10 orders", "#tried")
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


#: What is wrong with the page as it stands, one line each.
FAULTS = r"""
const seen = (each) => each.checkVisibility();
const every = (selector) => [...document.querySelectorAll(selector)].filter(seen);
const named = (each) => each.textContent.trim() || each.ariaLabel;
const faults = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) faults.push(`wider than the window: ${root.scrollWidth}`);
for (const each of every("input:not([type=hidden]), select, textarea"))
  if (!each.labels?.length && !each.ariaLabel) faults.push(`no label: ${each.outerHTML}`);
for (const each of every("a, button, summary"))
  if (!named(each)) faults.push(`no name: ${each.outerHTML}`);
for (const each of every("[tabindex]"))
  if (each.tabIndex > 0) faults.push(`own tab order: ${each.outerHTML}`);
if (every("h1").length !== 1) faults.push(`${every("h1").length} first headings`);
const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
if (new Set(ids).size !== ids.length) faults.push(`an id twice: ${ids}`);

const numbers = (color) => color.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b]
  .map((each) => each / 255)
  .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
  .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
const ground = (each) => {
  for (let at = each; at; at = at.parentElement) {
    const [r, g, b, alpha = 1] = numbers(getComputedStyle(at).backgroundColor);
    if (alpha === 1) return [r, g, b];
  }
  return [255, 255, 255];
};
for (const each of every("body *")) {
  if (each.closest("svg") || ![...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
  const { color, fontSize, fontWeight } = getComputedStyle(each);
  const [one, two] = [light(numbers(color)), light(ground(each))].sort((a, b) => b - a);
  const size = parseFloat(fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
  const ratio = (one + 0.05) / (two + 0.05);
  if (ratio < (large ? 3 : 4.5))
    faults.push(`contrast ${ratio.toFixed(2)}: ${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 40)}`);
}
return faults;
"""  # noqa: E501


def complaints(browser: Browser) -> list[str]:
    return [each for each in browser.complaints() if "favicon" not in each]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_can_be_read_and_used(
    browser: Browser, served: ServedPages, width: int, theme: str
) -> None:
    """Nothing sticks out, every field has a label and every button a name, one heading leads,
    and text has the contrast of WCAG 2.2 AA (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""
    browser.look(width, theme)
    browser.open(served.page())
    browser.finds("#sign-in h1")
    faults = {"sign in": browser.run(FAULTS)}
    sign_in(browser, served)
    for path in PAGES:
        visit(browser, served, path)
        faults[path] = browser.run(FAULTS)
    assert {path: found for path, found in faults.items() if found} == {}
    assert complaints(browser) == []


def test_no_page_asks_another_host(browser: Browser, served: ServedPages) -> None:
    """Nor the shop for anything but itself and the shop's API."""
    sign_in(browser, served)
    for path in PAGES:
        visit(browser, served, path)
    asked = browser.run("return performance.getEntriesByType('resource').map(({ name }) => name)")
    assert len(asked) > len(PAGES)
    assert [url for url in asked if not url.startswith((f"{served.url}/", "data:,"))] == []
    others = [path for path in served.asked if not path.startswith("/plugins/saleor_sms_plugin")]
    assert set(others) == {"/graphql/"}


STRANGE = """
const strange = document.querySelectorAll("#page img, #page script");
return [window.hurt ?? 0, strange.length];
"""


def test_what_strangers_wrote_is_executed_nowhere(browser: Browser, committed_stage: Stage) -> None:
    """In a shop's name, in names, replies, consent, and what a provider said."""
    fill(committed_stage, HOSTILE)
    committed_stage.shop.install()
    committed_stage.shop.tokens = callers()
    with ServedPages(committed_stage) as served:
        sign_in(browser, served)
        for path in PAGES:
            visit(browser, served, path)
            assert (path, browser.run(STRANGE)) == (path, [0, 0])
        visit(browser, served, "texts/order_created")
        browser.type("textarea", HOSTILE)
        browser.shows("<script>", "#preview .bubble")
        browser.open(served.page(f"order?number={HOSTILE}"))
        sign_in(browser, served, "messages")
        assert browser.run("return window.hurt ?? 0") == 0
    assert complaints(browser) == []


FOCUSED = r"""
const { activeElement: at } = document;
const { outlineStyle, outlineWidth } = getComputedStyle(at);
return [at.textContent.trim() || at.name || at.tagName,
        outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
"""


def test_the_keyboard_is_enough(browser: Browser, served: ServedPages) -> None:
    """Sign in, go to another page, search: the focus goes in order, and is always seen."""
    browser.look(1280, "light")
    browser.open(served.page("overview"))
    browser.finds("#sign-in h1")
    browser.press(*"anna@example.com", TAB, *"secret", ENTER)
    browser.shows("Overview", "#page h1")

    browser.run("document.body.tabIndex = -1; document.body.focus(); document.body.blur()")
    seen = []
    for _ in range(4):
        browser.press(TAB)
        seen.append(browser.run(FOCUSED))
    assert seen == [["To the page", True], ["Start", True], ["Overview", True], ["Messages", True]]

    browser.press(ENTER)
    browser.shows("Messages", "#page h1")
    assert browser.run("return document.activeElement.tagName") == "H1"
    browser.press(TAB)
    assert browser.run(FOCUSED) == ["q", True]
    browser.press(*"2", ENTER)
    browser.shows("not delivered", ".log")
    assert "#1" not in browser.text(".log")


def test_a_form_that_is_refused_keeps_what_was_typed(browser: Browser, served: ServedPages) -> None:
    """It is told above the form what is wrong, and the page stays."""
    sign_in(browser, served, "messages")
    browser.type("[name=q]", "+12", enter=True)
    browser.shows("is not a phone number", "#alarm")
    assert browser.value("[name=q]") == "+12"
    assert browser.text("#page h1") == "Messages"
    browser.type("[name=q]", "2", enter=True)
    browser.shows("not delivered", ".log")
    assert browser.run("return document.querySelector('#alarm').hidden") is True
    browser.complaints()  # the browser names each answer of 400


def test_whoever_may_see_nothing_is_told(browser: Browser, served: ServedPages) -> None:
    """No page is broken: a heading, and what is missing."""
    served.signs_in_as = "none"
    sign_in(browser, served, "messages")
    assert browser.text("#page h1") == "Not for this account"
    browser.shows("lacks the permission “Manage orders”", "#page")
    assert browser.run("return document.querySelector('#menu').children.length") == 0
    browser.complaints()  # the browser names each answer of 403
