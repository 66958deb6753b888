"""Text messages for Saleor shops. Imports nothing: Django loads it before apps are ready."""

__version__ = "0.2.0"
