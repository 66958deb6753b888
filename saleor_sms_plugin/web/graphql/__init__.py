"""The GraphQL API, in the manner of Saleor's own: for the staff pages, apps and storefronts.

Nothing of it is imported before the first request: a shop that does not use it does not pay.
"""
