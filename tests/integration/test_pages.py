"""The pages for staff: what the shell holds, who sees which part, and what is shown as text."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from string import Formatter
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin import __version__
from saleor_sms_plugin.callers import Permission
from saleor_sms_plugin.events.answers import ANSWERS
from saleor_sms_plugin.events.catalogue import EVENTS
from saleor_sms_plugin.models import ConsentEntry, InboundMessage, Message, ProviderAccount
from saleor_sms_plugin.ports import Address
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.services import channels, first_steps, statistics
from saleor_sms_plugin.web import router
from saleor_sms_plugin.web.graphql.ids import global_id
from saleor_sms_plugin.web.manifest import manifest
from saleor_sms_plugin.web.staff.assets import FILES, assets
from saleor_sms_plugin.web.staff.charts import HEIGHT, stacked
from saleor_sms_plugin.web.staff.rooms import ROOMS
from saleor_sms_plugin.web.staff.words import WORDS
from saleor_sms_plugin.web.staff.words.events import LABELS

from .pages import BASE, ESCAPED, SCRIPT, asked, callers, get, post, quoted, shell
from .stage import BUYER, CHANNEL, Stage

pytestmark = pytest.mark.django_db(transaction=True)

#: a cursor of an instant that no database stores
FAR = base64.urlsafe_b64encode(b'["0001-01-01T00:00:00+23:00", 1]').decode()


@pytest.fixture
def stage() -> Iterator[Stage]:
    MemoryProvider.reset()
    stage = Stage()
    stage.configure("order_created", "order_cancelled")
    stage.shop.install()
    stage.shop.tokens = callers()
    yield stage
    MemoryProvider.reset()


def place(stage: Stage, name: str = "o1", **changes: object) -> Message:
    """An order whose text is decided, and perhaps sent."""
    stage.happen("order_created", stage.order(name, **changes))
    stage.run()
    return Message.objects.get(order_number=name.removeprefix("o"))


def reply(stage: Stage, body: str, *, review: bool = True, channel: int = CHANNEL) -> str:
    now = stage.clock.now()
    account, _ = ProviderAccount.objects.get_or_create(
        provider="memory", key="k", defaults={"created_at": now}
    )
    row = InboundMessage.objects.create(
        account=account, sender="+48512345678", recipient="+48600000000", body=body,
        channel_id=channel, received_at=now, meaning="unclear_stop" if review else "other",
        review_by=now + dt.timedelta(days=2) if review else None,
    )  # fmt: skip
    return str(row.pk)


# ------------------------------------------------------------------------------------ the shell


@pytest.mark.parametrize("path", ["", "/", "/messages", "/order?orderId=x", "/texts/order_created"])
def test_the_shell_is_the_same_for_everybody_and_holds_no_data(stage: Stage, path: str) -> None:
    """A page's address answers with it whoever asks; the order and its phone are not in it."""
    place(stage)
    anybody = shell(stage, path)
    assert anybody.status_code == 200
    assert anybody.content == shell(stage, path, Authorization="Bearer staff").content
    assert BUYER.phone not in anybody.content.decode()


def test_the_shell_lets_nothing_but_our_own_files_work(stage: Stage) -> None:
    """No inline script or style, no other host, no eval; no cookie; nothing is kept."""
    response = shell(stage)
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert not response.cookies
    html = response.content.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=|https?://", html)
    assert '"allowEval":false' in html
    assert '"historyCacheSize":0' in html


def test_only_the_configured_dashboards_may_frame_the_pages(stage: Stage) -> None:
    """The origins of every channel's dashboard_url, in the policy and for the script."""
    stage.configure(advanced="dashboard_url = https://dash.example.com/dashboard/")
    stage.configure(channel_id=2, advanced="dashboard_url = http://localhost:9000")
    response = shell(stage)
    origins = "http://localhost:9000 https://dash.example.com"
    assert response["Content-Security-Policy"].endswith(f"frame-ancestors 'self' {origins}")
    assert f'data-origins="{origins}"' in response.content.decode()


def test_the_shell_opens_without_a_database(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """No dashboard may frame it then."""

    def broken(*_: object) -> object:
        raise DatabaseError

    monkeypatch.setattr("saleor_sms_plugin.web.staff.view.load", broken)
    response = shell(stage)
    assert response.status_code == 200
    assert response["Content-Security-Policy"].endswith("frame-ancestors 'self'")


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [("", "pl-PL,en;q=0.5", "pl"), ("?locale=it-IT", "pl", "it"), ("", "ja", "en"), ("", "", "en")],
)
def test_the_shell_speaks_the_readers_language(
    stage: Stage, asked: str, accepted: str, language: str
) -> None:
    """The dashboard's word, else the browser's, else English."""
    headers = {"Accept-Language": accepted}
    assert f'<html lang="{language}">' in shell(stage, f"/{asked}", **headers).content.decode()


# ----------------------------------------------------------------------------------- the assets


@pytest.mark.parametrize("name", FILES)
def test_assets_are_kept_for_ever_under_names_of_their_content(stage: Stage, name: str) -> None:
    """The shell names them; another hash, or none, is not there."""
    asset = assets()[name]
    assert re.search(r"\.[0-9a-f]{16}\.(css|js)$", asset.name)
    assert asset.url in shell(stage).content.decode()
    status, body, response = get(stage, asset.url.removeprefix(BASE), None)
    assert (status, body.encode()) == (200, asset.body)
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    for other in (asset.name.replace(asset.name.split(".")[-2], "0" * 16), FILES[name][0]):
        assert get(stage, f"/assets/{other}", None)[0] == 404


def test_htmx_is_the_file_that_was_published(stage: Stage) -> None:
    """Version 2.0.11, byte for byte, with its licence beside it."""
    asset = assets()["htmx"]
    assert asset.name == "htmx-2.0.11.min.d6fdc75f204e6bde.js"
    assert b'version:"2.0.11"' in asset.body


# ------------------------------------------------------------------------------- who sees what


def _paths() -> list[tuple[str, str, Permission]]:
    filled = {r"(?P<key>\d{1,18})": "1", "(?P<name>[a-z_]{1,64})": "order_created", r"\.": "."}
    found = []
    for room in ROOMS:
        path = room.path
        for pattern, value in filled.items():
            path = path.replace(pattern, value)
        found += [
            (method, f"/{path}", room.permission)
            for method, answer in (("GET", room.show), ("POST", room.act))
            if answer
        ]
    return found


@pytest.mark.parametrize(("method", "path", "permission"), _paths())
def test_each_part_needs_its_permission(
    stage: Stage, method: str, path: str, permission: Permission
) -> None:
    """401 without a token or with a wrong one, 403 for customers and for staff who may not."""
    statuses = {
        str(token): asked(stage, method, path, token, {}, {})[0]
        for token in (None, "forged", "none", "customer", *Permission)
    }
    assert statuses.pop("None") == statuses.pop("forged") == 401
    assert statuses.pop("none") == statuses.pop("customer") == 403
    assert statuses.pop(permission) in (200, 400)
    assert set(statuses.values()) == {403}


def test_the_menu_has_what_one_may_open(stage: Stage) -> None:
    """Nothing else is offered."""
    _, html, _ = get(stage, "/messages", Permission.MANAGE_ORDERS)
    menu = re.findall(r'<li><a href="/plugins/saleor_sms_plugin/(\w+)"', html)
    assert menu == ["overview", "messages", "order", "replies", "held"]
    assert 'href="/plugins/saleor_sms_plugin/messages" aria-current="page"' in html


@pytest.mark.parametrize(
    ("permission", "title"),
    [("MANAGE_PLUGINS", "Start"), ("MANAGE_ORDERS", "Overview"), ("MANAGE_USERS", "Consent")],
)
def test_the_bare_address_opens_the_first_page_one_may_see(
    stage: Stage, permission: str, title: str
) -> None:
    """And who opens another one still has the menu."""
    status, html, _ = get(stage, "/", permission)
    assert (status, f"<title>{title} · SMS</title>" in html) == (200, True)
    others = {"/start", "/overview", "/person"}
    refused = [html for path in sorted(others) for status, html, _ in [get(stage, path, permission)]
               if status == 403]  # fmt: skip
    assert len(refused) == 2
    assert all(f'aria-current="page">{title}' not in html for html in refused)
    assert all(f">{title}</a>" in html for html in refused)


def test_parts_are_not_kept_by_anybody(stage: Stage) -> None:
    """Nor run where somebody opens one by itself."""
    _, _, response = get(stage, "/messages")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Security-Policy"] == "default-src 'none'"
    assert response["Vary"] == "HX-Request, Accept-Language"


def test_nothing_of_the_pages_is_loaded_before_one_is_opened() -> None:
    """A shop that does not use them does not pay for them."""
    script = (
        "import django, sys; django.setup(); import saleor_sms_plugin.web.router;"
        "sys.exit(any(name.startswith('saleor_sms_plugin.web.staff') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.parametrize("path", ["/nothing", "/messages/x", "/messages/1/2", "/texts/../start"])
def test_other_paths_are_not_there(stage: Stage, path: str) -> None:
    """404, for whoever asks."""
    assert get(stage, path)[0] == 404


def test_a_fault_tells_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken database is 503, another fault 500, and neither shows what it was."""
    for fault, status in ((DatabaseError("secret"), 503), (RuntimeError("secret"), 500)):

        def broken(*_: object, fault: Exception = fault) -> object:
            raise fault

        monkeypatch.setattr("saleor_sms_plugin.web.staff.messages.visible", broken)
        found, html, _ = get(stage, "/messages")
        assert found == status
        assert "secret" not in html


def test_forms_are_forms_and_not_too_large(stage: Stage) -> None:
    """Anything else is refused before it is read."""
    headers = {"Authorization-Bearer": "staff"}
    request = RequestFactory().post(BASE, "{}", "application/json", headers=headers)
    assert router.answer(request, "/messages", stage.ports).status_code == 400
    assert post(stage, "/messages", q="x" * 70_000)[0] == 413


# ------------------------------------------------------------------------------------ the pages


def test_the_log_finds_by_order_number_phone_and_status(stage: Stage) -> None:
    """What is searched for is a form's, so that no number stands in an address."""
    place(stage)
    place(stage, "o2", billing=Address(phone="", country="PL"), shipping=None)

    def found(**asked: str) -> list[str]:
        return re.findall(r"#(\d+)", post(stage, "/messages", **asked)[1])

    assert found() == ["2", "1"]
    assert found(q="1") == found(q=BUYER.phone) == ["1"]
    assert found(q="#2") == ["2", "2"]  # in the field, too
    assert found(status="suppressed") == ["2"]
    assert found(event="order_cancelled") == []
    assert found(since="2026-03-03") == found(until="2026-03-01") == []
    assert found(since="2026-03-02", until="2026-03-02", channel="channel-1") == ["2", "1"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "yesterday"}, "“yesterday” is no date."),
        ({"q": "+12"}, "is not a phone number."),
        ({"after": "x"}, "no cursor of this list"),
        ({"after": FAR}, "no cursor of this list"),
        ({"q": "a\0b"}, "U+0000"),
        ({"status": "\0"}, "U+0000"),
    ],
)
def test_a_search_that_says_nothing_is_refused_in_words(
    stage: Stage, asked: dict[str, str], said: str
) -> None:
    """With what was wrong."""
    status, html, _ = post(stage, "/messages", **asked)
    assert status == 400
    assert said in html


def test_the_log_goes_on_page_by_page(stage: Stage) -> None:
    """Fifty to a page, the next one by its cursor."""
    first = place(stage)
    for number in range(54):
        stage.clock.move(seconds=1)
        Message.objects.create(
            **{f.attname: getattr(first, f.attname) for f in Message._meta.fields
               if f.attname not in ("id", "reference", "event_id", "created_at", "order_number")},
            created_at=stage.clock.now(), order_number=f"{number + 2}",
        )  # fmt: skip
    _, html, _ = post(stage, "/messages")
    assert html.count('<li class="card">') == 50
    after = re.search(r'name="after" value="([^"]+)"', html)
    assert after
    _, html, _ = post(stage, "/messages", after=after[1])
    assert html.count('<li class="card">') == 5
    assert 'name="after"' not in html


@pytest.mark.parametrize("path", ["/messages", "/replies"])
def test_a_list_takes_the_same_statements_whatever_its_length(stage: Stage, path: str) -> None:
    """One for the rows, none for each."""
    counts = []
    for number in range(3):
        place(stage, f"o{number + 1}")
        reply(stage, "no more please")
        with CaptureQueriesContext(connection) as asked:
            assert get(stage, path)[0] == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2]


def test_a_message_shows_its_timeline(stage: Stage) -> None:
    """From the event to the provider's answer."""
    message = place(stage)
    _, html, _ = get(stage, f"/messages/{message.pk}")
    moments = re.findall(r"</time>\s*<b>([^<]+)</b>", html)
    assert moments == [
        "Happened in the shop", "Recorded", "Decided", "Provider called", "Provider answered",
    ]  # fmt: skip


def test_staff_of_another_channel_see_nothing_of_this_one(stage: Stage) -> None:
    """Neither messages, nor the order, nor replies, nor its texts."""
    message, key = place(stage), reply(stage, "no more please")
    assert 'class="log"' not in post(stage, "/messages", "elsewhere")[1]
    assert get(stage, f"/messages/{message.pk}", "elsewhere")[0] == 400
    assert "There is no such order" in get(stage, "/order?number=1", "elsewhere")[1]
    assert "no more please" not in get(stage, "/replies", "elsewhere")[1]
    assert post(stage, f"/replies/{key}", "elsewhere", resolution="keep")[0] == 400
    assert get(stage, "/texts?channel=channel-1", "elsewhere")[0] == 400
    assert (
        post(stage, "/start/test", "elsewhere", number=BUYER.phone, channel="channel-1")[0] == 400
    )
    assert post(stage, "/messages.csv", "elsewhere")[1].count("\n") == 1
    assert InboundMessage.objects.filter(resolved_at__isnull=True).count() == 1


def test_markup_is_shown_as_text(stage: Stage) -> None:
    """In texts, replies, numbers asked for and names of channels."""
    stage.configure("order_created", text_order_created=f"Order {{{{ order.number }}}} {SCRIPT}")
    message = place(stage)
    reply(stage, SCRIPT)
    pages = [
        get(stage, f"/messages/{message.pk}")[1],
        get(stage, "/order?number=1")[1],
        get(stage, f"/order?number={quoted(SCRIPT)}")[1],
        get(stage, "/replies")[1],
        get(stage, "/texts/order_created")[1],
        post(stage, "/texts/order_created/preview", text_order_created=SCRIPT)[1],
    ]
    for html in pages:
        assert ESCAPED in html
        assert SCRIPT not in html
    refused = post(stage, "/messages", since=SCRIPT)[1]
    assert "&lt;script" in refused
    assert "<script" not in refused


def test_the_file_runs_no_formula(stage: Stage) -> None:
    """Cells that begin like one get an apostrophe; the columns are named."""
    stage.configure("order_created", text_order_created="=1+1 {{ order.number }}")
    place(stage)
    status, text, response = post(stage, "/messages.csv")
    assert status == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="messages.csv"'
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["body"] == "'=1+1 1"
    assert (row["event"], row["recipient"]) == ("order_created", "'+48512345678")


def test_an_order_says_why_it_got_no_text(stage: Stage) -> None:
    """By its number, and by the id that the dashboard hands over."""
    place(stage, billing=Address(phone="", country="PL"), shipping=None)
    by_number = get(stage, "/order?number=%231")[1]
    assert "The order has no phone number." in by_number
    asked = get(stage, f"/order?orderId={quoted(global_id('Order', 'o1') or '')}")[1]
    assert "The order has no phone number." in asked


@pytest.mark.parametrize(
    ("language", "said"),
    [("pl", "W zamówieniu nie ma numeru telefonu."),
     ("it", "Nell&#x27;ordine non c&#x27;è un numero di telefono.")],
)  # fmt: skip
def test_reasons_are_told_in_the_readers_language(stage: Stage, language: str, said: str) -> None:
    """In the log, on the message's page and in its timeline, and where an order is looked up."""
    message = place(stage, billing=Address(phone="", country="PL"), shipping=None)
    headers = {"Accept-Language": language}
    assert get(stage, "/messages", **headers)[1].count(said) == 1
    assert get(stage, f"/messages/{message.pk}", **headers)[1].count(said) == 2
    assert get(stage, "/order?number=1", **headers)[1].count(said) == 1


@pytest.mark.parametrize(
    ("active", "said"),
    [(True, "Nothing was recorded about this order. Either"), (False, "is not switched on in")],
)
def test_an_order_of_which_nothing_is_known_says_that(
    stage: Stage, active: bool, said: str
) -> None:
    """With what may be the cause."""
    stage.configure("order_created", active=active)
    stage.order("o7")
    assert said in get(stage, "/order?number=7")[1]


def test_a_reply_is_decided_once(stage: Stage) -> None:
    """It leaves the list; a second decision is refused."""
    key = reply(stage, "no more please")
    assert f'action="{BASE}/replies/{key}"' in get(stage, "/replies")[1]
    status, html, _ = post(stage, f"/replies/{key}", resolution="keep")
    assert status == 200
    assert "Nothing waits for you." in html
    assert InboundMessage.objects.get().resolution == "keep"
    assert post(stage, f"/replies/{key}", resolution="opt-out")[0] == 400
    assert post(stage, f"/replies/{key}", resolution="maybe")[0] == 400


def test_a_persons_consent_is_found_by_number_and_by_e_mail(stage: Stage) -> None:
    """With the acts behind it, and where the person stands in each channel."""
    stage.shop.phones["anna@example.com"] = [(BUYER.phone, "PL")]
    ConsentEntry.objects.create(
        number=BUYER.phone, scope="offers", act="given", basis="express", source="checkout",
        wording=SCRIPT, occurred_at=stage.clock.now(), recorded_at=stage.clock.now(), key="k",
    )  # fmt: skip
    for who in (BUYER.phone, "Anna@example.com"):
        _, html, _ = post(stage, "/person", who=who)
        assert "<b>agreed</b> Offers" in html
        assert ESCAPED in html
        assert html.count("<td>channel-1</td>") == 3
    assert "No phone number is known" in post(stage, "/person", who="nobody@example.com")[1]


def test_staff_put_down_what_a_person_said(stage: Stage) -> None:
    """With who entered it; nothing but an agreement and its end can be said."""
    said = {"number": BUYER.phone, "scope": "offers", "wording": "Yes, offers by SMS"}
    status, html, _ = post(stage, "/person/say", act="given", **said)
    assert status == 200
    assert "<b>agreed</b> Offers" in html
    post(stage, "/person/say", act="withdrawn", channel="channel-1", **said)
    rows = ConsentEntry.objects.order_by("pk").values_list("act", "channel_id", "staff", "source")
    assert list(rows) == [
        ("given", None, "anna@example.com", "staff"),
        ("withdrawn", CHANNEL, "anna@example.com", "staff"),
    ]
    for wrong in (
        {"act": "held"},
        {"act": "given", "scope": "all"},
        {"act": "given", "number": ""},
        {"act": "given", "number": "eva@example.com"},
    ):
        assert post(stage, "/person/say", **(said | wrong))[0] == 400
    assert post(stage, "/person/say", "elsewhere", act="given", **said)[0] == 400


def test_what_did_not_arrive_is_sent_again_once(stage: Stage) -> None:
    """To a corrected number; a second click sends no second text."""
    old = place(stage)
    Message.objects.filter(pk=old.pk).update(status="failed", reason="rejected")
    for _ in range(2):
        status, html, _ = post(stage, f"/messages/{old.pk}/retry", recipient="+48512345679")
        assert status == 200
        assert "+48512345679" in html
    assert Message.objects.count() == 2
    assert post(stage, f"/messages/{old.pk}/retry", "elsewhere")[0] == 400


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"status": "failed"}, True),
        ({"status": "outcome_unknown"}, True),
        ({"status": "sent"}, False),
        ({"status": "failed", "event_name": "test"}, False),
        ({"status": "outcome_unknown", "event_name": "test"}, False),
        ({"status": "failed", "event_name": "manual", "body": ""}, False),
        ({"status": "failed", "event_name": "checkout_abandoned_2"}, False),
        ({"status": "failed", "channel_id": None}, False),
    ],
)
def test_sending_anew_is_offered_where_it_is_done(
    stage: Stage, changes: dict[str, Any], offered: bool
) -> None:
    """And nowhere else: the page and the deed ask the same."""
    old = place(stage)
    Message.objects.filter(pk=old.pk).update(**changes)
    assert ("/retry" in get(stage, f"/messages/{old.pk}")[1]) is offered
    status, _, _ = post(stage, f"/messages/{old.pk}/retry", recipient=BUYER.phone, accept="yes")
    assert (status, Message.objects.count()) == ((200, 2) if offered else (400, 1))


def test_what_waits_can_be_ended(stage: Stage) -> None:
    """And nothing else."""
    message = place(stage)
    assert post(stage, f"/messages/{message.pk}/cancel")[0] == 400
    Message.objects.filter(pk=message.pk).update(status="queued", finished_at=None)
    assert post(stage, f"/messages/{message.pk}/cancel")[0] == 200
    assert Message.objects.get().reason == "cancelled_by_staff"


def test_the_checklist_goes_from_empty_to_done(stage: Stage) -> None:
    """Each step as it is: what is missing, a test that failed, one that was sent."""

    def states() -> dict[str, str]:
        html = get(stage, "/start")[1]
        found = re.findall(r'<li class="card (\w+)">.*?</span> (.*?) <span', html, re.DOTALL)
        return {title: state for state, title in found}

    stage.configure(provider="vonage", sender_id="", active=False)
    assert states() == {
        "Provider connected": "open", "Sender allowed everywhere": "open",
        "Worker and beat alive": "open", "Test text arrived": "open",
        "Delivery receipts arrive": "none", "Replies arrive": "none", "Switched on": "open",
    }  # fmt: skip
    stage.configure("order_created", sender_id="Acme", allowed_countries="PL")
    stage.run()
    _, html, _ = post(stage, "/start/test", number=BUYER.phone)
    assert "accepted the text to" in html
    assert states()["Test text arrived"] == "waits"
    Message.objects.filter(event_name="test").update(status="delivered")
    assert states() | {"Provider connected": ""} == {
        "Provider connected": "", "Sender allowed everywhere": "done",
        "Worker and beat alive": "open", "Test text arrived": "done",
        "Delivery receipts arrive": "none", "Replies arrive": "none", "Switched on": "done",
    }  # fmt: skip


def step_of_test(stage: Stage) -> tuple[str, str]:
    channel = channels.load(stage.ports)[CHANNEL]
    steps = first_steps.first_steps(channel, stage.ports)
    return next((step.state, step.detail) for step in steps if step.name == "test")


def test_the_checklist_tells_the_newest_test(stage: Stage) -> None:
    """A test that arrived counts until a newer one does not."""
    stage.configure("order_created")
    stage.shop.tokens = callers()
    stage.shop.install()
    post(stage, "/start/test", number=BUYER.phone)
    Message.objects.update(status="delivered")
    assert step_of_test(stage)[0] == "done"
    stage.clock.move(minutes=1)
    html = post(stage, "/start/test", number="+48601")[1]
    state, said = step_of_test(stage)
    assert (state, said.partition(":")[0], said in unescape(html)) == (
        "open", "2026-03-02 12", True,
    )  # fmt: skip
    assert "the text was not sent." in said
    assert [m.channel_slug for m in Message.objects.order_by("pk")] == ["channel-1"] * 2


@pytest.mark.parametrize(
    "changes",
    [{"sender_id": "Other"}, {"provider": "console"}, {"provider": "vonage", "api_key": "other"}],
)
def test_a_test_counts_for_what_it_tried(stage: Stage, changes: dict[str, Any]) -> None:
    """Of another provider, account or sender a test is still to come."""
    stage.configure("order_created")
    stage.shop.tokens = callers()
    stage.shop.install()
    post(stage, "/start/test", number=BUYER.phone)
    Message.objects.update(status="delivered")
    stage.configure("order_created", **changes)
    state, said = step_of_test(stage)
    assert state == "open"
    assert "memory accepted the text to" in said
    assert said.endswith("Provider, account or sender is another one now: send a test text anew.")


@pytest.mark.parametrize(
    ("country", "sender", "said"),
    [
        ("IT", "Acme", "which takes up to 7 working days"),
        ("IE", "Acme", "which takes 5 to 10 working days"),
        ("ES", "Acme", "how long the register takes is said nowhere, so begin early"),
        ("US", "12125552368", "which takes days or weeks"),
    ],
)
def test_a_sender_to_be_registered_waits_and_says_how_long(
    stage: Stage, country: str, sender: str, said: str
) -> None:
    """In its own words for each country, as far as its register says it."""
    stage.configure("order_created", allowed_countries=country, sender_id=sender)
    html = get(stage, "/start")[1]
    assert '<li class="card waits">' in html
    assert said in html


def test_who_may_not_see_a_page_is_told_what_is_missing(stage: Stage) -> None:
    """In a sentence, under the menu of what is left."""
    status, html, _ = get(stage, "/messages", Permission.MANAGE_USERS)
    assert status == 403
    assert '<h1 tabindex="-1">Not for this account</h1>' in html
    assert "Your account lacks the permission “Manage orders”." in html
    assert ">Consent</a>" in html
    nobody = get(stage, "/", "none")[1]
    assert "Your account lacks the permission “Manage plugins”." in nobody


def test_the_overview_counts(stage: Stage) -> None:
    """From the counters; amounts in the reader's manner."""
    message = place(stage)
    Message.objects.filter(pk=message.pk).update(
        status="delivered", price=Decimal("0.05"), currency="EUR", finished_at=stage.clock.now()
    )
    stage.clock.move(minutes=2)
    statistics.roll_up(stage.ports)
    _, html, _ = get(stage, "/overview?days=7")
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", html))
    assert figures["Delivered"] == figures["Sent"] == "1"
    assert figures["Cost"] == "€0.05"
    assert html.count('class="back"') == 7
    assert html.count('<rect class="delivered"') == 1


def test_the_preview_shows_each_language_and_its_price(stage: Stage) -> None:
    """What a customer reads, how many segments, and which letters make it dearer."""
    text = "Thanks, order {{ order.number }}\n[pl]\nDziękujemy {{ order.number }}"
    _, html, _ = post(stage, "/texts/order_created/preview", text_order_created=text)
    assert re.findall(r'class="bubble"[^>]*>([^<]+)<', html) == [
        "Thanks, order 123456", "Dziękujemy 123456",
    ]  # fmt: skip
    assert re.findall(r"(\d+)/(\d+) · ([\w-]+)", html) == [
        ("20", "160", "GSM-7"), ("17", "70", "UCS-2"),
    ]  # fmt: skip
    assert re.findall("<code>(.)</code>", html) == ["ę"]


def test_the_preview_says_what_a_save_would_say(stage: Stage) -> None:
    """With line and column, and nothing is stored."""
    before = dict(stage.shop.channels[CHANNEL].values)
    text = "Order {{ order.nubmer }}"
    _, html, _ = post(stage, "/texts/order_created/preview", text_order_created=text)
    assert "order.number" in html
    assert "line 1, column" in html
    assert stage.shop.channels[CHANNEL].values == before


def test_an_empty_field_previews_the_built_in_texts(stage: Stage) -> None:
    """In all six languages."""
    _, html, _ = get(stage, "/texts/order_created")
    assert html.count('class="phone"') == 6


def test_secrets_are_never_shown(stage: Stage) -> None:
    """Neither on the checklist nor in the editor."""
    stage.configure(provider="vonage", api_key="abcd1234", api_secret="s3cr3t-s3cr3t")
    pages = get(stage, "/start")[1] + get(stage, "/texts")[1]
    assert "abcd1234" in pages
    assert "s3cr3t" not in pages


# ------------------------------------------------------------------------------- the dashboard


def test_the_manifest_says_where_and_what_for(stage: Stage) -> None:
    """Absolute addresses, the three permissions, one entry in the menu and two at their things."""
    _, body, response = get(stage, "/manifest", None)
    assert response["Content-Type"] == "application/json"
    assert '"appUrl": "https://api.shop.example.com/plugins/saleor_sms_plugin/"' in body
    found = manifest(stage.ports)
    assert found["version"] == __version__
    assert found["permissions"] == ["MANAGE_ORDERS", "MANAGE_PLUGINS", "MANAGE_USERS"]
    assert [(each["mount"], each["url"]) for each in found["extensions"]] == [
        ("NAVIGATION_ORDERS", "/messages"),
        ("ORDER_DETAILS_MORE_ACTIONS", "/order"),
        ("CUSTOMER_DETAILS_MORE_ACTIONS", "/person"),
    ]


def test_the_registration_is_taken_and_forgotten(stage: Stage) -> None:
    """The app needs no token of its own."""
    request = RequestFactory().post(BASE, '{"auth_token": "t"}', "application/json")
    response = router.answer(request, "/register", stage.ports)
    assert (response.status_code, response.content) == (200, b"{}")
    assert get(stage, "/register", None)[0] == 405


# --------------------------------------------------------------------------- words and drawings


@pytest.mark.parametrize("language", ["pl", "it"])
def test_every_language_has_the_same_words(language: str) -> None:
    """The same keys, and in each the same places to fill in."""

    def places(words: str) -> list[str]:
        return sorted(name for _, name, _, _ in Formatter().parse(words) if name)

    assert WORDS[language].keys() == WORDS["en"].keys()
    assert {k: places(v) for k, v in WORDS[language].items()} == {
        k: places(v) for k, v in WORDS["en"].items()
    }


@pytest.mark.parametrize("language", LABELS)
def test_every_event_and_answer_has_a_label(language: str) -> None:
    """A new one is named in every language."""
    assert LABELS[language].keys() == {*EVENTS, *ANSWERS}


def test_the_highest_bar_fills_the_chart() -> None:
    """Pieces stand on one another; a day without texts has none."""
    chart = stacked([("1", "one", [("a", 3), ("b", 1)]), ("2", "two", [("a", 0), ("b", 0)])])
    first, second = chart.bars
    assert chart.highest == 4
    assert [(p.kind, p.y, p.height) for p in first.pieces] == [
        ("a", HEIGHT / 4, HEIGHT * 3 / 4), ("b", 0.0, HEIGHT / 4),
    ]  # fmt: skip
    assert second.pieces == ()
