"""What events and statuses are called on the pages."""

from __future__ import annotations

from ...events.answers import ANSWERS
from ...events.catalogue import EVENTS
from ...models.message import ALERT, TEST
from .words import WORDS


def event_label(name: str, language: str) -> str:
    """The event's or answer's name as the dashboard's form has it; that of the pages' own
    language where there is one."""
    if name in (TEST, ALERT):
        return WORDS[language][f"event_{name}"]
    spec = EVENTS.get(name) or ANSWERS.get(name)
    return spec.label if spec else name


def status_label(status: str, language: str) -> str:
    """The status in a word or two."""
    return WORDS[language].get(f"status_{status}", status)
