from __future__ import annotations

from typing import ClassVar

from django.db import models

from ..domain.transitions import MessageStatus


class DailyCount(models.Model):
    """How many texts of one kind were decided on one day (UTC); names nobody."""

    day = models.DateField()
    channel_id = models.IntegerField()  # 0: of no channel
    channel_slug = models.CharField(max_length=255, blank=True)
    event_name = models.CharField(max_length=64)
    country = models.CharField(max_length=2, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=[(s.value, s.value) for s in MessageStatus])
    reason = models.CharField(max_length=32, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    message_count = models.IntegerField()
    sent_count = models.IntegerField()  # that a provider took, whatever came of them
    segment_count = models.IntegerField()  # of those
    cost = models.DecimalField(max_digits=20, decimal_places=6)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    *("day", "channel_id", "channel_slug", "event_name", "country", "provider"),
                    *("status", "reason", "currency"),
                ],
                name="sms_daily_count_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_count} of {self.event_name} {self.status} on {self.day}"


class CountedDay(models.Model):
    """When a day's texts were last counted; who changes the row counts them."""

    day = models.DateField(unique=True)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}, counted at {self.counted_at}"
