from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from ..domain.reasons import SENTENCES
from ..domain.transitions import WAITING, MessageStatus
from ..events.answers import ANSWERS
from ..events.catalogue import Asked

_SENTENCES: dict[str, str] = {reason.value: said for reason, said in SENTENCES.items()}

#: Texts of our own, about no event of the shop: a test, what staff must know, what staff wrote to
#: one person, and answers.
TEST, ALERT, MANUAL = "test", "alert", "manual"
OWN_WORDS = (TEST, ALERT, MANUAL, *ANSWERS)
#: Texts whose reader is not asked.
UNASKED = (TEST, ALERT, *(each.name for each in ANSWERS.values() if each.asked is Asked.NOBODY))


class Message(models.Model):
    """One text to one recipient: the outbox row, and the decision about it (law 3).

    A text that is not sent is a row too, ``suppressed`` with its reason.
    """

    #: our own reference, given to the provider and found again in its receipts
    reference = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(
        "ShopEvent", null=True, on_delete=models.SET_NULL, related_name="messages"
    )
    event_name = models.CharField(max_length=64)  # a name of the catalogue, or of ``OWN_WORDS``
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="merged"
    )
    order_id = models.CharField(max_length=36, blank=True)
    checkout_id = models.CharField(max_length=36, blank=True)
    order_number = models.CharField(max_length=32, blank=True)
    channel_id = models.IntegerField(null=True)
    channel_slug = models.CharField(max_length=255, blank=True)
    purpose = models.CharField(max_length=16)
    priority = models.SmallIntegerField()  # lower goes first
    to_staff = models.BooleanField(default=False)

    recipient = models.CharField(max_length=16, blank=True)  # E.164, "" where there is none
    country = models.CharField(max_length=2, blank=True)  # the recipient's, for night and sender
    language = models.CharField(max_length=35, blank=True)
    sender_id = models.CharField(max_length=16, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)
    encoding = models.CharField(max_length=4, blank=True)
    segment_count = models.PositiveSmallIntegerField(null=True)
    #: what this text says, for the next one: {"parcels": {id: tracking number}, "refunded": "9.90"}
    says = models.JSONField(default=dict)

    status = models.CharField(max_length=16, choices=[(s.value, s.value) for s in MessageStatus])
    reason = models.CharField(max_length=32, blank=True)
    detail = models.TextField(blank=True)  # for people: the particulars of the reason
    due_at = models.DateTimeField()  # when it should go out, as planned; retries do not move it
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField()
    claim = models.UUIDField(null=True)  # the dispatch run that has it
    claimed_until = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(
        null=True
    )  # when it was last claimed: counts for the flood rule
    attempt_count = models.PositiveSmallIntegerField(default=0)
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "event_name", "recipient"],
                condition=~models.Q(recipient=""),
                name="sms_message_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["channel_id", "priority", "not_before", "id"],
                name="sms_message_due",
                condition=models.Q(status__in=[s.value for s in WAITING]),
            ),
            models.Index(
                fields=["claimed_until"],
                name="sms_message_claimed",
                condition=models.Q(status=MessageStatus.SENDING.value),
            ),
            models.Index(fields=["order_id"], name="sms_message_order"),
            models.Index(
                fields=["checkout_id"],
                name="sms_message_checkout",
                condition=~models.Q(checkout_id=""),
            ),
            models.Index(
                fields=["order_number"],
                name="sms_message_order_number",
                condition=~models.Q(order_number=""),
            ),
            models.Index(fields=["recipient", "taken_at"], name="sms_message_recipient"),
            models.Index(fields=["status", "created_at"], name="sms_message_status"),
            models.Index(fields=["channel_id", "created_at"], name="sms_message_channel"),
            models.Index(fields=["created_at"], name="sms_message_created"),
            models.Index(
                fields=["created_at"],
                name="sms_message_marketing",
                condition=models.Q(purpose="marketing"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} {self.reference} {self.status}"

    @property
    def why(self) -> str:
        """One sentence for people: the reason and its particulars, "" when there is none."""
        sentence = _SENTENCES.get(self.reason, "")
        return " ".join(part for part in (sentence, self.detail) if part)


class SendAttempt(models.Model):
    """One call to a provider; the row is durable before the call (law 4)."""

    class Outcome(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        RETRYABLE = "retryable"
        REFUSED = "refused"
        UNKNOWN = "unknown"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()  # 1 for the first call
    provider = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.PENDING)
    code = models.CharField(max_length=64, blank=True)  # the provider's own
    detail = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    provider_message_ids = models.JSONField(default=list)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="sms_attempt_once"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.message_id}: {self.outcome}"
