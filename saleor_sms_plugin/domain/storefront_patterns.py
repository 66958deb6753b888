"""Addresses of the shop's own storefront with places for what they lead to.

``https://shop.example.com/checkout?token={{ checkout.token }}``
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

_VARIABLE = re.compile(r"\{\{\s*([\w.]*)\s*\}\}", re.ASCII)
#: The host must end before the first variable, or its value could choose the host.
_FIXED_HOST = re.compile(r"[^/?#{]*//[^/?#{]+(?:[/?#]|$)")


def variables_of(pattern: str) -> frozenset[str]:
    """The names between double braces."""
    return frozenset(_VARIABLE.findall(pattern))


def has_fixed_host(pattern: str) -> bool:
    """No variable stands in, or touches, the host's name."""
    return _FIXED_HOST.match(pattern) is not None


def host_of(address: str) -> str:
    """The host's name in lower case, with its port; "" where there is none."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """The address with every variable's value, escaped; "" where a value is missing."""
    if not variables_of(pattern) <= values.keys():
        return ""
    return _VARIABLE.sub(lambda found: quote(values[found[1]], safe=""), pattern)
