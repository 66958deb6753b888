"""How people write, in a sentence, that they want no more texts: no keyword, but a wish.

Patterns for text that ``keywords.fold`` has folded, so without accents, apostrophes and case.
They lean towards taking a sentence for a wish: what is held by mistake, somebody reads and
lets go; what is missed goes on annoying. An order that shall stop is none of them.
"""

from __future__ import annotations

#: what a shop sends, as English speakers call it
_TEXTS = r"(?:texts?|sms|messages?|msgs?|offers?|ads?|adverts?|marketing|spam|newsletters?|promos?)"
_FEW = r"(?: \w+){0,3}"
_NO_ORDER = r"(?!(?: \w+)? (?:order|parcel|package|delivery|shipment|payment|shipping)\b)"

_ENGLISH = (
    rf"^stop\b(?! (?:by|at|in|over|near|on|off|for|is)\b){_NO_ORDER} \w",
    rf"\b(?:stop|quit|cease){_FEW} (?:{_TEXTS}|texting|messaging|sending|contacting|spamming"
    r"|writing to me|writing me|bothering)\b",
    rf"\b(?:please|pls|plz|just|ok) stop\b(?! (?:by|at|in|over|near)\b){_NO_ORDER}",
    r"\bwant\b.*\bto stop$",
    r"\b(?:do not|dont|don t|never|cease to) (?:ever )?(?:text|message|contact|msg|sms|spam)\b",
    rf"\b(?:do not|dont|don t|never) send{_FEW} (?:{_TEXTS}|any ?more|anything|stuff)\b",
    rf"\b(?:not|dont|don t|no longer) (?:want|wish|need|like){_FEW} {_TEXTS}\b",
    rf"\bno more{_FEW} {_TEXTS}\b|^(?:please )?no more(?: please)?$",
    rf"^no (?:more )?{_TEXTS}\b",
    r"\bunsubscribe\b|\bopt (?:me )?out\b|\boptout\b|\bremove me\b|\btake me off\b",
    r"\b(?:delete|remove) my (?:phone )?number\b|\bleave me alone\b|\b(?:fuck|piss|bugger) off\b",
    r"^(?:\w+ ){0,4}wrong (?:number|person)(?: \w+){0,2}$",
    r"^(?:no|nope|nein|non)(?: (?:thanks|thank you|danke|merci|grazie|gracias|dziekuje))?$",
)

_SMS_PL = r"(?:sms\w*|wiadomosc\w*|ofert\w*|reklam\w*|spam\w*|powiadomien\w*|newsletter\w*)"
_POLISH = (
    rf"\bnie (?:chce|chcemy|zycze|potrzebuje|interesuj\w+){_FEW} {_SMS_PL}\b",
    r"\bnie (?:pisac|pisz|piszcie|smsowac|kontaktowac|nekac)\b",
    rf"\bnie (?:wysylac|wysylaj|wysylajcie|przysylac|przysylaj|przysylajcie){_FEW} "
    rf"(?:{_SMS_PL}|mi|do mnie|nic)\b",
    r"\b(?:wypisac|wypiszcie|wypisz|usunac|usuncie|wykreslcie)(?: prosze)?"
    r" (?:mnie|moj numer|numer)\b",
    r"\bprzesta(?:n|ncie)\b(?: \w+){0,2} (?:pisac|wysylac|przysylac|nekac)\b",
    rf"\b(?:koniec|dosc|stop|zadnych|rezygnuje)(?: (?:z|od|tych|tymi|juz|wiecej))* {_SMS_PL}\b",
    r"\bcofam zgode\b|\bwycofuje zgode\b",
)

_SMS_IT = r"(?:messaggi\w*|sms|offert\w*|pubblicita|comunicazioni|spam|promozioni)"
_ITALIAN = (
    rf"\b(?:basta|stop|niente)(?: \w+){{0,2}} {_SMS_IT}\b|\bbasta (?:scriver\w*|mandar\w*)\b",
    rf"\bnon (?:voglio|desidero|vorrei){_FEW} {_SMS_IT}\b",
    r"\bnon (?:mi )?(?:scrive\w+|contatta\w+|disturba\w+)\b",
    rf"\bnon (?:mi )?(?:manda\w+|invia\w+){_FEW} {_SMS_IT}\b",
    r"\bnon (?:mandatemi|inviatemi|mandarmi|inviarmi)\b",
    r"\b(?:disiscriv\w+|cancellatemi|toglietemi|rimuovetemi|smettetela)\b",
    r"\b(?:cancellate|cancella|togliete|rimuovete) (?:il )?mio numero\b|\brevoco il consenso\b",
)

_SMS_DE = r"(?:sms|nachricht\w*|werbung|angebot\w*|mitteilung\w*|spam|newsletter)"
_GOT_DE = r"(?!(?: \w+){0,2} (?:bekommen|erhalten|gekriegt|angekommen)\b)"
_GERMAN = (
    rf"\bkeine(?: \w+)? {_SMS_DE}\b{_GOT_DE}",
    r"\bnicht mehr(?: \w+){0,2} (?:schreib\w*|anschreib\w*|kontaktier\w*|simsen)\b",
    rf"\bnicht mehr(?: \w+){{0,2}} {_SMS_DE}\b",
    r"\bhor(?:en|t)?(?: \w+){0,2} auf\b|\blass(?:en|t)? (?:sie )?mich in ruhe\b",
    r"\b(?:ich|mich|bitte)(?: \w+){0,3} (?:abmelden|abbestellen|austragen)\b",
    r"\b(?:meine )?nummer(?: \w+){0,2} loschen\b|\bwiderrufe(?: \w+){0,2} einwilligung\b",
)

_SMS_FR = r"(?:sms|messages?|textos?|offres?|pubs?|publicites?|spams?)"
_FRENCH = (
    r"\b(?:ne|n) plus(?: \w+){0,2} (?:envoyer|recevoir|contacter|ecrire|deranger|solliciter)\b",
    r"\b(?:ne|n)(?: (?:me|m))? (?:envoyez|contactez|ecrivez|textez|derangez)(?: moi)? (?:plus|pas)"
    r"\b",
    rf"\bplus (?:de |d |aucun |aucune )(?:vos )?{_SMS_FR}\b|\bpas (?:de |d )(?:pub|spam)\w*\b",
    rf"\b(?:arretez?|stop|marre)(?: \w+){{0,3}} (?:{_SMS_FR}|envoyer|ecrire|harceler)\b",
    r"\b(?:desabonn|desinscri)\w+\b|\blaissez moi tranquille\b",
    r"\b(?:retirez|supprimez|effacez) (?:moi|mon numero)\b",
)

_SMS_ES = r"(?:sms|mensajes?|textos?|ofertas?|publicidad|promociones|spam)"
_SPANISH = (
    rf"^no mas\b|\bno mas (?:por favor|gracias|{_SMS_ES})\b|\bbasta(?: \w+){{0,2}} {_SMS_ES}\b",
    r"\bno (?:me )?(?:escrib\w+|contacte\w*|molest\w+)\b",
    rf"\bno (?:me )?(?:envi\w+|mande\w*){_FEW} (?:{_SMS_ES}|mas|nada)\b",
    rf"\bno (?:quiero|deseo){_FEW} {_SMS_ES}\b",
    r"\bdejen? de (?:enviar|mandar|escribir|molestar)\w*\b|\bparen de\b",
    r"\b(?:dar|darme|denme|dame|doy|darse)(?: \w+)? de baja\b|\b(?:quitenme|borrenme)\b",
    r"\b(?:borren|quiten|eliminen) mi numero\b",
)

PATTERNS = (*_ENGLISH, *_POLISH, *_ITALIAN, *_GERMAN, *_FRENCH, *_SPANISH)
