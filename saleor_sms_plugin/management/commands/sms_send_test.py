from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.domain.transitions import MessageStatus
from saleor_sms_plugin.exceptions import ConfigurationError, InvalidRecipient
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.test_text import outcome_of, send_test

ACCEPTED = (MessageStatus.SENT, MessageStatus.DELIVERED)


class Command(SmsCommand):
    help = "Sends one real test text through a channel's provider, now."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", help="the phone, best in international form: +48512345678")
        parser.add_argument("--channel", required=True, help="the channel's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["channel"]
        with self.ports.shop.writer():
            channels = {c.channel_slug: c for c in self.ports.shop.configurations()}
        if slug not in channels:
            known = ", ".join(channels) or "none yet; save the plugin in the dashboard first"
            raise CommandError(f"Channel {slug!r} has no settings. Channels that have: {known}.")
        try:
            message = send_test(options["number"], channels[slug].channel_id, self.ports)
        except (ConfigurationError, InvalidRecipient) as error:
            raise CommandError(str(error)) from error
        with self.ports.shop.writer():
            outcome = outcome_of(message)
        result = {
            "status": message.status, "reason": message.reason, "outcome": outcome,
            "reference": str(message.reference), "provider": message.provider,
        }  # fmt: skip
        self.show(result, outcome, as_json=options["json"])
        if message.status not in ACCEPTED:
            raise CommandError("The test text was not accepted.", returncode=1)
