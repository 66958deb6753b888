"""Shows the day in a terminal, in colours where there are any."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from ..domain.formatting import format_money
from .day import SCENES, Scene
from .outcome import Line, Outcome, Summary
from .stage import Stage

#: status → how it is shown; what is not here was not sent on purpose
_STATUSES = {
    "sent": ("sent", "green"),
    "outcome_unknown": ("unknown", "yellow"),
    "failed": ("failed", "red"),
    "rejected": ("rejected", "red"),
}
_NOT_SENT = ("not sent", "magenta")


def play(stage: Stage, console: Console, *, speed: float) -> None:
    """The day was played behind a progress bar, ``speed`` scenes a second (0: no pause).

    Where there is no terminal, there is neither bar nor pause.
    """
    pause = 1 / speed if speed and console.is_terminal else 0.0
    bar = Progress(
        TextColumn("{task.fields[at]}"), BarColumn(bar_width=24), MofNCompleteColumn(),
        TextColumn("{task.fields[story]}", markup=False),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=len(SCENES), at="09:00", story="The shop opens")

        def after(scene: Scene) -> None:
            bar.update(task, advance=1, at=scene.at.removeprefix("+"), story=scene.story)
            sleep(pause)

        stage.play(after)


def show(outcome: Outcome, console: Console) -> None:
    """Every message, the sums and the checks are printed, as wide as the console is."""
    console.print(_table(outcome.messages))
    console.print(_sums(outcome.summary))
    console.print()
    for check in outcome.checks:
        mark = Text("  kept    ", "green") if check.kept else Text("  BROKEN  ", "bold red")
        console.print(mark + Text(check.promise))


def _table(lines: tuple[Line, ...]) -> Table:
    table = Table(
        title=f"One day of a shop, {lines[0].happened_at[:10]}",
        caption="Two times: when it happened, and when its text was sent.",
        title_justify="left", caption_justify="left", box=SIMPLE_HEAD, pad_edge=False, expand=True,
    )  # fmt: skip
    for name in ("Time", "Order, to", "Event, language", "Status"):
        table.add_column(name, no_wrap=True)
    table.add_column("Text, or why there is none", ratio=1, overflow="fold")
    for line in lines:
        table.add_row(*(make(line) for make in _CELLS))
    return table


def _time(line: Line) -> Text:
    happened, sent = line.happened_at[-5:], line.sent_at[-5:]
    return Text(happened) if sent in ("", happened) else Text(f"{happened}\n{sent}")


def _event(line: Line) -> Text:
    size = f", {line.segments} segment{'s' * (line.segments != 1)}" if line.segments else ""
    return Text(line.event).append(f"\n{line.language}{size}", "dim")


def _status(line: Line) -> Text:
    word, style = _STATUSES.get(line.status, _NOT_SENT)
    return Text(word, style)


def _said(line: Line) -> Text:
    said = Text(line.text)
    if line.tries > 1:
        said.append(f" (accepted at try {line.tries})", "cyan")
    if line.why:
        said.append("\n" * bool(line.text))
        said.append(line.why, _status(line).style)
    return said


_CELLS: tuple[Callable[[Line], Text], ...] = (
    _time,
    lambda line: Text(line.order).append(f"\n{line.recipient}"),
    _event,
    _status,
    _said,
)


def _sums(summary: Summary) -> Table:
    price = format_money(summary.price, summary.currency, "en")
    unknown = f", {summary.outcome_unknown} without a clear answer (never sent again)"
    sums = Table.grid(padding=(0, 2))
    for name, value in {
        "Events": f"{summary.events_recorded} recorded; the shop told of {summary.events_heard}",
        "Texts": f"{summary.sent} sent" + unknown * bool(summary.outcome_unknown),
        "Not sent": f"{summary.not_sent}, each with its reason above",
        "Segments": f"{summary.segments}, for {price} at the provider's price of this demo",
        "Provider": f"{summary.requests} requests, {summary.accepted_by_provider} texts accepted",
    }.items():
        sums.add_row(Text(name, "bold"), Text(value))
    return sums
