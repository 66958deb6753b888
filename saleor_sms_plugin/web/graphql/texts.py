"""The texts that are in effect, per channel and language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene
from graphql import GraphQLError

from ...callers import Permission
from ...config.values import line_of
from ...domain.languages import language_code
from ...domain.segments import Encoding
from ...services.effective_texts import EffectiveText, effective_texts
from .context import needs
from .rows import null_where_empty

EncodingEnum = graphene.Enum("SmsEncodingEnum", [(each.name, each.value) for each in Encoding])


class TemplateType(graphene.ObjectType):
    """The text of one event or answer, as a customer of one language gets it."""

    class Meta:
        name = "SmsTemplate"

    event = graphene.String(required=True, description="The event, or the answer, it is for.")
    label = graphene.String(required=True, description="As the dashboard shows it.")
    purpose = graphene.String(required=True, description="transactional or marketing.")
    is_answer = graphene.Boolean(
        required=True, description="It answers what a customer wrote; else it is about an event."
    )
    is_on = graphene.Boolean(required=True, description="The channel sends it.")
    is_built_in = graphene.Boolean(
        required=True, description="It is the installed version's; else the shop's own."
    )
    language = graphene.String(
        required=True, description="The one that was found for the one that was asked for."
    )
    languages = graphene.List(
        graphene.NonNull(graphene.String), required=True,
        description="Those it is there in: the shop's own, then built-in ones.",
    )  # fmt: skip
    text = graphene.String(required=True, description="The template.")
    variables = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="What it may name."
    )
    segments = graphene.Int(
        description="Of the longest usual outcome; null where it cannot be rendered."
    )
    encoding = graphene.Field(EncodingEnum, description="Of that outcome.")
    forcing_characters = graphene.List(
        graphene.NonNull(graphene.String), required=True,
        description="Those in it that no cheaper alphabet has.",
    )  # fmt: skip
    problem = graphene.String(description="Why it cannot be rendered; null where it can.")

    @staticmethod
    def resolve_event(root: EffectiveText, info: Any) -> str:
        return root.name

    @staticmethod
    def resolve_label(root: EffectiveText, info: Any) -> str:
        return root.spec.label

    @staticmethod
    def resolve_purpose(root: EffectiveText, info: Any) -> str:
        return root.spec.purpose

    @staticmethod
    def resolve_is_answer(root: EffectiveText, info: Any) -> bool:
        return not root.is_event

    @staticmethod
    def resolve_languages(root: EffectiveText, info: Any) -> list[str]:
        return [each for each in root.languages if each]

    @staticmethod
    def resolve_text(root: EffectiveText, info: Any) -> str:
        return root.source

    @staticmethod
    def resolve_segments(root: EffectiveText, info: Any) -> int | None:
        return root.segment_count

    @staticmethod
    def resolve_forcing_characters(root: EffectiveText, info: Any) -> Sequence[str]:
        return root.forcing


null_where_empty(TemplateType, "encoding", "problem")


class TemplateQueries(graphene.ObjectType):
    """Reading texts."""

    templates = graphene.List(
        graphene.NonNull(TemplateType),
        channel=graphene.String(required=True, description="The channel's slug."),
        language=graphene.String(description="Such as pl or pt-br; English without it."),
        events=graphene.List(
            graphene.NonNull(graphene.String), description="Names of events and answers."
        ),
        description=(
            "The texts in effect in a channel, in the catalogue's order; null where the channel "
            "has no settings. Requires MANAGE_PLUGINS."
        ),
    )

    @staticmethod
    @needs(Permission.MANAGE_PLUGINS)
    def resolve_templates(
        root: Any,
        info: Any,
        channel: str,
        language: str = "en",
        events: Sequence[str] | None = None,
    ) -> list[EffectiveText] | None:
        try:
            asked = language_code(line_of(35)(language))
        except ValueError as error:
            raise GraphQLError(f"language: {error}") from None
        found = info.context.channel(channel)
        return None if found is None else effective_texts(found, asked, events)
