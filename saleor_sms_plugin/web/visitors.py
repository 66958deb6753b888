"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's, as Saleor reads it: from the first of REAL_IP_ENVIRON that is there.

    https://docs.saleor.io/setup/configuration (REAL_IP_ENVIRON)
    """
    for name in getattr(settings, "REAL_IP_ENVIRON", ["REMOTE_ADDR"]):
        if found := str(request.META.get(name, "")).split(",")[0].strip():
            return found
    return ""
