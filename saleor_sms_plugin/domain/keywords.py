"""What a person means who writes to a shop's number: a keyword alone, a wish to stop, or neither.

The carriers' words (https://github.com/SparkDevNetwork/Rock/issues/6399), those of the FCC's rule
on revocation, 47 CFR 64.1200(a)(10), and their like in the languages that there are texts in. A
keyword counts only as the whole message: "does the bus stop near your shop?" is a question.
"""

# The letters that look alike stand here on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

from .wishes_to_stop import PATTERNS


class Meaning(StrEnum):
    """What a reply is taken for."""

    STOP = "stop"
    UNCLEAR_STOP = "unclear_stop"  #: somebody has to read it; it holds until then
    START = "start"
    YES = "yes"
    HELP = "help"
    RETURNS = "returns"
    SCORE = "score"  #: a digit from 1 to 5
    OTHER = "other"


#: One word for every language; "стоп", the same in Cyrillic, is "ctop" once folded.
_STOP = frozenset({"stop", "stopall", "stop all", "unsubscribe", "optout", "opt out", "ctop"})
#: End texts where the law takes them so; elsewhere they often mean an order.
_CANCEL = frozenset(
    {
        *("cancel", "end", "quit", "revoke"),
        *("anuluj", "annulla", "stornieren", "storno", "annuler", "cancelar", "anular"),
    }
)
#: Language → words that say it in this language only: the reader of another one is asked.
_STOP_IN = {
    "pl": {"koniec", "rezygnuje", "wypisz", "wypisz mnie", "dosc"},
    "it": {"ferma", "fermati", "basta", "cancellami", "disiscrivimi", "annulla iscrizione"},
    "de": {"stopp", "ende", "abmelden", "abbestellen", "austragen"},
    "fr": {"arret", "arreter", "arretez", "desabonner", "desinscrire", "desabonnement"},
    "es": {"alto", "parar", "baja", "darme de baja", "no mas"},
}
#: Every word that ends texts somewhere, and what may stand around one and asks for nothing else.
_ENDS = _STOP.union(_CANCEL, *_STOP_IN.values())
_FILLER = frozenset(
    {
        *("please", "pls", "plz", "thanks", "thank", "you", "all", "it", "this", "now", "i", "me"),
        *("ok", "prosze", "dziekuje", "grazie", "per", "favore", "bitte", "danke", "svp", "merci"),
        *("por", "favor", "gracias"),
    }
)
_WORDS: dict[Meaning, frozenset[str]] = {
    Meaning.START: frozenset({"start", "unstop"}),
    Meaning.YES: frozenset({"yes", "y", "tak", "si", "ja", "oui"}),
    Meaning.HELP: frozenset({"help", "info", "pomoc", "aiuto", "hilfe", "aide", "ayuda"}),
    Meaning.RETURNS: frozenset(
        {
            *("return", "returns", "zwrot", "zwroty", "reklamacja", "reklamacje", "reso", "resi"),
            *("reclamo", "ruckgabe", "rueckgabe", "retour", "retours", "devolucion"),
            "devoluciones",
        }
    ),
    Meaning.SCORE: frozenset("12345"),
}

#: Letters of keywords, and those of other alphabets that look like them; ł has no mark to lose.
_LOOK_ALIKE = str.maketrans(
    {
        **dict(zip("авеёкмнорстухіјѕԁԛԝһґп", "abeekmhopctyxijsdqwhrp", strict=True)),
        **dict(zip("αβεηικνορτυχγσς", "abenikvoptyxyss", strict=True)),
        **{"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"},
        **dict.fromkeys("’‘`´'", " "),
        **dict.fromkeys("\u115f\u1160", " "),  # letters by their category, and never seen
    }
)
_SPELT = re.compile(r"\b[^\W\d](?: [^\W\d]){2,}\b")  #: "s t o p"
_ANY_WISH = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS))
READ = 1_000  #: characters at the begin and at the end of a text; nobody hides a STOP between


def meaning_of(text: str, *, cancel_words: bool, languages: Collection[str]) -> Meaning:
    """What the text of a person means who may write these languages (``"pl"``).

    ``cancel_words``: CANCEL and its kin end texts by the law of the place; where they do not,
    and for a stop in another language than these, somebody has to read it.
    """
    said = fold(text)
    if said in _STOP:
        return Meaning.STOP
    if said in _CANCEL:
        return Meaning.STOP if cancel_words else Meaning.UNCLEAR_STOP
    if stops := {language for language, words in _STOP_IN.items() if said in words}:
        return Meaning.STOP if stops & set(languages) else Meaning.UNCLEAR_STOP
    for meaning, words in _WORDS.items():
        if said in words:
            return meaning
    bare = set(said.split()) - _FILLER
    wished = (bare and bare <= _ENDS) or _ANY_WISH.search(said)
    return Meaning.UNCLEAR_STOP if wished else Meaning.OTHER


def fold(text: str) -> str:
    """The words alone: lower case, without width, marks, punctuation, emoji and repetition.

    Letters of other alphabets that look Latin are Latin; "S.T.O.P" is one word, also among others.
    """
    ends = text if len(text) <= 2 * READ else f"{text[:READ]} {text[-READ:]}"
    plain = unicodedata.normalize("NFKD", ends).casefold()
    plain = "".join(map(_seen, plain))
    plain = unicodedata.normalize("NFKD", plain.translate(_LOOK_ALIKE))
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    if len(words) > 1 and all(len(word) == 1 for word in words):
        return "".join(words)
    words = _SPELT.sub(lambda spelt: spelt[0].replace(" ", ""), " ".join(words)).split()
    # Who writes STOP three times means it once.
    return words[0] if len(set(words)) == 1 else " ".join(words)


def _seen(char: str) -> str:
    """What a reader sees of it: a line's end or a tab is a blank, marks and formats are nothing."""
    category = unicodedata.category(char)
    if category == "Cc" or char.isspace():
        return " "
    return "" if category.startswith(("M", "C")) else char
