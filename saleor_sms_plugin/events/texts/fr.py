"""The built-in texts in French.

Words with ê, ç, ô and the like are avoided: they are not in the GSM-7 alphabet.
"""

from __future__ import annotations

from .cart import reminder
from .survey import question

_VOUCHER = {"code": "Code", "until": "jusqu'au", "colon": " :"}

TEXTS: dict[str, str] = {
    "order_created": (
        "{{ shop.name }} : nous avons bien enregistré votre commande {{ order.number }} de "
        "{{ order.total }}. Merci !"
    ),
    "order_confirmed": (
        "{{ shop.name }} : votre commande {{ order.number }} est confirmée. Nous la préparons."
    ),
    "order_fully_paid": (
        "{{ shop.name }} : votre paiement de {{ order.total }} pour la commande "
        "{{ order.number }} est bien arrivé. Merci !"
    ),
    "payment_failed": (
        "{{ shop.name }} : votre paiement{% if order.number %} pour la commande "
        "{{ order.number }}{% endif %} n'a pas abouti. Réessayez dans notre boutique"
        "{% if payment.retry_url %} ou ici : {{ payment.retry_url }}"
        "{% else %}.{% endif %}"
    ),
    "order_cancelled": (
        "{{ shop.name }} : votre commande {{ order.number }} a été annulée"
        "{% if refund.amount %} et {{ refund.amount }} remboursés{% endif %}."
        "{% if shop.contact %} Des questions ? {{ shop.contact }}{% endif %}"
    ),
    "order_expired": (
        "{{ shop.name }} : la commande {{ order.number }} n'a pas été payée à temps et a "
        "expiré.{% if shop.contact %} Des questions ? {{ shop.contact }}{% endif %}"
    ),
    "order_refunded": (
        "{{ shop.name }} : nous avons effectué un remboursement"
        "{% if refund.amount %} de {{ refund.amount }}{% endif %} pour la commande "
        "{{ order.number }}. Votre banque peut l'afficher sous quelques jours."
    ),
    "order_fully_refunded": (
        "{{ shop.name }} : la commande {{ order.number }} a été intégralement remboursée"
        "{% if refund.amount %} ({{ refund.amount }}){% endif %}. Votre banque peut "
        "l'afficher sous quelques jours."
    ),
    "fulfillment_created": (
        "{{ shop.name }} : la commande {{ order.number }} "
        "{% if order.pickup_point %}est disponible au retrait : {{ order.pickup_point }}."
        "{% else %}est en route.{% if fulfillment.tracking_url %} Colis : "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Colis : {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "tracking_updated": (
        "{{ shop.name }} : {% if fulfillment.tracking_url %}suivi de la commande "
        "{{ order.number }} : {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %}suivi de la commande {{ order.number }} : "
        "{{ fulfillment.tracking_number }}"
        "{% else %}les informations de suivi de la commande {{ order.number }} ont changé."
        "{% endif %}"
    ),
    "fulfillment_canceled": (
        "{{ shop.name }} : l'envoi de votre commande {{ order.number }} a été suspendu."
        "{% if shop.contact %} Des questions ? {{ shop.contact }}{% endif %}"
    ),
    "order_fulfilled": (
        "{{ shop.name }} : toute votre commande {{ order.number }} "
        "{% if order.pickup_point %}est disponible au retrait : {{ order.pickup_point }}."
        "{% else %}a été expédiée.{% endif %} Merci !"
    ),
    "shipment_in_transit": (
        "{{ shop.name }} : le colis de la commande {{ order.number }} est en transit."
        "{% if fulfillment.tracking_url %} Colis : {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Colis : {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_out_for_delivery": (
        "{{ shop.name }} : le colis de la commande {{ order.number }} est en cours de livraison."
        "{% if fulfillment.tracking_url %} Colis : {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Colis : {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_ready_for_pickup": (
        "{{ shop.name }} : le colis de la commande {{ order.number }} est disponible au retrait"
        "{% if order.pickup_point %} : {{ order.pickup_point }}.{% else %}."
        "{% if fulfillment.tracking_url %} Colis : {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Colis : {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "shipment_delivered": (
        "{{ shop.name }} : le colis de la commande {{ order.number }} a été livré."
    ),
    "shipment_delayed": (
        "{{ shop.name }} : le colis de la commande {{ order.number }} a du retard. "
        "Nous en sommes désolés."
        "{% if fulfillment.tracking_url %} Colis : {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Colis : {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "staff_order_created": (
        "{{ shop.name }} : {% if digest.count %}nouvelles commandes de la nuit : "
        "{{ digest.count }}{% if digest.total %}, total {{ digest.total }}{% endif %}."
        "{% else %}nouvelle commande {{ order.number }}, {{ order.total }}, articles : "
        "{{ order.item_count }}.{% endif %}"
    ),
    "staff_payment_failed": (
        "{{ shop.name }} : {% if digest.count %}paiements en échec cette nuit : "
        "{{ digest.count }}.{% else %}le paiement d'un client{% if payment.amount %} de "
        "{{ payment.amount }}{% endif %}{% if order.number %} pour la commande "
        "{{ order.number }}{% endif %} n'a pas abouti.{% endif %}"
    ),
    "staff_payment_problem": (
        "{{ shop.name }} : {% if digest.count %}paiements de la nuit à vérifier : "
        "{{ digest.count }}.{% else %}à vérifier : "
        "{% if payment.problem == 'refund' %}remboursement en échec"
        "{% elsif payment.problem == 'capture' %}capture en échec"
        "{% elsif payment.problem == 'cancel' %}annulation d'un paiement en échec"
        "{% else %}paiement sans réponse claire{% endif %}"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, commande {{ order.number }}{% endif %}.{% endif %}"
    ),
    "checkout_abandoned": reminder("votre panier est enregistré", **_VOUCHER),
    "checkout_abandoned_2": reminder("votre panier est toujours enregistré", **_VOUCHER),
    "checkout_abandoned_3": reminder("votre panier reste enregistré", **_VOUCHER),
    "survey": question(
        "que pensez-vous de votre commande {{ order.number }} ?",
        reply="Répondez de 1 (mal) à 5 (très bien).",
        page="Votre avis",
        colon=" :",
    ),
}
