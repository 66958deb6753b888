"""``python -m saleor_sms_plugin``: see the plugin at work, try a text, count a text.

Needs neither Saleor nor a database. Each command takes ``--json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__

if TYPE_CHECKING:
    from .config import Text
    from .config.texts import Context
    from .domain.languages import Section
    from .domain.rendering import Template
    from .events.catalogue import EventSpec
    from .events.variables import Value

PROGRAM = "python -m saleor_sms_plugin"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when all is well, 1 when something is wrong, 2 for wrong arguments."""
    given = parser().parse_args(arguments)
    try:
        result, words, code = given.run(given)
    except Refusal as refusal:
        if given.json:
            print(_json({"error": str(refusal), **refusal.facts}))
        else:
            print(f"{PROGRAM}: {refusal}", file=sys.stderr)
        return 1
    if given.json:
        print(_json(result))
    elif words:
        print(words)
    return int(code)


class Refusal(Exception):
    """The command cannot do what was asked; the message says how to mend it."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


#: what a program reads, what a person reads ("" where it is printed already), the exit code
Answer = tuple[Mapping[str, Any], str, int]


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
    own.add_argument("--text", help="your own text, in the place of the built-in one")
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


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


# ------------------------------------------------------------------------------------- demo


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
        raise Refusal(
            "the demo's tables need the package rich. Install it with "
            "pip install 'saleor-sms-plugin[demo]', or add --json."
        ) from error
    return Console()


# ---------------------------------------------------------------------------------- preview


def _preview(given: argparse.Namespace) -> Answer:
    from .config import parse, text_field
    from .config.values import country, did_you_mean
    from .domain import rendering
    from .events.catalogue import EVENTS
    from .events.variables import names_of
    from .exceptions import TemplateError

    if given.event not in EVENTS:
        raise Refusal(
            f"there is no event “{given.event}”.{did_you_mean(given.event, EVENTS)} "
            f"The events are {', '.join(EVENTS)}.",
            events=list(EVENTS),
        )
    spec = EVENTS[given.event]
    try:
        region = country(given.country)
    except ValueError as error:
        raise Refusal(str(error)) from error
    config = parse({text_field(spec.name): _own_text(given)}, environ={})
    for problem in config.problems:
        raise Refusal(problem.message)
    chosen = config.text(spec.name, given.language)
    section = None if chosen.built_in else _section(config.texts[spec.name], chosen)
    first_line = section.line if section else 1
    try:
        rendering.validate(chosen.source, names_of(spec), first_line=first_line)
        template = rendering.compile(chosen.source, first_line=first_line)
        samples = {
            name: template.render(context, locale=chosen.language)
            for name, context in _contexts(spec, template, region, chosen.language)
        }
    except TemplateError as error:
        where = f"line {error.line}, column {error.column}: " if error.line is not None else ""
        raise Refusal(
            f"{where}{error}", event=spec.name, line=error.line, column=error.column
        ) from error
    result = {
        "event": spec.name,
        "label": spec.label,
        "language": chosen.language,
        "built_in": chosen.built_in,
        "samples": {name: {"text": text, **_cost(text)} for name, text in samples.items()},
    }
    origin = "built-in text" if chosen.built_in else "your text"
    lines = [f"{spec.label} ({spec.name}), language {chosen.language}, {origin}"]
    for name, text in samples.items():
        lines += ["", f"{name}: {_cost_in_words(text)}", text]
    return result, "\n".join(lines), 0


def _own_text(given: argparse.Namespace) -> str:
    if given.file is None:
        return given.text or ""
    try:
        return str(given.file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{given.file} cannot be read as UTF-8 text: {error}") from error


def _section(sections: Mapping[str, Section], chosen: Text) -> Section:
    return next(section for section in sections.values() if section.text == chosen.source)


def _contexts(
    spec: EventSpec, template: Template, region: str, language: str
) -> Iterator[tuple[str, Context]]:
    """Usual values, long ones, and those of an order that lacks whatever it may lack."""
    from .config import sample_context
    from .events.variables import VARIABLES

    used = sorted(template.variables)
    lacking = frozenset(name for name in used if name in VARIABLES and VARIABLES[name].optional)
    for name, long, absent in (
        ("usual values", False, frozenset[str]()),
        ("long values", True, frozenset[str]()),
        ("without what may be absent", False, lacking),
    ):
        if absent or not name.startswith("without"):
            money = _money(region, language, long=long)
            yield name, sample_context(spec, long=long, absent=absent, known=money)


def _money(region: str, language: str, *, long: bool) -> dict[str, Value]:
    """The samples that are money, as the worker writes them for this language and currency."""
    from decimal import Decimal

    from babel.numbers import get_territory_currencies

    from .domain.rendering import format_money
    from .events.variables import VARIABLES

    currency = (get_territory_currencies(region) or ["EUR"])[-1] if region else "EUR"
    money: dict[str, Value] = {"order.currency": currency}
    for name, amount in _AMOUNTS.items():
        sample = VARIABLES[amount].long if long else VARIABLES[amount].usual
        money[name] = format_money(Decimal(str(sample)), currency, language)
    return money


#: the variable that is money in words → the one that is the same amount as a number
_AMOUNTS = {
    "order.total": "order.total_amount",
    "refund.amount": "refund.amount_value",
    "digest.total": "order.total_amount",
}

# ---------------------------------------------------------------------------------- measure


def _measure(given: argparse.Namespace) -> Answer:
    return _cost(given.text), _cost_in_words(given.text), 0


def _cost(text: str) -> dict[str, Any]:
    from .domain import segments

    found = segments.measure(text)
    return {
        "encoding": found.encoding.value,
        "units": found.units,
        "segments": found.segment_count,
        "forcing": list(found.forcing),
        "segments_without_forcing": segments.measure(segments.fold(text)).segment_count,
    }


def _cost_in_words(text: str) -> str:
    cost = _cost(text)
    alphabet = {"gsm7": "GSM-7", "ucs2": "UCS-2"}[cost["encoding"]]
    words = f"{alphabet}, {cost['units']} units, {_count(cost['segments'])}"
    if not cost["forcing"]:
        return words
    letters = " ".join(cost["forcing"])
    return (
        f"{words}\nbecause of: {letters}  (written with plain letters: "
        f"{_count(cost['segments_without_forcing'])})"
    )


def _count(segments: int) -> str:
    return f"{segments} segment{'s' * (segments != 1)}"


if __name__ == "__main__":
    raise SystemExit(main())
