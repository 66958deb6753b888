"""How far a long command is: a bar on a terminal, nothing in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def progress(what: str, total: int, stream: Any) -> Iterator[Callable[[int], object]]:
    """Gives a function that is told how much of ``total`` is done.

    The bar is rich's where that is installed (the ``demo`` extra), else a line of percent.
    """
    if not stream.isatty():
        yield lambda done: None
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield lambda done: stream.write(f"\r{what}: {100 * done // max(total, 1)} %")
        stream.write("\n")
        return
    with Progress(console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
