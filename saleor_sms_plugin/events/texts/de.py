"""The built-in texts in German."""

from __future__ import annotations

from .cart import reminder
from .survey import question

_VOUCHER = {"code": "Code", "until": "bis"}

TEXTS: dict[str, str] = {
    "order_created": (
        "{{ shop.name }}: Wir haben Ihre Bestellung {{ order.number }} über "
        "{{ order.total }} erhalten. Vielen Dank!"
    ),
    "order_confirmed": (
        "{{ shop.name }}: Ihre Bestellung {{ order.number }} ist bestätigt. Wir bereiten "
        "sie jetzt vor."
    ),
    "order_fully_paid": (
        "{{ shop.name }}: Wir haben Ihre Zahlung von {{ order.total }} für Bestellung "
        "{{ order.number }} erhalten. Vielen Dank!"
    ),
    "payment_failed": (
        "{{ shop.name }}: Ihre Zahlung{% if order.number %} für Bestellung "
        "{{ order.number }}{% endif %} ist fehlgeschlagen. Neuer Versuch in unserem Shop"
        "{% if payment.retry_url %} oder hier: {{ payment.retry_url }}{% else %}.{% endif %}"
    ),
    "order_cancelled": (
        "{{ shop.name }}: Ihre Bestellung {{ order.number }} wurde storniert"
        "{% if refund.amount %} und {{ refund.amount }} wurden erstattet{% endif %}."
        "{% if shop.contact %} Fragen? {{ shop.contact }}{% endif %}"
    ),
    "order_expired": (
        "{{ shop.name }}: Bestellung {{ order.number }} wurde nicht rechtzeitig bezahlt "
        "und ist nun geschlossen.{% if shop.contact %} Fragen? {{ shop.contact }}"
        "{% endif %}"
    ),
    "order_refunded": (
        "{{ shop.name }}: Wir haben Ihnen {% if refund.amount %}{{ refund.amount }}"
        "{% else %}Geld{% endif %} für Bestellung {{ order.number }} erstattet. Bis zur "
        "Gutschrift kann es einige Tage dauern."
    ),
    "order_fully_refunded": (
        "{{ shop.name }}: Bestellung {{ order.number }} wurde vollständig erstattet"
        "{% if refund.amount %} ({{ refund.amount }}){% endif %}. Bis zur Gutschrift kann "
        "es einige Tage dauern."
    ),
    "fulfillment_created": (
        "{{ shop.name }}: Bestellung {{ order.number }} "
        "{% if order.pickup_point %}liegt zur Abholung bereit: {{ order.pickup_point }}."
        "{% else %}ist unterwegs.{% if fulfillment.tracking_url %} Sendung: "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Sendung: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "tracking_updated": (
        "{{ shop.name }}: {% if fulfillment.tracking_url %}Sendungsverfolgung zu "
        "Bestellung {{ order.number }}: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %}Sendungsverfolgung zu Bestellung "
        "{{ order.number }}: {{ fulfillment.tracking_number }}"
        "{% else %}Die Sendungsdaten zu Bestellung {{ order.number }} haben sich geändert."
        "{% endif %}"
    ),
    "fulfillment_canceled": (
        "{{ shop.name }}: Der Versand Ihrer Bestellung {{ order.number }} wurde gestoppt."
        "{% if shop.contact %} Fragen? {{ shop.contact }}{% endif %}"
    ),
    "order_fulfilled": (
        "{{ shop.name }}: Ihre Bestellung {{ order.number }} "
        "{% if order.pickup_point %}liegt vollständig zur Abholung bereit: "
        "{{ order.pickup_point }}."
        "{% else %}ist nun vollständig verschickt.{% endif %} Vielen Dank!"
    ),
    "shipment_in_transit": (
        "{{ shop.name }}: Das Paket zu Bestellung {{ order.number }} ist unterwegs."
        "{% if fulfillment.tracking_url %} Sendung: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Sendung: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_out_for_delivery": (
        "{{ shop.name }}: Das Paket zu Bestellung {{ order.number }} ist in Zustellung."
        "{% if fulfillment.tracking_url %} Sendung: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Sendung: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_ready_for_pickup": (
        "{{ shop.name }}: Das Paket zu Bestellung {{ order.number }} liegt zur Abholung bereit"
        "{% if order.pickup_point %}: {{ order.pickup_point }}.{% else %}."
        "{% if fulfillment.tracking_url %} Sendung: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Sendung: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "shipment_delivered": (
        "{{ shop.name }}: Das Paket zu Bestellung {{ order.number }} wurde zugestellt."
    ),
    "shipment_delayed": (
        "{{ shop.name }}: Das Paket zu Bestellung {{ order.number }} verspätet sich. "
        "Das tut uns leid."
        "{% if fulfillment.tracking_url %} Sendung: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Sendung: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "staff_order_created": (
        "{{ shop.name }}: {% if digest.count %}Neue Bestellungen der Nacht: "
        "{{ digest.count }}{% if digest.total %}, gesamt {{ digest.total }}{% endif %}."
        "{% else %}Neue Bestellung {{ order.number }}, {{ order.total }}, Artikel: "
        "{{ order.item_count }}.{% endif %}"
    ),
    "staff_payment_failed": (
        "{{ shop.name }}: {% if digest.count %}Fehlgeschlagene Zahlungen der Nacht: "
        "{{ digest.count }}.{% else %}Die Zahlung eines Kunden{% if payment.amount %} über "
        "{{ payment.amount }}{% endif %}{% if order.number %} für Bestellung "
        "{{ order.number }}{% endif %} ist fehlgeschlagen.{% endif %}"
    ),
    "staff_payment_problem": (
        "{{ shop.name }}: {% if digest.count %}Zahlungen der Nacht, die zu prüfen sind: "
        "{{ digest.count }}.{% else %}Bitte prüfen: "
        "{% if payment.problem == 'refund' %}Erstattung fehlgeschlagen"
        "{% elsif payment.problem == 'capture' %}Einzug fehlgeschlagen"
        "{% elsif payment.problem == 'cancel' %}Storno einer Zahlung fehlgeschlagen"
        "{% else %}Zahlung ohne klare Antwort{% endif %}"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, Bestellung {{ order.number }}{% endif %}.{% endif %}"
    ),
    "checkout_abandoned": reminder("Ihr Warenkorb ist gespeichert", **_VOUCHER),
    "checkout_abandoned_2": reminder("Ihr Warenkorb ist noch gespeichert", **_VOUCHER),
    "checkout_abandoned_3": reminder("Ihr Warenkorb ist noch kurz gespeichert", **_VOUCHER),
    "survey": question(
        "wie war Ihre Bestellung {{ order.number }}?",
        reply="Antworten Sie mit 1 (schlecht) bis 5 (sehr gut).",
        page="Hier bewerten",
    ),
}
