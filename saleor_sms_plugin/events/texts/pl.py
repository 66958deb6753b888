"""The built-in texts in Polish.

Without diacritics: one such letter would make two or three segments of one.
"""

from __future__ import annotations

from .cart import reminder
from .survey import question

_VOUCHER = {"code": "Kod", "until": "do"}

TEXTS: dict[str, str] = {
    "order_created": (
        "{{ shop.name }}: otrzymalismy Twoje zamowienie {{ order.number }} na kwote "
        "{{ order.total }}. Dziekujemy!"
    ),
    "order_confirmed": (
        "{{ shop.name }}: zamowienie {{ order.number }} zostalo potwierdzone. Juz je "
        "przygotowujemy."
    ),
    "order_fully_paid": (
        "{{ shop.name }}: otrzymalismy platnosc {{ order.total }} za zamowienie "
        "{{ order.number }}. Dziekujemy!"
    ),
    "payment_failed": (
        "{{ shop.name }}: platnosc{% if order.number %} za zamowienie {{ order.number }}"
        "{% endif %} nie powiodla sie. Mozesz ja ponowic w naszym sklepie"
        "{% if payment.retry_url %} lub tutaj: {{ payment.retry_url }}{% else %}.{% endif %}"
    ),
    "order_cancelled": (
        "{{ shop.name }}: zamowienie {{ order.number }} zostalo anulowane"
        "{% if refund.amount %}, a kwota {{ refund.amount }} zwrocona{% endif %}."
        "{% if shop.contact %} Pytania? {{ shop.contact }}{% endif %}"
    ),
    "order_expired": (
        "{{ shop.name }}: zamowienie {{ order.number }} nie zostalo oplacone w terminie i "
        "wygaslo.{% if shop.contact %} Pytania? {{ shop.contact }}{% endif %}"
    ),
    "order_refunded": (
        "{{ shop.name }}: zwrocilismy {% if refund.amount %}{{ refund.amount }}"
        "{% else %}pieniadze{% endif %} za zamowienie {{ order.number }}. Bank moze "
        "zaksiegowac zwrot po kilku dniach."
    ),
    "order_fully_refunded": (
        "{{ shop.name }}: zwrocilismy cala kwote {% if refund.amount %}{{ refund.amount }} "
        "{% endif %}za zamowienie {{ order.number }}. Bank moze zaksiegowac zwrot po kilku "
        "dniach."
    ),
    "fulfillment_created": (
        "{{ shop.name }}: zamowienie {{ order.number }} "
        "{% if order.pickup_point %}czeka na odbior: {{ order.pickup_point }}."
        "{% else %}jest w drodze.{% if fulfillment.tracking_url %} Paczka: "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paczka: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "tracking_updated": (
        "{{ shop.name }}: {% if fulfillment.tracking_url %}sledzenie paczki do zamowienia "
        "{{ order.number }}: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %}sledzenie paczki do zamowienia "
        "{{ order.number }}: {{ fulfillment.tracking_number }}"
        "{% else %}zmienily sie dane sledzenia paczki do zamowienia {{ order.number }}."
        "{% endif %}"
    ),
    "fulfillment_canceled": (
        "{{ shop.name }}: wysylka zamowienia {{ order.number }} zostala wstrzymana."
        "{% if shop.contact %} Pytania? {{ shop.contact }}{% endif %}"
    ),
    "order_fulfilled": (
        "{{ shop.name }}: cale zamowienie {{ order.number }} "
        "{% if order.pickup_point %}czeka na odbior: {{ order.pickup_point }}."
        "{% else %}zostalo wyslane.{% endif %} Dziekujemy!"
    ),
    "shipment_in_transit": (
        "{{ shop.name }}: paczka z zamowieniem {{ order.number }} jest w drodze."
        "{% if fulfillment.tracking_url %} Paczka: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paczka: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_out_for_delivery": (
        "{{ shop.name }}: kurier wyruszyl z paczka z zamowieniem {{ order.number }}."
        "{% if fulfillment.tracking_url %} Paczka: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paczka: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_ready_for_pickup": (
        "{{ shop.name }}: paczka z zamowieniem {{ order.number }} czeka na odbior"
        "{% if order.pickup_point %}: {{ order.pickup_point }}.{% else %}."
        "{% if fulfillment.tracking_url %} Paczka: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paczka: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "shipment_delivered": (
        "{{ shop.name }}: paczka z zamowieniem {{ order.number }} zostala doreczona."
    ),
    "shipment_delayed": (
        "{{ shop.name }}: paczka z zamowieniem {{ order.number }} jest opozniona. Przepraszamy."
        "{% if fulfillment.tracking_url %} Paczka: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paczka: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "staff_order_created": (
        "{{ shop.name }}: {% if digest.count %}nowe zamowienia z nocy: {{ digest.count }}"
        "{% if digest.total %}, razem {{ digest.total }}{% endif %}."
        "{% else %}nowe zamowienie {{ order.number }}, {{ order.total }}, sztuk: "
        "{{ order.item_count }}.{% endif %}"
    ),
    "staff_payment_failed": (
        "{{ shop.name }}: {% if digest.count %}nieudane platnosci z nocy: "
        "{{ digest.count }}.{% else %}platnosc klienta{% if payment.amount %} "
        "{{ payment.amount }}{% endif %}{% if order.number %} za zamowienie "
        "{{ order.number }}{% endif %} nie powiodla sie.{% endif %}"
    ),
    "staff_payment_problem": (
        "{{ shop.name }}: {% if digest.count %}platnosci z nocy do sprawdzenia: "
        "{{ digest.count }}.{% else %}sprawdz prosze: "
        "{% if payment.problem == 'refund' %}zwrot nie powiodl sie"
        "{% elsif payment.problem == 'capture' %}pobranie platnosci nie powiodlo sie"
        "{% elsif payment.problem == 'cancel' %}anulowanie platnosci nie powiodlo sie"
        "{% else %}platnosc bez jasnej odpowiedzi{% endif %}"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, zamowienie {{ order.number }}{% endif %}.{% endif %}"
    ),
    "checkout_abandoned": reminder("Twoj koszyk czeka w naszym sklepie", **_VOUCHER),
    "checkout_abandoned_2": reminder("Twoj koszyk nadal czeka", **_VOUCHER),
    "checkout_abandoned_3": reminder("Twoj koszyk czeka jeszcze troche", **_VOUCHER),
    "survey": question(
        "jak oceniasz zamowienie {{ order.number }}?",
        reply="Odpisz od 1 (zle) do 5 (swietnie).",
        page="Ocen tutaj",
    ),
}
