"""Reasons in Polish."""

from __future__ import annotations

from collections.abc import Mapping

from .....domain.reasons import Reason

SENTENCES: Mapping[Reason, str] = {
    # No usable number
    Reason.NO_PHONE: "W zamówieniu nie ma numeru telefonu.",
    Reason.INVALID_NUMBER: "Taki numer telefonu nie istnieje. Sprawdź go w zamówieniu.",
    Reason.LANDLINE: "To numer stacjonarny, a taki nie odbiera SMS-ów.",
    Reason.PREMIUM_RATE: "To numer o podwyższonej opłacie; na takie nie wysyłamy.",
    Reason.NOT_MOBILE: "To nie jest numer komórkowy.",
    Reason.COUNTRY_NOT_ALLOWED: (
        "Do kraju tego numeru kanał nie wysyła. Aby wysyłać, dopisz kraj w polu „Allowed "
        "countries” w ustawieniach wtyczki."
    ),
    Reason.NOT_A_TEST_NUMBER: (
        "Teraz wysyłamy tylko na numery testowe, a ten nim nie jest. Opróżnij pole „Only text "
        "these numbers” w ustawieniach wtyczki, by pisać do klientów."
    ),
    Reason.SENDER_NOT_ALLOWED: (
        "Twojego nadawcy nie wolno użyć w kraju tego numeru. Ustaw dla niego innego nadawcę."
    ),
    Reason.NUMBER_SUPPRESSED: "Numer jest na liście tych, na które nigdy nie wysyłamy.",
    Reason.NUMBER_ERASED: "Właściciel numeru poprosił o usunięcie swoich danych.",
    Reason.NO_CONSENT: "To marketing, a w tym kraju wymaga zgody, której ta osoba nie dała.",
    Reason.NOT_CONFIRMED: "Zgoda czeka jeszcze na potwierdzenie z telefonu.",
    Reason.OPTED_OUT: "Ta osoba zrezygnowała z takich SMS-ów.",
    Reason.OPT_OUT_IN_REVIEW: (
        "Ta osoba napisała coś w rodzaju „proszę nie pisać”. Rozstrzygnij to w Odpowiedziach."
    ),
    Reason.NO_OPT_OUT_PATH: (
        "Oferta musi mówić, jak z niej zrezygnować, a ta nie miała jak. Ustaw opt_out_number "
        "w ustawieniach Advanced wtyczki."
    ),
    Reason.NO_ANSWER_PATH: (
        "Na ankietę nie dałoby się odpowiedzieć: nadawca nie odbiera SMS-ów, a w treści nie ma "
        "linku do strony."
    ),
    Reason.FREQUENCY_CAP: "Ta osoba dostała już tyle ofert, ile wolno w tym czasie.",
    Reason.COUNTRY_BUDGET: "Dzienny budżet dla tego kraju jest wyczerpany.",
    Reason.REQUEST_FLOOD: "Naraz o potwierdzenie zgody miało być zapytanych zbyt wiele osób.",
    # The event needs no text
    Reason.SWITCHED_OFF: "Ten SMS albo cały kanał jest wyłączony.",
    Reason.BEFORE_ACTIVATION: "Stało się to, zanim ten SMS został włączony.",
    Reason.IMPORTED: "Zamówienie zostało zaimportowane; dawne zamówienia to nie nowość.",
    Reason.REISSUED: "To zamówienie zastępuje inne.",
    Reason.NOTIFY_DECLINED: "Obsługa wybrała, by nie zawiadamiać klienta.",
    Reason.AWAITING_APPROVAL: "Paczka nie została zatwierdzona.",
    Reason.MERGED: "Mówi to już inny SMS.",
    Reason.ASKED_BEFORE: "Tę osobę już zapytano o potwierdzenie.",
    Reason.NOTHING_NEW: "Klient ma już ten numer przesyłki.",
    Reason.DAILY_LIMIT: "W ciągu doby był już SMS o śledzeniu tej paczki.",
    Reason.STAGE_PASSED: "Paczka jest już dalej.",
    Reason.PAYMENT_UNCLEAR: (
        "Nie wiadomo, czy płatność przeszła, a druga mogłaby obciążyć klienta podwójnie. "
        "Sprawdź tę płatność."
    ),
    Reason.STAFF_MATTER: "Nie powiodło się żądanie samego sklepu; to sprawa obsługi.",
    Reason.ONE_REMINDER: "Klient dostał już jedyne przypomnienie, jakie wolno o tym koszyku.",
    Reason.DAILY_BUDGET: (
        "Dzienna liczba SMS-ów kanału jest wyczerpana. Limity to abandoned.daily_budget "
        "i budget.all w ustawieniach Advanced wtyczki."
    ),
    # The world moved on while it waited
    Reason.PAID: "Jest zapłacone albo pieniądze są zarezerwowane.",
    Reason.PAYMENT_RUNNING: "Trwa kolejna próba zapłaty.",
    Reason.EXPIRED: "Na ten SMS zrobiło się za późno.",
    Reason.ORDER_GONE: "Zamówienia albo koszyka już nie ma.",
    Reason.CHANNEL_GONE: "Kanału już nie ma.",
    Reason.ORDER_CANCELLED: "Zamówienie w międzyczasie anulowano.",
    Reason.PARCEL_CANCELLED: "Paczkę w międzyczasie anulowano.",
    Reason.REFUND_REVERSED: "Zwrotu pieniędzy nie ma już w zamówieniu.",
    Reason.REFUNDED: "W międzyczasie zwrócono całą kwotę zamówienia.",
    Reason.PERSON_ERASED: "Ta osoba poprosiła o usunięcie swoich danych.",
    Reason.CANCELLED_BY_STAFF: "Obsługa zdecydowała, by tego nie wysyłać.",
    Reason.PURCHASED: "Z koszyka powstało zamówienie.",
    Reason.CART_CHANGED: "Koszyk w międzyczasie się zmienił.",
    Reason.SUPERSEDED: "Ta sama osoba ma nowszy koszyk albo zamówienie.",
    # It waits
    Reason.NIGHT: "U odbiorcy jest noc; SMS czeka na rano.",
    Reason.MARKETING_HOURS: "O tej porze marketing jest niedozwolony; SMS czeka na właściwą.",
    Reason.USUAL_HOUR: "Czeka na godzinę, o której ten klient zwykle zamawia.",
    Reason.DIGEST: "W sklepie jest noc; rano obsługa dostanie jeden zbiorczy SMS.",
    Reason.NUMBER_FLOOD: "Ten numer dostał zbyt wiele SMS-ów; ten czeka na swoją kolej.",
    Reason.STORM: (
        "Naraz zdarzyło się o wiele więcej niż zwykle. Zajrzyj do Wstrzymanych i wyślij albo "
        "anuluj."
    ),
    Reason.OTHER_INSTALLATION: (
        "To kopia sklepu albo zmienił się jego adres lub klucz. Jeśli to prawdziwy sklep, zapisz "
        "raz ustawienia wtyczki."
    ),
    Reason.PROVIDER_ACCOUNT: "Dostawca odrzuca Twoje konto. Sprawdź klucz i sekret na Starcie.",
    Reason.OUT_OF_CREDIT: "Na koncie u dostawcy brakuje środków. Doładuj je.",
    Reason.PROVIDER_DOWN: "Dostawca nie odpowiada jak trzeba; wkrótce spróbujemy ponownie.",
    Reason.PROVIDER_BUSY: "Dostawca poprosił o przerwę; po niej spróbujemy ponownie.",
    Reason.CONFIGURATION: "W ustawieniach kanału czegoś brakuje. Zajrzyj na Start.",
    Reason.SENDER_RATE: "Ten nadawca może wysyłać tylko tyle na sekundę; SMS czeka na kolej.",
    Reason.RETRY: "Dostawca nie mógł go przyjąć; spróbujemy ponownie.",
    Reason.FAULT: "Coś się tu nie udało; spróbujemy ponownie. Szczegóły są w logu serwera.",
    Reason.STOPPED: (
        "Nic nie wychodzi: w ustawieniach Advanced jest rate = 0. Wpisz tam wartość większą od 0 "
        "albo usuń ten wiersz."
    ),
    Reason.QUEUE: "Nadszedł jego czas; wyjdzie, gdy przyjdzie jego kolej.",
    # It failed
    Reason.TEMPLATE: "Nie dało się złożyć treści. Popraw ją w Treściach.",
    Reason.TOO_LONG: "Treść jest dłuższa, niż wolno. Skróć ją w Treściach.",
    Reason.REJECTED: "Dostawca odrzucił ten SMS. Sprawdź numer i nadawcę.",
    Reason.RETRIES_EXHAUSTED: (
        "Dostawca mimo wielu prób nie mógł go przyjąć. Możesz wysłać go ponownie."
    ),
    Reason.NO_ANSWER: (
        "Dostawca może go przyjął, ale tego nie potwierdził. Sam nie pójdzie drugi raz, żeby "
        "nikt nie dostał go dwa razy."
    ),
    Reason.WORKER_DIED: (
        "Serwer stanął w trakcie wysyłki. SMS mógł wyjść; sam nie pójdzie drugi raz."
    ),
    Reason.NOT_DELIVERED: (
        "Dostawca go przyjął, ale telefon go nie dostał. Może jest wyłączony albo numer jest zły."
    ),
}
