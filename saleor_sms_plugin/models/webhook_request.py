from __future__ import annotations

from typing import ClassVar

from django.db import models


class WebhookRequest(models.Model):
    """UNTRUSTED: one HTTP request as it came to an account's webhook address.

    Nothing in it is true before its status says ``verified``. It goes after
    ``services.retention.WEBHOOKS``, and can be processed again until then; one that waits or
    could not be processed stays, as it may hold a stop.
    """

    class Status(models.TextChoices):
        #: Stored; whose it is could not be told yet.
        RECEIVED = "received"
        #: The provider's own; a worker will process it.
        VERIFIED = "verified"
        #: What it told is stored.
        PROCESSED = "processed"
        #: Not shown to be the provider's; nothing came of it.
        REFUSED = "refused"
        #: It could not be read or processed; ``error`` says why.
        FAILED = "failed"

    account = models.ForeignKey(
        "ProviderAccount", on_delete=models.CASCADE, related_name="requests"
    )
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200, blank=True)  # what follows the token, percent-encoded
    query = models.TextField(blank=True)  # as it came, percent-encoded
    headers = models.JSONField(default=dict)  # lower-case names; those that verifying reads
    body = models.BinaryField()
    #: of all the above: the same request again is the same row
    digest = models.CharField(max_length=64)
    #: what the provider uses once, where it was verified
    nonce = models.CharField(max_length=128, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RECEIVED)
    error = models.TextField(blank=True)  # for people; never content of the request
    attempt_count = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField()
    process_at = models.DateTimeField(null=True)  # when a worker should look next; null: never
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "digest"], name="sms_webhook_once"),
            models.UniqueConstraint(
                fields=["account", "nonce"],
                condition=~models.Q(nonce=""),
                name="sms_webhook_nonce_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["process_at", "id"],
                name="sms_webhook_due",
                condition=models.Q(process_at__isnull=False),
            ),
            models.Index(fields=["received_at"], name="sms_webhook_received"),
            models.Index(
                fields=["received_at"],
                name="sms_webhook_failed",
                condition=models.Q(status="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"webhook request {self.pk} {self.status}"
