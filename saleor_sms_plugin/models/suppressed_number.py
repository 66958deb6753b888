from __future__ import annotations

from django.db import models


class SuppressedNumber(models.Model):
    """A phone number that is not texted, whatever the event, until staff undo it."""

    class Reason(models.TextChoices):
        #: The network says that no text can ever reach it.
        UNUSABLE = "unusable"
        #: Staff put it here.
        STAFF = "staff"

    number = models.CharField(max_length=16, unique=True)  # E.164
    reason = models.CharField(max_length=16, choices=Reason.choices)
    source = models.CharField(max_length=200, blank=True)  # for people: the receipt, or who
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"suppressed number {self.pk} ({self.reason})"
