"""What staff read when the plugin itself needs them: GSM-7, by language, English first."""

from __future__ import annotations

from collections.abc import Mapping

#: {shop}: its name; {count}: events within the hour; {event}: the event's name in the catalogue
STORM: Mapping[str, str] = {
    "en": (
        "{shop}: {count} x {event} within an hour, far more than usual. Their texts are held. "
        "See sms_release and sms_cancel."
    ),
    "pl": (
        "{shop}: {count} x {event} w ciagu godziny, duzo wiecej niz zwykle. SMS-y o tym sa "
        "wstrzymane. Zob. sms_release i sms_cancel."
    ),
    "it": (
        "{shop}: {count} x {event} in un'ora, molto più del solito. Gli SMS relativi sono "
        "trattenuti. Vedi sms_release e sms_cancel."
    ),
    "de": (
        "{shop}: {count} x {event} in einer Stunde, viel mehr als sonst. Die SMS dazu werden "
        "zurückgehalten. Siehe sms_release und sms_cancel."
    ),
    "fr": (
        "{shop} : {count} x {event} en une heure, bien plus que d'habitude. Les SMS sont "
        "retenus. Voir sms_release et sms_cancel."
    ),
    "es": (
        "{shop}: {count} x {event} en una hora, mucho mas de lo normal. Los SMS quedan retenidos. "
        "Ver sms_release y sms_cancel."
    ),
}

#: {shop}: its name; {channels}: whose texts wait
ACCOUNT: Mapping[str, str] = {
    "en": (
        "{shop}: texts of {channels} are held. The SMS provider refuses the account: check "
        "credit and key. See sms_status."
    ),
    "pl": (
        "{shop}: SMS-y {channels} sa wstrzymane. Dostawca odrzuca konto: sprawdz srodki i klucz. "
        "Zob. sms_status."
    ),
    "it": (
        "{shop}: gli SMS di {channels} sono trattenuti. Il fornitore rifiuta l'account: controlla "
        "credito e chiave. Vedi sms_status."
    ),
    "de": (
        "{shop}: SMS von {channels} werden zurückgehalten. Der Anbieter lehnt das Konto ab: "
        "Guthaben und Schlüssel prüfen. Siehe sms_status."
    ),
    "fr": (
        "{shop} : les SMS de {channels} sont retenus. Le fournisseur refuse le compte : "
        "vérifiez crédit et clé. Voir sms_status."
    ),
    "es": (
        "{shop}: los SMS de {channels} quedan retenidos. El proveedor rechaza la cuenta: revise "
        "saldo y clave. Ver sms_status."
    ),
}

#: {shop}: its name; {place}: the channel, and the country where it is one's; {count}: the budget
BUDGET: Mapping[str, str] = {
    "en": (
        "{shop}: today's budget of {count} texts ({place}) is used up. Offers end for today, "
        "order texts go on."
    ),
    "pl": (
        "{shop}: dzisiejszy budzet {count} SMS-ow ({place}) jest wyczerpany. Oferty na dzis "
        "koniec, SMS-y o zamowieniach wychodza dalej."
    ),
    "it": (
        "{shop}: il budget di oggi di {count} SMS ({place}) è esaurito. Niente offerte per oggi, "
        "gli SMS sugli ordini continuano."
    ),
    "de": (
        "{shop}: Das heutige Budget von {count} SMS ({place}) ist verbraucht. Angebote enden für "
        "heute, SMS zu Bestellungen gehen weiter."
    ),
    "fr": (
        "{shop} : le budget du jour de {count} SMS ({place}) est épuisé. Plus d'offres "
        "aujourd'hui, les SMS de commande continuent."
    ),
    "es": (
        "{shop}: el presupuesto de hoy de {count} SMS ({place}) se ha agotado. Hoy no hay mas "
        "ofertas, los SMS de pedidos siguen."
    ),
}

#: {shop}: its name; {count}: answers within an hour
STRANGERS: Mapping[str, str] = {
    "en": (
        "{shop}: {count} questions within an hour from numbers you never texted. Further ones get "
        "no answer and wait in sms_replies."
    ),
    "pl": (
        "{shop}: {count} pytan w ciagu godziny z numerow, do ktorych nie pisaliscie. Kolejne nie "
        "dostaja odpowiedzi, zob. sms_replies."
    ),
    "it": (
        "{shop}: {count} domande in un'ora da numeri a cui non avete mai scritto. Le altre restano "
        "senza risposta: vedi sms_replies."
    ),
    "de": (
        "{shop}: {count} Fragen in einer Stunde von Nummern, denen Sie nie schrieben. Weitere "
        "bleiben ohne Antwort, siehe sms_replies."
    ),
    "fr": (
        "{shop} : {count} questions en une heure de numéros jamais contactés. Les suivantes "
        "restent sans réponse, voir sms_replies."
    ),
    "es": (
        "{shop}: {count} preguntas en una hora de numeros a los que nunca escribieron. Las demas "
        "quedan sin respuesta, ver sms_replies."
    ),
}

#: {shop}: its name; {number}: a customer's; {text}: what they wrote
REPLY: Mapping[str, str] = {
    "en": "{shop}: {number} wrote: {text}",
    "pl": "{shop}: {number} pisze: {text}",
    "it": "{shop}: {number} scrive: {text}",
    "de": "{shop}: {number} schreibt: {text}",
    "fr": "{shop} : {number} écrit : {text}",
    "es": "{shop}: {number} escribe: {text}",
}
