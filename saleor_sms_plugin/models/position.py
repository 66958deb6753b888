from __future__ import annotations

from typing import ClassVar

from django.db import models


class Position(models.Model):
    """How far one of the shop's tables had been read at one time.

    Several per table: ids are not in commit order, so a run starts no later than where the
    table's end was some minutes ago.
    """

    name = models.CharField(max_length=64)  # the table, in the word of ``ports.Shop``
    value = models.BigIntegerField()  # the highest id read
    highest = models.BigIntegerField()  # the highest id there was
    seen_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["name", "seen_at"], name="sms_position_seen")]

    def __str__(self) -> str:
        return f"{self.name} up to {self.value} at {self.seen_at}"
