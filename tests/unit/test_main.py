"""``python -m saleor_sms_plugin``: the demo, a text's preview, a text's count."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from rich.console import Console

import saleor_sms_plugin
from saleor_sms_plugin.__main__ import main
from saleor_sms_plugin.demo import outcome, screen
from saleor_sms_plugin.demo.day import SCENES, Scene
from saleor_sms_plugin.demo.stage import Stage
from saleor_sms_plugin.models import Message, SendAttempt, ShopEvent
from saleor_sms_plugin.testing.vonage_server import VonageServer


def _json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == code
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def _said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


# ------------------------------------------------------------------------------------- demo


@pytest.mark.slow
def test_the_demo_runs_by_itself_and_is_pleased() -> None:
    """In a process without settings, database or account every promise is kept."""
    run = subprocess.run(
        [sys.executable, "-m", "saleor_sms_plugin", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, "")
    result = json.loads(run.stdout)
    assert result["ok"] is True
    assert result["summary"] == {
        "events_heard": 28,
        "events_recorded": 27,
        "decisions": 29,
        "sent": 19,
        "not_sent": 9,
        "outcome_unknown": 1,
        "segments": 20,
        "requests": 21,
        "accepted_by_provider": 20,
        "price": "0.632700",
        "currency": "EUR",
    }
    assert all(message["text"] for message in result["messages"] if message["tries"])


@pytest.fixture
def played(settings: Any, transactional_db: None) -> Stage:
    """The demo's day on the tests' database."""
    with VonageServer() as vonage:
        settings.SALEOR_SMS_VONAGE_BASE_URL = vonage.url
        stage = Stage(vonage)
        stage.play()
        return stage


def test_the_day_goes_the_same_way_on_postgresql(played: Stage) -> None:
    """The demo's SQLite shows what a shop's PostgreSQL does: every promise is kept there too."""
    result = outcome.read(played)

    assert [check.promise for check in result.checks if not check.kept] == []
    by_order = {(line.order, line.event): line for line in result.messages}
    assert by_order["1001", "tracking_updated"].text.startswith("Example Store: Lucja, nowy numer")
    assert by_order["1001", "tracking_updated"].segments == 1
    assert by_order["1003", "order_created"].tries == 2
    assert by_order["1010", "fulfillment_created"].sent_at == "2026-05-13 08:00"
    assert by_order["1009", "order_cancelled"].text.endswith(
        "ha sido cancelado y hemos reembolsado 210,00 €. ¿Dudas? help@example.com"
    )
    assert by_order["2001", "order_created"].sender == "12125552368"
    assert by_order["2002", "staff_order_created"].text == (
        "Example Store: new orders overnight: 2, total $135.00."
    )
    assert by_order["2002", "staff_order_created"].sent_at == "2026-05-13 07:00"
    assert by_order["1013", "fulfillment_created"].recipient == "+48*****444"


#: what somebody changes behind the engine's back → the promises it breaks
TAMPERED: dict[str, tuple[Callable[[Stage], object], set[str]]] = {
    "another reason": (
        lambda stage: Message.objects.filter(order_number="1005").update(reason="no_phone"),
        {"every text went out, or did not, as the story says"},
    ),
    "another text": (
        lambda stage: Message.objects.filter(order_number="1008").update(body="Another text"),
        {"the provider got each text as it is stored"},
    ),
    "a forgotten attempt": (
        lambda stage: SendAttempt.objects.filter(message__order_number="1008").delete(),
        {"every request to the provider was written down before it"},
    ),
    "an event twice": (
        lambda stage: ShopEvent.objects.create(
            key="again", name="order_created", channel_id=1, occurred_at=stage.clock.now(),
            recorded_at=stage.clock.now(),
        ),
        {"an event that the shop told twice was recorded once"},
    ),
    "a text that waits": (
        lambda stage: ShopEvent.objects.filter(key="order_created:order-1001").update(
            plan_at=stage.clock.now()
        ),
        {"nothing is left waiting"},
    ),
    "a text lost on the way": (
        lambda stage: stage.vonage.requests.pop(),
        {
            "every text reached the provider exactly once",
            "every request to the provider was written down before it",
        },
    ),
}  # fmt: skip


def test_the_demo_notices_broken_promises(played: Stage) -> None:
    """A demo that can only be pleased would prove nothing."""
    noticed = {}
    for name, (tamper, _) in TAMPERED.items():
        requests = list(played.vonage.requests)
        with suppress(_Undo), transaction.atomic():
            tamper(played)
            result = outcome.read(played)
            noticed[name] = {check.promise for check in result.checks if not check.kept}
            raise _Undo
        played.vonage.requests[:] = requests

    assert noticed == {name: broken for name, (_, broken) in TAMPERED.items()}
    assert set.union(*noticed.values()) == set(outcome.PROMISES)
    assert outcome.read(played).ok is True


class _Undo(Exception):
    """What was tampered with is as it was."""


def test_the_table_fits_the_terminal(played: Stage) -> None:
    """No line is wider than the terminal, and no text is cut off; a file has no colours."""
    result = outcome.read(played)
    for width in (80, 100, 160):
        console = Console(width=width, file=StringIO())

        screen.show(result, console)

        printed = console.file.getvalue()  # type: ignore[attr-defined]
        lines = printed.splitlines()
        assert max(map(len, lines)) <= width
        assert "…" not in printed
        assert "\x1b" not in printed
        assert sum(line.strip().startswith("kept") for line in lines) == len(result.checks)


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_is_for_a_terminal(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing is drawn, and nothing waits to be looked at."""
    pauses: list[float] = []
    monkeypatch.setattr(screen, "sleep", pauses.append)
    console = Console(width=100, file=StringIO(), force_terminal=terminal)

    screen.play(_Stage(), console, speed=4)  # type: ignore[arg-type]

    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert pauses == [0.25 if terminal else 0.0] * len(SCENES)
    assert ("25/25" in printed) is terminal


class _Stage:
    """A stage on which every scene is over at once."""

    def play(self, after: Callable[[Scene], None]) -> None:
        for scene in SCENES:
            after(scene)


def test_without_rich_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the extra and the way without it."""
    monkeypatch.setitem(sys.modules, "rich.console", None)

    code, out, err = _said(capsys, "demo")

    assert (code, out) == (1, "")
    assert "pip install 'saleor-sms-plugin[demo]'" in err
    assert "--json" in err


def test_every_scene_says_what_comes_of_it() -> None:
    """The story cannot grow a scene that nobody checks."""
    assert [scene.story for scene in SCENES if not scene.then] == []


# ---------------------------------------------------------------------------------- preview


def test_a_preview_is_the_built_in_text_as_the_worker_writes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Money is in the language and currency of the customer, folded to one segment."""
    result = _json(capsys, "preview", "order_created", "--language", "pl", "--country", "PL")

    assert (result["language"], result["built_in"]) == ("pl", True)
    assert result["samples"]["usual values"] == {
        "text": "Example Store: otrzymalismy Twoje zamowienie 123456 na kwote 129,90 PLN. "
        "Dziekujemy!",
        "encoding": "gsm7",
        "units": 84,
        "segments": 1,
        "forcing": [],
        "segments_without_forcing": 1,
    }
    assert "12 999,90 PLN" in result["samples"]["long values"]["text"]


def test_a_preview_shows_what_is_left_without_optional_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The third sample is an order that lacks what it may lack."""
    samples = _json(capsys, "preview", "order_cancelled")["samples"]

    assert samples["without what may be absent"]["text"] == (
        "Example Store: your order 123456 has been cancelled."
    )


def test_every_sample_of_money_is_in_the_currency(capsys: pytest.CaptureFixture[str]) -> None:
    """No sample stays in the catalogue's own currency."""
    text = "{{ order.total }} {{ digest.total }} {{ order.currency }}"
    arguments = ("preview", "staff_order_created", "--country", "GB", "--text", text)

    samples = _json(capsys, *arguments)["samples"]

    assert samples["usual values"]["text"] == "£129.90  GBP"
    assert samples["long values"]["text"] == "£12,999.90  GBP"
    assert samples["with digest.total"]["text"] == "£129.90 £412.00 GBP"


def test_what_most_orders_lack_has_a_sample_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """The usual parcel is on its way; click and collect is shown beside it."""
    samples = _json(capsys, "preview", "fulfillment_created")["samples"]

    assert "on its way. Parcel: https://" in samples["usual values"]["text"]
    assert "ready for pickup at" in samples["with order.pickup_point"]["text"]


def test_an_own_text_is_chosen_by_language_and_priced_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The letters that make it Unicode are named, with the price without them."""
    own = tmp_path / "text.liquid"
    own.write_text(
        "Order {{ order.number }}\n[pl]\nDziękujemy za zamówienie {{ order.number }}. "
        "Damy znać, gdy paczka wyruszy w drogę do Ciebie.\n",
        encoding="utf-8",
    )

    result = _json(capsys, "preview", "order_created", "--language", "pl", "--file", str(own))

    assert (result["language"], result["built_in"]) == ("pl", False)
    sample = result["samples"]["usual values"]
    assert (sample["encoding"], sample["segments"]) == ("ucs2", 2)
    assert (sample["forcing"], sample["segments_without_forcing"]) == (["ę", "ó", "ć"], 1)
    code, out, _ = _said(capsys, "preview", "order_created", "--language", "pl", "--file", str(own))
    assert code == 0
    assert "because of: ę ó ć  (written with plain letters: 1 segment)" in out


def test_a_mistake_is_told_with_line_and_column_of_the_field(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lines count from the beginning of what the owner wrote, over all languages."""
    text = "Order {{ order.number }}\n[pl]\nZamowienie {{ order.nummer }}"
    arguments = ("preview", "order_created", "--language", "pl", "--text", text)

    result = _json(capsys, *arguments, code=1)

    assert (result["line"], result["column"]) == (3, 15)
    code, out, err = _said(capsys, *arguments)
    assert (code, out) == (1, "")
    assert "line 3, column 15: There is no variable “order.nummer”" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("order_craeted",), "Did you mean “order_created”? The events are order_created, "),
        (("order_created", "--country", "Poland"), "is not a country code"),
        (("order_created", "--text", "a\n[pl]\n[it]\nb"), "There is no text under [pl]"),
        (("order_created", "--file", "no/such/file"), "no/such/file cannot be read"),
    ],
)
def test_a_preview_that_cannot_be_made_says_why(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names what was wrong and what there is; the exit code is 1."""
    code, out, err = _said(capsys, "preview", *arguments)

    assert (code, out) == (1, "")
    assert words in err


# ---------------------------------------------------------------------------------- measure


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 160, "GSM-7, 160 units, 1 segment"),
        ("a" * 161, "GSM-7, 161 units, 2 segments"),
        ("", "GSM-7, 0 units, 0 segments"),
        (
            "ł" * 71,
            "UCS-2, 71 units, 2 segments\nbecause of: ł  (written with plain letters: 1 segment)",
        ),
    ],
)
def test_measure_counts_a_text(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Alphabet, units, segments, and what forced the dear alphabet."""
    assert _said(capsys, "measure", text) == (0, f"{words}\n", "")


def test_measure_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON."""
    assert _json(capsys, "measure", "€ł") == {
        "text": "€ł",
        "encoding": "ucs2",
        "units": 2,
        "segments": 1,
        "forcing": ["ł"],
        "segments_without_forcing": 1,
    }


# -------------------------------------------------------------------------- the program itself


@pytest.mark.parametrize("arguments", [(), ("demo",), ("preview",), ("measure",)])
def test_every_command_explains_itself(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """``--help`` ends with 0 and names the options."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])

    assert ended.value.code == 0
    assert ("--json" if arguments else "measure") in capsys.readouterr().out


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` prints it alone."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{saleor_sms_plugin.__version__}\n"


@pytest.mark.parametrize("arguments", [(), ("sing",), ("demo", "--speed", "fast")])
def test_wrong_arguments_end_with_two(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """As programs do; what was wrong is said."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("country", "ends"),
    [("US", "Reply STOP to opt out"), ("FR", "STOP to 36180"), ("DE", "/s/7pWq3NcD8h")],
)
def test_a_preview_of_an_offer_ends_with_its_opt_out(
    capsys: pytest.CaptureFixture[str], country: str, ends: str
) -> None:
    """In every sample, counted; an order text has none."""
    printed = _json(capsys, "preview", "checkout_abandoned", "--country", country)
    assert all(sample["text"].endswith(ends) for sample in printed["samples"].values())
    assert all(sample["units"] == len(sample["text"]) for sample in printed["samples"].values())
    printed = _json(capsys, "preview", "order_created", "--country", country)
    assert not any("STOP" in sample["text"] for sample in printed["samples"].values())
