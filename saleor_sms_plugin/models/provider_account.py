from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.db import models


def new_hook_token() -> str:
    """32 URL-safe characters that nobody can guess."""
    return secrets.token_urlsafe(24)


class ProviderAccount(models.Model):
    """One account at a provider, shared by every channel whose settings name it.

    It outlives those settings: what the provider still has to say about texts sent before a
    change arrives at the same address.
    """

    provider = models.CharField(max_length=64)
    #: ``services.accounts.key_of``
    key = models.CharField(max_length=64)
    #: in the address of the account's webhooks; whoever knows it may knock
    hook_token = models.CharField(max_length=64, unique=True, default=new_hook_token)
    #: its settings had a signature secret when they were last seen: the token alone is no proof
    signs = models.BooleanField(default=False)
    #: another one after every save of settings: what a process remembers of them ends there
    version = models.UUIDField(default=uuid.uuid4)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "key"], name="sms_account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} account {self.key[:8]}"
