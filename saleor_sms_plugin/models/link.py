from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models

#: base58: no character looks like another one, https://datatracker.ietf.org/doc/html/draft-msporny-base58-03
_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
TOKEN_LENGTH = 10


def new_token() -> str:
    """Ten base58 characters, 58 bits of chance."""
    return "".join(secrets.choice(_LETTERS) for _ in range(TOKEN_LENGTH))


class Link(models.Model):
    """A link in one text: whoever has the token is led to a page of the storefront."""

    class Kind(models.TextChoices):
        RETRY = "retry"  # pay again
        RECOVERY = "recovery"  # the cart
        ORDER = "order"
        OPT_OUT = "opt_out"  # the page where a person ends our texts
        OPT_IN = "opt_in"  # the page where a person confirms that they want them
        SURVEY = "survey"  # the page where a person says how it was

    token = models.CharField(max_length=16, unique=True, default=new_token)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    message = models.ForeignKey("Message", on_delete=models.CASCADE, related_name="links")
    #: whose it is, where it must work for longer than the text is kept; else ""
    recipient = models.CharField(max_length=16, blank=True)
    channel_id = models.IntegerField()
    order_id = models.CharField(max_length=36, blank=True)
    checkout_id = models.CharField(max_length=36, blank=True)  # where there was no order yet
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # paid, bought or opted out before that
    clicked_at = models.DateTimeField(null=True)  # the first time by a person
    preview_count = models.PositiveIntegerField(default=0)  # by programs that look ahead

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "kind"], name="sms_link_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["recipient"],
                name="sms_link_recipient",
                condition=~models.Q(recipient=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} link {self.pk}"


class WrongToken(models.Model):
    """How often one visitor tried tokens that do not exist, in one span of time."""

    visitor = models.CharField(max_length=64)  # a keyed hash of the address
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visitor", "since"], name="sms_wrong_token_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["since"], name="sms_wrong_token_since")]

    def __str__(self) -> str:
        return f"{self.count} wrong tokens since {self.since}"
