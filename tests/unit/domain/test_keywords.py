"""What a reply means: keywords alone, wishes in sentences, and words that only look like either."""

# Letters of other alphabets stand here on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_sms_plugin.domain.keywords import Meaning, fold, meaning_of

LANGUAGES = ("en", "pl", "it", "de", "fr", "es")


def _meaning(text: str, *languages: str, cancel_words: bool = False) -> Meaning:
    return meaning_of(text, cancel_words=cancel_words, languages=languages)


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", "Stop.", " stop \n", "STOP!!!", '"STOP"', "“STOP”", "«Stop»", "'stop'",
        "ＳＴＯＰ", "ｓｔｏｐ", "🛑 STOP", "stop 🙏🏽", "STOP\u200b", "\ufeffSTOP",
        "S T O P", "s.t.o.p.",
        "STOP STOP STOP", "stop, stop", "ЅТОР", "СТОР", "СТОП", "стоп", "SТOP", "ＳТОＰ", "ŚTÓP",
        "STOPALL", "STOP ALL", "stop-all", "UNSUBSCRIBE", "OPTOUT", "OPT OUT", "opt-out",
        "ΣTOP", "𝐒𝐓𝐎𝐏", "Ⓢⓣⓞⓟ", "𝖘𝖙𝖔𝖕", "STOP\u3164", "\uffa0STOP", "STOP\nstop", "S\nT\nO\nP",
    ],
)  # fmt: skip
def test_stop_is_stop_however_it_is_written(text: str) -> None:
    """Case, width, accents, punctuation, quotes, emoji and look-alikes make no difference."""
    assert _meaning(text) is Meaning.STOP


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pl", "KONIEC"), ("pl", "Rezygnuję"), ("pl", "REZYGNUJE"), ("pl", "wypisz"),
        ("pl", "dość"),
        ("it", "FERMA"), ("it", "Basta!"), ("it", "CANCELLAMI"), ("it", "disiscrivimi"),
        ("de", "STOPP"), ("de", "Ende"), ("de", "ABMELDEN"), ("de", "Abbestellen."),
        ("fr", "ARRET"), ("fr", "Arrêt"), ("fr", "Désabonner"), ("fr", "DESABONNER"),
        ("es", "ALTO"), ("es", "Parar"), ("es", "BAJA"), ("es", "no más"),
    ],
)  # fmt: skip
def test_a_languages_own_word_stops_who_speaks_it(language: str, text: str) -> None:
    """For the reader of another language it may be no such word: somebody reads it."""
    assert _meaning(text, language) is Meaning.STOP
    assert _meaning(text, "en") is Meaning.UNCLEAR_STOP
    assert _meaning(text, "en", language) is Meaning.STOP


@pytest.mark.parametrize(
    "text",
    ["CANCEL", "End", "quit.", "REVOKE", "Anuluj", "annulla", "Stornieren", "ANNULER", "Cancelar"],
)
def test_cancel_stops_only_where_the_law_says_so(text: str) -> None:
    """In the USA and Canada CANCEL ends texts; elsewhere it mostly means the order."""
    assert _meaning(text, *LANGUAGES, cancel_words=True) is Meaning.STOP
    assert _meaning(text, *LANGUAGES, cancel_words=False) is Meaning.UNCLEAR_STOP


WISHES = [
    # English
    "stop texting me please", "Please stop", "pls stop!!", "STOP sending me this",
    "Stop it", "Stop this now", "stop the messages", "I want this to stop", "Stop please",
    "don't text me", "Don’t text me", "dont message me again", "do not contact me",
    "Never text this number", "don't send me any more texts", "dont send me anything",
    "I don't want any more texts", "I do not want your offers", "no more texts", "No more",
    "no more of your ads", "please unsubscribe me", "I want to opt out", "opt me out",
    "remove me from your list", "take me off this list", "leave me alone",
    "delete my number", "wrong number", "You have the wrong person", "no thanks", "No",
    "quit texting me", "STOP! I never bought anything from you", "fuck off",
    "I revoke my consent", "I withdraw my consent", "I said stop", "I told you to stop",
    "I asked you to stop", "Take my number off your list", "do not call or text", "unsub",
    "enough", "That's enough", "No longer interested", "not interested, thanks", "no texts",
    "Don't contact me again", "please no more", "stop sending", "remove this number",
    "cancel texts", "cancel these messages", "cancel my subscription", "end texts",
    "Please end all messages", "quit sending these texts", "discontinue all text messages",
    "Cancel all of your marketing texts now", "S T O P please", "please S.T.O.P. it",
    "lose my number", "forget this number", "I do not want these anymore",
    "I don't want this any more, thanks", "stoppp", "SSTOP", "STPO", "sotp please",
    "stop\u3164please", "STOP\nSent from my iPhone", "Please\nstop", "do not\ttext me",
    "Stop!\u2028thanks", "STOP\r\n\r\nJohn",
    # Polish
    "proszę nie pisać", "prosze nie pisac", "Nie chcę więcej smsów", "nie chce waszych ofert",
    "Nie życzę sobie takich wiadomości", "nie wysyłajcie mi więcej", "Nie wysyłać SMS",
    "proszę wypisać mnie z listy", "wypiszcie mnie", "usuńcie mój numer",
    "przestańcie do mnie pisać", "koniec z tymi smsami", "rezygnuję z ofert",
    "STOP reklamom", "cofam zgodę", "żadnych reklam", "nie chcę więcej", "już nie chcę",
    "chcę zrezygnować", "chcę zrezygnować z tych smsów", "wycofuję swoją zgodę", "Nie",
    "NIE!", "nie, dziękuję", "nie jestem zainteresowany", "proszę o usunięcie numeru",
    "pisałam stop", "nie przysyłajcie mi już tego", "dość tego", "wypisz mnie z listy",
    "rezygnacja", "Rezygnacja z subskrypcji", "usuń mnie", "proszę przestać", "Przestańcie!",
    "skreślcie mnie z listy", "koniec, proszę", "prosze\nnie pisac",
    # Italian
    "basta messaggi", "Basta con questi sms!", "non voglio più ricevere messaggi",
    "non voglio pubblicità", "non mi scrivete più", "non mandatemi più niente",
    "non inviatemi altro", "disiscrivetemi", "cancellate il mio numero", "smettetela",
    "stop sms", "revoco il mio consenso", "ritiro il consenso", "non sono più interessata",
    "ho detto basta", "non voglio più", "eliminate il mio numero", "annullare l'iscrizione",
    "smettila", "Smettete", "cancella", "disiscrizione", "lasciatemi in pace", "basta grazie",
    "lasciami stare", "non\nscrivetemi",
    # German
    "bitte keine SMS mehr", "Keine Werbung bitte", "Ich möchte keine Nachrichten mehr",
    "schreiben Sie mir nicht mehr, bitte nicht mehr schreiben", "hört auf!", "Hören Sie auf",
    "lasst mich in Ruhe", "ich möchte mich abmelden", "bitte abbestellen",
    "Bitte meine Nummer löschen", "keine weiteren Nachrichten",
    "Bitte löschen Sie meine Nummer", "SMS abbestellen", "kein Interesse", "Nein", "es reicht",
    "ich widerrufe meine Einwilligung", "ich ziehe meine Einwilligung zurück", "keine SMS",
    "Ich habe stopp geschrieben", "nehmen Sie mich von der Liste", "Ich will keine Werbung",
    "Abmeldung", "bitte löschen", "bitte loeschen!", "Löschen Sie mich bitte", "bitte stopp",
    # French
    "ne plus m'envoyer de sms", "Merci de ne plus m’envoyer de SMS", "ne m'envoyez plus rien",
    "n'envoyez plus", "plus de sms svp", "je ne veux plus de vos messages",
    "Arrêtez de m'écrire", "arretez les messages", "veuillez me désabonner",
    "désinscrivez-moi", "laissez-moi tranquille", "retirez mon numéro", "Stop pub",
    "je retire mon consentement", "j'ai dit stop", "plus intéressée", "ça suffit", "assez",
    "enlevez-moi de votre liste", "je n'en veux plus", "Non merci", "arrêt stop", "arrêtez svp",
    # Spanish
    "no mas", "no más mensajes", "no me envíen más", "No me manden nada", "no quiero ofertas",
    "no me escriban", "dejen de molestar", "quiero darme de baja", "basta de mensajes",
    "borren mi número", "retiro mi consentimiento", "dije stop", "no me interesa", "ya basta",
    "ya no quiero", "elimine mi número", "no quiero más", "no gracias", "baja por favor",
]  # fmt: skip


@pytest.mark.parametrize("text", WISHES)
def test_a_wish_to_stop_in_a_sentence_is_held_for_somebody_to_read(text: str) -> None:
    """Whatever language the person is known to write."""
    assert _meaning(text, "en") is Meaning.UNCLEAR_STOP


@pytest.mark.parametrize("cancel_words", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "cancel please", "please cancel", "Cancel all", "cancel it, thanks", "please end",
        "quit please", "revoke please", "I revoke", "I quit!", "C A N C E L please",
        "anuluj proszę", "annulla, grazie", "bitte stornieren",
    ],
)  # fmt: skip
def test_a_word_that_ends_texts_with_filler_around_it_is_held(
    text: str, cancel_words: bool
) -> None:
    """47 CFR 64.1200(a)(10): any reasonable way of saying it counts; elsewhere somebody asks."""
    assert _meaning(text, "en", cancel_words=cancel_words) is Meaning.UNCLEAR_STOP


@pytest.mark.parametrize("cancel_words", [True, False])
@pytest.mark.parametrize(
    "text", ["cancella ordine", "cancella il mio ordine", "rezygnacja z zamówienia"]
)
def test_what_may_mean_the_order_is_read_by_somebody(text: str, cancel_words: bool) -> None:
    """It never stops texts by itself, and is not lost either."""
    assert _meaning(text, "pl", "it", cancel_words=cancel_words) is Meaning.UNCLEAR_STOP


NO_WISHES = [
    "does the bus stop near your shop?", "Where is the next stop?", "It rained non-stop",
    "can I stop by tomorrow?", "Stop by tomorrow?", "Is there a bus stop?", "ST0P", "stopper",
    "unstoppable!", "Can you stop my order 123?", "Stop my order please",
    "please stop the order",
    "When is the weekend?", "the end", "I want to cancel my order", "How do I cancel?",
    "I do not want the blue one", "I need help with my order", "Thanks!", "ok", "OK 👍", "",
    "   ", "?", "🙂", "12", "6", "0", "10", "yes please send it tomorrow",
    "no problem, thank you",
    "start selling shoes", "information please", "return policy?", "Where is my parcel?",
    "Kiedy dotrze paczka?", "nie dostałem paczki", "Nie wysyłajcie paczki jutro",
    "chcę zwrócić buty", "rezygnuję z zamówienia 12", "nie ma sprawy",
    "Basta un pezzo solo", "non ho ricevuto il pacco", "non inviate il pacco domani",
    "Ich habe keine SMS bekommen", "habe noch keine Nachricht erhalten", "wann endet das?",
    "je n'ai pas reçu de SMS", "où est mon colis ?", "no he recibido el mensaje",
    "Keine Nachricht vom Paketboten", "no sms received", "Did you stop sending lamps?",
    "Why did you stop selling offers like that?", "Nie wysyłajcie paczki do mnie do pracy",
    "Thanks, no more questions", "Wrong number on the parcel", "I got no messages",
    "I will stop by the shop tomorrow to ask for messages", "chcę zrezygnować z zamówienia",
    "nie chcę więcej butów", "Nie chcę czarnych", "niente sms ricevuti", "not enough lamps",
    "je ne reçois plus de sms de suivi", "no me interesa el azul, quiero el rojo",
    "keine Nachricht mehr bekommen", "Non ho ricevuto il pacco, non mi avete inviato messaggi",
    "no puedo ir más tarde", "¿dónde está mi pedido?", "да", "привет", "please all", "thanks!",
    "cancel my order and text me please", "At the end I got your message", "end of the sale",
    "Did you cancel the offer?", "please cancel the parcel", "annulla ordine", "anuluj paczkę",
    "I do not want this one in blue", "bitte Bestellung löschen", "nie mogę przestać tego nosić",
    "plan a b c please", "The band quit and the spot is stale", "lascia il pacco dal vicino",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_WISHES)
def test_what_only_looks_like_a_keyword_is_none(text: str) -> None:
    """Other words around a keyword, or an order that shall stop, are for people to read."""
    assert _meaning(text, *LANGUAGES, cancel_words=True) is Meaning.OTHER


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("START", Meaning.START), ("start!", Meaning.START), ("Unstop", Meaning.START),
        ("ＳＴＡＲＴ", Meaning.START), ("SТАRТ", Meaning.START),
        ("YES", Meaning.YES), ("y", Meaning.YES), ("Tak!", Meaning.YES), ("sì", Meaning.YES),
        ("SÍ", Meaning.YES), ("Si", Meaning.YES), ("ja", Meaning.YES), ("Oui.", Meaning.YES),
        ("HELP", Meaning.HELP), ("info?", Meaning.HELP), ("Pomoc", Meaning.HELP),
        ("AIUTO", Meaning.HELP), ("hilfe", Meaning.HELP), ("Aide", Meaning.HELP),
        ("ayuda", Meaning.HELP), ("ＨＥＬＰ", Meaning.HELP),
        ("ZWROT", Meaning.RETURNS), ("Reklamacja", Meaning.RETURNS), ("RESO", Meaning.RETURNS),
        ("reclamo", Meaning.RETURNS), ("RETURN", Meaning.RETURNS), ("Rückgabe", Meaning.RETURNS),
        ("RUECKGABE", Meaning.RETURNS), ("retour", Meaning.RETURNS),
        ("Devolución", Meaning.RETURNS), ("returns", Meaning.RETURNS),
        ("1", Meaning.SCORE), ("5!", Meaning.SCORE), ("３", Meaning.SCORE), ("4️⃣", Meaning.SCORE),
        ("٣", Meaning.OTHER), ("1/5", Meaning.OTHER),
    ],
)  # fmt: skip
def test_the_other_keywords(text: str, meaning: Meaning) -> None:
    """Alone, in any of the built-in languages, whatever the reader's own."""
    assert _meaning(text, "en") is meaning


def test_a_stop_is_never_taken_for_anything_milder() -> None:
    """Every spelling of a stop wins over the other keywords."""
    assert _meaning("KONIEC", "pl") is Meaning.STOP
    assert _meaning("STOP", "pl", cancel_words=True) is Meaning.STOP


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Dziękuję & pozdrawiam!", "dziekuje pozdrawiam"), ("n’envoyez PLUS", "n envoyez plus"),
        ("Straße", "strasse"), ("łódź", "lodz"), ("a.b.c", "abc"), ("no no", "no"),
        ("a\nb c\td\u2028efg", "abcd efg"), ("s t o p, n'a", "stopna"), ("s t o p STOP", "stop"),
        ("d'un a", "d un a"),
        ("ok S-T-O-P ok", "ok stop ok"), ("x\u3164y\x00z\u200b", "xyz"), ("ab\rcd", "ab cd"),
    ],
)  # fmt: skip
def test_folding(text: str, folded: str) -> None:
    """Words alone, in lower case, without marks."""
    assert fold(text) == folded


@given(
    st.sampled_from([each for each in WISHES + NO_WISHES if each.strip()]),
    st.lists(st.text("\n\r\t\v\f\x1c\x85\xa0\u2028\u3000", min_size=1, max_size=3), min_size=9),
)
def test_any_white_space_is_a_blank(text: str, blanks: list[str]) -> None:
    """A line that ends, or a tab, parts words as a blank does."""
    first, *rest = text.split()
    parted = first + "".join(
        f"{blank}{word}" for blank, word in zip(cycle(blanks), rest, strict=False)
    )
    assert _meaning(parted, *LANGUAGES) is _meaning(text, *LANGUAGES)


@given(st.text(max_size=300))
def test_any_text_has_one_meaning(text: str) -> None:
    """Whatever a phone sends is read without an error, and folding twice changes nothing more."""
    assert _meaning(text, "pl") in Meaning
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("text", ["No", "nein.", "NIE", "nope", "Non"])
def test_no_alone_is_read_by_somebody(text: str) -> None:
    """It answers a question; nobody knows which, so it never stops everything by itself."""
    assert _meaning(text, *LANGUAGES, cancel_words=True) is Meaning.UNCLEAR_STOP


@pytest.mark.parametrize("length", [1_001, 5_000, 100_000])
def test_a_wish_at_the_end_of_a_long_text_is_read(length: int) -> None:
    """The first and the last 1,000 characters count."""
    assert _meaning("a" * length + " stop texting me please") is Meaning.UNCLEAR_STOP
    assert _meaning("stop texting me please " + "a" * length) is Meaning.UNCLEAR_STOP


def test_an_endless_text_is_read_at_once() -> None:
    """What is between begin and end does not count: no text makes the patterns search for long."""
    assert _meaning("no quiero " * 100_000, "es") is Meaning.OTHER
    assert _meaning("stop " + "please " * 100_000) is Meaning.UNCLEAR_STOP
    assert _meaning("a " * 1_000 + "stop texting me" + " a" * 1_000) is Meaning.OTHER
