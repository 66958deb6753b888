"""Every offer says how to opt out, and the page behind its link does what it says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Scope
from saleor_sms_plugin.models import ConsentEntry, Link, Message, SurveyScore, WrongToken
from saleor_sms_plugin.models.link import new_token
from saleor_sms_plugin.ports import Address, Box, Checkout
from saleor_sms_plugin.services import boxes, channels, ledger, links, opting, saving
from saleor_sms_plugin.services.ledger import Deed, Source
from saleor_sms_plugin.web import router
from tests.integration.stage import CHANNEL, Stage, only

FIRST = "checkout_abandoned"
PHONES = {
    "PL": "+48512345678", "IT": "+393471234567", "DE": "+4915112345678", "FR": "+33612345678",
    "BE": "+32470123456", "MY": "+60123456789", "US": "+12125552368", "CA": "+14165550123",
    "GB": "+447400123456",
}  # fmt: skip
BASE = "https://shop.example.com/s"
NAME, NUMBER = "Acme", "+447700900123"
LINK = re.compile(rf"{BASE}/([1-9A-HJ-NP-Za-km-z]{{10}})$")
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"


def configure(
    stage: Stage, *events: str, advanced: str = "", sender_id: str = NAME, **values: Any
) -> None:
    stage.configure(
        *(events or (FIRST,)),
        **{
            "sender_id": sender_id, "test_numbers": ", ".join(PHONES.values()),
            "allowed_countries": ", ".join(PHONES),
            "advanced": f"link_base = {BASE}\n{advanced}",
        } | values,
    )  # fmt: skip
    stage.clock.move(minutes=1)


def cart(stage: Stage, country: str = "IT", name: str = "c1", **changes: Any) -> Checkout:
    """A reminder of it was due an hour later."""
    values: dict[str, Any] = {
        "id": name, "channel_id": CHANNEL, "channel_slug": "channel-1", "language": "en",
        "created_at": stage.clock.now(), "currency": "EUR", "total": Decimal("99.90"),
        "item_count": 3, "lines": "aaaa",
        "billing": Address(phone=PHONES[country], country=country),
    }  # fmt: skip
    stage.shop.changed[name] = stage.clock.now()
    return stage.shop.put_checkout(Checkout(**(values | changes)))


def remind(stage: Stage, country: str = "IT", **changes: Any) -> None:
    stage.clock.move(hours={"US": 9, "MY": 16}.get(country, 0))  # day there
    cart(stage, country, **changes)
    stage.later(minutes=60)
    stage.clock.move(minutes=1)


SAVED = "Acme: your cart is saved in our shop."

# -------------------------------------------------------------------------------- the footer


@pytest.mark.parametrize(
    ("country", "sender", "advanced", "footer"),
    [
        ("IT", NUMBER, "", "Reply STOP to opt out"),
        ("IT", NAME, "opt_out_number = +48 512 345 678", "STOP to +48512345678"),
        ("FR", NAME, "opt_out_number = +48512345678, FR 36180", "STOP to 36180"),
        ("FR", NUMBER, "opt_out_number = FR 36180", "STOP to 36180"),
        ("BE", NAME, "opt_out_number = +48512345678", "STOP to +48512345678"),
        ("MY", NUMBER, "", "Reply STOP to opt out"),
        ("US", NAME, f"sender.US = {NUMBER}", "Reply STOP to opt out"),
    ],
)
def test_an_offer_ends_with_the_way_that_works(
    stage: Stage, country: str, sender: str, advanced: str, footer: str
) -> None:
    """A reply to a number, else STOP to the number set for the country."""
    configure(stage, sender_id=sender, advanced=advanced)
    remind(stage, country)
    assert stage.bodies == [f"{SAVED} {footer}"]
    assert Link.objects.count() == 0


@pytest.mark.parametrize("country", ["IT", "DE", "PL"])
def test_a_name_without_a_number_carries_a_link(stage: Stage, country: str) -> None:
    """On the shop's own host, for a year, remembering its reader."""
    configure(stage)
    remind(stage, country)
    [body] = stage.bodies
    assert LINK.search(body)
    assert body.startswith(f"{SAVED} Opt out: ")
    link = Link.objects.get()
    assert (link.kind, link.recipient) == ("opt_out", PHONES[country])
    assert link.expires_at - link.created_at == dt.timedelta(days=365)


def test_without_a_link_base_it_is_under_the_plugins_path(stage: Stage) -> None:
    """Nothing has to be set up."""
    configure(stage)
    stage.configure(FIRST, test_numbers=PHONES["IT"], allowed_countries="IT")
    stage.clock.move(minutes=1)
    remind(stage)
    base = "https://api.shop.example.com/plugins/saleor_sms_plugin/s/"
    assert stage.bodies == [f"{SAVED} Opt out: {base}{Link.objects.get().token}"]


@pytest.mark.parametrize(
    ("language", "footer"),
    [
        ("pl", "Aby zrezygnowac, odpisz STOP"),
        ("it", "Per disiscriverti rispondi STOP"),
        ("de", "Abmelden: STOP antworten"),
        ("fr", "Désinscription : répondez STOP"),
        ("es", "Baja: responde STOP"),
        ("nl", "Reply STOP to opt out"),
    ],
)
def test_it_speaks_the_language_of_its_text(stage: Stage, language: str, footer: str) -> None:
    """Also where the owner wrote the text."""
    own = f"Sale [{language}]"
    configure(stage, sender_id=NUMBER, **{f"text_{FIRST}": f"Sale\n[{language}]\n{own}"})
    remind(stage, language=language)
    assert stage.bodies == [f"{own} {footer}"]


def test_where_the_template_places_it_it_stands_once(stage: Stage) -> None:
    """At its place and not behind the text, too."""
    configure(stage, sender_id=NUMBER, **{f"text_{FIRST}": "Hi. {{ opt_out.text }}! Bye"})
    remind(stage)
    assert stage.bodies == ["Hi. Reply STOP to opt out! Bye"]


@pytest.mark.parametrize("country", ["BE", "MY", "FR"])
def test_an_offer_without_a_way_out_is_not_sent(stage: Stage, country: str) -> None:
    """A name takes no replies, links do not pass, no number is set: suppressed, and said."""
    configure(stage)
    remind(stage, country)
    assert stage.rows == [(FIRST, "suppressed", "no_opt_out_path")]
    assert (stage.bodies, Link.objects.count()) == ([], 0)


@pytest.mark.parametrize(("words", "status"), [("short", "sent"), ("long " * 25, "suppressed")])
def test_in_poland_the_link_stands_in_one_segment_or_the_text_stays(
    stage: Stage, words: str, status: str
) -> None:
    """Longer texts with an address are often blocked there."""
    configure(stage, **{f"text_{FIRST}": words})
    remind(stage, "PL")
    reason = "" if status == "sent" else "no_opt_out_path"
    assert stage.rows == [(FIRST, status, reason)]
    assert only(FIRST).detail == (
        "" if status == "sent" else "With a link at most 1 segment; it has 2."
    )


def test_in_poland_the_way_out_is_worth_more_than_the_link_to_the_cart(stage: Stage) -> None:
    """Of two links that do not fit, the first goes."""
    text = "x" * 90 + "{% if checkout.recovery_url %} {{ checkout.recovery_url }}{% endif %}"
    configure(
        stage, storefront_url="https://shop.example.com", **{f"text_{FIRST}": text},
        advanced="recovery_url = https://shop.example.com/c/{{ checkout.token }}",
    )  # fmt: skip
    remind(stage, "PL")
    token = Link.objects.get(kind="opt_out").token
    assert stage.bodies == [f"{'x' * 90} Opt out: {BASE}/{token}"]


def test_it_is_counted(stage: Stage) -> None:
    """A text of one full segment has two with its opt-out, and is refused where one is the most."""
    configure(stage, sender_id=NUMBER, **{f"text_{FIRST}": "x" * 160})
    remind(stage)
    assert only(FIRST).segment_count == 2
    configure(stage, sender_id=NUMBER, advanced="max_segments = 1", **{f"text_{FIRST}": "x" * 160})
    remind(stage, "DE", name="c2")
    assert stage.rows[1] == (FIRST, "failed", "too_long")


@pytest.mark.parametrize("country", ["US", "CA"])
def test_the_first_text_of_all_to_a_number_says_it_there(stage: Stage, country: str) -> None:
    """Order texts, too; the second one is as it was."""
    configure(stage, "order_created", sender_id="+12125550100")
    person = Address(phone=PHONES[country], country=country)
    for name in ("o1", "o2"):
        stage.happen("order_created", stage.order(name, billing=person))
        stage.later(minutes=1)
    first, second = stage.bodies
    assert first.endswith("Thank you! Reply STOP to opt out")
    assert second.endswith("Thank you!")


def test_elsewhere_order_texts_say_nothing_of_it(stage: Stage) -> None:
    """In France a stop code would make it an offer."""
    configure(stage, "order_created", sender_id=NUMBER, advanced="opt_out_number = FR 36180")
    for name, country in (("o1", "GB"), ("o2", "FR"), ("o3", "BE")):
        person = Address(phone=PHONES[country], country=country)
        stage.happen("order_created", stage.order(name, billing=person))
    stage.later(minutes=1)
    assert [body[-10:] for body in stage.bodies] == ["Thank you!"] * 3


# ------------------------------------------------------------------------------ what a save says


def refusals(**values: Any) -> list[str]:
    stage = Stage()
    new: dict[str, object] = {
        "provider": "console", "sender_id": NAME, "shop_name": "Acme", f"send_{FIRST}": True,
    }  # fmt: skip
    found = saving.refusals(new | values, {}, active=True, channel_id=CHANNEL, ports=stage.ports)
    return [each.message for each in found]


@pytest.mark.django_db
def test_a_save_refuses_offers_without_a_way_out() -> None:
    """It names the country, the setting and the other ways to mend it."""
    [said] = refusals(allowed_countries="IT, BE")
    assert said == (
        "Advanced (advanced): “Cart left behind” to BE would carry no way to opt out: neither the "
        "sender “Acme” nor a link serves there. Write opt_out_number = BE … with the number or "
        "the provider's code that takes STOP there, take BE out of Allowed countries "
        "(allowed_countries), or untick the event."
    )
    assert refusals(allowed_countries="IT, BE", advanced="opt_out_number = BE 8123") == []
    assert refusals(allowed_countries="IT, BE", advanced="sender.BE = +32470000000") == []
    assert refusals(allowed_countries="IT, BE", **{f"send_{FIRST}": False}) == []
    assert refusals() == []  # the shipping zones of PL, IT and US


@pytest.mark.django_db
def test_a_save_counts_the_opt_out() -> None:
    """A text that fits without it is refused with it."""
    tight = {"allowed_countries": "IT", "advanced": "max_segments = 1", f"text_{FIRST}": "x" * 130}
    [said] = refusals(**tight)
    assert "takes 2 segments with long values; at most 1 are allowed" in said
    assert refusals(**tight, sender_id=NUMBER) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Acme", "“Acme” is not a number."),
        ("36180", "“36180” is a short code, which works in one country only."),
        ("FR 36180, FR 36181", "“FR 36181” is the second number there."),
        ("XX 36180", "“XX” is not a country code."),
        ("0512345678", "starts with 0"),
    ],
)
@pytest.mark.django_db
def test_an_opt_out_number_that_cannot_work_is_refused(value: str, said: str) -> None:
    """With the reason and an example."""
    [message] = refusals(allowed_countries="IT", advanced=f"opt_out_number = {value}")
    assert said in message


# ---------------------------------------------------------------------------------- the page


@pytest.fixture
def token(stage: Stage) -> str:
    """Of a reminder's opt-out link, sent a minute ago."""
    configure(stage)
    remind(stage)
    return Link.objects.get().token


def visit(stage: Stage, token: str, method: str = "GET", **headers: str) -> Any:
    request = RequestFactory().generic(
        method, f"/s/{token}", headers={"User-Agent": BROWSER, **headers}
    )
    return router.answer(request, f"/s/{token}", stage.ports)


def press(
    stage: Stage, token: str, choice: str, *, data: str | None = None,
    content_type: str = "application/x-www-form-urlencoded", **meta: Any,
) -> Any:  # fmt: skip
    body = urlencode({"choice": choice}) if data is None else data
    request = RequestFactory().post(f"/s/{token}", body, content_type=content_type, **meta)
    return router.answer(request, f"/s/{token}", stage.ports)


def buttons(answer: Any) -> list[str]:
    return re.findall(r'name="choice" value="(\w+)"', answer.content.decode())


def acts() -> list[tuple[str, str]]:
    return list(ConsentEntry.objects.order_by("pk").values_list("scope", "act"))


def stopped(stage: Stage, number: str = PHONES["IT"], channel_id: int = CHANNEL) -> set[Scope]:
    channel = channels.load(stage.ports)[channel_id]
    known = ledger.read([number])
    return {scope for scope in Scope if known.standing(number, scope, channel).stopped}


def test_looking_changes_nothing(stage: Stage, token: str) -> None:
    """Programs open links before their readers: GET and HEAD write not one row."""
    for method in ("GET", "HEAD", "GET"):
        with CaptureQueriesContext(connection) as queries:
            answer = visit(stage, token, method)
        assert answer.status_code == 200
        assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
    link = Link.objects.get()
    assert (acts(), link.clicked_at, link.preview_count) == ([], None, 0)
    assert buttons(answer) == ["offers", "all"]


def test_the_page_shows_shop_and_masked_number_and_keeps_to_itself(
    stage: Stage, token: str
) -> None:
    """No script, no cookie, nothing from elsewhere, no frame, no trace."""
    answer = visit(stage, token)
    text = answer.content.decode()
    assert "<h1>Acme</h1>" in text
    assert "+39*****567" in text
    assert PHONES["IT"] not in text
    assert "<script" not in text
    assert not re.search(r"\bon\w+=|style=|src=|href=", text)
    assert not answer.cookies
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; "
        r"frame-ancestors 'none'; base-uri 'none'",
        answer["Content-Security-Policy"],
    )


def test_the_style_is_the_one_that_the_policy_allows(stage: Stage, token: str) -> None:
    """The hash is of exactly what stands between the tags."""
    import base64
    import hashlib

    answer = visit(stage, token)
    style = re.search(r"<style>(.*?)</style>", answer.content.decode(), re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("text", "accepted", "found"),
    [
        ("pl", "de", "pl"),
        ("pt-br", "de;q=0.5, es-MX", "es"),
        ("nl", "ja", "en"),
        ("nl", "*;q=x", "en"),
    ],
)
def test_it_speaks_the_texts_language_then_the_browsers(
    stage: Stage, text: str, accepted: str, found: str
) -> None:
    """Else English; the document says which."""
    configure(stage)
    remind(stage)
    Message.objects.update(language=text)
    answer = visit(stage, Link.objects.get().token, **{"Accept-Language": accepted})
    assert f'<html lang="{found}">' in answer.content.decode()


def test_no_more_offers(stage: Stage, token: str) -> None:
    """Offers and reminders end, order texts do not; what was read is on record, once."""
    for _ in range(2):
        answer = press(stage, token, "offers", REMOTE_ADDR="203.0.113.7")
        assert (answer.status_code, buttons(answer)) == (200, ["all", "undo"])
        assert "You get no more offers." in answer.content.decode()
    assert acts() == [("offers", "withdrawn"), ("cart_reminders", "withdrawn")]
    entry = ConsentEntry.objects.first()
    assert entry is not None
    assert (entry.number, entry.source, entry.ip) == (PHONES["IT"], "page", "203.0.113.7")
    assert (entry.sender_id, entry.channel_id, entry.language) == ("Acme", CHANNEL, "en")
    assert entry.wording == (
        "Which texts do you no longer want? [No more offers - Nor reminders of your cart. News of "
        "your orders still reaches you.] [No more texts - Not even news of your orders.] > "
        "No more offers"
    )
    assert stopped(stage) == set(MARKETING)


def test_no_more_texts(stage: Stage, token: str) -> None:
    """Everything ends, and waiting texts with it."""
    stage.happen(
        "order_created", stage.order("o1", billing=Address(phone=PHONES["IT"], country="IT"))
    )
    configure(stage, FIRST, "order_created")
    answer = press(stage, token, "all")
    assert (buttons(answer), stopped(stage)) == (["undo"], set(EVERYTHING))
    assert "not even news of your orders" in answer.content.decode()
    person = Address(phone=PHONES["IT"], country="IT")
    stage.happen("order_created", stage.order("o2", billing=person))
    stage.later(minutes=1)
    assert stage.rows[-1] == ("order_created", "suppressed", "opted_out")


def test_the_next_offer_is_not_sent(stage: Stage, token: str) -> None:
    """The reason is on its row."""
    press(stage, token, "offers")
    stage.clock.move(days=1)
    remind(stage, name="c2")
    assert stage.rows[-1][1:] == ("suppressed", "opted_out")
    assert len(stage.bodies) == 1


def test_undo_brings_back_what_the_page_ended(stage: Stage, token: str) -> None:
    """Stop, undo, stop again: each is another act, however often it is told."""
    for choice, expected in (("all", set(EVERYTHING)), ("undo", set()), ("all", set(EVERYTHING))):
        stage.clock.move(seconds=1)
        for _ in range(2):
            press(stage, token, choice)
        assert stopped(stage) == expected
    assert [act for _, act in acts()] == ["withdrawn"] * 3 + ["restored"] * 3 + ["withdrawn"] * 3
    stage.clock.move(seconds=1)
    assert buttons(press(stage, token, "undo")) == ["offers", "all"]


def test_it_goes_on_holding_where_a_channel_changes_its_sender(stage: Stage, token: str) -> None:
    """The page ends offers in each channel that has the sender; its undo, in each."""
    configure(stage, channel_id=2)
    for choice, expected in (("offers", set(MARKETING)), ("undo", set())):
        configure(stage, channel_id=2)
        press(stage, token, choice)
        configure(stage, channel_id=2, sender_id="Bcme")
        assert stopped(stage) == stopped(stage, channel_id=2) == expected


def test_it_ends_the_other_channel_of_that_sender_where_one_was_ended_already(
    stage: Stage, token: str
) -> None:
    """The page offers what would end something in any of them, and undoes no more than that."""
    configure(stage, channel_id=2)
    channel = channels.load(stage.ports)[CHANNEL]
    stop = Deed(
        number=PHONES["IT"], scopes=MARKETING, act=Act.WITHDRAWN, source=Source.STAFF,
        channel=channel,
    )  # fmt: skip
    opting.opt_out([stop], stage.ports)
    stage.clock.move(minutes=1)
    assert buttons(visit(stage, token)) == ["offers", "all"]

    assert buttons(press(stage, token, "offers")) == ["all", "undo"]
    assert stopped(stage) == stopped(stage, channel_id=2) == set(MARKETING)
    stage.clock.move(minutes=1)
    assert buttons(press(stage, token, "undo")) == ["offers", "all"]

    assert (stopped(stage), stopped(stage, channel_id=2)) == (set(MARKETING), set())


def test_us_the_page_ends_every_channel(stage: Stage) -> None:
    """As a STOP does there, whatever their senders; the button still says what ends."""
    configure(stage, sender_id=NUMBER)
    configure(stage, channel_id=2, sender_id="+447700900124")
    remind(stage)
    text = Message.objects.get()
    text.recipient, text.country = PHONES["US"], "US"
    text.save()
    link = Link.objects.create(
        kind=Link.Kind.OPT_OUT, message=text, recipient=PHONES["US"], channel_id=CHANNEL,
        created_at=stage.clock.now(), expires_at=stage.clock.now() + dt.timedelta(days=1),
    )  # fmt: skip

    for choice, expected in (
        ("offers", set(MARKETING)), ("all", set(EVERYTHING)), ("undo", set()),
    ):  # fmt: skip
        stage.clock.move(seconds=1)
        press(stage, link.token, choice)
        for channel_id in (CHANNEL, 2):
            assert stopped(stage, PHONES["US"], channel_id) == expected


def test_undo_leaves_what_was_ended_elsewhere(stage: Stage, token: str) -> None:
    """A STOP of offers by reply stays when "no more texts" is taken back."""
    stop = Deed(
        number=PHONES["IT"], scopes=MARKETING, act=Act.WITHDRAWN, source=Source.REPLY,
        sender_id=NAME,
    )  # fmt: skip
    opting.opt_out([stop], stage.ports)
    stage.clock.move(seconds=1)
    assert buttons(visit(stage, token)) == ["all"]
    assert buttons(press(stage, token, "undo")) == ["all"]
    press(stage, token, "all")
    assert stopped(stage) == set(EVERYTHING)
    stage.clock.move(seconds=1)
    press(stage, token, "undo")
    assert stopped(stage) == set(MARKETING)


def test_a_hold_does_not_stand_for_the_button(stage: Stage, token: str) -> None:
    """An unclear reply waits for its review; who presses the button is clear."""
    hold = Deed(
        number=PHONES["IT"], scopes=MARKETING, act=Act.HELD, source=Source.REPLY, sender_id=NAME
    )
    opting.opt_out([hold], stage.ports)
    stage.clock.move(seconds=1)
    press(stage, token, "offers")
    assert [act for _, act in acts()] == ["held", "held", "withdrawn", "withdrawn"]


def test_it_works_for_a_year_and_after_the_text_was_erased(stage: Stage, token: str) -> None:
    """Retention takes the number out of the text, not out of the link."""
    Message.objects.update(recipient="", body="")
    stage.clock.move(days=365, minutes=-1, seconds=-1)
    assert buttons(press(stage, token, "offers")) == ["all", "undo"]
    stage.clock.move(seconds=1)
    answer = press(stage, token, "all")
    assert (answer.status_code, buttons(answer)) == (410, [])
    assert "This link has ended." in answer.content.decode()
    assert len(acts()) == 2


def test_an_erased_persons_link_knows_nobody(stage: Stage, token: str) -> None:
    """Nor is anybody written down."""
    Message.objects.update(recipient="")
    Link.objects.update(recipient="")
    assert visit(stage, token).status_code == 410
    assert press(stage, token, "all").status_code == 410
    assert acts() == []


def test_it_holds_everywhere_where_the_channel_is_gone(stage: Stage, token: str) -> None:
    """An opt-out never fails for want of a channel."""
    stage.shop.channels.pop(CHANNEL)
    assert press(stage, token, "offers").status_code == 200
    assert set(ConsentEntry.objects.values_list("channel_id", flat=True)) == {None}


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ({"choice": "everything"}, 400),
        ({"choice": "yes"}, 400),
        ({"choice": "", "data": "choices=all"}, 400),
        ({"choice": "", "data": "choice=\udcff"}, 400),
        ({"choice": "", "data": "&".join(["choice=all"] * 5)}, 400),
        ({"choice": "", "data": "choice=all" + "x" * 2000}, 413),
        ({"choice": "all", "content_type": "application/json"}, 415),
        ({"choice": "all", "content_type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_what_is_no_answer_of_its_form_changes_nothing(
    stage: Stage, token: str, what: dict[str, str], status: int
) -> None:
    """Unknown words, other types, too much: refused."""
    if "data" in what:
        body = what["data"].encode("utf-8", "surrogateescape")
        request = RequestFactory().generic(
            "POST", f"/s/{token}", body, content_type="application/x-www-form-urlencoded"
        )
        answer = router.answer(request, f"/s/{token}", stage.ports)
    else:
        answer = press(stage, token, **what)
    assert (answer.status_code, acts()) == (status, [])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(stage: Stage, token: str, method: str) -> None:
    """With those that are not."""
    answer = visit(stage, token, method)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")


def test_who_guesses_closes_the_page_for_nobody(stage: Stage, token: str) -> None:
    """POST counts as GET does; a token that there is works after 20 wrong ones, too."""
    for _ in range(links.MOST_WRONG):
        assert press(stage, new_token(), "all").status_code == 404
    assert press(stage, new_token(), "all").status_code == 429
    assert press(stage, token, "all").status_code == 200
    assert stopped(stage) == set(EVERYTHING)
    assert WrongToken.objects.get().count == links.MOST_WRONG


def test_html_in_the_shops_name_is_text(stage: Stage) -> None:
    """Whatever an owner writes."""
    configure(stage, shop_name="<b onclick=x>&\"'")
    remind(stage)
    text = visit(stage, Link.objects.get().token).content.decode()
    assert "<h1>&lt;b onclick=x&gt;&amp;&quot;&#x27;</h1>" in text
    assert "<b " not in text


def test_a_visitor_without_an_address_is_no_obstacle(stage: Stage, token: str) -> None:
    """Behind some proxies there is none, or a name."""
    for address in ("", "unix:", "testserver"):
        press(stage, token, "offers", REMOTE_ADDR=address)
    assert set(ConsentEntry.objects.values_list("ip", flat=True)) == {None}


# ---------------------------------------------------------------------- the other two pages


@pytest.fixture
def survey(stage: Stage) -> Iterator[str]:
    """The token of a survey's link about order 7."""
    configure(stage)
    remind(stage)
    Message.objects.update(event_name="survey", order_id="o7", order_number="7")
    link = Link.objects.get()
    Link.objects.update(kind="survey", expires_at=link.created_at + links.LASTS)
    yield link.token  # noqa: PT022


def test_a_survey_takes_one_of_five_buttons(stage: Stage, survey: str) -> None:
    """Looking asks, the first answer counts, another changes nothing."""
    answer = visit(stage, survey)
    assert buttons(answer) == ["1", "2", "3", "4", "5"]
    assert "How was your order 7?" in answer.content.decode()
    assert SurveyScore.objects.count() == 0
    for choice in ("4", "1"):
        answer = press(stage, survey, choice)
        assert "Thank you for your answer." in answer.content.decode()
        assert buttons(answer) == []
    score = SurveyScore.objects.get()
    assert (score.order_id, score.score, score.source) == ("o7", 4, "page")


@pytest.mark.parametrize("choice", ["0", "6", "five", "\uff11", "-1", "4.0"])
def test_another_score_is_none(stage: Stage, survey: str, choice: str) -> None:
    """Refused, and nothing kept."""
    assert press(stage, survey, choice).status_code == 400
    assert SurveyScore.objects.count() == 0


def test_a_survey_ends_with_its_window(stage: Stage, survey: str) -> None:
    """Its page says so."""
    stage.clock.move(days=7)
    answer = press(stage, survey, "5")
    assert (answer.status_code, SurveyScore.objects.count()) == (410, 0)


@pytest.fixture
def request_link(stage: Stage) -> str:
    """The token of the link by which Ada can say yes to offers and reminders."""
    configure(stage, advanced="double_opt_in = on")
    values = {"sms_offers": "true", "sms_cart_reminders": "true", "sms_wording": "Yes."}
    now = stage.clock.now()
    box = Box(source="checkout", subject_id="c1", since=now, channel_id=CHANNEL, values=values)
    boxes.found([cart(stage, boxes=(box,))], stage.ports)
    stage.run()
    return Link.objects.get(kind="opt_in").token


def confirmed() -> set[str]:
    return set(ConsentEntry.objects.filter(act=Act.CONFIRMED).values_list("scope", flat=True))


def test_a_request_is_confirmed_by_its_button(stage: Stage, request_link: str) -> None:
    """Looking says what is asked and confirms nothing; the button does, once."""
    answer = visit(stage, request_link)
    text = answer.content.decode()
    assert (buttons(answer), confirmed()) == (["yes"], set())
    assert "<li>Offers</li>" in text
    assert "<li>Reminders of what is in your cart</li>" in text
    assert f"<blockquote>{stage.bodies[0]}</blockquote>" in text
    for _ in range(2):
        answer = press(stage, request_link, "yes", REMOTE_ADDR="203.0.113.7")
        assert (answer.status_code, buttons(answer)) == (200, [])
        assert "Thank you, it is confirmed." in answer.content.decode()
    assert confirmed() == {"offers", "cart_reminders"}
    entries = ConsentEntry.objects.filter(act=Act.CONFIRMED)
    assert set(entries.values_list("source", "ip")) == {("page", "203.0.113.7")}
    assert "it is confirmed" in visit(stage, request_link).content.decode()


@pytest.mark.parametrize(
    ("scopes", "act", "said"),
    [
        (EVERYTHING, Act.WITHDRAWN, "You get no more texts, not even news of your orders."),
        (
            MARKETING,
            Act.WITHDRAWN,
            "You get no more offers. News of your orders still reaches you.",
        ),
        (MARKETING, Act.HELD, "You get no more offers. News of your orders still reaches you."),
        ((Scope.OFFERS,), Act.WITHDRAWN, "Thank you, it is confirmed."),
        ((Scope.SERVICE,), Act.WITHDRAWN, "Thank you, it is confirmed."),
    ],
)
def test_a_confirmed_request_says_what_was_stopped_since(
    stage: Stage, request_link: str, scopes: tuple[Scope, ...], act: Act, said: str
) -> None:
    """It is confirmed as long as something that was agreed to holds; again after START."""
    press(stage, request_link, "yes")
    stage.clock.move(minutes=1)
    stop = Deed(number=PHONES["IT"], scopes=scopes, act=act, source=Source.REPLY)
    opting.opt_out([stop], stage.ports)

    for answer in (visit(stage, request_link), press(stage, request_link, "yes")):
        assert (answer.status_code, buttons(answer)) == (200, [])
        assert said in answer.content.decode()
        assert ("it is confirmed" in answer.content.decode()) == ("confirmed" in said)
    stage.clock.move(minutes=1)
    ledger.put([replace(stop, act=Act.RESTORED)], stage.ports)
    assert "it is confirmed" in visit(stage, request_link).content.decode()


def test_a_request_ends_after_seven_days(stage: Stage, request_link: str) -> None:
    """Its page says so, and confirms nothing."""
    stage.clock.move(days=7)
    answer = press(stage, request_link, "yes")
    assert (answer.status_code, buttons(answer), confirmed()) == (410, [], set())


def test_a_request_offers_nothing_but_yes(stage: Stage, request_link: str) -> None:
    """Other words are refused."""
    assert press(stage, request_link, "offers").status_code == 400
    assert confirmed() == set()
