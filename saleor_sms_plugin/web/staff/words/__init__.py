"""The words of the pages for staff, one table per language with the same keys."""

from __future__ import annotations

from collections.abc import Mapping

from ....domain.languages import language_code
from .en import WORDS as EN
from .it import WORDS as IT
from .pl import WORDS as PL

#: language → key → words; ``{…}`` is filled in
WORDS: Mapping[str, Mapping[str, str]] = {"en": EN, "pl": PL, "it": IT}


def words_language(*wanted: str) -> str:
    """The first of the wanted languages that the pages speak ("pl-PL" as "pl"), else English."""
    bases = (language_code(each).partition("-")[0] for each in wanted)
    return next((base for base in bases if base in WORDS), "en")
