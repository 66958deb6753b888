"""Reasons in Italian."""

from __future__ import annotations

from collections.abc import Mapping

from .....domain.reasons import Reason

SENTENCES: Mapping[Reason, str] = {
    # No usable number
    Reason.NO_PHONE: "Nell'ordine non c'è un numero di telefono.",
    Reason.INVALID_NUMBER: "Questo numero di telefono non esiste. Controllalo nell'ordine.",
    Reason.LANDLINE: "È un numero fisso, che non riceve SMS.",
    Reason.PREMIUM_RATE: "È un numero a tariffa speciale: non gli scriviamo mai.",
    Reason.NOT_MOBILE: "Non è un numero di cellulare.",
    Reason.COUNTRY_NOT_ALLOWED: (
        "Il canale non scrive nel paese di questo numero. Per farlo, aggiungi il paese in "
        "“Allowed countries” nelle impostazioni del plugin."
    ),
    Reason.NOT_A_TEST_NUMBER: (
        "Ora si scrive solo ai numeri di prova, e questo non lo è. Svuota “Only text these "
        "numbers” nelle impostazioni del plugin per scrivere ai clienti."
    ),
    Reason.SENDER_NOT_ALLOWED: (
        "Il tuo mittente non si può usare nel paese di questo numero. Impostane un altro per "
        "quel paese."
    ),
    Reason.NUMBER_SUPPRESSED: "Il numero è nella tua lista di quelli a cui non si scrive mai.",
    Reason.NUMBER_ERASED: "Il titolare del numero ha chiesto di cancellare i suoi dati.",
    Reason.NO_CONSENT: "È marketing, e in questo paese serve un consenso che qui manca.",
    Reason.NOT_CONFIRMED: "Il consenso aspetta ancora la conferma dal telefono.",
    Reason.OPTED_OUT: "Questa persona non vuole più questi SMS.",
    Reason.OPT_OUT_IN_REVIEW: (
        "Questa persona ha scritto qualcosa come “basta SMS”. Decidi sotto Risposte."
    ),
    Reason.NO_OPT_OUT_PATH: (
        "Un'offerta deve dire come disdirla, e questa non poteva. Imposta opt_out_number nelle "
        "impostazioni Advanced del plugin."
    ),
    Reason.NO_ANSWER_PATH: (
        "Al sondaggio non si potrebbe rispondere: il mittente non riceve SMS, e nel testo non "
        "c'è il link alla pagina."
    ),
    Reason.FREQUENCY_CAP: "Questa persona ha già avuto tutte le offerte ammesse in questo tempo.",
    Reason.COUNTRY_BUDGET: "Il budget di oggi per questo paese è esaurito.",
    Reason.REQUEST_FLOOD: "Troppe persone insieme dovevano ricevere la richiesta di conferma.",
    # The event needs no text
    Reason.SWITCHED_OFF: "Questo SMS, o l'intero canale, è spento.",
    Reason.BEFORE_ACTIVATION: "È successo prima che questo SMS fosse acceso.",
    Reason.IMPORTED: "L'ordine è stato importato: gli ordini vecchi non sono una novità.",
    Reason.REISSUED: "Questo ordine ne sostituisce un altro.",
    Reason.NOTIFY_DECLINED: "Lo staff ha scelto di non avvisare il cliente.",
    Reason.AWAITING_APPROVAL: "Il pacco non è stato approvato.",
    Reason.MERGED: "Lo dice già un altro SMS.",
    Reason.ASKED_BEFORE: "La conferma è già stata chiesta a questa persona.",
    Reason.NOTHING_NEW: "Il cliente ha già questo numero di spedizione.",
    Reason.DAILY_LIMIT: "Per questo pacco c'è già stato un SMS di tracciamento in giornata.",
    Reason.STAGE_PASSED: "Il pacco è già più avanti.",
    Reason.PAYMENT_UNCLEAR: (
        "Non si sa se il pagamento è riuscito, e ripagare potrebbe addebitare due volte. "
        "Controlla quel pagamento."
    ),
    Reason.STAFF_MATTER: "È fallita una richiesta del negozio stesso: riguarda lo staff.",
    Reason.ONE_REMINDER: "Il cliente ha già avuto l'unico promemoria ammesso per questo carrello.",
    Reason.DAILY_BUDGET: (
        "Gli SMS del canale per oggi sono finiti. I limiti sono abandoned.daily_budget e "
        "budget.all nelle impostazioni Advanced del plugin."
    ),
    # The world moved on while it waited
    Reason.PAID: "È pagato, o il denaro è riservato.",
    Reason.PAYMENT_RUNNING: "È in corso un altro tentativo di pagamento.",
    Reason.EXPIRED: "Per questo SMS si è fatto troppo tardi.",
    Reason.ORDER_GONE: "L'ordine, o il carrello, non esiste più.",
    Reason.CHANNEL_GONE: "Il canale non esiste più.",
    Reason.ORDER_CANCELLED: "Nel frattempo l'ordine è stato annullato.",
    Reason.PARCEL_CANCELLED: "Nel frattempo il pacco è stato annullato.",
    Reason.REFUND_REVERSED: "Il rimborso non è più nell'ordine.",
    Reason.REFUNDED: "Nel frattempo l'ordine è stato rimborsato per intero.",
    Reason.PERSON_ERASED: "Questa persona ha chiesto di cancellare i suoi dati.",
    Reason.CANCELLED_BY_STAFF: "Lo staff ha deciso di non inviarlo.",
    Reason.PURCHASED: "Il carrello è diventato un ordine.",
    Reason.CART_CHANGED: "Nel frattempo il carrello è cambiato.",
    Reason.SUPERSEDED: "La stessa persona ha un carrello o un ordine più recente.",
    # It waits
    Reason.NIGHT: "Dal destinatario è notte: l'SMS aspetta il mattino.",
    Reason.MARKETING_HOURS: "A quest'ora il marketing non è ammesso: l'SMS aspetta la prossima.",
    Reason.USUAL_HOUR: "Aspetta l'ora in cui questo cliente ordina di solito.",
    Reason.DIGEST: "In negozio è notte: al mattino lo staff riceve un solo riepilogo.",
    Reason.NUMBER_FLOOD: "Questo numero ha avuto troppi SMS: questo aspetta il suo turno.",
    Reason.STORM: (
        "È successo molto più del solito in una volta. Guarda sotto Trattenuti, e invia o annulla."
    ),
    Reason.OTHER_INSTALLATION: (
        "È la copia di un negozio, o sono cambiati il suo indirizzo o la sua chiave. Se è il "
        "negozio vero, salva una volta le impostazioni del plugin."
    ),
    Reason.PROVIDER_ACCOUNT: (
        "Il fornitore rifiuta il tuo account. Controlla chiave e segreto sotto Inizio."
    ),
    Reason.OUT_OF_CREDIT: "Il tuo account presso il fornitore non ha credito. Ricaricalo.",
    Reason.PROVIDER_DOWN: "Il fornitore non risponde come si deve: tra poco si riprova.",
    Reason.PROVIDER_BUSY: "Il fornitore ha chiesto una pausa: poi si riprova.",
    Reason.CONFIGURATION: "Nelle impostazioni del canale manca qualcosa. Guarda sotto Inizio.",
    Reason.SENDER_RATE: "Questo mittente può inviare solo così tanto al secondo: aspetta.",
    Reason.RETRY: "Il fornitore non ha potuto prenderlo: si riprova.",
    Reason.FAULT: "Qui qualcosa è andato storto: si riprova. I dettagli sono nel log del server.",
    Reason.STOPPED: (
        "Non parte nulla: nelle impostazioni Advanced c'è rate = 0. Scrivi un valore sopra lo 0, "
        "o togli la riga."
    ),
    Reason.QUEUE: "La sua ora è arrivata: parte quando è il suo turno.",
    # It failed
    Reason.TEMPLATE: "Non è stato possibile comporre il testo. Correggilo sotto Testi.",
    Reason.TOO_LONG: "Il testo è più lungo del consentito. Accorcialo sotto Testi.",
    Reason.REJECTED: "Il fornitore ha rifiutato questo SMS. Controlla numero e mittente.",
    Reason.RETRIES_EXHAUSTED: (
        "Il fornitore non ha potuto prenderlo, nonostante i tentativi. Puoi inviarlo di nuovo."
    ),
    Reason.NO_ANSWER: (
        "Forse il fornitore l'ha preso, ma non l'ha detto. Non riparte da solo, così nessuno lo "
        "legge due volte."
    ),
    Reason.WORKER_DIED: (
        "Il server si è fermato durante l'invio. Forse l'SMS è partito: non riparte da solo."
    ),
    Reason.NOT_DELIVERED: (
        "Il fornitore l'ha preso, ma il telefono non l'ha ricevuto. Forse è spento, o il numero "
        "è sbagliato."
    ),
}
