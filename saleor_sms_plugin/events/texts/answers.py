"""The built-in answers, by language; STOP, START, HELP and YES are understood in each of them."""

from __future__ import annotations

from collections.abc import Mapping


def _help(words: str, stop: str, *, colon: str = ":", help_word: str, more: str = "") -> str:
    """*words* on what the texts are about, where help is, *more*, and how to *stop*."""
    return (
        f"{{{{ shop.name }}}}{colon} {words}.{{% if shop.contact %}} {help_word}{colon} "
        f"{{{{ shop.contact }}}}.{{% endif %}}{more} {stop}"
    )


def _request(words: str, reply: str, ignore: str, *, colon: str = ":") -> str:
    """*words* that ask, the page or the *reply* that agrees, and what a stranger does."""
    return (
        f"{{{{ shop.name }}}}{colon} {words}{colon} {{% if opt_in.url %}}{{{{ opt_in.url }}}}"
        f"{{% else %}}{reply}.{{% endif %}} {ignore}"
    )


def _reward(thanks: str, *, code: str, until: str, colon: str = ":") -> str:
    """*thanks*, then the voucher's code, or else the link, where there is one."""
    return (
        f"{{{{ shop.name }}}}{colon} {thanks}{{% if voucher.code %}} {code} {{{{ voucher.code }}}}"
        f"{{% if voucher.valid_until %}} {until} {{{{ voucher.valid_until | sms_date: 'short' }}}}"
        "{% endif %}.{% elsif opt_in.reward_url %} {{ opt_in.reward_url }}{% endif %}"
    )


def _returns(contact: str, page: str, neither: str, *, colon: str = ":") -> str:
    """Where a return begins: the shop's *contact*, else its *page*, else in words."""
    return (
        f"{{{{ shop.name }}}}{colon} {{% if shop.contact %}}{contact}{colon} {{{{ shop.contact }}}}"
        f"{{% elsif shop.url %}}{page}{colon} {{{{ shop.url }}}}{{% else %}}{neither}.{{% endif %}}"
    )


TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "stop_offers": "{{ shop.name }}: done, no more offers by SMS from us.",
        "stop_all": (
            "{{ shop.name }}: you are unsubscribed and will get no more texts from us. Reply "
            "START to undo."
        ),
        "start": (
            "{{ shop.name }}: you will get again the texts that you had stopped. Reply STOP to "
            "opt out."
        ),
        "help": _help("texts about your orders", "Reply STOP to opt out.", help_word="Help"),
        "help_us": _help(
            "order texts", "Reply STOP to opt out.", help_word="Help",
            more=" Msg freq varies. Msg&data rates may apply.",
        ),
        "returns": _returns(
            "to return something, write to us", "to return something, see our shop",
            "to return something, please see our shop",
        ),
        "opt_in_request": _request(
            "please confirm you want our offers by SMS", "reply YES", "Not you? Ignore this."
        ),
        "opt_in_request_us": (
            "{{ shop.name }}: reply YES to get recurring offers and cart reminders. Msg freq "
            "varies. Msg&data rates may apply. HELP for help, STOP to opt out."
        ),
        "opt_in_reward": _reward("thank you for joining!", code="Code", until="until"),
    },
    "pl": {
        "stop_offers": "{{ shop.name }}: gotowe, nie wyslemy juz SMS-ow z ofertami.",
        "stop_all": (
            "{{ shop.name }}: gotowe, nie wyslemy juz zadnych SMS-ow. Odpisz START, aby to cofnac."
        ),
        "start": (
            "{{ shop.name }}: znow bedziemy wysylac SMS-y, z ktorych zrezygnowano. Odpisz STOP, "
            "aby zrezygnowac."
        ),
        "help": _help(
            "SMS-y o Twoich zamowieniach", "Odpisz STOP, aby zrezygnowac.", help_word="Pomoc"
        ),
        "help_us": _help(
            "SMS-y o zamowieniach", "STOP konczy.", help_word="Pomoc",
            more=" Rozna liczba SMS-ow. Moga byc oplaty operatora.",
        ),
        "returns": _returns(
            "zwroty i reklamacje", "zwroty i reklamacje",
            "o zwrotach i reklamacjach przeczytasz w naszym sklepie",
        ),
        "opt_in_request": _request(
            "potwierdz zgode na SMS-y z ofertami", "odpisz TAK", "To nie Ty? Zignoruj."
        ),
        "opt_in_request_us": (
            "{{ shop.name }}: odpisz TAK, aby dostawac oferty i przypomnienia o koszyku. Rozna "
            "liczba SMS-ow. Moga byc oplaty operatora. HELP: pomoc, STOP: koniec."
        ),
        "opt_in_reward": _reward("dziekujemy za zgode!", code="Kod", until="do"),
    },
    "it": {
        "stop_offers": "{{ shop.name }}: fatto, non riceverai più offerte via SMS da noi.",
        "stop_all": (
            "{{ shop.name }}: fatto, non riceverai più nessun SMS da noi. Rispondi START per "
            "annullare."
        ),
        "start": (
            "{{ shop.name }}: riceverai di nuovo gli SMS che avevi fermato. Rispondi STOP per "
            "non riceverli."
        ),
        "help": _help(
            "SMS sui tuoi ordini", "Rispondi STOP per non riceverli.", help_word="Aiuto"
        ),
        "help_us": _help(
            "SMS sugli ordini", "STOP per uscire.", help_word="Aiuto",
            more=" Frequenza variabile. Possibili costi dell'operatore.",
        ),
        "returns": _returns(
            "per un reso scrivici", "per un reso vedi il nostro negozio",
            "per un reso vedi il nostro negozio",
        ),
        "opt_in_request": _request(
            "conferma che vuoi le nostre offerte via SMS", "rispondi SI",
            "Non sei stato tu? Ignora.",
        ),
        "opt_in_request_us": (
            "{{ shop.name }}: rispondi SI per offerte e promemoria del carrello. Frequenza "
            "variabile. Possibili costi dell'operatore. HELP: aiuto, STOP: fine."
        ),
        "opt_in_reward": _reward("grazie per la conferma!", code="Codice", until="fino al"),
    },
    "de": {
        "stop_offers": "{{ shop.name }}: Erledigt, Sie erhalten keine Angebote mehr per SMS.",
        "stop_all": (
            "{{ shop.name }}: Erledigt, Sie erhalten keine SMS mehr von uns. Mit START machen Sie "
            "das rückgängig."
        ),
        "start": (
            "{{ shop.name }}: Sie erhalten wieder die SMS, die Sie beendet hatten. Antworten Sie "
            "STOP zum Abmelden."
        ),
        "help": _help(
            "SMS zu Ihren Bestellungen", "Antworten Sie STOP zum Abmelden.", help_word="Hilfe"
        ),
        "help_us": _help(
            "SMS zu Bestellungen", "STOP beendet.", help_word="Hilfe",
            more=" Anzahl variiert. Evtl. Kosten des Anbieters.",
        ),
        "returns": _returns(
            "Rückgaben bitte hier melden", "Alles zu Rückgaben",
            "Alles zu Rückgaben finden Sie in unserem Shop",
        ),
        "opt_in_request": _request(
            "Bitte bestätigen Sie unsere Angebote per SMS", "Antworten Sie JA",
            "Das waren nicht Sie? Bitte ignorieren.",
        ),
        "opt_in_request_us": (
            "{{ shop.name }}: Antworten Sie JA für Angebote und Warenkorb-Erinnerungen. Anzahl "
            "variiert. Evtl. Kosten des Anbieters. HELP: Hilfe, STOP: Ende."
        ),
        "opt_in_reward": _reward("Danke für Ihre Zusage!", code="Code", until="bis"),
    },
    "fr": {
        "stop_offers": "{{ shop.name }} : c'est fait, plus d'offres par SMS de notre part.",
        "stop_all": (
            "{{ shop.name }} : c'est fait, vous ne recevrez plus de SMS de notre part. Répondez "
            "START pour annuler."
        ),
        "start": (
            "{{ shop.name }} : vous recevrez à nouveau les SMS que vous aviez stoppés. Répondez "
            "STOP pour les refuser."
        ),
        "help": _help(
            "SMS sur vos commandes", "Répondez STOP pour les refuser.", colon=" :",
            help_word="Aide",
        ),
        "help_us": _help(
            "SMS de commande", "STOP pour finir.", colon=" :", help_word="Aide",
            more=" Fréquence variable. Frais d'opérateur possibles.",
        ),
        "returns": _returns(
            "pour un retour, écrivez-nous", "pour un retour, voyez notre boutique",
            "pour un retour, voyez notre boutique", colon=" :",
        ),
        "opt_in_request": _request(
            "confirmez que vous voulez nos offres par SMS", "répondez OUI",
            "Ce n'est pas vous ? Ignorez.", colon=" :",
        ),
        "opt_in_request_us": (
            "{{ shop.name }} : répondez OUI pour offres et rappels de panier. Fréquence "
            "variable. Frais d'opérateur possibles. HELP : aide, STOP : fin."
        ),
        "opt_in_reward": _reward(
            "merci de votre accord !", code="Code", until="jusqu'au", colon=" :"
        ),
    },
    "es": {
        "stop_offers": "{{ shop.name }}: hecho, no te enviaremos mas ofertas por SMS.",
        "stop_all": (
            "{{ shop.name }}: hecho, no te enviaremos mas SMS. Responde START para "
            "deshacerlo."
        ),
        "start": (
            "{{ shop.name }}: volveremos a enviarte los SMS que detuviste. Responde STOP para "
            "no recibirlos."
        ),
        "help": _help(
            "SMS sobre tus pedidos", "Responde STOP para no recibirlos.", help_word="Ayuda"
        ),
        "help_us": _help(
            "SMS de pedidos", "Responde STOP para salir.", help_word="Ayuda",
            more=" Frecuencia variable. Puede haber cargos del operador.",
        ),
        "returns": _returns(
            "para devolver algo contacta con", "para devolver algo visita nuestra tienda",
            "para devolver algo visita nuestra tienda",
        ),
        "opt_in_request": _request(
            "confirma que quieres nuestras ofertas por SMS", "responde SI",
            "¿No has sido tu? No hagas nada.",
        ),
        "opt_in_request_us": (
            "{{ shop.name }}: responde SI para ofertas y avisos del carrito. Frecuencia "
            "variable. Posibles cargos del operador. HELP: ayuda, STOP: fin."
        ),
        "opt_in_reward": _reward("¡gracias por confirmar!", code="Vale", until="hasta el"),
    },
}  # fmt: skip
