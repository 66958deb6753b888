"""The address that a visitor comes from, as servers and proxies write it."""

from __future__ import annotations

import ipaddress
import re

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

#: ``[2001:db8::1]:443``, ``192.0.2.1:443``, and either without the port
_WRITTEN = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[^:]*)(?::\d+)?")


def parse(text: str) -> IpAddress | None:
    """The address alone, without a port or a zone; None where it is none.

    An IPv4 address inside an IPv6 one is that IPv4 address
    (https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2).
    """
    found = _WRITTEN.fullmatch(text.strip())
    alone = (found["v6"] or found["v4"] or "") if found else text.strip()
    try:
        ip = ipaddress.ip_address(alone.partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def network(text: str) -> str:
    """What one visitor has: an IPv4 address, or a whole /64 of IPv6 (RFC 6177); "" where it is
    no address."""
    ip = parse(text)
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(ip), 64), strict=False))
    return str(ip or "")
