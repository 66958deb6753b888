"""The built-in texts: what a customer reads where the shop's owner wrote nothing.

Every text is GSM-7, names the shop first, and reads well with any optional value absent.
None claims what the shop does not know (that nothing was charged, when a bank pays out),
none urges, sells, or names a product.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.languages import choose_language
from . import answers, de, en, es, fr, it, pl

#: language → event → template; English first, because the first is what others fall back to
BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "en": en.TEXTS,
    "pl": pl.TEXTS,
    "it": it.TEXTS,
    "de": de.TEXTS,
    "fr": fr.TEXTS,
    "es": es.TEXTS,
}


def built_in(name: str, language: str) -> tuple[str, str]:
    """The language found and the event's or answer's template: exact (``pt-br``), base (``pt``),
    then English.

    Raises ``KeyError`` for a name that is in neither catalogue.
    """
    texts = answers.TEXTS if name in answers.TEXTS["en"] else BUILT_IN
    found = choose_language(language, texts) or "en"
    return found, texts[found][name]
