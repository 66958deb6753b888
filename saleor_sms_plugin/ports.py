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
from enum import StrEnum
from typing import Protocol

#: The shop's tables that say which payments failed, and which say what happened to orders.
PAYMENT_TABLES = ("transaction_event", "transaction")
TRACE_TABLES = ("order", "order_event", "refund_event", "refund")
MOST_ORDER_TIMES = 20  #: of one person; a habit shows in the newest ones


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
class Box:
    """What a storefront wrote about consent on a checkout or on a customer's account."""

    source: str  #: "checkout" or "customer"
    subject_id: str  #: the checkout's or the customer's; the order's where it had no checkout
    since: dt.datetime  #: when that began: what stands there is no older
    values: Mapping[str, str]  #: as ``domain.boxes.look`` reads them; {} where nothing stands there
    channel_id: int | None = None  #: None: every channel
    changed_at: dt.datetime | None = None  #: when the account was last changed


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer's account."""

    id: str
    language: str
    billing: Address | None = None  #: the default ones
    shipping: Address | None = None
    boxes: tuple[Box, ...] = ()


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
    pending: Decimal = Decimal(0)  #: asked for, and not answered yet
    refunded: Decimal = Decimal(0)  #: cumulative, over every payment of the order
    item_count: int = 0  #: pieces, not lines
    billing: Address | None = None
    shipping: Address | None = None
    shipping_method_id: str = ""
    shipping_method_name: str = ""
    collection_point_name: str = ""  #: "" when the order is shipped
    fulfillments: tuple[Fulfillment, ...] = ()
    boxes: tuple[Box, ...] = ()  #: its own, and those of its customer's account


@dataclass(frozen=True, kw_only=True)
class Checkout(Order):
    """An order in the making: a checkout that is still open. It has no number."""

    number: str = ""
    status: str = "checkout"
    origin: str = "checkout"
    email: str = ""
    user_id: int | None = None
    first_item: str = ""  #: the product's name, "" when the checkout is empty
    lines: str = ""  #: a fingerprint of what is in it: product variants and quantities
    superseded: bool = False  #: the same person has a newer cart with something in it, or order
    completing: bool = False  #: the customer has just confirmed it; the order is being made
    gift_cards: Decimal = Decimal(0)  #: what its gift cards hold, and will pay


@dataclass(frozen=True, kw_only=True)
class IdleCheckout:
    """A checkout with something in it and a phone that nobody completes."""

    id: str
    changed_at: dt.datetime  #: its last change, by the customer or by the shop
    lines: str  #: as in ``Checkout``


@dataclass(frozen=True, kw_only=True)
class Voucher:
    """A voucher code that can be used now."""

    code: str
    valid_until: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Reminded:
    """A person who was reminded of a cart."""

    checkout_id: str
    phone: str  #: E.164, "" where it was erased
    since: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """An order that somebody who was reminded of a cart made since."""

    checkout_id: str  #: the cart of the reminder
    order_id: str
    same_cart: bool  #: the order was made from it; else by the same person
    total: Decimal
    currency: str
    created_at: dt.datetime


class FailureKind(StrEnum):
    """Which request of a payment failed, and whose it was."""

    DECLINED = "declined"  #: the customer's payment was refused
    UNCLEAR = "unclear"  #: the customer's payment; nobody said how it ended
    CAPTURE = "capture"  #: the shop's, of money that was reserved
    REFUND = "refund"  #: the shop's
    CANCEL = "cancel"  #: the shop's, of a payment


@dataclass(frozen=True, kw_only=True)
class FailureRow:
    """A row of the shop that says that a payment failed; only a hint."""

    reference: str  #: the table and the row's id, "transaction_event:17"
    occurred_at: dt.datetime  #: as the row says; may lie anywhere


@dataclass(frozen=True, kw_only=True)
class PaymentFailure:
    """A failed request and what the shop knows of its payment by now."""

    reference: str
    kind: FailureKind
    amount: Decimal  #: zero where nobody said it
    channel_id: int
    order_id: str = ""
    checkout_id: str = ""  #: "" where there is an order
    acted_at: dt.datetime | None = None  #: the customer's own last step before it
    succeeded: bool = False  #: the same payment holds a success for this request
    refused: bool = False  #: what was unclear was refused clearly since
    superseded: bool = False  #: a later attempt has begun, and has no answer yet


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What a row of the shop says has happened; a hook should have told of it."""

    name: str  #: a source of the catalogue
    channel_id: int
    order_id: str
    occurred_at: dt.datetime  #: as the row says
    subject_id: str = ""  #: the parcel; the order where empty
    transition: str = ""  #: as the hook would say it
    facts: Mapping[str, object] = field(default_factory=dict)


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

    def checkouts(self, checkout_ids: Collection[str]) -> Mapping[str, Order]:
        """By checkout id: the ``Checkout`` still open, or the order that it became."""

    def customers(self, customer_ids: Collection[str]) -> Mapping[str, Customer]:
        """The customers' accounts that exist, by id."""

    def boxes_of_customers(self, since: dt.datetime, limit: int) -> Sequence[Box]:
        """Of accounts changed since then, whatever of them changed, the newest first: at most so
        many that say something about consent, and so many that do not."""

    def idle_checkouts(
        self,
        channel_id: int,
        after: tuple[dt.datetime, str],
        until: dt.datetime,
        created_since: dt.datetime,
        limit: int,
    ) -> Sequence[IdleCheckout]:
        """The channel's next ones by (last change, id), after this place, until then.

        With something in them, a phone, and nobody completing them. An id of "" stands behind
        every one of that instant. A bounded number of queries, by the index of the last change.
        """

    def purchases(self, reminded: Sequence[Reminded]) -> Sequence[Purchase]:
        """Orders made since by these people, oldest first; a bounded number of queries.

        The same person: user, e-mail of the cart while it exists, or phone. Drafts, cancelled
        and expired orders are none.
        """

    def order_times(self, subjects: Collection[Order]) -> Mapping[str, Sequence[dt.datetime]]:
        """By the id of each of these orders and carts: when its person ordered in the storefront.

        The same person: user, or e-mail. Their newest ``MOST_ORDER_TIMES`` orders in any channel,
        newest first, without those that staff made and those that were cancelled or expired.
        At most two statements, by the indexes of user and e-mail.
        """

    def voucher(self, code: str, channel_id: int) -> Voucher | None:
        """The voucher, where anybody can use it in the channel now."""

    def absolute(self, path: str) -> str:
        """The path under the shop's public address."""

    def payment_failures(self, references: Collection[str]) -> Mapping[str, PaymentFailure]:
        """By reference, those whose row, and whose order or checkout, still exists."""

    def payment_positions(self) -> Mapping[str, int]:
        """The highest id now in each table that payments are written to, by table."""

    def failed_payments(self, table: str, after: int, up_to: int) -> Sequence[FailureRow]:
        """The rows of this table that say so, of these ids; *after* is left out."""

    def window_end(self, table: str, after: int, up_to: int, rows: int) -> int:
        """The id of the last of so many rows of a table after this id, and *up_to* at most.

        The table is one of ``PAYMENT_TABLES`` or ``TRACE_TABLES``; one statement, by its index.
        """

    def trace_positions(self) -> Mapping[str, int]:
        """The highest id now in each of ``TRACE_TABLES``."""

    def traces(self, table: str, after: int, up_to: int, until: dt.datetime) -> Sequence[Trace]:
        """What rows of these ids say has happened until then, oldest first; *after* is left out.

        A refund's transition is the order's cumulative refunded amount as it is now, and an
        order with a refund after *until* is left out.
        """

    def find_orders(self, number_or_id: str) -> Sequence[Order]:
        """The orders a person may mean by a number or an id; at most one in Saleor.

        The id of a checkout means that checkout, or the order it became.
        """

    def order_of_parcel(self, fulfillment_id: str) -> Order | None:
        """The order that this parcel belongs to; None where there is no such parcel."""

    def order_ids(self, channel_id: int, since: dt.datetime, limit: int) -> Sequence[str]:
        """Of the channel's orders placed since then, the newest first; drafts are none."""

    def shipping_countries(self, channel_id: int) -> frozenset[str]:
        """ISO codes of the countries in the channel's shipping zones."""

    def forget_plugin(self) -> int:
        """The plugin's stored settings are gone; returns of how many channels."""

    def phones_of(self, email: str) -> Sequence[tuple[str, str]]:
        """(phone, country) of every address of this e-mail's account, orders and checkouts,
        each once, as they are written there; upper and lower case are alike."""

    def recent_phones(self, channel_id: int, limit: int) -> Sequence[tuple[str, str]]:
        """(phone, country) of the channel's newest orders; phone "" where none was given."""


class Wake(Protocol):
    """Makes a worker look at once; certain delivery is the periodic task's work."""

    def nudge(self) -> None:
        """At most one publish of at most 0.5 s; never raises."""

    def nudge_in(self, seconds: float) -> None:
        """``nudge`` after so many seconds, where this process lives so long; waits for nothing and
        never raises.

        Of several the soonest one holds.
        """


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
