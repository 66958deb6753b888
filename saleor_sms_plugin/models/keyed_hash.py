"""A number that is recognised but cannot be read back: its keyed hash."""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "saleor_sms_plugin.number"


def keyed_hash(number: str) -> str:
    """Of an E.164 number, by the shop's SECRET_KEY: 64 hexadecimal digits."""
    return salted_hmac(_SALT, number, algorithm="sha256").hexdigest()


def keyed_hashes(number: str) -> list[str]:
    """By SECRET_KEY and by the keys that were before it (SECRET_KEY_FALLBACKS), in that order.

    https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key-fallbacks
    """
    keys = [settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", [])]
    return [salted_hmac(_SALT, number, secret=key, algorithm="sha256").hexdigest() for key in keys]
