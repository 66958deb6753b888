"""E-mail by the project's settings, from a run that has little time."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

TIMEOUT = 5.0  #: seconds, where the project sets none


def mail_server() -> BaseEmailBackend:
    """The project's; each of its answers is waited for ``EMAIL_TIMEOUT``, else ``TIMEOUT``."""
    return get_connection(timeout=settings.EMAIL_TIMEOUT or TIMEOUT)
