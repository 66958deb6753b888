"""Saleor's GraphQL API as its own client for tests calls it."""

from __future__ import annotations

from typing import Any

import graphene
from saleor.payment.models import TransactionItem


def call(client: Any, mutation: str, refused: bool = False, **variables: object) -> dict[str, Any]:
    """The mutation's payload; it has errors where it is to be ``refused``, and only there."""
    body = client.post_graphql(mutation, variables).json()
    assert "errors" not in body, body["errors"]
    payload: dict[str, Any] = next(iter(body["data"].values()))
    assert bool(payload["errors"]) is refused, payload["errors"]
    return payload


def global_id(row: Any) -> str:
    """The id under which the API knows this row."""
    key = row.token if isinstance(row, TransactionItem) else row.pk
    return str(graphene.Node.to_global_id(type(row).__name__, key))
