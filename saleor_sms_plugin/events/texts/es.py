"""The built-in texts in Spanish.

Words with á, í, ó, ú are avoided: they are not in the GSM-7 alphabet.
"""

from __future__ import annotations

from .cart import reminder
from .survey import question

_VOUCHER = {"code": "Vale", "until": "hasta el"}

TEXTS: dict[str, str] = {
    "order_created": (
        "{{ shop.name }}: hemos recibido tu pedido {{ order.number }} de {{ order.total }}"
        ". ¡Gracias!"
    ),
    "order_confirmed": (
        "{{ shop.name }}: tu pedido {{ order.number }} queda confirmado. Lo estamos preparando."
    ),
    "order_fully_paid": (
        "{{ shop.name }}: hemos recibido tu pago de {{ order.total }} por el pedido "
        "{{ order.number }}. ¡Gracias!"
    ),
    "payment_failed": (
        "{{ shop.name }}: tu pago{% if order.number %} del pedido {{ order.number }}"
        "{% endif %} no se ha completado. Puedes volver a intentarlo en nuestra tienda"
        "{% if payment.retry_url %} o en: {{ payment.retry_url }}{% else %}.{% endif %}"
    ),
    "order_cancelled": (
        "{{ shop.name }}: tu pedido {{ order.number }} ha sido cancelado"
        "{% if refund.amount %} y hemos reembolsado {{ refund.amount }}{% endif %}."
        "{% if shop.contact %} ¿Dudas? {{ shop.contact }}{% endif %}"
    ),
    "order_expired": (
        "{{ shop.name }}: el pedido {{ order.number }} no se ha pagado a tiempo y ha "
        "quedado cerrado.{% if shop.contact %} ¿Dudas? {{ shop.contact }}{% endif %}"
    ),
    "order_refunded": (
        "{{ shop.name }}: hemos hecho un reembolso"
        "{% if refund.amount %} de {{ refund.amount }}{% endif %} por el pedido "
        "{{ order.number }}. Tu banco puede tardar un poco en mostrarlo."
    ),
    "order_fully_refunded": (
        "{{ shop.name }}: hemos reembolsado por completo el pedido {{ order.number }}"
        "{% if refund.amount %} ({{ refund.amount }}){% endif %}. Tu banco puede tardar un "
        "poco en mostrarlo."
    ),
    "fulfillment_created": (
        "{{ shop.name }}: tu pedido {{ order.number }} "
        "{% if order.pickup_point %}ya se puede recoger en: {{ order.pickup_point }}."
        "{% else %}va en camino.{% if fulfillment.tracking_url %} Paquete: "
        "{{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paquete: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "tracking_updated": (
        "{{ shop.name }}: {% if fulfillment.tracking_url %}sigue tu pedido "
        "{{ order.number }}: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %}sigue tu pedido {{ order.number }}: "
        "{{ fulfillment.tracking_number }}"
        "{% else %}han cambiado los datos de seguimiento de tu pedido {{ order.number }}."
        "{% endif %}"
    ),
    "fulfillment_canceled": (
        "{{ shop.name }}: el paquete de tu pedido {{ order.number }} ha quedado detenido."
        "{% if shop.contact %} ¿Dudas? {{ shop.contact }}{% endif %}"
    ),
    "order_fulfilled": (
        "{{ shop.name }}: todo tu pedido {{ order.number }} "
        "{% if order.pickup_point %}ya se puede recoger en: {{ order.pickup_point }}."
        "{% else %}ha sido enviado.{% endif %} ¡Gracias!"
    ),
    "shipment_in_transit": (
        "{{ shop.name }}: el paquete de tu pedido {{ order.number }} va en camino."
        "{% if fulfillment.tracking_url %} Paquete: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paquete: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_out_for_delivery": (
        "{{ shop.name }}: el paquete de tu pedido {{ order.number }} ha salido a reparto."
        "{% if fulfillment.tracking_url %} Paquete: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paquete: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "shipment_ready_for_pickup": (
        "{{ shop.name }}: el paquete de tu pedido {{ order.number }} ya se puede recoger"
        "{% if order.pickup_point %} en: {{ order.pickup_point }}.{% else %}."
        "{% if fulfillment.tracking_url %} Paquete: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paquete: {{ fulfillment.tracking_number }}"
        "{% endif %}{% endif %}"
    ),
    "shipment_delivered": (
        "{{ shop.name }}: el paquete de tu pedido {{ order.number }} ha sido entregado."
    ),
    "shipment_delayed": (
        "{{ shop.name }}: el paquete de tu pedido {{ order.number }} llega con retraso. "
        "Lo sentimos."
        "{% if fulfillment.tracking_url %} Paquete: {{ fulfillment.tracking_url }}"
        "{% elsif fulfillment.tracking_number %} Paquete: {{ fulfillment.tracking_number }}"
        "{% endif %}"
    ),
    "staff_order_created": (
        "{{ shop.name }}: {% if digest.count %}pedidos nuevos de la noche: "
        "{{ digest.count }}{% if digest.total %}, total {{ digest.total }}{% endif %}."
        "{% else %}pedido nuevo {{ order.number }}, {{ order.total }}, unidades: "
        "{{ order.item_count }}.{% endif %}"
    ),
    "staff_payment_failed": (
        "{{ shop.name }}: {% if digest.count %}pagos fallidos de la noche: "
        "{{ digest.count }}.{% else %}ha fallado el pago de un cliente"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, pedido {{ order.number }}{% endif %}.{% endif %}"
    ),
    "staff_payment_problem": (
        "{{ shop.name }}: {% if digest.count %}pagos de la noche por revisar: "
        "{{ digest.count }}.{% else %}por revisar: "
        "{% if payment.problem == 'refund' %}un reembolso fallido"
        "{% elsif payment.problem == 'capture' %}un cobro fallido"
        "{% elsif payment.problem == 'cancel' %}un pago que no se pudo anular"
        "{% else %}un pago sin respuesta clara{% endif %}"
        "{% if payment.amount %}, {{ payment.amount }}{% endif %}"
        "{% if order.number %}, pedido {{ order.number }}{% endif %}.{% endif %}"
    ),
    "checkout_abandoned": reminder("guardamos tu carrito", **_VOUCHER),
    "checkout_abandoned_2": reminder("tu carrito sigue guardado", **_VOUCHER),
    "checkout_abandoned_3": reminder("seguimos guardando tu carrito", **_VOUCHER),
    "survey": question(
        "¿qué tal tu pedido {{ order.number }}?",
        reply="Responde de 1 (mal) a 5 (muy bien).",
        page="Opina en",
    ),
}
