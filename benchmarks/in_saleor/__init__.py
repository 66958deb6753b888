"""What runs inside Saleor's own environment: each module prints one line of JSON, its last.

Started by ``benchmarks.shop`` with Saleor's Python; they are no part of the plugin.
"""
