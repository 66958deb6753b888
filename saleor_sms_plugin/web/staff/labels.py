"""What events and statuses are called on the pages."""

from __future__ import annotations

from ...events.answers import ANSWERS
from ...events.catalogue import EVENTS
from .words import WORDS
from .words.events import LABELS


def event_label(name: str, language: str) -> str:
    """The event's or answer's name in the pages' language; in English the dashboard form's."""
    spec = EVENTS.get(name) or ANSWERS.get(name)
    if spec is None:
        return WORDS[language].get(f"event_{name}", name)
    return LABELS.get(language, {}).get(name, spec.label)


def status_label(status: str, language: str) -> str:
    """The status in a word or two."""
    return WORDS[language].get(f"status_{status}", status)
