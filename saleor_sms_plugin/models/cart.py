from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models


class CartSweep(models.Model):
    """How far a channel's carts have been read, by their last change and id."""

    channel_id = models.IntegerField(unique=True)
    changed_at = models.DateTimeField()
    #: the last one read of that instant; "" when all of it were
    checkout_id = models.CharField(max_length=36, blank=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"carts of channel {self.channel_id} up to {self.changed_at}"

    @property
    def place(self) -> tuple[dt.datetime, str]:
        return self.changed_at, self.checkout_id


class Recovery(models.Model):
    """An order that followed a reminder about a cart; each order is counted once."""

    class How(models.TextChoices):
        SAME_CART = "same_cart"
        SAME_PERSON = "same_person"

    order_id = models.CharField(max_length=36, unique=True)
    message = models.OneToOneField("Message", on_delete=models.CASCADE, related_name="recovery")
    how = models.CharField(max_length=16, choices=How.choices)
    amount = models.DecimalField(max_digits=20, decimal_places=3)
    currency = models.CharField(max_length=3)
    ordered_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ordered_at"], name="sms_recovery_ordered")]

    def __str__(self) -> str:
        return f"order {self.order_id} after {self.message_id}"
