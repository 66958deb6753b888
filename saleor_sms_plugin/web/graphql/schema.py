"""The whole schema, put together from its rooms; ``schema.graphql`` is its printed form."""

from __future__ import annotations

import graphene

from .messages import MessageQueries


class Query(MessageQueries):
    """What can be read."""


schema = graphene.Schema(query=Query)
