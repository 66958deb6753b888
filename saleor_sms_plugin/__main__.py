"""``python -m saleor_sms_plugin``: see the plugin at work, try a text, count a text.

Needs neither Saleor nor a database. Each command takes ``--json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import __version__
from .demo import trial

PROGRAM = "python -m saleor_sms_plugin"

#: what a program reads, what a person reads ("" where it is printed already), the exit code
Answer = tuple[Any, str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when all is well, 1 when something is wrong, 2 for wrong arguments."""
    given = parser().parse_args(arguments)
    try:
        result, words, code = given.run(given)
    except trial.Refusal as refusal:
        result, words, code = {"error": str(refusal), **refusal.facts}, "", 1
        if not given.json:
            print(f"{PROGRAM}: {refusal}", file=sys.stderr)
    if given.json:
        from .management.base import plain

        print(json.dumps(plain(result), indent=2, ensure_ascii=False))
    elif words:
        print(words)
    return int(code)


def parser() -> argparse.ArgumentParser:
    """Every command with its options; ``run`` of what it parses makes the answer."""
    program = argparse.ArgumentParser(prog=PROGRAM, description="Text messages for Saleor shops.")
    program.add_argument("--version", action="version", version=__version__)
    commands = program.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = _command(commands, "demo", _demo, "play a shop's day through the whole engine")
    demo.add_argument(
        "--speed", type=_speed, default=8.0, metavar="N",
        help="scenes shown a second in a terminal; 0 plays without a pause (usual: 8)",
    )  # fmt: skip

    preview = _command(commands, "preview", _preview, "show an event's text as it would be sent")
    preview.add_argument("event", help="such as order_created")
    preview.add_argument("--language", default="en", help="of the order, such as pl (usual: en)")
    preview.add_argument("--country", default="", help="two letters: whose currency to write")
    own = preview.add_mutually_exclusive_group()
    own.add_argument("--text", default="", help="your own text, in the place of the built-in one")
    own.add_argument("--file", type=Path, help="a file with your own text, in UTF-8")

    measure = _command(commands, "measure", _measure, "count the segments of a text")
    measure.add_argument("text", help="the text, word for word")
    return program


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Answer], summary: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    command.add_argument("--json", action="store_true", help="print JSON for programs")
    command.set_defaults(run=run)
    return command


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 <= speed <= 1000:
        raise argparse.ArgumentTypeError("must be from 0 to 1000")
    return speed


def _demo(given: argparse.Namespace) -> Answer:
    from .demo import project
    from .testing.vonage_server import VonageServer

    console = None if given.json else _console()
    with VonageServer() as vonage:
        project.configure(vonage.url)
        from .demo import outcome
        from .demo.stage import Stage
        from .management.base import plain

        stage = Stage(vonage)
        if console is None:
            stage.play()
        else:
            from .demo import screen

            screen.play(stage, console, speed=given.speed)
        result = outcome.read(stage)
    if console is not None:
        screen.show(result, console)
    return {"ok": result.ok, **plain(result)}, "", 0 if result.ok else 1


def _console() -> Any:
    try:
        from rich.console import Console
    except ImportError as error:
        raise trial.Refusal(
            "the demo's tables need the package rich. Install it with "
            "pip install 'saleor-sms-plugin[demo]', or add --json."
        ) from error
    return Console()


def _preview(given: argparse.Namespace) -> Answer:
    own_text = given.text if given.file is None else _read(given.file)
    result = trial.preview(given.event, given.language, own_text, given.country)
    return result, result.words, 0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise trial.Refusal(f"{file} cannot be read as UTF-8 text: {error}") from error


def _measure(given: argparse.Namespace) -> Answer:
    result = trial.measure(given.text)
    return result, result.cost, 0


if __name__ == "__main__":
    raise SystemExit(main())
