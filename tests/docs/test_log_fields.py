"""README names every field and every action that the plugin's log lines carry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import saleor_sms_plugin
from saleor_sms_plugin.domain.transitions import MessageStatus
from tests.docs import readme

PACKAGE = Path(saleor_sms_plugin.__file__).parent
SECTION = readme.README.read_text("utf-8").partition("### Log fields\n")[2].partition("\n### ")[0]
FIELDS, ACTIONS = SECTION.split("| Action | About |")


def _named(table: str) -> set[str]:
    """The words in the first column."""
    first = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(first)))


def _extras() -> Iterator[dict[str, ast.expr]]:
    """What each log line gives as ``extra``, field by field."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                if isinstance(extra := given.get("extra"), ast.Dict):
                    yield {ast.literal_eval(k or ast.Constant("")): v for k, v in _pairs(extra)}


def _pairs(written: ast.Dict) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    return zip(written.keys, written.values, strict=True)


EXTRAS = list(_extras())


def test_every_action_is_in_the_readme() -> None:
    """And the README names no other one; those of texts are there by status."""
    values = [extra["action"] for extra in EXTRAS]
    actions = {str(value.value) for value in values if isinstance(value, ast.Constant)}
    by_status = [value for value in values if isinstance(value, ast.JoinedStr)]

    statuses = {f"message_{status}" for status in MessageStatus}
    assert {ast.unparse(value)[:11] for value in by_status} == {"f'message_{"}
    assert "queue" in actions
    assert _named(ACTIONS) - statuses == actions


def test_every_field_is_in_the_readme() -> None:
    """And the README names no other one."""
    assert _named(FIELDS) == {name for extra in EXTRAS for name in extra}
