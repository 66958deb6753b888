"""What services need from outside: frozen values, and the Protocols that bring them.

``host/`` implements them for Saleor, ``testing/`` in memory; services know neither.
All ids are strings as the shop prints them (an order's UUID, a fulfilment's number),
channel ids are integers, money is Decimal in major units, instants are aware (UTC).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Address:
    """A postal address; every part but the country may be empty."""

    phone: str = ""
    country: str = ""  #: ISO 3166-1 alpha-2, upper case, "" when unknown
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""
    city: str = ""
    postal_code: str = ""
    country_area: str = ""


@dataclass(frozen=True, kw_only=True)
class Fulfillment:
    """One parcel of an order."""

    id: str
    number: int  #: 1 for the first parcel of the order
    status: str  #: Saleor's word: fulfilled, waiting_for_approval, canceled …
    tracking_number: str = ""
    created_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order as the writer database holds it now."""

    id: str
    number: str
    channel_id: int
    channel_slug: str
    status: str  #: Saleor's word: draft, unconfirmed, unfulfilled, canceled, expired …
    origin: str  #: checkout, draft, reissue, bulk_create
    language: str  #: as Saleor stores it: "en", "pl", "pt-br"
    created_at: dt.datetime
    currency: str
    total: Decimal
    charged: Decimal = Decimal(0)
    authorized: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)  #: cumulative, over every payment of the order
    item_count: int = 0  #: pieces, not lines
    billing: Address | None = None
    shipping: Address | None = None
    shipping_method_id: str = ""
    shipping_method_name: str = ""
    collection_point_name: str = ""  #: "" when the order is shipped
    fulfillments: tuple[Fulfillment, ...] = ()

    @property
    def fully_paid(self) -> bool:
        return self.charged >= self.total


@dataclass(frozen=True, kw_only=True)
class ChannelConfiguration:
    """One channel's stored plugin configuration, unparsed."""

    channel_id: int
    channel_slug: str
    active: bool  #: the plugin is switched on in this channel, and the channel exists
    values: Mapping[str, object] = field(default_factory=dict)  #: field name → stored value
    currency: str = ""
    default_country: str = ""  #: the channel's, ISO alpha-2
    shop_name: str = ""  #: what the shop calls itself


class Shop(Protocol):
    """The shop's own data, read and written through one door."""

    def writer(self) -> AbstractContextManager[None]:
        """Inside, the default database may be read and written."""

    def identity(self) -> str:
        """A short text that differs between two installations (law 12); no query."""

    def configurations(
        self, channel_ids: Collection[int] | None = None
    ) -> Sequence[ChannelConfiguration]:
        """The plugin's stored configurations, one query; all channels when None."""

    def orders(self, order_ids: Collection[str]) -> Mapping[str, Order]:
        """The orders that exist, by id, read from the writer in a bounded number of queries."""

    def find_orders(self, number_or_id: str) -> Sequence[Order]:
        """The orders a person may mean by a number or an id; at most one in Saleor."""

    def shipping_countries(self, channel_id: int) -> frozenset[str]:
        """ISO codes of the countries in the channel's shipping zones."""

    def forget_plugin(self) -> int:
        """The plugin's stored settings are gone; returns of how many channels."""

    def recent_phones(self, channel_id: int, limit: int) -> Sequence[tuple[str, str]]:
        """(phone, country) of the channel's newest orders; phone "" where none was given."""


class Wake(Protocol):
    """Makes a worker look at once; certain delivery is the periodic task's work."""

    def nudge(self) -> None:
        """At most one publish of at most 0.5 s; never raises."""


class Clock(Protocol):
    """The only source of time in services."""

    def now(self) -> dt.datetime:
        """Aware, UTC."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What wiring hands to every service."""

    shop: Shop
    wake: Wake
    clock: Clock
