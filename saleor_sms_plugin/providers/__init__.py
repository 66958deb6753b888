"""The providers: found by name, imported when first used.

A provider of another package joins through an entry point, its name on the left::

    [project.entry-points."saleor_sms_plugin.providers"]
    carrier_pigeon = "pigeon_sms:PigeonProvider"
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from ..exceptions import ConfigurationError
from .base import (
    WEBHOOK_HEADERS,
    Balance,
    OutboundMessage,
    ParsedInbound,
    ParsedReceipt,
    Provider,
    SendResult,
    Setting,
    WebhookData,
)

__all__ = [
    "WEBHOOK_HEADERS",
    "Balance",
    "OutboundMessage",
    "ParsedInbound",
    "ParsedReceipt",
    "Provider",
    "SendResult",
    "Setting",
    "WebhookData",
    "get_provider",
    "known_providers",
    "provider_class",
]

ENTRY_POINTS = "saleor_sms_plugin.providers"

BUILT_IN: dict[str, str] = {
    "console": f"{__name__}.console:ConsoleProvider",
    "vonage": f"{__name__}.vonage:VonageProvider",
    "memory": f"{__name__}.memory:MemoryProvider",
}


def known_providers() -> tuple[str, ...]:
    """Names that ``get_provider`` takes: built-in ones, then those of other packages."""
    return (*BUILT_IN, *sorted(_third_party()))


def provider_class(name: str) -> type[Provider]:
    """The class of a provider; imports it. Raises ConfigurationError that lists the names."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: object = getattr(import_module(module), attribute)
    elif name in _third_party():
        found = _load(_third_party()[name])
    else:
        raise ConfigurationError(
            f"There is no provider named “{name}”; choose one of: {', '.join(known_providers())}."
        )
    if isinstance(found, type) and issubclass(found, Provider):
        return found
    raise ConfigurationError(
        f"The entry point of provider “{name}” leads to {found!r}, "
        f"which is not a subclass of saleor_sms_plugin.providers.Provider."
    )


def get_provider(
    name: str, settings: Mapping[str, str], *, timeout: tuple[float, float] | None = None
) -> Provider:
    """A provider ready to send; raises ConfigurationError that names the field and the fix.

    ``settings`` may hold ``base_url``, which comes from the installation's own settings
    and never from the dashboard. ``timeout`` is (connect, read) in seconds, None for the
    provider's own.
    """
    return provider_class(name)(settings, timeout=timeout)


@cache
def _third_party() -> dict[str, EntryPoint]:
    found = entry_points(group=ENTRY_POINTS)
    return {point.name: point for point in found if point.name not in BUILT_IN}


def _load(point: EntryPoint) -> object:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"The provider “{point.name}” could not be imported from {point.value} "
            f"({error}); install or repair the package that brings it."
        ) from error
