from __future__ import annotations

from typing import ClassVar

from django.db import models


class Installation(models.Model):
    """The one row that says which installation may send (law 12) and when it was last alive."""

    ONLY = 1

    identity = models.CharField(max_length=64)  # ``Shop.identity()`` at the last save
    live_seen_at = models.DateTimeField()  # the last run that found the identity unchanged
    periodic_at = models.DateTimeField(null=True)  # the last run that beat started
    worker_at = models.DateTimeField(null=True)  # the last run of any kind
    #: ``keyed_hash`` of no number: tells whether the hashes of numbers can still be matched
    hash_check = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"installation {self.identity}"


class Activation(models.Model):
    """Since when an event sends in a channel; nothing older is ever sent (law 7)."""

    channel_id = models.IntegerField()
    event_name = models.CharField(max_length=64)
    active_since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel_id", "event_name"], name="sms_active_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} in channel {self.channel_id} since {self.active_since}"
