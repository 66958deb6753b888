from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.explain import Decision, explain


class Command(SmsCommand):
    help = "Says why each text about an order was sent, waits, or was not sent."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("order", help="the order's number or id, or a checkout's id")

    def handle(self, *args: Any, **options: Any) -> None:
        order = self.order(options["order"])
        decisions = explain(order, self.ports)
        name = f"Order {order.number}" if order.number else f"Checkout {order.id}"
        lines = [f"{name} in channel {order.channel_slug}"]
        lines += [line for decision in decisions for line in _lines(decision)]
        if not decisions:
            lines.append("Nothing was recorded: the plugin was not active when things happened.")
        result = {"order": order.number, "order_id": order.id, "decisions": decisions}
        self.show(result, "\n".join(lines), as_json=options["json"])


def _lines(decision: Decision) -> list[str]:
    to = f" to {decision.recipient}" if decision.recipient else ""
    staff = " (staff)" if decision.to_staff else ""
    lines = ["", f"{decision.label} [{decision.event}]{staff}: {decision.status}{to}"]
    if decision.happened_at:
        lines.append(f"  happened {decision.happened_at:%Y-%m-%d %H:%M:%S} UTC")
    if decision.why:
        lines.append(f"  why: {decision.why}")
    if decision.consent:
        lines.append(f"  consent to {decision.consent}")
    if decision.not_before:
        lines.append(f"  not before {decision.not_before:%Y-%m-%d %H:%M:%S} UTC")
    if decision.body:
        lines.append(f"  text ({decision.language}, {decision.segment_count}): {decision.body}")
    for call in decision.calls:
        said = " ".join(part for part in (call.code, call.detail) if part)
        lines.append(f"  {call.at:%H:%M:%S} {call.provider}: {call.outcome} {said}".rstrip())
    for receipt in decision.receipts:
        said = " ".join(part for part in (receipt.code, receipt.detail) if part)
        lines.append(f"  {receipt.at:%H:%M:%S} receipt: {receipt.said} {said}".rstrip())
    return lines
