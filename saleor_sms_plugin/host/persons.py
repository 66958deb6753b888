"""Who is the same person: by user, e-mail or phone, looked up for many carts at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from saleor.account.models import Address, User
from saleor.checkout.models import Checkout, CheckoutLine
from saleor.order.models import Order

MOST_ADDRESSES = 20_000  #: of the phones of one batch: every order copies its addresses
NO_ORDER = ("draft", "canceled", "expired")  #: statuses of what is no order of anybody


@dataclass(frozen=True)
class Person:
    """What a cart or an order knows of who it belongs to; two that share one part are one."""

    marks: frozenset[str]
    emails: frozenset[str] = frozenset()  #: in each form in which they may be stored

    def __or__(self, other: Person) -> Person:
        return Person(self.marks | other.marks, self.emails | other.emails)

    def is_also(self, other: Person) -> bool:
        return not self.marks.isdisjoint(other.marks)


def forms(email: str) -> frozenset[str]:
    """As it was typed, and as accounts have it: Saleor's index on e-mail knows no third one."""
    return frozenset({email, email.lower()})


def person(user_id: object, emails: Iterable[str | None], phones: Iterable[object]) -> Person:
    """Empty parts identify nobody; in e-mail, upper and lower case are alike."""
    known = [email for email in emails if email]
    marks = {f"user:{user_id}"} if user_id else set()
    marks |= {f"email:{email.lower()}" for email in known}
    marks |= {f"phone:{phone}" for each in phones if (phone := phone_text(each))}
    return Person(frozenset(marks), frozenset().union(*map(forms, known)))


def phone_text(phone: Any) -> str:
    """As it is stored, whatever it is."""
    return str(getattr(phone, "raw_input", None) or phone or "")


def of_checkout(row: Checkout) -> Person:
    """The row's addresses and user are at hand."""
    addresses = (row.billing_address, row.shipping_address)
    user = row.user
    return person(
        row.user_id, (row.email, user.email if user else None), (a.phone for a in addresses if a)
    )


def _marked(persons: Collection[Person], kind: str) -> set[str]:
    return {
        mark.partition(":")[2] for each in persons for mark in each.marks if mark.startswith(kind)
    }


def _addresses(phones: Collection[str]) -> list[int]:
    """Of the index on phones; only then are carts and orders asked, by theirs."""
    if not phones:
        return []
    found = Address.objects.filter(phone__in=phones).order_by("-pk")
    return list(found.values_list("pk", flat=True)[:MOST_ADDRESSES])


def superseded(rows: Collection[Checkout]) -> set[object]:
    """Keys of the checkouts whose person has begun another one with lines, or ordered, since."""
    if not rows:
        return set()
    by_key = {row.pk: of_checkout(row) for row in rows}
    persons = by_key.values()
    oldest = min(row.created_at for row in rows)
    addresses = _addresses(_marked(persons, "phone:"))
    newer = [*_checkouts(persons, addresses, oldest), *_orders(persons, addresses, oldest)]
    return {
        row.pk
        for row in rows
        for made_at, who in newer
        if made_at > row.created_at and who.is_also(by_key[row.pk])
    }


def _emails(persons: Collection[Person]) -> set[str]:
    return {email for each in persons for email in each.emails}


def _users(persons: Collection[Person]) -> set[str]:
    """Ids of these persons' accounts: a guest's e-mail may be an account's."""
    theirs = User.objects.filter(email__in=_emails(persons)).order_by()
    return _marked(persons, "user:") | {str(pk) for pk in theirs.values_list("pk", flat=True)}


def _checkouts(
    persons: Collection[Person], addresses: list[int], oldest: dt.datetime
) -> Iterable[tuple[dt.datetime, Person]]:
    columns = (
        "created_at", "user_id", "email", "user__email", "billing_address__phone",
        "shipping_address__phone",
    )  # fmt: skip
    filled = Checkout.objects.order_by().filter(
        Exists(CheckoutLine.objects.filter(checkout_id=OuterRef("pk"))), created_at__gt=oldest
    )
    indexed = filled.filter(
        Q(user_id__in=_users(persons))
        | Q(billing_address_id__in=addresses)
        | Q(shipping_address_id__in=addresses)
    )
    # E-mail has no index; what began since then was changed since then, and that has one.
    mailed = filled.annotate(mail=Lower("email")).filter(
        last_change__gt=oldest, mail__in=_marked(persons, "email:")
    )
    for rows in (indexed, mailed):
        for at, user, email, user_email, *phones in rows.values_list(*columns):
            yield at, person(user, (email, user_email), phones)


def _orders(
    persons: Collection[Person], addresses: list[int], oldest: dt.datetime
) -> Iterable[tuple[dt.datetime, Person]]:
    for row in orders_since(persons, addresses, oldest):
        yield row["created_at"], row["person"]


def orders_since(
    persons: Collection[Person],
    addresses: list[int],
    since: dt.datetime,
    tokens: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """Orders of these persons, or made from these carts, oldest first, with their ``person``."""
    theirs = (
        Q(user_id__in=_users(persons))
        | Q(user_email__in=_emails(persons))
        | Q(billing_address_id__in=addresses)
        | Q(shipping_address_id__in=addresses)
        | Q(checkout_token__in=list(tokens))
    )
    rows = (
        Order.objects.filter(theirs, created_at__gt=since)
        .exclude(status__in=NO_ORDER)
        .order_by("created_at")
        .values(
            "pk", "created_at", "checkout_token", "total_gross_amount", "currency", "user_id",
            "user_email", "user__email", billing=F("billing_address__phone"),
            shipping=F("shipping_address__phone"),
        )
    )  # fmt: skip
    return [
        {
            **row,
            "person": person(
                row["user_id"],
                (row["user_email"], row["user__email"]),
                (row["billing"], row["shipping"]),
            ),
        }
        for row in rows
    ]


def addresses_of(persons: Collection[Person]) -> list[int]:
    """Ids of the addresses with these persons' phones."""
    return _addresses(_marked(persons, "phone:"))


def phones_of(email: str) -> list[tuple[str, str]]:
    """See ``ports.Shop.phones_of``."""
    users = User.objects.filter(email__iexact=email).values("pk")
    carts = Checkout.objects.filter(Q(user__in=users) | Q(email__iexact=email)).order_by()
    placed = Order.objects.filter(Q(user__in=users) | Q(user_email__iexact=email)).order_by()
    theirs = Q(user_addresses__in=users)
    for rows in (carts, placed):
        theirs |= Q(pk__in=rows.values("billing_address"))
        theirs |= Q(pk__in=rows.values("shipping_address"))
    found = Address.objects.filter(theirs).exclude(phone="").order_by("pk")
    return list(dict.fromkeys((phone_text(row.phone), row.country.code or "") for row in found))
