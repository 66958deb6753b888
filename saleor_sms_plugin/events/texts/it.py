"""The built-in texts in Italian."""

from __future__ import annotations

from .cart import reminder
from .survey import question

_VOUCHER = {"code": "Codice", "until": "fino al"}

TEXTS: dict[str, str] = {
    "order_created": (
        "{{ shop.name }}: abbiamo ricevuto il tuo ordine {{ order.number }} di "
        "{{ order.total }}. Grazie!"
    ),
    "order_confirmed": (
        "{{ shop.name }}: il tuo ordine {{ order.number }} è confermato. Lo stiamo preparando."
    ),
    "order_fully_paid": (
        "{{ shop.name }}: abbiamo ricevuto il pagamento di {{ order.total }} per l'ordine "
        "{{ order.number }}. Grazie!"
    ),
    "payment_failed": (
        "{{ shop.name }}: il pagamento{% if order.number %} dell'ordine {{ order.number }}"
        "{% endif %} non è riuscito. Puoi riprovare nel nostro negozio"
        "{% if payment.retry_url %} o qui: {{ payment.retry_url }}{% else %}.{% endif %}"
    ),
    "order_cancelled": (
        "{{ shop.name }}: il tuo ordine {{ order.number }} è stato annullato"
        "{% if refund.amount %} e abbiamo rimborsato {{ refund.amount }}{% endif %}."
        "{% if shop.contact %} Domande? {{ shop.contact }}{% endif %}"
    ),
    "order_expired": (
        "{{ shop.name }}: l'ordine {{ order.number }} non è stato pagato in tempo ed è "
        "scaduto.{% if shop.contact %} Domande? {{ shop.contact }}{% endif %}"
    ),
    "order_refunded": (
        "{{ shop.name }}: abbiamo effettuato un rimborso"
        "{% if refund.amount %} di {{ refund.amount }}{% endif %} per l'ordine "
        "{{ order.number }}. L'accredito può richiedere alcuni giorni."
    ),
    "order_fully_refunded": (
        "{{ shop.name }}: l'ordine {{ order.number }} è stato rimborsato per intero"
        "{% if refund.amount %} ({{ refund.amount }}){% endif %}. L'accredito può "
        "richiedere alcuni giorni."
    ),
    "fulfillment_created": (
        "{{ shop.name }}: l'ordine {{ order.number }} è "
        "{% if order.pickup_point %}pronto per il ritiro: {{ order.pickup_point }}."
        "{% else %}in viaggio.{% if fulfillment.tracking_url %} Spedizione: "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Spedizione: "
        "{{ fulfillment.tracking_number }}{% endif %}{% endif %}"
    ),
    "tracking_updated": (
        "{{ shop.name }}: {% if fulfillment.tracking_url %}tracking dell'ordine "
        "{{ order.number }}: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %}tracking dell'ordine {{ order.number }}: "
        "{{ fulfillment.tracking_number }}"
        "{% else %}i dati di tracking dell'ordine {{ order.number }} sono cambiati."
        "{% endif %}"
    ),
    "fulfillment_canceled": (
        "{{ shop.name }}: la spedizione dell'ordine {{ order.number }} è stata sospesa."
        "{% if shop.contact %} Domande? {{ shop.contact }}{% endif %}"
    ),
    "order_fulfilled": (
        "{{ shop.name }}: tutto il tuo ordine {{ order.number }} è "
        "{% if order.pickup_point %}pronto per il ritiro: {{ order.pickup_point }}."
        "{% else %}stato spedito.{% endif %} Grazie!"
    ),
    "shipment_in_transit": (
        "{{ shop.name }}: il pacco dell'ordine {{ order.number }} è in viaggio."
        "{% if fulfillment.tracking_url %} Spedizione: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Spedizione: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_out_for_delivery": (
        "{{ shop.name }}: il pacco dell'ordine {{ order.number }} è in consegna."
        "{% if fulfillment.tracking_url %} Spedizione: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Spedizione: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_ready_for_pickup": (
        "{{ shop.name }}: il pacco dell'ordine {{ order.number }} è pronto per il ritiro"
        "{% if order.pickup_point %}: {{ order.pickup_point }}.{% else %}."
        "{% if fulfillment.tracking_url %} Spedizione: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Spedizione: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "shipment_delivered": (
        "{{ shop.name }}: il pacco dell'ordine {{ order.number }} è stato consegnato."
    ),
    "shipment_delayed": (
        "{{ shop.name }}: il pacco dell'ordine {{ order.number }} è in ritardo. Ci scusiamo."
        "{% if fulfillment.tracking_url %} Spedizione: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Spedizione: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "staff_order_created": (
        "{{ shop.name }}: {% if digest.count %}nuovi ordini della notte: {{ digest.count }}"
        "{% if digest.total %}, totale {{ digest.total }}{% endif %}."
        "{% else %}nuovo ordine {{ order.number }}, {{ order.total }}, articoli: "
        "{{ order.item_count }}.{% endif %}"
    ),
    "staff_payment_failed": (
        "{{ shop.name }}: {% if digest.count %}pagamenti non riusciti nella notte: "
        "{{ digest.count }}.{% else %}il pagamento di un cliente{% if payment.amount %} "
        "({{ payment.amount }}){% endif %}{% if order.number %} per l'ordine "
        "{{ order.number }}{% endif %} non è riuscito.{% endif %}"
    ),
    "staff_payment_problem": (
        "{{ shop.name }}: {% if digest.count %}pagamenti della notte da controllare: "
        "{{ digest.count }}.{% else %}da controllare: "
        "{% if payment.problem == 'refund' %}rimborso non riuscito"
        "{% elsif payment.problem == 'capture' %}incasso non riuscito"
        "{% elsif payment.problem == 'cancel' %}annullamento di un pagamento non riuscito"
        "{% else %}pagamento senza una risposta chiara{% endif %}"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, ordine {{ order.number }}{% endif %}.{% endif %}"
    ),
    "checkout_abandoned": reminder("il tuo carrello è salvato", **_VOUCHER),
    "checkout_abandoned_2": reminder("il tuo carrello è ancora salvato", **_VOUCHER),
    "checkout_abandoned_3": reminder("il tuo carrello resta salvato", **_VOUCHER),
    "survey": question(
        "com'è andato l'ordine {{ order.number }}?",
        reply="Rispondi da 1 (male) a 5 (benissimo).",
        page="Valuta qui",
    ),
}
