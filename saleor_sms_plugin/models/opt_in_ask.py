from __future__ import annotations

from typing import ClassVar

from django.db import models


class OptInAsk(models.Model):
    """How often double opt-in was asked for by one visitor, or for one number, in one span."""

    key = models.CharField(max_length=64)  # a keyed hash of the address, or of the number
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "since"], name="sms_opt_in_ask_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["since"], name="sms_opt_in_ask_since")]

    def __str__(self) -> str:
        return f"asked {self.count} times since {self.since}"
