"""README.md says what the code does."""

from __future__ import annotations

import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class

import saleor_sms_plugin
from saleor_sms_plugin.__main__ import parser
from saleor_sms_plugin.demo.stage import Stage
from saleor_sms_plugin.domain import boxes
from saleor_sms_plugin.domain.segments import measure
from saleor_sms_plugin.exceptions import (
    OutcomeUnknown,
    ProviderAccountError,
    ProviderRejected,
)
from saleor_sms_plugin.providers import OutboundMessage
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.docs import readme

ROOT = Path(__file__).parents[2]
TEXT = readme.README.read_text("utf-8")
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def _blocks(language: str) -> list[str]:
    return [found[2] for found in BLOCK.finditer(TEXT) if found[1] == language]


def _module(first_line: str) -> dict[str, Any]:
    """The Python block that starts with this line, run."""
    (source,) = (block for block in _blocks("python") if block.startswith(first_line))
    names: dict[str, Any] = {"__name__": "readme_example"}
    exec(compile(source, first_line, "exec", dont_inherit=True), names)  # noqa: S102 (our README)
    return names


def _part(name: str) -> str:
    (found,) = (part for part in readme.PART.finditer(TEXT) if part[2] == name)
    return found[0].removeprefix(found[1]).removesuffix(found[3])


@pytest.mark.parametrize("name", readme.TABLES)
def test_a_table_is_as_the_code(name: str) -> None:
    """Each table is complete and current (``python -m tests.docs.readme`` mends it)."""
    assert _part(name) == readme.TABLES[name]()


def test_the_program_prints_what_the_readme_shows() -> None:
    """Each example of ``python -m saleor_sms_plugin`` is its real output."""
    outputs = readme.program_outputs()

    assert {name: _part(name) for name in outputs} == outputs


@pytest.mark.django_db(transaction=True)
def test_the_commands_print_what_the_readme_shows(settings: Any) -> None:
    """Each example of ``manage.py`` is what the command prints after the demo's day."""
    with VonageServer() as vonage:
        settings.SALEOR_SMS_VONAGE_BASE_URL = vonage.url
        stage = Stage(vonage)
        stage.play()
        outputs = readme.command_outputs(stage)

    assert {name: _part(name) for name in outputs} == outputs


def test_every_made_part_is_made_by_somebody() -> None:
    """No part of the README is marked as made and never checked."""
    made = {*readme.TABLES, *readme.SAID_BY_PROGRAM, *readme.SAID_BY_COMMANDS}

    assert [found[2] for found in readme.PART.finditer(TEXT) if found[2] not in made] == []
    assert len(readme.PART.findall(TEXT)) == len(made)


@pytest.mark.parametrize(
    "line", [line.strip() for block in _blocks("sh") for line in block.splitlines() if line.strip()]
)
def test_a_shell_line_can_be_typed(line: str) -> None:
    """Targets, commands and options that the README types exist."""
    words = shlex.split(line)
    checks: dict[str, Callable[[list[str]], None]] = {
        "make": _check_make,
        "pip": lambda rest: None,
        "celery": lambda rest: None,
        "python": _check_python,
    }
    checks[words[0]](words[1:])


def _check_make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert words[0] in targets


def _check_python(words: list[str]) -> None:
    match words:
        case ["manage.py", "migrate", app]:
            assert app == "saleor_sms_plugin"
        case ["manage.py", name, *rest]:
            command = load_command_class(get_commands()[name], name)
            command.create_parser("manage.py", name).parse_args(rest)
        case ["-m", "saleor_sms_plugin.testing.vonage_server", *rest]:
            from saleor_sms_plugin.testing.vonage_server.__main__ import main

            with pytest.raises(SystemExit) as ended:
                main([*rest, "--help"])
            assert ended.value.code == 0
        case ["-m", "saleor_sms_plugin", *rest]:
            parser().parse_args(rest)
        case _:
            pytest.fail(f"The README types something that no test knows: {words}")


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\bsms_[a-z_]+", TEXT))))
def test_a_command_that_is_named_exists(command: str) -> None:
    """The README names no command that is not there."""
    ours = {name for name, app in get_commands().items() if app == "saleor_sms_plugin"}
    filters, log_fields = {"sms_money", "sms_date"}, {"sms_event"}
    metadata = {*boxes.SCOPES, boxes.WORDING, boxes.LANGUAGE, boxes.PHONE, boxes.IP}

    assert command in ours | filters | log_fields | metadata


def test_every_command_is_named() -> None:
    """No management command is left out."""
    ours = {name for name, app in get_commands().items() if app == "saleor_sms_plugin"}

    assert {name for name in ours if f"manage.py {name}" not in TEXT} == set()


def test_links_lead_somewhere() -> None:
    """Each link inside the README is a file of the project or a heading of the page."""
    prose = BLOCK.sub("", TEXT)
    slugs = {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]+)\)", prose)
    inside = [link for link in links if not link.startswith("https://")]

    assert len(inside) > 15
    assert [link for link in inside if link.startswith("#") and link[1:] not in slugs] == []
    assert [x for x in inside if not x.startswith("#") and not (ROOT / x).exists()] == []


def test_the_hooks_that_are_named_are_the_plugins() -> None:
    """The list of Saleor's hooks is that of ``plugin.py``."""
    source = (ROOT / "saleor_sms_plugin/plugin.py").read_text("utf-8")
    hooks = set(re.findall(r"def ([a-z]\w+)\([^)]*previous_value", source))
    paragraph = TEXT.partition("It hears Saleor through these plugin hooks:")[2].partition("\n\n")[
        0
    ]

    assert set(re.findall(r"`(\w+)`", paragraph)) == hooks


def test_plain_segments_hold_what_the_readme_says() -> None:
    """The price of a text: 160 letters of the alphabet in a segment, 70 beside it."""
    assert [measure("a" * n).segment_count for n in (160, 161)] == [1, 2]
    assert [measure("ł" * n).segment_count for n in (70, 71)] == [1, 2]
    assert measure("èüñ").encoding == "gsm7"


@pytest.mark.django_db(transaction=True)
def test_the_shops_example_passes() -> None:
    """The test that the README gives to shops runs as it stands."""
    _module("# test_texts.py")["test_a_new_order_is_texted_in_its_language"]()


# -------------------------------------------------------------------- the provider's example


class Pigeon(HTTPServer):
    """Answers each POST with the next answer, and keeps what it was sent."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.got = list(answers), list[dict[str, str]]()


class _Handler(BaseHTTPRequestHandler):
    server: Pigeon

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append({"key": self.headers["Authorization"], **json.loads(body)})
        status, said = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size + 2)[:-2]
        return body

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def pigeon(request: pytest.FixtureRequest) -> Iterator[Pigeon]:
    server = Pigeon(*request.param)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


MESSAGE = OutboundMessage("+48512345678", "MyShop", "Hello", "ref-1")


def _pigeon_provider(server: Pigeon) -> Any:
    base_url = f"http://127.0.0.1:{server.server_port}"
    return _module("# pigeon_sms.py")["PigeonProvider"]({"api_key": "k", "base_url": base_url})


@pytest.mark.parametrize("pigeon", [[(202, '{"id": "p-1"}')]], indirect=True)
def test_the_providers_example_sends(pigeon: Pigeon) -> None:
    """One POST with the message in it; the vendor's id comes back."""
    result = _pigeon_provider(pigeon).send(MESSAGE)

    assert result.provider_message_ids == ("p-1",)
    assert pigeon.got == [
        {
            "key": "Bearer k",
            "to": "+48512345678",
            "from": "MyShop",
            "text": "Hello",
            "reference": "ref-1",
        }
    ]


@pytest.mark.parametrize(
    ("pigeon", "error"),
    [
        ([(401, "")], ProviderAccountError),
        ([(422, "")], ProviderRejected),
        ([(500, "")], OutcomeUnknown),
        ([(202, "<html>")], OutcomeUnknown),
    ],
    indirect=["pigeon"],
)
def test_the_providers_example_says_what_went_wrong(pigeon: Pigeon, error: type[Exception]) -> None:
    """Each refusal is the error by which the engine knows what to do; asked once."""
    with pytest.raises(error):
        _pigeon_provider(pigeon).send(MESSAGE)

    assert len(pigeon.got) == 1


# ------------------------------------------------------------------------------ the versions


def test_the_changelog_begins_with_this_version() -> None:
    """What is installed is what the changelog describes first."""
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert versions[0] == saleor_sms_plugin.__version__
