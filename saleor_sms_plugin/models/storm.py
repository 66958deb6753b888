from __future__ import annotations

from typing import ClassVar

from django.db import models


class Storm(models.Model):
    """In one channel far more than usual was recorded of one event; its texts are held.

    It stays for 14 days after it ended, by itself or by what staff decided.
    """

    channel_id = models.IntegerField()
    name = models.CharField(max_length=64)  # a source of the catalogue
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)  # null: it goes on, and what comes is held, too
    count = models.IntegerField()  # events within the hour when it was noticed
    allowed = models.IntegerField()  # an hour, then

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel_id", "name"],
                condition=models.Q(until__isnull=True),
                name="sms_storm_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.name} in channel {self.channel_id} since {self.since}"


class BusyHour(models.Model):
    """How many of one event a channel had in one hour: says what is usual."""

    channel_id = models.IntegerField()
    name = models.CharField(max_length=64)
    hour = models.DateTimeField()  # its begin
    count = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hour", "channel_id", "name"], name="sms_busy_hour_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.name} in channel {self.channel_id} from {self.hour}"
