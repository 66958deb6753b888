"""What every mutation shares: its permission, its errors as data, and how ids are looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import graphene
from graphql import GraphQLError

from ...callers import Permission
from ...config.values import line_of
from ...domain.languages import language_code
from ...exceptions import ConfigurationError, InvalidInput, InvalidRecipient
from ...models import Message
from ...ports import Order
from ...services.channels import Channel
from .context import Context, PermissionDenied, visible
from .ids import local_id, row_id
from .messages import NODE


class ErrorCode(StrEnum):
    """What kind of mistake it was."""

    GRAPHQL_ERROR = "graphql_error"  #: not an id, or of another type
    INVALID = "invalid"
    LIMIT_REACHED = "limit_reached"
    NOT_FOUND = "not_found"  #: or not for this caller
    REQUIRED = "required"


ErrorCodeEnum = graphene.Enum("SmsErrorCode", [(each.name, each.value) for each in ErrorCode])


class ErrorType(graphene.ObjectType):
    """Why nothing was done."""

    class Meta:
        name = "SmsError"

    field = graphene.String(description="The input that is wrong; null where no single one is.")
    message = graphene.String(required=True, description="What is wrong, and how to mend it.")
    code = graphene.Field(ErrorCodeEnum, required=True, description="What kind of mistake it is.")
    language = graphene.String(description="Of a text: the language that it is in.")
    line = graphene.Int(description="Of a text: the line, from 1.")
    column = graphene.Int(description="Of a text: the column, from 1.")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What ``ErrorType`` resolves from."""

    message: str
    field: str | None = None
    code: ErrorCode = ErrorCode.INVALID
    language: str | None = None
    line: int | None = None
    column: int | None = None


class Refused(Exception):
    """Nothing was done, for these faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = faults


def refused(field: str | None, message: str, code: ErrorCode = ErrorCode.INVALID) -> Refused:
    """One fault of one input."""
    return Refused(Fault(field=field, message=message, code=code))


class Mutation(graphene.Mutation):
    """A subclass says its permission in ``Meta`` and what it does in ``perform``, which returns
    the fields of the answer."""

    class Meta:
        abstract = True

    errors = graphene.List(
        graphene.NonNull(ErrorType), required=True, description="Empty where it was done."
    )
    permission: ClassVar[Permission | None]
    #: (context, **arguments) → the fields of the answer; raises Refused for bad input
    perform: ClassVar[Callable[..., dict[str, Any]]]

    @classmethod
    def __init_subclass_with_meta__(
        cls, permission: Permission | None = None, **options: Any
    ) -> None:
        cls.permission = permission
        super().__init_subclass_with_meta__(**options)

    @classmethod
    def mutate(cls, root: Any, info: Any, **given: Any) -> Any:
        """The answer, with its errors. Raises PermissionDenied."""
        context: Context = info.context
        if cls.permission and not context.caller.may(cls.permission):
            raise PermissionDenied(cls.permission)
        try:
            return cls(errors=[], **cls.perform(context, **given))
        except Refused as refusal:
            return cls(errors=list(refusal.faults))


@contextmanager
def blaming(field: str, *, number: str = "recipient") -> Iterator[None]:
    """What a service refuses within is told as a fault of this input; where a phone is wrong, of
    the one that named it."""
    try:
        yield
    except InvalidRecipient as error:
        raise refused(number, str(error)) from None
    except (InvalidInput, ConfigurationError) as error:
        raise refused(field, str(error)) from None


def shop_id(given: str, kind: str, field: str) -> str:
    """What stands behind an id of the shop's. Raises Refused."""
    try:
        return local_id(given, kind)
    except GraphQLError as error:
        raise refused(field, str(error), ErrorCode.GRAPHQL_ERROR) from None


def own_id(given: str, kind: str) -> int:
    """As ``shop_id``, of a row of ours in the argument ``id``."""
    try:
        return row_id(given, kind)
    except GraphQLError as error:
        raise refused("id", str(error), ErrorCode.GRAPHQL_ERROR) from None


def language_of(given: str | None) -> str:
    """The language code, "" where none is given. Raises Refused."""
    try:
        return language_code(line_of(35)(given)) if given else ""
    except ValueError as error:
        raise refused("language", f"The language {error}") from None


def message_of(given: str, context: Context) -> Message:
    """The message of this id that the caller sees. Raises Refused."""
    key = own_id(given, NODE)
    found = visible(Message.objects.all(), context.caller).filter(pk=key).first()
    if found is None:
        raise refused("id", "There is no such message.", ErrorCode.NOT_FOUND)
    return found


def channel_of(slug: str, context: Context) -> Channel:
    """The channel of this slug that the caller sees. Raises Refused."""
    if found := context.channel(slug):
        return found
    raise refused(
        "channel",
        f"There is no channel “{slug[:60]}” with settings of this plugin that you may see.",
        ErrorCode.NOT_FOUND,
    )


def order_of(given: str, channel: Channel, context: Context) -> Order:
    """The channel's order of this id. Raises Refused."""
    key = shop_id(given, "Order", "order")
    order = context.ports.shop.orders([key]).get(key)
    if order is None or order.channel_id != channel.id:
        raise refused(
            "order", f"There is no such order in the channel “{channel.slug}”.", ErrorCode.NOT_FOUND
        )
    return order
