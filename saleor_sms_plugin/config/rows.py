"""The stored row as it is: known fields with their texts, whatever was stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from .fields import FIELDS, LONGEST, SECRET_TYPES, FieldType


@dataclass(frozen=True)
class Row:
    """Every field of the form as text; hashable, equal where nothing changed.

    ``faults`` are (field, what) for values that could not be taken; their text is "".
    """

    texts: tuple[str, ...]  #: in the form's order
    faults: tuple[tuple[str, str], ...]

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return dict(zip(FIELDS, self.texts, strict=True))

    def __getitem__(self, field: str) -> str:
        return self._by_name[field]

    def changed(self, old: Row) -> frozenset[str]:
        """The fields whose text or fault differs from the old row's."""
        texts = {
            name for name, new, was in zip(FIELDS, self.texts, old.texts, strict=True) if new != was
        }
        return frozenset(texts | {name for name, _ in {*self.faults} ^ {*old.faults}})


def stored_values(rows: object) -> dict[str, object]:
    """Saleor's stored list of ``{"name", "value"}`` as a mapping; what is no such row is left out.

    Nothing is filled in: a field that was not stored is not there.
    """
    return {
        row["name"]: row.get("value")
        for row in (rows if isinstance(rows, list | tuple) else ())
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    }


def read(values: Mapping[str, object]) -> Row:
    """The row of the stored values, with unknown fields left out; never raises."""
    texts, faults = [], []
    for name, field in FIELDS.items():
        text, fault = _text(values.get(name), field.type)
        texts.append(text)
        if fault:
            faults.append((name, fault))
    return Row(tuple(texts), tuple(faults))


def _text(value: object, kind: FieldType) -> tuple[str, str]:
    if kind is FieldType.OUTPUT or value is None:
        return "", ""
    if isinstance(value, bool):
        text = "true" if value else ""
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        return "", "the stored value is not a text. Write it again and save."
    if len(text) > LONGEST[kind]:
        return "", f"is {len(text)} characters long. At most {LONGEST[kind]} are allowed."
    if kind is FieldType.MULTILINE:
        return text, ""  # as it is: errors in it are told by line
    if kind is not FieldType.BOOLEAN:
        return text.strip(), ""
    said = text.strip().lower()
    if said in ("true", "false", ""):
        return ("true" if said == "true" else ""), ""
    return "", "is neither true nor false. Tick the box, or take the tick away, and save."


def fingerprint(values: Mapping[str, object]) -> str:
    """64 hex digits, equal for values that parse alike in one environment.

    It covers secrets, so it is for comparing in memory, not for showing.
    """
    row = read(values)
    return hashlib.sha256(repr((row.texts, row.faults)).encode("utf-8", "replace")).hexdigest()


def mask(values: Mapping[str, object]) -> dict[str, object]:
    """The values fit for printing: of a secret only the last four characters are left.

    A secret of fewer than eight characters is hidden whole; ``env:NAME`` is no secret.
    """
    secret = {name for name, field in FIELDS.items() if field.type in SECRET_TYPES}
    return {
        name: _masked(value) if name in secret and value not in (None, "") else value
        for name, value in values.items()
    }


def _masked(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("env:SALEOR_SMS_"):
        return text
    return "****" + (text[-4:] if len(text) >= 8 else "")
