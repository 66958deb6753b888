"""What a person agrees to: put down by staff, by themselves, and confirmed from the phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from graphql import GraphQLError

from ...callers import CallerKind, Permission
from ...domain.consent import Act, Scope
from ...models import Link
from ...services import double_opt_in, links, storefront
from ...services.ledger import Source
from ...services.storefront import Saying
from .consent import ConsentType, Person, ScopeEnum, numbers_of
from .context import Context, PermissionDenied
from .mutations import ErrorCode, Mutation, channel_of, language_of, refused
from .rows import number_of

LONGEST_WORDING = 2_000

ConsentActInputEnum = graphene.Enum(
    "SmsConsentDecisionEnum", [(each.name, each.value) for each in (Act.GIVEN, Act.WITHDRAWN)]
)
_ARGUMENTS: Mapping[str, Any] = {
    "number": graphene.String(required=True, description="The phone, with its country code."),
    "scopes": graphene.List(
        graphene.NonNull(ScopeEnum), required=True, description="About which kinds of texts."
    ),
    "wording": graphene.String(description="What the person read; the proof of a consent."),
    "language": graphene.String(description="Of the wording and the answer, such as pl."),
}


class ConsentUpdate(Mutation):
    """What a person said about texts is in the ledger. A consent that needs its confirmation
    still waits for it: `smsOptInRequest` asks. Requires MANAGE_USERS; a customer speaks for
    their own numbers, and ends order texts (SERVICE) from the phone only."""

    class Meta:
        name = "SmsConsentUpdate"

    class Arguments:
        number, scopes, wording, language = (
            _ARGUMENTS[name] for name in ("number", "scopes", "wording", "language")
        )
        act = graphene.Argument(ConsentActInputEnum, required=True, description="What they said.")
        channel = graphene.String(description="In this channel alone, by its slug; else in all.")

    consent = graphene.Field(ConsentType, description="What the person agrees to now.")

    @classmethod
    def perform(cls, context: Context, act: str, **given: Any) -> dict[str, Any]:
        saying = _saying(context, **given)
        if saying.channel is None and context.caller.channel_ids is not None:
            raise refused("channel", "Name one of your channels.", ErrorCode.REQUIRED)
        if saying.account and Act(act) is Act.WITHDRAWN and Scope.SERVICE in saying.scopes:
            raise refused(
                "scopes", "Order texts (SERVICE) are ended from the phone itself: reply STOP to "
                "one, or use the link in it."
            )  # fmt: skip
        if not storefront.put(saying, Act(act), context.ports):
            raise refused(None, "Too many changes. Try again in an hour.", ErrorCode.LIMIT_REACHED)
        return {"consent": Person([saying.number])}


class OptInRequest(Mutation):
    """A customer who has just agreed is asked to confirm it from the phone, where the law or the
    shop wants that. The answer is the same whatever is known of the number. Requires
    MANAGE_USERS; a customer asks for their own numbers."""

    class Meta:
        name = "SmsOptInRequest"

    class Arguments:
        number, scopes, wording, language = (
            _ARGUMENTS[name] for name in ("number", "scopes", "wording", "language")
        )
        channel = graphene.String(required=True, description="The slug of the channel that asks.")

    accepted = graphene.Boolean(description="True: whoever has the phone is asked if need be.")

    @classmethod
    def perform(cls, context: Context, **given: Any) -> dict[str, Any]:
        saying = _saying(context, **given)
        if not storefront.request(saying, context.ports):
            raise refused(None, "Too many requests. Try again in an hour.", ErrorCode.LIMIT_REACHED)
        return {"accepted": True}


def _saying(
    context: Context,
    number: str,
    scopes: list[str],
    channel: str | None = None,
    wording: str | None = None,
    language: str | None = None,
) -> Saying:
    """What is said, by somebody who may say it. Raises Refused, PermissionDenied."""
    caller = context.caller
    is_staff = caller.may(Permission.MANAGE_USERS)
    if not is_staff and caller.kind is not CallerKind.CUSTOMER:
        raise PermissionDenied(Permission.MANAGE_USERS)
    try:
        e164 = number_of(number, "number")
    except GraphQLError as error:
        raise refused("number", str(error)) from None
    if not is_staff and e164 not in numbers_of(caller):
        raise refused(
            "number", "It is none of your own numbers: add it to your addresses first.",
            ErrorCode.NOT_FOUND,
        )  # fmt: skip
    if not scopes:
        raise refused("scopes", "Name at least one kind of texts.", ErrorCode.REQUIRED)
    if len(wording or "") > LONGEST_WORDING:
        raise refused("wording", f"At most {LONGEST_WORDING} characters.")
    return Saying(
        number=e164,
        scopes=[Scope(each) for each in dict.fromkeys(scopes)],
        channel=channel_of(channel, context) if channel else None,
        wording=(wording or "").strip(),
        language=language_of(language),
        address="" if is_staff else caller.address,
        source=Source.STAFF if caller.kind is CallerKind.STAFF else Source.STOREFRONT,
        staff=caller.name if is_staff else "",
        account="" if is_staff else caller.id,
    )


class OptInConfirm(Mutation):
    """Who was asked has agreed from the phone. Anybody with the token of the text's link."""

    class Meta:
        name = "SmsOptInConfirm"

    class Arguments:
        token = graphene.String(required=True, description="The last part of the text's link.")

    confirmed = graphene.Boolean(description="The consent is confirmed, now or before, and holds.")

    @classmethod
    def perform(cls, context: Context, token: str) -> dict[str, Any]:
        address = context.caller.address
        link = links.find(token[:64], address, context.ports)
        if link is links.Answer.TOO_MANY:
            raise refused(None, "Too many wrong tokens. Try again later.", ErrorCode.LIMIT_REACHED)
        if not isinstance(link, Link) or link.kind != Link.Kind.OPT_IN:
            raise refused("token", "There is no such request.", ErrorCode.NOT_FOUND)
        done = double_opt_in.confirm_link(link, context.ports, storefront.ip_of(address))
        if not done and not double_opt_in.confirmed(link) - double_opt_in.stopped(
            link, context.ports
        ):
            raise refused("token", "The request has ended. Ask for a new one.", ErrorCode.INVALID)
        return {"confirmed": True}


class ConsentMutations(graphene.ObjectType):
    """Consent."""

    sms_consent_update = ConsentUpdate.Field()
    sms_opt_in_request = OptInRequest.Field()
    sms_opt_in_confirm = OptInConfirm.Field()
