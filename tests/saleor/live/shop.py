"""A running shop as its customers and its staff use it, over Saleor's GraphQL API."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from .processes import STAFF, LiveSaleor

CHANNEL = "default-channel"
PLUGIN = "saleor_sms_plugin"
TOKEN_SECONDS = 200  #: a staff token lives five minutes

#: by country, what its addresses need beside the street
_PLACES = {
    "US": {"city": "New York", "postalCode": "10001", "countryArea": "NY"},
    "PL": {"city": "Warszawa", "postalCode": "00-001"},
    "PE": {"city": "Lima"},
    "SB": {"city": "Honiara"},
}
_CONFIGURATION = "channelConfigurations { active channel { slug } configuration { name value } }"
_ORDER = "id number status total { gross { amount currency } } fulfillments { id }"


class LiveShop:
    """One channel of *saleor*. Every method raises RuntimeError where the API reports an error."""

    def __init__(self, saleor: LiveSaleor, channel: str = CHANNEL) -> None:
        self.saleor = saleor
        self.channel = channel
        self._token = ("", 0.0)
        self._lock = threading.Lock()

    def staff(self, query: str, **variables: object) -> dict[str, Any]:
        """The first field of what a member of the staff gets."""
        with self._lock:
            token, made_at = self._token
            if time.monotonic() - made_at > TOKEN_SECONDS:
                token = self.saleor.staff_token()
                self._token = (token, time.monotonic())
        return _first(self.saleor.graphql(query, variables, token))

    def customer(self, query: str, **variables: object) -> dict[str, Any]:
        """The first field of what anybody gets."""
        return _first(self.saleor.graphql(query, variables))

    # The dashboard

    @cached_property
    def channel_id(self) -> str:
        found = self.staff(
            "query ($slug: String) { channel(slug: $slug) { id } }", slug=self.channel
        )
        return str(found["id"])

    def save(self, active: bool | None = None, **values: str | None) -> None:
        """The plugin's form is saved with these fields, as the dashboard saves it."""
        wanted: dict[str, object] = {
            "configuration": [{"name": name, "value": value} for name, value in values.items()]
        }
        if active is not None:
            wanted["active"] = active
        self.staff(
            """mutation ($id: ID!, $channel: ID, $input: PluginUpdateInput!) {
                pluginUpdate(id: $id, channelId: $channel, input: $input) {
                    errors { field message code }
                }
            }""",
            id=PLUGIN,
            channel=self.channel_id,
            input=wanted,
        )

    def form(self) -> dict[str, str]:
        """The fields as the dashboard shows them, by name."""
        found = self.staff(
            f"query ($id: ID!) {{ plugin(id: $id) {{ {_CONFIGURATION} }} }}", id=PLUGIN
        )
        mine = next(
            each
            for each in found["channelConfigurations"]
            if each["channel"]["slug"] == self.channel
        )
        return {field["name"]: field["value"] for field in mine["configuration"]}

    # The storefront

    @cached_property
    def variant_id(self) -> str:
        """A variant that can be shipped, with plenty of it in stock."""
        found = self.customer(
            """query ($channel: String!) {
                products(first: 50, channel: $channel, filter: { stockAvailability: IN_STOCK }) {
                    edges { node {
                        isAvailableForPurchase
                        productType { isShippingRequired }
                        variants { id quantityAvailable pricing { price { gross { amount } } } }
                    } }
                }
            }""",
            channel=self.channel,
        )
        variants = [
            variant
            for edge in found["edges"]
            if edge["node"]["isAvailableForPurchase"]
            and edge["node"]["productType"]["isShippingRequired"]
            for variant in edge["node"]["variants"] or []
            if variant["pricing"] and variant["pricing"]["price"]["gross"]["amount"]
        ]
        return str(max(variants, key=lambda each: each["quantityAvailable"] or 0)["id"])

    def cart(
        self,
        phone: str,
        language: str = "EN",
        *,
        email: str = "buyer@example.com",
        country: str = "US",
    ) -> dict[str, Any]:
        """A checkout of one piece that is ready to be completed, but for its payment."""
        address = {
            **{"firstName": "Ann", "lastName": "Lee", "streetAddress1": "1 Main St"},
            **{"country": country, **_PLACES[country]},
            **({"phone": phone} if phone else {}),
        }
        made = self.customer(
            """mutation ($input: CheckoutCreateInput!) {
                checkoutCreate(input: $input) {
                    checkout { id shippingMethods { id } }
                    errors { field message code }
                }
            }""",
            input={
                "channel": self.channel,
                "email": email,
                "languageCode": language,
                "shippingAddress": address,
                "billingAddress": address,
                "lines": [{"quantity": 1, "variantId": self.variant_id}],
            },
        )["checkout"]
        ready: dict[str, Any] = self.customer(
            """mutation ($id: ID!, $method: ID!) {
                checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $method) {
                    checkout {
                        id token shippingMethod { id } totalPrice { gross { amount currency } }
                    }
                    errors { field message code }
                }
            }""",
            id=made["id"],
            method=made["shippingMethods"][0]["id"],
        )["checkout"]
        return ready

    def checkout(self, phone: str, language: str = "EN") -> dict[str, Any]:
        """A checkout that is ready to be completed, and paid."""
        ready = self.cart(phone, language)
        self.charge(ready["id"], ready["totalPrice"]["gross"])
        return ready

    def complete(self, checkout: Mapping[str, Any]) -> dict[str, Any]:
        done = self.customer(
            f"""mutation ($id: ID!) {{
                checkoutComplete(id: $id) {{
                    order {{ {_ORDER} }}
                    errors {{ field message code }}
                }}
            }}""",
            id=checkout["id"],
        )
        order: dict[str, Any] = done["order"]
        return order

    def place(self, phone: str, language: str = "EN") -> dict[str, Any]:
        """An order, paid by card while it was placed."""
        return self.complete(self.checkout(phone, language))

    # The staff

    def hire(self, email: str, *permissions: str, channel: str = "") -> None:
        """A new member of the staff has these permissions, in this one channel (its slug) or in
        all, and the usual password."""
        channels = [LiveShop(self.saleor, channel).channel_id] if channel else []
        group = self.staff(
            """mutation ($input: PermissionGroupCreateInput!) {
                permissionGroupCreate(input: $input) {
                    group { id }
                    errors { field message code }
                }
            }""",
            input={
                "name": email,
                "addPermissions": permissions,
                "addChannels": channels,
                "restrictedAccessToChannels": bool(channels),
            },
        )["group"]["id"]
        self.staff(
            """mutation ($input: StaffCreateInput!) {
                staffCreate(input: $input) {
                    user { id }
                    errors { field message code }
                }
            }""",
            input={"email": email, "addGroups": [group]},
        )
        self.saleor.rows(
            "UPDATE account_user SET is_confirmed = true, password ="
            " (SELECT password FROM account_user WHERE email = %s) WHERE email = %s",
            STAFF["email"],
            email,
        )

    def charge(self, object_id: str, money: Mapping[str, Any] | None) -> str:
        """A card payment on a checkout or an order, nothing charged so far where there is no
        money; the id of its transaction."""
        made = self.staff(
            """mutation ($id: ID!, $transaction: TransactionCreateInput!) {
                transactionCreate(id: $id, transaction: $transaction) {
                    transaction { id }
                    errors { field message code }
                }
            }""",
            id=object_id,
            transaction={
                "name": "Card",
                "pspReference": uuid.uuid4().hex,
                "availableActions": ["REFUND"],
                **({"amountCharged": dict(money)} if money else {}),
            },
        )
        return str(made["transaction"]["id"])

    def report(self, transaction_id: str, type: str, amount: Decimal) -> None:
        """The payment app reports what became of a request (``transactionEventReport``)."""
        self.staff(
            """mutation (
                $id: ID!, $type: TransactionEventTypeEnum!, $amount: PositiveDecimal!,
                $reference: String!
            ) {
                transactionEventReport(
                    id: $id, type: $type, amount: $amount, pspReference: $reference
                ) { errors { field message code } }
            }""",
            id=transaction_id,
            type=type,
            amount=str(amount),
            reference=uuid.uuid4().hex,
        )

    def refund(self, order: Mapping[str, Any], amount: Decimal) -> None:
        """The payment app reports a refund of the order's only transaction."""
        found = self.staff(
            "query ($id: ID!) { order(id: $id) { transactions { id } } }", id=order["id"]
        )
        self.report(found["transactions"][0]["id"], "REFUND_SUCCESS", amount)

    def fulfil(self, order: Mapping[str, Any], tracking: str = "", *, notify: bool = True) -> str:
        """Everything is sent in one parcel; the id of its fulfilment."""
        found = self.staff(
            """query ($id: ID!) { order(id: $id) { lines {
                id quantityToFulfill variant { stocks { warehouse { id } quantity } }
            } } }""",
            id=order["id"],
        )
        lines = [
            {
                "orderLineId": line["id"],
                "stocks": [
                    {
                        "quantity": line["quantityToFulfill"],
                        "warehouse": max(
                            line["variant"]["stocks"], key=lambda stock: stock["quantity"]
                        )["warehouse"]["id"],
                    }
                ],
            }
            for line in found["lines"]
        ]
        made = self.staff(
            """mutation ($order: ID!, $input: OrderFulfillInput!) {
                orderFulfill(order: $order, input: $input) {
                    fulfillments { id }
                    errors { field message code }
                }
            }""",
            order=order["id"],
            input={
                "lines": lines,
                "notifyCustomer": notify,
                "trackingNumber": tracking,
                "allowStockToBeExceeded": True,
            },
        )
        return str(made["fulfillments"][0]["id"])

    def track(self, fulfilment_id: str, number: str, *, notify: bool = True) -> None:
        self.staff(
            """mutation ($id: ID!, $input: FulfillmentUpdateTrackingInput!) {
                orderFulfillmentUpdateTracking(id: $id, input: $input) {
                    errors { field message code }
                }
            }""",
            id=fulfilment_id,
            input={"trackingNumber": number, "notifyCustomer": notify},
        )

    def cancel(self, order: Mapping[str, Any]) -> None:
        self.staff(
            """mutation ($id: ID!) {
                orderCancel(id: $id) { errors { field message code } }
            }""",
            id=order["id"],
        )

    def draft(self) -> str:
        """The id of a new draft order."""
        made = self.staff(
            """mutation ($input: DraftOrderCreateInput!) {
                draftOrderCreate(input: $input) {
                    order { id }
                    errors { field message code }
                }
            }""",
            input={
                "channelId": self.channel_id,
                "lines": [{"quantity": 1, "variantId": self.variant_id}],
            },
        )
        return str(made["order"]["id"])

    def delete_draft(self, draft_id: str) -> None:
        self.staff(
            """mutation ($id: ID!) {
                draftOrderDelete(id: $id) { errors { field message code } }
            }""",
            id=draft_id,
        )

    # What the plugin's tables say

    def waiting(self) -> int:
        """Events still to be decided, and texts that have not ended."""
        (row,) = self.saleor.rows(
            """SELECT
                (SELECT count(*) FROM saleor_sms_plugin_shopevent WHERE plan_at IS NOT NULL)
                + (SELECT count(*) FROM saleor_sms_plugin_message
                   WHERE status IN ('queued', 'held', 'sending')) AS waiting"""
        )
        return int(row["waiting"])

    def keeps_up(self) -> bool:
        """No text that may go out now waits for a worker."""
        (row,) = self.saleor.rows(
            """SELECT count(*) AS waiting FROM saleor_sms_plugin_message
               WHERE status = 'queued' AND not_before <= now()"""
        )
        return not row["waiting"]

    def decisions(self, order: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        """(status, reason) of each text about the order, by event; texts to staff left out."""
        rows = self.saleor.rows(
            "SELECT event_name, status, reason FROM saleor_sms_plugin_message"
            " WHERE order_number = %s AND NOT to_staff ORDER BY id",
            order["number"],
        )
        return {row["event_name"]: (row["status"], row["reason"]) for row in rows}


def _first(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(data.values()))
    return found
