from __future__ import annotations

from typing import ClassVar

from django.db import models


class InboundMessage(models.Model):
    """A text from a phone to one of the shop's numbers; long ones come in parts."""

    account = models.ForeignKey("ProviderAccount", on_delete=models.CASCADE, related_name="inbound")
    request = models.ForeignKey(
        "WebhookRequest", null=True, on_delete=models.SET_NULL, related_name="inbound"
    )
    provider_message_id = models.CharField(max_length=100, blank=True)  # of the first part seen
    sender = models.CharField(max_length=16, blank=True)  # who wrote, E.164
    recipient = models.CharField(max_length=16, blank=True)  # the shop's number, E.164 or a code
    body = models.TextField(blank=True)  # the parts there are, in order
    parts = models.JSONField(default=dict)  # {"1": text …}
    part_count = models.PositiveSmallIntegerField(default=1)
    part_reference = models.CharField(max_length=40, blank=True)  # shared by the parts
    network = models.CharField(max_length=16, blank=True)
    #: the channel of the last text between the two numbers, null where there was none
    channel_id = models.IntegerField(null=True)
    received_at = models.DateTimeField()  # when its first part came
    completed_at = models.DateTimeField(null=True)  # when its last part came, or was given up
    answer_at = models.DateTimeField(null=True)  # when a worker should act on it; null: it has
    forward_at = models.DateTimeField(null=True)  # when a worker should mail it; null: never
    meaning = models.CharField(max_length=16, blank=True)  # ``domain.keywords.Meaning``
    #: staff should read it by then; null where they need not
    review_by = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)  # when staff did
    resolution = models.CharField(max_length=16, blank=True)  # what they decided

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "provider_message_id"],
                condition=~models.Q(provider_message_id=""),
                name="sms_inbound_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["sender", "received_at"], name="sms_inbound_sender"),
            models.Index(fields=["received_at"], name="sms_inbound_received"),
            models.Index(
                fields=["received_at"],
                name="sms_inbound_open",
                condition=models.Q(completed_at__isnull=True),
            ),
            models.Index(
                fields=["answer_at"],
                name="sms_inbound_due",
                condition=models.Q(answer_at__isnull=False),
            ),
            models.Index(
                fields=["forward_at"],
                name="sms_inbound_forward",
                condition=models.Q(forward_at__isnull=False),
            ),
            models.Index(
                fields=["review_by"],
                name="sms_inbound_review",
                condition=models.Q(review_by__isnull=False, resolved_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"inbound message {self.pk}"
