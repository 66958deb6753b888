"""The whole schema, put together from its rooms; ``schema.graphql`` is its printed form."""

from __future__ import annotations

import graphene

from .consent import ConsentQueries
from .consenting import ConsentMutations
from .events import EventQueries
from .health import HealthQueries
from .messages import MessageQueries
from .previewing import TemplateMutations
from .replies import InboundMessageQueries
from .resolving import ResolvingMutations
from .rules import RuleQueries
from .sending import SendingMutations
from .stages import StageMutations
from .statistics import StatisticsQueries
from .texts import TemplateQueries


class Query(
    MessageQueries, EventQueries, InboundMessageQueries, ConsentQueries, StatisticsQueries,
    TemplateQueries, RuleQueries, HealthQueries,
):  # fmt: skip
    """What can be read."""


class Mutation(
    SendingMutations, StageMutations, ConsentMutations, ResolvingMutations, TemplateMutations
):
    """What can be done."""


schema = graphene.Schema(query=Query, mutation=Mutation)
