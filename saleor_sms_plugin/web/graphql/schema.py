"""The whole schema, put together from its rooms; ``schema.graphql`` is its printed form."""

from __future__ import annotations

import graphene

from .consent import ConsentQueries
from .events import EventQueries
from .health import HealthQueries
from .messages import MessageQueries
from .replies import InboundMessageQueries
from .rules import RuleQueries
from .statistics import StatisticsQueries
from .texts import TemplateQueries


class Query(
    MessageQueries, EventQueries, InboundMessageQueries, ConsentQueries, StatisticsQueries,
    TemplateQueries, RuleQueries, HealthQueries,
):  # fmt: skip
    """What can be read."""


schema = graphene.Schema(query=Query)
