"""What events and statuses are called on the pages, and what is said of moments of a text."""

from __future__ import annotations

from babel import Locale

from ...events.answers import ANSWERS
from ...events.catalogue import EVENTS
from ...models import Message
from ...services.previewing import TextFault
from ...services.timeline import Moment, What
from .words import WORDS
from .words.events import LABELS
from .words.reasons import why


def event_label(name: str, language: str) -> str:
    """The event's or answer's name in the pages' language; in English the dashboard form's."""
    spec = EVENTS.get(name) or ANSWERS.get(name)
    if spec is None:
        return WORDS[language].get(f"event_{name}", name)
    return LABELS.get(language, {}).get(name, spec.label)


def status_label(status: str, language: str) -> str:
    """The status in a word or two."""
    return WORDS[language].get(f"status_{status}", status)


def country_label(code: str, language: str) -> str:
    """The country's name; the code where it has none."""
    return str(Locale(language).territories.get(code, code or "-"))


def fault_words(fault: TextFault, language: str) -> str:
    """The fault, with where in the text it is."""
    words = WORDS[language]
    places = (("in_language", fault.language), ("line", fault.line), ("column", fault.column))
    where = ", ".join(f"{words[word]} {place}" for word, place in places if place)
    return f"{where}: {fault.message}" if where else fault.message


def moment_detail(moment: Moment, message: Message, language: str) -> str:
    """What the page says of the moment beside its name."""
    ends = moment.at == message.finished_at and moment.what in (What.DECIDED, What.ENDED)
    said = why(message.reason, language)
    if ends:
        return ": ".join(filter(None, (status_label(message.status, language), said)))
    return {
        What.HAPPENED: event_label(message.event_name, language),
        What.RECORDED: WORDS[language]["found_later"] if moment.detail else "",
        What.DUE: said,
    }.get(moment.what, moment.detail)
