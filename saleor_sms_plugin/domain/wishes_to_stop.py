"""How people write, in a sentence, that they want no more texts: no keyword, but a wish.

Patterns for text that ``keywords.fold`` has folded, so without accents, apostrophes and case.
They lean towards taking a sentence for a wish: what is held by mistake, somebody reads and
lets go; what is missed goes on annoying. An order that shall stop is none of them.
"""

from __future__ import annotations

#: what a shop sends, as English speakers call it
_TEXTS = r"(?:texts?|sms|messages?|msgs?|offers?|ads?|adverts?|marketing|spam|newsletters?|promos?)"
_FEW = r"(?: \w+){0,3}"
#: what may follow, and changes nothing
_ADIEU = r"(?: (?:please|pls|thanks|thank you|any ?more|ever|again|from you|sorry|svp|merci))*"
#: what stands between “cancel” and the texts, and is nothing that is ordered
_ALL_THESE = (
    r"(?: (?:all of|all|any|every|the|these|this|those|your|my|more|further|sending|getting|sms"
    r"|text|marketing|promotional|please|me))*"
)
_NO_ORDER = r"(?!(?: \w+)? (?:order|parcel|package|delivery|shipment|payment|shipping)\b)"

_ENGLISH = (
    rf"^stop\b(?! (?:by|at|in|over|near|on|off|for|is)\b){_NO_ORDER} \w",
    rf"(?<!did you )(?<!do you )(?<!have you )\b(?:stop|quit|cease){_FEW} (?:{_TEXTS}|texting"
    r"|messaging|sending|contacting|spamming|writing to me|writing me|bothering)\b",
    rf"(?<!did you )\b(?:cancel|end|quit|discontinue){_ALL_THESE}"
    rf" (?:{_TEXTS}|texting|messaging|subscriptions?)\b",
    # typing slips
    rf"^(?:s+t+o+p+|stpo|sotp|tsop){_ADIEU}$",
    rf"\b(?:please|pls|plz|just|ok) stop\b(?! (?:by|at|in|over|near)\b){_NO_ORDER}",
    rf"\b(?:said|told you|asked you)(?: to)? stop\b{_NO_ORDER}",
    r"\bwant\b.*\bto stop$",
    r"\b(?:do not|dont|don t|never|cease to) (?:ever )?(?:(?:call|phone|ring|email) (?:or|and) )?"
    r"(?:text|message|contact|msg|sms|spam)\b",
    rf"\b(?:do not|dont|don t|never) send{_FEW} (?:{_TEXTS}|any ?more|anything|stuff)\b",
    rf"\b(?:not|dont|don t|no longer) (?:want|wish|need|like){_FEW} {_TEXTS}\b",
    r"\b(?:not|dont|don t|no longer) (?:want|wish|need)"
    rf"(?: (?:these|those|this|them)| (?:it )?any ?more){_ADIEU}$",
    rf"\bno more{_FEW} {_TEXTS}\b|^(?:please )?no more(?: please)?$",
    rf"^no (?:more )?{_TEXTS}{_ADIEU}$",
    r"\bunsub(?:scrib\w+)?\b|\bopt (?:me )?out\b|\boptout\b|\bremove me\b",
    r"\btake (?:me|(?:my|this) (?:phone )?number) off\b|\bleave me alone\b",
    r"\b(?:delete|remove|lose|forget|erase) (?:my|this) (?:phone )?number\b",
    r"\b(?:fuck|piss|bugger) off\b",
    r"\b(?:revok\w+|withdraw\w*|retract\w*|cancel)(?: \w+){0,2} (?:consent|permission)\b",
    r"\b(?:no longer|not) interested(?: in (?:this|these|it|your \w+))?"
    rf"{_ADIEU}$",
    r"^(?:that s |thats |that is )?enough(?: (?:already|now|is enough|of this))?$",
    r"^(?:\w+ ){0,4}wrong (?:number|person)(?: \w+){0,2}$",
)

_SMS_PL = r"(?:sms\w*|wiadomosc\w*|ofert\w*|reklam\w*|spam\w*|powiadomien\w*|newsletter\w*)"
#: what stands between “nie wysylajcie” and what they shall not send
_TO_ME_PL = r"(?: (?:mi|do mnie|juz|wiecej|tego|tych|takich|zadnych|swoich|waszych|nigdy|prosze))"
_POLISH = (
    rf"\bnie (?:chce|chcemy|zycze|potrzebuje|interesuj\w+){_FEW} {_SMS_PL}\b",
    r"\bnie (?:chce|chcemy|zycze sobie)(?: (?:juz|tego|wiecej|nic|prosze))*$",
    r"\bnie (?:pisac|pisz|piszcie|smsowac|kontaktowac|nekac)\b|\bnie jestem zainteresowan\w\b",
    rf"\bnie (?:wysylac|wysylaj|wysylajcie|przysylac|przysylaj|przysylajcie)"
    rf"(?:{_TO_ME_PL}+$|{_TO_ME_PL}* (?:{_SMS_PL}|nic)\b)",
    r"\b(?:wypisac|wypisz|wypiszcie|usunac|usun|usuncie|wykresl|wykreslcie|skresl|skreslcie)"
    r"(?: prosze)?(?: sie)?"
    r" (?:mnie|moj numer|numer|z listy)\b|\busuniecie(?: \w+)? numeru\b",
    r"\brezygnacj\w\b|^(?:(?:prosze|juz) )*przesta(?:n|ncie|c)(?: (?:prosze|juz))*$",
    r"\bprzesta(?:n|ncie|c)\b(?: \w+){0,2} (?:pisac|wysylac|przysylac|nekac)\b",
    rf"\b(?:koniec|dosc|stop|zadnych|rezygnuje|zrezygnowac)(?: (?:z|od|tych|tymi|juz|wiecej))* "
    rf"{_SMS_PL}\b|\b(?:zrezygnowac|wypisac sie)$|^dosc (?:tego|juz)$",
    r"\b(?:mowil[ae]m|powiedzial[ae]m|pisal[ae]m|prosil[ae]m)(?: \w+)? stop\b",
    r"\b(?:cofam|cofnac|wycofuje|wycofac|odwoluje)(?: \w+){0,2} zgod[ey]\b",
)

_SMS_IT = r"(?:messaggi\w*|sms|offert\w*|pubblicita|comunicazioni|spam|promozioni)"
_ITALIAN = (
    rf"\b(?:basta|stop|niente)(?: \w+){{0,2}} {_SMS_IT}\b(?! (?:ricevut|arrivat))",
    r"\bbasta (?:scriver\w*|mandar\w*)\b|\b(?:ho|avevo) (?:detto|scritto|chiesto) (?:stop|basta)\b",
    rf"\bnon (?:voglio|desidero|vorrei){_FEW} {_SMS_IT}\b|\bnon (?:ne )?voglio (?:piu|altro)$",
    r"\bnon (?:mi )?(?:scrive\w+|contatta\w+|disturba\w+)\b",
    rf"\bnon (?:mi )?(?:manda\w+|invia\w+){_FEW} {_SMS_IT}\b",
    r"\bnon (?:mandatemi|inviatemi|mandarmi|inviarmi)\b|\bnon sono (?:piu )?interessat[ao]\b",
    r"\b(?:disiscri[vz]\w+|cancellatemi|toglietemi|rimuovetemi|smett(?:i|ila|ete|etela))\b",
    r"^cancella\b|\blascia(?:te)?mi (?:in pace|stare|tranquill[ao])\b",
    r"\b(?:cancell\w+|togli\w+|rimuov\w+|elimin\w+) (?:il )?mio numero\b",
    r"\b(?:revoc\w+|ritir\w+)(?: \w+){0,2} consenso\b|\bannullare(?: \w+)? ?iscrizione\b",
)

_SMS_DE = r"(?:sms|nachricht\w*|werbung|angebot\w*|mitteilung\w*|spam|newsletter)"
_GOT_DE = r"(?!(?: \w+){0,2} (?:bekommen|erhalten|gekriegt|angekommen)\b)"
_GERMAN = (
    rf"\b(?:mochte|moechte|will|wollen|wunsche|brauche|bitte)(?: \w+){{0,3}} keine(?: \w+)?"
    rf" {_SMS_DE}\b",
    rf"\bkeine(?: weiteren?)? {_SMS_DE}(?: (?:mehr|bitte|danke|senden|schicken))+\b{_GOT_DE}",
    rf"\bkeine weiteren? {_SMS_DE}\b{_GOT_DE}|^keine {_SMS_DE}$",
    r"\bnicht mehr(?: \w+){0,2} (?:schreib\w*|anschreib\w*|kontaktier\w*|simsen)\b",
    rf"\bnicht mehr(?: \w+){{0,2}} {_SMS_DE}\b",
    r"\b(?:sagte|schrieb|habe)(?: \w+)? stopp?\b",
    r"\bhor(?:en|t)?(?: \w+){0,2} auf\b|\blass(?:en|t)? (?:sie )?mich in ruhe\b",
    rf"\b(?:ich|mich|bitte|{_SMS_DE})(?: \w+){{0,3}} (?:abmelden|abbestellen|austragen)\b",
    r"\b(?:meine )?nummer(?: \w+){0,2} loschen\b|\bloschen? (?:sie )?(?:bitte )?meine \w*nummer\b",
    r"\babmeldung\b|^(?:bitte )?(?:(?:mich|alles) )?loe?schen(?: (?:bitte|sie|mich|alles))*$",
    r"\bwiderruf\w*(?: \w+){0,3} (?:einwilligung|zustimmung)\b|\bkein interesse(?: mehr)?$",
    r"\b(?:einwilligung|zustimmung)(?: \w+){0,2} (?:widerruf\w*|zuruck\w*)\b",
    r"\b(?:nehm\w*|streich\w*|entfern\w*)(?: \w+){0,4} (?:liste|verteiler)\b",
    r"^(?:genug|es reicht)(?: (?:jetzt|damit|davon))?$",
)

_SMS_FR = r"(?:sms|messages?|textos?|offres?|pubs?|publicites?|spams?)"
_FRENCH = (
    r"\b(?:ne|n) plus(?: \w+){0,2} (?:envoyer|recevoir|contacter|ecrire|deranger|solliciter)\b",
    r"\b(?:ne|n)(?: (?:me|m))? (?:envoyez|contactez|ecrivez|textez|derangez)(?: moi)? (?:plus|pas)"
    r"\b|\b(?:ne|n) (?:en )?veux plus$",
    rf"(?<!recois )(?<!recu )(?<! ai )\bplus (?:de |d |aucun |aucune )(?:vos )?{_SMS_FR}\b",
    rf"\bpas (?:de |d )(?:pub|spam)\w*\b|\b(?:plus|pas) interesse\w*{_ADIEU}$",
    rf"\b(?:arretez?|stop|marre)(?: \w+){{0,3}} (?:{_SMS_FR}|envoyer|ecrire|harceler)\b",
    r"\b(?:ai|avais) (?:dit|ecrit|demande) (?:stop|(?:d )?arreter)\b|^(?:ca suffit|assez)\b",
    r"\b(?:desabonn|desinscri)\w+\b|\blaissez moi tranquille\b",
    r"\b(?:retirez|supprimez|effacez|enlevez) (?:moi|mon numero)\b",
    r"\b(?:retir\w+|revoqu\w+|annul\w+)(?: \w+)? consentement\b",
)

_SMS_ES = r"(?:sms|mensajes?|textos?|ofertas?|publicidad|promociones|spam)"
_SPANISH = (
    rf"^no mas\b|\bno mas (?:por favor|gracias|{_SMS_ES})\b|\bbasta(?: \w+){{0,2}} {_SMS_ES}\b",
    r"\bno (?:me )?(?:escrib\w+|contacte\w*|molest\w+)\b|\bno (?:me interesan?|estoy interesad\w)$",
    rf"\bno (?:me )?(?:envi\w+|mande\w*){_FEW} (?:{_SMS_ES}|mas|nada)\b",
    rf"\bno (?:quiero|deseo){_FEW} {_SMS_ES}\b|\bno quiero (?:mas|nada)$|\bya no quiero$",
    r"\bdejen? de (?:enviar|mandar|escribir|molestar)\w*\b|\bparen de\b|^(?:ya basta|basta ya)\b",
    r"\b(?:dar|darme|denme|dame|doy|darse)(?: \w+)? de baja\b|\b(?:quitenme|borrenme)\b",
    r"\b(?:borr\w+|quit\w+|elimin\w+) mi (?:numero|telefono)\b",
    r"\b(?:retir\w+|revoc\w+)(?: \w+)? consentimiento\b",
    r"\b(?:dije|he dicho|pedi) (?:stop|basta|alto)\b",
)

#: “no” alone answers a question that nobody asked: what is meant, somebody has to find out
_NO = (r"^(?:no|nope|nein|non|nie)(?: (?:thanks|thank you|danke|merci|grazie|gracias|dziekuje))?$",)

PATTERNS = (*_ENGLISH, *_POLISH, *_ITALIAN, *_GERMAN, *_FRENCH, *_SPANISH, *_NO)
