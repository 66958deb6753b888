"""The lines of the field “Advanced”, read with its table."""

from __future__ import annotations

import re
from typing import Any

from ..exceptions import InvalidInput
from .advanced import SETTINGS, Setting
from .values import did_you_mean, excerpt, word

_BY_NAME = {setting.name.partition(".<")[0]: setting for setting in SETTINGS}


def parse_advanced(text: str) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """The values by attribute of ``SmsConfig``, and what is wrong as (line, what).

    A line that is wrong counts as absent; every attribute is there. Never raises.
    """
    values: dict[str, Any] = {
        setting.attribute: {} if setting.subject else setting.value(setting.default)
        for setting in SETTINGS
    }
    faults: list[tuple[int, str]] = []
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        setting_line = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if not setting_line:
            continue
        try:
            setting, subject, value = _read(setting_line)
            if first := seen.get((setting.name, subject)):
                raise ValueError(f"says again what line {first} sets. Keep one of the two lines.")
        except (ValueError, InvalidInput) as error:
            faults.append((number, str(error)))
            continue
        seen[setting.name, subject] = number
        if setting.subject:
            values[setting.attribute][subject] = value
        else:
            values[setting.attribute] = value
    return values, faults


def _read(line: str) -> tuple[Setting, str, Any]:
    left, equals, right = (part.strip() for part in line.partition("="))
    head, _, tail = left.partition(".")
    if word(left) in _BY_NAME:
        head, tail = left, ""  # a name with a point of its own
    setting = _BY_NAME.get(word(head))
    if setting is None or bool(tail.strip()) != bool(setting.subject):
        raise ValueError(_unknown(left))
    if not equals or not right:
        raise ValueError(f"{excerpt(left)} has no value. Write for example {setting.example}")
    subject = setting.subject(tail.strip()) if setting.subject else ""
    written = (subject, right) if setting.value_needs_subject else (right,)
    return setting, subject, setting.value(*written)


def _unknown(name: str) -> str:
    setting = _BY_NAME.get(word(name.partition(".")[0]))
    if setting:
        return f"{excerpt(name)} is not written in full. Write for example {setting.example}"
    return (
        f"unknown name {excerpt(name)}.{did_you_mean(name, _BY_NAME)} "
        f"The names are {', '.join(setting.name for setting in SETTINGS)}."
    )
