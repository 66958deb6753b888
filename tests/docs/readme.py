"""The parts of README.md that are made from the code: tables, and what the commands print.

``python -m tests.docs.readme`` writes them into README.md; a test says when they are old.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from saleor_sms_plugin.__main__ import main as command_line
from saleor_sms_plugin.config import fields, send_field, text_field
from saleor_sms_plugin.config.advanced import SETTINGS
from saleor_sms_plugin.domain.reasons import SENTENCES
from saleor_sms_plugin.domain.tracking import CARRIERS
from saleor_sms_plugin.events.answers import ANSWERS
from saleor_sms_plugin.events.catalogue import (
    CATALOGUE,
    COMMON_VARIABLES,
    EVENTS,
    HOUR,
    MINUTE,
    SHOP_VARIABLES,
    EventSpec,
    Night,
    RecipientRule,
    Wait,
)
from saleor_sms_plugin.events.variables import VARIABLES, names_of
from saleor_sms_plugin.testing.vonage_server.faults import FAULTS

if TYPE_CHECKING:
    from saleor_sms_plugin.demo.stage import Stage

README = Path(__file__).parents[2] / "README.md"
PART = re.compile(r"(<!-- made: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; ``head`` is its columns with | between."""
    columns = [column.strip() for column in head.split("|")]
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


# ----------------------------------------------------------------------------------- tables


def settings_table() -> str:
    names = (*EVENTS, *ANSWERS)
    per_event = {make(name) for make in (text_field, send_field) for name in names}
    rows = []
    for field in fields():
        if field.name in per_event:
            continue
        meaning, env, _ = field.help_text.partition(" Instead of the value you may write env:")
        if field.name == "advanced":
            meaning = "Rare settings, see [below](#rare-settings)."
        name = f"`{field.name}`" + (" (`env:`)" if env else "")
        rows.append((field.label, name, f"`{field.default}`" if field.default else "", meaning))
    rows.append(("Text “…”", "`text_<event>`", "", "Your own text; empty: the built-in one."))
    rows.append(("Answer “…”", "`text_<answer>`", "", "The same, for the texts that answer."))
    rows.append(
        ("Send “…”", "`send_<event>`", "see events", "Events from before the tick are not texted.")
    )
    return table("Label | Field | At first | What it does", rows)


def advanced_table() -> str:
    return table(
        "Name | Without it | For example | Meaning",
        (
            (f"`{s.name}`", f"`{s.default}`" if s.default else "", f"`{s.example}`", s.meaning)
            for s in SETTINGS
        ),
    )


def events_table() -> str:
    return table(
        "Event | In the dashboard | At first | Goes to | When | At night | Too late after",
        (
            (
                f"`{spec.name}`",
                spec.label,
                "on" if spec.default_on else "off",
                _GOES_TO[spec.recipient],
                _when(spec),
                _NIGHT[spec.night],
                _span(spec.expires_seconds),
            )
            for spec in CATALOGUE
        ),
    )


_GOES_TO = {
    RecipientRule.BUYER: "the buyer",
    RecipientRule.RECEIVER: "the receiver",
    RecipientRule.STAFF: "staff",
}
_NIGHT = {
    Night.SENDS: "is sent",
    Night.WAITS: "waits",
    Night.OFFERS: "waits, from 20:00 to 09:00",
    Night.DIGEST: "one digest",
}


def _when(spec: EventSpec) -> str:
    span = _span(spec.settle_seconds)
    into = " or ".join(f"`{name}`" for name in spec.merges_into)
    if spec.wait is Wait.NONE:
        return f"at once; not within {span} of {into}"
    if spec.step:
        return f"`abandoned.{'steps' if spec.step > 1 else 'delay'}` after the last change"
    if spec.asks:
        return "`survey.days` after everything was sent"
    when = f"after {span}" if spec.settle_seconds else "at once"
    if spec.wait is Wait.TRACKING:
        when = f"when the tracking number is there, at the latest after {span}"
    return when + (f"; {into} takes it in" if into else "")


def _span(seconds: int) -> str:
    for size, unit in ((HOUR, "h"), (MINUTE, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def variables_table() -> str:
    def where(name: str) -> str:
        if name in SHOP_VARIABLES:
            return "every text"
        if name in COMMON_VARIABLES:
            return "every text about an event"
        specs = (*CATALOGUE, *ANSWERS.values())
        return ", ".join(f"`{spec.name}`" for spec in specs if name in names_of(spec))

    return table(
        "Variable | Meaning | May be absent | In",
        (
            (f"`{name}`", variable.meaning, "yes" if variable.optional else "", where(name))
            for name, variable in VARIABLES.items()
        ),
    )


def reasons_table() -> str:
    return table(
        "Reason | What it means",
        ((f"`{reason.value}`", sentence) for reason, sentence in SENTENCES.items()),
    )


def faults_table() -> str:
    return table("Fault | The request is", ((f"`{form}`", what) for form, what in FAULTS.items()))


def carriers_list() -> str:
    hosts = sorted({re.sub(r"^https://(www\.)?|/.*", "", page) for _, page in CARRIERS})
    return f"Their pages are at: {', '.join(f'`{host}`' for host in hosts)}.\n"


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "rare settings": advanced_table,
    "events": events_table,
    "variables": variables_table,
    "reasons": reasons_table,
    "faults": faults_table,
    "carriers": carriers_list,
}

# ---------------------------------------------------------------------------------- outputs

#: part of the README → what ``python -m saleor_sms_plugin`` is given
SAID_BY_PROGRAM = {
    "preview": "preview order_created --language pl --country PL",
    "own text": "preview order_created --language pl --country PL --text 'Cześć! Otrzymaliśmy "
    "zamówienie {{ order.number }} na kwotę {{ order.total }}. Zespół {{ shop.name }}'",
    "wrong text": "preview order_created --text 'Order {{ order.nummer }}'",
    "measure": "measure 'Zażółć gęślą jaźń'",
}
#: part → command, in this order: the last one takes the settings away
SAID_BY_COMMANDS = {
    "sms_check": "sms_check --channel europe",
    "sms_explain": "sms_explain 1009",
    "sms_send_test": "sms_send_test +48512345678 --channel europe",
    "sms_status": "sms_status",
    "sms_person": "sms_person export +393477654321",
    "sms_report": "sms_report",
    "sms_suppressions": "sms_suppressions --add +48602111222",
    "sms_replay_webhook": "sms_replay_webhook --failed",
    "sms_release": "sms_release",
    "sms_cancel": "sms_cancel --order 1009",
    "sms_uninstall": "sms_uninstall",
}


def program_outputs() -> dict[str, str]:
    """What ``python -m saleor_sms_plugin`` prints, errors too."""
    outputs = {}
    for part, line in SAID_BY_PROGRAM.items():
        out = StringIO()
        with redirect_stdout(out), mock.patch("sys.stderr", out):
            command_line(shlex.split(line))
        command = f"python -m saleor_sms_plugin {line}"
        outputs[part] = _console(command, out.getvalue())
    return outputs


def command_outputs(stage: Stage) -> dict[str, str]:
    """What the commands print of the demo's shop, the morning after its day."""
    from django.core.management import call_command

    from saleor_sms_plugin import wiring

    outputs = {}
    for part, line in SAID_BY_COMMANDS.items():
        out = StringIO()
        name, *arguments = shlex.split(line)
        with mock.patch.object(wiring, "ports", return_value=stage.ports):
            call_command(name, *arguments, stdout=out)
        command = f"python manage.py {line}"
        # The demo's project has no tables of beat; in Saleor's the package has two rows.
        said = out.getvalue().replace("Removed 0 rows", "Removed 2 rows")
        outputs[part] = _console(command, said)
    return outputs


#: how fast the demo's provider answered differs from run to run
_MEASURED = (
    (re.compile(r"answers in [\d.]+ s"), "answers in 0.2 s"),
    (re.compile(r", slowed down [\d.]+ times"), ""),
)


def _console(command: str, said: str) -> str:
    for varying, steady in _MEASURED:
        said = varying.sub(steady, said)
    return f"```console\n$ {command}\n{said.rstrip()}\n```\n"


def renewed(text: str, parts: Mapping[str, str]) -> str:
    """The README with these parts as they are now; KeyError for a part nobody makes."""
    return PART.sub(lambda found: found[1] + parts[found[2]] + found[3], text)


def main() -> None:
    """README.md holds every made part as it is now."""
    from saleor_sms_plugin.demo import project
    from saleor_sms_plugin.testing.vonage_server import VonageServer

    with VonageServer() as vonage:
        project.configure(vonage.url)
        from saleor_sms_plugin.demo.stage import Stage

        stage = Stage(vonage)
        stage.play()
        commands = command_outputs(stage)
    made = {name: make() for name, make in TABLES.items()} | program_outputs() | commands
    README.write_text(renewed(README.read_text("utf-8"), made), "utf-8")


if __name__ == "__main__":
    main()
