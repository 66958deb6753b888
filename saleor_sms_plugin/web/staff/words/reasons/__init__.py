"""Why a message waits, ended or was never sent, as the pages tell it a shop's staff."""

from __future__ import annotations

from collections.abc import Mapping

from .en import SENTENCES as EN
from .it import SENTENCES as IT
from .pl import SENTENCES as PL

#: language → the word stored on a message row → what staff read, and do
REASONS: Mapping[str, Mapping[str, str]] = {
    language: {reason.value: said for reason, said in sentences.items()}
    for language, sentences in {"en": EN, "pl": PL, "it": IT}.items()
}


def why(reason: str, language: str) -> str:
    """The sentence; "" without a reason, the word itself for one of another version."""
    return REASONS[language].get(reason, reason)
