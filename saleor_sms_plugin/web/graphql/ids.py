"""Global ids: of our rows as of the shop's, base64 of ``Type:id`` as in Saleor's API.

https://docs.saleor.io/api-usage/overview
"""

from __future__ import annotations

from graphql import GraphQLError
from graphql_relay import from_global_id, to_global_id


def global_id(kind: str, key: object) -> str | None:
    """The id as the API gives it, None where there is none."""
    return str(to_global_id(kind, str(key))) if key not in (None, "") else None


def local_id(given: str, kind: str) -> str:
    """What stands behind an id of this type. Raises GraphQLError for any other."""
    try:
        found, key = from_global_id(given)
    except (ValueError, UnicodeError):
        found, key = "", ""
    if not key or "\0" in key:  # PostgreSQL cannot store U+0000
        raise GraphQLError(f"Invalid ID: {given[:60]}. Expected: {kind}.")
    if found != kind:
        raise GraphQLError(f"Invalid ID: {given[:60]}. Expected: {kind}, received: {found[:40]}.")
    return str(key)


def row_id(given: str, kind: str) -> int:
    """As ``local_id``, of a row of ours."""
    key = local_id(given, kind)
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        raise GraphQLError(f"Invalid ID: {given[:60]}. Expected: {kind}.")
    return int(key)
