"""Writes messages to the log instead of sending them: the default, costs nothing."""

from __future__ import annotations

import logging

from ..domain.phone_numbers import mask
from ..domain.segments import measure
from .base import OutboundMessage, Provider, SendResult

logger = logging.getLogger("saleor_sms_plugin.console")


class ConsoleProvider(Provider):
    """One INFO line per message; no phone receives anything."""

    name = "console"
    label = "Console (only logs, sends nothing)"
    is_real = False

    def send(self, message: OutboundMessage) -> SendResult:
        segment_count = measure(message.body).segment_count
        # repr keeps one message on one line, whatever the text holds
        logger.info(
            "SMS to %s from %s, %d segment(s): %r",
            mask(message.recipient),
            message.sender_id,
            segment_count,
            message.body,
        )
        return SendResult((message.reference,), segment_count=segment_count)
