"""Who asks: what a token of the shop allows its bearer to see and to do here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CallerKind(StrEnum):
    """Whose token it was."""

    ANONYMOUS = "anonymous"
    CUSTOMER = "customer"
    STAFF = "staff"
    APP = "app"


class Permission(StrEnum):
    """Saleor's own permissions that matter here, by their names in its API."""

    MANAGE_ORDERS = "MANAGE_ORDERS"  #: messages, events, replies
    MANAGE_PLUGINS = "MANAGE_PLUGINS"  #: settings, texts, the provider
    MANAGE_USERS = "MANAGE_USERS"  #: what a person agreed to


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The bearer of a request's token, as the shop itself verified it."""

    kind: CallerKind = CallerKind.ANONYMOUS
    id: str = ""  #: of the user or the app
    name: str = ""  #: e-mail of the user, name of the app: for records of who did what
    permissions: frozenset[str] = frozenset()
    #: of staff whose groups are restricted; None: every channel
    channel_ids: frozenset[int] | None = None
    phones: tuple[str, ...] = ()  #: a customer's own, as stored with their addresses
    address: str = ""  #: of the request, as the shop reads it

    def may(self, permission: Permission) -> bool:
        """Customers hold no permission, whatever their token says."""
        return self.kind in (CallerKind.STAFF, CallerKind.APP) and permission in self.permissions

    def sees(self, channel_id: int | None) -> bool:
        """Whether rows of this channel are shown; of None, rows that belong to no channel."""
        return self.channel_ids is None or channel_id in self.channel_ids


class InvalidToken(Exception):
    """The token is wrong, expired, or of a user or app that is not active any more."""
