"""The one door to Saleor: nothing outside this package and ``plugin.py`` imports it."""
