"""How a text says that its reader can end such texts, as short as can be."""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.languages import choose_language
from ...domain.opt_outs import OptOut, Way

#: language → way → words; English first, because the first is what others fall back to
TEXTS: Mapping[str, Mapping[Way, str]] = {
    "en": {
        Way.REPLY: "Reply STOP to opt out",
        Way.NUMBER: "STOP to {to}",
        Way.LINK: "Opt out: {to}",
    },
    "pl": {
        Way.REPLY: "Aby zrezygnowac, odpisz STOP",
        Way.NUMBER: "STOP na {to}",
        Way.LINK: "Rezygnacja: {to}",
    },
    "it": {
        Way.REPLY: "Per disiscriverti rispondi STOP",
        Way.NUMBER: "STOP al {to}",
        Way.LINK: "Disiscriviti: {to}",
    },
    "de": {
        Way.REPLY: "Abmelden: STOP antworten",
        Way.NUMBER: "STOP an {to}",
        Way.LINK: "Abmelden: {to}",
    },
    "fr": {
        Way.REPLY: "Désinscription : répondez STOP",
        Way.NUMBER: "STOP au {to}",
        Way.LINK: "Stop SMS : {to}",
    },
    "es": {
        Way.REPLY: "Baja: responde STOP",
        Way.NUMBER: "STOP al {to}",
        Way.LINK: "Baja: {to}",
    },
}


def opt_out_words(opt_out: OptOut, language: str) -> str:
    """The words in the language: exact (``pt-br``), base (``pt``), else English."""
    found = choose_language(language, TEXTS) or "en"
    return TEXTS[found][opt_out.way].format(to=opt_out.to)
