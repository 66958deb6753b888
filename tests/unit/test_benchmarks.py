"""The benchmarks still run, and say what they found. No time is asserted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.figures import Figure, median_of, percentile
from benchmarks.parts import part_of


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results are written during a test."""
    directory = tmp_path / "results"
    monkeypatch.setattr(benchmarks, "RESULTS", directory)
    return directory


def test_a_run_is_printed_and_kept_as_the_same_json(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--json`` prints what is kept: six figures of texts, three of them with a target."""
    # when
    benchmarks.main(["texts", "--scale", "0.01", "--json"])

    # then
    printed = capsys.readouterr().out
    (kept,) = results.glob("*.json")
    assert kept.read_text() == printed
    figures = json.loads(printed)["figures"]
    assert len(figures) == 6
    assert sum(figure["at_most"] == 300 for figure in figures) == 3


def test_where_there_is_no_saleor_its_benchmarks_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing Saleor skips a benchmark with a line that names the mending, and succeeds."""
    # when
    status = benchmarks.main(["hook", "--saleor", str(tmp_path)])

    # then
    assert status == 0
    last = capsys.readouterr().out.splitlines()[-1]
    missing = tmp_path.resolve() / ".venv" / "bin" / "python"
    assert last == (
        f"hook: skipped, no Saleor at {tmp_path.resolve()} ({missing} is missing); set SALEOR_HOME"
    )


@pytest.mark.parametrize(
    ("measured", "at_most", "verdict"),
    [(5.0, 5.0, "ok"), (5.1, 5.0, "over"), (5.1, None, "")],
)
def test_a_target_is_the_most_that_passes(
    measured: float, at_most: float | None, verdict: str
) -> None:
    """A figure is ok up to its target, over beyond it, and without one has no verdict."""
    figure = Figure(
        benchmark="b", name="n", measured=measured, unit="ms", low=0, high=0, samples=1,
        at_most=at_most,
    )  # fmt: skip
    assert figure.verdict == verdict


def test_percentiles_are_samples() -> None:
    """The nearest rank: p95 of 60 samples is the 57th, and the spread is the outer deciles."""
    # given
    values = [float(n) for n in range(60, 0, -1)]

    # when
    figure = median_of("b", "n", values, "s")

    # then
    assert percentile(values, 95) == 57
    assert (figure.low, figure.measured, figure.high) == (6, 30.5, 54)


@pytest.mark.parametrize(
    ("inner", "part"),
    [
        ("/site-packages/django/db/models/query.py", "SQL"),
        ("/site-packages/urllib3/connectionpool.py", "HTTP"),
        ("/site-packages/vonage_sms/sms.py", "SDK"),
        ("/site-packages/liquid/template.py", "rendering"),
        ("/srv/saleor_sms_plugin/services/door.py", "door"),
        ("/srv/saleor_sms_plugin/services/dispatch.py", "waiting"),
        ("/srv/saleor_sms_plugin/services/account_run.py", "waiting"),
        ("/srv/saleor_sms_plugin/services/outcomes.py", "waiting"),
        ("/lib/json/decoder.py", "SDK"),
        ("/lib/socket.py", "HTTP"),
    ],
)
def test_a_stack_belongs_to_its_innermost_part(inner: str, part: str) -> None:
    """Called by the SDK: what is of no part itself is its caller's."""

    def frame_in(path: str, call: Callable[[], object]) -> object:
        names: dict[str, object] = {"call": call}
        exec(compile("def inner():\n    return call()", path, "exec"), names)  # noqa: S102
        return names["inner"]()  # type: ignore[operator]

    def look() -> str:
        return part_of(sys._getframe().f_back)

    assert frame_in("/x/vonage/client.py", lambda: frame_in(inner, look)) == part


def test_waiting_for_the_answer_is_told_from_reading_it() -> None:
    """The innermost function decides, not its file alone."""
    names: dict[str, object] = {"part_of": part_of, "sys": sys}
    code = "def readinto():\n    return part_of(sys._getframe())"
    exec(compile(code, "/lib/socket.py", "exec"), names)  # noqa: S102

    assert names["readinto"]() == "answer"  # type: ignore[operator]
