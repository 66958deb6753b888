"""Who a request is from: the shop's own code verifies its token, none of ours does."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from jwt import PyJWTError
from saleor.core.auth import get_token_from_request
from saleor.core.exceptions import PermissionDenied
from saleor.core.jwt import JWT_THIRDPARTY_ACCESS_TYPE, is_saleor_token, jwt_decode
from saleor.graphql.account.utils import get_user_accessible_channels
from saleor.graphql.app.dataloaders import get_app_promise
from saleor.graphql.context import clear_context, get_context_value

from ..callers import Caller, CallerKind, InvalidToken
from .persons import phone_text


def caller_of(request: HttpRequest) -> Caller:
    """The bearer of the request's token; anonymous where there is none.

    Raises InvalidToken. A staff token that an app's extension was given carries only the
    permissions that the app has, too: Saleor cuts them.
    """
    if not get_token_from_request(request):
        return Caller()
    context: Any = request
    try:
        context = get_context_value(request)
        if app := get_app_promise(context).get():
            return _app(app)
        user = authenticate(request=context)
        if user is None or not user.is_active or _is_of_an_extension(request, user):
            raise InvalidToken
        return _user(user, context)
    except (PyJWTError, PermissionDenied, ObjectDoesNotExist) as error:
        raise InvalidToken from error
    finally:
        if hasattr(context, "user"):
            clear_context(context)


def _is_of_an_extension(request: HttpRequest, user: Any) -> bool:
    """A token given to an app's extension makes nobody a customer: Saleor takes staff without a
    permission of the app's for one."""
    token = get_token_from_request(request)
    if user.is_staff or not token or not is_saleor_token(token):
        return False
    return bool(jwt_decode(token).get("type") == JWT_THIRDPARTY_ACCESS_TYPE)


def _app(app: Any) -> Caller:
    """Apps see every channel, as in Saleor."""
    if not app.is_active:
        raise InvalidToken
    codes = app.permissions.values_list("codename", flat=True)
    return Caller(
        kind=CallerKind.APP, id=str(app.pk), name=app.name or "",
        permissions=frozenset(code.upper() for code in codes),
    )  # fmt: skip


def _user(user: Any, context: Any) -> Caller:
    if not user.is_staff:
        phones = (phone_text(address.phone) for address in user.addresses.all())
        return Caller(
            kind=CallerKind.CUSTOMER, id=str(user.pk), name=user.email,
            phones=tuple(sorted({phone for phone in phones if phone})),
        )  # fmt: skip
    codes = user.effective_permissions.values_list("codename", flat=True)
    return Caller(
        kind=CallerKind.STAFF, id=str(user.pk), name=user.email,
        permissions=frozenset(code.upper() for code in codes), channel_ids=_channels(user, context),
    )  # fmt: skip


def _channels(user: Any, context: Any) -> frozenset[int] | None:
    """None where a group of theirs is not restricted."""
    if user.is_superuser or user.groups.filter(restricted_access_to_channels=False).exists():
        return None

    class Info:  # the one attribute that Saleor's function reads
        pass

    info = Info()
    info.context = context  # type: ignore[attr-defined]
    return frozenset(channel.pk for channel in get_user_accessible_channels(info, user))
