"""The rules of texting, as data: a table that is dated and sourced, and what asks it."""

from __future__ import annotations

from .columns import COLUMNS, Column
from .finding import chain_of, law_at, law_of, row_of, states_of
from .hours import is_holiday, next_permitted
from .overrides import Override, parse_override, with_overrides
from .rule import (
    CountsAs,
    DoubleOptIn,
    Links,
    Rule,
    SenderNames,
    SoftOptIn,
    StopScope,
    strictest,
)
from .table import DEFAULT, ROWS

__all__ = [
    "COLUMNS",
    "DEFAULT",
    "ROWS",
    "Column",
    "CountsAs",
    "DoubleOptIn",
    "Links",
    "Override",
    "Rule",
    "SenderNames",
    "SoftOptIn",
    "StopScope",
    "chain_of",
    "is_holiday",
    "law_at",
    "law_of",
    "next_permitted",
    "parse_override",
    "row_of",
    "states_of",
    "strictest",
    "with_overrides",
]
