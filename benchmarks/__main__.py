"""``python -m benchmarks``: every figure with its target, in one run (``make bench``)."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import (
    bursting,
    dispatching,
    faults,
    idling,
    lasting,
    neighbours,
    pacing,
    reading,
    report,
    shop,
    texts,
)
from benchmarks.figures import Figure, Skipped
from benchmarks.machine import machine

RESULTS = Path(__file__).with_name("results")
PLAIN = {
    each.NAME: each.run
    for each in (texts, dispatching, pacing, bursting, neighbours, idling, lasting, reading)
}
NAMES = (*PLAIN, *shop.BENCHMARKS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, writes ``benchmarks/results/``; 1 where a figure misses its target.

    ``faults`` measures nothing: it is ``benchmarks.faults``, with arguments of its own.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["faults"]:
        return faults.main(arguments[1:])
    given = _arguments(arguments)
    chosen = given.benchmark or NAMES
    missing = shop.is_missing(given.saleor)
    skipped = [
        Skipped(name, f"{missing}; set SALEOR_HOME")
        for name in shop.BENCHMARKS
        if missing and name in chosen
    ]
    figures: list[Figure] = []
    about = machine()
    for measured, servers in _measured(chosen, given.scale, None if missing else given.saleor):
        figures += measured
        about |= servers
        for figure in measured:  # a run takes minutes; what it found must not wait for its end
            _say(f"    {figure.name}: {report.number(figure.measured)} {figure.unit}".rstrip())
    about["load afterwards"] = machine()["load"]
    result = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": about,
        "figures": [figure.as_json() for figure in figures],
        "skipped": [each.as_json() for each in skipped],
    }
    RESULTS.mkdir(exist_ok=True)
    written = json.dumps(result, indent=2, ensure_ascii=False)
    (RESULTS / f"{result['at']}.json".replace(":", "")).write_text(f"{written}\n")
    if given.json:
        print(written)
    else:
        report.show(figures, skipped, about)
    return int(any(figure.verdict in ("over", "under") for figure in figures))


def _measured(
    chosen: Collection[str], scale: float, saleor: Path | None
) -> Iterator[tuple[list[Figure], Mapping[str, str]]]:
    """Per benchmark, as soon as it ends: its figures, and what its servers were."""
    for name, run in PLAIN.items():
        if name in chosen:
            _say(f"==> {name}")
            figures, server = run(scale)
            yield figures, server
    inside = [name for name in shop.BENCHMARKS if name in chosen]
    if inside and saleor is not None:
        _say(f"==> {', '.join(inside)} (in Saleor)")
        for figures, server in shop.run(saleor, inside, scale):
            yield figures, {f"Saleor's {name}": value for name, value in server.items()}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benchmark", nargs="*", help=f"of {', '.join(NAMES)}; all without one")
    parser.add_argument("--json", action="store_true", help="the result as JSON, not as a table")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="rounds and samples, as a share of the usual ones"
    )
    parser.add_argument(
        "--saleor",
        type=Path,
        default=Path(os.environ.get("SALEOR_HOME") or Path.home() / "saleor"),
        help="a Saleor checkout with its environment in .venv (SALEOR_HOME)",
    )
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.benchmark) - set(NAMES)):
        parser.error(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}.")
    if given.scale <= 0:
        parser.error(f"--scale {given.scale:g} measures nothing; give a number above 0.")
    given.saleor = given.saleor.expanduser().resolve()
    return given


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
