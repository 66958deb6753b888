from __future__ import annotations

from typing import ClassVar

from django.db import models


class ShopEvent(models.Model):
    """Something that happened in the shop, recorded once (law 2)."""

    #: ``events.keys.event_key``: hook, detector and reconciler compute the same one
    key = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=64)  # a source of the catalogue, or a signal
    order_id = models.CharField(max_length=36, blank=True)
    checkout_id = models.CharField(max_length=36, blank=True)  # where it began without an order
    subject_id = models.CharField(max_length=64)  # the order, the parcel, or the payment's row
    channel_id = models.IntegerField()  # 0: nobody looked it up yet
    found = models.BooleanField(default=False)  # by a detector or the reconciler, not a hook
    held = models.BooleanField(default=False)  # of a storm: its texts wait for ``sms_release``
    facts = models.JSONField(default=dict)  # what only the hook knew: notify, number, amount
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    plan_at = models.DateTimeField(null=True)  # when to plan next; null: everything is decided

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["plan_at", "id"],
                name="sms_event_due",
                condition=models.Q(plan_at__isnull=False),
            ),
            models.Index(fields=["order_id"], name="sms_event_order"),
            models.Index(
                fields=["checkout_id"],
                name="sms_event_checkout",
                condition=~models.Q(checkout_id=""),
            ),
            models.Index(fields=["recorded_at"], name="sms_event_recorded"),
        ]

    def __str__(self) -> str:
        return self.key
