"""A text tried before it is saved: on a sample, on an order, on the orders of the last days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from ...callers import Permission
from ...domain.reasons import Reason
from ...events.catalogue import EVENTS, EventSpec
from ...exceptions import TemplateError
from ...services import dry_run, previewing
from ...services.channels import Channel
from ...services.dry_run import DryRun
from ...services.previewing import Preview, TextFault
from .context import Context, PermissionDenied
from .mutations import (
    ErrorCode,
    Fault,
    Mutation,
    Refused,
    blaming,
    channel_of,
    language_of,
    order_of,
    refused,
)
from .rows import null_where_empty
from .texts import EncodingEnum


class PriceEstimateType(graphene.ObjectType):
    """What one text may cost to a country, by the prices of the last 30 days."""

    class Meta:
        name = "SmsPriceEstimate"

    country = graphene.String(required=True, description="ISO 3166-1 alpha-2.")
    price = graphene.Decimal(required=True, description="Of the whole text.")
    currency = graphene.String(required=True, description="The price's currency.")


class TemplatePreviewTextType(graphene.ObjectType):
    """The text of one language, as it would be sent."""

    class Meta:
        name = "SmsTemplatePreviewText"

    language = graphene.String(description="Null where the text names none.")
    is_built_in = graphene.Boolean(
        required=True, description="It is the installed version's; else the one that was given."
    )
    body = graphene.String(required=True, description="The text, with its opt-out.")
    encoding = graphene.Field(EncodingEnum, required=True, description="Its alphabet.")
    units = graphene.Int(required=True, description="Its length in units of the alphabet.")
    segments = graphene.Int(required=True, description="How many segments it has.")
    most_segments = graphene.Int(
        required=True, description="How many it has with the longest usual values."
    )
    forcing_characters = graphene.List(
        graphene.NonNull(graphene.String), required=True,
        description="Those that no cheaper alphabet has.",
    )  # fmt: skip
    plain_segments = graphene.Int(
        required=True, description="How many segments it has without such characters."
    )
    estimates = graphene.List(
        graphene.NonNull(PriceEstimateType), required=True,
        description="Per country, where the provider told prices.",
    )  # fmt: skip
    warnings = graphene.List(
        graphene.NonNull(graphene.String), required=True,
        description="What to know although nothing is wrong.",
    )  # fmt: skip

    @staticmethod
    def resolve_encoding(root: Preview, info: Any) -> str:
        return root.measured.encoding

    @staticmethod
    def resolve_units(root: Preview, info: Any) -> int:
        return root.measured.units

    @staticmethod
    def resolve_segments(root: Preview, info: Any) -> int:
        return root.measured.segment_count

    @staticmethod
    def resolve_forcing_characters(root: Preview, info: Any) -> list[str]:
        return list(root.measured.forcing)

    @staticmethod
    def resolve_plain_segments(root: Preview, info: Any) -> int:
        return root.plain_segment_count


null_where_empty(TemplatePreviewTextType, "language")


class TemplatePreviewInput(graphene.InputObjectType):
    """A text that need not be saved."""

    class Meta:
        name = "SmsTemplatePreviewInput"

    event = graphene.String(required=True, description="The event, such as order_created.")
    text = graphene.String(
        description="As in the form's field, with its languages; empty for the built-in text."
    )
    channel = graphene.String(required=True, description="The slug of the channel.")
    order = graphene.ID(description="About this order; else about a sample.")
    language = graphene.String(description="As a reader of it gets it; else in every language.")


class TemplatePreview(Mutation):
    """How a text reads and what it costs; nothing is saved. Errors name language, line and
    column. Requires MANAGE_PLUGINS, and MANAGE_ORDERS about a real order."""

    class Meta:
        name = "SmsTemplatePreview"
        permission = Permission.MANAGE_PLUGINS

    class Arguments:
        input = TemplatePreviewInput(required=True, description="The text.")

    texts = graphene.List(
        graphene.NonNull(TemplatePreviewTextType), description="One per language."
    )

    @classmethod
    def perform(cls, context: Context, input: Mapping[str, Any]) -> dict[str, Any]:
        if input.get("order") and not context.caller.may(Permission.MANAGE_ORDERS):
            raise PermissionDenied(Permission.MANAGE_ORDERS)
        channel = channel_of(input["channel"], context)
        order = order_of(input["order"], channel, context) if input.get("order") else None
        spec, draft = _draft(input["event"], input.get("text") or "", channel)
        language = language_of(input.get("language"))
        try:
            texts = previewing.previews(spec, draft, context.ports, order=order, language=language)
        except TemplateError as error:
            raise Refused(
                Fault(field="text", message=str(error), line=error.line, column=error.column)
            ) from None
        return {"texts": texts}


class DryRunCountryType(graphene.ObjectType):
    """The texts to one country."""

    class Meta:
        name = "SmsDryRunCountry"

    country = graphene.String(required=True, description="ISO 3166-1 alpha-2.")
    messages = graphene.Int(required=True, description="How many texts.")
    segments = graphene.Int(required=True, description="Their segments.")
    cost = graphene.Decimal(description="What they may cost; null where no price is known.")
    currency = graphene.String(description="The cost's currency.")

    @staticmethod
    def resolve_messages(root: dry_run.Tally, info: Any) -> int:
        return root.message_count

    @staticmethod
    def resolve_segments(root: dry_run.Tally, info: Any) -> int:
        return root.segment_count


null_where_empty(DryRunCountryType, "currency")


class DryRunReasonType(graphene.ObjectType):
    """Texts that would not have gone, for one reason."""

    class Meta:
        name = "SmsDryRunReason"

    reason = graphene.String(required=True, description="One word.")
    why = graphene.String(required=True, description="The same for people.")
    messages = graphene.Int(required=True, description="How many.")


class DryRunType(graphene.ObjectType):
    """What would have come of an event and its text, had it been on."""

    class Meta:
        name = "SmsDryRun"

    since = graphene.DateTime(required=True, description="Orders placed since then.")
    orders = graphene.Int(required=True, description="How many of them were looked at.")
    events = graphene.Int(required=True, description="To how many of those it happened.")
    is_cut = graphene.Boolean(
        required=True, description="There are more orders than were looked at; the newest were."
    )
    messages = graphene.Int(required=True, description="Texts that would have gone.")
    segments = graphene.Int(required=True, description="Their segments.")
    countries = graphene.List(
        graphene.NonNull(DryRunCountryType), required=True, description="To where, most first."
    )
    suppressed = graphene.List(
        graphene.NonNull(DryRunReasonType), required=True, description="Why not, most first."
    )

    @staticmethod
    def resolve_orders(root: DryRun, info: Any) -> int:
        return root.order_count

    @staticmethod
    def resolve_events(root: DryRun, info: Any) -> int:
        return root.event_count

    @staticmethod
    def resolve_messages(root: DryRun, info: Any) -> int:
        return root.message_count

    @staticmethod
    def resolve_segments(root: DryRun, info: Any) -> int:
        return root.segment_count

    @staticmethod
    def resolve_countries(root: DryRun, info: Any) -> list[dry_run.Tally]:
        return sorted(
            root.by_country.values(), key=lambda each: (-each.message_count, each.country)
        )

    @staticmethod
    def resolve_suppressed(root: DryRun, info: Any) -> list[Mapping[str, Any]]:
        found = sorted(root.suppressed.items(), key=lambda each: (-each[1], each[0]))
        return [
            {"reason": reason, "why": Reason(reason).sentence, "messages": count}
            for reason, count in found
        ]


class TemplateDryRunInput(graphene.InputObjectType):
    """An event, its text and the days to look back."""

    class Meta:
        name = "SmsTemplateDryRunInput"

    event = graphene.String(required=True, description="The event, such as order_created.")
    text = graphene.String(description="Instead of the channel's own text.")
    channel = graphene.String(required=True, description="The slug of the channel.")
    days = graphene.Int(
        required=True, description=f"Orders of so many days, {dry_run.LONGEST} at most."
    )


class TemplateDryRun(Mutation):
    """How many texts an event would have brought for the orders of the last days, to where, for
    how much, and which not and why. Nothing is sent or saved. Requires MANAGE_PLUGINS."""

    class Meta:
        name = "SmsTemplateDryRun"
        permission = Permission.MANAGE_PLUGINS

    class Arguments:
        input = TemplateDryRunInput(required=True, description="What to try.")

    dry_run = graphene.Field(
        DryRunType,
        description=f"Over {dry_run.MOST_ORDERS} orders at most, one text per order.",
    )

    @classmethod
    def perform(cls, context: Context, input: Mapping[str, Any]) -> dict[str, Any]:
        channel = channel_of(input["channel"], context)
        if not 1 <= input["days"] <= dry_run.LONGEST:
            raise refused("days", f"From 1 to {dry_run.LONGEST} days.")
        spec, draft = _spec_of(input["event"]), channel
        if input.get("text") is not None:
            spec, draft = _draft(input["event"], input["text"], channel)
        with blaming("event"):
            return {"dry_run": dry_run.run(spec, draft, input["days"], context.ports)}


def _spec_of(event: str) -> EventSpec:
    if event not in EVENTS:
        raise refused("event", f"There is no event “{event[:60]}”.", ErrorCode.NOT_FOUND)
    return EVENTS[event]


def _draft(event: str, text: str, channel: Channel) -> tuple[EventSpec, Channel]:
    """The event, and the channel as if the text were saved. Raises Refused for its faults."""
    spec = _spec_of(event)
    draft = previewing.draft(spec, text, channel)
    if faults := previewing.faults(spec, text, draft):
        raise Refused(*map(_fault, faults))
    return spec, draft


def _fault(fault: TextFault) -> Fault:
    return Fault(
        field="text", message=fault.message, language=fault.language or None, line=fault.line,
        column=fault.column,
    )  # fmt: skip


class TemplateMutations(graphene.ObjectType):
    """Texts tried before they are saved."""

    sms_template_preview = TemplatePreview.Field()
    sms_template_dry_run = TemplateDryRun.Field()
