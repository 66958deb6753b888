"""Tests that drive a running Saleor as a storefront and a staff member would."""

from __future__ import annotations

from .processes import LiveSaleor

__all__ = ["LiveSaleor"]
