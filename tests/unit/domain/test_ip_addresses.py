"""Visitors' addresses as servers and proxies write them."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.domain import ip_addresses


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:55001", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("[192.0.2.1]:443", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:443", "fe80::1"),
    ],
)
def test_an_address_is_read_without_what_is_around_it(written: str, address: str) -> None:
    """No port, no zone, no brackets; IPv4 inside IPv6 is IPv4."""
    assert str(ip_addresses.parse(written)) == address


@pytest.mark.parametrize("written", ["", ":", "[]", "[]:80", "192.0.2", "192.0.2.1:x", "unknown"])
def test_what_is_no_address_is_none(written: str) -> None:
    """Nothing is guessed."""
    assert ip_addresses.parse(written) is None
    assert ip_addresses.network(written) == ""


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("192.0.2.1:1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ("2001:db8:0:1:2::3", "2001:db8:0:1::/64"),
    ],
)
def test_a_visitor_has_one_network(written: str, network: str) -> None:
    """One address of IPv4, a /64 of IPv6."""
    assert ip_addresses.network(written) == network
