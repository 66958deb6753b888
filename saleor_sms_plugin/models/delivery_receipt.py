from __future__ import annotations

from typing import ClassVar

from django.db import models

from ..domain.transitions import MessageStatus


class DeliveryReceipt(models.Model):
    """What a provider said about one part of a message, or about all of it; never changed.

    ``message`` is empty until one is found that it belongs to.
    """

    account = models.ForeignKey(
        "ProviderAccount", on_delete=models.CASCADE, related_name="receipts"
    )
    request = models.ForeignKey(
        "WebhookRequest", null=True, on_delete=models.SET_NULL, related_name="receipts"
    )
    position = models.PositiveSmallIntegerField()  # in its request, from 0
    message = models.ForeignKey(
        "Message", null=True, on_delete=models.CASCADE, related_name="receipts"
    )
    reference = models.CharField(max_length=40, blank=True)  # ours, as the provider gave it back
    provider_message_id = models.CharField(max_length=100, blank=True)  # of the part
    recipient = models.CharField(max_length=16, blank=True)  # E.164
    is_whole_message = models.BooleanField()  # False: about one part
    #: what it means for the message; "" where it says nothing
    status = models.CharField(
        max_length=16, blank=True, choices=[(s.value, s.value) for s in MessageStatus]
    )
    provider_status = models.CharField(max_length=100, blank=True)  # the provider's word
    code = models.CharField(max_length=100, blank=True)  # the provider's error code
    detail = models.TextField(blank=True)  # for people
    is_number_unusable = models.BooleanField(default=False)  # no text can ever reach it
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    network = models.CharField(max_length=16, blank=True)  # MCC and MNC
    occurred_at = models.DateTimeField(null=True)  # by the provider's clock
    received_at = models.DateTimeField()
    match_at = models.DateTimeField(null=True)  # when to look for its message again

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "position"], name="sms_receipt_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["match_at"],
                name="sms_receipt_unmatched",
                condition=models.Q(match_at__isnull=False),
            ),
            models.Index(fields=["received_at"], name="sms_receipt_received"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.provider_status} for {self.provider_message_id}"
