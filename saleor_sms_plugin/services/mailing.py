"""E-mail by the project's settings, from a run that has little time."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

TIMEOUT = 5.0  #: seconds, whatever the project sets: claims run out meanwhile


def mail_server() -> BaseEmailBackend:
    """The project's; each of its answers is waited for ``EMAIL_TIMEOUT``, ``TIMEOUT`` at most."""
    return get_connection(timeout=min(settings.EMAIL_TIMEOUT or TIMEOUT, TIMEOUT))
