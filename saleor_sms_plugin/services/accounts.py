"""The provider of a channel: built once per process and settings, kept with its connections."""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock

from django.conf import settings

from ..providers import Provider, get_provider
from .channels import Channel

KEPT = 16  #: providers kept open per process
_Key = tuple[str, tuple[tuple[str, str], ...], tuple[float, float] | None]
_open: OrderedDict[_Key, Provider] = OrderedDict()
_lock = Lock()


def provider_of(channel: Channel, timeout: tuple[float, float] | None = None) -> Provider:
    """The channel's provider, ready to send; ``timeout`` is seconds to connect and to wait.

    Raises ConfigurationError naming the field and the fix where its settings cannot work.
    """
    name = channel.config.provider
    values = dict(channel.config.provider_settings)
    # Another host than the provider's own never comes from the dashboard (law 11).
    variable = f"SALEOR_SMS_{name.upper()}_BASE_URL"
    base_url = getattr(settings, variable, None) or os.environ.get(variable)
    if base_url:
        values["base_url"] = base_url
    key = (name, tuple(sorted(values.items())), timeout)
    with _lock:
        if key not in _open:
            _open[key] = get_provider(name, values, timeout=timeout)
            while len(_open) > KEPT:
                _open.popitem(last=False)[1].close()
        _open.move_to_end(key)
        return _open[key]
