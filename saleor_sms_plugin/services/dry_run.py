"""A text and the channel's rules against the orders of the last days: nothing is sent or stored."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..config.opt_outs import longest
from ..domain import rendering, segments
from ..domain.opt_outs import with_opt_out
from ..domain.reasons import Reason
from ..events.catalogue import STAGES, EventSpec, Purpose, RecipientRule
from ..exceptions import InvalidInput, TemplateError
from ..ports import Order, Ports
from . import consent, ledger, recipients, suppression
from .channels import Channel
from .context import build_context
from .previewing import says_of
from .prices import rates
from .recipients import Recipient

LONGEST = 90  #: days
MOST_ORDERS = 2_000
SECONDS = 8.0  #: then it stops where it is
STEP = 200  #: orders read at once

Found = Reason | segments.Segments
Texts = Sequence[tuple[Recipient, Found]]  #: of one order


def _any_parcel(order: Order) -> bool:
    return any(parcel.status != "canceled" for parcel in order.fulfillments)


#: source of an event → whether an order, as it is now, has had it
HAPPENED: Mapping[str, Callable[[Order], bool]] = {
    "order_created": lambda order: True,
    "order_confirmed": lambda order: order.status != "unconfirmed",
    "order_fully_paid": lambda order: 0 < order.total <= order.charged,
    "order_cancelled": lambda order: order.status == "canceled",
    "order_expired": lambda order: order.status == "expired",
    "order_refunded": lambda order: order.refunded > 0,
    "order_fully_refunded": lambda order: 0 < order.total <= order.refunded,
    "order_fulfilled": lambda order: order.status == "fulfilled",
    "fulfillment_created": _any_parcel,
    "fulfillment_canceled": lambda order: any(p.status == "canceled" for p in order.fulfillments),
    "tracking_updated": lambda order: any(p.tracking_number for p in order.fulfillments),
    # As if each parcel's carrier reported.
    **{spec.source: _any_parcel for spec in STAGES},
}


@dataclass
class Tally:
    """The texts to one country."""

    country: str
    message_count: int = 0
    segment_count: int = 0
    cost: Decimal | None = None  #: None where no price is known
    currency: str = ""


@dataclass
class DryRun:
    """What would have come of it: one text per order, parcels together."""

    since: dt.datetime
    order_count: int = 0  #: looked at
    event_count: int = 0  #: of those, with the event
    is_cut: bool = False  #: there are more orders than were looked at
    by_country: dict[str, Tally] = field(default_factory=dict)
    suppressed: Counter[Reason] = field(default_factory=Counter)

    @property
    def message_count(self) -> int:
        return sum(tally.message_count for tally in self.by_country.values())

    @property
    def segment_count(self) -> int:
        return sum(tally.segment_count for tally in self.by_country.values())


def run(spec: EventSpec, channel: Channel, days: int, ports: Ports) -> DryRun:
    """As if the event were on and its text as in ``channel`` for the last ``days`` days.

    At most ``MOST_ORDERS`` orders, the newest, and ``SECONDS``. What only its moment can say
    (settling, the night, caps, a storm) is left out. Raises InvalidInput for an event that orders
    do not show.
    """
    if spec.source not in HAPPENED:
        raise InvalidInput(f"Orders do not show whether “{spec.label}” happened to them.")
    result = DryRun(since=ports.clock.now() - dt.timedelta(days=days))
    stops_at = time.monotonic() + SECONDS
    ids = ports.shop.order_ids(channel.id, result.since, MOST_ORDERS + 1)
    costs = rates(channel.id, ports)
    looked_at = _looked_at(ids[:MOST_ORDERS], spec, channel, ports)
    while time.monotonic() <= stops_at:
        try:
            texts = next(looked_at)
        except StopIteration:
            break
        result.order_count += 1
        result.event_count += texts is not None
        for to, found in texts or ():
            _count(result, to, found)
    result.is_cut = result.order_count < len(ids)
    for tally in result.by_country.values():
        if rate := costs.get(tally.country):
            tally.cost, tally.currency = rate.of(tally.segment_count), rate.currency
    return result


def _looked_at(
    ids: Sequence[str], spec: EventSpec, channel: Channel, ports: Ports
) -> Iterator[Texts | None]:
    """Each order's texts, None where the event did not happen; ``STEP`` orders are read at once."""
    for start in range(0, len(ids), STEP):
        wanted = ids[start : start + STEP]
        orders = ports.shop.orders(wanted)
        happened = {key for key, order in orders.items() if HAPPENED[spec.source](order)}
        texts = _texts([orders[key] for key in wanted if key in happened], spec, channel)
        yield from (next(texts) if key in happened else None for key in wanted)


def _count(result: DryRun, to: Recipient, found: Found) -> None:
    if isinstance(found, Reason):
        result.suppressed[found] += 1
        return
    tally = result.by_country.setdefault(to.country, Tally(to.country))
    tally.message_count += 1
    tally.segment_count += found.segment_count


def _texts(orders: Sequence[Order], spec: EventSpec, channel: Channel) -> Iterator[Texts]:
    """Each order's recipients, with the text's size or why there is none; two statements."""
    if spec.recipient is RecipientRule.STAFF:
        staff = [recipients.of_staff(each, channel) for each in channel.config.staff_numbers]
        for order in orders:
            skipped = spec.skips_origins.get(order.origin)
            yield [
                (to, skipped or to.reason or _size(order, to, spec, channel, to_staff=True))
                for to in staff
            ]
        return
    first = {order.id: recipients.of_order(order, spec, channel, {}) for order in orders}
    numbers = {to.number for to in first.values() if to.number}
    refused, known = suppression.among(numbers), ledger.read(numbers)
    for order in orders:
        to = first[order.id]
        if to.number in refused:
            to = recipients.of_order(order, spec, channel, refused)
        yield [(to, _refusal(order, to, spec, channel, known) or _size(order, to, spec, channel))]


def _refusal(
    order: Order, to: Recipient, spec: EventSpec, channel: Channel, known: ledger.Ledger
) -> Reason | None:
    if reason := spec.skips_origins.get(order.origin) or to.reason:
        return reason
    place = recipients.place_of(order, to.number, to.country, channel)
    rule = channel.config.law_at(place)
    purpose = consent.purpose_of(spec, order, rule)
    found = consent.may_send(
        to.number, purpose, spec.name, channel, known, rule, is_customer=True
    )  # fmt: skip
    return found[0] if found else None


def _size(
    order: Order, to: Recipient, spec: EventSpec, channel: Channel, *, to_staff: bool = False
) -> Found:
    """The text's, or why it could not be sent."""
    config = channel.config
    chosen = config.text(spec.name, channel.staff_language if to_staff else order.language)
    words = ""
    if spec.purpose is Purpose.MARKETING:
        words = longest(config, spec, chosen.language, [to.country])
        if not words:
            return Reason.NO_OPT_OUT_PATH
    context = build_context(channel, order, chosen.language, says_of(order), {}, None, words)
    try:
        body = rendering.compile(chosen.source).render(context, locale=chosen.language)
    except TemplateError:
        return Reason.TEMPLATE
    found = segments.measure(with_opt_out(body, words) if words else body)
    return Reason.TOO_LONG if found.segment_count > config.max_segments else found
