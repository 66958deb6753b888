"""Stored rows are taken as they are, and secrets stay secret."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.config import fingerprint, mask, stored_values


@pytest.mark.parametrize("rows", [None, "text", 7, {"name": "provider"}, [], [None, 3, "x", []]])
def test_what_is_no_list_of_rows_has_no_values(rows: object) -> None:
    """A damaged configuration column gives no values and no error."""
    assert stored_values(rows) == {}


def test_rows_become_a_mapping_with_nothing_filled_in() -> None:
    """Only stored names are there; rows without a usable name are left out."""
    rows = [
        {"name": "provider", "value": "vonage", "type": "String"},
        {"name": "send_order_created"},
        {"name": 7, "value": "x"},
        {"name": ["a"], "value": "x"},
        {"value": "x"},
    ]
    assert stored_values(rows) == {"provider": "vonage", "send_order_created": None}


def test_the_fingerprint_follows_what_counts() -> None:
    """Equal where nothing that counts differs: order, unknown fields, ways to write false."""
    base = fingerprint({"provider": "vonage", "send_order_created": True})
    assert len(base) == 64
    assert fingerprint({"send_order_created": "True", "provider": " vonage "}) == base
    assert fingerprint({"provider": "vonage", "send_order_created": True, "old": [1]}) == base
    assert fingerprint({"provider": "vonage", "send_order_created": False}) != base
    assert (
        fingerprint({"provider": "vonage", "send_order_created": True, "api_secret": "x"}) != base
    )


def test_printing_shows_only_the_end_of_a_secret() -> None:
    """Four characters of a long secret, nothing of a short or damaged one; the rest as it is."""
    masked = mask(
        {
            "api_key": "abcd1234",
            "api_secret": "invented-secret-9876",
            "signature_secret": "short",
            "private_key": {"pem": "invented"},
            "shop_name": "Example",
            "send_order_created": True,
        }
    )
    assert masked == {
        "api_key": "abcd1234",
        "api_secret": "****9876",
        "signature_secret": "****",
        "private_key": "****",
        "shop_name": "Example",
        "send_order_created": True,
    }


def test_printing_shows_what_is_no_secret() -> None:
    """An empty secret is seen to be empty, a reference is seen where it points."""
    values = {"api_secret": "env:SALEOR_SMS_SECRET", "signature_secret": "", "private_key": None}
    assert mask(values) == values
