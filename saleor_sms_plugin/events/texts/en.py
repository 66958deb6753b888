"""The built-in texts in English."""

from __future__ import annotations

from .cart import reminder
from .survey import question

_VOUCHER = {"code": "Code", "until": "until"}

TEXTS: dict[str, str] = {
    "order_created": (
        "{{ shop.name }}: we have received your order {{ order.number }} for "
        "{{ order.total }}. Thank you!"
    ),
    "order_confirmed": (
        "{{ shop.name }}: your order {{ order.number }} is confirmed. We are getting it ready."
    ),
    "order_fully_paid": (
        "{{ shop.name }}: we have received your payment of {{ order.total }} for order "
        "{{ order.number }}. Thank you!"
    ),
    "payment_failed": (
        "{{ shop.name }}: your payment{% if order.number %} for order {{ order.number }}"
        "{% endif %} did not go through. Try again in our shop{% if payment.retry_url %} or "
        "here: {{ payment.retry_url }}{% else %}.{% endif %}"
    ),
    "order_cancelled": (
        "{{ shop.name }}: your order {{ order.number }} has been cancelled"
        "{% if refund.amount %} and {{ refund.amount }} refunded{% endif %}."
        "{% if shop.contact %} Questions? {{ shop.contact }}{% endif %}"
    ),
    "order_expired": (
        "{{ shop.name }}: order {{ order.number }} was not paid in time and is now closed."
        "{% if shop.contact %} Questions? {{ shop.contact }}{% endif %}"
    ),
    "order_refunded": (
        "{{ shop.name }}: we have made a refund{% if refund.amount %} of "
        "{{ refund.amount }}{% endif %} for order {{ order.number }}. Your bank may take a "
        "few days to show it."
    ),
    "order_fully_refunded": (
        "{{ shop.name }}: order {{ order.number }} has been refunded in full"
        "{% if refund.amount %} ({{ refund.amount }}){% endif %}. Your bank may take a few "
        "days to show it."
    ),
    "fulfillment_created": (
        "{{ shop.name }}: order {{ order.number }} is "
        "{% if order.pickup_point %}ready for pickup at {{ order.pickup_point }}."
        "{% else %}on its way.{% if fulfillment.tracking_url %} Parcel: "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Parcel: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "tracking_updated": (
        "{{ shop.name }}: {% if fulfillment.tracking_url %}track order {{ order.number }}: "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %}track order {{ order.number }}: "
        "{{ fulfillment.tracking_number }}"
        "{% else %}the tracking details of order {{ order.number }} have changed."
        "{% endif %}"
    ),
    "fulfillment_canceled": (
        "{{ shop.name }}: the parcel for order {{ order.number }} has been stopped."
        "{% if shop.contact %} Questions? {{ shop.contact }}{% endif %}"
    ),
    "order_fulfilled": (
        "{{ shop.name }}: everything in your order {{ order.number }} "
        "{% if order.pickup_point %}is ready for pickup at {{ order.pickup_point }}."
        "{% else %}has now been sent.{% endif %} Thank you!"
    ),
    "shipment_in_transit": (
        "{{ shop.name }}: the parcel for order {{ order.number }} is in transit."
        "{% if fulfillment.tracking_url %} Parcel: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Parcel: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_out_for_delivery": (
        "{{ shop.name }}: the parcel for order {{ order.number }} is out for delivery."
        "{% if fulfillment.tracking_url %} Parcel: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Parcel: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_ready_for_pickup": (
        "{{ shop.name }}: the parcel for order {{ order.number }} is ready for pickup"
        "{% if order.pickup_point %} at {{ order.pickup_point }}.{% else %}."
        "{% if fulfillment.tracking_url %} Parcel: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Parcel: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "shipment_delivered": (
        "{{ shop.name }}: the parcel for order {{ order.number }} has been delivered."
    ),
    "shipment_delayed": (
        "{{ shop.name }}: the parcel for order {{ order.number }} is delayed. We are sorry."
        "{% if fulfillment.tracking_url %} Parcel: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Parcel: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "staff_order_created": (
        "{{ shop.name }}: {% if digest.count %}new orders overnight: {{ digest.count }}"
        "{% if digest.total %}, total {{ digest.total }}{% endif %}."
        "{% else %}new order {{ order.number }}, {{ order.total }}, items: "
        "{{ order.item_count }}.{% endif %}"
    ),
    "staff_payment_failed": (
        "{{ shop.name }}: {% if digest.count %}payments that failed overnight: "
        "{{ digest.count }}.{% else %}a customer's payment{% if payment.amount %} of "
        "{{ payment.amount }}{% endif %}{% if order.number %} for order {{ order.number }}"
        "{% endif %} failed.{% endif %}"
    ),
    "staff_payment_problem": (
        "{{ shop.name }}: {% if digest.count %}payments of the night to check: "
        "{{ digest.count }}.{% else %}please check a "
        "{% if payment.problem == 'refund' %}failed refund"
        "{% elsif payment.problem == 'capture' %}failed capture"
        "{% elsif payment.problem == 'cancel' %}failed cancellation of a payment"
        "{% else %}payment that got no clear answer{% endif %}"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, order {{ order.number }}{% endif %}.{% endif %}"
    ),
    "checkout_abandoned": reminder("your cart is saved in our shop", **_VOUCHER),
    "checkout_abandoned_2": reminder("your cart is still saved in our shop", **_VOUCHER),
    "checkout_abandoned_3": reminder("your cart is saved for a little longer", **_VOUCHER),
    "survey": question(
        "how was your order {{ order.number }}?",
        reply="Reply 1 (bad) to 5 (great).",
        page="Tell us",
    ),
}
